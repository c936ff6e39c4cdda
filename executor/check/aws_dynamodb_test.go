package check

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"runbook/executor"
)

// tableARN is a table's in the account and region of these tests.
func tableARN(name string) string {
	return "arn:aws:dynamodb:eu-west-1:123456789012:table/" + name
}

// A table as DescribeTable answers it; more is JSON that is added to it.
func tableIs(name, status, more string) string {
	return fmt.Sprintf(`{"Table":{"TableName":%q,"TableStatus":%q,"TableArn":%q%s}}`, name, status, tableARN(name), more)
}

// dynamoFake has one table, p-a, of which bodies say more; its listing has two
// pages, and another table on the first.
func dynamoFake(t *testing.T, bodies map[string]string) *awsFake {
	t.Helper()
	return fakeAWS(t, func(operation, sent string) reply {
		switch {
		case operation == "ListTables" && strings.Contains(sent, "ExclusiveStartTableName"):
			return reply{body: `{"TableNames":["p-a"]}`}
		case operation == "ListTables":
			return reply{body: `{"TableNames":["other"],"LastEvaluatedTableName":"other"}`}
		case strings.Contains(sent, `"gone"`):
			return reply{status: 400, code: "ResourceNotFoundException"}
		}
		if body, ok := bodies[operation]; ok {
			return reply{body: body}
		}
		return reply{status: 400, code: "UnknownOperationException"}
	})
}

func TestDynamoTables(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status string
		args   []string
		want   outcome
	}{
		"it is there":                      {"ACTIVE", []string{"tables", "p-a"}, passes(`^dynamodb describe-table in eu-west-1, account 123456789012: so for all 1: p-a ACTIVE;`)},
		"it is being made":                 {"CREATING", []string{"tables", "p-a"}, fails("not so for 1 of 1: p-a CREATING;")},
		"it is not there":                  {"ACTIVE", []string{"tables", "p-a,gone"}, fails("not so for 1 of 2: gone does not exist;")},
		"a pattern, on the second page":    {"ACTIVE", []string{"tables", "p-*"}, passes("p-a ACTIVE")},
		"a pattern that nothing fits":      {"ACTIVE", []string{"tables", "p-a,q-*"}, fails(`dynamodb list-tables in eu-west-1: no tables fit "q-\*";`)},
		"as many as there should be":       {"ACTIVE", []string{"tables", "p-*", "count", "1-3"}, passes("")},
		"fewer than there should be":       {"ACTIVE", []string{"tables", "p-*", "count", "2"}, fails("there are 1 tables, expected 2: p-a;")},
		"a name twice is one table":        {"ACTIVE", []string{"tables", "p-a, p-*", "count", "1"}, passes("")},
		"a count that is none":             {"ACTIVE", []string{"tables", "p-*", "count", "all"}, unknown("^count: ")},
		"a count of nothing":               {"ACTIVE", []string{"tables", "p-*", "count", "0-3"}, unknown("allows that there are none")},
		"no tables":                        {"ACTIVE", []string{"tables", " , "}, unknown("^tables: none is given$")},
		"the evidence names another place": {"ACTIVE", []string{"tables", "p-a", "region", "us-east-2"}, passes("in us-east-2")},
	} {
		t.Run(name, func(t *testing.T) {
			f := dynamoFake(t, map[string]string{"DescribeTable": tableIs("p-a", tt.status, "")})
			expect(t, DynamoTables{}, awsAsks(t, f.URL, tt.args...), tt.want)
		})
	}
	empty := awsAnswers(t, map[string]string{"ListTables": `{"TableNames":[]}`})
	expect(t, DynamoTables{}, awsAsks(t, empty.URL, "tables", "*"), unknown("there are no tables at all"))
}

func TestDynamoTablesOfManyPages(t *testing.T) {
	t.Parallel()
	page := 0
	f := fakeAWS(t, func(operation, sent string) reply {
		if operation == "DescribeTable" {
			name := sent[strings.Index(sent, "t-"):strings.LastIndex(sent, `"`)]
			return reply{body: tableIs(name, "ACTIVE", "")}
		}
		if page++; page < 7 {
			return reply{body: fmt.Sprintf(`{"TableNames":["t-%d"],"LastEvaluatedTableName":"t-%d"}`, page, page)}
		}
		return reply{body: `{"TableNames":[]}`}
	})
	expect(t, DynamoTables{}, awsAsks(t, f.URL, "tables", "t-*", "count", "6"), passes("so for all 6: t-1 ACTIVE, .* and 1 more;"))
}

