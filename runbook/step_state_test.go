package runbook

import "testing"

// A command that caught the interrupt and ended well was once run again by the
// next exec; one that the interrupt ended is.
func TestAnInterruptedCommandThatEndedWellIsBehindTheRun(t *testing.T) {
	for _, tt := range []struct {
		name    string
		ended   string
		exit    int
		settled bool
	}{
		{"it ended well", "interrupt", 0, true},
		{"it did not", "interrupt", 130, false},
		{"a timeout is a failure whatever the exit", "timeout", 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := NewState()
			for i, e := range []Event{
				&RunStarted{Run: "r"},
				&StepStarted{Step: "a", Attempt: 1},
				&CommandStarted{Step: "a", Attempt: 1},
				&CommandFinished{Step: "a", Attempt: 1, Exit: tt.exit, Ended: tt.ended},
				&StepFinished{Step: "a", Attempt: 1, Result: Interrupted},
			} {
				if err := s.Apply(Entry{Seq: i + 1, Event: e}); err != nil {
					t.Fatal(err)
				}
			}
			if got := s.Step("a").Next() == 1; got != tt.settled {
				t.Errorf("settled: %v", got)
			}
		})
	}
}
