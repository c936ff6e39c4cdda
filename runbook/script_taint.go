package runbook

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Taint marks the commands that may print what an earlier step captured from a
// command whose output is withheld, or keeps in a variable that is named as a
// secret: steps share one shell's variables and files. The scripts are in the
// order of the document; nil ones are passed over. It says once more, and
// changes nothing by that, what ReadScript has said within each step.
func Taint(scripts []*Script) {
	var t taint
	for _, s := range scripts {
		if s != nil {
			t.follow(s)
		}
	}
}

// A dataFlow is what one command does with variables.
type dataFlow struct {
	reads  []string // the variables that it expands, and "f()" for each function or program that it calls
	prints []string // of those, the variables whose value an echo, a printf or a here-document puts out
	sets   []setting
}

// A setting is a variable, or "f()" for a function, that a command gives a value.
type setting struct {
	name      string
	from      Span // in the flow's reads: what its value is made from
	sensitive bool // its value comes from what reveals secrets
	all       bool // its value is made from whatever the command does, as read's is
	path      bool // its value is an absolute path
}

// A taint is what is known, on the way through a document, to hold secrets.
type taint struct {
	held  map[string]bool // captured from what is withheld: whatever uses it is withheld
	named map[string]bool // named as a secret: only what prints it is withheld
	files []string        // written by what is withheld
}

// follow goes through a step's commands, marks those that use what is tainted,
// and notes what they taint.
func (t *taint) follow(s *Script) {
	for i := range s.Commands {
		c := &s.Commands[i]
		if c.Sensitive == "" {
			c.Sensitive = t.reason(c)
		}
		for _, set := range c.flow.sets {
			t.set(s, set, c)
		}
		if c.Sensitive != "" {
			t.wrote(c.Creates)
		}
	}
}

// reason says why a command's output must be withheld; empty if nothing that
// it uses is tainted.
func (t *taint) reason(c *Command) string {
	for _, name := range c.flow.reads {
		if f, ok := strings.CutSuffix(name, "()"); ok && t.held[name] {
			return "calls " + f + ", which reveals a secret"
		} else if t.held[name] {
			return "prints a value of $" + name
		}
	}
	for _, name := range c.flow.prints {
		if t.named[name] {
			return "prints a value of $" + name
		}
	}
	for _, file := range t.files {
		if namesFile(c.Text, file) {
			return "may print " + file + ", which holds what was withheld"
		}
	}
	return ""
}

func (t *taint) set(s *Script, set setting, c *Command) {
	if set.name == "" {
		return // an array's element, or a function that bash will refuse
	}
	from, sensitive := c.flow.reads[set.from.Start:set.from.End], set.sensitive
	if set.all {
		from, sensitive = c.flow.reads, c.Sensitive != ""
	}
	switch {
	case sensitive || slices.ContainsFunc(from, func(name string) bool { return t.held[name] }):
		t.held = added(t.held, set.name)
	case isSecretName(set.name) && !set.path || slices.ContainsFunc(from, func(name string) bool { return t.named[name] }):
		t.named = added(t.named, set.name)
	default:
		return
	}
	if !strings.HasSuffix(set.name, "()") && !slices.Contains(s.Secrets, set.name) {
		s.Secrets = append(s.Secrets, set.name)
	}
}

// wrote notes the files that a withheld command made.
func (t *taint) wrote(files []string) {
	for _, f := range files {
		if !slices.Contains(t.files, f) {
			t.files = append(t.files, f)
		}
	}
}

func added(set map[string]bool, name string) map[string]bool {
	if set == nil {
		set = map[string]bool{}
	}
	set[name] = true
	return set
}

// namesFile reports whether a command's text holds a file's name, as a path or
// at the end of one.
func namesFile(text, file string) bool {
	const inName = ".-_"
	for at := 0; file != ""; {
		i := strings.Index(text[at:], file)
		if i < 0 {
			return false
		}
		start, end := at+i, at+i+len(file)
		before := start == 0 || !isTokenByte(text[start-1]) && strings.IndexByte(inName, text[start-1]) < 0
		after := end == len(text) || !isTokenByte(text[end]) && strings.IndexByte(inName, text[end]) < 0
		if before && after {
			return true
		}
		at = start + 1
	}
	return false
}

