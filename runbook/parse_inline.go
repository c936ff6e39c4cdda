package runbook

import (
	"bytes"
	"sort"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/text"
)

// A passage is the text of one leaf block, its lines joined without their
// container's prefixes, and what was found in it.
type passage struct {
	text  []byte
	lines []passageLine
	marks []mark
	codes []Span // contents of code spans, within text

	ticks  map[int]int // length of a backtick run to the last offset where one starts
	parens map[int]int // offset of a "(" after "]" to the offset after its ")"
	gt     int         // the offset of the first ">" after the last "<" looked at
	noTag  bool        // no ">" stands ahead
	noNote bool        // no "-->" stands ahead
	noCode int         // the last offset to which no "}}" or "%}" stands
}

// A passageLine says where a line of a passage starts, in its text and in the source.
type passageLine struct{ at, src int }

type markKind uint8

const (
	boxMark markKind = iota
	blankMark
	holderMark
)

// A mark is something in a passage that a run may complete.
type mark struct {
	kind  markKind
	span  Span // what is rewritten, within the text
	outer Span // with the brackets of a box
	state byte
	line  int // index of its line in the passage
}

// load fills the passage with the lines of a block.
func (p *passage) load(src []byte, lines *text.Segments) {
	p.reset()
	if lines.Len() == 1 {
		seg := lines.At(0)
		p.lines = append(p.lines, passageLine{0, seg.Start})
		p.text = src[seg.Start:seg.Stop:seg.Stop]
		return
	}
	joined := make([]byte, 0, lines.At(lines.Len()-1).Stop-lines.At(0).Start)
	for i := range lines.Len() {
		seg := lines.At(i)
		p.lines = append(p.lines, passageLine{len(joined), seg.Start})
		joined = append(joined, src[seg.Start:seg.Stop]...)
	}
	p.text = joined
}

// loadSpan fills the passage with one range of the source.
func (p *passage) loadSpan(src []byte, s Span) {
	p.reset()
	p.lines = append(p.lines, passageLine{0, s.Start})
	p.text = src[s.Start:s.End:s.End]
}

func (p *passage) reset() {
	*p = passage{lines: p.lines[:0], marks: p.marks[:0], codes: p.codes[:0]}
}

// source maps a span within one line of the text to the source.
func (p *passage) source(s Span) Span {
	l := p.lines[p.lineOf(s.Start)]
	return Span{s.Start - l.at + l.src, s.End - l.at + l.src}
}

func (p *passage) lineOf(at int) int {
	return sort.Search(len(p.lines), func(i int) bool { return p.lines[i].at > at }) - 1
}

// lineSpan returns the range of a line of the passage, its ending left out.
func (p *passage) lineSpan(line int) Span {
	end := len(p.text)
	if line+1 < len(p.lines) {
		end = p.lines[line+1].at
	}
	start := p.lines[line].at
	for end > start && (p.text[end-1] == '\n' || p.text[end-1] == '\r') {
		end--
	}
	return Span{start, end}
}

// mayHold is a quick look whether scanning the lines can find anything.
func mayHold(src []byte, lines *text.Segments) bool {
	for i := range lines.Len() {
		seg := lines.At(i)
		if mayMark(src[seg.Start:seg.Stop]) {
			return true
		}
	}
	return false
}

func mayMark(line []byte) bool {
	return bytes.IndexByte(line, '_') >= 0 || bytes.IndexByte(line, '[') >= 0 || bytes.IndexByte(line, '<') >= 0 ||
		bytes.IndexByte(line, 0xE2) >= 0
}

// scan finds the marks. It walks the text once and steps over what Markdown
// reads as code, HTML, links' targets, URLs and shortcodes.
func (p *passage) scan(refs stateRefs) {
	for i := 0; i < len(p.text); {
		switch c := p.text[i]; c {
		case '\\':
			i = p.escaped(i)
		case '`':
			i = p.code(i)
		case '<':
			i = p.angle(i)
		case '[':
			i = p.box(i, refs)
		case ']':
			i = p.target(i)
		case '_', '*':
			i = p.blank(i)
		case ':':
			i = p.url(i)
		case '{':
			i = p.shortcode(i)
		case 'A':
			i = p.account(i)
		case 0xE2:
			i = p.symbol(i)
		default:
			i++
		}
	}
	line := 0
	for i := range p.marks {
		for line+1 < len(p.lines) && p.lines[line+1].at <= p.marks[i].outer.Start {
			line++
		}
		p.marks[i].line = line
	}
}

func (p *passage) add(m mark) { p.marks = append(p.marks, m) }

// code steps over a code span, or over the backticks of none. A code span of
// nothing but underscores is itself a blank.
func (p *passage) code(i int) int {
	start := i
	for i < len(p.text) && p.text[i] == '`' {
		i++
	}
	n := i - start
	if p.ticks == nil {
		p.ticks = tickRuns(p.text[start:], start)
	}
	if last, ok := p.ticks[n]; !ok || last <= start {
		return i
	}
	for at := i; ; {
		at += bytes.IndexByte(p.text[at:], '`')
		end := at
		for end < len(p.text) && p.text[end] == '`' {
			end++
		}
		if end-at == n {
			inner := Span{i, at}
			p.codes = append(p.codes, inner)
			if inner.Len() >= 3 && len(bytes.Trim(inner.Of(p.text), "_")) == 0 {
				p.add(mark{kind: blankMark, span: Span{start, end}, outer: Span{start, end}})
			}
			return end
		}
		at = end
	}
}

