package runbook

import "fmt"

// holds checks the sidecar's holds, and has what they wait for asked before the
// steps that they hold, wherever in the document it stands.
func (b *planner) holds() {
	doc := b.plan.Document
	known := map[ID]bool{}
	for _, s := range doc.Sections[1:] {
		known[s.ID] = true
	}
	for _, s := range doc.Slots {
		known[s.ID] = true
	}
	for _, h := range b.in.Sidecar.Holds {
		for _, id := range append([]ID{h.Before}, h.Until...) {
			if !known[id] {
				b.holdFault(h, "there is no section or slot %q", id)
			}
		}
		for _, id := range h.Until {
			if known[id] && len(b.plan.HoldItems(Hold{Until: []ID{id}})) == 0 {
				b.holdFault(h, "%s has no items to wait for", id)
			}
		}
		if known[h.Before] {
			b.ahead(h)
		}
	}
}

func (b *planner) holdFault(h Hold, format string, args ...any) {
	b.report(Problem{Severity: Error, Code: "sidecar", Message: fmt.Sprintf("%s:%d: hold: ", b.in.Sidecar.Name, h.Line) + fmt.Sprintf(format, args...)})
}

// ahead lets the items of a hold be asked once the last step above the held
// place is over. One that is about a later step could never be settled.
func (b *planner) ahead(h Hold) {
	place, last, selected := b.plan.place(h.Before), 0, false
	for _, s := range b.inf.steps {
		switch {
		case s.Slot.Mark.Start >= place:
			selected = selected || s.Selected
		case s.Contingency == "":
			last = s.Number
		}
	}
	for _, t := range b.plan.HoldItems(h) {
		if t.about > last {
			b.holdFault(h, "line %d, %q, is about step %d, which the hold keeps from starting", t.Slot.Line, t.Slot.Label, t.about)
			continue
		}
		t.After = min(t.After, last)
		t.Selected = t.Selected || selected && t.Contingency == ""
	}
}
