package executor_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"runbook/executor"
	"runbook/runbook"
)

const flaky = "# Wait\n\n```bash\nfirst\nwait for it\n# Expected: \"ready\"\nlast\n```\n"

// idempotent is a run whose second command may run again by itself.
func idempotent(t testing.TB, replies ...reply) (*tape, *[]time.Duration) {
	p := newTape(t, flaky)
	p.sidecar = "steps: {step: {idempotent: \"wait *\", retry: 2, pause: 30s}}"
	p.engine.replies["wait for it"] = replies
	waited := new([]time.Duration)
	p.after = paused(waited)
	return p, waited
}

// paused ends pauses before repetitions at once, and notes them. A second is the
// probe of the disk, which may wait for ever.
func paused(waited *[]time.Duration) func(time.Duration) <-chan time.Time {
	end := atOnce(waited)
	return func(d time.Duration) <-chan time.Time {
		if d <= time.Second {
			return nil
		}
		return end(d)
	}
}

// Only what is marked runs again by itself, after a pause, and not for ever.
func TestIdempotentCommandsRunAgainByThemselves(t *testing.T) {
	ready, not := reply{out: "ready\n"}, reply{out: "no\n"}
	tests := map[string]struct {
		change  func(p *tape)
		replies []reply
		want    runbook.Result
		calls   []string
	}{
		"it passes":                   {nil, []reply{ready}, runbook.Passed, []string{"first", "wait for it", "last"}},
		"a failure, then a pass":      {nil, []reply{{exit: 1}, ready}, runbook.Passed, []string{"first", "wait for it", "wait for it", "last"}},
		"a promise that is not kept":  {nil, []reply{not, not, ready}, runbook.Passed, []string{"first", "wait for it", "wait for it", "wait for it", "last"}},
		"a timeout":                   {nil, []reply{{exit: 137, ended: "timeout"}, ready}, runbook.Passed, []string{"first", "wait for it", "wait for it", "last"}},
		"failures without end":        {nil, []reply{{exit: 1}}, runbook.Failed, []string{"first", "wait for it", "wait for it", "wait for it"}},
		"an interrupt is no failure":  {nil, []reply{{exit: 130, ended: "interrupt"}, ready}, runbook.Interrupted, []string{"first", "wait for it"}},
		"another command is not":      {func(p *tape) { p.engine.replies["first"] = []reply{{exit: 1}, {}} }, nil, runbook.Failed, []string{"first"}},
		"without a mark nothing does": {func(p *tape) { p.sidecar = "" }, []reply{{exit: 1}, ready}, runbook.Failed, []string{"first", "wait for it"}},
		"all commands are marked": {func(p *tape) {
			p.sidecar = "steps: {step: {idempotent: true}}"
			p.engine.replies["first"] = []reply{{exit: 1}, {}}
		}, []reply{ready}, runbook.Passed, []string{"first", "first", "wait for it", "last"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, waited := idempotent(t, tt.replies...)
			if tt.change != nil {
				tt.change(p)
			}
			p.mustRun(tt.want)
			if !slices.Equal(p.engine.calls, tt.calls) {
				t.Errorf("calls %q, want %q", p.engine.calls, tt.calls)
			}
			repeats := events[*runbook.CommandRepeats](p)
			if len(repeats) != len(*waited) {
				t.Errorf("%d repetitions, %d pauses", len(repeats), len(*waited))
			}
			for i, e := range repeats {
				if e.Repeat != i+1 {
					t.Errorf("repetition %d is called %d", i+1, e.Repeat)
				}
			}
			if len(repeats) > 0 && (*waited)[0] <= 0 {
				t.Errorf("paused %v", *waited)
			}
			if n := len(events[*runbook.Deviation](p)); n > 0 {
				t.Errorf("%d deviations: nothing departs from the plan", n)
			}
			if want := len(repeats) > 0; strings.Contains(p.record(), "Run again by itself") != want {
				t.Errorf("the record tells of repetitions, or not:\n%s", p.record())
			}
			for _, e := range events[*runbook.StepStarted](p) {
				if e.Attempt > len(repeats)+1 {
					t.Errorf("attempt %d after %d repetitions", e.Attempt, len(repeats))
				}
			}
		})
	}
}

