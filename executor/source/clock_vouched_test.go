package source_test

import (
	"testing"
	"time"

	"runbook/executor"
	"runbook/executor/source"
	"runbook/runbook"
)

// The end of a step for which a person vouched was once taken to be the moment
// of their word.
func TestTheEndOfAVouchedStepIsNotKnown(t *testing.T) {
	s := runbook.NewState()
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for i, e := range []runbook.Event{
		&runbook.RunStarted{Run: "r"},
		&runbook.StepStarted{Step: "a", Attempt: 1},
		&runbook.CommandStarted{Step: "a", Attempt: 1},
		&runbook.RunResumed{},
		&runbook.StepResolved{Step: "a", Outcome: "done", By: "Ada", Reason: "looked"},
		&runbook.StepFinished{Step: "a", Attempt: 1, Result: runbook.Passed},
	} {
		if err := s.Apply(runbook.Entry{Seq: i + 1, Time: at.Add(time.Duration(i) * time.Minute), Event: e}); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(moment string) (executor.Value, error) {
		return source.Clock{}.Value(t.Context(), executor.Query{State: s, Now: at, Args: map[string]string{"of": "a", "at": moment, "format": "time"}})
	}
	if v, err := ask("end"); err == nil {
		t.Errorf("it ended at %s", v.Text)
	}
	if v, err := ask("start"); err != nil || v.Text != "2026-03-01 09:01:00 UTC" {
		t.Errorf("%q, %v", v.Text, err)
	}
}
