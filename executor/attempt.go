package executor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"runbook/runbook"
)

// A failure is why an attempt at a step ended before its last command.
type failure struct {
	command     int
	why         string
	interrupted bool
	held        bool // nothing went wrong yet: the command was kept from starting
	left        bool // the command goes on by itself: the attempt has not ended
}

// attempt runs what is left of the step, or goes on with an attempt that an
// earlier part of the run has begun.
func (x *Executor) attempt(ctx context.Context, t *runbook.Task, commands []runbook.Command) (*failure, error) {
	first := x.State.Step(t.Slot.ID).Next()
	began := x.Clock()
	if !x.underway(t, first) {
		if err := x.queue(append([]runbook.Event{x.stepStarted(t, commands)}, x.edits...)...); err != nil {
			return nil, err
		}
		x.edits = nil
	}
	x.Progress.StepStarted(t, t.Start.Path, first)
	obs := &observer{x: x, t: t, commands: commands, ctx: ctx}
	watched, lost := x.watch(ctx)
	out, err := x.drive(watched, t, obs, x.job(t, commands, first))
	if why := lost(); why != nil {
		if err := x.flush(); err != nil { // how the command ended, if that can still be told
			why = fmt.Errorf("%w; %w", why, err)
		}
		return nil, why
	}
	if obs.err != nil {
		return nil, obs.err
	}
	_, unknown := x.State.Step(t.Slot.ID).Unknown()
	switch {
	case err == nil || obs.failed != nil:
	case unknown && errors.Is(err, ErrDetach):
		line := commands[min(out.Next, len(commands)-1)].Line
		return &failure{command: out.Next, interrupted: true, left: true, why: fmt.Sprintf("step %d, line %d, goes on by itself; the next exec takes over its outcome", t.Number, line)}, nil
	case unknown:
		return nil, fmt.Errorf("step %d: %w", t.Number, err)
	case errors.Is(err, ErrStopped) || errors.Is(err, ErrDetach):
		obs.failed = x.between(ctx, t, out.Next)
	default:
		// Nothing was under way: the step could not go on, and that is known.
		obs.failed = &failure{command: min(out.Next, len(commands)-1), why: fmt.Sprintf("step %d: %v", t.Number, err)}
	}
	x.exported = out.Exported
	if obs.failed == nil && !obs.exited && out.Next < len(commands) {
		return nil, nil // the rest was not asked for
	}
	finished := x.stepFinished(t, obs, out)
	if len(out.Leftovers) > 0 {
		x.Progress.Message("step %d left processes running in the background; they are ended with it: %s", t.Number, strings.Join(out.Leftovers, ", "))
	}
	if err := x.queue(finished); err != nil {
		return nil, err
	}
	x.Progress.StepFinished(t, x.State.Step(t.Slot.ID).Status, x.Clock().Sub(began), finished.Reason)
	return obs.failed, nil
}

// underway reports whether the step's last attempt goes on with command first.
// One that has run in it already begins another: no command starts twice in one
// attempt.
func (x *Executor) underway(t *runbook.Task, first int) bool {
	st := x.State.Step(t.Slot.ID)
	c := st.Commands[first]
	return st.Underway && len(x.edits) == 0 && (c == nil || c.Finished == nil)
}

func (x *Executor) job(t *runbook.Task, commands []runbook.Command, first int) Job {
	st := x.State.Step(t.Slot.ID)
	return Job{
		Step: t.Slot.ID, Attempt: st.Attempt, Document: x.Plan.Document.Name, Dir: x.resumeDir(t, st, first), Commands: commands, First: first,
		Env: x.Env, State: x.Private, Timeout: t.Timeout, TTY: t.TTY,
	}
}

// drive lets the engine perform the job, the command first that is under way
// already. It goes on where the engine stops at a failure that the step's text
// foretells, or behind a command that it has adopted.
func (x *Executor) drive(ctx context.Context, t *runbook.Task, obs *observer, job Job) (Outcome, error) {
	perform := x.Engine.Run
	if _, unknown := x.State.Step(t.Slot.ID).Unknown(); unknown {
		adopter, ok := x.Engine.(Adopter)
		if !ok {
			return Outcome{Next: job.First}, fmt.Errorf("what became of line %d is unknown", job.Commands[job.First].Line)
		}
		perform = adopter.Adopt
		x.Progress.CommandStarted(t, job.First)
	}
	out, err := perform(ctx, job, obs)
	for err == nil && obs.failed == nil && !obs.exited && out.Next < len(job.Commands) && t.Selected {
		job.First, job.Dir = out.Next, ""
		leftovers := out.Leftovers
		out, err = x.Engine.Run(ctx, job, obs)
		out.Leftovers = append(leftovers, out.Leftovers...)
	}
	return out, err
}

func (x *Executor) stepStarted(t *runbook.Task, commands []runbook.Command) *runbook.StepStarted {
	var script strings.Builder
	for _, c := range commands {
		script.WriteString(c.Text)
		script.WriteByte('\n')
	}
	return &runbook.StepStarted{
		Step: t.Slot.ID, Attempt: x.State.Step(t.Slot.ID).Attempt + 1,
		Dir: t.Start.Path, Script: runbook.DigestOf(x.Mask.Apply([]byte(script.String()))), // no digest of a secret: a short one could be guessed
	}
}

func (x *Executor) stepFinished(t *runbook.Task, obs *observer, out Outcome) *runbook.StepFinished {
	finished := &runbook.StepFinished{
		Step: t.Slot.ID, Attempt: x.State.Step(t.Slot.ID).Attempt, Result: runbook.Passed,
		Dir: x.rel(out.Dir), Leftovers: out.Leftovers, Shell: HasState(x.Private),
	}
	if obs.exited && out.Next < len(obs.commands) {
		finished.Reason = fmt.Sprintf("the script ended itself on line %d", obs.commands[out.Next-1].Line)
	}
	if f := obs.failed; f != nil {
		finished.Result, finished.Reason = runbook.Failed, f.why
		if f.interrupted {
			finished.Result = runbook.Interrupted
		}
	}
	return finished
}

// HasState reports whether an engine has kept something in its private
// directory that a later part of the run needs. What stands in directories
// there serves the part that is running.
func HasState(private string) bool {
	entries, err := os.ReadDir(private)
	return err == nil && slices.ContainsFunc(entries, func(e os.DirEntry) bool { return !e.IsDir() })
}

// between is the failure of a step that was stopped before its next command.
func (x *Executor) between(ctx context.Context, t *runbook.Task, next int) *failure {
	f := &failure{command: min(next, len(t.Script.Commands)-1), interrupted: ctx.Err() != nil}
	cause := "timed out after " + t.Timeout.String()
	if f.interrupted {
		cause = "interrupted"
	}
	f.why = fmt.Sprintf("step %d: %s before line %d", t.Number, cause, t.Script.Commands[f.command].Line)
	return f
}

// resumeDir is where the rest of a step starts: its start directory, or where
// the last command before it left the shell.
func (x *Executor) resumeDir(t *runbook.Task, st *runbook.StepState, first int) string {
	for i := first - 1; i >= 0; i-- {
		if c := st.Commands[i]; c == nil || c.Finished == nil {
			continue
		} else if c.Finished.Dir != "" {
			return x.abs(c.Finished.Dir)
		}
		break
	}
	if first > 0 && t.Start.Abs == "" {
		return "" // where the shell's own state says
	}
	return t.Start.Abs
}
