package runbook

import "bytes"

// A region of the program's own output, from its opening line to its closing one.
type region struct{ open, close string }

// The output of a step may be hostile, but the record's writer leaves no
// "<!--" raw inside a region, so its exact closing line ends it.
var regions = [...]region{
	{"<!-- runbook:output", "<!-- /runbook:output -->"},
	{"<!-- runbook:record", "<!-- /runbook:record -->"},
}

// hide returns what the Markdown parser may see: src itself, or a copy of the
// same length in which the program's own output is blank. It sets b.start to
// where Markdown begins, after a byte order mark and front matter.
func (b *builder) hide(src []byte) []byte {
	b.start = frontMatter(src)
	if !bytes.Contains(src, []byte("<!-- runbook:output")) && !bytes.Contains(src, []byte("<!-- runbook:record")) {
		return src
	}
	out := bytes.Clone(src)
	for at := b.start; at < len(src); {
		end := lineEnd(src, at)
		r := opens(src[at:end])
		if r == nil {
			at = end
			continue
		}
		quotes := bytes.Count(containerPrefix(src[at:end]), []byte{'>'})
		opening := at
		closed := false
		for at < len(src) && !closed {
			end = lineEnd(src, at)
			line := src[at:end]
			closed = string(bytes.TrimSpace(line[len(containerPrefix(line)):])) == r.close
			blank(out[at:end], quotes)
			at = end
		}
		if !closed {
			b.problem(Error, "unclosed-output", b.line(opening),
				"output that the program wrote has no closing line; all below it is taken as output",
				"add the line "+r.close)
		}
	}
	return out
}

// opens returns the region that the line opens, if it does.
func opens(line []byte) *region {
	rest := line[len(containerPrefix(line)):]
	for i := range regions {
		if after, ok := bytes.CutPrefix(rest, []byte(regions[i].open)); ok && (len(after) == 0 || isSpace(after[0]) || after[0] == '-') {
			return &regions[i]
		}
	}
	return nil
}

// blank overwrites a line but for its ending and the block quotes it stands
// in, so that the quote goes on below.
func blank(line []byte, quotes int) {
	prefix := true
	for i, c := range line {
		switch {
		case c == '\n' || c == '\r' || c == '\t' && prefix:
		case prefix && c == '>' && quotes > 0:
			quotes--
		default:
			prefix = prefix && c == ' '
			line[i] = ' '
		}
	}
}

// containerPrefix returns the white space and quote signs that a line starts with.
func containerPrefix(line []byte) []byte {
	i := 0
	for i < len(line) && (line[i] == ' ' || line[i] == '\t' || line[i] == '>') {
		i++
	}
	return line[:i]
}

// frontMatter returns where Markdown starts: after a byte order mark and after
// YAML or TOML between its fences. A rule at the top is not front matter.
func frontMatter(src []byte) int {
	start := 0
	if bytes.HasPrefix(src, []byte("\ufeff")) {
		start = 3
	}
	end := lineEnd(src, start)
	fence := string(bytes.TrimRight(src[start:end], " \t\r\n"))
	if fence != "---" && fence != "+++" || !startsKey(src[end:]) {
		return start
	}
	for at := end; at < len(src); at = end {
		end = lineEnd(src, at)
		line := string(bytes.TrimRight(src[at:end], " \t\r\n"))
		if line == fence || fence == "---" && line == "..." {
			return end
		}
		if opens(src[at:end]) != nil {
			return start // what a step printed closes nothing
		}
	}
	return start
}

// startsKey reports whether the text starts like front matter: comments, then
// a key.
func startsKey(text []byte) bool {
	line := text[:lineEnd(text, 0)]
	for len(line) > 1 && line[0] == '#' && line[1] != '#' {
		text = text[len(line):]
		line = text[:lineEnd(text, 0)]
	}
	if trimmed := string(bytes.TrimSpace(line)); trimmed == "---" || trimmed == "+++" {
		return true // empty
	}
	i := 0
	for i < len(line) && (isWordByte(line[i]) || line[i] == '"' || i > 0 && (line[i] == '-' || line[i] == '.')) {
		i++
	}
	rest := bytes.TrimLeft(line[i:], " \t")
	if i == 0 || len(rest) == 0 {
		return false
	}
	return rest[0] == '=' || rest[0] == ':' && (len(rest) == 1 || isSpace(rest[1]))
}

// lineEnd returns the offset after the line that holds at, its ending included.
func lineEnd(src []byte, at int) int {
	if i := bytes.IndexByte(src[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(src)
}

// lineStart returns the offset of the first byte of the line that holds at.
func lineStart(src []byte, at int) int {
	return bytes.LastIndexByte(src[:at], '\n') + 1
}
