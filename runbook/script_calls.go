package runbook

import (
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// A shellCall is one simple command of a step, wherever in it that stands, and
// what is around it that changes what running it means.
type shellCall struct {
	words []shellArg // wrappers such as sudo left out; empty if the text does not tell what runs
	all   []shellArg // as written
	line  int        // in the document
	place callPlace
}

// callPlace is where a call stands.
type callPlace struct {
	piped      bool // its output goes to a file or another program
	fed        bool // its input comes from a file, a here-document or another program
	maybe      bool // it runs only on a condition
	handled    bool // its failure is expected: it is a condition, or has an || of its own
	background bool // nobody waits for it
	cut        bool // what reads its output ends before it does, as head
}

// program is the name of what the call runs; empty if the text does not tell.
func (c *shellCall) program() string {
	if len(c.words) == 0 || !c.words[0].known {
		return ""
	}
	return path.Base(c.words[0].value)
}

// arg returns word i if its value is known.
func (c *shellCall) arg(i int) string {
	if i >= len(c.words) || !c.words[i].known {
		return ""
	}
	return c.words[i].value
}

// isTimed reports whether the call is ended from outside after a while.
func (c *shellCall) isTimed() bool {
	return hasWord(c.all[:len(c.all)-len(c.words)], "timeout", "gtimeout")
}

// isRemote reports whether the call runs its words in a container, where
// neither this machine's programs nor its terminal are.
func (c *shellCall) isRemote() bool {
	return hasWord(c.all[:len(c.all)-len(c.words)], "kubectl", "oc")
}

// isGuarded reports whether a word is a variable that must have a value for the
// command to run at all: "${DIR:?}".
func (a shellArg) isGuarded() bool {
	guarded := false
	syntax.Walk(a.word, func(n syntax.Node) bool {
		if p, ok := n.(*syntax.ParamExp); ok && p.Exp != nil {
			guarded = guarded || p.Exp.Op == syntax.ErrorUnset || p.Exp.Op == syntax.ErrorUnsetOrNull
		}
		return true
	})
	return guarded
}

// A shellReading is what a command's syntax tells beyond what a run needs.
type shellReading struct {
	calls   []shellCall
	loops   []int                    // the lines of loops that nothing ends
	defined []string                 // the functions and aliases that it defines
	asked   []string                 // the programs that it looks for: `command -v jq`
	names   []variableUse            // in the order of the text
	sets    map[string]bool          // the variables that it sets
	opaque  bool                     // it sources, evaluates or reads what the text does not tell
	hidden  []hiddenFailure          // failures that a shell would not report
	words   []lintSpan               // its literal text, where any of it is not ASCII
	quiet   bool                     // its whole output goes to a file
	silent  bool                     // it only changes the shell, and prints nothing
	options map[string]bool          // the shell options that it sets
	tree    *syntax.File             // for further questions
	at      func(pos syntax.Pos) int // a position's line in the document
}

// A lintSpan is a stretch of a command's text and its line in the document.
type lintSpan struct {
	text string
	line int
	bare bool // stands outside quotes, where the look of a character decides what runs
}

// readShell reads one command again, for what only lint asks about. Commands
// that bash cannot read are reported elsewhere: for those it returns nil.
func readShell(c *Command) *shellReading {
	marks, masked := findMarks(c.Text)
	file, err := parseShell(masked)
	if err != nil {
		return nil
	}
	r := &shellReading{
		sets: map[string]bool{}, options: map[string]bool{}, tree: file,
		at: func(p syntax.Pos) int { return c.Line + int(p.Line()) - 1 },
	}
	w := callWalker{reading: r, script: &scriptReader{marks: marks}}
	for _, st := range file.Stmts {
		w.stmt(st, callPlace{})
	}
	r.variables()
	r.failures()
	r.literals(c.Text)
	if len(file.Stmts) == 1 {
		r.quiet, r.silent = isQuiet(file.Stmts[0]), isSilent(file.Stmts[0])
	}
	return r
}

// A callWalker finds the calls of a command.
type callWalker struct {
	reading *shellReading
	script  *scriptReader // for its marks
}

func (w *callWalker) stmts(list []*syntax.Stmt, p callPlace) {
	for _, st := range list {
		w.stmt(st, p)
	}
}

func (w *callWalker) stmt(st *syntax.Stmt, p callPlace) {
	p.background = p.background || st.Background || st.Coprocess
	for _, rd := range st.Redirs {
		switch rd.Op {
		case syntax.RdrIn, syntax.Hdoc, syntax.DashHdoc, syntax.WordHdoc:
			p.fed = true
		case syntax.RdrOut, syntax.AppOut, syntax.RdrAll, syntax.AppAll, syntax.RdrClob:
			p.piped = p.piped || rd.N == nil || rd.N.Value == "1"
		}
		w.within(rd, p)
	}
	w.command(st.Cmd, p)
}

func (w *callWalker) command(cmd syntax.Command, p callPlace) {
	maybe, asked := p, p
	maybe.maybe = true
	asked.handled = true
	switch c := cmd.(type) {
	case *syntax.CallExpr:
		w.call(c, p)
	case *syntax.BinaryCmd:
		w.binary(c, p)
	case *syntax.Subshell:
		w.stmts(c.Stmts, p)
	case *syntax.Block:
		w.stmts(c.Stmts, p)
	case *syntax.IfClause:
		for ; c != nil; c = c.Else {
			w.stmts(c.Cond, asked)
			w.stmts(c.Then, maybe)
		}
	case *syntax.WhileClause:
		if isEndless(c) {
			w.reading.loops = append(w.reading.loops, w.reading.at(c.Pos()))
		}
		w.stmts(c.Cond, asked)
		w.stmts(c.Do, maybe)
	case *syntax.ForClause:
		w.within(c.Loop, p)
		w.stmts(c.Do, p)
	case *syntax.CaseClause:
		for _, item := range c.Items {
			w.stmts(item.Stmts, maybe)
		}
	case *syntax.FuncDecl:
		if c.Name != nil {
			w.reading.defined = append(w.reading.defined, c.Name.Value)
		}
		w.stmt(c.Body, maybe)
	case *syntax.TimeClause:
		if c.Stmt != nil {
			w.stmt(c.Stmt, p)
		}
	case nil:
	default:
		w.within(c, p)
	}
}

// binary follows a list or a pipeline.
func (w *callWalker) binary(c *syntax.BinaryCmd, p callPlace) {
	left, right := p, p
	switch c.Op {
	case syntax.Pipe, syntax.PipeAll:
		left.piped, right.fed = true, true
		left.cut = left.cut || isCutting(lastProgram(c.Y))
	case syntax.OrStmt:
		left.handled, right.maybe = true, true
	default:
		right.maybe = p.maybe || w.script.isTest(c.X)
	}
	w.stmt(c.X, left)
	w.stmt(c.Y, right)
}

// isCutting reports whether a program ends once it has read enough.
func isCutting(words []shellArg) bool {
	if len(words) == 0 || !words[0].known {
		return false
	}
	switch name := words[0].base(); {
	case name == "head", name == "sed", name == "awk":
		return true
	case isSearch(name):
		return hasFlag(words, "-q") || hasFlag(words, "-m") || hasFlag(words, "-m1") || hasFlag(words, "--max-count")
	}
	return false
}

// within follows the substitutions in a node.
func (w *callWalker) within(n syntax.Node, p callPlace) {
	p.piped = true
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CmdSubst:
			w.stmts(n.Stmts, p)
			return false
		case *syntax.ProcSubst:
			w.stmts(n.Stmts, p)
			return false
		}
		return true
	})
}

