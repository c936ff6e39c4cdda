package runbook

import (
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// effects finds what each command does with the file system, in the order in
// which it would.
func (r *scriptReader) effects() {
	for i, p := range r.parts {
		w := effectWalker{reader: r, command: i}
		for _, st := range p.stmts {
			w.stmt(st)
		}
	}
}

// An effectWalker follows one command as the shell would run it.
type effectWalker struct {
	reader  *scriptReader
	command int
	// inside: in a subshell, whose cd does not last. Its effects' paths are
	// given from the directory that the subshell starts in.
	inside bool
	dir    string // inside: where its cd commands have led, from there
	lost   bool   // inside: a cd led to a place that only the run knows
	maybe  bool   // only run on a condition: needs nothing for certain
	plan   bool   // what is recorded now is a saved plan of terraform
	// defines: in a function's body, which runs when it is called. Only the
	// scripts that it would run are recorded.
	defines bool
}

// add records an effect on a path as far as it is relative and certain.
func (w *effectWalker) add(kind EffectKind, p, by string) {
	if p == "" || p == "-" || strings.ContainsAny(p, "\n\x00") || kind != Enters && (path.IsAbs(p) || strings.Contains(p, "://")) {
		return
	}
	if w.maybe && kind != Makes && kind != Leaves || w.reader.unpacked && (kind == Reads || kind == Runs) {
		return
	}
	if w.inside {
		if w.lost {
			return
		}
		if !path.IsAbs(p) && w.dir != "" {
			p = path.Join(w.dir, p)
		}
	}
	w.emit(kind, p, by)
}

func (w *effectWalker) emit(kind EffectKind, p, by string) {
	if w.defines {
		return
	}
	s := w.reader.script
	switch kind {
	case Makes:
		w.reader.made = append(w.reader.made, p+"/")
	case Reads, Runs:
		if w.reader.isWithinMade(p) {
			return
		}
	}
	s.Effects = append(s.Effects, Effect{Kind: kind, Path: p, Command: w.command, By: by, Inside: w.inside, Plan: w.plan})
}

// isWithinMade reports whether p lies in a directory that the step makes: what
// is in it by then is not certain.
func (r *scriptReader) isWithinMade(p string) bool {
	const most = 1000 // beyond, a script is not worth the time
	for _, dir := range r.made[:min(len(r.made), most)] {
		if strings.HasPrefix(p, dir) {
			return true
		}
	}
	return false
}

// addArg records an effect on a word whose value the text tells.
func (w *effectWalker) addArg(kind EffectKind, a shellArg, by string) {
	if a.known && !w.reader.isMarked(a.word) {
		w.add(kind, a.value, by)
	}
}

// makes records a file that a command creates: as written in the command's
// list, and as an effect if its name is certain.
func (w *effectWalker) makes(a shellArg, by string) {
	if w.defines {
		return
	}
	name := w.source(a)
	if a.known && !w.reader.isMarked(a.word) {
		name = a.value
	}
	if name == "" || name == "-" || strings.HasPrefix(name, "/dev/") || strings.Contains(name, "://") {
		return
	}
	c := &w.reader.script.Commands[w.command]
	if !slices.Contains(c.Creates, name) {
		c.Creates = append(c.Creates, name)
	}
	w.addArg(Makes, a, by)
}

// source returns the word as written.
func (w *effectWalker) source(a shellArg) string {
	text := w.reader.text[posOffset(a.word.Pos()):posOffset(a.word.End())]
	if i := strings.IndexByte(text, '='); i > 0 && text[0] == '-' {
		return text[i+1:]
	}
	return text
}

// isMarked reports whether a word holds what may be a placeholder: its value
// in the tree is then not what is written.
func (r *scriptReader) isMarked(word *syntax.Word) bool {
	if len(r.marks) == 0 {
		return false
	}
	span := Span{posOffset(word.Pos()), posOffset(word.End())}
	return slices.ContainsFunc(r.marks, func(m scriptMark) bool { return m.Overlaps(span) })
}

// sub follows what runs in a subshell.
func (w *effectWalker) sub(follow func(*effectWalker)) {
	in := *w
	if !in.inside {
		in.inside, in.dir, in.lost = true, "", false
	}
	follow(&in)
}

// perhaps follows what runs only on a condition.
func (w *effectWalker) perhaps(stmts ...*syntax.Stmt) {
	before := w.maybe
	w.maybe = true
	w.stmts(stmts)
	w.maybe = before
}

func (w *effectWalker) stmts(list []*syntax.Stmt) {
	for _, st := range list {
		w.stmt(st)
	}
}

func (w *effectWalker) stmt(st *syntax.Stmt) {
	if st.Background || st.Coprocess {
		w.sub(func(in *effectWalker) { in.foreground(st) })
		return
	}
	w.foreground(st)
}

func (w *effectWalker) foreground(st *syntax.Stmt) {
	by := ""
	if call, ok := st.Cmd.(*syntax.CallExpr); ok {
		by = w.reader.program(call)
	}
	for _, rd := range st.Redirs {
		w.redirect(rd, by)
	}
	switch c := st.Cmd.(type) {
	case *syntax.CallExpr:
		w.callExpr(c)
	case *syntax.BinaryCmd:
		w.binary(c)
	case *syntax.Subshell:
		w.sub(func(in *effectWalker) { in.stmts(c.Stmts) })
	case *syntax.Block:
		w.stmts(c.Stmts)
	case *syntax.IfClause:
		w.ifClause(c)
	case *syntax.WhileClause:
		w.stmts(c.Cond)
		w.perhaps(c.Do...)
	case *syntax.ForClause:
		w.substitutions(c.Loop)
		w.stmts(c.Do)
	case *syntax.CaseClause:
		for _, item := range c.Items {
			w.perhaps(item.Stmts...)
		}
	case *syntax.TimeClause:
		if c.Stmt != nil {
			w.stmt(c.Stmt)
		}
	case *syntax.DeclClause:
		w.substitutions(c)
	case *syntax.FuncDecl:
		w.function(c)
	}
}

func (w *effectWalker) ifClause(c *syntax.IfClause) {
	w.perhaps(c.Cond...)
	w.perhaps(c.Then...)
	if c.Else != nil {
		w.ifClause(c.Else)
	}
}

// binary follows a list or a pipeline. What stands after || runs only when
// something failed; what stands after a test, only when it holds.
func (w *effectWalker) binary(c *syntax.BinaryCmd) {
	switch c.Op {
	case syntax.Pipe, syntax.PipeAll:
		w.sub(func(in *effectWalker) { in.stmt(c.X) })
		w.sub(func(in *effectWalker) { in.stmt(c.Y) })
	case syntax.AndStmt:
		w.stmt(c.X)
		if w.reader.isTest(c.X) {
			w.perhaps(c.Y)
			return
		}
		w.stmt(c.Y)
	default:
		if w.reader.isIgnored(c.Y) {
			w.perhaps(c.X)
			return
		}
		w.stmt(c.X)
		w.perhaps(c.Y)
	}
}

// isTest reports whether the statement only asks whether something holds.
func (r *scriptReader) isTest(st *syntax.Stmt) bool {
	switch c := st.Cmd.(type) {
	case *syntax.TestClause:
		return true
	case *syntax.CallExpr:
		switch r.program(c) {
		case "test", "[", "command", "which", "type", "hash":
			return true
		}
	case *syntax.BinaryCmd:
		return r.isTest(c.X)
	}
	return false
}

// isIgnored reports whether the statement after || lets the run go on as if
// nothing had failed.
func (r *scriptReader) isIgnored(st *syntax.Stmt) bool {
	call, ok := st.Cmd.(*syntax.CallExpr)
	if !ok {
		return false
	}
	switch r.program(call) {
	case "true", ":", "echo", "printf":
		return true
	}
	return false
}

// substitutions follows the command substitutions in a node.
func (w *effectWalker) substitutions(n syntax.Node) {
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CmdSubst:
			w.sub(func(in *effectWalker) { in.stmts(n.Stmts) })
			return false
		case *syntax.ProcSubst:
			w.sub(func(in *effectWalker) { in.stmts(n.Stmts) })
			return false
		}
		return true
	})
}

