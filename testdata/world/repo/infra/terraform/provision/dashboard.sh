#!/usr/bin/env bash
# One graph of what the tables consume.
set -euo pipefail

aws cloudwatch put-dashboard --region "$REGION" --dashboard-name "$NAME" --dashboard-body '{
  "widgets": [{
    "type": "metric", "x": 0, "y": 0, "width": 12, "height": 6,
    "properties": {
      "region": "'"$REGION"'", "title": "Consumed capacity", "stat": "Sum", "period": 300,
      "metrics": [["AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName", "'"$NAME"'-fp-events"]]}}]}' >/dev/null
