package runbook

import (
	"bytes"
	"fmt"
)

// Render returns the record: the template with everything in the journal's
// entries written into it. It depends on nothing else, so that resuming,
// rendering again and verifying are one function. Without entries the record
// is the template.
func Render(doc *Document, entries []Entry) ([]byte, error) {
	s, err := Fold(entries)
	if err != nil {
		return nil, err
	}
	return RenderState(doc, s)
}

// RecordFormat numbers the form of records, from 0. A record is verified by making it
// again, so a change to what Project writes is a new format, and the old one
// stays.
const RecordFormat = 0

// RenderState is Render for entries that have been folded already.
func RenderState(doc *Document, s *State) ([]byte, error) {
	if s.Start != nil && s.Start.Format != RecordFormat {
		return nil, fmt.Errorf("the record has format %d, and this version knows %d", s.Start.Format, RecordFormat)
	}
	return Splice(doc.Source, Project(doc, s))
}

// Verify compares a record's bytes with what its template and journal produce.
// The error names the first line that differs.
func Verify(doc *Document, entries []Entry, record []byte) error {
	want, err := Render(doc, entries)
	if err != nil {
		return err
	}
	if bytes.Equal(want, record) {
		return nil
	}
	line := 1
	for i := 0; i < len(want) && i < len(record) && want[i] == record[i]; i++ {
		if want[i] == '\n' {
			line++
		}
	}
	return fmt.Errorf("line %d is not what the template and the journal produce", line)
}

// Project turns a state into edits of the template: ticked boxes, filled
// blanks, an output section below each step that ran, and the appendix.
func Project(doc *Document, s *State) []Edit {
	if s.Start == nil {
		return nil
	}
	var edits []Edit
	for i := range doc.Slots {
		edits = append(edits, projectSlot(doc, &doc.Slots[i], s)...)
	}
	end := len(doc.Source)
	return append(edits, Edit{Span{end, end}, appendix(doc, s)})
}

func projectSlot(doc *Document, slot *Slot, s *State) []Edit {
	switch slot.Kind {
	case StepSlot:
		if st := s.Steps[slot.ID]; st != nil {
			return []Edit{{slot.Mark, outputSection(doc, slot, st)}}
		}
	case ItemSlot:
		f := s.Items[slot.ID]
		switch {
		case f == nil:
		case f.Verdict == Pass && slot.Open():
			return []Edit{{slot.Mark, tick(slot.Mark.Of(doc.Source))}}
		case f.Use == Hand && f.Verdict != Pass && !slot.Open():
			return []Edit{{slot.Mark, untick(slot.Mark.Of(doc.Source))}}
		}
	case ChoiceSlot:
		if c := s.Choices[slot.ID]; c != nil && c.Option >= 0 && c.Option < len(slot.Options) && slot.Open() {
			mark := slot.Options[c.Option].Mark
			return []Edit{{mark, tick(mark.Of(doc.Source))}}
		}
	default:
		if f := s.Fields[slot.ID]; f != nil {
			return []Edit{{slot.Mark, slot.spaced(slot.Mark.Of(doc.Source), escapeValue(f.Value, slot.Zone))}}
		}
	}
	return nil
}

// spaced is a value with the spaces around it that an empty place needs.
func (s *Slot) spaced(mark []byte, value string) string {
	switch {
	case len(bytes.TrimSpace(mark)) > 0:
		return value
	case s.Zone == Table:
		return " " + value + " "
	}
	return " " + value
}

// tick is what a ticked box holds instead of mark.
func tick(mark []byte) string {
	switch string(mark) {
	case "☐", "⬜":
		return "☑" // a ✅ would read as a bullet of the author's
	}
	return "x"
}

// untick is what a box holds whose tick, the template's own, a person took away.
func untick(mark []byte) string {
	if len(mark) > 1 {
		return "☐"
	}
	return " "
}

// markers around what a record adds. Nothing inside the sections can hold an
// HTML comment, so the closing line is always the record's own.
const (
	outputOpen  = "<!-- runbook:output %s -->"
	outputClose = "<!-- /runbook:output -->"
	recordOpen  = "<!-- runbook:record -->"
	recordClose = "<!-- /runbook:record -->"
)
