package check

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"runbook/executor"
	"runbook/runbook"
)

// DynamoProtection looks whether tables are protected from being deleted.
type DynamoProtection struct{}

// Info implements executor.Check.
func (DynamoProtection) Info() runbook.Info {
	return runbook.Info{
		Name:    "aws.dynamodb.protection",
		Summary: "the DynamoDB tables have deletion protection; a table that does not exist has none",
		Args: map[string]string{
			"tables": dynamoTablesArg,
			"region": awsRegionArg,
		},
		Lists:   []string{"tables"},
		Require: []string{"tables"},
	}
}

// Validate implements executor.Validator.
func (DynamoProtection) Validate(args map[string]string) error { return validNames(args, "tables") }

// Check implements executor.Check.
func (c DynamoProtection) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	if err := c.Validate(q.Args); err != nil {
		return executor.Finding{}, err
	}
	return askTables(ctx, q, "dynamodb describe-table", func(ctx context.Context, api *dynamodb.Client, name string) (sight, error) {
		table, err := dynamoTable(ctx, api, name)
		if err != nil {
			return sight{}, err
		}
		if table.DeletionProtectionEnabled == nil {
			return sight{}, fmt.Errorf("dynamodb describe-table: nothing is said about deletion protection of %s", name)
		}
		on := *table.DeletionProtectionEnabled
		return sight{ok: on, fact: fmt.Sprintf("%s DeletionProtectionEnabled %t", name, on), arn: aws.ToString(table.TableArn)}, nil
	})
}
