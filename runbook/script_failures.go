package runbook

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// A hiddenFailure is a place where a command can fail and the shell goes on.
type hiddenFailure struct {
	kind hiddenKind
	what string // the program whose failure does not show
	line int
}

// hiddenKind says how a failure is hidden.
type hiddenKind uint8

const (
	hiddenByDeclaration hiddenKind = iota // export X=$(cmd)
	hiddenByTrue                          // cmd || true, cmd; true
	hiddenByPipe                          // cmd | last
	hiddenByArgument                      // other $(cmd)
)

// failures finds the places where the command can fail unnoticed.
func (r *shellReading) failures() {
	inner := map[syntax.Command]bool{} // pipelines that are the start of a longer one
	syntax.Walk(r.tree, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.FuncDecl:
			return false // what a function hides depends on who calls it
		case *syntax.IfClause:
			return false // failures are what a condition is about
		case *syntax.DeclClause:
			r.declaration(n)
		case *syntax.BinaryCmd:
			if n.Op == syntax.Pipe || n.Op == syntax.PipeAll {
				inner[n.X.Cmd] = true
			}
			if !inner[n] {
				r.hiddenInList(n)
			}
		case *syntax.CallExpr:
			r.hiddenInArguments(n)
		}
		return true
	})
}

// declaration finds the substitutions whose status export and its like replace
// by their own.
func (r *shellReading) declaration(d *syntax.DeclClause) {
	for _, as := range d.Args {
		if as.Value == nil {
			continue
		}
		if what := failingSubstitution(as.Value); what != "" {
			r.hide(hiddenByDeclaration, d.Variant.Value+" "+nameOf(as)+"=$("+what+" …)", as.Pos())
		}
	}
}

func nameOf(as *syntax.Assign) string {
	if as.Name == nil {
		return ""
	}
	return as.Name.Value
}

func (r *shellReading) hide(kind hiddenKind, what string, at syntax.Pos) {
	r.hidden = append(r.hidden, hiddenFailure{kind, what, r.at(at)})
}

// hiddenInList finds `cmd || true` and the parts of a pipeline before its last.
// Looking for something that is not there is no failure.
func (r *shellReading) hiddenInList(c *syntax.BinaryCmd) {
	switch c.Op {
	case syntax.OrStmt:
		if what := failingProgram(c.X); what != "" && isTrue(c.Y) && !isSearching(what) && !isTimed(c.X) {
			r.hide(hiddenByTrue, what, c.Pos())
		}
	case syntax.Pipe, syntax.PipeAll:
		last := lastProgram(c.Y)
		if what := failingProgram(c.X); what != "" && !failsOnNothing(last) {
			r.hide(hiddenByPipe, what, c.Pos())
		}
	}
}

// hiddenInArguments finds the substitutions that only give another command its
// words: when they fail it runs with what is left.
func (r *shellReading) hiddenInArguments(c *syntax.CallExpr) {
	if len(c.Args) == 0 {
		return // X=$(cmd) has cmd's status
	}
	switch first, _ := literalWord(c.Args[0]); first {
	case "echo", "printf", "test", "[":
		return
	}
	for _, a := range c.Args {
		if what := failingSubstitution(a); what != "" {
			r.hide(hiddenByArgument, what, a.Pos())
		}
	}
}

// failingSubstitution returns the program in a word's substitution that could
// fail; empty if there is none.
func failingSubstitution(w *syntax.Word) string {
	what := ""
	syntax.Walk(w, func(n syntax.Node) bool {
		if s, ok := n.(*syntax.CmdSubst); ok {
			if what == "" && len(s.Stmts) > 0 {
				what = failingProgram(s.Stmts[len(s.Stmts)-1])
			}
			return false
		}
		return true
	})
	return what
}

// failingProgram returns the name of the first program that a statement runs
// and that could fail; those that only print or tell the time do not.
func failingProgram(st *syntax.Stmt) string {
	switch c := st.Cmd.(type) {
	case *syntax.BinaryCmd:
		if what := failingProgram(c.X); what != "" {
			return what
		}
		return failingProgram(c.Y)
	case *syntax.CallExpr:
		words, _ := unwrapCommand(shellArgs(c))
		if len(words) == 0 || !words[0].known {
			return ""
		}
		switch name := words[0].base(); name {
		case "echo", "printf", "date", "pwd", "whoami", "hostname", "id", "uname", "nproc", "yes", "seq", "true", ":",
			"command", "which", "type", "basename", "dirname", "mktemp", "tput", "tty", "sleep", "history", "sort", "uniq", "wc", "tr", "cut":
			return ""
		default:
			return name
		}
	}
	return ""
}

// isTimed reports whether a statement is ended by timeout, which then fails.
func isTimed(st *syntax.Stmt) bool {
	c, ok := st.Cmd.(*syntax.CallExpr)
	return ok && hasWord(shellArgs(c), "timeout", "gtimeout")
}

func isTrue(st *syntax.Stmt) bool {
	c, ok := st.Cmd.(*syntax.CallExpr)
	return ok && len(c.Args) == 1 && (c.Args[0].Lit() == "true" || c.Args[0].Lit() == ":")
}

// isSearching reports whether a program's failure may only mean that there is
// nothing to find, to stop or to remove.
func isSearching(name string) bool {
	return isSearch(name) || isListed(name, "diff cmp comm pgrep pkill killall kill which expr let")
}

// lastProgram returns the call that a pipeline ends in; nil if it is no call.
func lastProgram(st *syntax.Stmt) []shellArg {
	if c, ok := st.Cmd.(*syntax.CallExpr); ok {
		words, _ := unwrapCommand(shellArgs(c))
		return words
	}
	return nil
}

// failsOnNothing reports whether a program fails when it is given no input, so
// that the failure of what feeds it shows after all.
func failsOnNothing(words []shellArg) bool {
	if len(words) == 0 || !words[0].known {
		return false
	}
	switch name := words[0].base(); {
	case isSearch(name):
		for _, a := range words[1:] {
			if strings.HasPrefix(a.value, "-") && !strings.HasPrefix(a.value, "--") && strings.Contains(a.value, "v") ||
				a.value == "--invert-match" {
				return false
			}
		}
		return true
	case name == "jq":
		return hasFlag(words, "-e") || hasFlag(words, "--exit-status")
	}
	return isListed(words[0].base(), "tar gunzip unzip kubectl")
}
