package runbook

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// A shellLeaf is a stretch of a script's text that the shell reads as literal
// characters, and how it reads them.
type shellLeaf struct {
	Span
	quoting shellQuoting
	quoted  Span             // the inside of the quotes around it; the leaf itself if there are none
	call    *syntax.CallExpr // the call that it stands in, if any
}

// shellQuoting says how the shell reads a stretch of text: what may be put there
// and how it must be escaped.
type shellQuoting uint8

const (
	bareText     shellQuoting = iota // not quoted
	singleQuoted                     // '…'
	doubleQuoted                     // "…"
	heredocText                      // a here-document, expanded
	rawHeredoc                       // a here-document, not expanded
	opaqueText                       // inside ${…}, $((…)), `…`, $'…': only plain text may be put there
	shellName                        // a name that the shell itself uses: a variable's, a function's, a here-document's end
)

// shellLeaves returns the literal stretches under node, in the order of the text.
func shellLeaves(node syntax.Node) []shellLeaf {
	w := leafWalker{stack: []leafFrame{{}}}
	syntax.Walk(node, w.visit)
	slices.SortStableFunc(w.leaves, func(a, b shellLeaf) int { return a.Start - b.Start })
	return w.leaves
}

// shellLeafAt returns the leaf that holds the whole span.
func shellLeafAt(leaves []shellLeaf, s Span) (shellLeaf, bool) {
	i, ok := slices.BinarySearchFunc(leaves, s.Start, func(l shellLeaf, at int) int { return l.Start - at })
	if !ok {
		i--
	}
	if i < 0 || !leaves[i].Contains(s) {
		return shellLeaf{}, false
	}
	return leaves[i], true
}

// A leafFrame is what the nodes around the visited one say of its text.
type leafFrame struct {
	quoting  shellQuoting
	quoted   Span
	call     *syntax.CallExpr
	name     *syntax.Lit // the child that is a name
	stop     *syntax.Word
	body     *syntax.Word
	raw      bool // the here-document's body is not expanded
	backtick bool
}

type leafWalker struct {
	stack  []leafFrame
	leaves []shellLeaf
}

func (w *leafWalker) visit(n syntax.Node) bool {
	if n == nil {
		w.stack = w.stack[:len(w.stack)-1]
		return true
	}
	f := w.stack[len(w.stack)-1]
	parent := f
	f.name, f.stop, f.body = nil, nil, nil
	switch n := n.(type) {
	case *syntax.CallExpr:
		f.call = n
	case *syntax.DeclClause:
		f.call = nil
	case *syntax.Redirect:
		f.name, f.call = n.N, nil
		if isHeredoc(n) {
			f.stop, f.body = n.Word, n.Hdoc
			f.raw = isQuotedStop(n.Word)
		}
	case *syntax.Word:
		f.enterWord(n, parent)
	case *syntax.Assign:
		f.name = n.Name
	case *syntax.FuncDecl:
		f.name = n.Name
	case *syntax.WordIter:
		f.name = n.Name
	case *syntax.CmdSubst:
		f.enterSubstitution(n)
	case *syntax.ProcSubst:
		f.quoting, f.call = bareText, nil
	case *syntax.ParamExp:
		f.quoting, f.name = opaqueText, n.Param
	case *syntax.ArithmExp, *syntax.ArithmCmd, *syntax.LetClause, *syntax.CStyleLoop, *syntax.ExtGlob:
		f.quoting = opaqueText
	case *syntax.DblQuoted:
		if f.quoting == bareText {
			f.quoting, f.quoted = doubleQuoted, Span{posOffset(n.Pos()) + 1, posOffset(n.End()) - 1}
		}
	case *syntax.SglQuoted:
		w.addQuoted(n, f)
	case *syntax.Lit:
		w.add(n, f, n == parent.name)
	}
	w.stack = append(w.stack, f)
	return true
}

func (f *leafFrame) enterWord(n *syntax.Word, parent leafFrame) {
	switch n {
	case parent.stop:
		f.quoting = shellName
	case parent.body:
		// The tree counts the closing line as part of the body.
		f.quoting, f.quoted = heredocText, Span{posOffset(n.Pos()), posOffset(n.End()) - len(heredocStop(parent.stop))}
		if f.raw {
			f.quoting = rawHeredoc
		}
	}
}

// isQuotedStop reports whether a here-document's word is quoted, so that its
// body is not expanded.
func isQuotedStop(w *syntax.Word) bool {
	for _, p := range w.Parts {
		if l, ok := p.(*syntax.Lit); !ok || strings.IndexByte(l.Value, '\\') >= 0 {
			return true
		}
	}
	return false
}

// enterSubstitution starts afresh: quotes around a command substitution do not
// reach into it. Back quotes do, in ways that this does not follow.
func (f *leafFrame) enterSubstitution(n *syntax.CmdSubst) {
	f.call = nil
	if n.Backquotes || f.backtick {
		f.quoting, f.backtick = opaqueText, true
		return
	}
	f.quoting = bareText
}

func (w *leafWalker) add(n *syntax.Lit, f leafFrame, isName bool) {
	l := shellLeaf{Span: Span{posOffset(n.Pos()), posOffset(n.End())}, quoting: f.quoting, quoted: f.quoted, call: f.call}
	if isName {
		l.quoting = shellName
	}
	switch l.quoting {
	case bareText, opaqueText:
		l.quoted = l.Span
	case heredocText, rawHeredoc:
		l.End = min(l.End, l.quoted.End)
	}
	w.leaves = append(w.leaves, l)
}

func (w *leafWalker) addQuoted(n *syntax.SglQuoted, f leafFrame) {
	l := shellLeaf{Span: Span{posOffset(n.Left) + 1, posOffset(n.Right)}, quoting: singleQuoted, call: f.call}
	if n.Dollar {
		l.Start++
	}
	if n.Dollar || f.quoting != bareText {
		l.quoting = opaqueText
	}
	if f.quoting == shellName {
		l.quoting = shellName
	}
	l.quoted = l.Span
	w.leaves = append(w.leaves, l)
}
