package runbook

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

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

func trimLine(line []byte) []byte { return bytes.TrimRight(line, " \t\r\n") }

// splitLines splits a text into its lines, line ends included.
func splitLines(text []byte) [][]byte {
	return slices.Collect(bytes.Lines(text))
}
