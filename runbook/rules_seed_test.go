package runbook

import (
	"fmt"
	"strings"
	"testing"
)

// proposalCatalog has every check that the packs propose, with the arguments
// that they take.
func proposalCatalog() Catalog {
	args := map[string]string{
		"ask": "not role min", "file": "path contains sha256", "git": "what path name ignore", "step": "run expect dir",
		"output": "step command expect", "http": "url status contains timeout",
		"terraform.drift": "dir var_file workspace", "terraform.plan": "file dir max_delete max_replace create update delete replace",
		"terraform.workspace": "name dir selected", "terraform.state": "resource count dir workspace",
		"aws.dynamodb.tables": "tables count region", "aws.dynamodb.pitr": "tables region", "aws.dynamodb.encryption": "tables kms region",
		"aws.dynamodb.protection": "tables region", "aws.dynamodb.backups": "tables within region", "aws.dynamodb.item": "table key expect region",
		"aws.ssm.parameter": "name type readable under region", "aws.s3.bucket": "buckets region", "aws.s3.public-access": "buckets region",
		"aws.s3.encryption": "buckets kms region", "aws.s3.versioning": "buckets region", "aws.kms.rotation": "keys region",
		"aws.sns.topic": "topic region", "aws.sns.subscriptions": "topic protocol endpoint min region",
		"aws.cloudwatch.alarms": "names prefix count state region", "aws.cloudwatch.dashboard": "name region",
		"aws.cloudwatch.metric": "namespace metric dimensions stat period since max min data region", "aws.logs.errors": "groups pattern since max region",
		"aws.iam.trust": "roles repository region", "aws.iam.policies": "roles allow_actions allow_resources validate region",
		"aws.sts": "account role region", "aws.tags": "keys filter names types resources region", "github.secrets": "repository names environment", "github.variables": "repository names environment",
	}
	var c Catalog
	for _, name := range sortedKeys(args) {
		in := Info{Name: name, Args: map[string]string{}}
		for a := range strings.FieldsSeq(args[name]) {
			in.Args[a] = a
		}
		c.Checks = append(c.Checks, in)
	}
	return c
}

// suggested writes a suggestion in one line: certain ones with "=", weaker
// ones with "~", those that lack an argument with "?".
func suggested(s Suggestion) string {
	mark := "~"
	switch {
	case s.Certain:
		mark = "="
	case len(s.Missing) > 0:
		mark = "?" + strings.Join(s.Missing, ",")
	}
	text := mark
	for _, c := range s.Calls() {
		text += " " + bound(Binding{Use: c.Use, Args: c.Args})
	}
	return text
}

func TestTheSeedsProposals(t *testing.T) {
	tree := worldTree(t)
	plan := NewPlan(mustParse(t, string(seed(t))), PlanInput{Catalog: proposalCatalog(), Tree: tree, Root: "/w", DocDir: "/w", Dirs: DirAuto, Rules: packs(t)})
	var got strings.Builder
	for i := range plan.Tasks {
		task := &plan.Tasks[i]
		if task.Slot.Kind != ItemSlot {
			continue
		}
		for _, s := range task.Binding.Suggest {
			fmt.Fprintf(&got, "%d %s %s\n", task.Slot.Line, s.Rule, strings.ReplaceAll(suggested(s), " region=us-east-1", ""))
		}
	}
	if got.String() != seedProposals {
		t.Errorf("got:\n%s", got.String())
	}
}

