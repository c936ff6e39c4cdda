package runbook

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// tbd is the whole value of a blank of the second class.
const tbd = "TBD"

// mayOffer is a quick look whether lines can hold a blank of the second class
// that has a label.
func mayOffer(src []byte, lines *text.Segments) bool {
	for i := range lines.Len() {
		seg := lines.At(i)
		line := bytes.TrimRight(src[seg.Start:seg.Stop], " \t\r\n")
		if bytes.HasSuffix(line, []byte(tbd)) || bytes.HasSuffix(line, []byte("**")) || bytes.HasSuffix(line, []byte("**:")) {
			return true
		}
	}
	return false
}

// offers adds the blanks of the second class that stand behind a label and take
// up the rest of its line: "Owner: TBD", and "**Owner:**" with nothing there and
// another label or nothing below. last tells of the last line whether nothing
// is below. Where a line could be a part of something else, it has none.
func (p *passage) offers(last func() bool) {
	if bytes.ContainsAny(p.text, "<`{") || bytes.Contains(p.text, []byte("](")) {
		return
	}
	var all []mark
	next := 0
	for i := range p.lines {
		span := p.lineSpan(i)
		taken := false
		for ; next < len(p.marks) && p.marks[next].line == i; next++ {
			all = append(all, p.marks[next])
			taken = true
		}
		if m, ok := p.offer(span, func() bool { return p.labelBelow(i, last) }); ok && !taken {
			m.line, m.kind, m.second, m.outer = i, offerMark, true, m.span
			all = append(all, m)
		}
	}
	p.marks = all
}

// offer reads one line.
func (p *passage) offer(line Span, empty func() bool) (mark, bool) {
	text := bytes.TrimRight(line.Of(p.text), " \t")
	if before, ok := bytes.CutSuffix(text, []byte(tbd)); ok {
		label := labelled(before)
		at := line.Start + len(before)
		return mark{span: Span{at, at + len(tbd)}, label: label}, label != ""
	}
	label, rest := boldLabel(text)
	if label == "" || len(rest) > 0 || !empty() {
		return mark{}, false
	}
	at := line.Start + len(text)
	return mark{span: Span{at, at}, label: label}, true
}

// labelBelow reports whether what follows a line of the passage is a label or
// nothing.
func (p *passage) labelBelow(line int, last func() bool) bool {
	if line+1 == len(p.lines) {
		return last()
	}
	label, _ := boldLabel(p.lineSpan(line + 1).Of(p.text))
	return label != ""
}

// longestLabel bounds, in bytes, what is taken for a label.
const longestLabel = 64

// labelled returns the label that ends a text: what stands before its colon
// and a space.
func labelled(text []byte) string {
	trimmed := bytes.TrimRight(text, " \t")
	if len(trimmed) == len(text) || bytes.IndexByte(text, '[') >= 0 || len(text) > longestLabel {
		return ""
	}
	if label, rest := boldLabel(trimmed); label != "" && len(rest) == 0 {
		return label
	}
	before, ok := bytes.CutSuffix(trimmed, []byte(":"))
	if !ok || bytes.IndexByte(before, '*') >= 0 {
		return ""
	}
	return trimLabel(plain(before))
}

// boldLabel reads "**Label:**" or "**Label**:" at a text's start: the label and
// what stands behind it.
func boldLabel(text []byte) (label string, rest []byte) {
	inner, ok := bytes.CutPrefix(bytes.TrimLeft(text, " \t"), []byte("**"))
	if !ok {
		return "", nil
	}
	inner, rest, ok = bytes.Cut(inner, []byte("**"))
	bare, colon := bytes.CutSuffix(inner, []byte(":"))
	if !colon {
		rest, colon = bytes.CutPrefix(rest, []byte(":"))
	}
	if !ok || !colon || len(bare) > longestLabel || len(bare) == 0 || bytes.ContainsAny(bare, "*[]|_\\") || isSpace(bare[0]) || isSpace(bare[len(bare)-1]) {
		return "", nil
	}
	return trimLabel(plain(bare)), bytes.TrimLeft(rest, " \t")
}

