package runbook

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// A sheet collects lines, each behind the prefix of the container that they
// stand in, with the document's own line ends.
type sheet struct {
	out    strings.Builder
	prefix string
	eol    string
}

func newSheet(doc *Document, prefix string) *sheet {
	eol := "\n"
	if i := bytes.IndexByte(doc.Source, '\n'); i > 0 && doc.Source[i-1] == '\r' {
		eol = "\r\n"
	}
	return &sheet{prefix: prefix, eol: eol}
}

func (w *sheet) line(format string, args ...any) {
	text := format
	if len(args) > 0 {
		text = fmt.Sprintf(format, args...)
	}
	if text == "" {
		w.out.WriteString(strings.TrimRight(w.prefix, " \t"))
	} else {
		w.out.WriteString(w.prefix)
		w.out.WriteString(text)
	}
	w.out.WriteString(w.eol)
}

// fence writes text as a code block that nothing in it can end.
func (w *sheet) fence(text string) {
	text = strings.ReplaceAll(Visible(text), "<!--", "<\\!--")
	marks := strings.Repeat("`", max(3, longestRun(text, '`')+1))
	w.line("%stext", marks)
	for line := range strings.Lines(text) {
		w.line("%s", strings.TrimSuffix(line, "\n"))
	}
	w.line("%s", marks)
}

func longestRun(s string, c byte) int {
	longest, run := 0, 0
	for i := 0; i < len(s); i++ {
		if s[i] == c {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	return longest
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// codeSpan writes text as inline code that nothing in it can end.
func codeSpan(text string) string {
	text = strings.ReplaceAll(Visible(strings.TrimSpace(text)), "<!--", "<\\!--")
	if text = strings.ReplaceAll(text, "\n", " "); text == "" {
		return "(empty)"
	}
	marks := strings.Repeat("`", longestRun(text, '`')+1)
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return marks + text + marks
}

// escapeText is escapeInline for text that may hold anything.
func escapeText(s string) string {
	return escapeInline(strings.ReplaceAll(Visible(s), "\n", " "))
}

func htmlText(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// firstLine shortens a command to what identifies it: its first line, of at
// most 100 characters.
func firstLine(s string) string {
	line, rest, more := strings.Cut(strings.TrimSpace(s), "\n")
	cut := strings.TrimSuffix(strings.TrimSpace(line), "\\")
	if short := shorten(cut); short != cut {
		return short
	}
	if more && rest != "" {
		return strings.TrimSpace(cut) + " …"
	}
	return cut
}

// shorten cuts a text after 100 characters.
func shorten(s string) string {
	if r := []rune(s); len(r) > 100 {
		return string(r[:99]) + "…"
	}
	return s
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// seconds shows a duration to the tenth of a second, and by the minute once
// it is longer than one.
func seconds(s float64) string {
	if s < 60 {
		return fmt.Sprintf("%.1f s", s)
	}
	d := time.Duration(s * float64(time.Second)).Round(time.Second)
	return d.String()
}
