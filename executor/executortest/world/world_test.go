package world_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"runbook/executor/executortest/world"
)

// The start directories that the checklists' authors meant, one a step of the
// main path; "any" ones run at the root.
var (
	seedDirs = []string{"", "", "", "", "infra/terraform", "infra/terraform", "", "infra/terraform", "", "infra/terraform", ""}
	ownDirs  = []string{"", "", "", "infra/terraform", "infra/terraform", "infra/terraform", "", "", "infra/terraform", "", "infra/terraform", ""}
)

func TestE2EWorldRunsTheSeedByHand(t *testing.T) {
	t.Parallel()
	w := world.Start(t, world.Seed(t))
	paste(t, w, "Rollback Plan", seedDirs)
	wantProduction(t, w, "PhaseMirror")
	wantSecretsOnlyInTerraform(t, w)
	wantRollback(t, w)
}

func TestE2EWorldRunsItsOwnChecklistByHand(t *testing.T) {
	t.Parallel()
	w := world.Start(t, world.Checklist(t))
	paste(t, w, "Abort", ownDirs)
	wantProduction(t, w, "LedgerOrg")
	wantSecretsOnlyInTerraform(t, w)
	wantRepeatable(t, w)
}

// paste runs the steps above the contingency as a careful person would: each
// pasted into a fresh shell in the directory that its author meant.
func paste(t *testing.T, w *world.World, contingency string, dirs []string) {
	t.Helper()
	src, err := os.ReadFile(w.Dir + "/checklist.md")
	if err != nil {
		t.Fatal(err)
	}
	scripts := stepsAbove(string(src), contingency)
	if len(scripts) != len(dirs) {
		t.Fatalf("%d steps on the main path, want %d", len(scripts), len(dirs))
	}
	for i, script := range scripts {
		script = strings.ReplaceAll(script, "<change-ticket>", "CHG-4711")
		out, err := w.Command(t.Context(), dirs[i], "bash", "-eo", "pipefail", "-c", script).CombinedOutput()
		if err != nil {
			t.Fatalf("step %d: %v\n%s\n%s", i+1, err, script, out)
		}
		if strings.Contains(script, "terraform apply") && !strings.Contains(string(out), "Resources: 10 added, 0 changed, 0 destroyed.") {
			t.Errorf("step %d: the apply did not add ten resources and nothing else:\n%s", i+1, out)
		}
	}
}

// stepsAbove cuts the scripts out of a checklist, up to a heading: enough
// Markdown for the two that stand in this world, and no more.
func stepsAbove(src, heading string) []string {
	src, _, _ = strings.Cut(src, "\n## "+heading+"\n")
	src = regexp.MustCompile(`(?s)<!--.*?-->`).ReplaceAllString(src, "")
	fence := regexp.MustCompile("(?ms)^```([a-z]*)([^\n]*)\n(.*?)^```$")
	prompts := regexp.MustCompile(`(?m)^\$ ((?:.*\\\n)*.*)$`)
	var scripts []string
	for _, m := range fence.FindAllStringSubmatch(src, -1) {
		lang, attrs, script := m[1], m[2], m[3]
		switch {
		case strings.Contains(attrs, "skip"):
		case lang == "bash" || lang == "sh":
			scripts = append(scripts, script)
		case lang == "console":
			var lines []string
			for _, p := range prompts.FindAllStringSubmatch(script, -1) {
				lines = append(lines, p[1])
			}
			scripts = append(scripts, strings.Join(lines, "\n"))
		}
	}
	return scripts
}

