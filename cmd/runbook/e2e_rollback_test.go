package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"runbook/executor/executortest/world"
	"runbook/runbook"
)

// TestE2ERollback deploys, commits the record, and rolls back to a version
// whose checklist is another one, which `git checkout` once refused. The old
// version is really applied, the stakeholders are told, and nothing of the
// record is lost.
func TestE2ERollback(t *testing.T) {
	t.Parallel()
	p := production{world.Start(t, world.Seed(t)), t}
	path := filepath.Join(p.Dir, "checklist.md")
	old := strings.TrimSpace(p.Git("rev-parse", "HEAD~1"))
	reworded := strings.Replace(p.record(), "Production Deployment Checklist", "Production Deployment", 1)
	if err := os.WriteFile(path, []byte(reworded), 0o644); err != nil {
		t.Fatal(err)
	}
	p.Git("commit", "-qam", "Reword the checklist")
	p.exec(exitOK, unattended()...)
	p.Git("add", "checklist.md", "checklist.runs")
	p.Git("commit", "-qm", "Deploy")
	if got := p.threshold(); got != "10.0" {
		t.Fatalf("the alarm's threshold is %s after the deployment, want 10.0", got)
	}
	queue := p.listen()

	rollback := []string{"rollback", "--yes", "--no-input", "--operator", "Ben Okafor", "--format", "json", "--decision-maker", "Ada Moreno", "--reason", "alarms fire", "checklist.md"}
	files := p.Files()
	p.exec(exitUsage, rollback...)
	if len(p.Files()) != len(files) || p.threshold() != "10.0" {
		t.Error("without the commit to go back to, something was done")
	}
	var summary summaryJSON
	p.decode(p.exec(exitOK, append(rollback, "--set", "<previous-working-commit>="+old)...), &summary)
	if summary.Run.Result != runbook.RolledBack || summary.Steps[11].Status != runbook.StepPassed || len(summary.Steps[11].Commands) != 7 {
		t.Errorf("the run %s; its last step %+v", summary.Run.Result, summary.Steps[11])
	}
	if got := p.threshold(); got != "25.0" {
		t.Errorf("the alarm's threshold is %s after the rollback, want 25.0", got)
	}
	if got := p.queue("receive-message", "--queue-url", queue, "--query", "Messages[].Body"); !strings.Contains(got, "Deployment rolled back to previous version.") {
		t.Errorf("the stakeholders got %q", got)
	}
	if head := strings.TrimSpace(p.Git("rev-parse", "HEAD")); head != old {
		t.Errorf("HEAD is %s, want %s", head, old)
	}
	for _, line := range []string{
		"# Production Deployment", "**Decision Maker:** Ada Moreno  ", "**Deployer:** Ada Moreno  ", "**Deployment Status:** [ ] Success [ ] Failed [x] Rolled Back",
	} {
		if !strings.Contains(p.record(), line+"\n") {
			t.Errorf("the record has no line %q", line)
		}
	}
	p.wantNoSecrets()
	p.exec(exitOK, "verify", "checklist.md")
	if journal := p.journal(); !strings.Contains(journal, `"contingency":"rollback-plan","by":"Ada Moreno","reason":"alarms fire"`) {
		t.Error("the journal does not say who declared the rollback, and why")
	}
}

// threshold is what the alarm on throttled requests fires at.
func (p production) threshold() string {
	p.t.Helper()
	all := strings.Fields(p.AWS("cloudwatch", "describe-alarms", "--query", "MetricAlarms[].Threshold"))
	for _, t := range all {
		if t == "10.0" || t == "25.0" {
			return t
		}
	}
	p.t.Fatalf("thresholds %q", all)
	return ""
}

// listen subscribes a queue to the alerts, and returns its URL.
func (p production) listen() string {
	p.t.Helper()
	url := p.queue("create-queue", "--queue-name", "stakeholders", "--query", "QueueUrl")
	arn := p.queue("get-queue-attributes", "--queue-url", url, "--attribute-names", "QueueArn", "--query", "Attributes.QueueArn")
	p.AWS("sns", "subscribe", "--topic-arn", p.Outputs()["ops_alerts_topic_arn"].Value, "--protocol", "sqs", "--notification-endpoint", arn)
	return url
}

// queue calls SQS. The aws CLI does not look for that service's endpoint in the
// environment.
func (p production) queue(args ...string) string {
	p.t.Helper()
	for _, pair := range p.Env {
		if endpoint, ok := strings.CutPrefix(pair, "AWS_ENDPOINT_URL="); ok {
			return p.AWS(append([]string{"--endpoint-url", endpoint, "sqs"}, args...)...)
		}
	}
	p.t.Fatal("no AWS_ENDPOINT_URL")
	return ""
}
