package check

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"runbook/executor"
	"runbook/runbook"
)

// DynamoEncryption looks how tables are encrypted at rest. DynamoDB encrypts
// every table: without an SSEDescription by a key that AWS owns, in no account
// of ours. That is encryption, and the evidence says by which key; who claims
// more asks for kms.
type DynamoEncryption struct{}

// Info implements executor.Check.
func (DynamoEncryption) Info() runbook.Info {
	return runbook.Info{
		Name:    "aws.dynamodb.encryption",
		Summary: "the DynamoDB tables are encrypted at rest: all that exist are, by a key that AWS owns unless a KMS key is set; kms asks for the latter",
		Args: map[string]string{
			"tables": dynamoTablesArg,
			"kms":    `"true": by a KMS key of the account, customer managed or aws/dynamodb, that is ENABLED and accessible`,
			"region": awsRegionArg,
		},
		Lists:   []string{"tables"},
		Require: []string{"tables"},
	}
}

// Validate implements executor.Validator.
func (DynamoEncryption) Validate(args map[string]string) error {
	if _, err := truth(args, "kms"); err != nil {
		return err
	}
	return validNames(args, "tables")
}

// Check implements executor.Check.
func (c DynamoEncryption) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	if err := c.Validate(q.Args); err != nil {
		return executor.Finding{}, err
	}
	kms := q.Args["kms"] == "true"
	return askTables(ctx, q, "dynamodb describe-table", func(ctx context.Context, api *dynamodb.Client, name string) (sight, error) {
		table, err := dynamoTable(ctx, api, name)
		if err != nil {
			return sight{}, err
		}
		return dynamoEncryption(name, table, kms), nil
	})
}

func dynamoEncryption(name string, table *types.TableDescription, kms bool) sight {
	one := sight{arn: aws.ToString(table.TableArn)}
	sse := table.SSEDescription
	switch {
	case sse == nil || sse.Status == types.SSEStatusDisabled:
		one.ok, one.fact = !kms, name+" by a key that AWS owns (no SSEDescription)"
	case sse.InaccessibleEncryptionDateTime != nil:
		one.fact = fmt.Sprintf("%s by %s, which is inaccessible since %s", name, aws.ToString(sse.KMSMasterKeyArn), sse.InaccessibleEncryptionDateTime.UTC().Format(time.RFC3339))
	default:
		one.ok = !kms || sse.Status == types.SSEStatusEnabled && sse.SSEType == types.SSETypeKms
		one.fact = fmt.Sprintf("%s by %s %s, SSEDescription %s", name, cmp.Or(string(sse.SSEType), "an unnamed type"), cmp.Or(aws.ToString(sse.KMSMasterKeyArn), "without a key"), sse.Status)
	}
	return one
}
