package executor

import (
	"context"
	"time"

	"runbook/runbook"
)

// repeat lets an idempotent command that has failed run again by itself. again
// is false where it may not, or has done so often enough.
func (x *Executor) repeat(ctx context.Context, t *runbook.Task, f *failure) (again bool, stop runbook.Result, err error) {
	st := x.State.Step(t.Slot.ID)
	c := st.Commands[f.command]
	if c == nil || c.Settled || c.Finished == nil || c.Finished.Attempt != st.Attempt || !x.mayRepeat(t, f.command) {
		return false, "", nil
	}
	x.Progress.Message("%s", f.why)
	if err := x.commit(x.repeats(t, f.command)); err != nil {
		return false, "", err
	}
	stop, err = x.pause(ctx, t, f.command)
	return stop == "" && err == nil, stop, err
}

// mayRepeat reports whether a command may run once more by itself.
func (x *Executor) mayRepeat(t *runbook.Task, command int) bool {
	c := x.State.Step(t.Slot.ID).Commands[command]
	// A text that was edited is not the one that was marked.
	return c != nil && c.Edited == "" && c.Repeated < t.Repeats(command)
}

func (x *Executor) repeats(t *runbook.Task, command int) *runbook.CommandRepeats {
	c := x.State.Step(t.Slot.ID).Commands[command]
	return &runbook.CommandRepeats{Step: t.Slot.ID, Command: command, Repeat: c.Repeated + 1, Of: t.Repeats(command), Pause: t.Repeat.Pause.Seconds()}
}

// pause waits until a repetition that was announced is due. An interrupt ends
// it at once, and the next exec waits for what is left of it.
func (x *Executor) pause(ctx context.Context, t *runbook.Task, command int) (stop runbook.Result, err error) {
	c := x.State.Step(t.Slot.ID).Commands[command]
	last := c.Repeats[len(c.Repeats)-1]
	// A clock that was set back must not make it longer.
	left := min(max(c.Due.Sub(x.Clock()), 0), time.Duration(last.Pause*float64(time.Second)))
	x.Progress.Message("step %d, line %d is idempotent: it runs again in %s, %d of at most %d times", t.Number, t.Script.Commands[command].Line, left.Round(time.Second), last.Repeat, last.Of)
	if err := x.checkpoint(false); err != nil {
		return "", err
	}
	if left == 0 && ctx.Err() == nil {
		return "", nil
	}
	select {
	case <-ctx.Done():
		return runbook.Interrupted, nil
	case <-x.after(left):
		return "", nil
	}
}
