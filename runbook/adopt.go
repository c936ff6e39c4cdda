package runbook

import (
	"bytes"
	"fmt"
	"regexp"

	"github.com/rogpeppe/go-internal/diff"
)

// Hand is the name, where events name a source or a check, of a person who
// wrote into the record itself.
const Hand = "hand"

// A Writer is who wrote a line of a record by hand, as far as is known.
type Writer struct {
	Name   string
	Commit string // that brought the line; empty if it is not committed
}

// A DriftError says that a record was changed where only the template and the
// run write: in the text, below a step, in the appendix.
type DriftError struct {
	Diff           string // unified: what was written, what stands there now
	Line           int    // the first changed one, in the file as it is now
	Added, Removed int    // lines
}

func (e *DriftError) Error() string {
	return fmt.Sprintf("line %d was edited outside the places that a checklist leaves open (%d lines added, %d removed)", e.Line, e.Added, e.Removed)
}

// Adopt turns what people wrote by hand into a record's open places into the
// facts that they state, as events of the persons that by names for the lines
// of current. A changed place elsewhere is drift: a *DriftError, which comes
// with the events of what can be adopted.
func Adopt(doc *Document, entries []Entry, current []byte, by func(line int) Writer) ([]Event, error) {
	s, err := Fold(entries)
	if err != nil {
		return nil, err
	}
	l, err := LayOut(doc, s)
	if err != nil {
		return nil, err
	}
	return l.Adopt(s, current, by)
}

// Adopt is the function of that name for a record that was written as l, in a
// run that has come to s since.
func (l *Layout) Adopt(s *State, current []byte, by func(line int) Writer) ([]Event, error) {
	if bytes.Equal(l.Text, current) {
		return nil, nil
	}
	was := splitLines(l.Text)
	a := &adopter{
		layout: l, state: s, by: by, current: splitLines(current), offset: make([]int, len(was)),
		lines: map[int][]byte{}, patterns: map[int]*regexp.Regexp{}, fields: map[ID]string{},
	}
	for i := 1; i < len(was); i++ {
		a.offset[i] = a.offset[i-1] + len(was[i-1])
	}
	for _, h := range hunks(diff.Diff("was", l.Text, "is", current)) {
		a.pair(was, h)
	}
	return a.events(), a.drift(was, current)
}

// An adopter collects what stands in a record by hand.
type adopter struct {
	layout  *Layout
	state   *State
	by      func(line int) Writer
	offset  []int    // of each line as written
	current [][]byte // the lines as they are now
	hands   []hand
	// By index of a line as written.
	lines    map[int][]byte // what replaces it, adopted
	patterns map[int]*regexp.Regexp
	fields   map[ID]string // values, by hand
}

// A hand is one place whose text a person changed.
type hand struct {
	opening
	text string
	line int // in current, from 1
}

// drift compares what was written, with the adopted lines in it, with what is
// there.
func (a *adopter) drift(was [][]byte, current []byte) error {
	var adopted bytes.Buffer
	for i, line := range was {
		if now, ok := a.lines[i]; ok {
			line = now
		}
		adopted.Write(line)
	}
	unified := diff.Diff("as written", adopted.Bytes(), "as it is", current)
	if unified == nil {
		return nil
	}
	e := &DriftError{Line: 1}
	for i, h := range hunks(unified) {
		if i == 0 {
			e.Line = h.is.Start + 1
		}
		e.Removed += h.was.Len()
		e.Added += h.is.Len()
	}
	_, text, _ := bytes.Cut(unified, []byte("\n"))
	e.Diff = string(text)
	return e
}