func TestDynamoProperties(t *testing.T) {
	t.Parallel()
	const pitr = `{"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED","PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":%q}}}`
	backup := func(status string, age time.Duration) string {
		return fmt.Sprintf(`{"BackupName":"nightly","BackupStatus":%q,"BackupCreationDateTime":%d}`, status, asked.Add(-age).Unix())
	}
	table := func(more string) map[string]string {
		return map[string]string{"DescribeTable": tableIs("p-a", "ACTIVE", more)}
	}
	with := func(operation, body string) map[string]string {
		m := table("")
		m[operation] = body
		return m
	}
	const kms = `,"SSEDescription":{"Status":%q,"SSEType":"KMS","KMSMasterKeyArn":"arn:aws:kms:eu-west-1:123456789012:key/k"%s}`
	for name, tt := range map[string]struct {
		check  executor.Check
		bodies map[string]string
		args   []string
		want   outcome
	}{
		"PITR is on":                        {DynamoPITR{}, with("DescribeContinuousBackups", fmt.Sprintf(pitr, "ENABLED")), nil, passes("^dynamodb describe-continuous-backups in eu-west-1, account 123456789012: so for all 1: p-a PITR ENABLED;")},
		"PITR is off":                       {DynamoPITR{}, with("DescribeContinuousBackups", fmt.Sprintf(pitr, "DISABLED")), nil, fails("not so for 1 of 1: p-a PITR DISABLED;")},
		"nothing is said of PITR":           {DynamoPITR{}, with("DescribeContinuousBackups", `{"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED"}}`), nil, unknown("nothing is said about point-in-time recovery of p-a$")},
		"protected":                         {DynamoProtection{}, table(`,"DeletionProtectionEnabled":true`), nil, passes("p-a DeletionProtectionEnabled true")},
		"not protected":                     {DynamoProtection{}, table(`,"DeletionProtectionEnabled":false`), nil, fails("p-a DeletionProtectionEnabled false")},
		"nothing is said of protection":     {DynamoProtection{}, table(""), nil, unknown("nothing is said about deletion protection of p-a")},
		"encrypted by AWS's own key":        {DynamoEncryption{}, table(""), nil, passes("p-a by a key that AWS owns")},
		"that is not a KMS key":             {DynamoEncryption{}, table(""), []string{"kms", "true"}, fails("p-a by a key that AWS owns")},
		"disabled is AWS's own key as well": {DynamoEncryption{}, table(fmt.Sprintf(kms, "DISABLED", "")), []string{"kms", "true"}, fails("AWS owns")},
		"encrypted by a KMS key":            {DynamoEncryption{}, table(fmt.Sprintf(kms, "ENABLED", "")), []string{"kms", "true"}, passes("account 123456789012: .* p-a by KMS arn:aws:kms:.*:key/k, SSEDescription ENABLED;")},
		"a KMS key is fine without asking":  {DynamoEncryption{}, table(fmt.Sprintf(kms, "UPDATING", "")), []string{"kms", "false"}, passes("")},
		"a KMS key that is not yet in use":  {DynamoEncryption{}, table(fmt.Sprintf(kms, "ENABLING", "")), []string{"kms", "true"}, fails("ENABLING")},
		"a KMS key that cannot be used":     {DynamoEncryption{}, table(fmt.Sprintf(kms, "ENABLED", `,"InaccessibleEncryptionDateTime":1772637377`)), nil, fails("key/k, which is inaccessible since 2026-03-04T")},
		"kms of something else":             {DynamoEncryption{}, table(""), []string{"kms", "yes"}, unknown(`^kms: "yes" is neither true nor false$`)},
		"a backup":                          {DynamoBackups{}, with("ListBackups", `{"BackupSummaries":[`+backup("AVAILABLE", 2*time.Hour)+`]}`), nil, passes("p-a was backed up as nightly at 2026-03-04T13:16:17Z;")},
		"a young backup":                    {DynamoBackups{}, with("ListBackups", `{"BackupSummaries":[`+backup("AVAILABLE", 50*time.Hour)+","+backup("AVAILABLE", 2*time.Hour)+`]}`), []string{"within", "1d"}, passes("")},
		"an old backup":                     {DynamoBackups{}, with("ListBackups", `{"BackupSummaries":[`+backup("AVAILABLE", 25*time.Hour)+`]}`), []string{"within", "24h"}, fails("was backed up as nightly at 2026-03-03T")},
		"a backup that is not yet there":    {DynamoBackups{}, with("ListBackups", `{"BackupSummaries":[`+backup("CREATING", time.Hour)+`]}`), nil, fails("p-a has no AVAILABLE backup")},
		"no backup":                         {DynamoBackups{}, with("ListBackups", `{"BackupSummaries":[]}`), nil, fails("p-a has no AVAILABLE backup")},
		"nothing is said of backups":        {DynamoBackups{}, with("ListBackups", `{}`), nil, unknown("nothing is said about backups")},
		"an age that is none":               {DynamoBackups{}, table(""), []string{"within", "a week"}, unknown("^within: ")},
		"tagged":                            {DynamoTags{}, with("ListTagsOfResource", `{"Tags":[{"Key":"Project","Value":"hunter22"},{"Key":"Owner","Value":"a"}]}`), []string{"keys", "Project, Owner"}, passes("p-a has Project, Owner;")},
		"a tag is missing":                  {DynamoTags{}, with("ListTagsOfResource", `{"Tags":[{"Key":"Project","Value":"p"}]}`), []string{"keys", "Project,Owner,project"}, fails("p-a lacks Owner, project;")},
		"a tag without a value":             {DynamoTags{}, with("ListTagsOfResource", `{"Tags":[{"Key":"Project","Value":""}]}`), []string{"keys", "Project"}, fails("p-a lacks Project;")},
		"nothing is said of tags":           {DynamoTags{}, with("ListTagsOfResource", `{}`), []string{"keys", "Project"}, unknown("nothing is said about the tags")},
		"no keys":                           {DynamoTags{}, table(""), []string{"keys", ","}, unknown("^keys: none is given$")},
	} {
		t.Run(name, func(t *testing.T) {
			f := dynamoFake(t, tt.bodies)
			q := awsAsks(t, f.URL, append([]string{"tables", "p-a"}, tt.args...)...)
			expect(t, tt.check, q, tt.want)
			if tt.want.verdict == "" {
				return
			}
			q.Args["tables"] = "p-*"
			expect(t, tt.check, q, tt.want)
			q.Args["tables"] = "p-a,gone"
			expect(t, tt.check, q, fails("gone does not exist"))
			q.Args["tables"] = "p-a,q-*"
			expect(t, tt.check, q, unknown(`^no tables fit "q-\*"$`))
		})
	}
}

