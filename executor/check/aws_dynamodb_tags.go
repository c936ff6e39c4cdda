package check

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"runbook/executor"
	"runbook/runbook"
)

// DynamoTags looks for tags that tables must carry.
type DynamoTags struct{}

// Info implements executor.Check.
func (DynamoTags) Info() runbook.Info {
	return runbook.Info{
		Name:    "aws.dynamodb.tags",
		Summary: "the DynamoDB tables have the required tags, each with a value; a table that does not exist has none",
		Args: map[string]string{
			"tables": dynamoTablesArg,
			"keys":   "the required tags' keys, separated by commas; their letters' case counts",
			"region": awsRegionArg,
		},
		Lists:   []string{"tables", "keys"},
		Require: []string{"tables", "keys"},
	}
}

// Validate implements executor.Validator.
func (DynamoTags) Validate(args map[string]string) error {
	if len(list(args["keys"])) == 0 {
		return errors.New("keys: none is given")
	}
	return validNames(args, "tables")
}

// Check implements executor.Check. Evidence names keys, never values.
func (c DynamoTags) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	if err := c.Validate(q.Args); err != nil {
		return executor.Finding{}, err
	}
	keys := list(q.Args["keys"])
	return askTables(ctx, q, "dynamodb list-tags-of-resource", func(ctx context.Context, api *dynamodb.Client, name string) (sight, error) {
		table, err := dynamoTable(ctx, api, name)
		if err != nil {
			return sight{}, err
		}
		tags, err := dynamoTags(ctx, api, table.TableArn)
		if err != nil {
			return sight{}, err
		}
		one := sight{ok: true, fact: name + " has " + strings.Join(keys, ", "), arn: aws.ToString(table.TableArn)}
		if lack := lacks(tags, keys); len(lack) > 0 {
			one.ok, one.fact = false, name+" lacks "+strings.Join(lack, ", ")
		}
		return one, nil
	})
}

// A tagLister is what is needed of DynamoDB to see a table's tags.
type tagLister interface {
	ListTagsOfResource(context.Context, *dynamodb.ListTagsOfResourceInput, ...func(*dynamodb.Options)) (*dynamodb.ListTagsOfResourceOutput, error)
}

func dynamoTags(ctx context.Context, api tagLister, table *string) (map[string]any, error) {
	tags := map[string]any{}
	in := &dynamodb.ListTagsOfResourceInput{ResourceArn: table}
	for {
		page, err := api.ListTagsOfResource(ctx, in)
		if err != nil {
			return nil, err
		}
		if page.Tags == nil {
			return nil, fmt.Errorf("dynamodb list-tags-of-resource: nothing is said about the tags of %s", aws.ToString(table))
		}
		for _, tag := range page.Tags {
			tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
		}
		if in.NextToken = page.NextToken; in.NextToken == nil {
			return tags, nil
		}
	}
}
