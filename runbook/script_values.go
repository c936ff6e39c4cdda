package runbook

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// maxWordValues bounds how many values a word is followed through.
const maxWordValues = 32

// A valueCall is a call with the values that each of its words takes, as far as
// the text tells: a loop over three names gives three.
type valueCall struct {
	words  [][]string // from the program on; nil is a word that only the run knows
	text   string     // as written
	filter string     // the pattern of the grep that reads its output
	line   int        // in the document
}

// program is the name of what the call runs; empty if the text does not tell.
func (c *valueCall) program() string { return c.word(0) }

// word is word i where it has exactly one value.
func (c *valueCall) word(i int) string {
	if i < len(c.words) && len(c.words[i]) == 1 {
		return c.words[i][0]
	}
	return ""
}

// shellValues are the variables whose values a document's steps have told so far.
type shellValues map[string][]string

// calls reads a command for its calls, and takes note of what it assigns.
func (v shellValues) calls(c *Command) []valueCall {
	_, masked := findMarks(c.Text)
	file, err := parseShell(masked)
	if err != nil {
		return nil
	}
	w := valueWalker{values: v, command: c, text: masked}
	for _, st := range file.Stmts {
		w.stmt(st, "", false)
	}
	return w.found
}

type valueWalker struct {
	values  shellValues
	command *Command
	text    string
	found   []valueCall
}

// stmt visits a statement whose output the grep with that pattern reads. What
// is assigned only on a condition is known to nobody.
func (w *valueWalker) stmt(st *syntax.Stmt, filter string, maybe bool) {
	switch c := st.Cmd.(type) {
	case *syntax.CallExpr:
		w.call(c, filter, maybe)
	case *syntax.DeclClause:
		for _, as := range c.Args {
			w.assign(as, maybe)
		}
	case *syntax.BinaryCmd:
		left := filter
		if c.Op == syntax.Pipe {
			if p := grepPattern(c.Y); p != "" {
				left = p
			}
			maybe = true // each part has a shell of its own
		}
		w.stmt(c.X, left, maybe)
		w.stmt(c.Y, filter, true)
	case *syntax.ForClause:
		w.loop(c, filter)
	default:
		syntax.Walk(st, func(n syntax.Node) bool {
			inner, ok := n.(*syntax.Stmt)
			if !ok || inner == st {
				return true
			}
			w.stmt(inner, filter, true)
			return false
		})
	}
}

// loop follows `for x in a b c` with all its values at once.
func (w *valueWalker) loop(c *syntax.ForClause, filter string) {
	iter, ok := c.Loop.(*syntax.WordIter)
	if !ok {
		return
	}
	var values []string
	for _, item := range iter.Items {
		each := w.word(item)
		if each == nil {
			values = nil
			break
		}
		values = append(values, each...)
	}
	w.values[iter.Name.Value] = values
	for _, st := range c.Do {
		w.stmt(st, filter, true)
	}
	delete(w.values, iter.Name.Value)
}

func (w *valueWalker) assign(as *syntax.Assign, maybe bool) {
	if as.Name == nil || as.Naked {
		return
	}
	name := as.Name.Value
	delete(w.values, name)
	if as.Value != nil && !as.Append && as.Index == nil && !maybe {
		w.values[name] = w.word(as.Value)
	}
}

func (w *valueWalker) call(c *syntax.CallExpr, filter string, maybe bool) {
	all := shellArgs(c)
	if len(all) == 0 {
		for _, as := range c.Assigns {
			w.assign(as, maybe)
		}
		return
	}
	words, _ := unwrapCommand(all)
	call := valueCall{filter: filter, line: w.command.Line + int(c.Pos().Line()) - 1, words: make([][]string, len(words))}
	if from, to := int(c.Pos().Offset()), int(c.End().Offset()); to <= len(w.command.Text) {
		call.text = w.command.Text[from:to]
	}
	for i := range words {
		call.words[i] = w.word(words[i].word)
	}
	w.found = append(w.found, call)
	for i := range all {
		w.within(all[i].word)
	}
}

// within follows the substitutions in a word.
func (w *valueWalker) within(n syntax.Node) {
	syntax.Walk(n, func(n syntax.Node) bool {
		sub, ok := n.(*syntax.CmdSubst)
		if !ok {
			return true
		}
		for _, st := range sub.Stmts {
			w.stmt(st, "", true)
		}
		return false
	})
}

// word lists the values of a word; nil if only the run knows them, or if a
// placeholder stands in it.
func (w *valueWalker) word(word *syntax.Word) []string {
	if from, to := int(word.Pos().Offset()), int(word.End().Offset()); to > len(w.command.Text) || w.text[from:to] != w.command.Text[from:to] {
		return nil
	}
	if v, ok := literalWord(word); ok {
		return []string{v}
	}
	return w.parts(word.Parts, []string{""})
}

func (w *valueWalker) parts(parts []syntax.WordPart, values []string) []string {
	for _, p := range parts {
		var each []string
		switch p := p.(type) {
		case *syntax.Lit:
			if strings.ContainsAny(p.Value, "*?[{~\\") {
				return nil
			}
			each = []string{p.Value}
		case *syntax.SglQuoted:
			if p.Dollar {
				return nil
			}
			each = []string{p.Value}
		case *syntax.DblQuoted:
			each = w.parts(p.Parts, []string{""})
		case *syntax.ParamExp:
			if p.Param != nil && p.Exp == nil && p.Slice == nil && p.Repl == nil && p.Index == nil && !p.Length && !p.Excl {
				each = w.values[p.Param.Value]
			}
		}
		if len(each) == 0 || len(each)*len(values) > maxWordValues {
			return nil
		}
		joined := make([]string, 0, len(each)*len(values))
		for _, v := range values {
			for _, e := range each {
				joined = append(joined, v+e)
			}
		}
		values = joined
	}
	return values
}

// grepPattern returns what a grep looks for, if that is plain text.
func grepPattern(st *syntax.Stmt) string {
	for {
		if b, ok := st.Cmd.(*syntax.BinaryCmd); ok && b.Op == syntax.Pipe {
			st = b.X
			continue
		}
		break
	}
	call, ok := st.Cmd.(*syntax.CallExpr)
	if !ok {
		return ""
	}
	words := shellArgs(call)
	if len(words) < 2 || !words[0].known || !isSearch(words[0].base()) || hasFlag(words, "-v") {
		return ""
	}
	operands := operandsOf(words, "-A -B -C -m -e -f")
	if len(operands) == 0 || !operands[0].known || strings.ContainsAny(operands[0].value, `.*+?[](){}|^$\ `) {
		return ""
	}
	return operands[0].value
}
