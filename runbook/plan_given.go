package runbook

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A GivenFor is a Given with the words that name its slots: an ID, a label, a
// placeholder's text or a glob of IDs.
type GivenFor struct {
	Key   string
	Kind  SlotKind // FieldSlot, ItemSlot or PlaceholderSlot; 0 is whatever matches
	Where string   // "--set" or "answers.yaml:12", for messages
	Given
}

// given lays the operator's values and answers over the bindings.
func (b *planner) given() {
	for _, g := range b.in.Givens {
		matched, err := b.matching(g)
		if err != nil {
			b.report(Problem{Severity: Error, Code: "given", Message: fmt.Sprintf("%s: %q %v", g.Where, g.Key, err)})
			continue
		}
		for _, t := range matched {
			given := g.Given
			t.Binding.Given = &given
			t.Binding.Origin = FromOperator
		}
	}
}

// matching finds the slots that a given value names. A label that names
// several blanks is an error: filling the wrong one damages the record.
func (b *planner) matching(g GivenFor) ([]*Task, error) {
	key := strings.TrimSpace(g.Key)
	glob := strings.Contains(key, "*")
	var byID, byLabel, offered, ofSignOffs []*Task
	for i := range b.plan.Tasks {
		t := &b.plan.Tasks[i]
		if !g.accepts(t.Slot.Kind) {
			continue
		}
		switch {
		case match(key, string(t.Slot.ID)):
			byID = append(byID, t)
		case t.Slot.Label == key, !t.Slot.spelled() && strings.EqualFold(t.Slot.Label, key):
			switch {
			case b.signed(t):
				ofSignOffs = append(ofSignOffs, t)
			case t.Slot.Second:
				offered = append(offered, t)
			default:
				byLabel = append(byLabel, t)
			}
		}
	}
	found := byID
	if len(found) == 0 {
		found = byLabel
	}
	if len(found) == 0 {
		found = offered
	}
	if len(found) == 0 {
		found = ofSignOffs // to be refused with the reason
	}
	inScripts := g.Kind != ItemSlot && b.spelled(key)
	switch {
	case len(found) == 0 && inScripts:
		return nil, nil
	case len(found) == 0 && b.isItem(key):
		return nil, errors.New("is an item, and no value settles one: answer it with --answers")
	case len(found) == 0:
		return nil, errors.New("matches no blank, item or placeholder")
	case len(found) > 1 && !glob && !found[0].Slot.spelled():
		ids := make([]string, len(found))
		for i, t := range found {
			ids[i] = string(t.Slot.ID)
		}
		return nil, fmt.Errorf("matches %d slots; name one of them by its ID: %s", len(found), strings.Join(ids, ", "))
	}
	for _, t := range found {
		if err := b.refuse(g, t); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// signed reports whether a blank belongs to a sign-off.
func (b *planner) signed(t *Task) bool {
	owner := b.plan.Document.Slot(t.Slot.Owner)
	return owner != nil && owner.Kind == ItemSlot && owner.Item == SignOff
}

func (b *planner) isItem(key string) bool {
	for i := range b.plan.Tasks {
		if s := b.plan.Tasks[i].Slot; s.Kind == ItemSlot && (strings.EqualFold(s.Label, key) || string(s.ID) == key) {
			return true
		}
	}
	return false
}

func (g *GivenFor) accepts(kind SlotKind) bool {
	switch g.Kind {
	case ItemSlot:
		return kind == ItemSlot
	case PlaceholderSlot:
		return kind == PlaceholderSlot
	case FieldSlot:
		return kind == FieldSlot || kind == ChoiceSlot || kind == PlaceholderSlot
	}
	return kind == FieldSlot || kind == ChoiceSlot || kind == PlaceholderSlot
}

// spelled reports whether a step holds a placeholder of that spelling.
func (b *planner) spelled(text string) bool {
	for _, t := range b.inf.steps {
		for _, p := range t.Script.Placeholders {
			if p.Text == text {
				return true
			}
		}
	}
	return false
}

// refuse says why a value may not be given for a slot.
func (b *planner) refuse(g GivenFor, t *Task) error {
	if b.signed(t) {
		return fmt.Errorf("belongs to the sign-off %s, which only its person gives: answer that item, with by: and their name", t.Slot.Owner)
	}
	if g.By != "" {
		if err := CheckValue(g.By); err != nil {
			return fmt.Errorf("%w as the name in by", err)
		}
	}
	switch t.Slot.Kind {
	case ItemSlot:
		if t.Slot.Item == SignOff && g.By == "" {
			return errors.New("is a sign-off and needs by: with the name of the person who signs")
		}
		return nil
	case ChoiceSlot:
		if t.Slot.Option(g.Value) < 0 {
			return fmt.Errorf("has no option %q", g.Value)
		}
		return nil
	}
	return t.CheckSlot(g.Value)
}

// Option returns the index of the choice's option with that label, or -1.
func (s *Slot) Option(label string) int {
	for i, o := range s.Options {
		if strings.EqualFold(o.Label, strings.TrimSpace(label)) {
			return i
		}
	}
	return -1
}

// placeholders takes the values given for the steps' placeholders and reports
// each spelling that has none, once for each step.
func (b *planner) placeholders() {
	b.plan.Values = map[string]Given{}
	for _, g := range b.in.Givens {
		key := strings.TrimSpace(g.Key)
		if !b.spelled(key) || g.Kind == ItemSlot {
			continue
		}
		if err := CheckValue(g.Value); err != nil {
			p := Problem{Severity: Error, Code: "given", Message: fmt.Sprintf("%s: %q %v", g.Where, g.Key, err)}
			if !slices.Contains(b.plan.Problems, p) {
				b.report(p)
			}
		}
		b.plan.Values[key] = g.Given
	}
	for _, t := range b.inf.steps {
		seen := map[string]bool{}
		for _, p := range t.Script.Placeholders {
			if _, ok := b.plan.Values[p.Text]; ok || seen[p.Text] {
				continue
			}
			seen[p.Text] = true
			sev := Warning
			switch {
			case t.Contingency == "":
			case t.Contingency == b.in.Contingency && b.in.Execute:
				sev = Error // half a rollback is worse than none
			default:
				sev = Note
			}
			b.report(Problem{sev, "placeholder", p.Line,
				fmt.Sprintf("step %d does not start while %s has no value", t.Number, p.Text),
				fmt.Sprintf("give it with --set '%s=VALUE'", p.Text)})
		}
	}
}
