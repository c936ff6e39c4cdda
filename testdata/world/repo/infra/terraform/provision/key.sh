#!/usr/bin/env bash
# The customer managed key, found again by its alias, rotated every year.
set -euo pipefail

alias="alias/$NAME"
key=$(aws kms list-aliases --region "$REGION" --output text \
  --query "Aliases[?AliasName=='$alias'].TargetKeyId")
if [ -z "$key" ]; then
  key=$(aws kms create-key --region "$REGION" --description "$NAME" \
    --tags "TagKey=Environment,TagValue=$ENVIRONMENT" TagKey=Project,TagValue=mirror-dissonance \
    --query KeyMetadata.KeyId --output text)
  aws kms create-alias --region "$REGION" --alias-name "$alias" --target-key-id "$key"
fi
aws kms enable-key-rotation --region "$REGION" --key-id "$key"
