package source

import (
	"context"
	"fmt"

	"runbook/executor"
	"runbook/runbook"
)

// Run says how the run ended, in the words of a choice's options.
type Run struct{}

// Info implements executor.Source.
func (Run) Info() runbook.Info {
	return runbook.Info{Name: "run", Summary: "the run's own result, for a choice such as Success / Failed / Rolled Back"}
}

// Value implements executor.Source. A run that is held, partial or interrupted
// has no outcome yet.
func (Run) Value(_ context.Context, q executor.Query) (executor.Value, error) {
	want := map[runbook.Result]runbook.Outcome{runbook.Passed: runbook.OutcomeSuccess, runbook.Failed: runbook.OutcomeFailed, runbook.RolledBack: runbook.OutcomeRolledBack}[q.Result]
	for _, o := range q.Task.Slot.Options {
		if outcome, ok := runbook.OutcomeOf(o.Label); ok && outcome == want {
			return executor.Value{Text: o.Label, Detail: account(q)}, nil
		}
	}
	return executor.Value{}, fmt.Errorf("the run's result is %q, which is no option", q.Result)
}

// account says what the result rests on, for whoever reads the tick as more
// than it is.
func account(q executor.Query) string {
	passed := 0
	for _, st := range q.State.Steps {
		if st.Status == runbook.StepPassed {
			passed++
		}
	}
	items := runbook.Count(q.Document, q.State).Items
	return fmt.Sprintf("%s: %d steps passed, %d items open", q.Result, passed, items.Open)
}
