package check

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/expr-lang/expr"

	"runbook/executor"
	"runbook/runbook"
)

// DynamoItem reads one item of a table by its key.
type DynamoItem struct{}

// Info implements executor.Check.
func (DynamoItem) Info() runbook.Info {
	return runbook.Info{
		Name:    "aws.dynamodb.item",
		Summary: "the item with this key exists in the DynamoDB table, and is as expected; the record keeps the key and the expression, nothing else of the item",
		Args: map[string]string{
			"table":  "the table's name or ARN",
			"key":    `the whole key in DynamoDB's JSON, as in {"orgId": {"S": "Acme"}}`,
			"expect": `an expression over item, which has the attributes as plain values, as in 'item.scope == "allrepos"'`,
			"region": awsRegionArg,
		},
		Require: []string{"table", "key"},
	}
}

// dynamoItem is what an expression is about.
type dynamoItem struct {
	Item map[string]any `expr:"item"`
}

// Validate implements executor.Validator.
func (DynamoItem) Validate(args map[string]string) error {
	if args["table"] == "" || isPattern(args["table"]) {
		return fmt.Errorf("table: %s is not one table", quote(args["table"]))
	}
	if _, err := dynamoKey(args["key"]); err != nil {
		return err
	}
	if args["expect"] != "" {
		if _, err := compiled(args["expect"], dynamoItem{}); err != nil {
			return err
		}
	}
	return validRegion(args)
}

// dynamoKey reads a key: attributes that are texts, numbers or bytes.
func dynamoKey(arg string) (map[string]types.AttributeValue, error) {
	var attributes map[string]map[string]string
	if err := json.Unmarshal([]byte(arg), &attributes); err != nil || len(attributes) == 0 {
		return nil, fmt.Errorf(`key: %s is not such as {"orgId": {"S": "Acme"}}`, quote(arg))
	}
	key := map[string]types.AttributeValue{}
	for name, typed := range attributes {
		if len(typed) != 1 {
			return nil, fmt.Errorf("key: %s is not of one type", name)
		}
		for kind, value := range typed {
			switch kind {
			case "S":
				key[name] = &types.AttributeValueMemberS{Value: value}
			case "N":
				key[name] = &types.AttributeValueMemberN{Value: value}
			case "B":
				b, err := base64.StdEncoding.DecodeString(value)
				if err != nil {
					return nil, fmt.Errorf("key: %s is not base64", name)
				}
				key[name] = &types.AttributeValueMemberB{Value: b}
			default:
				return nil, fmt.Errorf("key: %s has the type %s; keys have S, N or B", name, quote(kind))
			}
		}
	}
	return key, nil
}

// An itemGetter is what is needed of DynamoDB to read an item.
type itemGetter interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
}

// Check implements executor.Check.
func (c DynamoItem) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	if err := c.Validate(q.Args); err != nil {
		return executor.Finding{}, err
	}
	key, err := dynamoKey(q.Args["key"])
	if err != nil {
		return executor.Finding{}, err
	}
	return askAWS(ctx, q, func(ctx context.Context, a *awsAPI) (executor.Finding, error) {
		api := dynamodb.NewFromConfig(a.Config)
		table, err := dynamoTable(ctx, api, q.Args["table"]) // whose ARN tells the account
		if dynamoMissing(err) {
			return decided(q, false, "%s: %s does not exist", a.from("dynamodb describe-table"), q.Args["table"])
		}
		if err != nil {
			return executor.Finding{}, err
		}
		said := fmt.Sprintf("%s: table %s, key %s", a.from("dynamodb get-item", aws.ToString(table.TableArn)), q.Args["table"], quote(q.Args["key"]))
		item, err := dynamoGet(ctx, api, q.Args["table"], key)
		expect := q.Args["expect"]
		switch {
		case err != nil:
			return executor.Finding{}, err
		case item == nil:
			return decided(q, false, "%s: there is no such item", said)
		case expect == "":
			return decided(q, true, "%s: it exists, %d attributes", said, len(item))
		}
		met, err := judgeItem(expect, item)
		if err != nil {
			return executor.Finding{}, err
		}
		return decided(q, met, "%s: it exists; expected %s", said, expect)
	})
}

// dynamoGet reads an item, or nil where there is none. The service then says
// nothing of an item, and of what the answer has cost: one without either is
// no answer.
func dynamoGet(ctx context.Context, api itemGetter, table string, key map[string]types.AttributeValue) (map[string]any, error) {
	answer, err := api.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &table, Key: key, ConsistentRead: aws.Bool(true), ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return nil, err
	}
	if len(answer.Item) == 0 {
		if answer.ConsumedCapacity == nil {
			return nil, errors.New("dynamodb get-item: nothing is said, neither of an item nor of what the answer cost")
		}
		return nil, nil
	}
	return plainItem(answer.Item), nil
}

// judgeItem decides an expression. What goes wrong in it may repeat values of
// the item, and is not told.
func judgeItem(expect string, item map[string]any) (bool, error) {
	program, err := compiled(expect, dynamoItem{})
	if err != nil {
		return false, err
	}
	got, err := expr.Run(program, dynamoItem{Item: item})
	met, ok := got.(bool)
	if err != nil || !ok {
		return false, fmt.Errorf("expect %q: it cannot be judged on this item: an attribute is missing or of another type", expect)
	}
	return met, nil
}

func plainItem(attributes map[string]types.AttributeValue) map[string]any {
	m := make(map[string]any, len(attributes))
	for name, v := range attributes {
		m[name] = plain(v)
	}
	return m
}

// plain is an attribute as expressions compare it.
func plain(v types.AttributeValue) any {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return plainNumber(v.Value)
	case *types.AttributeValueMemberBOOL:
		return v.Value
	case *types.AttributeValueMemberB:
		return base64.StdEncoding.EncodeToString(v.Value)
	case *types.AttributeValueMemberM:
		return plainItem(v.Value)
	case *types.AttributeValueMemberL:
		return plainList(v.Value, plain)
	case *types.AttributeValueMemberSS:
		return plainList(v.Value, func(s string) any { return s })
	case *types.AttributeValueMemberNS:
		return plainList(v.Value, plainNumber)
	case *types.AttributeValueMemberBS:
		return plainList(v.Value, func(b []byte) any { return base64.StdEncoding.EncodeToString(b) })
	}
	return nil
}

func plainList[T any](from []T, plain func(T) any) []any {
	l := make([]any, len(from))
	for i, v := range from {
		l[i] = plain(v)
	}
	return l
}

// plainNumber is a number, or the text of one that Go's numbers would change:
// DynamoDB's have 38 digits.
func plainNumber(text string) any {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	f, err := strconv.ParseFloat(text, 64)
	exact, ok := new(big.Rat).SetString(text)
	if err != nil || !ok {
		return text
	}
	if shortest, ok := new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, 64)); !ok || shortest.Cmp(exact) != 0 {
		return text
	}
	return f
}
