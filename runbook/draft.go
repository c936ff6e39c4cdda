package runbook

import (
	"fmt"
	"slices"
	"strings"
)

// A DraftInput is all that the draft of a sidecar depends on besides the plan,
// which must have been made with the same.
type DraftInput struct {
	Catalog Catalog
	Rules   *Rules
	Root    string
	Sidecar *Sidecar // as it is; nil if there is none
}

// A Draft is a sidecar as the text of its checklist proposes it, in addition to
// what is in it already.
type Draft struct {
	Entries []DraftEntry
	Gone    []Problem // entries of the sidecar that match no slot
}

// A DraftEntry is what a draft has to say of one slot.
type DraftEntry struct {
	Key   string     // of the sidecar: steps, items, fields
	ID    ID         // of the slot
	Line  int        // in the checklist
	Label string     // the slot's text
	Set   *CheckCall // what is certain; of a step its Args alone. Nil: nothing is
	Of    []CheckCall
	Maybe []DraftSuggestion
	Notes []string // more for a reviewer to know
}

// A DraftSuggestion stands in a draft as a comment.
type DraftSuggestion struct {
	Calls   []CheckCall // one, or several together
	Missing []string    // arguments for a person to fill in
	Why     string
	// Doubtful says that it is uncertain for more than what is missing.
	Doubtful bool
}

// NewDraft says what the sidecar lacks of what the plan infers and its rules
// propose. Slots that the sidecar names are left alone.
func NewDraft(plan *Plan, in DraftInput) *Draft {
	d := &drafter{plan: plan, in: in, draft: &Draft{}}
	for i := range plan.Tasks {
		t := &plan.Tasks[i]
		if in.Sidecar.rule(t.Slot) != nil || len(t.Slot.ID) > maxKey || in.Sidecar.mentions(t.Slot.ID) {
			continue
		}
		e := DraftEntry{ID: t.Slot.ID, Line: t.Slot.Line, Label: t.Slot.Label}
		switch t.Slot.Kind {
		case StepSlot:
			e.Key = "steps"
			d.step(&e, t)
		case ItemSlot:
			e.Key = "items"
			d.item(&e, t)
		default:
			e.Key = "fields"
			d.field(&e, t)
		}
		if e.Set != nil || e.Of != nil || e.Maybe != nil {
			d.draft.Entries = append(d.draft.Entries, e)
		}
	}
	d.draft.Gone = in.Sidecar.dead()
	return d.draft
}

// maxKey bounds a key: YAML takes none of more than 1024 characters.
const maxKey = 900

type drafter struct {
	plan  *Plan
	in    DraftInput
	draft *Draft
}

// step sets the directory of a step where nothing else fits, and notes what is
// expected of it.
func (d *drafter) step(e *DraftEntry, t *Task) {
	e.Label = fmt.Sprintf("step %d, %s", t.Number, t.Slot.Label)
	if t.Script == nil || len(t.Script.Commands) == 0 || t.Start.Path == "" || t.Slot.Attrs != "" || d.misplaced(t) {
		return
	}
	for _, x := range t.Script.Expects {
		note := fmt.Sprintf("expects, line %d: %s (%s", x.Line, strings.ReplaceAll(x.Text, "\n", " / "), x.Kind)
		if x.Advisory {
			note += ", advisory"
		}
		e.Notes = append(e.Notes, note+")")
	}
	call := CheckCall{Args: map[string]string{"dir": t.Start.Path}}
	switch needs := startNeeds(t.Script.Effects); {
	case len(t.Start.Also) > 0:
		e.Maybe = []DraftSuggestion{{Calls: []CheckCall{call}, Why: t.Start.Why + "; would fit as well: " + strings.Join(t.Start.Also, ", ")}}
	case len(needs) == 0:
		e.Maybe = []DraftSuggestion{{Calls: []CheckCall{call}, Why: t.Start.Why}}
	default:
		e.Set = &call
		e.Notes = append(e.Notes, t.Start.Why)
	}
}

// misplaced reports whether the plan found no directory for the step.
func (d *drafter) misplaced(t *Task) bool {
	return slices.ContainsFunc(d.plan.Problems, func(p Problem) bool {
		return p.Code == "start-directory" && p.Line == t.Slot.Line
	})
}