// seedProposals has a line for each item that a rule is for; a person settles
// all others. "=" is certain, "~" may be so, "?" lacks the arguments named.
const seedProposals = `14 terraform.drift ~ terraform.drift dir=infra/terraform var_file=production.tfvars
15 terraform.deployed ?count terraform.state dir=infra/terraform workspace=staging
16 tests.offered = step run=./scripts/test-e2e-manual.sh staging
18 sns.confirmed ~ aws.sns.subscriptions endpoint=ops-team@example.com protocol=email topic=mirror-dissonance-production*
19 dynamodb.pitr ~ aws.dynamodb.pitr tables=mirror-dissonance-staging-fp-events,mirror-dissonance-staging-consent,mirror-dissonance-staging-block-counter
20 tagging.resources ?keys aws.tags
25 iam.least-privilege ~ aws.iam.policies roles=mirror-dissonance-production-github-deploy
26 iam.trust ~ aws.iam.trust repository=MultiplicityFoundation/Phase-Mirror roles=mirror-dissonance-production-github-deploy
27 ssm.secure ~ aws.ssm.parameter name=/guardian/production/redaction_nonce_v1 type=SecureString
28 s3.public-access ~ aws.s3.public-access buckets=mirror-dissonance-production-baselines*
30 git.no-secrets = git what=no-secrets
31 kms.rotation ?keys aws.kms.rotation
32 aws.encryption ~ aws.dynamodb.encryption tables=mirror-dissonance-production-fp-events,mirror-dissonance-production-consent,mirror-dissonance-production-block-counter aws.s3.encryption buckets=mirror-dissonance-production-baselines*
37 tests.coverage ?run step expect=exit == 0 && coverage(stdout) > 80
38 tests.run ~ step expect=exit == 0 run=pnpm test -- --testPathPattern=integration
77 terraform.workspace-exists = terraform.workspace dir=infra/terraform name=production selected=false
78 terraform.workspace = terraform.workspace dir=infra/terraform name=production
90 ssm.created = aws.ssm.parameter name=/guardian/production/redaction_nonce_v1
92 ssm.named = aws.ssm.parameter name=/guardian/production/redaction_nonce_v1
107 settings.deletion-protection = output command=1 expect=text matches "(?m)^\\s*enable_deletion_protection\\s*=\\s*true\\s*$" step=deployment-steps/3-review-production-configuration
108 settings.pitr = output command=1 expect=text matches "(?m)^\\s*enable_point_in_time_recovery\\s*=\\s*true\\s*$" step=deployment-steps/3-review-production-configuration
109 settings.region = output command=1 expect=text matches "(?m)^\\s*\\w*region\\s*[=:]\\s*\"?us-east-1\"?\\s*$" step=deployment-steps/3-review-production-configuration
128 terraform.plan-generated = file path=infra/terraform/production.tfplan
131 terraform.plan-count ?create terraform.plan file=infra/terraform/production.tfplan
132 terraform.plan-deletions = terraform.plan file=infra/terraform/production.tfplan max_delete=0
133 terraform.plan-saved = file path=infra/terraform/production-plan-*.txt
148 terraform.applied = output command=1 expect=exit == 0 && text contains "Apply complete!" step=deployment-steps/5-apply-infrastructure
149 terraform.apply-clean = output command=1 expect=exit == 0 && not (text contains "Error:") step=deployment-steps/5-apply-infrastructure
150 terraform.all-created = terraform.drift dir=infra/terraform var_file=production.tfvars workspace=production
151 terraform.outputs-printed = output command=1 expect=text contains "Outputs:" step=deployment-steps/5-apply-infrastructure
173 terraform.outputs-saved = file path=infra/terraform/production-outputs-*.txt
175 cloudwatch.dashboard ?name aws.cloudwatch.dashboard
214 dynamodb.tables = aws.dynamodb.tables tables=mirror-dissonance-production-fp-events,mirror-dissonance-production-consent,mirror-dissonance-production-block-counter
215 dynamodb.pitr = aws.dynamodb.pitr tables=mirror-dissonance-production-fp-events,mirror-dissonance-production-consent,mirror-dissonance-production-block-counter
216 ssm.readable = aws.ssm.parameter name=/guardian/production/redaction_nonce_v1 readable=true
217 sns.topic = aws.sns.topic topic=mirror-dissonance-production*
218 cloudwatch.alarms = aws.cloudwatch.alarms count=5-7 prefix=mirror-dissonance-production
219 s3.bucket = aws.s3.bucket buckets=mirror-dissonance-production-baselines*
220 tagging.resources ?keys aws.tags
233 github.secret = github.secrets names=AWS_ROLE_ARN_PRODUCTION repository=MultiplicityFoundation/Phase-Mirror
234 github.secret = github.secrets names=OPS_SNS_TOPIC_ARN_PRODUCTION repository=MultiplicityFoundation/Phase-Mirror
250 sns.subscribed = aws.sns.subscriptions endpoint=ops-team@example.com protocol=email topic=mirror-dissonance-production*
251 sns.email = aws.sns.subscriptions endpoint=ops-team@example.com protocol=email topic=mirror-dissonance-production*
287 command.succeeded ~ output command=4 expect=exit == 0 step=post-deployment-validation/smoke-tests
288 dynamodb.item = aws.dynamodb.item key={"orgId": {"S": "PhaseMirror"}} table=mirror-dissonance-production-consent
289 ssm.readable = aws.ssm.parameter name=/guardian/production/redaction_nonce_v1 readable=true
290 logs.errors ?groups aws.logs.errors since=run
304 cloudwatch.dashboard ?name aws.cloudwatch.dashboard
305 cloudwatch.data ?metric,namespace aws.cloudwatch.metric data=true since=1h
306 cloudwatch.alarms-ok = aws.cloudwatch.alarms prefix=mirror-dissonance-production state=OK
307 cloudwatch.error-spikes ?metric,namespace aws.cloudwatch.metric max=0 since=1h stat=Sum
312 cloudwatch.dynamodb-latency ~ aws.cloudwatch.metric dimensions=TableName=mirror-dissonance-production-block-counter max=50 metric=SuccessfulRequestLatency namespace=AWS/DynamoDB since=1h stat=p99
313 ssm.latency = aws.ssm.parameter name=/guardian/production/redaction_nonce_v1 under=100ms
314 cloudwatch.dynamodb-throttling ~ aws.cloudwatch.metric dimensions=TableName=mirror-dissonance-production-block-counter max=0 metric=ThrottledRequests namespace=AWS/DynamoDB since=1h stat=Sum
328 tests.output = output command=4 expect=exit == 0 step=post-deployment-validation/integration-test
329 tests.no-failures = output command=4 expect=exit == 0 && none(lines, # matches "^\\s*(FAIL|not ok|✗|✖)\\b") step=post-deployment-validation/integration-test
413 cloudwatch.error-spikes ?metric,namespace aws.cloudwatch.metric max=0 since=1h stat=Sum
428 dynamodb.pitr ~ aws.dynamodb.pitr tables=mirror-dissonance-production-fp-events,mirror-dissonance-production-consent,mirror-dissonance-production-block-counter
`