// endsWith reports whether nothing that could belong to a block's last line
// stands below it: it is the last one, or a heading, a rule or a line with a
// label of its own follows.
func (b *builder) endsWith(n ast.Node) bool {
	switch next := n.NextSibling().(type) {
	case nil, *ast.Heading, atxHeading:
		return true
	case *ast.ThematicBreak:
		at := min(max(next.Pos(), 0), len(b.src))
		return bytes.IndexByte(b.src[lineStart(b.src, at):lineEnd(b.src, at)], '_') < 0 // a blank of its own
	case *ast.Paragraph, *ast.TextBlock:
		lines := next.Lines()
		if lines.Len() == 0 {
			return false
		}
		seg := lines.At(0)
		label, _ := boldLabel(b.view[seg.Start:seg.Stop])
		return label != ""
	}
	return false
}

// hasYour reports whether a text starts with the word "your".
func hasYour(text []byte) bool {
	const word = "your"
	return len(text) > len(word) && strings.EqualFold(string(text[:len(word)]), word) && bytes.IndexByte([]byte(" -_"), text[len(word)]) >= 0
}

// yours reads "[Your Name]" at i: words that say whose value belongs there. It
// is none where a link could be meant.
func (p *passage) yours(i int, refs stateRefs) int {
	end := i + 1
	for end < len(p.text) && end-i <= longestLabel && (isNameByte(p.text[end]) || bytes.IndexByte([]byte(" -'"), p.text[end]) >= 0) {
		end++
	}
	if end == len(p.text) || p.text[end] != ']' || !hasYour(p.text[i+1:end]) || refs[yourRef] ||
		i > 0 && bytes.IndexByte([]byte("]![\\"), p.text[i-1]) >= 0 ||
		end+1 < len(p.text) && bytes.IndexByte([]byte("([]:"), p.text[end+1]) >= 0 ||
		p.wordBefore(i) || p.wordAfter(end+1) {
		return i + 1
	}
	span := Span{i, end + 1}
	p.add(mark{kind: holderMark, span: span, outer: span, second: true})
	return span.End
}

// offerIn adds the blank of the second class that a cell of a table's row is:
// one that is TBD, and, in a table for signatures, an empty one for a name, a
// signature or a date, in a row that says whose.
func (b *builder) offerIn(cell Span, i int, row string, columns []string) bool {
	label := columns[i]
	if i > 0 && row != tbd {
		label = joinLabels(row, label)
	}
	switch text := cell.Of(b.view); {
	case string(text) == tbd && label != "":
		b.offerCell(cell, label)
	case len(text) == 0 && i > 0 && row != "" && isSignColumn(columns[i]) && signsBelow(columns):
		b.offerCell(b.wholeCell(cell), label)
	default:
		return false
	}
	return true
}

func (b *builder) offerCell(mark Span, label string) {
	b.add(Slot{Kind: PlaceholderSlot, Second: true, Zone: Table, Label: label, Line: b.line(mark.Start), Mark: mark}, -1, false)
}

// wholeCell returns an empty cell with its spaces.
func (b *builder) wholeCell(cell Span) Span {
	for cell.Start > 0 && (b.view[cell.Start-1] == ' ' || b.view[cell.Start-1] == '\t') {
		cell.Start--
	}
	for cell.End < len(b.view) && (b.view[cell.End] == ' ' || b.view[cell.End] == '\t') {
		cell.End++
	}
	return cell
}

// signsBelow reports whether a table's header asks for signatures.
func signsBelow(columns []string) bool {
	for _, column := range columns {
		if ws := words(column); isSignOff(ws) || len(ws) == 1 && ws[0] == "signed" {
			return true
		}
	}
	return false
}

// isSignColumn reports whether a column is for what a person who signs writes.
func isSignColumn(column string) bool {
	ws := words(column)
	return isSignOff(ws) || containsAny(ws, []string{"name", "signed", "date", "time", "initials"})
}
