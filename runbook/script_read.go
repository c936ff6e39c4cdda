package runbook

import (
	"errors"
	"strings"
	"sync"

	"mvdan.cc/sh/v3/syntax"
)

// maxScript bounds a step's text in bytes, maxParens what in it may nest: the
// shell's grammar has no limit, and its parser's stack grows with it, by some
// 4 KiB for each parenthesis.
const (
	maxScript = 256 << 10
	maxParens = 20_000
)

// A scriptReader turns one step's text into a Script.
type scriptReader struct {
	script *Script
	line   int          // in the document, of the text's first line
	text   string       // what runs: prompts, sample output and carriage returns left out
	masked string       // text with its placeholders, and what is not UTF-8, overwritten, byte for byte, by letters
	marks  []scriptMark // what may be placeholders, in order
	parts  []commandPart
	made   []string // the paths of Makes effects
	// unpacked: an archive was unpacked, so that what exists from here on is
	// not certain.
	unpacked  bool
	functions map[string]functionEffects // by name
}

// A commandPart is a command's place in the text and in the syntax tree.
type commandPart struct {
	span  Span
	stmts []*syntax.Stmt // more than one where their here-documents interleave
}

// ReadScript reads a step's text: src is the document, slot one of its steps.
// It never fails; what bash cannot parse is an error in Problems, and then
// there are no commands. A broken step has neither: that its fence is wrong is
// all there is to say of it.
func ReadScript(src []byte, slot *Slot) *Script {
	r := scriptReader{script: &Script{}, line: slot.Line + 1}
	if slot.Broken {
		return r.script
	}
	lines := scriptLines(src, slot)
	if line := foreignPrompt(lines); line >= 0 {
		r.problem(Note, "manual-step", line, "the step is for another program's prompt, not for a shell", "a person does it")
		return r.script
	}
	if starts, ok := promptLines(lines); ok {
		r.script.Transcript = true
		lines = transcript(lines, starts)
	}
	r.text = strings.Join(lines, "\n")
	if len(r.text) > maxScript {
		r.problem(Error, "bash-syntax", 0, "the script is longer than 256 KiB", "move it to a file and run that file")
		return r.script
	}
	r.marks, r.masked = findMarks(r.text)
	file, err := parseShell(r.masked)
	if err != nil {
		r.syntaxProblem(err)
		return r.script
	}
	if line := r.extendedGlob(file); line >= 0 {
		r.unreadable(line, "a pattern such as *(x) needs `shopt -s extglob`")
		return r.script
	}
	r.split(file)
	r.remarks()
	r.sample(src, slot)
	r.placeholders(file)
	r.effects()
	r.sensitive()
	return r.script
}

// scriptLines returns the step's lines without their line endings.
func scriptLines(src []byte, slot *Slot) []string {
	lines := make([]string, len(slot.Body))
	for i, l := range slot.Body {
		s := string(l.Of(src))
		s = strings.TrimSuffix(s, "\n")
		lines[i] = strings.TrimSuffix(s, "\r")
	}
	return lines
}

// problem adds a problem; line counts the text's lines from 0.
func (r *scriptReader) problem(sev Severity, code string, line int, message, hint string) {
	r.script.Problems = append(r.script.Problems, Problem{
		Severity: sev, Code: code, Line: r.line + line, Message: message, Hint: hint,
	})
}

// syntaxProblem reports what bash could not read, in the parser's words.
func (r *scriptReader) syntaxProblem(err error) {
	line, message := 0, err.Error()
	var parse syntax.ParseError
	var lang syntax.LangError
	switch {
	case errors.As(err, &parse):
		line, message = int(parse.Pos.Line())-1, parse.Text
	case errors.As(err, &lang):
		line = int(lang.Pos.Line()) - 1
		message = strings.TrimPrefix(message, lang.Pos.String()+": ")
	}
	r.unreadable(max(line, 0), message)
}

func (r *scriptReader) unreadable(line int, message string) {
	r.problem(Error, "bash-syntax", line, "bash cannot read this: "+message,
		"mend the step, or tag the fence as text if it is not meant to run")
}

// extendedGlob returns the line, from 0, of a pattern such as *(x), which bash
// reads only with an option set; -1 if there is none.
func (r *scriptReader) extendedGlob(file *syntax.File) int {
	if strings.IndexByte(r.masked, '(') < 0 || strings.Contains(r.masked, "extglob") {
		return -1
	}
	line := -1
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.TestClause:
			return false // the option is always on there
		case *syntax.ExtGlob:
			if line < 0 {
				line = int(n.Pos().Line()) - 1
			}
		}
		return true
	})
	return line
}

