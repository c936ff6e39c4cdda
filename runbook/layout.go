package runbook

import (
	"cmp"
	"slices"
)

// A Layout is a record as it was written, with the places in it that people
// may write into by hand: the marks of the slots. What they wrote since is told
// by comparing; see Adopt.
type Layout struct {
	Text   []byte
	doc    *Document
	places []opening // in the order of the text, never overlapping
}

// An opening is where a slot's mark stands in a record.
type opening struct {
	slot   *Slot
	option int  // of a choice
	span   Span // in Layout.Text
}

// LayOut is RenderState with the places of the marks.
func LayOut(doc *Document, s *State) (*Layout, error) {
	text, err := RenderState(doc, s)
	if err != nil {
		return nil, err
	}
	l := &Layout{Text: text, doc: doc, places: marks(doc)}
	edits := Project(doc, s)
	slices.SortStableFunc(edits, func(a, b Edit) int { return bySpan(a.Span, b.Span) })
	shift, next := 0, 0
	for i := range l.places {
		p := &l.places[i]
		for next < len(edits) && bySpan(edits[next].Span, p.span) < 0 {
			shift += len(edits[next].Text) - edits[next].Span.Len()
			next++
		}
		at := p.span
		p.span = Span{at.Start + shift, at.End + shift}
		if next < len(edits) && edits[next].Span == at {
			p.span.End = p.span.Start + len(edits[next].Text)
		}
	}
	return l, nil
}

// bySpan orders spans as Splice does.
func bySpan(a, b Span) int {
	return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
}

// marks are the places of a template's slots, steps left out: what stands below
// a step is the run's own.
func marks(doc *Document) []opening {
	var all []opening
	for i := range doc.Slots {
		slot := &doc.Slots[i]
		switch slot.Kind {
		case StepSlot:
		case ChoiceSlot:
			for o := range slot.Options {
				all = append(all, opening{slot, o, slot.Options[o].Mark})
			}
		default:
			all = append(all, opening{slot, 0, slot.Mark})
		}
	}
	slices.SortFunc(all, func(a, b opening) int { return bySpan(a.span, b.span) })
	return all
}

// within returns the places that lie in a span of the text.
func (l *Layout) within(s Span) []opening {
	from, _ := slices.BinarySearchFunc(l.places, s.Start, func(p opening, at int) int { return cmp.Compare(p.span.Start, at) })
	to := from
	for to < len(l.places) && l.places[to].span.End <= s.End {
		to++
	}
	return l.places[from:to]
}
