package check

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamo "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"

	"runbook/executor/awsconfig"
	standin "runbook/executor/executortest/world"
)

const taggedARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/"

// resourcesAre is an answer to GetResources: tables with their tags, as in
// "orders Project=x Owner=".
func resourcesAre(next string, tables ...string) string {
	var all []string
	for _, table := range tables {
		name, with, _ := strings.Cut(table, " ")
		var tags []string
		for _, tag := range strings.Fields(with) {
			k, v, _ := strings.Cut(tag, "=")
			tags = append(tags, fmt.Sprintf(`{"Key":%q,"Value":%q}`, k, v))
		}
		all = append(all, fmt.Sprintf(`{"ResourceARN":%q,"Tags":[%s]}`, taggedARN+name, strings.Join(tags, ",")))
	}
	return fmt.Sprintf(`{"ResourceTagMappingList":[%s],"PaginationToken":%q}`, strings.Join(all, ","), next)
}

func TestAWSTags(t *testing.T) {
	const from = `^resourcegroupstaggingapi get-resources in eu-west-1, account 123456789012: `
	for name, tt := range map[string]struct {
		tables []string
		args   []string
		want   outcome
	}{
		"all have them":             {[]string{"p-a Project=x Env=y", "p-b Project=x Env=z"}, []string{"keys", "Project,Env"}, passes(from + `2 resources are asked about, all have Project, Env; what never had a tag is not listed;`)},
		"one lacks one":             {[]string{"p-a Project=x Env=y", "p-b Project=x"}, []string{"keys", "Project,Env"}, fails(from + `2 resources are asked about, 1 of them lack required tags: ` + taggedARN + `p-b lacks Env;`)},
		"one has no value":          {[]string{"p-a Project="}, []string{"keys", "Project"}, fails("p-a lacks Project")},
		"other letters":             {[]string{"p-a project=x"}, []string{"keys", "Project"}, fails("p-a lacks Project")},
		"none of its tags is left":  {[]string{"p-a"}, []string{"keys", "Project,Env"}, fails("p-a lacks Project, Env")},
		"others do not count":       {[]string{"p-a Project=x", "q-a"}, []string{"keys", "Project", "names", "*table/p-*"}, passes("1 resources are asked about")},
		"none that fits":            {[]string{"q-a Project=x"}, []string{"keys", "Project", "names", "*table/p-*"}, unknown("0 resources are asked about, none of the 1 that are listed; what never had a tag is not listed$")},
		"nothing at all":            {nil, []string{"keys", "Project"}, unknown("0 resources are asked about, and none is listed; what never had a tag is not listed$")},
		"nothing at all, and named": {nil, []string{"keys", "Project", "resources", taggedARN + "p-a"}, unknown("none is listed")},
		"a named one is there":      {[]string{"p-a Project=x", "q-a"}, []string{"keys", "Project", "resources", taggedARN + "p-a"}, passes("1 resources are asked about")},
		"a named one is not listed": {[]string{"p-a Project=x"}, []string{"keys", "Project", "resources", taggedARN + "p-a,*table/p-b"}, fails(`not listed: \*table/p-b; what never had a tag is not listed;`)},
		"a named one lacks one":     {[]string{"p-a Project=x", "q-a Env=y"}, []string{"keys", "Project", "names", "*p-*", "resources", "*q-a"}, fails("2 resources are asked about, 1 of them lack required tags: .*q-a lacks Project")},
		"enough":                    {[]string{"p-a Project=x", "p-b Project=x"}, []string{"keys", "Project", "expect_min", "2"}, passes("")},
		"too few":                   {[]string{"p-a Project=x"}, []string{"keys", "Project", "expect_min", "2"}, fails("1 resources are asked about, at least 2 are expected; what never had")},
	} {
		t.Run(name, func(t *testing.T) {
			f := awsAnswers(t, map[string]string{"GetResources": resourcesAre("", tt.tables...)})
			expect(t, AWSTags{}, awsAsks(t, f.URL, tt.args...), tt.want)
		})
	}
}

func TestAWSTagsPageByPage(t *testing.T) {
	pages := 0
	f := fakeAWS(t, func(_, sent string) reply {
		want := []string{`"ResourceTypeFilters":["dynamodb:table","sns"]`, `{"Key":"Project","Values":["x","y"]}`, `{"Key":"Env"}`}
		if pages++; pages == 2 {
			want = append(want, `"PaginationToken":"more"`)
		}
		for _, part := range want {
			if !strings.Contains(sent, part) {
				t.Errorf("request %d, %s, holds no %s", pages, sent, part)
			}
		}
		if pages == 1 {
			return reply{body: resourcesAre("more", "a Owner=o")}
		}
		return reply{body: resourcesAre("", "b")}
	})
	q := awsAsks(t, f.URL, "keys", "Owner", "filter", "Project=x,Env,Project=y", "types", "dynamodb:table,sns")
	expect(t, AWSTags{}, q, fails("2 resources are asked about, 1 of them lack .*table/b lacks Owner"))
}

func TestE2EAWSTags(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("skipped: -short")
	}
	standin.Require(t, "moto_server")
	// The first such question makes moto load every service it has, which can
	// take longer than a check waits, and keeps it from answering other tests.
	server, stop, err := standin.Moto()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	cfg, err := awsconfig.Load(t.Context(), awsEnv(server))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := resourcegroupstaggingapi.NewFromConfig(cfg).GetResources(t.Context(), &resourcegroupstaggingapi.GetResourcesInput{}); err != nil {
		t.Fatal(err)
	}
	client := dynamodb.NewFromConfig(cfg)
	make := func(name string, tags ...string) {
		t.Helper()
		in := &dynamodb.CreateTableInput{
			TableName: aws.String("TestE2EAWSTags-" + name), BillingMode: dynamo.BillingModePayPerRequest,
			AttributeDefinitions: []dynamo.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: dynamo.ScalarAttributeTypeS}},
			KeySchema:            []dynamo.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: dynamo.KeyTypeHash}},
		}
		for _, tag := range tags {
			in.Tags = append(in.Tags, dynamo.Tag{Key: &tag, Value: aws.String("v")})
		}
		if _, err := client.CreateTable(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	make("a", "TestProject", "TestEnv")
	make("b", "TestProject", "TestEnv")
	make("half", "TestProject")
	make("never")
	ask := func(want outcome, args ...string) {
		t.Helper()
		expect(t, AWSTags{}, awsAsks(t, server, append([]string{"types", "dynamodb:table"}, args...)...), want)
	}
	ask(passes("3 resources are asked about, all have TestProject"), "keys", "TestProject", "filter", "TestProject=v")
	ask(fails("TestE2EAWSTags-half lacks TestEnv"), "keys", "TestProject,TestEnv", "filter", "TestProject")
	ask(passes("2 resources"), "keys", "TestProject,TestEnv", "filter", "TestEnv=v,TestProject", "expect_min", "2")
	ask(fails("at least 3"), "keys", "TestProject", "filter", "TestEnv", "expect_min", "3")
	ask(fails("not listed: .*never|never lacks"), "keys", "TestProject", "names", "*table/TestE2EAWSTags-?", "resources", "*table/TestE2EAWSTags-a,*table/TestE2EAWSTags-never")
	ask(unknown("none is listed"), "keys", "TestProject", "filter", "TestNone")
}
