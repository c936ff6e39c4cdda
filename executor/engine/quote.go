package engine

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// quote makes s one word of shell text.
func quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// A declaration is one variable as `declare -p` prints it.
type declaration struct {
	name  string
	flags string // "-", "x", "ar", …
	text  string // the whole statement
}

// declarations splits what `declare -p` prints. A value may hold newlines, so
// statements end at the first newline outside quotes.
func declarations(dump string) []declaration {
	all := make([]declaration, 0, 128)
	for dump != "" {
		n := statementEnd(dump)
		text := dump[:n]
		dump = strings.TrimPrefix(dump[n:], "\n")
		rest, ok := strings.CutPrefix(text, "declare -")
		if !ok {
			continue
		}
		flags, rest, ok := strings.Cut(rest, " ")
		if !ok {
			continue
		}
		name := rest
		if i := strings.IndexByte(rest, '='); i >= 0 {
			name = rest[:i]
		}
		all = append(all, declaration{name: name, flags: flags, text: text})
	}
	return all
}

// statementEnd gives the offset of the first newline outside quotes, or s's length.
func statementEnd(s string) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\n':
			return i
		case '\\':
			i++
		case '"':
			i = closing(s, i+1, '"', true)
		case '\'':
			i = closing(s, i+1, '\'', i > 0 && s[i-1] == '$')
		}
	}
	return len(s)
}

// closing gives the offset of the quote that ends the quotation which starts at i.
func closing(s string, i int, mark byte, escapes bool) int {
	for ; i < len(s) && s[i] != mark; i++ {
		if escapes && s[i] == '\\' {
			i++
		}
	}
	return i
}

// value gives a scalar's value; false for arrays and for variables without one.
func (d declaration) value() (string, bool) {
	if strings.ContainsAny(d.flags, "aA") {
		return "", false
	}
	_, quoted, ok := strings.Cut(d.text, "=")
	if !ok {
		return "", false
	}
	if body, ok := strings.CutPrefix(quoted, "$'"); ok {
		return unescape(strings.TrimSuffix(body, "'")), true
	}
	body := strings.TrimSuffix(strings.TrimPrefix(quoted, `"`), `"`)
	if !strings.Contains(body, `\`) {
		return body, true
	}
	var b strings.Builder
	for i := 0; i < len(body); i++ {
		if body[i] == '\\' && i+1 < len(body) && strings.IndexByte("\\\"$`\n", body[i+1]) >= 0 {
			i++
		}
		b.WriteByte(body[i])
	}
	return b.String(), true
}

// escapes are the one-letter escapes of $'…'.
var escapes = map[byte]byte{
	'a': '\a', 'b': '\b', 'e': 0x1b, 'E': 0x1b, 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v',
	'\\': '\\', '\'': '\'', '"': '"', '?': '?',
}

// unescape reads the inside of $'…' as bash prints it.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		if c, ok := escapes[s[i]]; ok {
			b.WriteByte(c)
			continue
		}
		n, base, from := digits(s, i)
		code, err := strconv.ParseUint(s[from:from+n], base, 32)
		switch {
		case n == 0 || err != nil:
			b.WriteByte('\\')
			b.WriteByte(s[i])
			continue
		case s[i] == 'u' || s[i] == 'U':
			b.Write(utf8.AppendRune(nil, rune(code)))
		default:
			b.WriteByte(byte(code))
		}
		i = from + n - 1
	}
	return b.String()
}

// digits says how many digits of which base an escape at s[i] has, and where.
func digits(s string, i int) (n, base, from int) {
	most := 3
	base, from = 8, i
	switch s[i] {
	case 'x':
		base, most, from = 16, 2, i+1
	case 'u':
		base, most, from = 16, 4, i+1
	case 'U':
		base, most, from = 16, 8, i+1
	}
	set := "01234567"
	if base == 16 {
		set = "0123456789abcdefABCDEF"
	}
	for n < most && from+n < len(s) && strings.IndexByte(set, s[from+n]) >= 0 {
		n++
	}
	return n, base, from
}
