package runbook

import (
	"slices"

	"mvdan.cc/sh/v3/syntax"
)

// A leaf is a stretch of a script's text that the shell reads as literal
// characters, and how it reads them.
type leaf struct {
	Span
	quoting quoting
	quoted  Span             // the inside of the quotes around it; the leaf itself if there are none
	call    *syntax.CallExpr // the call that it stands in, if any
}

// quoting says how the shell reads a stretch of text: what may be put there
// and how it must be escaped.
type quoting uint8

const (
	bare        quoting = iota // not quoted
	singleQuote                // '…'
	doubleQuote                // "…"
	heredoc                    // a here-document, expanded
	heredocRaw                 // a here-document, not expanded
	opaque                     // inside ${…}, $((…)), `…`, $'…': only plain text may be put there
	notData                    // a name that the shell itself uses: a variable's, a function's, a here-document's end
)

// leaves returns the literal stretches under node, in the order of the text.
func leaves(node syntax.Node) []leaf {
	w := leafWalker{stack: []leafFrame{{}}}
	syntax.Walk(node, w.visit)
	slices.SortStableFunc(w.leaves, func(a, b leaf) int { return a.Start - b.Start })
	return w.leaves
}

// leafAt returns the leaf that holds the whole span.
func leafAt(leaves []leaf, s Span) (leaf, bool) {
	i, ok := slices.BinarySearchFunc(leaves, s.Start, func(l leaf, at int) int { return l.Start - at })
	if !ok {
		i--
	}
	if i < 0 || !leaves[i].Contains(s) {
		return leaf{}, false
	}
	return leaves[i], true
}

// A leafFrame is what the nodes around the visited one say of its text.
type leafFrame struct {
	quoting  quoting
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
	leaves []leaf
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
		f.name, f.stop, f.body = n.N, n.Word, n.Hdoc
		f.call = nil
		if !isHeredoc(n) {
			f.stop = nil
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
		f.quoting, f.call = bare, nil
	case *syntax.ParamExp:
		f.quoting, f.name = opaque, n.Param
	case *syntax.ArithmExp, *syntax.ArithmCmd, *syntax.LetClause, *syntax.CStyleLoop, *syntax.ExtGlob:
		f.quoting = opaque
	case *syntax.DblQuoted:
		if f.quoting == bare {
			f.quoting, f.quoted = doubleQuote, Span{offset(n.Pos()) + 1, offset(n.End()) - 1}
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
		f.quoting = notData
		f.raw = true
	case parent.body:
		f.quoting, f.quoted = heredoc, Span{offset(n.Pos()), offset(n.End())}
	}
}

// enterSubstitution starts afresh: quotes around a command substitution do not
// reach into it. Back quotes do, in ways that this does not follow.
func (f *leafFrame) enterSubstitution(n *syntax.CmdSubst) {
	f.call = nil
	if n.Backquotes || f.backtick {
		f.quoting, f.backtick = opaque, true
		return
	}
	f.quoting = bare
}

func (w *leafWalker) add(n *syntax.Lit, f leafFrame, isName bool) {
	l := leaf{Span: Span{offset(n.Pos()), offset(n.End())}, quoting: f.quoting, quoted: f.quoted, call: f.call}
	if isName {
		l.quoting = notData
	}
	if l.quoting == bare || l.quoting == opaque {
		l.quoted = l.Span
	}
	w.leaves = append(w.leaves, l)
}

func (w *leafWalker) addQuoted(n *syntax.SglQuoted, f leafFrame) {
	l := leaf{Span: Span{offset(n.Left) + 1, offset(n.Right)}, quoting: singleQuote, call: f.call}
	if n.Dollar {
		l.Start++
	}
	if n.Dollar || f.quoting != bare {
		l.quoting = opaque
	}
	if f.quoting == notData {
		l.quoting = notData
	}
	l.quoted = l.Span
	w.leaves = append(w.leaves, l)
}
