package check

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"runbook/executor"
)

// What the DynamoDB checks say of an argument that they share.
const dynamoTablesArg = "the tables, " + awsNamesArg

// askTables looks at each of the tables that an argument names, and passes if
// all are as they should be. A table that does not exist is not: the claim is
// false of it. A pattern that nothing fits proves nothing.
func askTables(ctx context.Context, q executor.Query, request string, look func(context.Context, *dynamodb.Client, string) (sight, error)) (executor.Finding, error) {
	return askAWS(ctx, q, func(ctx context.Context, a *awsAPI) (executor.Finding, error) {
		api := dynamodb.NewFromConfig(a.Config)
		found, err := expandAll(list(q.Args["tables"]), "tables", func() ([]string, error) { return dynamoTables(ctx, api) })
		if err != nil {
			return executor.Finding{}, err
		}
		seen, err := each(ctx, found, func(ctx context.Context, name string) (sight, error) {
			one, err := look(ctx, api, name)
			if dynamoMissing(err) {
				return sight{fact: name + " does not exist"}, nil
			}
			return one, err
		})
		if err != nil {
			return executor.Finding{}, err
		}
		return seen.decide(q, a, request)
	})
}

// dynamoTables lists all tables of the account in the region.
func dynamoTables(ctx context.Context, api dynamodb.ListTablesAPIClient) ([]string, error) {
	return everyPage(ctx, dynamodb.NewListTablesPaginator(api, &dynamodb.ListTablesInput{}),
		func(p *dynamodb.ListTablesOutput) []string { return p.TableNames })
}

// dynamoTable describes one table.
func dynamoTable(ctx context.Context, api dynamodb.DescribeTableAPIClient, name string) (*types.TableDescription, error) {
	answer, err := api.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
	if err != nil {
		return nil, err
	}
	if answer.Table == nil || aws.ToString(answer.Table.TableName) == "" {
		return nil, fmt.Errorf("dynamodb describe-table: nothing is said about %s", name)
	}
	return answer.Table, nil
}

// dynamoMissing reports whether an error is the service's word that there is
// no such table.
func dynamoMissing(err error) bool {
	code := awsCode(err)
	return code == "TableNotFoundException" || code == "ResourceNotFoundException"
}
