package executor

import (
	"fmt"

	"runbook/runbook"
)

// result sums up a run that has nothing left that it may do.
func (x *Executor) result() (runbook.Result, string, error) {
	if x.State.Contingency() != "" {
		return x.rolledBack()
	}
	passed, reason := true, ""
	for _, t := range x.Plan.Steps() {
		switch st := x.State.Step(t.Slot.ID); st.Status {
		case runbook.StepSkippedOver, runbook.StepContinued, runbook.StepFailed:
			passed, reason = false, fmt.Sprintf("step %d was %s", t.Number, st.Status)
		}
	}
	for i := range x.Plan.Document.Slots {
		slot := &x.Plan.Document.Slots[i]
		f := x.State.Items[slot.ID]
		switch {
		case slot.Kind != runbook.ItemSlot || f == nil:
		case slot.Item == runbook.Criterion && f.Verdict == runbook.Pass:
			passed, reason = false, fmt.Sprintf("line %d: %q is so, and it is bad news", slot.Line, slot.Label)
		case slot.Item != runbook.Criterion && f.Verdict == runbook.Fail:
			passed, reason = false, fmt.Sprintf("line %d: %q failed", slot.Line, slot.Label)
		}
	}
	if why := x.adverse(); why != "" {
		passed, reason = false, why
	}
	switch {
	case !passed:
		return runbook.Failed, reason, nil
	case len(x.Plan.Left(x.State)) > 0:
		return runbook.Partial, "steps outside the selection are left", nil
	}
	return runbook.Passed, "", nil
}

// adverse tells of a choice by which a person has said that something failed.
func (x *Executor) adverse() string {
	for i := range x.Plan.Tasks {
		t := &x.Plan.Tasks[i]
		c := x.State.Choices[t.Slot.ID]
		if c == nil || t.Closing() || t.Contingency != "" || c.Option < 0 || c.Option >= len(t.Slot.Options) {
			continue
		}
		if chosen := t.Slot.Options[c.Option].Label; runbook.Adverse(chosen) {
			return fmt.Sprintf("line %d: %s: %s", t.Slot.Line, t.Slot.Label, chosen)
		}
	}
	return ""
}

// rolledBack sums up a run whose contingency was declared: what failed before is
// why.
func (x *Executor) rolledBack() (runbook.Result, string, error) {
	in := x.State.Contingency()
	for _, t := range x.Plan.Steps() {
		if t.Contingency != in {
			continue
		}
		switch st := x.State.Step(t.Slot.ID); st.Status {
		case runbook.StepSkippedOver, runbook.StepContinued, runbook.StepFailed:
			return runbook.Failed, fmt.Sprintf("step %d was %s", t.Number, st.Status), nil
		}
	}
	for i := range x.Plan.Tasks {
		t := &x.Plan.Tasks[i]
		f := x.State.Items[t.Slot.ID]
		if t.Contingency == in && f != nil && t.Slot.Kind == runbook.ItemSlot && t.Slot.Item != runbook.Criterion && f.Verdict == runbook.Fail {
			return runbook.Failed, fmt.Sprintf("line %d: %q failed", t.Slot.Line, t.Slot.Label), nil
		}
	}
	if len(x.Plan.Left(x.State)) > 0 {
		return runbook.Partial, "steps of the contingency are left", nil
	}
	return runbook.RolledBack, "", nil
}
