package executor_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"runbook/executor"
	"runbook/runbook"
)

// A slowCheck answers in its own time, and counts how often it was asked.
type slowCheck struct {
	name   string
	retry  bool
	limit  time.Duration
	answer func(ctx context.Context, n int) (executor.Finding, error)
	asked  int
	args   map[string]string
}

func (c *slowCheck) Info() runbook.Info {
	return runbook.Info{Name: cmp.Or(c.name, "slow"), Summary: "for tests", Args: map[string]string{"of": "x"}, Limit: c.limit, Retry: c.retry}
}

func (c *slowCheck) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	c.asked++
	c.args = q.Args
	return c.answer(ctx, c.asked)
}

// at once is a clock on which every wait is over; the pauses are kept.
func atOnce(waited *[]time.Duration) func(time.Duration) <-chan time.Time {
	return func(d time.Duration) <-chan time.Time {
		*waited = append(*waited, d)
		over := make(chan time.Time, 1)
		over <- time.Time{}
		return over
	}
}

func found(context.Context, int) (executor.Finding, error) {
	return executor.Finding{Verdict: runbook.Pass, Evidence: "it is there"}, nil
}

func down(_ context.Context, n int) (executor.Finding, error) {
	return executor.Finding{}, &executor.TransientError{Err: fmt.Errorf("refused, time %d", n)}
}

func TestAQuestionIsPutAgainWhereItCouldNotBePut(t *testing.T) {
	tests := map[string]struct {
		retry  bool
		answer func(context.Context, int) (executor.Finding, error)
		asked  int
		open   string
	}{
		"it answers":            {true, found, 1, ""},
		"it never answers":      {true, down, 3, "refused, time 3"},
		"it does not ask twice": {false, down, 1, "refused, time 1"},
		"an answer that is an error": {true, func(context.Context, int) (executor.Finding, error) {
			return executor.Finding{}, errors.New("access denied")
		}, 1, "access denied"},
		"it answers at last": {true, func(ctx context.Context, n int) (executor.Finding, error) {
			if n < 3 {
				return down(ctx, n)
			}
			return found(ctx, n)
		}, 3, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := &slowCheck{retry: tt.retry, answer: tt.answer}
			var waited []time.Duration
			p := newTape(t, "- [ ] It is there\n")
			p.after = atOnce(&waited)
			p.registry.Checks["slow"] = c
			p.sidecar = "items:\n  it-is-there: {use: slow}\n"
			p.mustRun(runbook.Passed)
			if c.asked != tt.asked {
				t.Errorf("asked %d times, want %d", c.asked, tt.asked)
			}
			if want := []time.Duration{time.Second, 3 * time.Second}[:tt.asked-1]; fmt.Sprint(waited) != fmt.Sprint(want) {
				t.Errorf("waited %v, want %v", waited, want)
			}
			if got := p.fold().Open["it-is-there"]; got != tt.open {
				t.Errorf("open because of %q, want %q", got, tt.open)
			}
		})
	}
}

// A check that crashes has not answered. What it says of it is masked, and the
// run goes on.
func TestACrashIsNoAnswer(t *testing.T) {
	p := newTape(t, "- [ ] It is there\n- [ ] So is this\n")
	p.registry.Checks["slow"] = &slowCheck{answer: func(context.Context, int) (executor.Finding, error) { panic("lost correct-horse-battery") }}
	p.registry.Checks["fine"] = &slowCheck{name: "fine", answer: found}
	p.sidecar = "items:\n  it-is-there: {use: slow, of: this}\n  so-is-this: {use: fine}\n"
	p.mask = &executor.Mask{}
	p.mask.Learn(executor.Secret{Name: "HORSE", Value: "correct-horse-battery"})
	p.mustRun(runbook.Passed)
	if got, want := p.fold().Open["it-is-there"], "slow broke off: lost [masked:HORSE]"; got != want {
		t.Errorf("open because of %q, want %q", got, want)
	}
	if f := p.fold().Items["so-is-this"]; f == nil || f.Verdict != runbook.Pass {
		t.Errorf("the other item: %+v", f)
	}
}

func TestNoQuestionHangsTheRun(t *testing.T) {
	ends := make(chan struct{})
	t.Cleanup(func() { close(ends) })
	tests := map[string]struct {
		answer func(context.Context, int) (executor.Finding, error)
		open   string
	}{
		"it heeds its limit": {func(ctx context.Context, _ int) (executor.Finding, error) {
			<-ctx.Done()
			return executor.Finding{}, fmt.Errorf("asking: %w", ctx.Err())
		}, "no answer within 20ms"},
		"it does not": {func(context.Context, int) (executor.Finding, error) {
			<-ends
			return executor.Finding{}, nil
		}, "slow does not end, and was left behind"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := &slowCheck{answer: tt.answer}
			var waited []time.Duration
			p := newTape(t, "- [ ] It is there\n- [ ] So is this\n")
			if strings.Contains(tt.open, "left") {
				p.after = atOnce(&waited)
			}
			p.registry.Checks["slow"] = c
			p.registry.Checks["fine"] = &slowCheck{name: "fine", answer: found}
			p.sidecar = "items:\n  it-is-there: {use: slow, timeout: 20ms, of: this}\n  so-is-this: {use: fine}\n"
			p.mustRun(runbook.Passed)
			if got := p.fold().Open["it-is-there"]; got != tt.open {
				t.Errorf("open because of %q, want %q", got, tt.open)
			}
			if p.fold().Items["so-is-this"] == nil {
				t.Error("the check beside it was not settled")
			}
			if p.after == nil && (len(c.args) != 1 || c.args["of"] != "this") {
				t.Errorf("it was asked with %v", c.args)
			}
		})
	}
}