// Backups and tags come in pages without a paginator of the SDK.
func TestDynamoPages(t *testing.T) {
	t.Parallel()
	f := fakeAWS(t, func(operation, sent string) reply {
		second := strings.Contains(sent, "second")
		switch {
		case operation == "DescribeTable":
			return reply{body: tableIs("p-a", "ACTIVE", "")}
		case operation == "ListBackups" && second:
			return reply{body: fmt.Sprintf(`{"BackupSummaries":[{"BackupName":"late","BackupStatus":"AVAILABLE","BackupCreationDateTime":%d}]}`, asked.Unix())}
		case operation == "ListBackups":
			return reply{body: `{"BackupSummaries":[],"LastEvaluatedBackupArn":"arn:aws:dynamodb:eu-west-1:123456789012:table/p-a/backup/second"}`}
		case second:
			return reply{body: `{"Tags":[{"Key":"Owner","Value":"a"}]}`}
		}
		return reply{body: `{"Tags":[{"Key":"Project","Value":"p"}],"NextToken":"second"}`}
	})
	expect(t, DynamoBackups{}, awsAsks(t, f.URL, "tables", "p-a"), passes("late"))
	expect(t, DynamoTags{}, awsAsks(t, f.URL, "tables", "p-a", "keys", "Project,Owner"), passes(""))
}

