#!/usr/bin/env bash
# The topic that alarms and people are told through.
set -euo pipefail

aws sns create-topic --region "$REGION" --name "$NAME-ops-alerts" \
  --tags "Key=Environment,Value=$ENVIRONMENT" Key=Project,Value=mirror-dissonance >/dev/null
