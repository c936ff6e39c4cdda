package runbook

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// executable are the languages whose fences are steps.
var executable = map[string]bool{
	"bash": true, "sh": true, "shell": true, "zsh": true, "console": true, "shell-session": true, "terminal": true,
}

// fence makes a step of an executable fence, takes a fence of output for what
// the step above it prints, and looks for a form in an untagged one. All other
// fences are for reading.
func (b *builder) fence(n *ast.FencedCodeBlock) {
	for len(b.fences) > 0 && b.fences[0].node != n {
		b.fences = b.fences[1:]
	}
	if len(b.fences) == 0 {
		return
	}
	f := b.fences[0]
	b.fences = b.fences[1:]
	info := ""
	if n.Info != nil {
		info = string(n.Info.Segment.Value(b.src))
	}
	lang := fenceLang(info)
	body := bodySpans(n, len(b.src))
	step := b.awaits
	b.awaits = -1
	switch {
	case executable[lang]:
		b.step(n, f, lang, info, body)
	case lang == "output" || lang == "expected":
		b.sample(step, f, body)
	case lang == "" || lang == "text" || lang == "txt" || lang == "plaintext":
		b.form(body)
	}
}

// fenceLang returns the info string's first word, case folded.
func fenceLang(info string) string {
	if i := strings.IndexAny(info, " \t{,"); i >= 0 {
		info = info[:i]
	}
	return strings.ToLower(info)
}

func bodySpans(n *ast.FencedCodeBlock, limit int) []Span {
	lines := n.Lines()
	body := make([]Span, lines.Len())
	for i := range body {
		seg := lines.At(i)
		body[i] = Span{min(seg.Start, limit), min(seg.Stop, limit)}
	}
	return body
}

func (b *builder) step(n *ast.FencedCodeBlock, f fence, lang, info string, body []Span) {
	s := Slot{
		Kind: StepSlot, Label: b.doc.Sections[b.section()].Title, Line: b.line(f.start), Zone: Code,
		Mark: Span{f.end, f.end}, Lang: lang, Body: body, Prefix: prefixOf(n),
	}
	inside, closed := braces(info)
	if !closed {
		b.problem(Error, "unclosed-attributes", s.Line, "the attributes of the fence have no closing brace", "")
	}
	b.bareAttributes(info, s.Line)
	s.Attrs = strings.TrimSpace(b.commentAbove(n, f) + " " + inside)
	at := b.add(s, -1, false)
	b.awaits = at
	b.doc.Slots[at].Broken = !f.closed
	if !f.closed {
		b.problem(Error, "unclosed-fence", s.Line, "the step's fence is not closed: all below it would run",
			"close it with a line of "+string(fenceChars(b.src[f.start:])))
	}
	if b.unbalanced(body) {
		b.doc.Slots[at].Broken = true
	}
	b.comments(body)
}

// unbalanced reports the first line of a step that shows its fence to be
// closed too late, if there is one.
func (b *builder) unbalanced(body []Span) bool {
	for _, l := range body {
		what := ""
		switch line := l.Of(b.src); {
		case opensFence(line):
			what = "opens another fence"
		case isTask(line):
			what = "is a check item"
		default:
			continue
		}
		b.problem(Error, "unbalanced-fence", b.line(l.Start),
			"a step holds a line that "+what+": the step's own fence is likely not closed", "close the fence above it")
		return true
	}
	return false
}

// indented warns of a step that Markdown does not take for one: a fence at
// four or more spaces is text.
func (b *builder) indented(n *ast.CodeBlock) {
	for i := range n.Lines().Len() {
		seg := n.Lines().At(i)
		line := bytes.TrimSpace(b.src[seg.Start:min(seg.Stop, len(b.src))])
		if opensFence(line) && executable[fenceLang(string(bytes.TrimSpace(line[len(fenceChars(line)):])))] {
			b.problem(Warning, "indented-fence", b.line(seg.Start),
				"Markdown reads this fence as indented text: it is no step", "indent it by less than four spaces more than what it belongs to")
			return
		}
	}
}

// fenceChars returns the run of backticks or tildes that text starts with.
func fenceChars(text []byte) []byte {
	i := 0
	for i < len(text) && text[i] == text[0] {
		i++
	}
	return text[:i]
}

// opensFence reports whether a line would open a fence with an info string.
func opensFence(line []byte) bool {
	line = bytes.TrimSpace(line)
	if len(line) < 4 || line[0] != '`' && line[0] != '~' {
		return false
	}
	run := len(fenceChars(line))
	info := line[run:]
	return run >= 3 && len(info) > 0 && bytes.IndexByte(info, '`') < 0
}

// isTask reports whether a line is a check item.
func isTask(line []byte) bool {
	line = bytes.TrimLeft(line, " \t>")
	if len(line) < 6 || bytes.IndexByte([]byte("-*+"), line[0]) < 0 || line[1] != ' ' {
		return false
	}
	line = bytes.TrimLeft(line[1:], " ")
	return len(line) > 3 && line[0] == '[' && bytes.IndexByte([]byte(" xX"), line[1]) >= 0 && line[2] == ']' && line[3] == ' '
}

