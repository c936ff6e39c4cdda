package runbook

import (
	"bytes"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// document walks the tree: sections, then the slots in them.
func (b *builder) document(root ast.Node) {
	title, headings := titleOf(root)
	b.doc.Sections = make([]Section, 0, headings+1)
	b.sectionIDs = make(idSet, headings)
	b.facts = slices.Grow(b.facts, headings)
	b.doc.Slots = make([]Slot, 0, b.expectedSlots())
	b.slots = make([]slotFacts, 0, cap(b.doc.Slots))
	b.doc.Sections = append(b.doc.Sections, Section{Line: 1, Span: Span{0, len(b.src)}, Prose: Span{b.start, len(b.src)}})
	b.stack = append(b.stack, 0)
	for n := root.FirstChild(); n != nil; n = n.NextSibling() {
		if n == title {
			b.title(n)
			continue
		}
		b.block(n, context{})
	}
	b.closeSections(0, len(b.src))
	b.endPending(len(b.src))
}

// expectedSlots guesses how many slots there will be, so that they are not
// copied again and again as their slice grows; one in 32 bytes is the most it
// believes.
func (b *builder) expectedSlots() int {
	most := len(b.src)/32 + 1
	n := len(b.fences)
	for rest := b.view; n < most; n++ {
		i := bytes.Index(rest, []byte("[ ] "))
		if i < 0 {
			break
		}
		rest = rest[i+4:]
	}
	return min(n, most)
}

// titleOf returns the first heading when it is the only one of level 1, and
// the number of headings.
func titleOf(root ast.Node) (title ast.Node, headings int) {
	ones := 0
	for n := root.FirstChild(); n != nil; n = n.NextSibling() {
		h := headingOf(n)
		if h == nil {
			continue
		}
		if h.Level == 1 {
			ones++
			if headings == 0 {
				title = n
			}
		}
		headings++
	}
	if ones != 1 {
		title = nil
	}
	return title, headings
}

// title records the document's title; it opens no section, but may hold slots.
func (b *builder) title(n ast.Node) {
	start, end := b.headingSpan(n)
	root := &b.doc.Sections[0]
	root.Title = b.headingText(n)
	root.Line = b.line(start)
	root.Prose.Start = end
	b.doc.Title = root.Title
	b.leaf(n, n.Lines(), context{}, true)
}

// heading opens a section. Within a list item or a quote, sections end with
// their container.
func (b *builder) heading(h *ast.Heading, c context) {
	start, end := b.headingSpan(h)
	for len(b.stack) > b.base+1 && b.doc.Sections[b.stack[len(b.stack)-1]].Level >= h.Level {
		b.closeSections(len(b.stack)-1, start)
	}
	parent := b.stack[len(b.stack)-1]
	if up := &b.doc.Sections[parent]; up.Prose.End > start {
		up.Prose.End = start
	}
	s := Section{
		Title: b.headingText(h), Level: h.Level, Line: b.line(start), Parent: parent,
		Span: Span{start, len(b.src)}, Prose: Span{end, len(b.src)},
		Due: b.doc.Sections[parent].Due, Contingency: b.doc.Sections[parent].Contingency,
	}
	if due := dueText(s.Title); due != "" {
		s.Due = due
	}
	up := b.doc.Sections[parent].ID
	s.ID = b.sectionIDs.unique(join(up, slugOr(s.Title, "section")))
	ws := words(s.Title)
	if s.Contingency == "" && isContingency(ws) {
		s.Contingency = s.ID
	}
	b.stack = append(b.stack, len(b.doc.Sections))
	b.doc.Sections = append(b.doc.Sections, s)
	b.facts = append(b.facts, sectionFacts{
		signOff:   b.facts[parent].signOff || isSignOff(ws),
		criterion: b.facts[parent].criterion || isCriterion(ws),
	})
	b.leaf(h, h.Lines(), c, true)
}

// sectionFacts is what a section's headings say about the items below them.
type sectionFacts struct{ signOff, criterion bool }

// closeSections ends the open sections from depth on at the given offset.
func (b *builder) closeSections(depth, at int) {
	for _, i := range b.stack[depth:] {
		s := &b.doc.Sections[i]
		s.Span.End = at
		s.Prose.End = min(s.Prose.End, at)
		s.Prose.Start = min(s.Prose.Start, s.Prose.End)
	}
	b.stack = b.stack[:depth]
}

// container walks the blocks of a list item or quote; the sections that open
// in it end where the next block starts.
func (b *builder) container(n ast.Node, c context) {
	base := b.base
	b.base = len(b.stack) - 1
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		b.block(child, c)
		c.first = false
	}
	b.pending = append(b.pending, b.stack[b.base+1:]...)
	b.stack = b.stack[:b.base+1]
	b.base = base
}

// endPending ends the sections whose container was left.
func (b *builder) endPending(at int) {
	for _, i := range b.pending {
		s := &b.doc.Sections[i]
		s.Span.End = at
		s.Prose.End = min(s.Prose.End, at)
		s.Prose.Start = min(s.Prose.Start, s.Prose.End)
	}
	b.pending = b.pending[:0]
}

