package runbook

import "bytes"

// box reads "[ ]" and its kin at i. It is none when a link could be meant,
// before or after a tick: "[ ](u)", "[a][ ]", "![ ]", a definition.
func (p *passage) box(i int, refs stateRefs) int {
	state, inner := boxState(p.text[i:])
	if inner < 0 {
		return p.yours(i, refs)
	}
	end := i + inner + 2
	if refs[state] && p.linked == 0 {
		p.linked = end
	}
	if refs[state] || i > 0 && bytes.IndexByte([]byte("]!["), p.text[i-1]) >= 0 ||
		end < len(p.text) && bytes.IndexByte([]byte("([]:"), p.text[end]) >= 0 ||
		p.wordBefore(i) || p.wordAfter(end) {
		return p.target(end - 1)
	}
	p.add(mark{kind: boxMark, span: Span{i + 1, end - 1}, outer: Span{i, end}, state: state})
	return end
}

// boxState reads a box that text starts with: its state and how many bytes
// stand between its brackets; -1 if it is none.
func boxState(text []byte) (state byte, inner int) {
	switch {
	case len(text) >= 2 && text[1] == ']':
		return ' ', 0
	case len(text) >= 3 && text[2] == ']' && bytes.IndexByte([]byte(" xX-~"), text[1]) >= 0:
		return text[1], 1
	case bytes.HasPrefix(text, []byte("[✓]")) || bytes.HasPrefix(text, []byte("[✅]")):
		return 'v', 3
	}
	return 0, -1
}

// symbol reads ☐, ⬜ and ☑ at i.
func (p *passage) symbol(i int) int {
	state := byte(0)
	switch {
	case bytes.HasPrefix(p.text[i:], []byte("☐")), bytes.HasPrefix(p.text[i:], []byte("⬜")):
		state = ' '
	case bytes.HasPrefix(p.text[i:], []byte("☑")):
		state = 'v'
	default:
		return i + 1
	}
	p.add(mark{kind: boxMark, span: Span{i, i + 3}, outer: Span{i, i + 3}, state: state})
	return i + 3
}

// escaped steps over a backslash and what it escapes, unless it starts a blank
// that Prettier has mangled: ****\_\_\_****.
func (p *passage) escaped(i int) int {
	if i+1 < len(p.text) && p.text[i+1] == '_' {
		return p.mangled(i, i)
	}
	if i+1 < len(p.text) && p.text[i+1] < 0x80 && p.text[i+1] != '\n' {
		return i + 2
	}
	return i + 1
}

// blank reads a run of underscores, or of asterisks that may belong to a
// mangled one.
func (p *passage) blank(i int) int {
	if p.text[i] == '*' {
		end := i
		for end < len(p.text) && p.text[end] == '*' {
			end++
		}
		if bytes.HasPrefix(p.text[end:], []byte(`\_`)) {
			return p.mangled(i, end)
		}
		return end
	}
	end, runs, shortest := p.chain(i)
	if bytes.HasPrefix(p.text[end:], []byte(`\_`)) {
		return p.mangled(i, i)
	}
	span := Span{i, end}
	if p.isBlank(span, runs, shortest) {
		p.add(mark{kind: blankMark, span: span, outer: span})
	}
	return end
}

// chain reads underscores joined by single "/ . : -": one field. It returns
// the end, the number of runs and the length of the shortest.
func (p *passage) chain(i int) (end, runs, shortest int) {
	for {
		start := i
		for i < len(p.text) && p.text[i] == '_' {
			i++
		}
		if runs == 0 || i-start < shortest {
			shortest = i - start
		}
		runs++
		end = i
		if i+1 >= len(p.text) || p.text[i+1] != '_' || bytes.IndexByte([]byte("/.:-"), p.text[i]) < 0 {
			return end, runs, shortest
		}
		i++
	}
}

// isBlank decides whether a run or chain of underscores is to be filled in.
func (p *passage) isBlank(s Span, runs, shortest int) bool {
	if p.wordBefore(s.Start) || p.wordAfter(s.End) || p.inPath(s) {
		return false
	}
	if runs > 1 {
		return shortest >= 2 || runs == 3
	}
	return s.Len() >= 3 || p.shortBlank(s)
}