// tickRuns maps each length of a backtick run to where the last one starts.
func tickRuns(text []byte, base int) map[int]int {
	runs := map[int]int{}
	for i := 0; i < len(text); {
		next := bytes.IndexByte(text[i:], '`')
		if next < 0 {
			break
		}
		i += next
		start := i
		for i < len(text) && text[i] == '`' {
			i++
		}
		runs[i-start] = base + start
	}
	return runs
}

// angle steps over a comment, tag or autolink; what looks like one but is none
// in Markdown ("<ACCOUNT_ID>") is a placeholder.
func (p *passage) angle(i int) int {
	rest := p.text[i+1:]
	if bytes.HasPrefix(rest, []byte("!--")) && !p.noNote {
		if end := bytes.Index(rest, []byte("-->")); end >= 0 {
			return i + 1 + end + 3
		}
		p.noNote = true
	}
	if len(rest) == 0 || p.noTag || !isLetter(rest[0]) && rest[0] != '/' && rest[0] != '!' && rest[0] != '?' {
		return i + 1
	}
	end := p.tagEnd(i+1) - i - 1
	if end < 0 {
		p.noTag = true
		return i + 1
	}
	inner := rest[:end]
	span := Span{i, i + end + 2}
	if isHolder(inner) && (i == 0 || p.text[i-1] != '<') && (span.End >= len(p.text) || p.text[span.End] != '>') {
		p.add(mark{kind: holderMark, span: span, outer: span})
		return span.End
	}
	if next := bytes.IndexByte(inner, '<'); next >= 0 {
		return i + 1 + next
	}
	return span.End
}

// tagEnd returns the offset of the first ">" from i on, or -1; it remembers it,
// since many "<" may share one.
func (p *passage) tagEnd(i int) int {
	if p.gt < i {
		n := bytes.IndexByte(p.text[i:], '>')
		if n < 0 {
			return -1
		}
		p.gt = i + n
	}
	return p.gt
}

// isHolder reports whether the text between angle brackets names something to
// fill in and is no tag for Markdown: an underscore must be in its first word.
func isHolder(inner []byte) bool {
	if len(inner) > 64 || inner[0] == '/' {
		return false
	}
	under := false
	for i, c := range inner {
		switch {
		case c == '_':
			under = i > 0
		case isWordByte(c) || c == '-' && i > 0:
		case c == ' ' && under:
		default:
			return false
		}
	}
	return under && inner[len(inner)-1] != ' '
}

// target steps over what follows "]": a link's target in parentheses.
func (p *passage) target(i int) int {
	if i+1 >= len(p.text) || p.text[i+1] != '(' {
		return i + 1
	}
	if p.parens == nil {
		p.parens = matchParens(p.text[i:], i)
	}
	if end, ok := p.parens[i+1]; ok {
		return end
	}
	return p.endOfLine(i)
}

// matchParens maps the "(" that follow a "]" to the offset after their ")".
func matchParens(text []byte, base int) map[int]int {
	ends := map[int]int{}
	var open []int
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '(':
			open = append(open, i)
		case ')':
			if len(open) == 0 {
				continue
			}
			start := open[len(open)-1]
			open = open[:len(open)-1]
			if start > 0 && text[start-1] == ']' {
				ends[base+start] = base + i + 1
			}
		}
	}
	return ends
}

func (p *passage) endOfLine(i int) int {
	if n := bytes.IndexByte(p.text[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(p.text)
}

// url steps over the rest of a bare URL or path after "://".
func (p *passage) url(i int) int {
	if !bytes.HasPrefix(p.text[i:], []byte("://")) || i == 0 || !isLetter(p.text[i-1]) {
		return i + 1
	}
	for i < len(p.text) && !isSpace(p.text[i]) && p.text[i] != '<' {
		i++
	}
	return i
}

// shortcode steps over "{{ … }}" and "{% … %}" within a line.
func (p *passage) shortcode(i int) int {
	if i+1 >= len(p.text) || p.text[i+1] != '{' && p.text[i+1] != '%' {
		return i + 1
	}
	if i < p.noCode {
		return i + 2
	}
	line := p.text[i:p.endOfLine(i)]
	for _, close := range []string{"}}", "%}"} {
		if end := bytes.Index(line, []byte(close)); end >= 0 {
			return i + end + 2
		}
	}
	p.noCode = i + len(line)
	return i + 2
}

// account finds ACCOUNT_ID as a word of its own, but not a shell's variable.
func (p *passage) account(i int) int {
	const word = "ACCOUNT_ID"
	end := i + len(word)
	if !bytes.HasPrefix(p.text[i:], []byte(word)) || p.wordBefore(i) || p.wordAfter(end) ||
		i > 0 && bytes.IndexByte([]byte("$&<{\\@=-./"), p.text[i-1]) >= 0 {
		return i + 1
	}
	if end < len(p.text) && bytes.IndexByte([]byte("=-}>"), p.text[end]) >= 0 {
		return end
	}
	p.add(mark{kind: holderMark, span: Span{i, end}, outer: Span{i, end}})
	return end
}

// wordBefore reports whether a letter, digit or underscore stands before i.
func (p *passage) wordBefore(i int) bool {
	r, _ := utf8.DecodeLastRune(p.text[:i])
	return isWord(r)
}

// wordAfter reports whether a letter, digit or underscore stands at i.
func (p *passage) wordAfter(i int) bool {
	r, _ := utf8.DecodeRune(p.text[i:])
	return isWord(r)
}

func isWord(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

func isWordByte(c byte) bool { return isLetter(c) || isDigit(c) || c == '_' || c >= 0x80 }
func isLetter(c byte) bool   { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool    { return c >= '0' && c <= '9' }
func isSpace(c byte) bool    { return c == ' ' || c >= '\t' && c <= '\r' }
