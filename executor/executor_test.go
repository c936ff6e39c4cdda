package executor_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"runbook/executor"
	"runbook/runbook"
)

const release = `# Release

**Date:** ____
**Deployer:** ____

## Steps

### Build

` + "```bash" + `
build all
check all
# Expected: "all good"
` + "```" + `

**Build Time:** ____ (Start)

- [ ] Built

### Ship

` + "```bash" + `
ship now
` + "```" + `

- [ ] Shipped

## Approval

- [ ] Security Review: ____ Date: ____ Time: ____

## Afterwards

Within 1 week:

- [ ] Review the costs

## Abort

Abort if:

- [ ] Alarms firing

## Summary

**Completed:** ___ / ___
**Blocked:** ___
**Deployment Status:** [ ] Success [ ] Failed
`

func good(t testing.TB) *tape {
	p := newTape(t, release)
	p.engine.replies["check all"] = []reply{{out: "we are all good\n"}}
	return p
}

func decide(do executor.Choice, reason string) executor.Decision {
	return executor.Decision{Do: do, Reason: reason}
}

func TestRunPerformsThePlanAndCompletesTheRecord(t *testing.T) {
	p := good(t)
	p.mustRun(runbook.Passed)
	if want := []string{"build all", "check all", "ship now"}; !slices.Equal(p.engine.calls, want) {
		t.Errorf("calls %q, want %q", p.engine.calls, want)
	}
	record := p.record()
	for _, want := range []string{
		"**Date:** 2026-03-01\n", "**Deployer:** Ada\n", "**Build Time:** 2026-03-01 09:00:", "**Completed:** 0 / 4\n", "**Blocked:** 0\n",
		"[x] Success [ ] Failed",
	} {
		if !strings.Contains(record, want) {
			t.Errorf("the record lacks %q:\n%s", want, record)
		}
	}
	// Exit 0 alone ticks nothing.
	for _, want := range []string{"- [ ] Built", "- [ ] Shipped", "- [ ] Security Review: ____ Date: ____ Time: ____", "- [ ] Alarms firing"} {
		if !strings.Contains(record, want) {
			t.Errorf("%q is not as the template has it", want)
		}
	}
	if p.engine.closed != 1 {
		t.Errorf("the engine was closed %d times", p.engine.closed)
	}
}

// Each case is one way for a step to end, with nobody to ask.
func TestUnattendedOutcomes(t *testing.T) {
	tests := map[string]struct {
		prepare func(p *tape)
		want    runbook.Result
		calls   int
		status  runbook.StepStatus // of step 1
		reason  string
	}{
		"all pass": {func(p *tape) {}, runbook.Passed, 3, runbook.StepPassed, ""},
		"a failure stops the step and the run": {
			func(p *tape) { p.engine.replies["build all"] = []reply{{exit: 7}} },
			runbook.Failed, 1, runbook.StepFailed, "step 1, line 11: exit 7"},
		"a failure inside a command is a failure": {
			func(p *tape) {
				p.engine.replies["build all"] = []reply{{failures: []runbook.Failure{{Line: 11, Command: "x | y", Exit: 3}}}}
			},
			runbook.Failed, 1, runbook.StepFailed, "exit 3 inside a command that itself exited 0"},
		"an expectation not met fails the step": {
			func(p *tape) { p.engine.replies["check all"] = []reply{{out: "bad\n"}} },
			runbook.Failed, 2, runbook.StepFailed, `line 13: expected`},
		"a timeout fails the step": {
			func(p *tape) { p.engine.replies["build all"] = []reply{{exit: 137, ended: "timeout"}} },
			runbook.Failed, 1, runbook.StepFailed, "timed out"},
		"an interrupt stops the run": {
			func(p *tape) { p.engine.replies["build all"] = []reply{{exit: 130, ended: "interrupt"}} },
			runbook.Interrupted, 1, runbook.StepInterrupted, "interrupted"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := good(t)
			tt.prepare(p)
			p.mustRun(tt.want)
			if len(p.engine.calls) != tt.calls {
				t.Errorf("calls %q, want %d", p.engine.calls, tt.calls)
			}
			if got := p.status(1); got != tt.status {
				t.Errorf("step 1 is %s, want %s", got, tt.status)
			}
			if !strings.Contains(p.reason(), tt.reason) {
				t.Errorf("reason %q, want %q in it", p.reason(), tt.reason)
			}
		})
	}
}

