package runbook

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

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

// A hunk is a run of changed lines: [from, to) as written against [from, to)
// as they are now. Both count from 0.
type hunk struct{ was, is Span }

var hunkHead = regexp.MustCompile(`^@@ -(\d+),\d+ \+(\d+),\d+ @@`)

// hunks reads a unified diff.
func hunks(unified []byte) []hunk {
	const header = 3
	var all []hunk
	was, is, open, n := 0, 0, false, 0
	for line := range bytes.Lines(unified) {
		if n++; n <= header {
			continue
		}
		switch line[0] {
		case '@':
			m := hunkHead.FindSubmatch(line)
			was, is, open = lineIndex(m[1]), lineIndex(m[2]), false
			continue
		case ' ':
			was, is, open = was+1, is+1, false
			continue
		case '\\': // no newline at the end of the file
			continue
		}
		if !open {
			all, open = append(all, hunk{Span{was, was}, Span{is, is}}), true
		}
		h := &all[len(all)-1]
		if line[0] == '-' {
			was++
			h.was.End = was
		} else {
			is++
			h.is.End = is
		}
	}
	return all
}

// lineIndex turns a diff's line number, which is 0 for an empty text, into an
// index.
func lineIndex(digits []byte) int {
	n, err := strconv.Atoi(string(digits))
	if err != nil || n == 0 {
		return 0
	}
	return n - 1
}

// pair finds, within a hunk, the lines that differ in open places alone: the
// longest sequence of pairs, an unchanged line outweighing a filled one.
func (a *adopter) pair(was [][]byte, h hunk) {
	n, m := h.was.Len(), h.is.Len()
	const most = 1 << 17 // pairs; beyond, lines are only compared one by one
	if n*m > most {
		for i := 0; n == m && i < n; i++ {
			if hands, ok := a.match(was, h.was.Start+i, h.is.Start+i); ok {
				a.take(h.was.Start+i, h.is.Start+i, hands)
			}
		}
		return
	}
	type cell struct {
		best  int
		hands []hand
		match bool
	}
	table := make([]cell, (n+1)*(m+1))
	at := func(i, j int) *cell { return &table[i*(m+1)+j] }
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			c := at(i, j)
			c.best = max(at(i+1, j).best, at(i, j+1).best)
			hands, ok := a.match(was, h.was.Start+i, h.is.Start+j)
			if !ok {
				continue
			}
			weight := 2
			if len(hands) == 0 {
				weight = 3
			}
			if with := at(i+1, j+1).best + weight; with > c.best {
				c.best, c.hands, c.match = with, hands, true
			}
		}
	}
	for i, j := 0, 0; i < n && j < m; {
		switch c := at(i, j); {
		case c.match:
			a.take(h.was.Start+i, h.is.Start+j, c.hands)
			i, j = i+1, j+1
		case at(i+1, j).best >= at(i, j+1).best:
			i++
		default:
			j++
		}
	}
}

// take adopts a line.
func (a *adopter) take(was, is int, hands []hand) {
	a.hands = append(a.hands, hands...)
	a.lines[was] = a.current[is]
}

// match compares a line as written with one as it is now, and returns the
// places in which they differ; ok is false if they differ elsewhere too.
func (a *adopter) match(was [][]byte, i, j int) (hands []hand, ok bool) {
	line, now := was[i], a.current[j]
	if bytes.Equal(trimLine(line), trimLine(now)) {
		return nil, true // editors take white space at the end of lines away
	}
	start := a.offset[i]
	places := a.layout.within(Span{start, start + len(line)})
	if len(places) == 0 {
		return nil, false
	}
	texts := a.read(i, places, line, now)
	ticks := map[*Slot]int{}
	for k, text := range texts {
		p := places[k]
		if p.slot.Kind == ChoiceSlot && boxes[text] == Pass {
			if ticks[p.slot]++; ticks[p.slot] > 1 {
				return nil, false // an outcome is one
			}
		}
		old := string(p.span.Of(a.layout.Text))
		if text == old || !p.box() && p.value(text) == p.value(old) {
			continue
		}
		if !p.takes(text) {
			return nil, false
		}
		hands = append(hands, hand{p, text, j + 1})
	}
	return hands, texts != nil
}

// read returns what stands in the places of a line; nil if the line differs
// between them.
func (a *adopter) read(i int, places []opening, line, now []byte) []string {
	pattern, known := a.patterns[i]
	if !known {
		var expr strings.Builder
		expr.WriteString("(?s)^")
		at := a.offset[i]
		for _, p := range places {
			before := string(a.layout.Text[at:p.span.Start])
			if p.box() {
				expr.WriteString(regexp.QuoteMeta(before) + "(.?)")
			} else { // a value may take the spaces around its blank with it
				expr.WriteString(regexp.QuoteMeta(strings.TrimRight(before, " ")) + "(.*?)")
			}
			at = p.span.End
		}
		expr.WriteString(regexp.QuoteMeta(string(trimLine(a.layout.Text[at:a.offset[i]+len(line)]))) + "$")
		pattern, _ = regexp.Compile(expr.String()) // nil for a line that is too long, or no UTF-8
		a.patterns[i] = pattern
	}
	if pattern == nil {
		return nil
	}
	m := pattern.FindSubmatch(trimLine(now))
	if m == nil {
		return nil
	}
	texts := make([]string, 0, len(places))
	for _, text := range m[1:] {
		texts = append(texts, string(text))
	}
	return texts
}

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

func trimLine(line []byte) []byte { return bytes.TrimRight(line, " \t\r\n") }

// splitLines splits a text into its lines, line ends included.
func splitLines(text []byte) [][]byte {
	return slices.Collect(bytes.Lines(text))
}
