package check

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"runbook/executor"
	standin "runbook/executor/executortest/world"
)

// The world's production, made by its own terraform and CLI, satisfies these
// checks; and each stops being satisfied when its one thing is broken.
func TestE2EWorldSatisfiesAWSChecks(t *testing.T) {
	t.Parallel()
	w := standin.Start(t, standin.Checklist(t))
	w.AWS("resourcegroupstaggingapi", "get-resources") // the first one is slow
	began := time.Now().Add(-time.Second)
	w.Terraform("workspace", "new", "production")
	w.Terraform("apply", "-no-color", "-auto-approve", "-var-file=production.tfvars")
	grant(t, w)

	const name = "mirror-dissonance-production"
	metric := []string{"namespace", "MirrorDissonance", "metric", "RequestLatency", "dimensions", "Environment=production", "stat", "Maximum", "since", "run", "max", "50"}
	ask := func(c executor.Check, want outcome, args ...string) {
		t.Helper()
		q := awsAsks(t, "", args...)
		q.Env, q.Now, q.State.Began = w.Env, time.Now(), began
		f, err := c.Check(t.Context(), q)
		if f.Verdict != want.verdict || !strings.Contains(f.Evidence+errorText(err), want.says) {
			t.Errorf("%s %q: %+v, %v; want %+v", c.Info().Name, args, f, err, want)
		}
	}
	for _, c := range []struct {
		check executor.Check
		args  []string
	}{
		{AWSAlarms{}, []string{"prefix", name, "count", "5-7", "state", "OK"}},
		{AWSDashboard{}, []string{"name", name}},
		{AWSMetric{}, metric},
		{AWSMetric{}, []string{"namespace", "MirrorDissonance", "metric", "*", "data", "true"}},
		{AWSMetric{}, []string{"namespace", "MirrorDissonance", "metric", "Throttles", "stat", "Sum", "max", "0"}},
		{AWSLogErrors{}, []string{"groups", "/mirror-dissonance/production*"}},
		{AWSTrust{}, []string{"roles", name + "-*", "repository", "MultiplicityFoundation/Phase-Mirror"}},
		{AWSPolicies{}, []string{"roles", name + "-*"}},
		{AWSTags{}, []string{"keys", "Environment, Project", "filter", "Environment=production", "expect_min", "5"}},
	} {
		ask(c.check, passes(""), c.args...)
	}

	w.AWS("cloudwatch", "delete-alarms", "--alarm-names", name+"-consent-errors", name+"-consent-throttles")
	ask(AWSAlarms{}, fails("4 alarms fit"), "prefix", name, "count", "5-7")
	w.Env = append(w.Env, "LATENCY_MS=80")
	grant(t, w)
	ask(AWSMetric{}, fails("had 80"), metric...)
	w.AWS("dynamodb", "update-table", "--table-name", name+"-consent", "--no-deletion-protection-enabled")
	w.AWS("dynamodb", "delete-table", "--table-name", name+"-consent")
	if out, err := grantCommand(t, w).CombinedOutput(); err == nil {
		t.Errorf("a grant without a table: %s", out)
	}
	ask(AWSLogErrors{}, fails("1 in /mirror-dissonance/production/cli"), "groups", "/mirror-dissonance/production*")
	ask(AWSMetric{}, fails("Errors Environment=production had 1"), "namespace", "MirrorDissonance", "metric", "Errors", "stat", "Sum", "max", "0")
	w.AWS("sns", "untag-resource", "--resource-arn", "arn:aws:sns:us-east-1:"+standin.Account+":"+name+"-ops-alerts", "--tag-keys", "Project")
	ask(AWSTags{}, fails("ops-alerts lacks Project"), "keys", "Environment, Project", "filter", "Environment=production")
	w.AWS("iam", "put-role-policy", "--role-name", name+"-github-deploy", "--policy-name", "all", "--policy-document", statementsAre(`{"Effect":"Allow","Action":"s3:*","Resource":"*"}`))
	ask(AWSPolicies{}, fails(`"s3:*"`), "roles", name+"-*")
}

// grantCommand grants a consent through the world's own CLI.
func grantCommand(t *testing.T, w *standin.World) *exec.Cmd {
	cmd := w.Command(t.Context(), "", "node", "packages/cli/dist/index.js", "consent", "grant", "--org", "o", "--scope", "allrepos", "--granted-by", "test")
	cmd.Env = append(cmd.Env, "ENV=production")
	return cmd
}

func grant(t *testing.T, w *standin.World) {
	t.Helper()
	if out, err := grantCommand(t, w).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
