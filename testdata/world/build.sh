#!/usr/bin/env bash
# build.sh DIR [CHECKLIST] makes in DIR a git repository in which a production
# checklist runs for real against AWS_ENDPOINT_URL: see README.md.
# CHECKLIST is the seed, shared/seed/checklist.md beside this repository, when
# it is not given. The commits' hashes depend on the checklist alone.
#
# WORLD_STAGING=1 also stands up staging, which scripts/test-e2e-manual.sh
# staging needs: its workspace applied, its nonce, the ops team subscribed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dir=${1:?usage: build.sh DIR [CHECKLIST]}
checklist=${2:-$here/../../../shared/seed/checklist.md}

# The operator's own git settings (hooks, signing, line endings) stay out.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_DATE='2026-01-05T09:00:00Z' GIT_COMMITTER_DATE='2026-01-05T09:00:00Z'
export CHECKPOINT_DISABLE=1

commit() { # MESSAGE
  git -C "$dir" add --all
  git -C "$dir" commit --quiet --message "$1"
}

mkdir -p "$dir"
if [ -n "$(ls -A "$dir")" ]; then
  echo "build.sh: $dir is not empty" >&2
  exit 1
fi
cp -R "$here/repo/." "$dir"
mv "$dir/gitignore" "$dir/.gitignore"
cp "$checklist" "$dir/checklist.md"
chmod u+w "$dir/checklist.md"

git -C "$dir" -c init.defaultBranch=main init --quiet
git -C "$dir" config user.name 'Ada Moreno'
git -C "$dir" config user.email ada@example.com
git -C "$dir" config commit.gpgsign false

# A rollback needs a version to go back to: one with calmer alarms.
variables=$dir/infra/terraform/variables.tf
sed -i 's/default     = 10$/default     = 25/' "$variables"
commit 'Run mirror dissonance on AWS'
cp "$here/repo/infra/terraform/variables.tf" "$variables"
commit 'Raise alarms at 10 throttled requests'

cd "$dir/infra/terraform"
terraform init -input=false -no-color >/dev/null
if [ "${WORLD_STAGING:-}" = 1 ]; then
  terraform workspace new staging >/dev/null
  terraform apply -input=false -no-color -auto-approve -var-file=staging.tfvars >/dev/null
  terraform workspace select default >/dev/null
  "$dir/scripts/bootstrap-nonce.sh" staging >/dev/null
  aws sns subscribe --region us-east-1 --protocol email --notification-endpoint ops-team@example.com \
    --topic-arn "arn:aws:sns:us-east-1:123456789012:mirror-dissonance-staging-ops-alerts" >/dev/null
fi
