package runbook

import (
	"mvdan.cc/sh/v3/syntax"
)

// A variableUse is a place where a variable's value is used as it is.
type variableUse struct {
	name string
	line int
	set  bool // the name gets its value here instead
}

// variables finds the variables that the command uses and sets, in the order
// of the text. Uses that say what holds when there is no value do not count.
func (r *shellReading) variables() {
	set := func(name string, at syntax.Pos) {
		r.sets[name] = true
		r.names = append(r.names, variableUse{name, r.at(at), true})
	}
	syntax.Walk(r.tree, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.ParamExp:
			r.parameter(n, set)
		case *syntax.Assign:
			if n.Name != nil {
				// X="$X:more" uses the value before it sets it.
				if n.Value != nil {
					r.valueOf(n.Value)
				}
				set(n.Name.Value, n.Pos())
			}
		case *syntax.TestClause:
			r.tested(n, set)
			return false
		case *syntax.WordIter:
			set(n.Name.Value, n.Pos())
		case *syntax.CallExpr:
			r.builtins(n, set)
		case *syntax.ArithmExp, *syntax.ArithmCmd, *syntax.LetClause, *syntax.CStyleLoop:
			return r.arithmetic(n, set)
		}
		return true
	})
}

// valueOf notes the uses in an assigned value ahead of its name.
func (r *shellReading) valueOf(w *syntax.Word) {
	syntax.Walk(w, func(n syntax.Node) bool {
		if p, ok := n.(*syntax.ParamExp); ok {
			r.parameter(p, func(string, syntax.Pos) {})
		}
		return true
	})
}

func (r *shellReading) parameter(p *syntax.ParamExp, set func(string, syntax.Pos)) {
	if p.Param == nil {
		return
	}
	if p.Exp != nil {
		switch p.Exp.Op {
		case syntax.AssignUnset, syntax.AssignUnsetOrNull, syntax.ErrorUnset, syntax.ErrorUnsetOrNull:
			set(p.Param.Value, p.Pos()) // what comes after has a value
			return
		case syntax.AlternateUnset, syntax.AlternateUnsetOrNull, syntax.DefaultUnset, syntax.DefaultUnsetOrNull:
			return
		}
	}
	r.names = append(r.names, variableUse{p.Param.Value, r.at(p.Pos()), false})
}

// builtins notes the variables that built-in commands set.
func (r *shellReading) builtins(c *syntax.CallExpr, set func(string, syntax.Pos)) {
	words := shellArgs(c)
	if len(words) == 0 || !words[0].known {
		return
	}
	switch words[0].value {
	case "test", "[":
		r.tested(c, set)
	case "read", "mapfile", "readarray", "getopts", "printf", "unset", "let", "wait":
		for _, a := range words[1:] {
			if a.known && syntax.ValidName(a.value) {
				set(a.value, c.Pos())
			}
		}
	}
}

// tested takes the variables in a test for set: whoever asks for a value has
// thought of there being none.
func (r *shellReading) tested(n syntax.Node, set func(string, syntax.Pos)) {
	syntax.Walk(n, func(n syntax.Node) bool {
		if p, ok := n.(*syntax.ParamExp); ok && p.Param != nil {
			set(p.Param.Value, p.Pos())
		}
		return true
	})
}

// arithmetic notes the names that stand in an arithmetic expression; any may
// be set there, and none is used as a text.
func (r *shellReading) arithmetic(n syntax.Node, set func(string, syntax.Pos)) bool {
	syntax.Walk(n, func(n syntax.Node) bool {
		if w, ok := n.(*syntax.Word); ok {
			if name := w.Lit(); syntax.ValidName(name) {
				set(name, n.Pos())
			}
		}
		return true
	})
	return true
}