// braces returns what stands between { and } in an info string.
func braces(info string) (inside string, closed bool) {
	_, rest, open := strings.Cut(info, "{")
	if !open {
		return "", true
	}
	i := strings.LastIndexByte(rest, '}')
	if i < 0 {
		return strings.TrimSpace(rest), false
	}
	return strings.TrimSpace(rest[:i]), true
}

// commentAbove returns the attributes in a "<!-- runbook: … -->" comment on
// the line above the fence.
func (b *builder) commentAbove(n ast.Node, f fence) string {
	if p := n.PreviousSibling(); p == nil || p.Kind() != ast.KindHTMLBlock {
		return ""
	}
	end := lineStart(b.src, f.start)
	if end == 0 {
		return ""
	}
	attrs, colon, ok := noteText(b.view[lineStart(b.src, end-1):end])
	if !ok || !colon {
		return ""
	}
	return attrs
}

// prefixOf returns what starts each further line in a block's containers.
func prefixOf(n ast.Node) string {
	var parts []string
	for p := n.Parent(); p != nil; p = p.Parent() {
		switch p := p.(type) {
		case *ast.Blockquote:
			parts = append(parts, "> ")
		case *ast.ListItem:
			parts = append(parts, strings.Repeat(" ", p.Offset))
		}
	}
	prefix := ""
	for _, part := range parts {
		prefix = part + prefix
	}
	return prefix
}

// comments finds the blanks in a script's comments.
func (b *builder) comments(body []Span) {
	for _, c := range shellComments(b.src, body) {
		p := &b.passage
		p.loadSpan(b.src, c)
		p.scan(b.refs)
		p.keepBlanks()
		if len(p.marks) > 0 {
			b.fields(p, p.marks, -1, place{zone: Code, owner: -1})
		}
	}
}

// keepBlanks drops all marks but plain runs of underscores: in code no markup
// is read.
func (p *passage) keepBlanks() {
	kept := p.marks[:0]
	for _, m := range p.marks {
		if m.kind == blankMark && p.text[m.span.Start] == '_' {
			kept = append(kept, m)
		}
	}
	p.marks = kept
}

// form finds the slots of an untagged fence that is a form: at least one
// "Label: ____", no command and no drawing.
func (b *builder) form(body []Span) {
	if !b.isForm(body) {
		return
	}
	lead, freed := "", false // the line above, if it names the free text below it; whether that has a blank
	for _, l := range body {
		line := l.Of(b.src)
		free := isFreeText(line)
		if free && freed {
			continue // the same text, on another line
		}
		freed = free && lead != ""
		at := place{zone: Code, form: true, owner: -1}
		if freed {
			at.label = lead
		}
		lead = leadOf(line)
		if !mayMark(line) {
			continue
		}
		p := &b.passage
		p.loadSpan(b.src, Span{l.Start, l.End - len(line) + len(bytes.TrimRight(line, "\r\n"))})
		p.scan(b.refs)
		if len(p.marks) > 0 {
			b.passageSlots(p, at)
		}
	}
}

// isFreeText reports whether a line is nothing but a long run of underscores.
func isFreeText(line []byte) bool {
	run := bytes.TrimSpace(line)
	return len(run) >= 6 && len(bytes.Trim(run, "_")) == 0
}

// leadOf is the label in a line that ends with a colon; else empty.
func leadOf(line []byte) string {
	text := plain(bytes.TrimSpace(line))
	if !strings.HasSuffix(text, ":") {
		return ""
	}
	return trimLabel(text)
}

func (b *builder) isForm(body []Span) bool {
	labelled := false
	for _, l := range body {
		line := bytes.TrimSpace(l.Of(b.src))
		if len(line) == 0 {
			continue
		}
		if isDrawing(line) || isCommandLine(line) {
			return false
		}
		if i := bytes.IndexByte(line, '_'); i > 0 && !labelled {
			p := &b.passage
			p.loadSpan(b.src, l)
			p.scan(nil)
			p.keepBlanks()
			labelled = len(p.marks) > 0 && bytes.HasSuffix(bytes.TrimSpace(p.text[:p.marks[0].span.Start]), []byte{':'})
		}
	}
	return labelled
}

// isDrawing reports whether a line belongs to a wireframe or a table drawn in
// characters.
func isDrawing(line []byte) bool {
	return line[0] == '|' || line[0] == '+' || bytes.Contains(line, []byte("--+")) || bytes.Contains(line, []byte("|__")) ||
		bytes.Contains(line, []byte("__|")) || bytes.Contains(line, []byte("\xe2\x94")) || bytes.Contains(line, []byte("\xe2\x95"))
}

// isCommandLine reports whether a line is meant for a shell.
func isCommandLine(line []byte) bool {
	switch {
	case bytes.HasPrefix(line, []byte("$ ")), bytes.HasPrefix(line, []byte("% ")), bytes.HasPrefix(line, []byte("> ")),
		bytes.HasPrefix(line, []byte("./")), bytes.HasPrefix(line, []byte("#!")),
		bytes.HasSuffix(line, []byte{'\\'}), bytes.Contains(line, []byte("$(")), bytes.Contains(line, []byte("${")),
		bytes.Contains(line, []byte(" && ")), bytes.Contains(line, []byte(" | ")), bytes.Contains(line, []byte(" --")):
		return true
	}
	word, _, _ := bytes.Cut(line, []byte{' '})
	return programs[string(word)]
}
