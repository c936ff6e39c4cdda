package check

import (
	"net/url"
	"strings"
	"testing"

	"runbook/executor"
	"runbook/executor/executortest"
	"runbook/runbook"
)

func TestConformance(t *testing.T) {
	root := repository(t, map[string]string{"a": "hello"})
	output := question(root, map[string]string{"step": "apply", "expect": "exit == 0"})
	output.Document, output.State = ran(t, runbook.Passed, text("done"))
	terraform := func(args ...string) executor.Query {
		answers := stateOf(resource("a.b", `"tags":{"Project":"p"}`)) + `
case "$1 $2" in
"output -json") echo '{"url":{"value":"https://example.org/"}}' ;;
"workspace list") echo "* production" ;;
esac
if [ "$1" = plan ]; then
  for arg; do case $arg in -var-file=*) echo "Error: no such file" >&2; exit 1 ;; esac; done
fi`
		q := stubbed(t, answers, args...)
		write(t, q.Root, "infra/p", "a plan")
		return q
	}
	plan := stubbed(t, `echo '{"resource_changes":[{"address":"a.b","mode":"managed","change":{"actions":["create"]}}]}'`, "file", "p", "create", "1")
	write(t, plan.Root, "infra/p", "a plan")
	fake := awsAnswers(t, awsConformance).URL
	aws := func(args ...string) executortest.Adapter {
		// What has a name may have any.
		return executortest.Adapter{Query: awsAsks(t, fake, args...), Contacts: true, Free: []string{"role", "tables", "table", "keys", "name", "groups", "pattern", "filter", "roles", "allow_actions", "allow_resources", "topic", "endpoint", "protocol", "buckets"}}
	}
	for _, tt := range []struct {
		check   executor.Check
		adapter executortest.Adapter
	}{
		{AWSAlarms{}, aws("prefix", "p-")},
		{AWSCaller{}, aws("account", "123456789012")},
		{AWSDashboard{}, aws("name", "d")},
		{AWSLogErrors{}, aws("groups", "g", "since", "1h")},
		{AWSPolicies{}, aws("roles", "a")},
		{AWSTags{}, aws("keys", "k")},
		{AWSTrust{}, aws("roles", "a", "repository", "o/r")},
		{AWSMetric{}, aws("namespace", "N", "metric", "Latency", "data", "true")},
		{DynamoBackups{}, aws("tables", "a")},
		{DynamoEncryption{}, aws("tables", "a")},
		{DynamoItem{}, aws("table", "a", "key", `{"id": {"S": "a"}}`)},
		{DynamoPITR{}, aws("tables", "a")},
		{DynamoProtection{}, aws("tables", "a")},
		{DynamoTables{}, aws("tables", "a")},
		{DynamoTags{}, aws("tables", "a", "keys", "k")},
		{File{}, executortest.Adapter{Query: question(root, map[string]string{"path": "a"}), Free: []string{"path", "contains"}}},
		{Git{}, executortest.Adapter{Query: question(root, map[string]string{"what": "clean"}), Contacts: true, Free: []string{"ignore"}}},
		{GitHubSecrets(), executortest.Adapter{Query: fakeGitHubWorld(t).question("o/r", "A", ""), Contacts: true}},
		{GitHubVariables(), executortest.Adapter{Query: fakeGitHubWorld(t).question("o/r", "A", ""), Contacts: true}},
		{HTTP{}, executortest.Adapter{Query: question(root, map[string]string{"url": site(t).URL + "/ok"}), Contacts: true, Free: []string{"contains"}}},
		{KMSRotation{}, aws("keys", "alias/a")},
		{Output{}, executortest.Adapter{Query: output}},
		{S3Bucket{}, aws("buckets", "a")},
		{S3Encryption{}, aws("buckets", "a")},
		{S3PublicAccess{}, aws("buckets", "a")},
		{S3Versioning{}, aws("buckets", "a")},
		{SNSSubscriptions{}, aws("topic", "arn:aws:sns:eu-west-1:123456789012:a")},
		{SNSTopic{}, aws("topic", "arn:aws:sns:eu-west-1:123456789012:a")},
		{SSMParameter{}, aws("name", "a", "readable", "true")},
		{Step{}, executortest.Adapter{Query: question(root, map[string]string{"run": "true"}), Contacts: true}},
		{TerraformDrift{}, executortest.Adapter{Query: terraform(), Contacts: true}},
		{TerraformOutput{}, executortest.Adapter{Query: terraform("name", "url"), Contacts: true, Free: []string{"name", "equals", "matches"}}},
		{TerraformPlan{}, executortest.Adapter{Query: plan, Contacts: true}},
		{TerraformState{}, executortest.Adapter{Query: terraform("resource", "a.b"), Contacts: true, Free: []string{"resource"}}},
		{TerraformTags{}, executortest.Adapter{Query: terraform("keys", "Project"), Contacts: true, Free: []string{"keys"}}},
		{TerraformWorkspace{}, executortest.Adapter{Query: terraform("name", "production"), Contacts: true, Free: []string{"name"}}},
	} {
		t.Run(tt.check.Info().Name, func(t *testing.T) {
			executortest.Check(t, tt.check, tt.adapter)
		})
	}
}

