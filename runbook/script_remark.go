package runbook

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// A scriptRemark is a comment line of a step.
type scriptRemark struct {
	line  int    // in the document
	text  string // "# " removed
	block int    // lines that follow each other without a blank one are a block
	after bool   // stands on the line of the command that it follows
}

// remarks reads the comments around and in the commands: what is expected, and
// what the next command is for.
func (r *scriptReader) remarks() {
	for i := range r.parts {
		r.script.Commands[i].Comment = r.readGap(r.gap(i), i)
		r.inner(i)
	}
	if n := len(r.parts); n > 0 {
		r.readGap(r.gap(n), n)
	}
}

// lastLine returns the document's line on which command i ends.
func (r *scriptReader) lastLine(i int) int {
	c := &r.script.Commands[i]
	return c.Line + strings.Count(c.Text, "\n")
}

// gap returns the comments before command i, from the end of the one above.
// Nothing else stands there but blanks, semicolons and backslashes.
func (r *scriptReader) gap(i int) []scriptRemark {
	from, to := 0, len(r.text)
	if i > 0 {
		from = r.parts[i-1].span.End
	}
	if i < len(r.parts) {
		to = r.parts[i].span.Start
	}
	text := r.text[from:to]
	if strings.IndexByte(text, '#') < 0 {
		return nil
	}
	var out []scriptRemark
	line, block, first := r.line, 0, false
	if i > 0 {
		line, first = r.lastLine(i-1), true
	}
	for l := range strings.Lines(text) {
		l = strings.TrimLeft(strings.TrimRight(l, " \t\n"), " \t;\\")
		switch {
		case strings.HasPrefix(l, "#") && !(line == r.line && strings.HasPrefix(l, "#!")):
			out = append(out, scriptRemark{line, strings.TrimSpace(strings.TrimLeft(l, "#")), block, first})
		case !first:
			block++
		}
		if first {
			block++
		}
		first = false
		line++
	}
	return out
}

// readGap takes the expectations from the comments before command next and
// returns what remains of the block directly above it.
func (r *scriptReader) readGap(gap []scriptRemark, next int) string {
	if len(gap) == 0 {
		return ""
	}
	used := make([]bool, len(gap))
	for i := range gap {
		if used[i] {
			continue
		}
		found := readExpect(gap, i, used)
		if found.Text == "" && len(found.Values) == 0 {
			continue
		}
		found.Command = max(next-1, 0)
		found.Advisory = found.Advisory || r.belongsBelow(gap, i, next)
		r.script.Expects = append(r.script.Expects, found)
	}
	last := gap[len(gap)-1].block
	var lines []string
	for i, m := range gap {
		if m.block == last && !used[i] && !m.after {
			lines = append(lines, m.text)
		}
	}
	return strings.Join(lines, "\n")
}

// belongsBelow reports whether a comment is set off from the command above it
// and stands right on top of the next: whose it is is then not certain.
func (r *scriptReader) belongsBelow(gap []scriptRemark, i, next int) bool {
	if next == 0 || next == len(r.parts) {
		return false
	}
	block := gap[i].block
	firstLine, lastLine := gap[i].line, gap[i].line
	for _, m := range gap {
		if m.block == block {
			firstLine, lastLine = min(firstLine, m.line), max(lastLine, m.line)
		}
	}
	return firstLine > r.lastLine(next-1)+1 && lastLine+1 == r.script.Commands[next].Line
}

// inner reads expectations from comments within a command, such as a loop's
// body. What they judge is not certain.
func (r *scriptReader) inner(i int) {
	if strings.IndexByte(r.script.Commands[i].Text, '#') < 0 {
		return
	}
	var found []scriptRemark
	for _, st := range r.parts[i].stmts {
		syntax.Walk(st, func(n syntax.Node) bool {
			if c, ok := n.(*syntax.Comment); ok && r.parts[i].span.Contains(Span{posOffset(c.Pos()), posOffset(c.End())}) {
				found = append(found, scriptRemark{line: r.lineAt(c.Pos()), text: strings.TrimSpace(strings.TrimLeft(c.Text, "#"))})
			}
			return true
		})
	}
	used := make([]bool, len(found))
	for j := range found {
		if used[j] {
			continue
		}
		if e := readExpect(found, j, used); e.Text != "" || len(e.Values) > 0 {
			e.Command, e.Advisory = i, true
			r.script.Expects = append(r.script.Expects, e)
		}
	}
}
