package executor

import (
	"context"
	"fmt"
	"strings"

	"runbook/runbook"
)

// pins holds the run where something that the sidecar pins is not so, or could
// not be told. before is the step that is next; nil as the run begins or goes on.
func (x *Executor) pins(ctx context.Context, before *runbook.Task) (stop runbook.Result, reason string, err error) {
	due := x.Plan.PinsBefore(before, x.State)
	if len(due) == 0 || before == nil && !x.willRun() {
		return "", "", nil
	}
	var wrong []string
	for _, pin := range due {
		for i := range pin.Of {
			event := x.pin(ctx, pin, &pin.Of[i])
			if ctx.Err() != nil {
				return runbook.Interrupted, "interrupted", nil
			}
			if before != nil {
				event.Step = before.Slot.ID
			}
			if err := x.queue(event); err != nil {
				return "", "", err
			}
			if event.Verdict != runbook.Pass {
				wrong = append(wrong, pinText(event))
			}
		}
	}
	if len(wrong) > 0 {
		return runbook.Held, strings.Join(wrong, "; "), x.flush()
	}
	return "", "", x.flush()
}

// willRun reports whether any step is left for this run: without one there is
// no effect that a pin could hold.
func (x *Executor) willRun() bool {
	for _, t := range x.Plan.Steps() {
		if t.Selected && !t.Skip && len(t.Script.Commands) > 0 && !x.State.Step(t.Slot.ID).Over() {
			return true
		}
	}
	return false
}

func pinText(e *runbook.PinChecked) string {
	if e.Verdict == runbook.Unknown {
		return fmt.Sprintf("pin %s: expected %s, and what it is could not be told: %s", e.Pin, e.Expected, e.Reason)
	}
	return strings.TrimSpace(fmt.Sprintf("pin %s: expected %s, found %s %s", e.Pin, e.Expected, e.Found, e.Reason))
}

// pin asks one source or check of a pin.
func (x *Executor) pin(ctx context.Context, pin *runbook.Pin, b *runbook.Binding) *runbook.PinChecked {
	q := Query{
		Args: b.Args, Document: x.Plan.Document, State: x.State, Operator: x.Identity.Operator,
		Root: x.Root, Env: x.environment(), Epoch: x.epoch, Now: x.Clock(),
	}
	event := &runbook.PinChecked{Pin: pin.Name, Expected: pin.Expected, Verdict: runbook.Unknown}
	source, known := x.Registry.Sources[b.Use]
	check, checks := x.Registry.Checks[b.Use]
	if !known && !pin.Check || !checks && pin.Check {
		event.Reason = fmt.Sprintf("there is no %q to ask", b.Use)
		return event
	}
	a := x.within(ctx, b, func(ctx context.Context) *answer {
		a := &answer{}
		if pin.Check {
			a.finding, a.err = check.Check(ctx, q)
		} else {
			a.value, a.err = source.Value(ctx, q)
		}
		return a
	})
	switch {
	case a.err != nil:
		event.Reason = a.err.Error()
	case pin.Check && a.finding.Verdict == runbook.Pass:
		event.Found, event.Verdict = pin.Expected, runbook.Pass
	case pin.Check && a.finding.Verdict == runbook.Fail:
		event.Found, event.Reason, event.Verdict = "false", "("+a.finding.Evidence+")", runbook.Fail
	case pin.Check:
		event.Reason = "no conclusion: " + a.finding.Evidence
	case a.value.Text == pin.Expected:
		event.Found, event.Verdict = a.value.Text, runbook.Pass
	default:
		event.Found, event.Verdict = a.value.Text, runbook.Fail
	}
	if dir := b.Args["dir"]; dir != "" && dir != "." && event.Verdict != runbook.Pass {
		event.Reason = strings.TrimSpace(event.Reason + " (in " + dir + ")")
	}
	return event
}
