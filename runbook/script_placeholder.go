package runbook

import (
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// placeholders settles which marks are placeholders, now that the shell's
// reading of the text is known. Marks in comments are not.
func (r *scriptReader) placeholders(file *syntax.File) {
	if len(r.marks) == 0 || len(r.parts) == 0 {
		return
	}
	all := shellLeaves(file)
	command := 0
	for _, m := range r.marks {
		for command < len(r.parts)-1 && m.Start >= r.parts[command].span.End {
			command++
		}
		part := r.parts[command]
		l, ok := shellLeafAt(all, m.Span)
		if !ok || m.kind == bytesMark || !part.span.Contains(m.Span) || !r.isPlaceholder(m, l) {
			continue
		}
		c := &r.script.Commands[command]
		text := r.text[m.Start:m.End]
		r.script.Placeholders = append(r.script.Placeholders, Placeholder{
			Text:    text,
			Line:    c.Line + strings.Count(r.text[part.span.Start:m.Start], "\n"),
			Command: command,
			Span:    Span{m.Start - part.span.Start, m.End - part.span.Start},
		})
		if !slices.Contains(c.Placeholders, text) {
			c.Placeholders = append(c.Placeholders, text)
		}
	}
}

// isPlaceholder decides by the mark's kind and by how the shell reads it.
func (r *scriptReader) isPlaceholder(m scriptMark, l shellLeaf) bool {
	if l.quoting == shellName {
		return m.kind != nameMark && m.kind != dotsMark
	}
	text := r.text[m.Start:m.End]
	inner := strings.Trim(text, "<>[]{}")
	quoted := r.text[l.quoted.Start:l.quoted.End]
	inQuotes := l.quoting != bareText
	inHeredoc := l.quoting == heredocText || l.quoting == rawHeredoc
	program := r.program(l.call)
	if (inQuotes || program == "sed") && inSedPattern(quoted, m.Start-l.quoted.Start) {
		return false
	}
	if isSearch(program) && (m.kind == nameMark || m.kind == dotsMark || inQuotes && !isInstruction(inner)) {
		return false // what is searched for
	}
	switch m.kind {
	case angleMark:
		if inHeredoc {
			return isInstruction(inner)
		}
		return !inQuotes || !isMarkup(quoted, inner)
	case braceMark:
		return r.isBracePlaceholder(m, l, quoted)
	case dotsMark:
		return !inHeredoc && r.isElision(text, l, quoted)
	}
	return true
}

// isSearch reports whether a program takes a pattern to look for.
func isSearch(program string) bool {
	switch program {
	case "grep", "egrep", "fgrep", "zgrep", "rg", "ag", "ack":
		return true
	}
	return false
}

// isMarkup reports whether "<tag>" in quotes is HTML, XML or a type.
func isMarkup(quoted, tag string) bool {
	if strings.Contains(quoted, "</") || strings.Contains(quoted, "/>") || strings.Contains(quoted, "<!") {
		return true
	}
	switch strings.ToLower(tag) {
	case "a", "b", "i", "p", "u", "br", "hr", "h1", "h2", "h3", "li", "ul", "ol", "td", "tr", "th", "em",
		"div", "pre", "code", "html", "head", "body", "title", "span", "table", "strong", "script", "style", "form", "input":
		return true
	}
	return false
}

// inSedPattern reports whether the byte at offset at stands in the pattern of
// a substitution, "s/pattern/replacement/": what is searched for is there.
func inSedPattern(quoted string, at int) bool {
	if len(quoted) < 3 || quoted[0] != 's' || isVarByte(quoted[1]) || quoted[1] == ' ' || quoted[1] == '-' || quoted[1] == ':' || quoted[1] == '.' {
		return false
	}
	end := strings.IndexByte(quoted[2:], quoted[1])
	return end < 0 || at < 2+end
}

// isBracePlaceholder reports whether "{name}" is for a person to replace: in
// quotes it mostly belongs to a program's own language.
func (r *scriptReader) isBracePlaceholder(m scriptMark, l shellLeaf, quoted string) bool {
	text := r.text[m.Start:m.End]
	if strings.Contains(r.text, "-I "+text) || strings.Contains(r.text, "-I"+text) {
		return false
	}
	switch l.quoting {
	case bareText, opaqueText:
	case singleQuoted, doubleQuoted:
		if quoted == text || strings.ContainsAny(quoted, " \t\n\"") || !strings.ContainsAny(quoted, "/:.-") {
			return false
		}
	default:
		return false
	}
	switch r.program(l.call) {
	case "awk", "gawk", "jq", "yq", "parallel", "python", "python3", "node", "perl", "ruby":
		return false
	}
	return true
}

// isElision reports whether a word with dots stands for one that was cut
// short, or for words that were left out, rather than being prose, a pattern or
// a range.
func (r *scriptReader) isElision(text string, l shellLeaf, quoted string) bool {
	bare := strings.Trim(text, ".…") == ""
	if bare && len(text) != 3 {
		return false
	}
	if word := strings.TrimRight(text, ".…"); word != "" && isOrdinaryWord(word) && !strings.HasSuffix(word, "-") {
		return false // "Starting..."
	}
	if l.quoting != bareText && strings.ContainsAny(quoted, " \t\n") {
		return false
	}
	switch r.program(l.call) {
	case "echo", "printf":
		return l.quoting == bareText && isCutName(text)
	case "git", "gh", "hub":
		return bare || isCutName(text) // not "main...feature"
	case "go", "golangci-lint", "staticcheck", "gofmt":
		return !bare && isCutName(text) // not the package pattern
	case "read":
		return false
	}
	return true
}

// isCutName reports whether a word is a qualified name from whose middle
// something was cut out: "sha256:abc...def", "arn:aws:...:x".
func isCutName(text string) bool {
	dots := "..."
	if strings.Contains(text, "…") {
		dots = "…"
	}
	before, after, _ := strings.Cut(text, dots)
	return strings.Contains(before, ":") && after != "" && (isTokenByte(after[0]) || after[0] == ':')
}

// program returns the base name of the program that a call starts; empty if
// the text does not tell.
func (r *scriptReader) program(call *syntax.CallExpr) string {
	if call == nil || len(call.Args) == 0 {
		return ""
	}
	name, _ := literalWord(call.Args[0])
	return path.Base(name)
}
