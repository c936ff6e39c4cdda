package runbook

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// A draftWriter writes entries of a sidecar as YAML.
type draftWriter struct {
	bytes.Buffer
	indent string
	infos  func(key, use string) *Info
}

// entry writes what a draft has to say of a slot: a comment that tells which
// slot it is, then what is set, or what might be as a comment.
func (w *draftWriter) entry(e *DraftEntry) {
	w.comment("line %d: %s", e.Line, e.Label)
	for _, n := range e.Notes {
		w.comment("  %s", n)
	}
	switch {
	case e.Set != nil:
		w.pair("", e, []CheckCall{*e.Set}, nil)
	case e.Of != nil:
		w.pair("", e, e.Of, nil)
	}
	for _, s := range e.Maybe {
		w.comment("  perhaps: %s", s.Why)
		for _, m := range s.Missing {
			meaning := ""
			for _, c := range s.Calls {
				if info := w.infos(e.Key, c.Use); info != nil && info.Args[m] != "" {
					meaning = ": " + info.Args[m]
				}
			}
			w.comment("  for you to say, %s%s", m, meaning)
		}
		w.pair("#", e, s.Calls, s.Missing)
	}
}

// comment writes one line of a comment, whatever the text holds.
func (w *draftWriter) comment(format string, args ...any) {
	text := Visible(strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " "))
	if strings.HasPrefix(format, "  ") {
		text = "  " + text
	}
	fmt.Fprintf(w, "%s# %s\n", w.indent, strings.ReplaceAll(text, "\n", " "))
}

// maxDraftLine is the length up to which an entry stands on one line.
const maxDraftLine = 120

// pair writes a slot's key and its checks, on one line if they are short.
func (w *draftWriter) pair(lead string, e *DraftEntry, calls []CheckCall, missing []string) {
	key := w.indent + lead + string(e.ID) + ":"
	parts := make([]string, len(calls))
	for i, c := range calls {
		parts[i] = "{" + strings.Join(w.args(e.Key, c, missing), ", ") + "}"
	}
	if len(calls) > 1 {
		fmt.Fprintf(w, "%s\n", key)
		for _, p := range parts {
			fmt.Fprintf(w, "%s%s  - %s\n", w.indent, lead, p)
		}
		return
	}
	if len(key)+1+len(parts[0]) <= maxDraftLine || len(calls[0].Args) == 0 {
		fmt.Fprintf(w, "%s %s\n", key, parts[0])
		return
	}
	fmt.Fprintf(w, "%s\n", key)
	for _, a := range w.args(e.Key, calls[0], missing) {
		fmt.Fprintf(w, "%s%s  %s\n", w.indent, lead, a)
	}
}

// args writes a check's arguments, "key: value" each; what is missing stands
// as an empty text.
func (w *draftWriter) args(key string, c CheckCall, missing []string) []string {
	var list []string
	if c.Use != "" {
		list = append(list, "use: "+yamlText(c.Use))
	}
	info := w.infos(key, c.Use)
	names := sortedKeys(c.Args)
	for _, m := range missing {
		if _, given := c.Args[m]; !given && info != nil && info.Args[m] != "" {
			names = append(names, m)
		}
	}
	slices.Sort(names)
	for _, a := range names {
		value := c.Args[a]
		if info != nil && slices.Contains(info.Lists, a) && strings.Contains(value, ",") {
			var each []string
			for v := range strings.SplitSeq(value, ",") {
				each = append(each, yamlText(strings.TrimSpace(v)))
			}
			list = append(list, a+": ["+strings.Join(each, ", ")+"]")
			continue
		}
		list = append(list, a+": "+yamlText(value))
	}
	return list
}

// yamlText writes a text so that YAML reads it as it is, within braces too.
func yamlText(s string) string {
	bare := s != "" && (isLetter(s[0]) || isDigit(s[0]) || s[0] == '.' || s[0] == '/')
	for i := range len(s) {
		c := s[i]
		bare = bare && (isLetter(c) || isDigit(c) || strings.IndexByte("._/-*+@:", c) >= 0)
	}
	switch {
	case bare && !strings.HasSuffix(s, ":"):
		return s
	case strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) >= 0:
		return strconv.QuoteToASCII(s)
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}
