package runbook

import (
	"strings"
	"unicode/utf8"
)

// A scriptMark is a part of a script that may be a placeholder, found in the text
// alone: the shell would misread most of them.
type scriptMark struct {
	Span
	kind scriptMarkKind
}

type scriptMarkKind uint8

const (
	angleMark   scriptMarkKind = iota // <name>
	chevronMark                       // <<insert name>>
	bracketMark                       // [your-name]
	braceMark                         // {name}
	nameMark                          // YOUR_NAME, --detector-id DETECTOR_ID
	dotsMark                          // sk-...
	bytesMark                         // a byte that is not UTF-8: no placeholder, but no value that the tree could tell either
)

// maxHole bounds a placeholder's length in bytes.
const maxHole = 80

// findMarks returns what in the text may be placeholders, in order and never
// overlapping, and the text with those that the shell would misread
// and what is not UTF-8 overwritten by letters of equal length. Whether a mark is a placeholder
// depends on where the shell finds it; see scriptReader.isPlaceholder.
func findMarks(text string) (marks []scriptMark, masked string) {
	valid := utf8.ValidString(text)
	end := 0 // of the last mark
	for i := 0; i < len(text); {
		m, next := scriptMark{}, i+1
		switch c := text[i]; {
		case c == '<':
			m = angleAt(text, i)
		case c == '[':
			m = bracketAt(text, i)
		case c == '{':
			m = braceAt(text, i)
		case c == '.' && strings.HasPrefix(text[i:], "..."):
			m = dotsAt(text, i, len("..."))
		case c == 0xE2 && strings.HasPrefix(text[i:], "…"):
			m, next = dotsAt(text, i, len("…")), i+len("…")
		case c >= utf8.RuneSelf && !valid:
			m, next = invalidAt(text, i)
		case 'A' <= c && c <= 'Z' && (i == 0 || !isVarByte(text[i-1])):
			m, next = nameAt(text, i)
		}
		if m.Len() > 0 && m.Start >= end {
			marks = append(marks, m)
			end = m.End
			next = max(next, end)
		}
		i = next
	}
	return marks, maskMarks(text, marks)
}

// maskMarks overwrites the marks that are not plain words already.
func maskMarks(text string, marks []scriptMark) string {
	var b []byte
	for _, m := range marks {
		if m.kind == nameMark || m.kind == dotsMark {
			continue
		}
		if b == nil {
			b = []byte(text)
		}
		for i := m.Start; i < m.End; i++ {
			b[i] = 'x'
		}
	}
	if b != nil {
		text = string(b)
	}
	return maskInvalid(text)
}

// invalidAt returns the mark of the byte at i if no character starts with it,
// and where what starts there ends.
func invalidAt(text string, i int) (scriptMark, int) {
	c, n := utf8.DecodeRuneInString(text[i:])
	if c == utf8.RuneError && n == 1 {
		return scriptMark{Span{i, i + 1}, bytesMark}, i + 1
	}
	return scriptMark{}, i + n
}

// maskInvalid overwrites each byte that is not UTF-8 by a letter.
func maskInvalid(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	b := []byte(text)
	for i := 0; i < len(b); {
		c, n := utf8.DecodeRune(b[i:])
		if c == utf8.RuneError && n == 1 {
			b[i] = 'x'
		}
		i += n
	}
	return string(b)
}

// angleAt returns the mark of "<name>" or "<<insert name>>" at i, by its shape:
// closed on its line, no space inside its ends, nothing in it that a
// redirection, a here-document or a tag would have.
func angleAt(text string, i int) scriptMark {
	none := scriptMark{}
	if i > 0 && (text[i-1] == '<' || text[i-1] == '\\' || text[i-1] == '?' || strings.HasSuffix(text[:i], "?P")) {
		return none // a here-document, \<word\>, a named group
	}
	double := strings.HasPrefix(text[i:], "<<")
	open := 1
	if double {
		open = 2
	}
	inner, ok := angleInner(text[i+open:])
	if !ok || isAbsentValue(inner) {
		return none
	}
	end := i + open + len(inner) + 1
	after := text[end:]
	if double {
		if !strings.HasPrefix(after, ">") || strings.HasPrefix(after, ">>") || closesHeredoc(after, inner) {
			return none
		}
		return scriptMark{Span{i, end + 1}, chevronMark}
	}
	if looksRedirected(text[:i], inner, after) {
		return none
	}
	return scriptMark{Span{i, end}, angleMark}
}

