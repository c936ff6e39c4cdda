package runbook

// An OpenSlot is something that a record still waits for.
type OpenSlot struct {
	ID    ID     `json:"id"`
	Line  int    `json:"line"`
	Kind  string `json:"kind"` // "item", "sign-off", "deferred", "field", "choice", "placeholder"
	Label string `json:"label"`
	Why   string `json:"why,omitempty"`
}

// Open lists the items, blanks and choices that a record still waits for, in
// document order: not criteria, nothing of an undeclared contingency, and not
// the blanks of a sign-off, which come with it.
func Open(doc *Document, s *State) []OpenSlot {
	var open []OpenSlot
	signoffs := map[ID]bool{}
	for i := range doc.Slots {
		slot := &doc.Slots[i]
		if !s.inForce(&doc.Sections[slot.Section]) {
			continue
		}
		kind := slot.Kind.String()
		switch slot.Kind {
		case StepSlot:
			continue
		case ItemSlot:
			if slot.Item == SignOff {
				signoffs[slot.ID] = true
			}
			if slot.Item == Criterion || s.Lets(slot) || failed(s, slot.ID) {
				continue
			}
			if slot.Item != Claim {
				kind = slot.Item.String()
			}
		case ChoiceSlot:
			if c := s.Choices[slot.ID]; c != nil && c.Option >= 0 || !slot.Open() {
				continue
			}
		case PlaceholderSlot:
			if s.Fields[slot.ID] != nil || s.Open[slot.ID] == "" {
				continue
			}
		default:
			if s.Fields[slot.ID] != nil || signoffs[slot.Owner] {
				continue
			}
		}
		open = append(open, OpenSlot{slot.ID, slot.Line, kind, slot.Label, s.Open[slot.ID]})
	}
	return open
}

func failed(s *State, id ID) bool {
	f := s.Items[id]
	return f != nil && f.Verdict == Fail
}
