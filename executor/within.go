package executor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"runbook/runbook"
)

// A TransientError is that of a source or a check whose question could not be
// put: a connection that failed, a service that is busy. Asking again may help.
type TransientError struct{ Err error }

func (e *TransientError) Error() string { return e.Err.Error() }

// Unwrap returns what went wrong.
func (e *TransientError) Unwrap() error { return e.Err }

// The pauses before a question is put again.
var pauses = [runbook.Attempts - 1]time.Duration{time.Second, 3 * time.Second}

// grace is how long a source or check may take to notice that its time is over.
const grace = 3 * time.Second

// within puts a question, again where it could not be put, and waits no longer
// for its answer than the binding says.
func (x *Executor) within(ctx context.Context, b *runbook.Binding, put func(context.Context) *answer) *answer {
	outer := ctx
	limit := b.Limit
	if limit == 0 {
		limit = x.Timeout
	}
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	for n := 0; ; n++ {
		a := x.once(ctx, b, put)
		if outer.Err() == nil && errors.Is(a.err, context.DeadlineExceeded) && ctx.Err() != nil {
			return &answer{err: fmt.Errorf("no answer within %s", limit)}
		}
		var transient *TransientError
		if !errors.As(a.err, &transient) || n+1 >= min(b.Attempts, runbook.Attempts) {
			return a
		}
		select {
		case <-ctx.Done():
			return a
		case <-x.after(pauses[n]):
		}
	}
}

// once waits for one answer. What does not end with its context is left behind:
// better that than a run that hangs.
func (x *Executor) once(ctx context.Context, b *runbook.Binding, put func(context.Context) *answer) *answer {
	done := make(chan *answer, 1)
	go func() { done <- put(ctx) }()
	select {
	case a := <-done:
		return a
	case <-ctx.Done():
	}
	select {
	case a := <-done:
		return a
	case <-x.after(grace):
		return &answer{err: fmt.Errorf("%s does not end, and was left behind", b.Use)}
	}
}

// after is time.After, unless a test has another clock.
func (x *Executor) after(d time.Duration) <-chan time.Time {
	if x.After != nil {
		return x.After(d)
	}
	return time.After(d)
}
