package runbook

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// Every type of event, with nothing left out, reads back as it was written.
func TestEveryEventSurvivesTheJournal(t *testing.T) {
	for name, blank := range EventTypes() {
		t.Run(name, func(t *testing.T) {
			e := blank()
			if e.EventType() != name {
				t.Fatalf("registered as %q, it is a %q", name, e.EventType())
			}
			fill(reflect.ValueOf(e).Elem(), new(int))
			line, _, err := EncodeEntry(1, Head(nil), time.Date(2026, 3, 1, 9, 0, 0, 123456789, time.UTC), e)
			if err != nil {
				t.Fatal(err)
			}
			got, err := DecodeEntry(line, EventTypes())
			if err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			if !reflect.DeepEqual(got.Event, e) {
				t.Errorf("%+v became %+v", e, got.Event)
			}
		})
	}
}

// fill gives every field a value that is not zero and not another's.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d <&> \u00e9", *n))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Float64:
		v.SetFloat(float64(*n) + 0.5)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	default:
		panic("a field of a kind that fill does not know: " + v.Kind().String())
	}
}

func folded(t *testing.T, events ...Event) (*State, error) {
	t.Helper()
	return Fold(decoded(t, chainEvents(t, events...)))
}

var began = &RunStarted{Run: "r", Identity: Identity{Operator: "Ada"}}

func TestFoldFollowsAStep(t *testing.T) {
	start := &StepStarted{Step: "s", Attempt: 1, Dir: "d"}
	cs := func(i, attempt int) Event { return &CommandStarted{Step: "s", Command: i, Attempt: attempt} }
	cf := func(i, attempt, exit int) Event {
		return &CommandFinished{Step: "s", Command: i, Attempt: attempt, Exit: exit}
	}
	end := func(r Result) Event { return &StepFinished{Step: "s", Attempt: 1, Result: r} }
	unmet := func(advisory bool, attempt int) Event {
		return &ExpectJudged{Step: "s", Command: 0, Line: 3, Attempt: attempt, Verdict: Fail, Advisory: advisory}
	}
	tests := map[string]struct {
		events []Event
		status StepStatus
		next   int
	}{
		"not started":               {nil, StepPending, 0},
		"under way":                 {[]Event{start, cs(0, 1)}, StepRunning, 0},
		"one command passed":        {[]Event{start, cs(0, 1), cf(0, 1, 0)}, StepRunning, 1},
		"one command failed":        {[]Event{start, cs(0, 1), cf(0, 1, 1)}, StepRunning, 0},
		"failures within a command": {[]Event{start, cs(0, 1), &CommandFinished{Step: "s", Failures: []Failure{{Exit: 1}}}}, StepRunning, 0},
		"a promise not kept":        {[]Event{start, cs(0, 1), unmet(false, 1), cf(0, 1, 0)}, StepRunning, 0},
		"an advisory one":           {[]Event{start, cs(0, 1), unmet(true, 1), cf(0, 1, 0)}, StepRunning, 1},
		"kept at the second try":    {[]Event{start, cs(0, 1), unmet(false, 1), cf(0, 1, 0), end(Failed), &StepStarted{Step: "s", Attempt: 2}, cs(0, 2), cf(0, 2, 0)}, StepRunning, 1},
		"passed":                    {[]Event{start, cs(0, 1), cf(0, 1, 0), end(Passed)}, StepPassed, 1},
		"failed":                    {[]Event{start, cs(0, 1), cf(0, 1, 1), end(Failed)}, StepFailed, 0},
		"interrupted":               {[]Event{start, cs(0, 1), cf(0, 1, 130), end(Interrupted)}, StepInterrupted, 0},
		"continued":                 {[]Event{start, cs(0, 1), cf(0, 1, 1), &Deviation{Step: "s", Kind: "continue"}, end(Passed)}, StepContinued, 1},
		"continued past a promise":  {[]Event{start, cs(0, 1), unmet(false, 1), cf(0, 1, 0), &Deviation{Step: "s", Kind: "continue"}, end(Passed)}, StepContinued, 1},
		"skipped":                   {[]Event{&StepSkipped{Step: "s", By: "Ada"}}, StepSkippedOver, 0},
		"lost when the run stops":   {[]Event{start, cs(0, 1), &RunStopped{Result: Held}}, StepUnknown, 0},
		"lost in a crash":           {[]Event{start, cs(0, 1), &RunResumed{}}, StepUnknown, 0},
		"cut between commands":      {[]Event{start, cs(0, 1), cf(0, 1, 0), &RunResumed{}}, StepInterrupted, 1},
		"vouched for":               {[]Event{start, cs(0, 1), &RunResumed{}, &StepResolved{Step: "s", Outcome: "done"}}, StepInterrupted, 1},
		"to be run again":           {[]Event{start, cs(0, 1), &RunResumed{}, &StepResolved{Step: "s", Outcome: "again"}}, StepInterrupted, 0},
		"called failed":             {[]Event{start, cs(0, 1), &RunResumed{}, &StepResolved{Step: "s", Outcome: "failed"}}, StepFailed, 0},
		// A command that was vouched for once kept the failure of the try before.
		"vouched for at the second try": {[]Event{start, cs(0, 1), cf(0, 1, 1), end(Failed), &StepStarted{Step: "s", Attempt: 2}, cs(0, 2), &RunResumed{}, &StepResolved{Step: "s", Outcome: "done"}, end(Passed)}, StepPassed, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := folded(t, append([]Event{began}, tt.events...)...)
			if err != nil {
				t.Fatal(err)
			}
			if st := s.Step("s"); st.Status != tt.status || st.Next() != tt.next {
				t.Errorf("%s, next %d; want %s, next %d", st.Status, st.Next(), tt.status, tt.next)
			}
		})
	}
}

