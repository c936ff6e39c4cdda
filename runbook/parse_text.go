package runbook

import (
	"bytes"
	"strings"
)

// plain returns a text as a reader sees it: emphasis, link targets and tags
// removed, the content of code spans kept, white space collapsed.
func plain(text []byte) string {
	text = bytes.TrimSpace(text)
	if isPlain(text) {
		return string(text)
	}
	w := plainWriter{text: text}
	for i := 0; i < len(text); {
		switch c := text[i]; c {
		case '\\':
			i = w.escape(i)
		case '`':
			i = w.code(i)
		case '*', '~', '_':
			i = w.emphasis(i)
		case '[':
			w.open = append(w.open, len(w.out))
			i = w.keep(i)
		case ']':
			i = w.link(i)
		case '<':
			i = w.tag(i)
		default:
			i = w.keep(i)
		}
	}
	return collapse(w.out)
}

// isPlain reports whether a text is ASCII without markup and with single spaces.
func isPlain(text []byte) bool {
	for i, c := range text {
		switch c {
		case '\\', '`', '*', '~', '_', '[', ']', '<':
			return false
		case ' ':
			if text[i-1] == ' ' {
				return false
			}
		default:
			if c < ' ' || c >= 0x80 {
				return false
			}
		}
	}
	return true
}

// A plainWriter collects a text without its markup. A byte 0 in out stands for
// one that turned out to be markup; sources hold none.
type plainWriter struct {
	text  []byte
	out   []byte
	open  []int // offsets in out of "[" that may start a link
	noTag bool
	ticks map[int]int
}

func (w *plainWriter) keep(i int) int {
	w.out = append(w.out, w.text[i])
	return i + 1
}

func (w *plainWriter) escape(i int) int {
	if i+1 < len(w.text) && isPunct(w.text[i+1]) {
		return w.keep(i + 1)
	}
	return w.keep(i)
}

func (w *plainWriter) code(i int) int {
	start := i
	for i < len(w.text) && w.text[i] == '`' {
		i++
	}
	n := i - start
	if w.ticks == nil {
		w.ticks = tickRuns(w.text[start:], start)
	}
	if w.ticks[n] > start {
		close := closingTicks(w.text, i, n)
		w.out = append(w.out, w.text[i:close]...)
		return close + n
	}
	w.out = append(w.out, w.text[start:i]...)
	return i
}

// emphasis drops a run of emphasis signs; one between spaces, an underscore
// within a word and a single tilde are text.
func (w *plainWriter) emphasis(i int) int {
	c, start := w.text[i], i
	for i < len(w.text) && w.text[i] == c {
		i++
	}
	before := start > 0 && !isSpace(w.text[start-1])
	after := i < len(w.text) && !isSpace(w.text[i])
	keep := false
	switch c {
	case '*':
		keep = !before && !after && start > 0 && i < len(w.text)
	case '_':
		keep = before == after && (!before || isWordByte(w.text[start-1]) && isWordByte(w.text[i]))
	case '~':
		keep = i-start != 2
	}
	if keep {
		w.out = append(w.out, w.text[start:i]...)
	}
	return i
}

// link ends a bracket: of a link, only the text is kept.
func (w *plainWriter) link(i int) int {
	if len(w.open) == 0 {
		return w.keep(i)
	}
	open := w.open[len(w.open)-1]
	w.open = w.open[:len(w.open)-1]
	var close byte
	switch {
	case i+1 < len(w.text) && w.text[i+1] == '(':
		close = ')'
	case i+1 < len(w.text) && w.text[i+1] == '[':
		close = ']'
	default:
		return w.keep(i)
	}
	const longest = 4096
	end := bytes.IndexByte(w.text[i+1:min(len(w.text), i+1+longest)], close)
	if end < 0 {
		return w.keep(i)
	}
	w.out[open] = 0
	if open > 0 && w.out[open-1] == '!' {
		w.out[open-1] = 0
	}
	return i + 1 + end + 1
}

// tag drops an HTML tag or comment; an autolink keeps its text.
func (w *plainWriter) tag(i int) int {
	rest := w.text[i+1:]
	if w.noTag || len(rest) == 0 || !isLetter(rest[0]) && rest[0] != '/' && rest[0] != '!' {
		return w.keep(i)
	}
	const longest = 4096
	end := bytes.IndexByte(rest[:min(len(rest), longest)], '>')
	if end < 0 {
		w.noTag = len(rest) <= longest
		return w.keep(i)
	}
	inner := rest[:end]
	if bytes.IndexByte(inner, ':') > 0 && bytes.IndexByte(inner, ' ') < 0 || bytes.IndexByte(inner, '@') > 0 {
		w.out = append(w.out, inner...)
	} else if isHolder(inner) {
		w.out = append(w.out, w.text[i:i+end+2]...)
	} else {
		w.out = append(w.out, ' ')
	}
	return i + end + 2
}

// collapse trims the text and makes single spaces of its white space. Labels
// are shown and stored as text, so what is not UTF-8 is replaced.
func collapse(text []byte) string {
	out := text[:0]
	space := false
	for _, c := range text {
		switch {
		case c == 0:
		case isSpace(c):
			space = len(out) > 0
		default:
			if space {
				out = append(out, ' ')
			}
			space = false
			out = append(out, c)
		}
	}
	return strings.ToValidUTF8(string(out), "\uFFFD")
}

func isPunct(c byte) bool {
	return c > ' ' && c < 0x7f && !isLetter(c) && !isDigit(c)
}
