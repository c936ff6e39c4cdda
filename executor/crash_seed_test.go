package executor_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"runbook/executor"
	"runbook/runbook"
)

// seedRun is a run of the seed's checklist in which every command keeps what the
// text promises of it, and a person has answered some items beforehand.
func seedRun(t *testing.T) *tape {
	t.Helper()
	src, err := os.ReadFile("../../shared/seed/checklist.md")
	if err != nil {
		t.Skip("skipped: no ../shared/seed/checklist.md")
	}
	p := newTape(t, string(src))
	p.tree = everywhere{}
	slots := p.doc.Slots
	for i := range slots {
		if slots[i].Kind != runbook.StepSlot {
			continue
		}
		script := runbook.ReadScript(p.doc.Source, &slots[i])
		for c, command := range script.Commands {
			var out strings.Builder
			for _, e := range script.Expects {
				if e.Command == c || e.Command < 0 {
					out.WriteString(strings.ReplaceAll(e.Text, "X", "7") + "\n" + strings.Join(e.Values, "\n") + "\n")
				}
			}
			p.engine.replies[command.Text] = []reply{{out: out.String()}}
		}
	}
	return p.answer("*/unit-tests-passing*", runbook.Pass, "Eve").set("Deployer", "Ada")
}

// A crash at every entry of the seed's run: each command of its steps is called
// once, or its outcome is unknown and a person's word goes on; what the run comes
// to is what an undisturbed run comes to.
func TestACrashAfterEveryEntryOfTheSeedsRun(t *testing.T) {
	whole := seedRun(t)
	whole.mustRun(runbook.Passed)
	want, calls := shape(whole.fold()), len(whole.engine.calls)
	if calls < 20 {
		t.Fatalf("the run has %d commands", calls)
	}
	for n := 1; n < len(whole.journal.lines); n++ {
		p := seedRun(t)
		p.journal.lines = slices.Clone(whole.journal.lines[:n])
		result, err := p.run()
		if err != nil {
			t.Fatalf("cut after %d: %v", n, err)
		}
		vouched := stepUnknown(p) != nil
		if vouched {
			if result != runbook.Held || len(p.engine.calls) > 0 {
				t.Errorf("cut after %d: an unknown outcome, and the run is %s and called %q", n, result, p.engine.calls)
			}
			p.resolve = map[runbook.ID]executor.Decision{}
			for _, s := range p.plan.Steps() {
				p.resolve[s.Slot.ID] = decide(executor.Done, "it is there")
			}
			p.mustRun(runbook.Passed)
		} else if result != runbook.Passed {
			t.Fatalf("cut after %d: %s: %s", n, result, p.reason())
		}
		started := map[[2]any]int{}
		for _, e := range events[*runbook.CommandStarted](p) {
			started[[2]any{e.Step, e.Command}]++
		}
		for command, times := range started {
			if times != 1 {
				t.Errorf("cut after %d: %v was started %d times", n, command, times)
			}
		}
		if len(started) != calls {
			t.Errorf("cut after %d: %d commands were started, want %d", n, len(started), calls)
		}
		// Where a person has vouched for a command, nobody knows when it ended.
		if got := shape(p.fold()); got != want && !vouched {
			t.Errorf("cut after %d (%s):\n%s\nwant\n%s", n, whole.entries()[n-1].Event.EventType(), got, want)
		}
	}
}
