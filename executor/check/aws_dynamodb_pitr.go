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

// DynamoPITR looks whether tables can be restored to a point in time.
type DynamoPITR struct{}

// Info implements executor.Check.
func (DynamoPITR) Info() runbook.Info {
	return runbook.Info{
		Name:    "aws.dynamodb.pitr",
		Summary: "point-in-time recovery of the DynamoDB tables is ENABLED; it is not for a table that does not exist",
		Args: map[string]string{
			"tables": dynamoTablesArg,
			"region": awsRegionArg,
		},
		Lists:   []string{"tables"},
		Require: []string{"tables"},
	}
}

// Validate implements executor.Validator.
func (DynamoPITR) Validate(args map[string]string) error { return validNames(args, "tables") }

// Check implements executor.Check.
func (c DynamoPITR) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	if err := c.Validate(q.Args); err != nil {
		return executor.Finding{}, err
	}
	return askTables(ctx, q, "dynamodb describe-continuous-backups", func(ctx context.Context, api *dynamodb.Client, name string) (sight, error) {
		// The table's ARN is not in what is said of its backups.
		table, err := dynamoTable(ctx, api, name)
		if err != nil {
			return sight{}, err
		}
		one, err := dynamoPITR(ctx, api, name)
		one.arn = aws.ToString(table.TableArn)
		return one, err
	})
}

// A pitrDescriber is what is needed of DynamoDB to see a table's backups.
type pitrDescriber interface {
	DescribeContinuousBackups(context.Context, *dynamodb.DescribeContinuousBackupsInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeContinuousBackupsOutput, error)
}

func dynamoPITR(ctx context.Context, api pitrDescriber, name string) (sight, error) {
	answer, err := api.DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: &name})
	if err != nil {
		return sight{}, err
	}
	backups := answer.ContinuousBackupsDescription
	if backups == nil || backups.PointInTimeRecoveryDescription == nil || backups.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus == "" {
		return sight{}, fmt.Errorf("dynamodb describe-continuous-backups: nothing is said about point-in-time recovery of %s", name)
	}
	status := backups.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus
	return sight{ok: status == types.PointInTimeRecoveryStatusEnabled, fact: fmt.Sprintf("%s PITR %s", name, status)}, nil
}
