package executor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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

// prepare puts the placeholders' values into the step's commands. Nothing of
// the step runs while one is missing.
func (x *Executor) prepare(t *runbook.Task) ([]runbook.Command, string, error) {
	values := map[string]string{}
	for _, p := range t.Script.Placeholders {
		if _, ok := values[p.Text]; ok {
			continue
		}
		value, err := x.placeholder(p.Text, t)
		if err != nil {
			return nil, "", err
		}
		if value == "" {
			return nil, fmt.Sprintf("step %d does not start: line %d: %s has no value; give it with --set '%s=VALUE'", t.Number, p.Line, p.Text, p.Text), nil
		}
		values[p.Text] = value
	}
	commands := slices.Clone(t.Script.Commands)
	st := x.State.Step(t.Slot.ID)
	for i := range commands {
		if c := st.Commands[i]; c != nil && c.Edited != "" {
			if !Masked(c.Edited) {
				edited(&commands[i], c.Edited)
				continue
			}
			if !x.Confirm || x.Console == nil {
				return nil, fmt.Sprintf("step %d does not start: line %d was edited, and the journal does not keep the secret in its text; run it attended, and edit it again", t.Number, commands[i].Line), nil
			}
		}
		if len(commands[i].Placeholders) == 0 {
			continue
		}
		text, err := t.Script.Fill(i, values)
		if err != nil {
			return nil, "", fmt.Errorf("line %d: %w", commands[i].Line, err)
		}
		commands[i].Text = text
	}
	return commands, "", nil
}

func (x *Executor) placeholder(text string, t *runbook.Task) (string, error) {
	if value, ok := x.values[text]; ok {
		return value, nil
	}
	journaled := x.State.Placeholders[text]
	if journaled != nil && !Masked(journaled.Value) {
		return journaled.Value, nil
	}
	by, value := x.Identity.Operator, ""
	if g, ok := x.Plan.Values[text]; ok && !Masked(g.Value) {
		value = g.Value
		if g.By != "" {
			by = g.By
		}
	} else if x.Console != nil {
		answer, err := x.Console.Placeholder(text, t)
		if err != nil {
			return "", err
		}
		value = answer
	}
	if value == "" {
		return "", nil
	}
	x.values[text] = value
	if SecretName(text) {
		x.Mask.Learn(Secret{text, value})
	}
	if journaled != nil {
		return value, nil
	}
	return value, x.commit(&runbook.PlaceholderGiven{Text: text, Value: value, By: by})
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