func (w *callWalker) call(c *syntax.CallExpr, p callPlace) {
	for _, as := range c.Assigns {
		w.within(as, p)
	}
	all := shellArgs(c)
	for i := range all {
		if w.script.isMarked(all[i].word) {
			all[i].known, all[i].value = false, ""
		}
		if !all[i].known {
			w.within(all[i].word, p)
		}
	}
	if len(all) == 0 {
		return
	}
	words, _ := unwrapCommand(all)
	call := shellCall{words: words, all: all, line: w.reading.at(c.Pos()), place: p}
	w.reading.calls = append(w.reading.calls, call)
	w.definitions(&call)
}

// definitions notes what a call says about the programs and variables of the
// commands after it.
func (w *callWalker) definitions(c *shellCall) {
	r := w.reading
	switch c.program() {
	case "alias":
		for _, a := range c.words[1:] {
			name, _, _ := strings.Cut(a.lead(), "=")
			r.defined = append(r.defined, name)
		}
	case "source", ".", "eval":
		r.opaque = true
	case "command", "which", "type", "hash":
		for _, a := range c.words[1:] {
			r.asked = append(r.asked, a.value)
		}
	case "set", "shopt":
		for _, a := range c.words[1:] {
			r.options[a.value] = true
		}
	}
}

// isEndless reports whether a loop's condition always holds and nothing in it
// leaves it.
func isEndless(c *syntax.WhileClause) bool {
	if c.Until || len(c.Cond) != 1 {
		return false
	}
	cond, ok := c.Cond[0].Cmd.(*syntax.CallExpr)
	if !ok || len(cond.Args) != 1 || len(c.Cond[0].Redirs) > 0 {
		return false
	}
	if v := cond.Args[0].Lit(); v != "true" && v != ":" {
		return false
	}
	leaves := false
	for _, st := range c.Do {
		syntax.Walk(st, func(n syntax.Node) bool {
			call, ok := n.(*syntax.CallExpr)
			if ok && len(call.Args) > 0 {
				switch call.Args[0].Lit() {
				case "break", "exit", "return", "exec", "kill":
					leaves = true
				}
			}
			return true
		})
	}
	return !leaves
}