// inPath reports whether the run is part of a path, a reference or markup
// rather than a place to write on.
func (p *passage) inPath(s Span) bool {
	if s.Start > 0 {
		switch c := p.text[s.Start-1]; c {
		case '<', '&', '\\', '@', '=', '?', '~', '%', '+', '{':
			return true
		case '#':
			return !p.numberSign(s.Start - 1)
		case '/', '.', '-':
			if s.Start > 1 && !isSpace(p.text[s.Start-2]) {
				return true
			}
		case ':':
			if p.pathBefore(s.Start - 1) {
				return true
			}
		}
	}
	if s.End+1 < len(p.text) {
		next := p.text[s.End+1]
		switch p.text[s.End] {
		case '.', '-', ':', '\\', '=':
			return isWordByte(next)
		case '/':
			return isWordByte(next) && !isDigit(next)
		}
	}
	return s.End < len(p.text) && bytes.IndexByte([]byte("}=@"), p.text[s.End]) >= 0
}

// numberSign reports whether a "#" stands for the number that follows it, as in
// "PR #____", and neither begins the line nor ends a word.
func (p *passage) numberSign(at int) bool {
	line := p.text[bytes.LastIndexByte(p.text[:at], '\n')+1 : at]
	return len(bytes.TrimSpace(line)) > 0 && bytes.IndexByte([]byte(" \t(*"), line[len(line)-1]) >= 0
}

// pathBefore reports whether the word that ends at the colon is part of an
// image, a host or a key ("image:___") and not a label ("Date:___").
func (p *passage) pathBefore(colon int) bool {
	start := colon
	for start > 0 && !isSpace(p.text[start-1]) && colon-start < 128 {
		start--
	}
	word := p.text[start:colon]
	return len(word) == 0 || word[0] >= 'a' && word[0] <= 'z' || bytes.ContainsAny(word, "/.@")
}

// shortBlank decides on one or two underscores: a blank only at the end of
// "Label: __" or in "__ / N".
func (p *passage) shortBlank(s Span) bool {
	before := bytes.TrimRight(p.text[:s.Start], " \t")
	rest := p.text[s.End:]
	after := bytes.TrimLeft(rest, " \t")
	if bytes.HasPrefix(after, []byte{'/'}) {
		after = bytes.TrimLeft(after[1:], " \t")
		return len(after) > 0 && (isDigit(after[0]) || s.Len() == 2 && bytes.HasPrefix(after, []byte("__")))
	}
	if bytes.HasSuffix(before, []byte{'/'}) {
		return s.Len() == 2 && bytes.HasSuffix(bytes.TrimRight(before[:len(before)-1], " \t"), []byte("__"))
	}
	before = bytes.TrimRight(before, "*")
	labelled := bytes.HasSuffix(before, []byte{':'}) && len(before) > 1
	return labelled && (len(after) == 0 || after[0] == '\n' || after[0] == '\r' ||
		s.Len() == 2 && bytes.IndexByte([]byte("(,;|)"), after[0]) >= 0)
}

// mangled reads a run of "\_", "_" and the asterisks around them. start is
// where the run starts, inner where the asterisks before it end.
func (p *passage) mangled(start, inner int) int {
	end, escapes := inner, 0
	for end < len(p.text) {
		if bytes.HasPrefix(p.text[end:], []byte(`\_`)) {
			end += 2
			escapes++
		} else if p.text[end] == '_' {
			end++
		} else {
			break
		}
	}
	stars := 0
	for end+stars < len(p.text) && p.text[end+stars] == '*' {
		stars++
	}
	both := min(stars, inner-start)
	s := Span{inner - both, end + both}
	outer := Span{start, end + stars}
	if escapes >= 2 && end-inner >= 5 && !p.wordBefore(outer.Start) && !p.wordAfter(outer.End) && !p.inPath(s) {
		p.add(mark{kind: blankMark, span: s, outer: s})
	}
	return outer.End
}
