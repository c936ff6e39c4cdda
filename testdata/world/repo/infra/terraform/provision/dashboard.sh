#!/usr/bin/env bash
# One graph of what the tables consume, and the log group that the CLI writes to.
set -euo pipefail

# once runs a create command and accepts that another run was earlier.
once() {
  local error
  if ! error=$("$@" 2>&1 >/dev/null); then
    case $error in
    *ResourceAlreadyExistsException*) ;;
    *)
      printf '%s\n' "$error" >&2
      exit 1 ;;
    esac
  fi
}

group="/mirror-dissonance/$ENVIRONMENT/cli"
once aws logs create-log-group --region "$REGION" --log-group-name "$group" \
  --tags "Environment=$ENVIRONMENT,Project=mirror-dissonance"
once aws logs create-log-stream --region "$REGION" --log-group-name "$group" --log-stream-name grants
aws cloudwatch put-dashboard --region "$REGION" --dashboard-name "$NAME" --dashboard-body '{
  "widgets": [{
    "type": "metric", "x": 0, "y": 0, "width": 12, "height": 6,
    "properties": {
      "region": "'"$REGION"'", "title": "Consumed capacity", "stat": "Sum", "period": 300,
      "metrics": [["AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName", "'"$NAME"'-fp-events"]]}}]}' >/dev/null
