package executor

import (
	"context"
	"fmt"
	"strings"

	"runbook/runbook"
)

// resolve settles every step whose outcome the journal does not know: by what
// the engine knows, or by a person's word.
func (x *Executor) resolve(ctx context.Context) (runbook.Result, string, error) {
	for _, t := range x.Plan.Steps() {
		st := x.State.Step(t.Slot.ID)
		command, unknown := st.Unknown()
		if !unknown || st.Over() {
			continue
		}
		if x.known(t, command) {
			if stop, reason, err := x.takeOver(ctx, t); stop != "" || err != nil {
				return stop, reason, err
			}
			continue
		}
		if alive := x.survivors(); len(alive) > 0 {
			return runbook.Held, fmt.Sprintf("step %d, line %d, is still running: %s; wait for it or end it, then exec again", t.Number, t.Script.Commands[command].Line, strings.Join(alive, ", ")), nil
		}
		d, given := x.Resolve[t.Slot.ID]
		onPath := t.Selected && !t.Skip && t.Contingency == x.State.Contingency()
		if !given && onPath && x.mayRepeat(t, command) {
			if err := x.repeatUnknown(t, command); err != nil {
				return "", "", err
			}
			continue
		}
		if !given && x.Console != nil {
			var err error
			if d, err = x.Console.Unknown(t, command); err != nil {
				return stopped(err)
			}
			given = d.Do != Quit
		}
		if !given {
			line := t.Script.Commands[command].Line
			return runbook.Held, fmt.Sprintf("step %d, line %d: it was started and its outcome is unknown; look, then say --resolve %s=done|failed|again --reason \"…\"", t.Number, line, t.Slot.ID), nil
		}
		word := &runbook.StepResolved{Step: t.Slot.ID, Command: command, Outcome: string(d.Do), By: x.Identity.Operator, Reason: d.Reason}
		x.foreign = nil
		if err := x.commit(append([]runbook.Event{word}, x.changed(t, t.Script.Commands, command)...)...); err != nil {
			return "", "", err
		}
		before := x.State.Contingency() != t.Contingency // on the main path, which a contingency has ended
		if d.Do == Bad && !before {
			return runbook.Failed, fmt.Sprintf("step %d failed, by %s's word", t.Number, x.Identity.Operator), nil
		}
		if d.Do == Bad {
			continue
		}
		if err := x.settleResolved(t); err != nil {
			return "", "", err
		}
	}
	return "", "", nil
}

// repeatUnknown lets an idempotent command whose outcome nobody knows run again:
// the checklist's word on it is a person's, given beforehand.
func (x *Executor) repeatUnknown(t *runbook.Task, command int) error {
	again := x.repeats(t, command)
	x.Progress.Message("step %d, line %d was under way, and its outcome is unknown; it is idempotent", t.Number, t.Script.Commands[command].Line)
	x.foreign = nil
	word := &runbook.StepResolved{Step: t.Slot.ID, Command: command, Outcome: string(Again), By: "the checklist", Reason: "it is marked idempotent"}
	events := append([]runbook.Event{word, again}, x.changed(t, t.Script.Commands, command)...)
	return x.commit(events...)
}

// known reports whether the engine can tell what became of the command.
func (x *Executor) known(t *runbook.Task, command int) bool {
	a, ok := x.Engine.(Adopter)
	return ok && a.Knows(x.job(t, t.Script.Commands, command))
}

// survivors names what an earlier runner of this run left running.
func (x *Executor) survivors() []string {
	if s, ok := x.Engine.(Surveyor); ok {
		return s.Survivors(x.Private)
	}
	return nil
}

// settleResolved ends a step whose last command a person has vouched for.
func (x *Executor) settleResolved(t *runbook.Task) error {
	st := x.State.Step(t.Slot.ID)
	if st.Next() < len(t.Script.Commands) {
		return nil
	}
	return x.commit(&runbook.StepFinished{Step: t.Slot.ID, Attempt: st.Attempt, Result: runbook.Passed, Dir: st.Dir})
}
