package runbook

import (
	"slices"
	"strconv"
)

// Steps returns the plan's step tasks in document order; step number n is the
// element n-1.
func (p *Plan) Steps() []*Task {
	steps := make([]*Task, len(p.stepTasks))
	for i, at := range p.stepTasks {
		steps[i] = &p.Tasks[at]
	}
	return steps
}

// Step returns the task of a step, or nil.
func (p *Plan) Step(id ID) *Task {
	for _, at := range p.stepTasks {
		if p.Tasks[at].Slot.ID == id {
			return &p.Tasks[at]
		}
	}
	return nil
}

// StepNamed returns the task of the step with that ID or number, or nil.
func (p *Plan) StepNamed(name string) *Task {
	for _, at := range p.stepTasks {
		if t := &p.Tasks[at]; string(t.Slot.ID) == name || strconv.Itoa(t.Number) == name {
			return t
		}
	}
	return nil
}

// Errors returns the problems that keep a run from starting.
func (p *Plan) Errors() []Problem {
	var errs []Problem
	for _, problem := range p.Problems {
		if problem.Severity == Error {
			errs = append(errs, problem)
		}
	}
	return errs
}

// Closing reports whether the task sums up the run and is therefore settled
// anew at every stop, after everything else.
func (t *Task) Closing() bool {
	if t.Binding.Given != nil {
		return false
	}
	switch t.Binding.Use {
	case "count", "run":
		return true
	case "clock":
		of := t.Binding.Args["of"]
		return (of == "" || of == "run") && t.Binding.Args["at"] == "end"
	}
	return false
}

// asked reports whether exec settles the task at all. Criteria are bad news
// and nobody's to-do; what belongs to a sign-off comes with it; a placeholder
// is never required.
func (p *Plan) asked(t *Task) bool {
	if !t.Selected || t.Closing() {
		return false
	}
	if t.Slot.Kind == PlaceholderSlot && t.Binding.Use == "ask" && t.Binding.Origin == Inferred {
		return false // it is filled if a value is known, and nobody is asked for one
	}
	if t.Slot.Kind == ItemSlot {
		return t.Slot.Open() && (t.Slot.Item != Criterion || t.Binding.Given != nil)
	}
	if owner := p.Document.Slot(t.Slot.Owner); owner != nil && owner.Kind == ItemSlot && owner.Item == SignOff {
		return false
	}
	return true
}

// settled reports whether nothing is left to do for the task.
func (s *State) settled(t *Task) bool {
	id := t.Slot.ID
	switch t.Slot.Kind {
	case StepSlot:
		return s.Step(id).Over()
	case ItemSlot:
		f := s.Items[id]
		if g := t.Binding.Given; f != nil && f.Verdict == DeferredItem && g != nil {
			return g.Verdict == DeferredItem // it was put off, and now there is an answer
		}
		return f != nil && f.Verdict != Unknown && !(s.again[id] && t.Binding.Machine())
	case ChoiceSlot:
		return s.Choices[id] != nil || !t.Slot.Open()
	}
	return s.Fields[id] != nil
}

// Unanswered reports whether another exec of a stopped run could learn more
// without a person: a source or a check has given no answer, or a check a bad
// one.
func (p *Plan) Unanswered(s *State) bool {
	for i := range p.Tasks {
		t := &p.Tasks[i]
		if t.Number > 0 || !t.Binding.Machine() || !p.asked(t) {
			continue
		}
		if f := s.Items[t.Slot.ID]; !s.settled(t) || f != nil && f.Verdict == Fail && f.By == "" {
			return true
		}
	}
	return false
}

// Ready lists what may be done next: every observation above the next step
// that has not been tried, or, when there is none, that step alone. It is
// empty when the run's selection is done. It depends on nothing but its
// arguments, so that a run that was stopped goes on where it was.
func (p *Plan) Ready(s *State) []*Task {
	var ready []*Task
	for i := s.behind; i < len(p.Tasks); i++ {
		t := &p.Tasks[i]
		if p.behind(t, s) {
			if i == s.behind {
				s.behind++
			}
			continue
		}
		if t.Number > 0 {
			if ready = p.wanted(t, s, ready); len(ready) == 0 {
				ready = append(ready, t)
			}
			return ready
		}
		if p.over(t.After, s) {
			ready = append(ready, t)
		}
	}
	return ready
}