// item sets the check that a rule proposes if it is the only one and certain.
func (d *drafter) item(e *DraftEntry, t *Task) {
	if t.Binding.Origin != Inferred {
		return
	}
	list := t.Binding.Suggest
	if len(list) == 1 && list[0].Certain {
		e.Notes = []string{"rule " + list[0].Rule + ": " + list[0].Why}
		if slices.ContainsFunc(list[0].Calls(), func(c CheckCall) bool { return c.Use == "step" }) {
			e.Notes = append(e.Notes, "it runs this command, whatever that does")
		}
		if calls := list[0].Calls(); len(calls) == 1 {
			e.Set = &calls[0]
		} else {
			e.Of = calls
		}
		return
	}
	for _, s := range list {
		why := s.Why
		if s.Rule != "" {
			why = "rule " + s.Rule + ": " + why
		}
		e.Maybe = append(e.Maybe, DraftSuggestion{Calls: s.Calls(), Missing: slices.Clone(s.Missing), Why: why, Doubtful: s.doubtful})
	}
}

// field sets the source that a blank's label tells for certain.
func (d *drafter) field(e *DraftEntry, t *Task) {
	if t.Binding.Origin != Inferred || d.owned(t.Slot) {
		return
	}
	if b := t.Binding; b.Use != "ask" {
		e.Set = &CheckCall{b.Use, b.Args}
		e.Notes = []string{b.Why}
		return
	}
	for _, s := range t.Binding.Suggest {
		e.Maybe = append(e.Maybe, DraftSuggestion{Calls: s.Calls(), Missing: s.Missing, Why: s.Why})
	}
}

// owned reports whether a blank is for the person of a sign-off.
func (d *drafter) owned(slot *Slot) bool {
	owner := d.plan.Document.Slot(slot.Owner)
	return owner != nil && owner.Kind == ItemSlot && owner.Item == SignOff
}

// holds proposes what the first steps wait for: the sections above them that
// hold items, and the sign-offs further down that are to be given before.
func (d *drafter) holds() (before ID, until []ID) {
	doc := d.plan.Document
	first := -1
	for _, t := range d.plan.Steps() {
		if t.Contingency == "" {
			first = d.top(t.Slot.Section)
			break
		}
	}
	if first <= 0 {
		return "", nil
	}
	above := map[int]bool{}
	approved := false
	for i := range doc.Slots {
		s := &doc.Slots[i]
		if s.Kind != ItemSlot || s.Item == Criterion || s.Item == Deferred || doc.Sections[s.Section].Contingency != "" {
			continue
		}
		at := d.top(s.Section)
		switch {
		case s.Mark.Start < doc.Sections[first].Span.Start && at != 0:
		case s.Item == SignOff && isBefore(words(doc.Sections[s.Section].Title)):
			at, approved = s.Section, true
		default:
			continue
		}
		if !above[at] {
			above[at] = true
			until = append(until, doc.Sections[at].ID)
		}
	}
	if !approved {
		return "", nil
	}
	return doc.Sections[first].ID, until
}

// isBefore reports whether a heading speaks of what comes before the work.
func isBefore(ws []string) bool {
	return len(ws) > 1 && (ws[0] == "pre" || ws[0] == "before") || slices.Contains(ws, "go") && slices.Contains(ws, "no")
}

// top returns the outermost section that a section lies in, the document's
// own left out.
func (d *drafter) top(section int) int {
	for section != 0 && d.plan.Document.Sections[section].Parent != 0 {
		section = d.plan.Document.Sections[section].Parent
	}
	return section
}

// pins proposes what a run should be held to: the only region and workspace
// that the main path's commands name.
func (d *drafter) pins() map[string]string {
	pins := map[string]string{}
	if d.in.Rules == nil {
		return pins
	}
	found := factsOf(d.plan, d.in.Rules, d.in.Root)
	for pin, kind := range map[string]string{"aws_region": "region", "terraform_workspace": "workspace"} {
		values := map[string]bool{}
		for _, f := range found.byKind[kind] {
			if f.contingency == "" {
				values[f.value] = true
			}
		}
		if len(values) == 1 {
			pins[pin] = sortedKeys(values)[0]
		}
	}
	return pins
}