func TestDynamoItem(t *testing.T) {
	t.Parallel()
	const some = `{"Item":{"id":{"S":"a"},"scope":{"S":"hunter22"},"n":{"N":"7"},"half":{"N":"0.5"},"long":{"N":"12345678901234567890123"},
		"on":{"BOOL":true},"none":{"NULL":true},"l":{"L":[{"S":"x"},{"N":"1"}]},"m":{"M":{"a":{"S":"b"}}},"set":{"SS":["p","q"]},"raw":{"B":"aGk="}},"ConsumedCapacity":{"TableName":"p-a"}}`
	const key = `{"id": {"S": "a"}}`
	for name, tt := range map[string]struct {
		body, key, expect string
		want              outcome
	}{
		"it exists":                   {some, key, "", passes(`^dynamodb get-item in eu-west-1, account 123456789012: table p-a, key "{\\"id\\": {\\"S\\": \\"a\\"}}": it exists, 11 attributes;`)},
		"it is as expected":           {some, key, `item.scope == "hunter22" && item.n == 7 && item.half < 1 && item.on && item.none == nil`, passes("it exists; expected item.scope")},
		"parts of it":                 {some, key, `item.l[0] == "x" && item.l[1] == 1 && item.m.a == "b" && "q" in item.set && item.raw == "aGk="`, passes("")},
		"a number beyond Go's":        {some, key, `item.long == "12345678901234567890123"`, passes("")},
		"it is not":                   {some, key, `item.n == 8`, fails("it exists; expected item.n == 8;")},
		"an attribute is missing":     {some, key, `item.scopes == "all"`, fails("")},
		"an attribute of its missing": {some, key, `item.scopes.all == "all"`, unknown("cannot be judged on this item")},
		"no yes or no":                {some, key, `item.n`, unknown("cannot be judged on this item")},
		"an error with the value":     {some, key, `int(item.scope) == 1`, unknown(`^expect "int\(item.scope\) == 1": it cannot be judged on this item: an attribute is missing or of another type$`)},
		"there is none":               {`{"ConsumedCapacity":{"TableName":"p-a"}}`, key, "", fails("there is no such item;")},
		"nothing is said":             {`{}`, key, "", unknown("nothing is said")},
		"no JSON":                     {some, "a", "", unknown(`^key: "a" is not such as`)},
		"an empty key":                {some, "{}", "", unknown(`^key: `)},
		"a key without types":         {some, `{"id":"a"}`, "", unknown(`^key: `)},
		"a key of two types":          {some, `{"id":{"S":"a","N":"1"}}`, "", unknown(`^key: id is not of one type$`)},
		"a key of another type":       {some, `{"id":{"BOOL":"true"}}`, "", unknown(`keys have S, N or B$`)},
		"a key of bytes":              {some, `{"id":{"B":"aGk="}}`, "", passes("")},
		"bytes that are none":         {some, `{"id":{"B":"!"}}`, "", unknown("id is not base64")},
		"no expression":               {some, key, "item ==", unknown("^expect ")},
	} {
		t.Run(name, func(t *testing.T) {
			f := dynamoFake(t, map[string]string{"DescribeTable": tableIs("p-a", "ACTIVE", ""), "GetItem": tt.body})
			args := []string{"table", "p-a", "key", tt.key}
			if tt.expect != "" {
				args = append(args, "expect", tt.expect)
			}
			q := awsAsks(t, f.URL, args...)
			expect(t, DynamoItem{}, q, tt.want)
			if found, err := (DynamoItem{}).Check(t.Context(), q); !strings.Contains(tt.expect, "hunter22") && strings.Contains(fmt.Sprint(found, err), "hunter22") {
				t.Errorf("a value is told: %v %v", found, err)
			}
		})
	}
	f := dynamoFake(t, nil)
	expect(t, DynamoItem{}, awsAsks(t, f.URL, "table", "gone", "key", key), fails("^dynamodb describe-table in eu-west-1: (gone|dyn-gone) does not exist;"))
	expect(t, DynamoItem{}, awsAsks(t, f.URL, "table", "p-*", "key", key), unknown("is not one table"))
}

// makeTable makes a table in moto with the key id, and more as the test says.
func makeTable(t *testing.T, api *dynamodb.Client, name string, more func(*dynamodb.CreateTableInput)) {
	t.Helper()
	in := &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
	}
	if more != nil {
		more(in)
	}
	must(t)(api.CreateTable(t.Context(), in))
}