func TestAnAdvisoryExpectationFailsNothing(t *testing.T) {
	p := newTape(t, "```bash\ncount\n# Expected: more than 3\n```\n")
	plan := p.makePlan()
	expects := plan.Steps()[0].Script.Expects
	if len(expects) != 1 {
		t.Fatalf("expectations %v", expects)
	}
	expects[0].Advisory = true
	p.engine.replies["count"] = []reply{{out: "1\n"}}
	x := &executor.Executor{
		Plan: plan, State: runbook.NewState(), Journal: p.journal, Outputs: p.outputs, Registry: p.registry, Engine: p.engine,
		Progress: quiet{}, Clock: p.clock, Root: "/w",
	}
	result, err := x.Run(context.Background(), &runbook.RunStarted{Run: "r", Identity: p.identity()})
	if err != nil || result != runbook.Passed {
		t.Fatalf("%s, %v", result, err)
	}
	if got := events[*runbook.ExpectJudged](p); len(got) != 1 || got[0].Verdict != runbook.Fail || !got[0].Advisory {
		t.Errorf("judged %v", got)
	}
}

func TestAPlaceholderWithoutAValueHoldsItsStep(t *testing.T) {
	const text = "```bash\nfirst\ngit checkout <commit>\n```\n"
	p := newTape(t, text)
	p.mustRun(runbook.Held)
	if len(p.engine.calls) != 0 || len(events[*runbook.StepStarted](p)) != 0 {
		t.Errorf("something of the step started: %q", p.engine.calls)
	}
	if !strings.Contains(p.reason(), "<commit> has no value") {
		t.Errorf("reason %q", p.reason())
	}
	p.set("<commit>", "a b;c")
	p.mustRun(runbook.Passed)
	if want := []string{"first", "git checkout 'a b;c'"}; !slices.Equal(p.engine.calls, want) {
		t.Errorf("calls %q, want %q", p.engine.calls, want)
	}
	if got := events[*runbook.PlaceholderGiven](p); len(got) != 1 || got[0].Value != "a b;c" || got[0].By != "Ada" {
		t.Errorf("given %v", got)
	}
}

// A masked placeholder value was once read back from the journal: the second
// step would have run with "[masked:token]" in its command.
func TestAPlaceholderThatIsASecretIsNeverRunMasked(t *testing.T) {
	const text = "```bash\nlogin <token>\n```\n\n```bash\nlogout <token>\n```\n"
	const secret = "hunter2-hunter2"
	p := newTape(t, text).set("<token>", secret)
	p.mask.Learn(executor.Secret{Name: "token", Value: secret})
	p.engine.replies["login "+secret] = []reply{{}, {exit: 1}}
	p.mustRun(runbook.Passed)
	if want := []string{"login " + secret, "logout " + secret}; !slices.Equal(p.engine.calls, want) {
		t.Errorf("calls %q, want %q", p.engine.calls, want)
	}
	if strings.Contains(p.journalText(), secret) {
		t.Error("the journal holds the secret")
	}

	// Resumed without the value, the step is held rather than run with the mask.
	p = newTape(t, text).set("<token>", secret)
	p.mask.Learn(executor.Secret{Name: "token", Value: secret})
	p.engine.replies["login "+secret] = []reply{{exit: 1}}
	p.mustRun(runbook.Failed)
	p.givens = nil
	p.engine.calls = nil
	p.mustRun(runbook.Held)
	if len(p.engine.calls) != 0 {
		t.Errorf("calls %q", p.engine.calls)
	}
}

