package executor

import (
	"fmt"
	"slices"
	"strings"

	"runbook/runbook"
)

// confirm asks before the step. done says that the run does not go on with it.
func (x *Executor) confirm(t *runbook.Task, commands []runbook.Command) (stop runbook.Result, reason string, done bool, err error) {
	first := x.State.Step(t.Slot.ID).Next()
	d, err := x.Console.Confirm(t, commands[min(first, len(commands)):], t.Start.Path)
	if err != nil {
		stop, reason, err = stopped(err)
		return stop, reason, true, err
	}
	switch d.Do {
	case RunAll:
		x.Confirm = false
	case SkipIt:
		x.edits = nil
		return "", "", true, x.skip(t, d.Reason)
	case Quit:
		return runbook.Interrupted, "stopped by the operator", true, nil
	case EditIt:
		if held := x.edit(t, commands, first, d); held != "" {
			return runbook.Held, held, true, nil
		}
		return x.confirm(t, commands) // shown as it would run now
	}
	return "", "", false, nil
}

// edit takes over what the person wants to run instead.
// A text that still holds a placeholder keeps the step from starting.
func (x *Executor) edit(t *runbook.Task, commands []runbook.Command, first int, d Decision) (held string) {
	for i, text := range d.Text {
		if at := first + i; at < len(commands) && commands[at].Text != text {
			if left := edited(&commands[at], text); len(left) > 0 {
				return fmt.Sprintf("step %d does not start: its edited text holds %s", t.Number, left[0].Text)
			}
			x.edits = slices.DeleteFunc(x.edits, func(e runbook.Event) bool { return e.(*runbook.Deviation).Command == at })
			x.edits = append(x.edits, &runbook.Deviation{Step: t.Slot.ID, Command: at, Kind: "edit", By: x.Identity.Operator, Reason: d.Reason, Text: text})
		}
	}
	return ""
}

// edited puts another text in a command's place. What the text reveals is read
// anew; what the one before revealed counts on. It returns the text's own
// placeholders.
func edited(c *runbook.Command, text string) []runbook.Placeholder {
	c.Text, c.Placeholders, c.Changes = text, nil, true
	slot := &runbook.Slot{Kind: runbook.StepSlot, Lang: "bash", Line: c.Line - 1}
	at := 0
	for line := range strings.Lines(text) {
		slot.Body = append(slot.Body, runbook.Span{Start: at, End: at + len(line)})
		at += len(line)
	}
	script := runbook.ReadScript([]byte(text), slot)
	if !script.Runnable() && c.Sensitive == "" {
		c.Sensitive = "it was edited, and what it reveals could not be told"
	}
	for _, other := range script.Commands {
		c.Terraform = max(c.Terraform, other.Terraform)
		if c.Sensitive == "" {
			c.Sensitive = other.Sensitive
		}
	}
	return script.Placeholders
}

func (x *Executor) skip(t *runbook.Task, reason string) error {
	return x.commit(&runbook.StepSkipped{Step: t.Slot.ID, By: x.Identity.Operator, Reason: reason})
}

// afterFailure asks the person what to do about a failed command.
func (x *Executor) afterFailure(t *runbook.Task, commands []runbook.Command, f *failure) (stop runbook.Result, reason string, done bool, err error) {
	d, err := x.Console.Failed(t, f.command, f.why)
	if err != nil {
		stop, _, err = stopped(err)
		if stop != "" {
			stop = runbook.Failed
		}
		return stop, f.why, true, err
	}
	return x.decide(t, commands, f, d)
}

// reconsider asks what to do about a command that has failed by a person's
// word. Nobody has seen it end, so that it is not run again just because the
// run goes on.
func (x *Executor) reconsider(t *runbook.Task, commands []runbook.Command) (stop runbook.Result, reason string, done bool, err error) {
	st := x.State.Step(t.Slot.ID)
	next := st.Next()
	c := st.Commands[next]
	if c == nil || c.Bad == "" || next >= len(commands) {
		return "", "", false, nil
	}
	f := &failure{command: next, why: fmt.Sprintf("step %d, line %d %s", t.Number, commands[next].Line, c.Bad)}
	if d, given := x.Resolve[t.Slot.ID]; given && d.Do == Again {
		return x.decide(t, commands, f, Decision{Do: RetryIt, Reason: d.Reason})
	}
	if x.Console != nil {
		x.Progress.Message("%s", f.why)
		return x.afterFailure(t, commands, f)
	}
	f.why += fmt.Sprintf("; to go on, say --resolve %s=again --reason \"…\"", t.Slot.ID)
	return runbook.Failed, f.why, true, nil
}

// decide records and follows a person's decision about a failed command.
func (x *Executor) decide(t *runbook.Task, commands []runbook.Command, f *failure, d Decision) (stop runbook.Result, reason string, done bool, err error) {
	deviation := &runbook.Deviation{Step: t.Slot.ID, Command: f.command, Kind: string(d.Do), By: x.Identity.Operator, Reason: d.Reason}
	switch d.Do {
	case RetryIt:
		return "", "", false, x.commit(deviation)
	case Continue:
		if err := x.commit(deviation); err != nil {
			return "", "", true, err
		}
		if x.State.Step(t.Slot.ID).Next() < len(commands) {
			return "", "", false, nil
		}
		finished := &runbook.StepFinished{Step: t.Slot.ID, Attempt: x.State.Step(t.Slot.ID).Attempt, Result: runbook.Passed, Dir: t.Start.Path}
		return "", "", true, x.commit(finished)
	case SkipIt:
		return "", "", true, x.commit(deviation, &runbook.StepSkipped{Step: t.Slot.ID, By: x.Identity.Operator, Reason: d.Reason})
	}
	return runbook.Failed, f.why, true, x.commit(deviation)
}