// wanted adds the items that hold a step and stand below it: an approval at the
// document's end is asked for before what it approves.
func (p *Plan) wanted(step *Task, s *State, ready []*Task) []*Task {
	for _, h := range p.Holds {
		if step.Slot.Mark.Start < p.place(h.Before) {
			continue
		}
		for _, t := range p.HoldItems(h) {
			if t.Slot.Mark.Start > step.Slot.Mark.Start && !p.behind(t, s) && p.over(t.After, s) && !slices.Contains(ready, t) {
				ready = append(ready, t)
			}
		}
	}
	return ready
}

// behind reports whether nothing is left to do for a task in this run.
func (p *Plan) behind(t *Task, s *State) bool {
	if t.Number > 0 {
		return !t.Selected || t.Skip || len(t.Script.Commands) == 0 || s.settled(t)
	}
	if !p.asked(t) || s.settled(t) {
		return true
	}
	// No machine puts back a tick that a person has taken away.
	if f := s.Items[t.Slot.ID]; f != nil && f.Use == Hand && t.Binding.Use != "ask" && t.Binding.Given == nil {
		return true
	}
	_, tried := s.Open[t.Slot.ID]
	return tried
}

// over reports whether step number n, if this run does it, is behind the run.
func (p *Plan) over(n int, s *State) bool {
	if n == 0 {
		return true
	}
	return p.behind(&p.Tasks[p.stepTasks[n-1]], s)
}

// Left lists the steps that are not over, of the main path, or of the
// contingency that was declared; those that the checklist itself skips are not
// among them.
func (p *Plan) Left(s *State) []*Task {
	var left []*Task
	for _, t := range p.Steps() {
		if t.Contingency == s.Contingency() && !t.Skip && len(t.Script.Commands) > 0 && !s.settled(t) {
			left = append(left, t)
		}
	}
	return left
}

// HeldBy lists the slots that hold a step: those that a hold names, and with
// --strict every open item above it. Only a pass, or a person's "not
// applicable", lets go.
func (p *Plan) HeldBy(step *Task, s *State) []*Task {
	if !p.Strict && len(p.Holds) == 0 {
		return nil
	}
	var held []*Task
	for i := range p.Tasks {
		t := &p.Tasks[i]
		if t.Slot.Kind != ItemSlot || t.Slot.Item == Criterion || s.Lets(t.Slot) {
			continue
		}
		above := p.Strict && t.Contingency == step.Contingency && t.Slot.Item != Deferred && t.Slot.Mark.Start < step.Slot.Mark.Start
		if above || p.heldByRule(step, t) {
			held = append(held, t)
		}
	}
	return held
}

// HoldItems lists the items that a hold waits for.
func (p *Plan) HoldItems(h Hold) []*Task {
	var items []*Task
	for i := range p.Tasks {
		t := &p.Tasks[i]
		if t.Slot.Kind != ItemSlot || t.Slot.Item == Criterion {
			continue
		}
		if slices.ContainsFunc(h.Until, func(id ID) bool { return t.Slot.ID == id || p.within(t.Slot, id) }) {
			items = append(items, t)
		}
	}
	return items
}

func (p *Plan) heldByRule(step, item *Task) bool {
	for _, h := range p.Holds {
		// A hold keeps the named place and everything after it.
		from := p.place(h.Before)
		if step.Contingency != "" && !p.within(step.Slot, h.Before) && step.Slot.ID != h.Before {
			continue // what holds a deployment does not hold its rollback
		}
		if step.Slot.Mark.Start < from {
			continue
		}
		for _, id := range h.Until {
			if item.Slot.ID == id || p.within(item.Slot, id) {
				return true
			}
		}
	}
	return false
}

func (p *Plan) place(id ID) int { return p.Document.Place(id) }

// Place returns where a section or a slot begins, in bytes; behind the end of
// the source if the document has neither.
func (d *Document) Place(id ID) int {
	for _, s := range d.Sections {
		if s.ID == id {
			return s.Span.Start
		}
	}
	if s := d.Slot(id); s != nil {
		return s.Mark.Start
	}
	return len(d.Source) + 1
}

func (p *Plan) within(slot *Slot, section ID) bool {
	for i := slot.Section; ; i = p.Document.Sections[i].Parent {
		if p.Document.Sections[i].ID == section && section != "" {
			return true
		}
		if i == 0 {
			return false
		}
	}
}

// Lets reports whether an item no longer holds anything.
func (s *State) Lets(item *Slot) bool {
	f := s.Items[item.ID]
	if !item.Open() && (f == nil || f.Use != Hand) {
		return true
	}
	return f != nil && (f.Verdict == Pass || f.Verdict == NotApplicable)
}