// awsConformance answers each call that the AWS checks make, in a way that lets
// them conclude.
var awsConformance = map[string]string{
	"DescribeAlarms":            alarmsAre("", "p-1=OK"),
	"FilterLogEvents":           eventsAre("", "INFO"),
	"GetDashboard":              dashboardIs(`{"widgets":[{}]}`),
	"GetMetricStatistics":       points("SampleCount", "1"),
	"GetResources":              resourcesAre("", "a k=v"),
	"GetRole":                   queryAnswer("GetRole", "<Role><Arn>arn:aws:iam::123456789012:role/a</Arn><AssumeRolePolicyDocument>"+url.PathEscape(trusts(`{"StringEquals":{`+githubAud+`,`+githubSub+`"repo:o/r:ref:a"}}`))+"</AssumeRolePolicyDocument></Role>"),
	"GetRolePolicy":             queryAnswer("GetRolePolicy", "<PolicyDocument>"+statementsAre(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b"}`)+"</PolicyDocument>"),
	"ListAttachedRolePolicies":  queryAnswer("ListAttachedRolePolicies", "<AttachedPolicies></AttachedPolicies>"),
	"ListRoles":                 queryAnswer("ListRoles", "<Roles><member><RoleName>a</RoleName><Arn>arn:aws:iam::123456789012:role/a</Arn></member></Roles>"),
	"ListRolePolicies":          queryAnswer("ListRolePolicies", "<PolicyNames><member>p</member></PolicyNames>"),
	"ListMetrics":               metricsAre("", "Latency"),
	"DescribeContinuousBackups": `{"ContinuousBackupsDescription":{"PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"ENABLED"}}}`,
	"DescribeTable":             `{"Table":{"TableName":"a","TableStatus":"ACTIVE","TableArn":"arn:aws:dynamodb:eu-west-1:123456789012:table/a","DeletionProtectionEnabled":true}}`,
	"GET /a?encryption":         encryptionIs("AES256", ""),
	"GET /a?publicAccessBlock":  blockIs("1111"),
	"GET /a?versioning":         versioningIs("Enabled"),
	"HEAD /a":                   "eu-west-1",
	"DescribeKey":               keyIs("Enabled", ""),
	"GetKeyRotationStatus":      `{"KeyRotationEnabled":true}`,
	"GetParameter":              `{"Parameter":{"Name":"a","Type":"String","Value":"v"}}`,
	"GetTopicAttributes":        "<R><GetTopicAttributesResult><Attributes><entry><key>TopicArn</key><value>arn:aws:sns:eu-west-1:123456789012:a</value></entry></Attributes></GetTopicAttributesResult></R>",
	"ListSubscriptionsByTopic":  subscribed("", "email a@example.org confirmed"),
	"DescribeParameters":        `{"Parameters":[{"Name":"a"}]}`,
	"GET /":                     bucketsAre("", "a"),
	"ListAliases":               `{"Aliases":[{"AliasName":"alias/a","TargetKeyId":"k"}]}`,
	"ListTables":                `{"TableNames":["a"]}`,
	"ListTopics":                topicsAre("", "a"),
	"GetCallerIdentity":         callerIs("123456789012", "arn:aws:iam::123456789012:user/ada"),
	"GetItem":                   `{"ConsumedCapacity":{"TableName":"a"}}`,
	"ListBackups":               `{"BackupSummaries":[]}`,
	"ListTagsOfResource":        `{"Tags":[]}`,
}

// What a plan can find wrong in arguments is found before anything runs.
func TestArgumentsThatAPlanRefuses(t *testing.T) {
	for _, tt := range []struct {
		check executor.Validator
		args  map[string]string
		want  string // empty: they are in order
	}{
		{AWSAlarms{}, map[string]string{}, "give names or prefix"},
		{AWSAlarms{}, map[string]string{"names": "a", "prefix": "a"}, "both given"},
		{AWSAlarms{}, map[string]string{"prefix": "a*"}, "which is for names"},
		{AWSAlarms{}, map[string]string{"prefix": "a", "count": "some"}, "count: "},
		{AWSAlarms{}, map[string]string{"prefix": "a", "state": "ok"}, "neither OK nor ALARM"},
		{AWSAlarms{}, map[string]string{"names": "a,b*", "count": "5-7", "state": "OK", "region": "eu-west-1"}, ""},
		{AWSCaller{}, map[string]string{}, "nothing is expected"},
		{AWSCaller{}, map[string]string{"account": "prod"}, "12 digits"},
		{AWSCaller{}, map[string]string{"region": "eu-west-1"}, ""},
		{AWSDashboard{}, map[string]string{"name": " "}, "none is given"},
		{AWSLogErrors{}, map[string]string{"groups": ","}, "none is given"},
		{AWSLogErrors{}, map[string]string{"groups": "g", "since": "yesterday"}, "since: "},
		{AWSLogErrors{}, map[string]string{"groups": "g", "since": "-1h"}, "since: "},
		{AWSLogErrors{}, map[string]string{"groups": "g", "max": "-1"}, "max: "},
		{AWSLogErrors{}, map[string]string{"groups": "g", "quiet": "yes"}, "quiet: "},
		{AWSLogErrors{}, map[string]string{"groups": "g,h*", "since": "run", "max": "3", "pattern": "ERROR"}, ""},
		{AWSPolicies{}, map[string]string{"roles": ","}, "none is given"},
		{AWSPolicies{}, map[string]string{"roles": "a", "allow_actions": "s3:Get*,*"}, "excepts all"},
		{AWSPolicies{}, map[string]string{"roles": "a", "validate": "yes"}, "validate: "},
		{AWSPolicies{}, map[string]string{"roles": "a*", "allow_actions": "ec2:Describe*", "allow_resources": "arn:aws:logs:*:*:*", "validate": "true"}, ""},
		{AWSTags{}, map[string]string{"keys": ","}, "none is given"},
		{AWSTags{}, map[string]string{"keys": "k", "filter": "=x"}, "filter: "},
		{AWSTags{}, map[string]string{"keys": "k", "types": "dynamodb:*"}, "types: "},
		{AWSTags{}, map[string]string{"keys": "k", "resources": "orders"}, "resources: "},
		{AWSTags{}, map[string]string{"keys": "k", "expect_min": "0"}, "expect_min: "},
		{AWSTags{}, map[string]string{"keys": "k,l", "filter": "Project=x,Env", "types": "dynamodb:table,sns", "names": "*p*", "resources": "arn:aws:sns:a:b:c,*q*", "expect_min": "3"}, ""},
		{AWSTrust{}, map[string]string{"roles": ",", "repository": "o"}, "roles: none is given; repository: "},
		{AWSTrust{}, map[string]string{"roles": "a", "repository": "o/r", "audience": "*"}, "audience: "},
		{AWSTrust{}, map[string]string{"roles": "a,b*", "repository": "o/r"}, ""},
		{AWSMetric{}, map[string]string{"namespace": "N", "metric": "M"}, "give max, min or data"},
		{AWSMetric{}, map[string]string{"namespace": "N", "metric": "M", "max": "1"}, "stat: "},
		{AWSMetric{}, map[string]string{"namespace": "N", "metric": "M", "max": "1", "stat": "average"}, "stat: "},
		{AWSMetric{}, map[string]string{"namespace": "N", "metric": "M", "max": "1", "stat": "p101"}, "stat: "},
		{AWSMetric{}, map[string]string{"namespace": "N", "metric": "M", "max": "50ms", "stat": "p99"}, "max: "},
		{AWSMetric{}, map[string]string{"namespace": "N", "metric": "M", "min": "NaN", "stat": "p99"}, "min: "},
		{AWSMetric{}, map[string]string{"namespace": "N", "metric": "M", "data": "yes"}, "data: "},
		{AWSMetric{}, map[string]string{"namespace": "N", "metric": "M", "data": "true", "period": "90s"}, "period: "},
		{AWSMetric{}, map[string]string{"namespace": "N", "metric": "M", "data": "true", "dimensions": "Table"}, "NAME=VALUE"},
		{AWSMetric{}, map[string]string{"namespace": "N", "metric": "M", "data": "true", "dimensions": "T=a,T=b"}, "given twice"},
		{AWSMetric{}, map[string]string{"namespace": "N", "metric": "M*", "min": "0", "max": "50", "stat": "p99.9", "dimensions": "T=a*,O=*", "period": "5m", "since": "run"}, ""},
		{DynamoBackups{}, map[string]string{"tables": "a", "within": "soon"}, "within: "},
		{DynamoBackups{}, map[string]string{"tables": "a", "within": "7d"}, ""},
		{DynamoEncryption{}, map[string]string{"tables": "a", "kms": "yes"}, "neither true nor false"},
		{DynamoItem{}, map[string]string{"table": "a", "key": "b"}, "key: "},
		{DynamoItem{}, map[string]string{"table": "a", "key": `{"id":{"S":"a"}}`, "expect": "scope == 1"}, "unknown name scope"},
		{DynamoPITR{}, map[string]string{"tables": ","}, "none is given"},
		{DynamoPITR{}, map[string]string{"tables": "a", "region": "here"}, "region: "},
		{DynamoTables{}, map[string]string{"tables": "a", "count": "7-5"}, "count: "},
		{DynamoTables{}, map[string]string{"tables": "a*", "count": "5-7", "region": "eu-west-1"}, ""},
		{DynamoTags{}, map[string]string{"tables": "a", "keys": " "}, "keys: "},
		{File{}, map[string]string{"path": "a", "sha256": "abc"}, "64 hex digits"},
		{File{}, map[string]string{"path": "/a"}, "not below the root"},
		{File{}, map[string]string{"path": "docs/*.md"}, ""},
		{Git{}, map[string]string{"what": "tracked"}, "needs a path"},
		{Git{}, map[string]string{"what": "clean"}, ""},
		{GitHubSecrets(), map[string]string{"repository": "o", "names": "A"}, "no owner/name"},
		{GitHubSecrets(), map[string]string{"repository": "o/r/x", "names": "A"}, "no owner/name"},
		{GitHubSecrets(), map[string]string{"repository": "o/r", "names": ","}, "none is given"},
		{GitHubSecrets(), map[string]string{"repository": "o/r", "names": "A,MY-KEY"}, "names: \"MY-KEY\" cannot be one"},
		{GitHubVariables(), map[string]string{"repository": "o/r", "names": "1A"}, "cannot be one"},
		{GitHubVariables(), map[string]string{"repository": "o.r/r", "names": "A"}, "no owner/name"},
		{GitHubVariables(), map[string]string{"repository": "o-p/r.x_y", "names": "A_1,b", "environment": "prod"}, ""},
		{HTTP{}, map[string]string{"url": "example.org"}, "only http:// and https://"},
		{HTTP{}, map[string]string{"url": "https://example.org/", "status": "200,204"}, ""},
		{KMSRotation{}, map[string]string{"keys": "1234-*"}, "can be a pattern"},
		{KMSRotation{}, map[string]string{"keys": "alias/app-*"}, ""},
		{Output{}, map[string]string{"step": "a", "expect": "stdout == 1"}, "unknown name stdout"},
		{Output{}, map[string]string{"step": "a", "expect": "json.a == 1", "command": "2"}, ""},
		{S3Bucket{}, map[string]string{"buckets": " "}, "none is given"},
		{S3Encryption{}, map[string]string{"buckets": "a", "kms": "AES256"}, "neither true nor false"},
		{S3PublicAccess{}, map[string]string{"buckets": "a,b-*"}, ""},
		{S3Versioning{}, map[string]string{"buckets": "a", "region": "EU"}, "region: "},
		{SNSSubscriptions{}, map[string]string{"topic": "a", "min": "0"}, "min: "},
		{SNSSubscriptions{}, map[string]string{"topic": "a", "min": "2", "protocol": "email-json"}, ""},
		{SNSTopic{}, map[string]string{"topic": ","}, "none is given"},
		{SSMParameter{}, map[string]string{"name": "a", "type": "secure"}, "type: "},
		{SSMParameter{}, map[string]string{"name": "a", "under": "fast"}, "under: "},
		{SSMParameter{}, map[string]string{"name": "a", "type": "SecureString", "under": "100ms", "readable": "true"}, ""},
		{Step{}, map[string]string{"run": " "}, "no command"},
		{Step{}, map[string]string{"run": "true", "expect": `lines[0] == "a"`}, ""},
		{TerraformOutput{}, map[string]string{"name": "a", "matches": "a)|(b"}, "matches: "},
		{TerraformOutput{}, map[string]string{"name": "a"}, ""},
		{TerraformPlan{}, map[string]string{"file": "p"}, "nothing is expected"},
		{TerraformPlan{}, map[string]string{"file": "p", "max_delete": "0"}, ""},
		{TerraformState{}, map[string]string{}, "nothing is expected"},
		{TerraformState{}, map[string]string{"count": "3"}, ""},
		{TerraformTags{}, map[string]string{"keys": " , "}, "none is given"},
		{TerraformTags{}, map[string]string{"keys": "Project"}, ""},
	} {
		err := tt.check.Validate(tt.args)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%T %v: %v; want %q", tt.check, tt.args, err, tt.want)
		}
	}
}