// headingSpan returns where a heading's first line starts and its last ends.
func (b *builder) headingSpan(n ast.Node) (start, end int) {
	lines := n.Lines()
	first, last := min(max(n.Pos(), 0), len(b.src)), 0
	if lines.Len() > 0 {
		first, last = lines.At(0).Start, lines.At(lines.Len()-1).Start
	}
	start = lineStart(b.src, first)
	end = lineEnd(b.src, max(first, last))
	if lines.Len() > 0 && bytes.IndexByte(b.src[start:first], '#') < 0 {
		end = lineEnd(b.src, end) // the line of = or - below it
	}
	return start, end
}

// headingText returns a heading's text without markup, boxes and blanks, so
// that filling them leaves the section's ID alone where that is possible.
func (b *builder) headingText(n ast.Node) string {
	if n.Lines().Len() == 0 {
		return ""
	}
	p := &b.passage
	p.load(b.view, n.Lines())
	if !mayMark(p.text) {
		return plain(p.text)
	}
	p.scan(b.refs)
	return plain(p.without(Span{0, len(p.text)}))
}

// dueText returns the words of a heading or lead that put what is below it
// after the run: "Within 24 Hours", at the start or after punctuation.
func dueText(title string) string {
	lower := strings.ToLower(title)
	if len(lower) != len(title) {
		return ""
	}
	for at := 0; ; at++ {
		i := strings.Index(lower[at:], "within ")
		if i < 0 {
			return ""
		}
		at += i
		before := strings.TrimRight(title[:at], " ")
		if before != "" && isWord(rune(before[len(before)-1])) && before[len(before)-1] < 0x80 {
			continue
		}
		end := at + len("within ")
		rest := strings.Fields(lower[end:])
		if len(rest) > 0 && (rest[0] == "the" || rest[0] == "first") {
			rest = rest[1:]
		}
		if len(rest) >= 2 && isAmount(rest[0]) && isTimeUnit(rest[1]) {
			stop := strings.Index(lower[end:], rest[1]) + end + len(strings.TrimRight(rest[1], ").,:;*"))
			return title[at:stop]
		}
	}
}

func isAmount(word string) bool {
	return word[0] >= '0' && word[0] <= '9' ||
		slices.Contains([]string{"a", "an", "one", "two", "three", "four", "five", "six", "seven", "next", "first"}, word)
}

func isTimeUnit(word string) bool {
	switch strings.TrimRight(strings.TrimRight(word, ").,:;*"), "s") {
	case "hour", "hr", "day", "week", "month", "business", "working":
		return true
	}
	return false
}

// isContingency reports whether the words of a heading name a part that is in
// force only once declared.
func isContingency(ws []string) bool {
	conditional := false
	for i, w := range ws {
		next := ""
		if i+1 < len(ws) {
			next = ws[i+1]
		}
		switch w {
		case "rollback", "rollbacks", "backout", "abort", "disaster", "troubleshooting":
			return true
		case "roll", "back":
			if w == "roll" && next == "back" || w == "back" && next == "out" {
				return true
			}
		case "if":
			conditional = true
		case "fail", "fails", "failed":
			if conditional {
				return true
			}
		}
	}
	return false
}

// isCriterion reports whether the words of a heading or lead make ticks bad
// news: "Rollback if", "Abort if", "Stop when".
func isCriterion(ws []string) bool {
	for i := 0; i+1 < len(ws) && i < 6; i++ {
		if ws[i+1] != "if" && ws[i+1] != "when" {
			continue
		}
		switch ws[i] {
		case "rollback", "abort", "stop", "backout", "halt", "cancel":
			return true
		case "back":
			return i > 0 && ws[i-1] == "roll"
		case "out":
			return i > 0 && ws[i-1] == "back"
		case "proceed", "continue":
			return i > 0 && (ws[i-1] == "not" || ws[i-1] == "t")
		}
	}
	return false
}

// isSignOff reports whether words are about people putting their names to
// something.
func isSignOff(ws []string) bool {
	for i, w := range ws {
		switch w {
		case "signoff", "signoffs", "signature", "signatures", "approval", "approvals", "approver", "signatory":
			return true
		case "sign", "signed", "approved", "reviewed":
			if i+1 < len(ws) && (ws[i+1] == "off" || ws[i+1] == "by") {
				return true
			}
		}
	}
	return false
}

func slugOr(label, other string) string {
	if s := slug(label); s != "" {
		return s
	}
	return other
}

func join(up ID, s string) ID {
	if up == "" {
		return ID(s)
	}
	return up + "/" + ID(s)
}

// lastLine returns the text of a block's last line.
func (b *builder) lastLine(n ast.Node) []byte {
	if n == nil || n.Kind() != ast.KindParagraph && n.Kind() != ast.KindTextBlock || n.Lines().Len() == 0 {
		return nil
	}
	seg := n.Lines().At(n.Lines().Len() - 1)
	return bytes.TrimSpace(b.view[seg.Start:seg.Stop])
}
