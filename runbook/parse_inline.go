package runbook

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/text"
)

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

// scan finds the marks. It walks the text once, steps over what Markdown reads
// as code, HTML and links' targets, and leaves out URLs and shortcodes.
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
			i = p.address(i)
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
	p.dropUnsafe()
}

// dropUnsafe drops the blanks and placeholders whose value could change what
// stands beside it.
func (p *passage) dropUnsafe() {
	unsafe := make([]bool, len(p.marks))
	found := false
	for i, m := range p.marks {
		if m.kind != boxMark {
			unsafe[i] = p.touchesBox(i) || p.keepsFence(m) || p.opensTag(m)
			found = found || unsafe[i]
		}
	}
	if !found {
		return
	}
	kept := make([]mark, 0, len(p.marks))
	for i, m := range p.marks {
		if !unsafe[i] {
			kept = append(kept, m)
		}
	}
	p.marks = kept
}

// touchesBox reports whether a box stands right beside the mark: with a value
// it would be part of a word.
func (p *passage) touchesBox(i int) bool {
	m := p.marks[i]
	return i > 0 && p.marks[i-1].kind == boxMark && p.marks[i-1].outer.End == m.outer.Start ||
		i+1 < len(p.marks) && p.marks[i+1].kind == boxMark && p.marks[i+1].outer.Start == m.outer.End
}

// opensTag reports whether a word in the mark's place would make a tag or an
// entity with what stands before it.
func (p *passage) opensTag(m mark) bool {
	before := p.text[:m.span.Start]
	return bytes.HasSuffix(before, []byte("<")) || bytes.HasSuffix(before, []byte("</")) || bytes.HasSuffix(before, []byte("&"))
}

// keepsFence reports whether the mark is a code span whose backticks keep its
// line from opening a fence.
func (p *passage) keepsFence(m mark) bool {
	return p.text[m.span.Start] == '`' && bytes.HasPrefix(bytes.TrimLeft(p.text[p.lines[m.line].at:], " \t"), []byte("```"))
}

// add appends a mark, unless it stands where none counts.
func (p *passage) add(m mark) {
	if m.outer.Start >= p.quiet {
		p.marks = append(p.marks, m)
	}
}

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
	close := closingTicks(p.text, i, n)
	inner, outer := Span{i, close}, Span{start, close + n}
	p.codes = append(p.codes, inner)
	if inner.Len() >= 3 && len(bytes.Trim(inner.Of(p.text), "_")) == 0 {
		p.add(mark{kind: blankMark, span: outer, outer: outer})
	}
	return outer.End
}

// closingTicks returns where the next run of exactly n backticks starts, which
// there must be.
func closingTicks(text []byte, at, n int) int {
	for {
		at += bytes.IndexByte(text[at:], '`')
		end := at
		for end < len(text) && text[end] == '`' {
			end++
		}
		if end-at == n {
			return at
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

// angle steps over a comment, tag or autolink; what names no element
// ("<ACCOUNT_ID>", "<host name>") is a placeholder.
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
	if p.holder(span, inner) {
		p.add(mark{kind: holderMark, span: span, outer: span})
		return span.End
	}
	switch {
	case bytes.IndexByte(inner, '<') >= 0:
		p.inTag = true
		return i + 1
	case bytes.IndexByte(inner, '`') >= 0:
		return len(p.text) // whether this is a tag decides what all that follows is
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

// target steps over what follows "]": a link's target in parentheses.
func (p *passage) target(i int) int {
	if i+1 >= len(p.text) || p.text[i+1] != '(' {
		return i + 1
	}
	if p.parens == nil {
		p.parens = matchParens(p.text[i:], i)
	}
	end, ok := p.parens[i+1]
	if !ok {
		return len(p.text)
	}
	if target := p.text[i+2 : end]; bytes.IndexByte(target, '`') >= 0 || bytes.LastIndexByte(target, '<') > 0 {
		return len(p.text) // whether this is a link decides what all that follows is
	}
	return end
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

// address makes the rest of a bare URL quiet. Markdown reads markup in it.
func (p *passage) address(i int) int {
	if i < p.quiet || !bytes.HasPrefix(p.text[i:], []byte("://")) || i == 0 || !isLetter(p.text[i-1]) {
		return i + 1
	}
	p.endURL(i)
	return i + 1
}

// endURL makes quiet what is left of a bare URL from i on. It goes on behind
// a placeholder that stands in it.
func (p *passage) endURL(i int) {
	for i < len(p.text) && !isSpace(p.text[i]) && p.text[i] != '<' {
		i++
	}
	p.quiet, p.url = i, i
}

// shortcode makes "{{ … }}" and "{% … %}" within a line quiet.
func (p *passage) shortcode(i int) int {
	if i+1 >= len(p.text) || p.text[i+1] != '{' && p.text[i+1] != '%' {
		return i + 1
	}
	if i < p.noCode || i < p.quiet {
		return i + 2
	}
	line := p.text[i:p.endOfLine(i)]
	for _, close := range []string{"}}", "%}"} {
		if end := bytes.Index(line, []byte(close)); end >= 0 {
			p.quiet = i + end + 2
			return i + 2
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
