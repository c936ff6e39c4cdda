#!/usr/bin/env bash
# Runs a release checklist in a git repository of its own, and shows the record
# that the checklist has become. Needs Go, bash and git.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

scratch=$(mktemp -d "${TMPDIR:-/tmp}/runbook-scratch.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
world=$(mktemp -d "${TMPDIR:-/tmp}/runbook-example.XXXXXX")
(cd "$here/../.." && go build -o "$scratch/runbook" ./cmd/runbook)
runbook=$scratch/runbook
export XDG_STATE_HOME=$scratch/state

say() { printf '\n##### %s\n\n' "$*"; }

cp -R "$here"/{greeter,test.sh,checklist.md,checklist.runbook.yaml} "$world"
cp "$here/answers.yaml" "$scratch"
chmod +x "$world/test.sh" "$world/greeter/greet.sh"
cd "$world"
git init --quiet --initial-branch=main
git config user.name 'Ada Lovelace'
git config user.email ada@example.com
git config commit.gpgsign false
git config tag.gpgsign false
git add .
git commit --quiet --message 'Greeter, ready for release'

say 'The plan: what would happen'
"$runbook" plan --answers "$scratch/answers.yaml" checklist.md

say 'The run'
"$runbook" exec --yes --no-input --answers "$scratch/answers.yaml" checklist.md 2>&1

say 'The record: the same file, completed'
cat checklist.md

say 'Does the record follow from its journal?'
"$runbook" verify checklist.md

say "Kept in $world: the repository, with the record and its run directory"