// angleInner returns what stands before the closing ">" of s.
func angleInner(s string) (string, bool) {
	if s == "" || !isHoleStart(s[0]) && !strings.HasPrefix(s, "...") {
		return "", false
	}
	for i := 0; i < len(s) && i < maxHole; i++ {
		c := s[i]
		switch {
		case c == '>':
			last := s[i-1]
			return s[:i], last != ' ' && last != '-' && last != '/'
		case c == '#' && s[i-1] == ' ':
			return "", false
		case c >= 0x80, isVarByte(c), strings.IndexByte(" -./:,#+|", c) >= 0:
		default:
			return "", false
		}
	}
	return "", false
}

// isHoleStart reports whether c can start a placeholder's name.
func isHoleStart(c byte) bool {
	return c >= 0x80 || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
}

// isAbsentValue reports whether tools print <name> for a value that is not there.
func isAbsentValue(name string) bool {
	switch name {
	case "none", "nil", "null", "unknown", "pending", "unset":
		return true
	}
	return false
}

// closesHeredoc reports whether a later line is the word alone: then "<<word>>"
// opened a here-document.
func closesHeredoc(after, word string) bool {
	for line := range strings.Lines(after) {
		if strings.Trim(line, "\t\n") == word {
			return true
		}
	}
	return false
}

// looksRedirected reports whether "<inner>" reads rather as an input and an
// output redirection without the spaces: `<in.sql>out`, `<in 2>err`, `<a | b>c`.
func looksRedirected(before, inner, after string) bool {
	if n := len(inner); n > 2 && inner[n-2] == ' ' && '0' <= inner[n-1] && inner[n-1] <= '9' {
		return true
	}
	if strings.Contains(inner, " |") || strings.Contains(inner, "| ") {
		return true
	}
	if strings.HasPrefix(after, ">") || strings.HasPrefix(after, "&") {
		return true
	}
	starts := before == "" || strings.IndexByte(" \t\n", before[len(before)-1]) >= 0
	return starts && after != "" && isVarByte(after[0]) && strings.ContainsAny(inner, "./")
}

// bracketAt returns the mark of "[your-x]" at i.
func bracketAt(text string, i int) scriptMark {
	if i > 0 && strings.IndexByte(" \t\n\"'=/:@,", text[i-1]) < 0 {
		return scriptMark{} // an index, a glob, a test
	}
	rest := text[i+1:]
	end := strings.IndexByte(rest[:min(len(rest), maxHole)], ']')
	if end < 0 || !isInstruction(rest[:end]) || strings.HasPrefix(rest[end+1:], "(") {
		return scriptMark{}
	}
	for _, c := range []byte(rest[:end]) {
		if c < 0x80 && !isVarByte(c) && strings.IndexByte(" -.'/", c) < 0 {
			return scriptMark{}
		}
	}
	return scriptMark{Span{i, i + end + 2}, bracketMark}
}

// isInstruction reports whether s tells a person to put something in its
// place: "your-bucket", "INSERT NAME".
func isInstruction(s string) bool {
	for _, verb := range [...]string{"your", "insert", "replace", "enter"} {
		if len(s) > len(verb)+1 && strings.EqualFold(s[:len(verb)], verb) && strings.IndexByte(" -_", s[len(verb)]) >= 0 {
			return true
		}
	}
	return false
}

