package runbook

import (
	"fmt"
	"strings"
)

// A Tally counts a document's slots by where they stand.
type Tally struct {
	Items  ItemTally
	Fields FieldTally
}

// An ItemTally counts check items. Each item is counted once, and Total is the
// sum of all others.
type ItemTally struct {
	Total         int `json:"total"`
	Passed        int `json:"passed"` // by a finding or a person of this run
	Ticked        int `json:"ticked"` // in the template already
	Failed        int `json:"failed"`
	NotApplicable int `json:"not_applicable"`
	Open          int `json:"open"`
	Deferred      int `json:"deferred"`    // due after the run, and not settled
	Criteria      int `json:"criteria"`    // whose tick would be bad news
	Contingency   int `json:"contingency"` // in force only once declared
}

// Due is the number of items that a complete record has settled: all but
// criteria and those of contingencies.
func (t ItemTally) Due() int { return t.Total - t.Criteria - t.Contingency }

// String tells the tally in a line, without what is zero.
func (t ItemTally) String() string {
	count := func(parts []string, n int, what string) []string {
		if n == 0 {
			return parts
		}
		return append(parts, fmt.Sprintf("%d %s", n, what))
	}
	var due, rest []string
	due = count(due, t.Passed, "passed")
	due = count(due, t.Ticked, "ticked in the template")
	due = count(due, t.Failed, "failed")
	due = count(due, t.NotApplicable, "n/a")
	due = count(due, t.Open, "open")
	due = count(due, t.Deferred, "deferred")
	rest = count(rest, t.Criteria, "criteria")
	rest = count(rest, t.Contingency, "of contingencies")
	text := fmt.Sprintf("%d", t.Due())
	if len(due) > 0 {
		text += ": " + strings.Join(due, ", ")
	}
	if len(rest) > 0 {
		text += "; besides, " + strings.Join(rest, " and ")
	}
	return text
}

// A FieldTally counts blanks.
type FieldTally struct {
	Total  int `json:"total"`
	Filled int `json:"filled"`
	Open   int `json:"open"`
}

// Count tallies the document's items and fields in a state.
func Count(doc *Document, s *State) Tally {
	var t Tally
	for i := range doc.Slots {
		slot := &doc.Slots[i]
		switch slot.Kind {
		case ItemSlot:
			t.Items.Total++
			*t.Items.counter(doc, slot, s)++
		case FieldSlot:
			t.Fields.Total++
			if s.Fields[slot.ID] != nil {
				t.Fields.Filled++
			} else {
				t.Fields.Open++
			}
		}
	}
	return t
}

func (t *ItemTally) counter(doc *Document, slot *Slot, s *State) *int {
	f := s.Items[slot.ID]
	switch {
	case slot.Item == Criterion:
		return &t.Criteria
	case f == nil && !s.inForce(&doc.Sections[slot.Section]):
		return &t.Contingency
	case f != nil && f.Verdict == Pass:
		return &t.Passed
	case f == nil && slot.State == '-':
		return &t.NotApplicable
	case f == nil && !slot.Open() && slot.State != '~':
		return &t.Ticked
	case f != nil && f.Verdict == Fail:
		return &t.Failed
	case f != nil && f.Verdict == NotApplicable:
		return &t.NotApplicable
	case f != nil && f.Verdict == DeferredItem, slot.Item == Deferred:
		return &t.Deferred
	}
	return &t.Open
}