// wantProduction asserts that the AWS side is what both checklists' items say.
func wantProduction(t *testing.T, w *world.World, org string) {
	t.Helper()
	const name = "mirror-dissonance-production"
	equal := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
	}
	equal("account", w.AWS("sts", "get-caller-identity", "--query", "Account"), world.Account)
	for _, table := range []string{"fp-events", "consent", "block-counter"} {
		table = name + "-" + table
		equal("PITR of "+table, w.AWS("dynamodb", "describe-continuous-backups", "--table-name", table, "--query",
			"ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus"), "ENABLED")
		equal("protection of "+table, w.AWS("dynamodb", "describe-table", "--table-name", table,
			"--query", "Table.[DeletionProtectionEnabled,SSEDescription.Status]"), "True\tENABLED")
	}
	equal("tables tagged", w.AWS("resourcegroupstaggingapi", "get-resources", "--resource-type-filters", "dynamodb:table",
		"--tag-filters", "Key=Environment,Values=production", "--query", "length(ResourceTagMappingList)"), "3")
	equal("consent", w.AWS("dynamodb", "get-item", "--table-name", name+"-consent",
		"--key", `{"orgId": {"S": "`+org+`"}}`, "--query", "Item.scope.S"), "allrepos")
	equal("subscriptions", w.AWS("sns", "list-subscriptions-by-topic", "--topic-arn",
		"arn:aws:sns:us-east-1:"+world.Account+":"+name+"-ops-alerts", "--query", "length(Subscriptions)"), "1")
	equal("alarms", w.AWS("cloudwatch", "describe-alarms", "--alarm-name-prefix", name, "--query", "length(MetricAlarms)"), "6")
	equal("events", w.AWS("logs", "filter-log-events", "--log-group-name", "/mirror-dissonance/production/cli", "--query", "events[].message"), "INFO consent granted to "+org)
	equal("metrics", w.AWS("cloudwatch", "list-metrics", "--namespace", "MirrorDissonance", "--query", "sort(Metrics[].MetricName)"), "Errors\tRequestLatency\tThrottles")
	equal("dashboard", w.AWS("cloudwatch", "list-dashboards", "--query", "DashboardEntries[].DashboardName"), name)
	equal("public access", w.AWS("s3api", "get-public-access-block", "--bucket", name+"-baselines", "--query",
		"PublicAccessBlockConfiguration.[BlockPublicAcls,IgnorePublicAcls,BlockPublicPolicy,RestrictPublicBuckets]"), "True\tTrue\tTrue\tTrue")
	equal("bucket encryption", w.AWS("s3api", "get-bucket-encryption", "--bucket", name+"-baselines", "--query",
		"ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm"), "aws:kms")
	key := w.AWS("kms", "list-aliases", "--query", "Aliases[?AliasName=='alias/"+name+"'].TargetKeyId")
	equal("key rotation", w.AWS("kms", "get-key-rotation-status", "--key-id", key, "--query", "KeyRotationEnabled"), "True")
	for _, role := range []string{"github-deploy", "github-actions"} {
		equal("trust of "+role, w.AWS("iam", "get-role", "--role-name", name+"-"+role, "--query",
			`Role.AssumeRolePolicyDocument.Statement[0].Condition.StringLike."token.actions.githubusercontent.com:sub"`),
			"repo:MultiplicityFoundation/Phase-Mirror:*")
	}
	equal("parameter type", w.AWS("ssm", "describe-parameters", "--query", "Parameters[].Type"), "SecureString")

	outputs := w.Outputs()
	for output, want := range map[string]string{
		"github_actions_deploy_role_arn": "arn:aws:iam::" + world.Account + ":role/" + name + "-github-deploy",
		"github_actions_role_arn":        "arn:aws:iam::" + world.Account + ":role/" + name + "-github-actions",
		"ops_alerts_topic_arn":           "arn:aws:sns:us-east-1:" + world.Account + ":" + name + "-ops-alerts",
		"cloudwatch_dashboard_url":       "https://console.aws.amazon.com/cloudwatch/home?region=us-east-1#dashboards:name=" + name,
		"baseline_bucket_name":           name + "-baselines",
	} {
		if got := outputs[output]; got != (world.Output{Value: want}) {
			t.Errorf("output %s: got %+v, want %q", output, got, want)
		}
	}
}