// braceAt returns the mark of "{name}" at i, where it is neither an expansion,
// nor a template's "{{name}}", nor one of the forms "%{name}", "@{name}", "{fd}>file".
func braceAt(text string, i int) scriptMark {
	if i > 0 && strings.IndexByte("${@%\\#!&", text[i-1]) >= 0 || i+1 >= len(text) || !isHoleStart(text[i+1]) {
		return scriptMark{}
	}
	end := i + 1
	for end < len(text) && end-i < maxHole && (isVarByte(text[end]) || text[end] == '-') {
		end++
	}
	if end >= len(text) || text[end] != '}' {
		return scriptMark{}
	}
	if after := text[end+1:]; after != "" && strings.IndexByte("}<>", after[0]) >= 0 {
		return scriptMark{}
	}
	return scriptMark{Span{i, end + 1}, braceMark}
}

// nameAt returns the mark of the capitalised word that starts at i, if it asks
// to be replaced, and the word's end.
func nameAt(text string, i int) (scriptMark, int) {
	end := i
	for end < len(text) && isVarByte(text[end]) {
		if 'a' <= text[end] && text[end] <= 'z' {
			for end < len(text) && isVarByte(text[end]) {
				end++
			}
			return scriptMark{}, end
		}
		end++
	}
	name := text[i:end]
	switch {
	case strings.HasPrefix(name, "YOUR_") && len(name) > len("YOUR_"),
		strings.HasSuffix(name, "_HERE") && len(name) > len("_HERE"),
		name == "CHANGE_ME":
		if isAssigned(text, i, end) {
			return scriptMark{}, end
		}
	case strings.HasSuffix(name, "ACCOUNT_ID") && inARN(text, i, end), isOwnFlag(text[:i], name):
	default:
		return scriptMark{}, end
	}
	if strings.Contains(text, "$"+name) || strings.Contains(text, "${"+name) {
		return scriptMark{}, end // a variable
	}
	return scriptMark{Span{i, end}, nameMark}, end
}

// isAssigned reports whether text[i:end] is the name in "NAME=value".
func isAssigned(text string, i, end int) bool {
	return strings.HasPrefix(text[end:], "=") && (i == 0 || strings.IndexByte(" \t\n;&|(", text[i-1]) >= 0)
}

// inARN reports whether text[i:end] is one of the parts, between colons, of an ARN.
func inARN(text string, i, end int) bool {
	if i == 0 || text[i-1] != ':' || !strings.HasPrefix(text[end:], ":") {
		return false
	}
	from := i
	for from > 0 && i-from < maxHole && strings.IndexByte(" \t\n\"'=", text[from-1]) < 0 {
		from--
	}
	return strings.HasPrefix(text[from:i], "arn:")
}

// isOwnFlag reports whether name is that of the flag before it in capitals, as
// in "--detector-id DETECTOR_ID".
func isOwnFlag(before, name string) bool {
	n := len(before)
	if n == 0 || before[n-1] != ' ' && before[n-1] != '=' {
		return false
	}
	flag := before[:n-1]
	if len(flag) < len(name)+2 {
		return false
	}
	dashes := flag[len(flag)-len(name)-2:]
	if !strings.HasPrefix(dashes, "--") || len(flag) > len(dashes) && strings.IndexByte(" \t\n", flag[len(flag)-len(dashes)-1]) < 0 {
		return false
	}
	return name != "ENV" && strings.EqualFold(strings.ReplaceAll(dashes[2:], "-", "_"), name)
}

// dotsAt returns the mark of the word around the dots at i, when it is a value
// cut short and not a path pattern (./...), a range (a...b between names) or
// a language's own syntax.
func dotsAt(text string, i, n int) scriptMark {
	const ends = " \t\n\"'`=;|&<>(),"
	start, end := i, i+n
	for start > 0 && i-start < 2*maxHole && strings.IndexByte(ends, text[start-1]) < 0 {
		start--
	}
	for end < len(text) && end-i < 2*maxHole && strings.IndexByte(ends, text[end]) < 0 {
		end++
	}
	word := text[start:end]
	if strings.ContainsAny(word, "$[]{}\\*!") || strings.HasPrefix(word, "./") || strings.HasPrefix(word, "../") {
		return scriptMark{}
	}
	if strings.Contains(word, "/compare/") || text[i] == '.' && strings.HasSuffix(word, "/...") && !strings.Contains(word, ":") {
		return scriptMark{}
	}
	return scriptMark{Span{start, end}, dotsMark}
}
