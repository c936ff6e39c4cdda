package executor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"runbook/runbook"
)

// step brings one step behind the run, or says why the run stops at it.
func (x *Executor) step(ctx context.Context, t *runbook.Task) (runbook.Result, string, error) {
	if held := x.Plan.HeldBy(t, x.State); len(held) > 0 {
		return runbook.Held, heldText(t, held), nil
	}
	if stop, reason, err := x.pins(ctx, t); stop != "" || err != nil {
		return stop, reason, err
	}
	if err := x.flush(); err != nil {
		return "", "", err
	}
	if err := x.show(t); err != nil {
		return stopped(err)
	}
	commands, stop, err := x.prepare(t)
	if err != nil || stop != "" {
		if errors.Is(err, ErrStop) {
			return stopped(err)
		}
		return runbook.Held, stop, err
	}
	if why := cmp.Or(x.changedPlan(ctx, t, commands), x.changedScript(ctx, t, commands)); why != "" {
		return runbook.Held, why, nil
	}
	if stop, reason, done, err := x.reconsider(t, commands); done || err != nil {
		return stop, reason, err
	}
	if stop, reason, err := x.again(ctx, t); stop != "" || err != nil {
		return stop, reason, err
	}
	return x.perform(ctx, t, commands, x.Confirm)
}

// takeOver goes on with a step whose command is, or was, under way without this
// process. It was confirmed, and nothing holds it any more.
func (x *Executor) takeOver(ctx context.Context, t *runbook.Task) (runbook.Result, string, error) {
	if err := x.flush(); err != nil {
		return "", "", err
	}
	commands, stop, err := x.prepare(t)
	if err != nil || stop != "" {
		if errors.Is(err, ErrStop) {
			return stopped(err)
		}
		return runbook.Held, stop, err
	}
	return x.perform(ctx, t, commands, false)
}

// perform attempts the step until it is behind the run, or the run stops at it.
func (x *Executor) perform(ctx context.Context, t *runbook.Task, commands []runbook.Command, confirm bool) (runbook.Result, string, error) {
	for {
		if confirm {
			stop, reason, done, err := x.confirm(t, commands)
			if done || err != nil {
				return stop, reason, err
			}
		}
		failure, err := x.attempt(ctx, t, commands)
		if err != nil {
			return "", "", err
		}
		if failure == nil {
			return "", "", x.checkpoint(false)
		}
		if failure.held {
			return runbook.Held, failure.why, x.checkpoint(false)
		}
		if failure.interrupted {
			return runbook.Interrupted, failure.why, x.checkpoint(false)
		}
		if again, stop, err := x.repeat(ctx, t, failure); again || stop != "" || err != nil {
			if stop != "" || err != nil {
				return stop, failure.why, err
			}
			confirm = false
			continue
		}
		if x.Console == nil {
			return runbook.Failed, failure.why, nil
		}
		stop, reason, done, err := x.afterFailure(t, commands, failure)
		if done || err != nil {
			return stop, reason, err
		}
		confirm = false
	}
}

func heldText(t *runbook.Task, held []*runbook.Task) string {
	names := make([]string, 0, 3)
	for _, h := range held {
		if len(names) == 3 {
			names = append(names, fmt.Sprintf("and %d more", len(held)-3))
			break
		}
		names = append(names, fmt.Sprintf("line %d %q", h.Slot.Line, h.Slot.Label))
	}
	return fmt.Sprintf("step %d is held by open items: %s", t.Number, strings.Join(names, ", "))
}

// again records that a command which failed in an earlier part of the run is
// about to be run once more: nothing runs twice in silence. One that was to run
// again by itself when that part ended does so now.
func (x *Executor) again(ctx context.Context, t *runbook.Task) (stop runbook.Result, reason string, err error) {
	st := x.State.Step(t.Slot.ID)
	next := st.Next()
	c := st.Commands[next]
	if c == nil || next >= len(t.Script.Commands) {
		return "", "", nil
	}
	if !c.Due.IsZero() {
		stop, err = x.pause(ctx, t, next)
		return stop, fmt.Sprintf("interrupted before line %d ran again", t.Script.Commands[next].Line), err
	}
	if c.Finished == nil {
		return "", "", nil
	}
	x.Progress.Message("step %d, line %d ended with exit %d before; trying it again", t.Number, t.Script.Commands[next].Line, c.Finished.Exit)
	return "", "", x.queue(&runbook.Deviation{Step: t.Slot.ID, Command: next, Kind: "retry", By: x.Identity.Operator, Reason: "the run was started again"})
}

func (x *Executor) abs(dir string) string {
	if filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(x.Root, filepath.FromSlash(dir))
}

// rel shows a directory as plans do: relative to the root where it is below it.
func (x *Executor) rel(dir string) string {
	if rel, err := filepath.Rel(x.Root, dir); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return dir
}
