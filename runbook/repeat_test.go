package runbook

import (
	"testing"
	"time"
)

// A command is announced to run again only where it has ended and is not behind
// the run.
func TestWhatMayRunAgain(t *testing.T) {
	again := &CommandRepeats{Step: "a", Command: 0, Repeat: 1, Of: 2, Pause: 5}
	tests := map[string]struct {
		before []Event
		ok     bool
	}{
		"it failed":              {[]Event{&CommandStarted{Step: "a", Attempt: 1}, &CommandFinished{Step: "a", Attempt: 1, Exit: 1}}, true},
		"its end is not known":   {[]Event{&CommandStarted{Step: "a", Attempt: 1}}, false},
		"it is run by a word":    {[]Event{&CommandStarted{Step: "a", Attempt: 1}, &StepResolved{Step: "a", Outcome: "again"}}, true},
		"it passed":              {[]Event{&CommandStarted{Step: "a", Attempt: 1}, &CommandFinished{Step: "a", Attempt: 1}}, false},
		"a person went on there": {[]Event{&CommandStarted{Step: "a", Attempt: 1}, &CommandFinished{Step: "a", Attempt: 1, Exit: 1}, &Deviation{Step: "a", Kind: "continue"}}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, at := NewState(), time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
			for _, e := range append([]Event{&RunStarted{Run: "r"}, &StepStarted{Step: "a", Attempt: 1}}, tt.before...) {
				if err := s.Apply(Entry{Event: e, Time: at}); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Apply(Entry{Event: again, Time: at}); (err == nil) != tt.ok {
				t.Fatalf("error %v", err)
			}
			if c := s.Step("a").Commands[0]; tt.ok && (c.Repeated != 1 || !c.Due.Equal(at.Add(5*time.Second))) {
				t.Errorf("repeated %d times, due %v", c.Repeated, c.Due)
			}
		})
	}
}

// A person's word on a command begins the count of its repetitions anew.
func TestAPersonsWordBeginsTheCountAnew(t *testing.T) {
	s := NewState()
	for _, e := range []Event{
		&RunStarted{Run: "r"}, &StepStarted{Step: "a", Attempt: 1},
		&CommandStarted{Step: "a", Attempt: 1}, &CommandFinished{Step: "a", Attempt: 1, Exit: 1},
		&CommandRepeats{Step: "a", Repeat: 1, Of: 1},
		&CommandStarted{Step: "a", Attempt: 2}, &CommandFinished{Step: "a", Attempt: 2, Exit: 1},
		&Deviation{Step: "a", Kind: "retry", By: "Ada"},
	} {
		if err := s.Apply(Entry{Event: e}); err != nil {
			t.Fatal(err)
		}
	}
	c := s.Step("a").Commands[0]
	if c.Repeated != 0 || !c.Due.IsZero() || len(c.Repeats) != 1 {
		t.Errorf("repeated %d of %d, due %v", c.Repeated, len(c.Repeats), c.Due)
	}
}
