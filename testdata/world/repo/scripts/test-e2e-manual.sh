#!/usr/bin/env bash
# Grants a consent through the CLI and reads it back, in one environment.
set -euo pipefail

export ENV=${1:?usage: test-e2e-manual.sh ENVIRONMENT}
cd "$(dirname "$0")/.."

node packages/cli/dist/index.js consent grant --org e2e-manual --scope allrepos --granted-by e2e
scope=$(aws dynamodb get-item --region us-east-1 --table-name "mirror-dissonance-$ENV-consent" \
  --key '{"orgId": {"S": "e2e-manual"}}' --query Item.scope.S --output text)
if [ "$scope" != allrepos ]; then
  echo "consent of e2e-manual has scope $scope, want allrepos" >&2
  exit 1
fi
echo "E2E passed in $ENV"
