#!/usr/bin/env bash
# The bucket for baselines: private and encrypted. In us-east-1 creating a
# bucket that one owns already succeeds.
set -euo pipefail

bucket="$NAME-baselines"
aws s3api create-bucket --region "$REGION" --bucket "$bucket" >/dev/null
aws s3api put-public-access-block --region "$REGION" --bucket "$bucket" \
  --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true
aws s3api put-bucket-encryption --region "$REGION" --bucket "$bucket" \
  --server-side-encryption-configuration '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms"}}]}'
aws s3api put-bucket-tagging --region "$REGION" --bucket "$bucket" \
  --tagging "TagSet=[{Key=Environment,Value=$ENVIRONMENT},{Key=Project,Value=mirror-dissonance}]"
