package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"runbook/executor"
)

// signals turns the first INT or TERM into the end of the context, and hands
// each further INT to the step. HUP ends the context too, but asks nothing of
// the step: the terminal has gone, and the command under way goes on without.
func (r *runner) signals(ctx context.Context, running executor.Engine) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	caught := make(chan os.Signal, 4)
	signal.Notify(caught, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		signal.Notify(caught, syscall.SIGHUP)
	}
	done := make(chan struct{})
	go func() {
		first := true
		for {
			select {
			case <-done:
				return
			case sig := <-caught:
				switch s, ok := running.(interface{ Signal() }); {
				case !first && ok && sig == os.Interrupt:
					s.Signal()
				case !first:
				case sig == syscall.SIGHUP:
					cancel(executor.ErrDetach)
				default:
					r.env.say("\nrunbook: %v: stopping; the same exec goes on from here\n", sig)
					cancel(context.Canceled)
				}
				first = false
			}
		}
	}()
	return ctx, func() {
		signal.Stop(caught)
		close(done)
		cancel(context.Canceled)
	}
}