// isSecretName reports whether a variable's name says that its value is a
// secret, rather than where one is kept.
func isSecretName(name string) bool {
	upper := strings.ToUpper(name)
	for _, end := range [...]string{"_NAME", "_ARN", "_FILE", "_PATH", "_DIR", "_URL", "_URI", "_PARAM", "_PREFIX"} {
		if strings.HasSuffix(upper, end) {
			return false
		}
	}
	for _, word := range [...]string{"SECRET", "TOKEN", "PASSWORD", "PASSWD", "PRIVATE_KEY", "API_KEY", "APIKEY", "CREDENTIAL"} {
		if strings.Contains(upper, word) {
			return true
		}
	}
	return false
}

// flowVisit notes, node by node, what a command does with variables. It reports
// whether what the node holds is still to be visited.
func (f *secretFinder) flowVisit(n syntax.Node) bool {
	switch n := n.(type) {
	case *syntax.ParamExp:
		if showsValue(n) {
			f.flow.reads = append(f.flow.reads, n.Param.Value)
		}
	case *syntax.CallExpr:
		f.callFlow(n)
	case *syntax.Stmt:
		f.inputFlow(n)
	case *syntax.WordIter:
		f.flow.sets = append(f.flow.sets, setting{name: n.Name.Value, all: true})
	case *syntax.FuncDecl:
		var set setting
		if n.Name != nil {
			set.name = n.Name.Value + "()"
		}
		f.setFrom(set, n.Body)
		return false
	case *syntax.Assign:
		var set setting
		if n.Name != nil {
			set.name = n.Name.Value
		}
		switch {
		case n.Value != nil:
			value, known := literalWord(n.Value)
			set.path = known && strings.HasPrefix(value, "/")
			f.setFrom(set, n.Value)
		case n.Array != nil:
			f.setFrom(set, n.Array)
		}
		return false
	}
	return true
}

// setFrom visits what a variable or function is given, and notes it.
func (f *secretFinder) setFrom(set setting, value syntax.Node) {
	before, start := f.reason, len(f.flow.reads)
	f.reason = ""
	syntax.Walk(value, f.visit)
	set.from, set.sensitive = Span{start, len(f.flow.reads)}, f.reason != ""
	if before != "" {
		f.reason = before
	}
	if set.name != "" {
		f.flow.sets = append(f.flow.sets, set)
	}
}

// callFlow notes what a call names, and what it puts out or reads in.
func (f *secretFinder) callFlow(c *syntax.CallExpr) {
	if len(c.Args) == 0 {
		return
	}
	words, _ := unwrapCommand(f.args(c))
	if len(words) == 0 || !words[0].known {
		return
	}
	name := words[0].value
	f.flow.reads = append(f.flow.reads, name+"()")
	switch name {
	case "echo", "printf":
		for _, a := range words[1:] {
			f.flow.prints = append(f.flow.prints, expandedIn(a.word)...)
		}
		for _, a := range flagValues(words[:min(len(words), 3)], "-v") {
			f.flow.sets = append(f.flow.sets, setting{name: a.value, all: true})
		}
	case "read", "mapfile", "readarray":
		for _, a := range operandsOf(words, "-d -n -N -p -t -u -i -O -s") {
			if a.known && syntax.ValidName(a.value) {
				f.flow.sets = append(f.flow.sets, setting{name: a.value, all: true})
			}
		}
	}
}

// inputFlow notes the variables in a here-document or here-string: a program
// that is given one mostly puts it out.
func (f *secretFinder) inputFlow(st *syntax.Stmt) {
	for _, rd := range st.Redirs {
		switch {
		case rd.Op == syntax.WordHdoc:
			f.flow.prints = append(f.flow.prints, expandedIn(rd.Word)...)
		case isHeredoc(rd) && rd.Hdoc != nil:
			f.flow.prints = append(f.flow.prints, expandedIn(rd.Hdoc)...)
		}
	}
}

// expandedIn returns the variables whose values a word holds.
func expandedIn(w *syntax.Word) []string {
	var names []string
	syntax.Walk(w, func(n syntax.Node) bool {
		if p, ok := n.(*syntax.ParamExp); ok && showsValue(p) {
			names = append(names, p.Param.Value)
		}
		return true
	})
	return names
}

// showsValue reports whether an expansion gives the variable's value, and not
// only its length or whether it is set.
func showsValue(p *syntax.ParamExp) bool {
	if p.Param == nil || p.Length {
		return false
	}
	return p.Exp == nil || p.Exp.Op != syntax.AlternateUnset && p.Exp.Op != syntax.AlternateUnsetOrNull
}