var errTooManyParens = errors.New("too many parentheses")

// A shellParser is a parser with the reader that it reads from, kept for reuse.
type shellParser struct {
	parser *syntax.Parser
	in     strings.Reader
}

var shellParsers = sync.Pool{New: func() any {
	return &shellParser{parser: syntax.NewParser(syntax.Variant(syntax.LangBash), syntax.KeepComments(true))}
}}

// parseShell reads a text as bash does. The tree shows letters where the text
// is not UTF-8, which bash runs and the parser refuses.
func parseShell(text string) (*syntax.File, error) {
	if len(text) > maxParens && strings.Count(text, "(") > maxParens {
		return nil, errTooManyParens
	}
	if file, ok := parsePlain(text); ok {
		return file, nil
	}
	p := shellParsers.Get().(*shellParser)
	defer shellParsers.Put(p)
	p.in.Reset(maskInvalid(text))
	return p.parser.Parse(&p.in, "")
}

// split finds the commands. Statements whose here-documents share lines, as in
// `cat <<A; cat <<B`, are one command: neither text would run without the other.
func (r *scriptReader) split(file *syntax.File) {
	if len(file.Stmts) == 0 {
		r.problem(Note, "no-commands", 0, "the step holds no command", "a person does it")
		return
	}
	r.parts = make([]commandPart, 0, len(file.Stmts))
	for i, st := range file.Stmts {
		span := r.stmtSpan(st)
		if n := len(r.parts); n > 0 && span.Start < r.parts[n-1].span.End {
			last := &r.parts[n-1]
			last.span.End = max(last.span.End, span.End)
			last.stmts = file.Stmts[i-len(last.stmts) : i+1]
			continue
		}
		r.parts = append(r.parts, commandPart{span, file.Stmts[i : i+1]})
	}
	r.script.Commands = make([]Command, len(r.parts))
	for i, p := range r.parts {
		r.script.Commands[i].Text = r.text[p.span.Start:p.span.End]
		r.script.Commands[i].Line = r.lineAt(p.stmts[0].Pos())
	}
}

// lineAt returns the document's line of a position in the text.
func (r *scriptReader) lineAt(p syntax.Pos) int { return r.line + int(p.Line()) - 1 }

// stmtSpan returns where a statement's text stands, with its here-documents
// and without the semicolon after it.
func (r *scriptReader) stmtSpan(st *syntax.Stmt) Span {
	span := Span{posOffset(st.Pos()), posOffset(st.End())}
	if st.Semicolon.IsValid() && !st.Background && !st.Coprocess && !st.Disown {
		span.End = posOffset(st.Semicolon)
	}
	if strings.Contains(r.masked[span.Start:span.End], "<<") {
		syntax.Walk(st, func(n syntax.Node) bool {
			if rd, ok := n.(*syntax.Redirect); ok && isHeredoc(rd) {
				span.End = max(span.End, r.heredocEnd(rd))
			}
			return true
		})
	}
	span.End = span.Start + len(strings.TrimRight(r.text[span.Start:span.End], " \t\n"))
	return span
}

func posOffset(p syntax.Pos) int { return int(p.Offset()) }

func isHeredoc(rd *syntax.Redirect) bool {
	return rd.Op == syntax.Hdoc || rd.Op == syntax.DashHdoc
}

// heredocEnd returns the end of the line that closes a here-document, which
// the syntax tree leaves out.
func (r *scriptReader) heredocEnd(rd *syntax.Redirect) int {
	from := posOffset(rd.Word.End())
	if rd.Hdoc != nil {
		from = max(from, posOffset(rd.Hdoc.End()))
		from = strings.LastIndexByte(r.masked[:from], '\n') + 1
	}
	stop := heredocStop(rd.Word)
	for at := from; at < len(r.masked); {
		line := r.masked[at:]
		if n := strings.IndexByte(line, '\n'); n >= 0 {
			line = line[:n]
		}
		word := line
		if rd.Op == syntax.DashHdoc {
			word = strings.TrimLeft(word, "\t")
		}
		if at > posOffset(rd.Word.Pos()) && word == stop {
			return at + len(line)
		}
		at += len(line) + 1
	}
	return len(r.masked)
}

// heredocStop returns the line that ends a here-document: its word, quotes removed.
func heredocStop(w *syntax.Word) string {
	var b strings.Builder
	syntax.Walk(w, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Lit:
			b.WriteString(strings.ReplaceAll(n.Value, `\`, ""))
		case *syntax.SglQuoted:
			b.WriteString(n.Value)
		}
		return true
	})
	return b.String()
}
