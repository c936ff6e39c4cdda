package runbook

import (
	"slices"
	"strings"
)

func (p *opening) box() bool { return p.slot.Kind == ItemSlot || p.slot.Kind == ChoiceSlot }

// takes reports whether a text in the place's stead states a fact.
func (p *opening) takes(text string) bool {
	switch p.slot.Kind {
	case ItemSlot:
		_, ok := boxes[text]
		return ok
	case ChoiceSlot:
		v, ok := boxes[text]
		return ok && (v == Pass || v == "") && p.slot.Open()
	}
	v := p.value(text)
	return v == "" || CheckValue(v) == nil
}

// boxes says what stands in a box: nothing, or a verdict.
var boxes = map[string]Verdict{
	"": "", " ": "", "☐": "", "⬜": "", "x": Pass, "X": Pass, "✓": Pass, "✅": Pass, "☑": Pass, "-": NotApplicable, "~": Unknown,
}

// value is what a blank's text says: without the rest of the blank, and without
// the escapes that a record writes.
func (p *opening) value(text string) string {
	if p.slot.Zone != Code {
		text = unescapeInline(text)
	}
	text = strings.TrimSpace(text)
	for _, cut := range []func(string) string{
		func(s string) string { return strings.TrimLeft(s, "_") },
		func(s string) string { return strings.TrimRight(s, "_") },
	} {
		if rest := cut(text); len(text)-len(rest) > 1 {
			text = strings.TrimSpace(rest)
		}
	}
	return text
}

// events are the facts that the hands state, those of blanks and choices first:
// a sign-off needs the name that was written beside it.
func (a *adopter) events() []Event {
	slices.SortStableFunc(a.hands, func(x, y hand) int { return bySpan(x.span, y.span) })
	var events []Event
	for _, h := range a.hands {
		if h.slot.Kind == FieldSlot || h.slot.Kind == PlaceholderSlot {
			events = append(events, a.field(h)...)
		}
	}
	seen := map[ID]bool{}
	for _, h := range a.hands {
		if h.slot.Kind == ChoiceSlot && !seen[h.slot.ID] {
			seen[h.slot.ID] = true
			events = append(events, a.choice(h)...)
		}
	}
	for _, h := range a.hands {
		if h.slot.Kind == ItemSlot {
			events = append(events, a.item(h)...)
		}
	}
	return events
}

func (a *adopter) field(h hand) []Event {
	id, value, by := h.slot.ID, h.value(h.text), a.by(h.line)
	old := a.state.Fields[id]
	switch {
	case value != "":
		a.fields[id] = value
		return []Event{&FieldFilled{Field: id, Value: value, Source: Hand, Detail: by.commit(), By: by.Name}}
	case old != nil:
		return []Event{&FieldCleared{Field: id, By: by.Name, Detail: by.commit()}}
	}
	return nil // a part of the blank is gone: that says nothing
}

// choice reads all boxes of a choice of which one was changed.
func (a *adopter) choice(h hand) []Event {
	ticked := -1
	for o := range h.slot.Options {
		text := ""
		for _, p := range a.layout.places {
			if p.slot == h.slot && p.option == o {
				text = string(p.span.Of(a.layout.Text))
			}
		}
		for _, other := range a.hands {
			if other.slot == h.slot && other.option == o {
				text = other.text
			}
		}
		if boxes[text] == Pass {
			ticked = o
		}
	}
	by := a.by(h.line)
	return []Event{&ChoiceSettled{Choice: h.slot.ID, Option: ticked, Use: Hand, Detail: by.commit(), By: by.Name}}
}

func (a *adopter) item(h hand) []Event {
	was, now := boxes[string(h.span.Of(a.layout.Text))], boxes[h.text]
	if was == now {
		return nil
	}
	by := a.by(h.line)
	e := &ItemSettled{Item: h.slot.ID, Verdict: now, Use: Hand, By: by.Name, Note: by.commit()}
	switch {
	case now == "":
		e.Verdict, e.Note = Unknown, joined("the tick was taken away", e.Note)
	case now == Unknown:
		e.Note = joined("marked ~", e.Note)
	case now == Pass && h.slot.Item == SignOff:
		name := a.signer(h.slot)
		if name == "" {
			e.Verdict, e.Note = Unknown, joined("ticked without a name beside it", e.Note)
			break
		}
		if name != by.Name {
			e.Note = joined("written by "+by.Name, e.Note)
		}
		e.By = name
	}
	return []Event{e}
}

// signer is the name in the blank of a sign-off.
func (a *adopter) signer(item *Slot) string {
	for i := range a.layout.doc.Slots {
		slot := &a.layout.doc.Slots[i]
		if slot.Kind != FieldSlot || slot.Owner != item.ID || !strings.EqualFold(slot.Label, item.Label) {
			continue
		}
		if name, ok := a.fields[slot.ID]; ok {
			return name
		}
		if f := a.state.Fields[slot.ID]; f != nil {
			return f.Value
		}
	}
	return ""
}

func (w Writer) commit() string {
	if w.Commit == "" {
		return ""
	}
	return "commit " + w.Commit
}

func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}
