package runbook

import "bytes"

// shellComments returns the spans of the comments in a script that hold a run
// of underscores. Quotes and here-documents are followed only as far as is
// needed not to take their text for a comment; where that is unsure, nothing
// further is.
func shellComments(src []byte, body []Span) []Span {
	var found []Span
	quote := byte(0)
	heredoc := ""
	for _, l := range body {
		line := bytes.TrimRight(l.Of(src), "\r\n")
		if heredoc != "" {
			if string(bytes.TrimLeft(line, "\t")) == heredoc {
				heredoc = ""
			}
			continue
		}
		comment := 0
		comment, quote, heredoc = scanShellLine(line, quote)
		if comment < len(line) && bytes.Contains(line[comment:], []byte("__")) {
			found = append(found, Span{l.Start + comment, l.Start + len(line)})
		}
	}
	return found
}

// scanShellLine returns where the line's comment starts (its length if it has
// none), the quote that stays open after it, and the word that ends the
// here-document that it starts.
func scanShellLine(line []byte, quote byte) (comment int, open byte, heredoc string) {
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote != 0:
			if c == '\\' && quote == '"' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '\\':
			i++
		case c == '\'' || c == '"' || c == '`':
			quote = c
		case c == '#' && (i == 0 || isSpace(line[i-1]) || line[i-1] == ';'):
			return i, 0, heredoc
		case c == '<' && bytes.HasPrefix(line[i:], []byte("<<<")):
			i += 2
		case c == '<' && bytes.HasPrefix(line[i:], []byte("<<")):
			heredoc = heredocWord(line[i+2:])
			i++
		}
	}
	return len(line), quote, heredoc
}

// heredocWord reads the word after "<<". One that cannot be read never ends.
func heredocWord(rest []byte) string {
	rest = bytes.TrimLeft(bytes.TrimPrefix(rest, []byte{'-'}), " \t")
	rest = bytes.TrimLeft(rest, `"'\`)
	end := 0
	for end < len(rest) && isWordByte(rest[end]) {
		end++
	}
	if end == 0 {
		return "\n"
	}
	return string(rest[:end])
}
