package runbook

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// CheckValue says why a value cannot stand in a record: it must be one line of
// valid text that shows all that it holds.
func CheckValue(v string) error {
	if strings.TrimSpace(v) == "" {
		return errors.New("is given an empty value")
	}
	if !utf8.ValidString(v) {
		return errors.New("is given a value that is not UTF-8")
	}
	for _, r := range v {
		if r == '\n' || r == '\r' {
			return errors.New("is given a value of more than one line")
		}
		if hidden(r) {
			return fmt.Errorf("is given a value with the invisible character %U", r)
		}
	}
	return nil
}

// hidden reports characters that change what a reader sees without being seen:
// controls, and the format characters that reorder text or have no width.
func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' || r == utf8.RuneError
}

// escapeValue writes a value so that Markdown shows it and reads nothing in
// it: no markup, no box, no blank, no end of a table's cell, and nothing that
// only the beginning of a line can open. Inside a fence values are raw.
func escapeValue(v string, zone Zone) string {
	v = strings.TrimSpace(v)
	switch zone {
	case Code:
		return v
	case Table:
		return escapeInline(v)
	}
	if v != "" && strings.IndexByte("-+#=:", v[0]) >= 0 {
		return "\\" + escapeInline(v)
	}
	if n := len(v) - len(strings.TrimLeft(v, "0123456789")); n > 0 && n < len(v) && (v[n] == '.' || v[n] == ')') && (n+1 == len(v) || v[n+1] == ' ') {
		return v[:n] + "\\" + v[n:n+1] + escapeInline(v[n+1:])
	}
	return escapeInline(v)
}

// escapeInline is escapeValue for text that begins no line.
func escapeInline(v string) string {
	var out strings.Builder
	for i, r := range v {
		switch {
		case r == '_':
			// Between letters an underscore opens nothing; a run of them
			// would read as a blank.
			if inWord(v, i) {
				out.WriteByte('_')
			} else {
				out.WriteString("&#95;")
			}
		case strings.ContainsRune("\\`*[]<>|~", r), r == '!' && strings.HasPrefix(v[i:], "!["):
			out.WriteByte('\\')
			out.WriteRune(r)
		case r == '&' && entityAt(v[i:]):
			out.WriteString("&amp;")
		case strings.ContainsRune("☐⬜☑✅✓", r):
			fmt.Fprintf(&out, "&#%d;", r)
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// unescapeInline reads what escapeInline and escapeValue write, also where a
// person wrote parts of it.
func unescapeInline(v string) string {
	var out strings.Builder
	for i := 0; i < len(v); i++ {
		if v[i] == '\\' && i+1 < len(v) && strings.IndexByte("\\`*[]<>|~!_-+#=:.)", v[i+1]) >= 0 {
			i++
		} else if v[i] == '&' {
			if r, n := reference(v[i:]); n > 0 {
				out.WriteRune(r)
				i += n - 1
				continue
			}
		}
		out.WriteByte(v[i])
	}
	return out.String()
}

// reference reads one of the character references that escapeInline writes.
func reference(v string) (r rune, length int) {
	if strings.HasPrefix(v, "&amp;") {
		return '&', len("&amp;")
	}
	digits, _, ok := strings.Cut(strings.TrimPrefix(v, "&#"), ";")
	n, err := strconv.Atoi(digits)
	if !ok || !strings.HasPrefix(v, "&#") || err != nil || !strings.ContainsRune("_☐⬜☑✅✓", rune(n)) {
		return 0, 0
	}
	return rune(n), len("&#") + len(digits) + len(";")
}

func inWord(v string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(v[:i])
	after, _ := utf8.DecodeRuneInString(v[i+1:])
	return wordRune(before) && wordRune(after)
}

func wordRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// entityAt reports whether s, which starts with "&", could read as an entity.
func entityAt(s string) bool {
	end := strings.IndexByte(s, ';')
	if end < 2 {
		return false
	}
	for _, r := range s[1:end] {
		if r != '#' && !wordRune(r) {
			return false
		}
	}
	return true
}
