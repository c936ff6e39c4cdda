package runbook

import "bytes"

// A place is where a passage stands and what it could be.
type place struct {
	zone Zone
	context
	heading bool
	form    bool   // a line of a form: a box may start it after a list marker
	label   string // names what has no text of its own: a table's row and column
	owner   int    // the item of a table's row, -1 if there is none
}

// passageSlots turns the marks of a passage into slots, line by line.
func (b *builder) passageSlots(p *passage, at place) {
	owner := at.owner
	for i := 0; i < len(p.marks); {
		end := i + 1
		for end < len(p.marks) && p.marks[end].line == p.marks[i].line {
			end++
		}
		owner = b.lineSlots(p, i, end, owner, at)
		i = end
	}
}

// lineSlots makes slots of the marks [i, end), which stand on one line. It
// returns the item that owns the blanks of the lines below, or -1.
func (b *builder) lineSlots(p *passage, i, end, owner int, at place) int {
	marks := p.marks[i:end]
	starts := p.startsItem(marks[0], at)
	boxes := boxesOf(marks, starts)
	below := owner
	switch {
	case len(boxes) > 1:
		if choice := b.choice(p, marks, boxes, at); choice >= 0 {
			owner = choice
		}
	case len(boxes) == 1 && starts:
		loose := p.isLoose(marks[0])
		owner = b.item(p, i, loose, at)
		if !loose {
			below = owner
		}
	case len(boxes) == 1:
		b.problem(Note, "stray-box", b.line(p.source(boxes[0].outer).Start),
			"a single box that starts no list item is not taken as a check item", `write it as "- [ ] text"`)
	}
	b.fields(p, marks, owner, at)
	return below
}

// boxesOf returns the boxes among a line's marks. States other than open and
// ticked, and "[]", count only where an item starts.
func boxesOf(marks []mark, starts bool) []mark {
	var boxes []mark
	for i, m := range marks {
		if m.kind == boxMark && (starts && i == 0 || m.span.Len() > 0 && bytes.IndexByte([]byte(" xXv"), m.state) >= 0 && !m.bracketed('v')) {
			boxes = append(boxes, m)
		}
	}
	return boxes
}

// bracketed reports whether the box is "[c]" with the state.
func (m mark) bracketed(state byte) bool { return m.state == state && m.outer != m.span }

// startsItem reports whether a mark is the box of a check item: at the start
// of a list item, a heading or a form's line, or of a "-[ ]" line, with text
// after a space.
func (p *passage) startsItem(m mark, at place) bool {
	if m.kind != boxMark {
		return false
	}
	line := p.lineSpan(m.line)
	rest := p.text[m.outer.End:line.End]
	if len(rest) == 0 || rest[0] != ' ' && rest[0] != '\t' || len(bytes.TrimSpace(rest)) == 0 {
		return false
	}
	switch {
	case p.isLoose(m):
		return at.zone == Prose && !at.heading
	case at.form:
		return len(bytes.Trim(p.text[line.Start:m.outer.Start], " \t-*+")) == 0
	}
	return (at.first || at.heading) && m.line == 0 && m.outer.Start == line.Start
}

// isLoose reports whether the box follows a list marker without a space.
func (p *passage) isLoose(m mark) bool {
	start := p.lines[m.line].at
	for start < len(p.text) && (p.text[start] == ' ' || p.text[start] == '\t') {
		start++
	}
	return m.outer.Start == start+1 && m.outer != m.span && bytes.IndexByte([]byte("-*+"), p.text[start]) >= 0
}