// Each case is a person's decision at a step, and what becomes of it.
func TestAttendedDecisions(t *testing.T) {
	failing := func(p *tape) { p.engine.replies["build all"] = []reply{{exit: 1}, {}} }
	tests := map[string]struct {
		prepare func(p *tape)
		person  script
		want    runbook.Result
		calls   []string
		status  runbook.StepStatus
		event   string // in the journal
	}{
		"run": {nil, script{confirm: []executor.Decision{decide(executor.RunIt, ""), decide(executor.RunIt, "")}},
			runbook.Passed, []string{"build all", "check all", "ship now"}, runbook.StepPassed, ""},
		"all asks no more": {nil, script{confirm: []executor.Decision{decide(executor.RunAll, "")}},
			runbook.Passed, []string{"build all", "check all", "ship now"}, runbook.StepPassed, ""},
		"skip is recorded, with its reason, and is no pass": {nil, script{confirm: []executor.Decision{decide(executor.SkipIt, "done yesterday"), decide(executor.RunIt, "")}},
			runbook.Failed, []string{"ship now"}, runbook.StepSkippedOver, `"by":"Ada","reason":"done yesterday"`},
		"quit": {nil, script{confirm: []executor.Decision{decide(executor.Quit, "")}},
			runbook.Interrupted, nil, runbook.StepPending, ""},
		"retry": {failing, script{confirm: []executor.Decision{decide(executor.RunAll, "")}, failed: []executor.Decision{decide(executor.RetryIt, "flaky")}},
			runbook.Passed, []string{"build all", "build all", "check all", "ship now"}, runbook.StepPassed, `"kind":"retry","by":"Ada","reason":"flaky"`},
		"continue leaves the step continued": {failing, script{confirm: []executor.Decision{decide(executor.RunAll, "")}, failed: []executor.Decision{decide(executor.Continue, "known")}},
			runbook.Failed, []string{"build all", "check all", "ship now"}, runbook.StepContinued, `"kind":"continue","by":"Ada","reason":"known"`},
		"skip after a failure": {failing, script{confirm: []executor.Decision{decide(executor.RunAll, "")}, failed: []executor.Decision{decide(executor.SkipIt, "later")}},
			runbook.Failed, []string{"build all", "ship now"}, runbook.StepSkippedOver, `"kind":"skip","by":"Ada","reason":"later"`},
		"quit after a failure": {failing, script{confirm: []executor.Decision{decide(executor.RunAll, "")}, failed: []executor.Decision{decide(executor.Quit, "I look first")}},
			runbook.Failed, []string{"build all"}, runbook.StepFailed, `"kind":"quit","by":"Ada","reason":"I look first"`},
		"edit runs the person's text and says so": {nil, script{confirm: []executor.Decision{{Do: executor.EditIt, Reason: "faster", Text: []string{"build some", "check all"}}, decide(executor.RunIt, ""), decide(executor.RunIt, "")}},
			runbook.Passed, []string{"build some", "check all", "ship now"}, runbook.StepPassed, `"kind":"edit","by":"Ada","reason":"faster","text":"build some"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := good(t)
			p.console, p.confirm = &tt.person, true
			if tt.prepare != nil {
				tt.prepare(p)
			}
			p.mustRun(tt.want)
			if !slices.Equal(p.engine.calls, tt.calls) {
				t.Errorf("calls %q, want %q", p.engine.calls, tt.calls)
			}
			if got := p.status(1); got != tt.status {
				t.Errorf("step 1 is %s, want %s", got, tt.status)
			}
			if !strings.Contains(p.journalText(), tt.event) {
				t.Errorf("the journal lacks %s:\n%s", tt.event, p.journalText())
			}
			for _, d := range events[*runbook.Deviation](p) {
				if line := fmt.Sprintf(": %s of command 1 in `steps/build`, by Ada: %s\n", d.Kind, d.Reason); !strings.Contains(p.record(), line) {
					t.Errorf("the record lacks %q:\n%s", line, p.record())
				}
			}
		})
	}
}

// After a command has failed by a person's word, the same is offered as after one
// that was seen to fail, and each answer is in the record.
func TestAfterAPersonsWordThatItFailed(t *testing.T) {
	tests := map[executor.Choice]struct {
		want   runbook.Result
		calls  []string
		status runbook.StepStatus
	}{
		executor.RetryIt:  {runbook.Passed, []string{"build all", "build all", "check all", "ship now"}, runbook.StepPassed},
		executor.Continue: {runbook.Failed, []string{"build all", "check all", "ship now"}, runbook.StepContinued},
		executor.SkipIt:   {runbook.Failed, []string{"build all", "ship now"}, runbook.StepSkippedOver},
		executor.Quit:     {runbook.Failed, []string{"build all"}, runbook.StepFailed},
	}
	for do, tt := range tests {
		t.Run(string(do), func(t *testing.T) {
			p := good(t)
			p.engine.replies["build all"] = []reply{{lost: true}, {}}
			if result, err := p.run(); err == nil || result != runbook.Held {
				t.Fatalf("%s, %v", result, err)
			}
			p.resolve = map[runbook.ID]executor.Decision{"steps/build": decide(executor.Bad, "it hung")}
			p.mustRun(runbook.Failed)
			p.resolve = nil
			person := &script{failed: []executor.Decision{decide(do, "I have looked")}}
			p.console = person
			p.mustRun(tt.want)
			if !slices.Equal(p.engine.calls, tt.calls) {
				t.Errorf("calls %q, want %q", p.engine.calls, tt.calls)
			}
			if got := p.status(1); got != tt.status {
				t.Errorf("step 1 is %s, want %s", got, tt.status)
			}
			if len(person.failed) != 0 {
				t.Error("nothing was offered")
			}
			for _, line := range []string{"failed, by the word of Ada: it hung", fmt.Sprintf(": %s of command 1 in `steps/build`, by Ada: I have looked\n", do)} {
				if !strings.Contains(p.record(), line) {
					t.Errorf("the record lacks %q:\n%s", line, p.record())
				}
			}
		})
	}
}

// The edited step was once journaled as started twice, and its record said
// "attempt 2".
func TestAnEditedStepIsOneAttempt(t *testing.T) {
	p := good(t)
	p.console, p.confirm = &script{confirm: []executor.Decision{{Do: executor.EditIt, Reason: "r", Text: []string{"build some", "check all"}}, decide(executor.RunIt, ""), decide(executor.RunAll, "")}}, true
	p.mustRun(runbook.Passed)
	if st := p.fold().Step(p.plan.Steps()[0].Slot.ID); st.Attempt != 1 || st.Commands[0].Edited != "build some" {
		t.Errorf("attempt %d, edited %q", st.Attempt, st.Commands[0].Edited)
	}
}

// What an edited command reveals was once judged by the text it replaced.
func TestAnEditedCommandIsJudgedByItsOwnText(t *testing.T) {
	p := good(t)
	p.console, p.confirm = &script{confirm: []executor.Decision{{Do: executor.EditIt, Reason: "r", Text: []string{"printenv", "check all"}}, decide(executor.RunIt, ""), decide(executor.RunAll, "")}}, true
	p.engine.replies["printenv"] = []reply{{out: "PW=correct-horse-battery\n"}}
	p.mustRun(runbook.Passed)
	if strings.Contains(p.journalText(), "correct-horse") {
		t.Error("the journal holds what printenv printed")
	}
}

func TestAnEditedTextWithAPlaceholderHoldsItsStep(t *testing.T) {
	p := good(t)
	p.console, p.confirm = &script{confirm: []executor.Decision{{Do: executor.EditIt, Reason: "r", Text: []string{"build <what>", "check all"}}}}, true
	p.mustRun(runbook.Held)
	if len(p.engine.calls) != 0 || !strings.Contains(p.reason(), "its edited text holds <what>") {
		t.Errorf("calls %q, reason %q", p.engine.calls, p.reason())
	}
}

// The journal keeps an edited text masked: run again from there, the mask
// itself would have been the argument.
func TestAnEditedTextThatHeldASecretIsNeverRunMasked(t *testing.T) {
	const secret = "correct-horse-battery"
	p := good(t)
	p.mask.Learn(executor.Secret{Name: "pw", Value: secret})
	p.console, p.confirm = &script{confirm: []executor.Decision{{Do: executor.EditIt, Reason: "r", Text: []string{"build " + secret, "check all"}}, decide(executor.RunIt, "")}}, true
	p.engine.replies["build "+secret] = []reply{{exit: 1}}
	p.mustRun(runbook.Failed)
	if strings.Contains(p.journalText(), secret) {
		t.Error("the journal holds the secret")
	}
	p.engine.calls, p.console, p.confirm = nil, nil, false
	p.mustRun(runbook.Held)
	if len(p.engine.calls) != 0 {
		t.Errorf("calls %q", p.engine.calls)
	}
}

// With --yes at a terminal, a command that its person called failed was once
// run again without a word.
func TestAStepThatAPersonCallsFailedIsNotRunAgain(t *testing.T) {
	p := good(t)
	p.engine.replies["build all"] = []reply{{lost: true}}
	if result, err := p.run(); err == nil || result != runbook.Held {
		t.Fatalf("%s, %v", result, err)
	}
	p.engine.calls = nil
	p.console = &script{unknown: []executor.Decision{decide(executor.Bad, "saw it crash")}}
	p.mustRun(runbook.Failed)
	if len(p.engine.calls) != 0 {
		t.Errorf("calls %q", p.engine.calls)
	}
}

func TestALostCommandIsUnknownUntilAPersonSpeaks(t *testing.T) {
	lost := func(t *testing.T) *tape {
		p := good(t)
		p.engine.replies["build all"] = []reply{{lost: true}, {}}
		if result, err := p.run(); err == nil || result != runbook.Held {
			t.Fatalf("%s, %v; want held and an error", result, err)
		}
		if got := p.status(1); got != runbook.StepUnknown {
			t.Errorf("step 1 is %s, want unknown", got)
		}
		p.mustRun(runbook.Held)
		if len(p.engine.calls) != 1 {
			t.Fatalf("run again without a word: %q", p.engine.calls)
		}
		return p
	}
	const id = "steps/build"
	for word, want := range map[executor.Choice]struct {
		result runbook.Result
		calls  []string
	}{
		executor.Done:  {runbook.Passed, []string{"build all", "check all", "ship now"}},
		executor.Again: {runbook.Passed, []string{"build all", "build all", "check all", "ship now"}},
		executor.Bad:   {runbook.Failed, []string{"build all"}},
	} {
		t.Run(string(word), func(t *testing.T) {
			p := lost(t)
			p.resolve = map[runbook.ID]executor.Decision{id: decide(word, "looked")}
			p.mustRun(want.result)
			if !slices.Equal(p.engine.calls, want.calls) {
				t.Errorf("calls %q, want %q", p.engine.calls, want.calls)
			}
			if got := events[*runbook.StepResolved](p); len(got) != 1 || got[0].By != "Ada" || got[0].Reason != "looked" {
				t.Errorf("resolved %v", got)
			}
		})
	}
}

// shape is what a run came to, but for its times.
func shape(s *runbook.State) string {
	var b strings.Builder
	for _, id := range slices.Sorted(maps.Keys(s.Steps)) {
		fmt.Fprintf(&b, "step %s %s\n", id, s.Steps[id].Status)
	}
	for _, id := range slices.Sorted(maps.Keys(s.Fields)) {
		value := s.Fields[id].Value
		if s.Fields[id].Source == "clock" {
			value = "a time"
		}
		fmt.Fprintf(&b, "field %s %s\n", id, value)
	}
	for _, id := range slices.Sorted(maps.Keys(s.Items)) {
		fmt.Fprintf(&b, "item %s %s %s\n", id, s.Items[id].Verdict, s.Items[id].By)
	}
	for _, id := range slices.Sorted(maps.Keys(s.Choices)) {
		fmt.Fprintf(&b, "choice %s %d\n", id, s.Choices[id].Option)
	}
	for _, id := range slices.Sorted(maps.Keys(s.Open)) {
		fmt.Fprintf(&b, "open %s %s\n", id, s.Open[id])
	}
	fmt.Fprintf(&b, "stopped %s left %d\n", s.Stopped.Result, s.Stopped.Left)
	return b.String()
}

// A run that is cut off after any entry of its journal is continued: each
// command is called once in all, or its outcome is unknown and nothing runs
// until a person speaks. What it comes to is what an undisturbed run comes to.
func TestACrashAfterEveryEntry(t *testing.T) {
	prepare := map[string]func(t *testing.T) *tape{
		"all pass": func(t *testing.T) *tape {
			return good(t).answer("Built", runbook.Pass, "Eve").answer("Security Review", runbook.Pass, "Eve")
		},
		"an expectation is not met": func(t *testing.T) *tape {
			p := good(t)
			p.engine.replies["check all"] = []reply{{out: "bad\n"}}
			return p
		},
		"a placeholder": func(t *testing.T) *tape {
			return newTape(t, "- [ ] a\n\n```bash\none\ntwo <x>\n```\n\n```bash\nthree <x>\n```\n").set("<x>", "y")
		},
	}
	for name, fresh := range prepare {
		t.Run(name, func(t *testing.T) {
			whole := fresh(t)
			result, err := whole.run()
			if err != nil {
				t.Fatal(err)
			}
			want := shape(whole.fold())
			for n := 1; n < len(whole.journal.lines); n++ {
				p := fresh(t)
				p.journal.lines = slices.Clone(whole.journal.lines[:n])
				p.engine.replies = fresh(t).engine.replies
				p.engine.calls = called(p.entries())
				before := len(p.engine.calls)
				again, err := p.run()
				if err != nil {
					t.Fatalf("cut after %d: %v", n, err)
				}
				if unknown := stepUnknown(p); unknown != nil {
					if again != runbook.Held || len(p.engine.calls) != before {
						t.Errorf("cut after %d: an unknown outcome, and the run is %s and called %q", n, again, p.engine.calls[before:])
					}
					continue
				}
				// A command that failed may be tried again by a new exec; nothing else may.
				if result == runbook.Passed {
					once(t, n, p.engine.calls)
				}
				if again != result || shape(p.fold()) != want {
					t.Errorf("cut after %d (%s): %s\n%s\nwant %s\n%s", n, whole.entries()[n-1].Event.EventType(), again, shape(p.fold()), result, want)
				}
			}
		})
	}
}

// called lists the commands that a journal's run may have called.
func called(entries []runbook.Entry) []string {
	text := map[string][]string{"steps/build": {"build all", "check all"}, "steps/ship": {"ship now"}}
	var calls []string
	for _, e := range entries {
		if c, ok := e.Event.(*runbook.CommandStarted); ok {
			if list := text[string(c.Step)]; list != nil {
				calls = append(calls, list[c.Command])
			} else {
				calls = append(calls, fmt.Sprintf("%s %d", c.Step, c.Command))
			}
		}
	}
	return calls
}

func stepUnknown(p *tape) *runbook.StepState {
	for _, st := range p.fold().Steps {
		if st.Status == runbook.StepUnknown {
			return st
		}
	}
	return nil
}

func once(t *testing.T, n int, calls []string) {
	t.Helper()
	seen := map[string]bool{}
	for _, c := range calls {
		if seen[c] {
			t.Errorf("cut after %d: %q was called twice: %q", n, c, calls)
		}
		seen[c] = true
	}
}

func TestNothingHappensAfterTheJournalFails(t *testing.T) {
	whole := good(t)
	whole.mustRun(runbook.Passed)
	for n := 1; n <= whole.journal.calls; n++ {
		p := good(t)
		p.journal.failAt = n
		p.engine.replies = map[string][]reply{"check all": {{out: "we are all good\n"}}}
		result, err := p.run()
		if !errors.Is(err, executor.ErrRecording) || !errors.Is(err, errDisk) {
			t.Errorf("append %d fails: %s, %v", n, result, err)
		}
		if p.journal.calls != n {
			t.Errorf("append %d fails: %d appends were tried", n, p.journal.calls)
		}
		started := len(called(p.entries()))
		if len(p.engine.calls) > started {
			t.Errorf("append %d fails: %d calls, %d of them durable before", n, len(p.engine.calls), started)
		}
		if p.engine.closed != 1 {
			t.Errorf("append %d fails: the engine was closed %d times", n, p.engine.closed)
		}
	}
}

// Where nobody can be asked, nothing needs to be durable before each question:
// fifty thousand items once took a minute.
func TestNobodyIsAskedWithoutASync(t *testing.T) {
	appends := func(items int) int {
		p := newTape(t, "# T\n\n"+strings.Repeat("- [ ] It is done\n", items))
		p.mustRun(runbook.Passed)
		return p.journal.calls
	}
	if few, many := appends(1), appends(300); many != few {
		t.Errorf("%d appends for 300 items, %d for one", many, few)
	}
}

func TestARecordThatCannotBeWrittenStopsTheRun(t *testing.T) {
	p := good(t)
	plan := p.makePlan()
	x := &executor.Executor{
		Plan: plan, State: runbook.NewState(), Journal: p.journal, Outputs: p.outputs, Registry: p.registry, Engine: p.engine,
		Progress: quiet{}, Clock: p.clock, Root: "/w", Checkpoint: func(bool) error { return errDisk },
	}
	_, err := x.Run(context.Background(), &runbook.RunStarted{Run: "r", Identity: p.identity()})
	if !errors.Is(err, executor.ErrRecording) || len(p.engine.calls) != 2 {
		t.Errorf("%v, calls %q", err, p.engine.calls)
	}
}

func TestHeldByOpenItems(t *testing.T) {
	const text = "## Before\n\n- [ ] Backup taken\n\n## Steps\n\n```bash\nship now\n```\n"
	for name, strict := range map[string]bool{"--strict": true, "a hold": false} {
		t.Run(name, func(t *testing.T) {
			p := newTape(t, text)
			p.strict = strict
			if !strict {
				p.sidecar = "hold:\n  - {before: steps, until: before}\n"
			}
			p.mustRun(runbook.Held)
			if len(p.engine.calls) != 0 || !strings.Contains(p.reason(), `line 3 "Backup taken"`) {
				t.Errorf("calls %q, reason %q", p.engine.calls, p.reason())
			}
			p.answer("Backup taken", runbook.Pass, "Eve")
			p.mustRun(runbook.Passed)
			if len(p.engine.calls) != 1 {
				t.Errorf("calls %q", p.engine.calls)
			}
		})
	}
}

func TestAnInterruptBetweenStepsIsResumed(t *testing.T) {
	p := good(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	result, err := p.runCtx(ctx)
	if err != nil || result != runbook.Interrupted || len(p.engine.calls) != 0 {
		t.Fatalf("%s, %v, %q", result, err, p.engine.calls)
	}
	p.mustRun(runbook.Passed)
}

func TestTheSecondRunOfAFinishedDocumentCallsNothing(t *testing.T) {
	p := good(t)
	p.mustRun(runbook.Passed)
	n := len(p.engine.calls)
	p.mustRun(runbook.Passed)
	if len(p.engine.calls) != n {
		t.Errorf("called again: %q", p.engine.calls[n:])
	}
}
