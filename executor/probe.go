package executor

import (
	"context"
	"fmt"
	"time"
)

// A Prober is a Journal that can tell, before there is anything to append, that
// it could not: its disk is full, read-only or broken. Probe may be called from
// any goroutine.
type Prober interface {
	Probe() error
}

// probePause is how long a command may run unobserved by the journal's disk. What
// a disk refuses is seldom taken back, and each moment more is one of which
// nothing may be recorded.
const probePause = time.Second

// watch ends the context that it gives, and with it the command under way, once
// what the command does could no longer be recorded. Call lost when the command
// has ended: it says why that was, nil if it was not, and that the journal is
// not probed any more.
func (x *Executor) watch(ctx context.Context) (watched context.Context, lost func() error) {
	prober, ok := x.Journal.(Prober)
	if !ok {
		return ctx, func() error { return nil }
	}
	watched, cancel := context.WithCancelCause(ctx)
	done, found := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-done:
				found <- nil
				return
			case <-x.after(probePause):
			}
			if err := prober.Probe(); err != nil {
				err = fmt.Errorf("%w: %w", ErrRecording, err)
				cancel(err)
				found <- err
				return
			}
		}
	}()
	return watched, func() error {
		close(done)
		err := <-found
		cancel(nil)
		return err
	}
}
