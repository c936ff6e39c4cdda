#!/usr/bin/env bash
# Makes an environment's redaction nonce and stores it as a SecureString.
set -euo pipefail

environment=${1:?usage: bootstrap-nonce.sh ENVIRONMENT}
parameter="/guardian/$environment/redaction_nonce_v1"
nonce=$(node -p 'crypto.randomUUID()')

aws ssm put-parameter --name "$parameter" --type SecureString --value "$nonce" \
  --region "${AWS_REGION:-us-east-1}" --overwrite >/dev/null

echo "Created $parameter"
echo "Nonce: $nonce"
echo "Store this value in the password manager now."
