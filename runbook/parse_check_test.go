package runbook

import (
	"bytes"
	"testing"
)

// checkDocument holds what must be true of every document that Parse accepts.
func checkDocument(t testing.TB, doc *Document) {
	t.Helper()
	checkIDs(t, doc)
	checkSections(t, doc)
	var same []Edit
	for i := range doc.Slots {
		s := &doc.Slots[i]
		for _, m := range marksOf(s) {
			if m.Start < 0 || m.End < m.Start || m.End > len(doc.Source) {
				t.Fatalf("%s: mark %v outside the source", s.ID, m)
			}
			same = append(same, Edit{m, string(m.Of(doc.Source))})
		}
		if s.Kind != StepSlot && s.Line != 1+bytes.Count(doc.Source[:s.Mark.Start], []byte{'\n'}) {
			t.Errorf("%s: line %d is not where its mark is", s.ID, s.Line)
		}
		if i > 0 && s.Line < doc.Slots[i-1].Line {
			t.Errorf("%s: out of document order in %q", s.ID, doc.Source)
		}
		if s.Owner != "" && doc.Slot(s.Owner) == nil {
			t.Errorf("%s: no owner %s", s.ID, s.Owner)
		}
	}
	out, err := Splice(doc.Source, same)
	if err != nil {
		t.Fatalf("slots overlap: %v", err)
	}
	if !bytes.Equal(out, doc.Source) {
		t.Fatal("rewriting each mark by its own bytes changed the document")
	}
}

func marksOf(s *Slot) []Span {
	if s.Kind != ChoiceSlot {
		return []Span{s.Mark}
	}
	marks := make([]Span, len(s.Options))
	for i, o := range s.Options {
		marks[i] = o.Mark
	}
	return marks
}

func checkIDs(t testing.TB, doc *Document) {
	t.Helper()
	seen := map[ID]bool{}
	for i := range doc.Slots {
		id := doc.Slots[i].ID
		if id == "" || seen[id] {
			t.Errorf("slot %d: ID %q is empty or not its own", i, id)
		}
		seen[id] = true
	}
	seen = map[ID]bool{}
	for i, s := range doc.Sections {
		if seen[s.ID] || i > 0 && s.ID == "" {
			t.Errorf("section %d: ID %q is empty or not its own", i, s.ID)
		}
		seen[s.ID] = true
	}
}

func checkSections(t testing.TB, doc *Document) {
	t.Helper()
	for i, s := range doc.Sections {
		up := doc.Sections[s.Parent]
		if i > 0 && s.Parent >= i {
			t.Errorf("section %s: parent %d comes after it", s.ID, s.Parent)
		}
		if !up.Span.Contains(s.Span) || !s.Span.Contains(s.Prose) || s.Prose.Len() < 0 {
			t.Errorf("section %s: span %v, prose %v, parent's span %v", s.ID, s.Span, s.Prose, up.Span)
		}
	}
}
