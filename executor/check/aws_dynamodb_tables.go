package check

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"runbook/executor"
	"runbook/runbook"
)

// DynamoTables looks whether tables are there and in use.
type DynamoTables struct{}

// Info implements executor.Check.
func (DynamoTables) Info() runbook.Info {
	return runbook.Info{
		Name:    "aws.dynamodb.tables",
		Summary: "the DynamoDB tables exist and are ACTIVE; a pattern must fit at least one",
		Args: map[string]string{
			"tables": dynamoTablesArg,
			"count":  `how many these are together, as in "3" or "2-4"`,
			"region": awsRegionArg,
		},
		Lists:   []string{"tables"},
		Require: []string{"tables"},
	}
}

// Validate implements executor.Validator.
func (DynamoTables) Validate(args map[string]string) error {
	if _, err := wantedCount(args); err != nil {
		return err
	}
	return validNames(args, "tables")
}

// Check implements executor.Check.
func (c DynamoTables) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	if err := c.Validate(q.Args); err != nil {
		return executor.Finding{}, err
	}
	return askAWS(ctx, q, func(ctx context.Context, a *awsAPI) (executor.Finding, error) {
		api := dynamodb.NewFromConfig(a.Config)
		return existing(ctx, q, a, existence{
			named: list(q.Args["tables"]), kind: "tables", listRequest: "dynamodb list-tables", lookRequest: "dynamodb describe-table",
			list: func(ctx context.Context) ([]string, error) { return dynamoTables(ctx, api) },
			look: func(ctx context.Context, name string) (sight, error) {
				table, err := dynamoTable(ctx, api, name)
				if dynamoMissing(err) {
					return sight{fact: name + " does not exist"}, nil
				}
				if err != nil {
					return sight{}, err
				}
				return sight{ok: table.TableStatus == types.TableStatusActive, fact: fmt.Sprintf("%s %s", name, table.TableStatus), arn: aws.ToString(table.TableArn)}, nil
			},
		})
	})
}
