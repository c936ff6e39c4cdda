package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"runbook/executor/executortest/world"
	"runbook/runbook"
)

const deletions = "deployment-steps/4-generate-terraform-plan/no-unexpected-deletions"

// TestE2EUnexpectedDeletion lets step 4 of the seed itself plan a deletion:
// while the run is between two steps, somebody applies something to the new
// workspace and takes it out of the configuration again. The item about
// deletions fails, a hold keeps the plan from being applied, and, where there is
// none, the step fails that promises that nothing is destroyed. Once a person
// has let the run go on, that item is the only one that is not so.
func TestE2EUnexpectedDeletion(t *testing.T) {
	t.Parallel()
	p := production{world.StartWithStaging(t, world.Seed(t)), t}
	secrets := github(t, "AWS_ROLE_ARN_PRODUCTION", "OPS_SNS_TOPIC_ARN_PRODUCTION")
	p.Env = append(p.Env, "GITHUB_API_URL="+secrets.URL, "GITHUB_TOKEN=testing", "AWS_MAX_ATTEMPTS=1")

	p.exec(exitOK, unattended("--step", "1", "--step", "2", "--step", "3")...)
	legacy := filepath.Join(p.Dir, "infra", "terraform", "legacy.tf")
	if err := os.WriteFile(legacy, []byte("resource \"terraform_data\" \"legacy\" {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	p.Terraform("apply", "-auto-approve", "-target=terraform_data.legacy", "-var-file=production.tfvars")
	if err := os.Remove(legacy); err != nil {
		t.Fatal(err)
	}

	var s summaryJSON
	p.sidecar("hold: [{before: " + applyStep + ", until: " + deletions + "}]\n")
	p.decode(p.exec(exitHeld, unattended()...), &s)
	if st := s.Steps[4].Status; st != runbook.StepPending {
		t.Errorf("the held step %s", st)
	}
	p.wantOnlyFailed(deletions)

	p.sidecar("")
	p.goOn(&s)
	for _, step := range s.Steps[:11] {
		want := runbook.StepPassed
		if step.ID == applyStep {
			want = runbook.StepContinued // by a person's word: it did not do what it promised
		}
		if step.Status != want {
			t.Errorf("%s %s", step.ID, step.Status)
		}
	}
	p.wantOnlyFailed(deletions)
	p.wantEveryMachineDecided()
	p.exec(exitOK, "verify", "checklist.md")
}

// goOn runs the rest at a terminal, whose person leaves all questions for later
// but the one about the step that destroys something.
func (p production) goOn(s *summaryJSON) {
	p.t.Helper()
	const failed = "[c]ontinue"
	tt := atTerminal(p.t, p.command("exec", "--yes", "--operator", "Ada Moreno", "checklist.md"))
	shown := tt.answer([]exchange{{"[l]ater", "l"}, {"leaves it open):", ""}, {failed, "c"}, {"Reason, for the record:", "the legacy resource is not missed"}})
	if code := tt.end(); code != exitFailed || shown[failed] != 1 || !strings.Contains(tt.all, "1 destroyed") {
		p.t.Errorf("exit code %d, %v; the terminal shows:\n%s", code, shown, tt.all)
	}
	p.decode(p.exec(exitFailed, unattended()...), s)
}

// wantOnlyFailed asserts that one item has failed, with evidence, and no other.
func (p production) wantOnlyFailed(id string) {
	p.t.Helper()
	for item, s := range p.stands() {
		if (s.verdict == runbook.Fail) != (item == id) || item == id && !strings.Contains(s.evidence, "1 to delete") {
			p.t.Errorf("%s: %+v", item, s)
		}
	}
}

// wantEveryMachineDecided asserts that every item that the sidecar binds to a
// check alone is settled by it.
func (p production) wantEveryMachineDecided() {
	p.t.Helper()
	var plan struct {
		Items []struct{ ID, Use string }
	}
	p.decode(p.exec(exitOK, "plan", "--format", "json", "checklist.md"), &plan)
	stands, decided := p.stands(), 0
	for _, item := range plan.Items {
		if item.Use == "ask" {
			continue
		}
		decided++
		if s := stands[item.ID]; s.verdict == "" || s.evidence == "" || s.by != "" {
			p.t.Errorf("%s: %+v", item.ID, s)
		}
	}
	if decided < 50 {
		p.t.Errorf("%d items are bound to checks", decided)
	}
}