// must fails the test if making what it needs fails.
func must(t *testing.T) func(any, error) {
	return func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

// The same against the stand-in for AWS: of two tables one is as it should be,
// one is not.
func TestE2EDynamo(t *testing.T) {
	t.Parallel()
	api := dynamodb.NewFromConfig(motoConfig(t))
	makeTable(t, api, "dyn-good", func(in *dynamodb.CreateTableInput) {
		in.DeletionProtectionEnabled = aws.Bool(true)
		in.SSESpecification = &types.SSESpecification{Enabled: aws.Bool(true), SSEType: types.SSETypeKms, KMSMasterKeyId: aws.String("alias/aws/dynamodb")}
		for i := range 12 { // moto has pages of ten
			in.Tags = append(in.Tags, types.Tag{Key: aws.String(fmt.Sprintf("k%d", i)), Value: aws.String("v")})
		}
	})
	makeTable(t, api, "dyn-bad", nil)
	must(t)(api.UpdateContinuousBackups(t.Context(), &dynamodb.UpdateContinuousBackupsInput{
		TableName: aws.String("dyn-good"), PointInTimeRecoverySpecification: &types.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: aws.Bool(true)},
	}))
	must(t)(api.CreateBackup(t.Context(), &dynamodb.CreateBackupInput{TableName: aws.String("dyn-good"), BackupName: aws.String("before")}))
	must(t)(api.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("dyn-good"), Item: map[string]types.AttributeValue{
		"id": &types.AttributeValueMemberS{Value: "Acme"}, "scope": &types.AttributeValueMemberS{Value: "allrepos"},
	}}))
	for _, tt := range []struct {
		check executor.Check
		args  []string
		bad   string
	}{
		{DynamoTables{}, nil, "dyn-gone does not exist"},
		{DynamoPITR{}, nil, "dyn-bad PITR DISABLED"},
		{DynamoProtection{}, nil, "dyn-bad DeletionProtectionEnabled false"},
		{DynamoEncryption{}, []string{"kms", "true"}, "dyn-bad by a key that AWS owns"},
		{DynamoBackups{}, nil, "dyn-bad has no AVAILABLE backup"},
		{DynamoTags{}, []string{"keys", "k0,k11"}, "dyn-bad lacks k0, k11"},
	} {
		other := "dyn-bad"
		if tt.check == (DynamoTables{}) {
			other = "dyn-gone"
		}
		expect(t, tt.check, motoAsks(t, append([]string{"tables", "dyn-good"}, tt.args...)...), passes("in eu-west-1.*dyn-good"))
		expect(t, tt.check, motoAsks(t, append([]string{"tables", "dyn-good," + other}, tt.args...)...), fails("not so for 1 of 2: "+tt.bad))
	}
	expect(t, DynamoTables{}, motoAsks(t, "tables", "dyn-*", "count", "2"), passes("account 123456789012: so for all 2: dyn-bad ACTIVE, dyn-good ACTIVE"))
	expect(t, DynamoTables{}, motoAsks(t, "tables", "dyn-*", "count", "3-4"), fails("there are 2 tables, expected 3 to 4"))
	expect(t, DynamoEncryption{}, motoAsks(t, "tables", "dyn-*"), passes(""))
	expect(t, DynamoPITR{}, motoAsks(t, "tables", "dyn-gone"), fails("dyn-gone does not exist"))
	expect(t, DynamoTags{}, motoAsks(t, "tables", "dyn-gone", "keys", "a"), fails("dyn-gone does not exist"))

	const key = `{"id": {"S": "Acme"}}`
	expect(t, DynamoItem{}, motoAsks(t, "table", "dyn-good", "key", key, "expect", `item.scope == "allrepos"`), passes("it exists"))
	expect(t, DynamoItem{}, motoAsks(t, "table", "dyn-good", "key", key, "expect", `item.scope == "none"`), fails("it exists"))
	expect(t, DynamoItem{}, motoAsks(t, "table", "dyn-bad", "key", key), fails("there is no such item"))
	expect(t, DynamoItem{}, motoAsks(t, "table", "dyn-gone", "key", key), fails("^dynamodb describe-table in eu-west-1: (gone|dyn-gone) does not exist;"))
	expect(t, DynamoItem{}, motoAsks(t, "table", "dyn-good", "key", `{"other": {"S": "Acme"}}`), unknown("^DynamoDB GetItem in eu-west-1: ValidationException"))
}

func TestEachKeepsOrderAndErrors(t *testing.T) {
	names := strings.Split("a b c d e f g h i j", " ")
	seen, err := each(t.Context(), names, func(_ context.Context, name string) (sight, error) { return sight{fact: name}, nil })
	if err != nil || !slices.EqualFunc(seen, names, func(s sight, name string) bool { return s.fact == name }) {
		t.Errorf("%v, %v", seen, err)
	}
	_, err = each(t.Context(), names, func(_ context.Context, name string) (sight, error) {
		if name > "c" {
			return sight{}, fmt.Errorf("%s is denied", name)
		}
		return sight{ok: true}, nil
	})
	if err == nil || err.Error() != "d is denied" {
		t.Errorf("%v", err)
	}
}
