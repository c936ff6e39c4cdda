#!/usr/bin/env bash
# One table: created once, then brought to the wanted settings.
set -euo pipefail

table="$NAME-$TABLE"
protection=--no-deletion-protection-enabled
if [ "$DELETION_PROTECTION" = true ]; then
  protection=--deletion-protection-enabled
fi
if ! error=$(aws dynamodb create-table --region "$REGION" --table-name "$table" \
  --attribute-definitions "AttributeName=$HASH_KEY,AttributeType=S" \
  --key-schema "AttributeName=$HASH_KEY,KeyType=HASH" \
  --billing-mode PAY_PER_REQUEST --sse-specification Enabled=true "$protection" \
  --tags "Key=Environment,Value=$ENVIRONMENT" Key=Project,Value=mirror-dissonance 2>&1 >/dev/null); then
  case $error in
  *ResourceInUseException*)
    aws dynamodb update-table --region "$REGION" --table-name "$table" "$protection" >/dev/null ;;
  *)
    printf '%s\n' "$error" >&2
    exit 1 ;;
  esac
fi
aws dynamodb update-continuous-backups --region "$REGION" --table-name "$table" \
  --point-in-time-recovery-specification "PointInTimeRecoveryEnabled=$PITR" >/dev/null
