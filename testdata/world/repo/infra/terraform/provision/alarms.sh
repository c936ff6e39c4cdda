#!/usr/bin/env bash
# Six alarms on the tables' throttling and errors.
set -euo pipefail

alarm() { # NAME TABLE METRIC
  aws cloudwatch put-metric-alarm --region "$REGION" --alarm-name "$NAME-$1" \
    --namespace AWS/DynamoDB --metric-name "$3" --dimensions "Name=TableName,Value=$NAME-$2" \
    --statistic Sum --period 300 --evaluation-periods 1 \
    --comparison-operator GreaterThanThreshold --threshold "$THRESHOLD" \
    --treat-missing-data notBreaching --alarm-actions "$TOPIC_ARN" \
    --tags "Key=Environment,Value=$ENVIRONMENT" Key=Project,Value=mirror-dissonance
}

for table in fp-events consent block-counter; do
  alarm "$table-throttles" "$table" ThrottledRequests
  alarm "$table-errors" "$table" SystemErrors
done