// isQuiet reports whether all that a statement prints goes to a file.
func isQuiet(st *syntax.Stmt) bool {
	for _, rd := range st.Redirs {
		switch rd.Op {
		case syntax.DplOut:
			return false // 2>&1 before the file: it goes where the other went
		case syntax.RdrOut, syntax.AppOut, syntax.RdrAll, syntax.AppAll, syntax.RdrClob:
			if rd.N == nil || rd.N.Value == "1" {
				return !isShown(rd.Word)
			}
		}
	}
	return false
}

// isSilent reports whether a statement only changes the shell, for certain
// without a word.
func isSilent(st *syntax.Stmt) bool {
	switch c := st.Cmd.(type) {
	case *syntax.DeclClause:
		return c.Variant.Value == "export" && len(c.Args) > 0 && !slices.ContainsFunc(c.Args, func(a *syntax.Assign) bool { return a.Name == nil || a.Naked })
	case *syntax.CallExpr:
		if len(c.Args) == 0 {
			return len(c.Assigns) > 0
		}
		name := c.Args[0].Lit()
		return isListed(name, "true : unset") || name == "cd" && len(c.Args) == 2 && c.Args[1].Lit() != "-"
	}
	return false
}

// isShown reports whether what is redirected to a word may still be seen: it
// goes to another program, or to where output goes anyway.
func isShown(w *syntax.Word) bool {
	switch w.Lit() {
	case "/dev/stdout", "/dev/stderr", "/dev/tty":
		return true
	}
	return slices.ContainsFunc(w.Parts, func(p syntax.WordPart) bool { _, ok := p.(*syntax.ProcSubst); return ok })
}

// literals keeps the stretches of literal text. text is what the tree's
// positions count in.
func (r *shellReading) literals(text string) {
	if isASCII(text) {
		return
	}
	for _, l := range shellLeaves(r.tree) {
		r.words = append(r.words, lintSpan{text[l.Start:l.End], r.lineOf(text, l.Start), l.quoting == bareText || l.quoting == shellName})
	}
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// lineOf returns the document's line of a byte of the command's text.
func (r *shellReading) lineOf(text string, at int) int {
	return r.at(syntax.NewPos(0, 1, 1)) + strings.Count(text[:at], "\n")
}
