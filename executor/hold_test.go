package executor_test

import (
	"strings"
	"testing"

	"runbook/executor/check"
	"runbook/runbook"
)

// A yes answers every item, and notes what was asked.
type yes struct{ asked *[]string }

func (y yes) Item(slot *runbook.Slot, _ string) (runbook.Verdict, string, error) {
	*y.asked = append(*y.asked, slot.Label)
	return runbook.Pass, "", nil
}

const approved = `# T

## Prepare

` + "```bash\nprepare\n```" + `

- [ ] Prepared

## Deploy

` + "```bash\ndeploy\n```" + `

- [ ] Deployed

## Sign-off

### Before

- [ ] Lead: ____ Date: ____

### After

- [ ] Done by: ____ Date: ____
`

// An approval that stands at the end and holds the beginning is asked first.
func TestWhatHoldsIsAskedFirst(t *testing.T) {
	var asked []string
	p := newTape(t, approved)
	p.registry.Checks["ask"] = check.Ask{Prompter: yes{&asked}}
	p.sidecar = "hold:\n  - {before: deploy, until: sign-off/before}\n"
	p.mustRun(runbook.Passed)
	if got, want := strings.Join(asked, ", "), "Prepared, Lead, Deployed, Done by"; got != want {
		t.Errorf("asked %s; want %s", got, want)
	}
	if got := strings.Join(p.engine.calls, ", "); got != "prepare, deploy" {
		t.Errorf("ran %s", got)
	}
}

func TestWhatHoldsKeepsTheStepWithoutAPerson(t *testing.T) {
	p := newTape(t, approved)
	p.sidecar = "hold:\n  - {before: deploy, until: sign-off/before}\n"
	p.mustRun(runbook.Held)
	if want := `step 2 is held by open items: line 23 "Lead"`; p.reason() != want {
		t.Errorf("held because %q, want %q", p.reason(), want)
	}
	p.answer("Lead", runbook.Pass, "Grace")
	p.mustRun(runbook.Passed)
	if got := strings.Join(p.engine.calls, ", "); got != "prepare, deploy" {
		t.Errorf("ran %s", got)
	}
}