func TestFoldRefusesWhatCannotBe(t *testing.T) {
	start := &StepStarted{Step: "s", Attempt: 1}
	running := []Event{began, start, &CommandStarted{Step: "s", Attempt: 1}}
	tests := map[string]struct {
		events []Event
		want   string
	}{
		"an event before the run":             {[]Event{&Noted{}}, "noted before run.started"},
		"a second start":                      {[]Event{began, began}, "a second run.started"},
		"a command of a step not started":     {[]Event{began, &CommandStarted{Step: "s"}}, "step s has not started"},
		"the end of a step not started":       {[]Event{began, &StepFinished{Step: "s"}}, "step s has not started"},
		"a deviation of a step not started":   {[]Event{began, &Deviation{Step: "s"}}, "step s has not started"},
		"a word on a step not started":        {[]Event{began, &StepResolved{Step: "s"}}, "step s has not started"},
		"a promise of a step not started":     {[]Event{began, &ExpectJudged{Step: "s"}}, "step s has not started"},
		"the end of a command not started":    {[]Event{began, start, &CommandFinished{Step: "s"}}, "command 0 ends, and it has not started"},
		"a command with an impossible index":  {[]Event{began, start, &CommandStarted{Step: "s", Command: -1}}, "there is no command -1"},
		"a deviation of such a command":       {[]Event{began, start, &Deviation{Step: "s", Command: -7, Kind: "continue"}}, "there is no command -7"},
		"a command run again unasked":         {append(running, &CommandStarted{Step: "s", Attempt: 1}), "the outcome of command 0 is unknown"},
		"another command meanwhile":           {append(running, &CommandStarted{Step: "s", Command: 1}), "the outcome of command 0 is unknown"},
		"a step run again unasked":            {append(running, &RunResumed{}, &StepStarted{Step: "s", Attempt: 2}), "the outcome of its command 0 is unknown"},
		"a step that ends before its command": {append(running, &StepFinished{Step: "s", Result: Passed}), "the outcome of its command 0 is unknown"},
		"a settled command run again":         {append(running, &CommandFinished{Step: "s"}, &CommandStarted{Step: "s"}), "it is settled"},
		"going on past an unknown outcome":    {append(running, &Deviation{Step: "s", Kind: "continue"}), "is unknown"},
		"a word where nothing is unknown":     {[]Event{began, start, &StepResolved{Step: "s", Outcome: "done"}}, "is not unknown"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := folded(t, tt.events...)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
	if _, err := Fold([]Entry{{Seq: 1}}); err == nil {
		t.Error("an entry without an event was taken")
	}
}

// All sequences of three events, possible or not: an error or a state that
// renders, never a panic.
func TestFoldNeverPanics(t *testing.T) {
	doc := parsed(t, "t.md", []byte("- [ ] a: ____\n\n**C:** [ ] x [ ] y\n\n```bash\none\ntwo\n```\n"))
	var all []Event
	for _, blank := range EventTypes() {
		zero, full := blank(), blank()
		fill(reflect.ValueOf(full).Elem(), new(int))
		if start, ok := full.(*RunStarted); ok {
			start.Format = RecordFormat
		}
		all = append(all, zero, full)
		if f := reflect.ValueOf(zero).Elem().FieldByName("Step"); f.IsValid() {
			f.SetString("step")
			full := blank()
			fill(reflect.ValueOf(full).Elem(), new(int))
			reflect.ValueOf(full).Elem().FieldByName("Step").SetString("step")
			all = append(all, full)
		}
	}
	try := func(events ...Event) {
		s := NewState()
		for i, e := range events {
			if s.Apply(Entry{Seq: i + 1, Event: e}) != nil {
				return
			}
		}
		if _, err := RenderState(doc, s); err != nil {
			t.Errorf("%v", err)
		}
	}
	for _, a := range all {
		try(a)
		for _, b := range all {
			try(began, a, b)
		}
	}
}

func TestFoldKeepsWhoAndWhen(t *testing.T) {
	s, err := folded(t, began, &FieldFilled{Field: "f", Value: "1"}, &SlotOpen{Slot: "g", Reason: "later"}, &Noted{What: "AWS account", Value: "1"},
		&RunStopped{Result: Held, Left: 2}, &RunResumed{Identity: Identity{Operator: "Eve"}}, &Noted{What: "AWS account", Value: "2"},
		&FieldFilled{Field: "f", Value: "2"}, &RunResumed{Identity: Identity{Operator: "Ada"}})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(s.Operators, []string{"Ada", "Eve"}) || s.Resumed != 2 || s.Stopped != nil {
		t.Errorf("operators %q, resumed %d, stopped %v", s.Operators, s.Resumed, s.Stopped)
	}
	if s.Fields["f"].Value != "2" || s.Settled["f"].Second() != 7 {
		t.Errorf("the last value counts: %v at %v", s.Fields["f"], s.Settled["f"])
	}
	if len(s.Open) != 0 {
		t.Error("what was left open is tried again when the run goes on")
	}
	if len(s.Notes) != 1 || s.Notes[0].Value != "2" {
		t.Errorf("notes %v", s.Notes)
	}
	if s.Entries != 9 || s.Began.Second() != 0 || s.Latest.Second() != 8 {
		t.Errorf("%d entries, from %v to %v", s.Entries, s.Began, s.Latest)
	}
}

func TestSamePerson(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"Ada Lovelace", "ada  lovelace", true}, {"Ada", "Ada ", true}, {"Ada", "Adam", false}, {"", "", false},
		{"Ada <ada@example.org>", "A. Lovelace <ADA@example.org>", true}, {"Ada <a@b>", "Ada <c@d>", true},
		{"ada@example.org", "Ada <ada@example.org>", true}, {"ada@example.org", "ben@example.org", false},
	} {
		if got := SamePerson(tt.a, tt.b); got != tt.want || SamePerson(tt.b, tt.a) != tt.want {
			t.Errorf("SamePerson(%q, %q) is %v", tt.a, tt.b, got)
		}
	}
}

func TestItemsThatWantAnotherPerson(t *testing.T) {
	for text, want := range map[string]bool{
		"Plan reviewed by second engineer": true, "Peer review done": true, "Checked by another person": true, "Peer-reviewed": true,
		"Reviewed by engineer": false, "Second run finished": false, "Another region is up": false, "Peers are connected": false,
	} {
		if got := itemBinding(&Slot{Label: text}).Args["not"] == "operator"; got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