// An interrupt ends a pause at once; the next exec waits for what is left of it,
// and goes on counting.
func TestAPauseIsInterruptedAndGoneOnWith(t *testing.T) {
	p, _ := idempotent(t, reply{exit: 1}, reply{exit: 1}, reply{exit: 1})
	ctx, stop := context.WithCancel(context.Background())
	p.after = func(d time.Duration) <-chan time.Time {
		if d > time.Second {
			stop()
		}
		return nil
	}
	if result, err := p.runCtx(ctx); result != runbook.Interrupted || err != nil {
		t.Fatalf("%s, %v", result, err)
	}
	if !strings.Contains(p.record(), "0 times, and once more when the run goes on") {
		t.Errorf("the record:\n%s", p.record())
	}
	p.now = p.now.Add(10 * time.Second)
	var waited []time.Duration
	p.after = paused(&waited)
	p.mustRun(runbook.Failed)
	if want := []string{"first", "wait for it", "wait for it", "wait for it"}; !slices.Equal(p.engine.calls, want) {
		t.Errorf("calls %q, want %q", p.engine.calls, want)
	}
	if len(waited) != 2 || waited[0] <= 0 || waited[0] > 20*time.Second {
		t.Errorf("waited %v, want what was left of 30s, then nearly 30s", waited)
	}
	if n := len(events[*runbook.Deviation](p)); n != 0 {
		t.Errorf("%d deviations", n)
	}
	// Started again by a person, it may run again by itself as often as before.
	p.mustRun(runbook.Failed)
	if n := len(p.engine.calls); n != 4+3 {
		t.Errorf("%d calls in all: %q", n, p.engine.calls)
	}
}

// A crash at any entry: the run passes, or a person is asked once the command
// has run as often as it may by itself.
func TestACrashWhileACommandRepeats(t *testing.T) {
	replies := []reply{{exit: 1}, {out: "no\n"}, {out: "ready\n"}}
	whole, _ := idempotent(t, replies...)
	whole.mustRun(runbook.Passed)
	for n := 1; n < len(whole.journal.lines); n++ {
		p, _ := idempotent(t, replies...)
		p.journal.lines = slices.Clone(whole.journal.lines[:n])
		starts, unsettled := 0, false
		for _, e := range p.entries() {
			switch ev := e.Event.(type) {
			case *runbook.CommandStarted:
				if unsettled = ev.Command != 1; !unsettled {
					starts++
				}
			case *runbook.CommandFinished:
				unsettled = false
			}
		}
		p.engine.replies["wait for it"] = replies[min(starts, 2):]
		if unsettled {
			continue // "first" and "last" are not marked: TestACrashAfterEveryEntry
		}
		want := runbook.Passed
		if c := p.fold().Step("step").Commands[1]; c != nil && c.Running && starts == 3 {
			want = runbook.Held // it has run as often as it may: a person is asked
		}
		result, err := p.run()
		if err != nil || result != want {
			t.Fatalf("cut after %d: %s (%s), %v; want %s", n, result, p.reason(), err, want)
		}
		for _, e := range events[*runbook.CommandRepeats](p) {
			if e.Repeat > 2 {
				t.Errorf("cut after %d: repetition %d", n, e.Repeat)
			}
		}
	}
}

// An outcome that nobody knows counts as a failure of an idempotent command, and
// the record says on whose word it ran again; once that was often enough, a
// person is asked.
func TestAnIdempotentCommandOfUnknownOutcome(t *testing.T) {
	p, _ := idempotent(t, reply{lost: true}, reply{lost: true}, reply{lost: true}, reply{out: "ready\n"})
	for range 3 {
		if _, err := p.run(); err == nil {
			t.Fatal("the engine has lost sight of the command, and nothing says so")
		}
	}
	if n := len(p.engine.calls); n != 4 {
		t.Errorf("calls %q", p.engine.calls)
	}
	p.mustRun(runbook.Held)
	if !strings.Contains(p.reason(), "its outcome is unknown") {
		t.Errorf("reason %q", p.reason())
	}
	words := events[*runbook.StepResolved](p)
	if len(words) != 2 || words[0].By != "the checklist" || words[0].Outcome != string(executor.Again) {
		t.Errorf("words %+v", words)
	}
	p.resolve = map[runbook.ID]executor.Decision{"step": decide(executor.Again, "it is safe")}
	p.mustRun(runbook.Passed)
}
