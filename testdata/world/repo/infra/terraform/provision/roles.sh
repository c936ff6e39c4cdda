#!/usr/bin/env bash
# Two roles that only one repository's workflows may assume, by GitHub's OIDC
# tokens.
set -euo pipefail

provider="arn:aws:iam::$ACCOUNT:oidc-provider/token.actions.githubusercontent.com"
trust='{"Version": "2012-10-17", "Statement": [{
  "Effect": "Allow",
  "Principal": {"Federated": "'$provider'"},
  "Action": "sts:AssumeRoleWithWebIdentity",
  "Condition": {
    "StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"},
    "StringLike": {"token.actions.githubusercontent.com:sub": "repo:'$REPOSITORY':*"}}}]}'

# once runs a create command and accepts that another run was earlier.
once() {
  local error
  if ! error=$("$@" 2>&1 >/dev/null); then
    case $error in
    *EntityAlreadyExists*) ;;
    *)
      printf '%s\n' "$error" >&2
      exit 1 ;;
    esac
  fi
}

once aws iam create-open-id-connect-provider --url https://token.actions.githubusercontent.com \
  --client-id-list sts.amazonaws.com --thumbprint-list 6938fd4d98bab03faadb97b34396831e3780aea1
for role in github-deploy github-actions; do
  once aws iam create-role --role-name "$NAME-$role" --assume-role-policy-document "$trust" \
    --tags "Key=Environment,Value=$ENVIRONMENT" Key=Project,Value=mirror-dissonance
done
aws iam put-role-policy --role-name "$NAME-github-actions" --policy-name tables --policy-document '{
  "Version": "2012-10-17", "Statement": [{
    "Effect": "Allow",
    "Action": ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"],
    "Resource": "arn:aws:dynamodb:'"$REGION:$ACCOUNT"':table/'"$NAME"'-*"}]}'