// wantSecretsOnlyInTerraform asserts that pasting leaves no secret in a file,
// so that one that a run leaves is the run's doing.
func wantSecretsOnlyInTerraform(t *testing.T, w *world.World) {
	t.Helper()
	uuid := regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	for what, secret := range map[string]string{"nonce": w.Nonce(), "salt": w.Salt()} {
		if !uuid.MatchString(secret) {
			t.Errorf("the %s is no UUID", what)
		}
		if places := w.Holding(secret); len(places) > 0 {
			t.Errorf("the %s is in %q", what, places)
		}
	}
}

// wantRollback asserts that the version before can be planned and applied.
func wantRollback(t *testing.T, w *world.World) {
	t.Helper()
	w.Git("checkout", "--quiet", "HEAD~1")
	w.Terraform("plan", "-no-color", "-var-file=production.tfvars", "-out=rollback.tfplan")
	out := w.Terraform("apply", "-no-color", "rollback.tfplan")
	if !strings.Contains(out, "Resources: 1 added, 0 changed, 1 destroyed.") {
		t.Errorf("the rollback did not replace one resource:\n%s", out)
	}
}

// wantRepeatable asserts that what provisions can run again.
func wantRepeatable(t *testing.T, w *world.World) {
	t.Helper()
	args := []string{"apply", "-no-color", "-auto-approve", "-var-file=production.tfvars"}
	for _, r := range []string{"key", `table["consent"]`, "topic", "bucket", "roles", "dashboard"} {
		args = append(args, "-replace=terraform_data."+r)
	}
	if out := w.Terraform(args...); !strings.Contains(out, "Resources: 6 added, 0 changed, 6 destroyed.") {
		t.Errorf("applying again did not replace six resources:\n%s", out)
	}
}

func TestRequire(t *testing.T) {
	for _, c := range []struct {
		name, env string
		tools     []string
		want      string
	}{
		{"all there", "required", []string{"sh"}, ""},
		{"missing", "", []string{"sh", "no-such-tool", "nor-this"}, "skip: skipped: no no-such-tool, nor-this"},
		{"missing where required", "required", []string{"no-such-tool"}, "fatal: RUNBOOK_E2E=required, but there is no no-such-tool"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv(world.RequiredEnv, c.env)
			fake := &fakeTB{TB: t}
			world.Require(fake, c.tools...)
			if fake.said != c.want {
				t.Errorf("got %q, want %q", fake.said, c.want)
			}
		})
	}
}

func TestForms(t *testing.T) {
	const secret = "3f2a77c0-1d5e-4b8a-9c61-0e8d2f4b6a95"
	for _, c := range []struct{ name, written string }{
		{"as it is", "Nonce: " + secret + "\n"},
		{"upper case", strings.ToUpper(secret)},
		{"without dashes", strings.ReplaceAll(secret, "-", "")},
		{"hex", hex.EncodeToString([]byte(secret))},
		{"base64", base64.StdEncoding.EncodeToString([]byte(secret))},
		{"base64 shifted by one", base64.StdEncoding.EncodeToString([]byte(`"` + secret + `"`))},
		{"base64 shifted by two", base64.StdEncoding.EncodeToString([]byte(`: ` + secret + `, "more"`))},
		{"base64 in a URL", base64.RawURLEncoding.EncodeToString([]byte(`{"nonce": "` + secret + `"}`))},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := slices.ContainsFunc(world.Forms(secret), func(form string) bool { return strings.Contains(c.written, form) })
			if !found {
				t.Errorf("no form is in %q", c.written)
			}
		})
	}
	for _, form := range world.Forms(secret) {
		if len(form) < 32 {
			t.Errorf("form %q is short enough to be met by chance", form)
		}
	}
}

// fakeTB notes how a test would have ended instead of ending it.
type fakeTB struct {
	testing.TB
	said string
}

func (f *fakeTB) Helper()                           {}
func (f *fakeTB) Skipf(format string, args ...any)  { f.end("skip: "+format, args...) }
func (f *fakeTB) Fatalf(format string, args ...any) { f.end("fatal: "+format, args...) }

func (f *fakeTB) end(format string, args ...any) {
	if f.said == "" {
		f.said = fmt.Sprintf(format, args...)
	}
}
