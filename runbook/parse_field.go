package runbook

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// fields adds the blanks and placeholders among a line's marks.
func (b *builder) fields(p *passage, marks []mark, owner int, at place) {
	line := p.lineSpan(marks[0].line)
	from := line.Start
	label := ""
	for i, m := range marks {
		span := p.source(m.span)
		s := Slot{Line: b.line(span.Start), Zone: at.zone, Mark: span}
		switch m.kind {
		case boxMark:
			from = m.outer.End
		case holderMark:
			if at.zone != Code {
				s.Kind, s.Label, s.Second = PlaceholderSlot, string(m.span.Of(p.text)), m.second
				b.add(s, -1, false)
			}
		case offerMark:
			s.Kind, s.Label, s.Second = PlaceholderSlot, m.label, true
			b.add(s, -1, false)
		case blankMark:
			if i == 0 || !slashed(p, marks[i-1], m) {
				label = b.blankLabel(p, Span{from, m.outer.Start}, m, at)
			}
			limit := line.End
			if next := slices.IndexFunc(marks[i+1:], func(m mark) bool { return !m.second }); next >= 0 {
				limit = marks[i+1+next].outer.Start
			}
			s.Kind, s.Part = FieldSlot, partOf(p, marks, i)
			s.Hint, from = p.hint(m.outer.End, limit)
			label = cmp.Or(label, trimLabel(s.Hint), b.doc.Sections[b.section()].Title)
			s.Label = label
			b.add(s, owner, owner >= 0 && b.isFirstField(owner))
		}
	}
}

// isFirstField reports whether the owner has no field yet. Its fields directly
// follow it, but for placeholders.
func (b *builder) isFirstField(owner int) bool {
	for i := len(b.slots) - 1; i > owner; i-- {
		if b.slots[i].owner == owner {
			return false
		}
	}
	return true
}

// partOf tells "done / total": two blanks, and no third, with a slash between.
func partOf(p *passage, marks []mark, i int) Part {
	before := i > 0 && slashed(p, marks[i-1], marks[i])
	after := i+1 < len(marks) && slashed(p, marks[i], marks[i+1])
	switch {
	case after && !before && (i+2 >= len(marks) || !slashed(p, marks[i+1], marks[i+2])):
		return Done
	case before && !after && (i < 2 || !slashed(p, marks[i-2], marks[i-1])):
		return Total
	}
	return Whole
}

func slashed(p *passage, x, y mark) bool {
	return x.kind == blankMark && y.kind == blankMark &&
		string(bytes.TrimSpace(p.text[x.outer.End:y.outer.Start])) == "/"
}

// blankLabel names a blank: the nearest bold text before it, or the text since
// the last blank, box, bullet or bar; else what its place is called; else the
// line above, if that ends with a colon.
func (b *builder) blankLabel(p *passage, before Span, m mark, at place) string {
	text := before.Of(p.text)
	if i := bytes.LastIndexByte(text, '|'); i >= 0 {
		text = text[i+1:]
	}
	if i := bytes.LastIndex(text, []byte("•")); i >= 0 {
		text = text[i+len("•"):]
	}
	if bold := lastBold(text); bold != "" {
		return bold
	}
	if label := blankText(plain(text)); label != "" {
		return label
	}
	if at.label != "" {
		return at.label
	}
	if m.line > 0 && before.Start == p.lines[m.line].at {
		above := p.lineSpan(m.line - 1)
		if label := plain(p.without(above)); strings.HasSuffix(label, ":") {
			return trimLabel(label)
		}
	}
	return ""
}

// blankText is what the text before a blank names it. A parenthesis that they
// share is closed: in "Freeze ends (date: ____)" it is "Freeze ends (date)".
func blankText(text string) string {
	text = strings.Trim(text, "# ")
	i := openParenthesis(text)
	if i <= 0 {
		return trimLabel(text)
	}
	before, inside := trimLabel(text[:i]), trimLabel(text[i+1:])
	if before == "" || inside == "" {
		return before + inside
	}
	return before + " (" + inside + ")"
}

// openParenthesis is where the last parenthesis begins that the text does not
// close; -1 if there is none.
func openParenthesis(text string) int {
	closed := 0
	for i := len(text) - 1; i >= 0; i-- {
		switch text[i] {
		case ')':
			closed++
		case '(':
			if closed--; closed < 0 {
				return i
			}
		}
	}
	return -1
}

// lastBold returns the last text between "**" and "**", without its colon.
func lastBold(text []byte) string {
	for {
		end := bytes.LastIndex(text, []byte("**"))
		if end < 0 {
			return ""
		}
		start := bytes.LastIndex(text[:end], []byte("**"))
		if start < 0 {
			return ""
		}
		if label := trimLabel(plain(text[start+2 : end])); label != "" {
			return label
		}
		text = text[:end]
	}
}

// hint returns what belongs to a blank beside its label, and where it ends:
// "(Start)", "/ 10", a unit.
func (p *passage) hint(start, limit int) (string, int) {
	rest := p.text[start:limit]
	text := bytes.TrimLeft(rest, " \t*")
	at := limit - len(text)
	switch {
	case len(text) == 0:
		return "", start
	case text[0] == '(':
		if end := bytes.IndexByte(text, ')'); end >= 0 {
			return plain(text[:end+1]), at + end + 1
		}
	case text[0] == '/':
		n := bytes.TrimLeft(text[1:], " \t")
		end := 0
		for end < len(n) && (isDigit(n[end]) || n[end] == '+' || n[end] == 'N' && end == 0) {
			end++
		}
		if end > 0 && (end == len(n) || !isWordByte(n[end])) {
			return "/ " + string(n[:end]), limit - len(n) + end
		}
	default:
		end := 0
		for end < len(text) && !isSpace(text[end]) && bytes.IndexByte([]byte(",;.|)"), text[end]) < 0 {
			end++
		}
		if units[string(text[:end])] {
			return string(text[:end]), at + end
		}
	}
	return "", start
}

var units = map[string]bool{
	"%": true, "ms": true, "s": true, "sec": true, "secs": true, "seconds": true, "min": true, "mins": true,
	"minutes": true, "h": true, "hr": true, "hrs": true, "hours": true, "days": true, "weeks": true,
	"KB": true, "MB": true, "GB": true, "TB": true, "KiB": true, "MiB": true, "GiB": true, "TiB": true,
	"UTC": true, "USD": true, "EUR": true, "$": true, "€": true, "rps": true, "req/s": true, "MB/s": true,
}

// trimLabel takes from a text the punctuation that joins it to what it labels.
func trimLabel(s string) string {
	s = strings.TrimLeft(s, " \t:;,.-–—/|•·)]>=")
	whole := s
	s = strings.TrimRight(s, " \t:;,-–—/|•·=>([$€£")
	if strings.HasPrefix(whole[len(s):], ">") && strings.LastIndexByte(s, '<') > strings.LastIndexByte(s, '>') {
		s += ">" // a placeholder's
	}
	if strings.HasPrefix(s, "(") && !strings.Contains(s, ")") {
		s = strings.TrimRight(s[1:], " :")
	}
	if strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")") {
		s = s[1 : len(s)-1]
	}
	return s
}