// redirect follows a redirection.
func (w *effectWalker) redirect(rd *syntax.Redirect, by string) {
	value, known := literalWord(rd.Word)
	a := shellArg{rd.Word, value, known}
	if !known {
		w.substitutions(rd.Word)
	}
	switch rd.Op {
	case syntax.RdrOut, syntax.AppOut, syntax.RdrAll, syntax.AppAll, syntax.RdrClob, syntax.RdrInOut:
		w.makes(a, by)
	case syntax.RdrIn:
		w.addArg(Reads, a, by)
		if isShellProgram(by) {
			w.runs(a, by)
		}
	}
}

// callExpr follows a simple command.
func (w *effectWalker) callExpr(c *syntax.CallExpr) {
	for _, as := range c.Assigns {
		if as.Value != nil {
			w.substitutions(as.Value)
		}
	}
	words := shellArgs(c)
	for _, a := range words {
		if !a.known {
			w.substitutions(a.word)
		}
	}
	all := words
	words, inPlace := unwrapCommand(words)
	if len(words) == 0 {
		return
	}
	if !words[0].known || w.reader.isMarked(words[0].word) {
		w.somewhere(words[0])
		return
	}
	if !inPlace {
		if !hasWord(all[:len(all)-len(words)], "kubectl", "oc") { // those run it elsewhere
			w.scripts(words)
		}
		return
	}
	if !w.move(words) {
		w.scripts(words)
		w.program(words)
	}
}

// move follows the commands that change the directory.
func (w *effectWalker) move(words []shellArg) bool {
	switch words[0].value {
	case "cd", "pushd":
	case "popd":
		w.leave("")
		return true
	default:
		return false
	}
	to := operandsOf(words, "")
	switch {
	case len(to) == 0:
		w.leave("")
	case !to[0].known || w.reader.isMarked(to[0].word) || to[0].value == "-" || strings.HasPrefix(to[0].value, "+") || to[0].value == "":
		w.leave(w.source(to[0]))
	case w.maybe || w.reader.unpacked:
		w.leave(to[0].value)
	default:
		w.enter(to[0].value, words[0].value)
	}
	return true
}

func (w *effectWalker) enter(dir, by string) {
	w.add(Enters, dir, by)
	if !w.inside {
		return
	}
	if path.IsAbs(dir) {
		w.lost = true
		return
	}
	w.dir = path.Join(w.dir, dir)
}

func (w *effectWalker) leave(to string) {
	if w.inside {
		w.lost = true
	}
	w.emit(Leaves, to, "cd")
}
