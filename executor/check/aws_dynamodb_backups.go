package check

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"runbook/executor"
	"runbook/runbook"
)

// DynamoBackups looks for backups of tables, point-in-time recovery aside.
type DynamoBackups struct{}

// Info implements executor.Check.
func (DynamoBackups) Info() runbook.Info {
	return runbook.Info{
		Name:    "aws.dynamodb.backups",
		Summary: "each of the DynamoDB tables has a backup that is AVAILABLE, on demand or by AWS Backup",
		Args: map[string]string{
			"tables": dynamoTablesArg,
			"within": "how old it may be, as in 24h or 7d; without it of any age",
			"region": awsRegionArg,
		},
		Lists:   []string{"tables"},
		Require: []string{"tables"},
	}
}

// Validate implements executor.Validator.
func (DynamoBackups) Validate(args map[string]string) error {
	if _, err := age("within", args["within"]); err != nil {
		return err
	}
	return validNames(args, "tables")
}

// Check implements executor.Check.
func (c DynamoBackups) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	if err := c.Validate(q.Args); err != nil {
		return executor.Finding{}, err
	}
	within, err := age("within", q.Args["within"])
	if err != nil {
		return executor.Finding{}, err
	}
	oldest := time.Time{}
	if within > 0 {
		oldest = q.Now.Add(-within)
	}
	return askTables(ctx, q, "dynamodb list-backups", func(ctx context.Context, api *dynamodb.Client, name string) (sight, error) {
		// A listing of backups knows no table that does not exist.
		table, err := dynamoTable(ctx, api, name)
		if err != nil {
			return sight{}, err
		}
		one, err := dynamoBackups(ctx, api, name, oldest)
		one.arn = aws.ToString(table.TableArn)
		return one, err
	})
}

// A backupLister is what is needed of DynamoDB to see its backups.
type backupLister interface {
	ListBackups(context.Context, *dynamodb.ListBackupsInput, ...func(*dynamodb.Options)) (*dynamodb.ListBackupsOutput, error)
}

// dynamoBackups finds the newest backup of a table.
func dynamoBackups(ctx context.Context, api backupLister, name string, oldest time.Time) (sight, error) {
	var newest *types.BackupSummary
	in := &dynamodb.ListBackupsInput{TableName: &name, BackupType: types.BackupTypeFilterAll}
	for {
		page, err := api.ListBackups(ctx, in)
		if err != nil {
			return sight{}, err
		}
		if page.BackupSummaries == nil {
			return sight{}, fmt.Errorf("dynamodb list-backups: nothing is said about backups of %s", name)
		}
		for _, b := range page.BackupSummaries {
			made := aws.ToTime(b.BackupCreationDateTime)
			if b.BackupStatus == types.BackupStatusAvailable && (newest == nil || made.After(*newest.BackupCreationDateTime)) && !made.IsZero() {
				newest = &b
			}
		}
		if in.ExclusiveStartBackupArn = page.LastEvaluatedBackupArn; in.ExclusiveStartBackupArn == nil {
			break
		}
	}
	if newest == nil {
		return sight{fact: name + " has no AVAILABLE backup"}, nil
	}
	made := newest.BackupCreationDateTime.UTC()
	return sight{ok: !made.Before(oldest), fact: fmt.Sprintf("%s was backed up as %s at %s", name, aws.ToString(newest.BackupName), made.Format(time.RFC3339))}, nil
}
