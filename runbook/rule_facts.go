package runbook

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// A fact is a value that the document's own text tells, the name of a table in
// a command, a repository in a link; or one that a pin or terraform's state has.
type fact struct {
	value       string
	origin      factOrigin
	about       []string // the words of what it stands in
	at          int      // offset in the document
	line        int
	section     int
	contingency ID

	where string // for a person, where it does not stand in the document
	// Of terraform's state: the workspace, whether that is the one that the
	// plan is about, and whether the fact counts for items about another alone.
	workspace            string
	preferred, elsewhere bool
}

// A factOrigin says what tells a fact.
type factOrigin uint8

const (
	fromText factOrigin = iota
	fromState
	fromPin
)

// ownKinds are the facts that are read from an item's text alone, and the one
// that a person alone has.
var ownKinds = []string{"bound", "code", "environment", "percent", "percentile", "unknown"}

// facts are all facts of a document, by their kind, in its order.
type facts struct {
	plan   *Plan
	doc    *Document
	root   string
	rules  *Rules
	byKind map[string][]fact
	values shellValues
}

// factsOf reads a plan's document for the facts that rules ask for.
func factsOf(plan *Plan, rules *Rules, root string) *facts {
	f := &facts{plan: plan, doc: plan.Document, root: root, rules: rules, byKind: map[string][]fact{}, values: shellValues{}}
	commands := map[string][]factSource{}
	variables := map[string][]factSource{}
	for _, kind := range sortedKeys(rules.facts) {
		for _, s := range rules.facts[kind] {
			switch {
			case len(s.of) > 0:
				commands[s.of[0]] = append(commands[s.of[0]], s)
			case s.variable != "":
				variables[s.variable] = append(variables[s.variable], s)
			}
		}
	}
	for _, t := range plan.Steps() {
		if t.Script == nil {
			continue
		}
		for i := range t.Script.Commands {
			for _, call := range f.values.calls(&t.Script.Commands[i]) {
				for _, s := range commands[path.Base(call.program())] {
					f.ofCall(t, i, &call, s)
				}
			}
			for name, sources := range variables {
				for _, v := range f.values[name] {
					for _, s := range sources {
						f.add(s.kind, v, t, t.Script.Commands[i].Line, nil)
					}
				}
			}
		}
	}
	f.prose()
	for _, list := range f.byKind {
		slices.SortStableFunc(list, func(a, b fact) int { return a.at - b.at })
	}
	return f
}

// add keeps a fact of a step, once a line.
func (f *facts) add(kind, value string, t *Task, line int, about []string) {
	if value == "" || strings.ContainsAny(value, "\n\r") {
		return
	}
	list := f.byKind[kind]
	for i := len(list) - 1; i >= 0 && list[i].at == t.Slot.Mark.Start; i-- {
		if list[i].value == value {
			return
		}
	}
	f.byKind[kind] = append(list, fact{
		value: value, about: about, at: t.Slot.Mark.Start, line: line,
		section: t.Slot.Section, contingency: t.Contingency,
	})
}

// ofCall takes what a source names of a call that is its command.
func (f *facts) ofCall(t *Task, command int, call *valueCall, s factSource) {
	after, ok := s.matches(call)
	if !ok {
		return
	}
	about := words(call.text)
	add := func(value string) { f.add(s.kind, value, t, call.line, about) }
	c := &t.Script.Commands[command]
	switch {
	case s.take == "step":
		add(string(t.Slot.ID))
	case s.take == "command":
		add(strconv.Itoa(command + 1))
	case s.take == "text":
		add(strings.Join(strings.Fields(strings.ReplaceAll(call.text, "\\\n", " ")), " "))
	case s.take == "directory":
		if dir, ok := f.dir(t, command); ok {
			add(dir)
		}
	case s.take == "grep":
		if call.filter != "" {
			add(call.filter + "*")
		}
	case s.take == "file":
		for _, name := range c.Creates {
			if p, ok := f.path(t, command, openEnded(name)); ok {
				add(p)
			}
		}
	case s.take == "expected":
		for _, e := range t.Script.Expects {
			if e.Command != command || e.Kind != ExpectList {
				continue
			}
			for i, v := range e.Values {
				f.add(s.kind, v, t, e.Line+1+i, words(v))
			}
		}
	case s.take == "operand":
		f.each(t, command, s, operandValues(call.words[after:], s.operand), add)
	default:
		f.each(t, command, s, flagWords(call.words[after:], s.take), add)
	}
}

// each adds values, as paths from the root if they are paths.
func (f *facts) each(t *Task, command int, s factSource, values []string, add func(string)) {
	for _, v := range values {
		if s.path {
			p, ok := f.path(t, command, v)
			if !ok {
				continue
			}
			v = p
		}
		add(v)
	}
}

// matches reports whether the call is of the source's command, and where in its
// words what follows that starts. Flags may stand before the subcommand.
func (s *factSource) matches(call *valueCall) (after int, ok bool) {
	if path.Base(call.program()) != s.of[0] {
		return 0, false
	}
	rest := s.of[1:]
	for i := 1; i+len(rest) <= len(call.words); i++ {
		same := true
		for j, w := range rest {
			same = same && call.word(i+j) == w
		}
		if same {
			return i + len(rest), true
		}
		if len(rest) == 0 {
			break
		}
	}
	return 1, len(rest) == 0
}

// flagWords returns the values of a flag, as "--flag v" or "--flag=v".
func flagWords(ws [][]string, flag string) []string {
	for i, each := range ws {
		if len(each) == 1 && each[0] == flag && i+1 < len(ws) {
			return ws[i+1]
		}
		var values []string
		for _, w := range each {
			if v, ok := strings.CutPrefix(w, flag+"="); ok {
				values = append(values, v)
			}
		}
		if values != nil {
			return values
		}
	}
	return nil
}

// operandValues returns the values of the n-th word that is no flag.
func operandValues(ws [][]string, n int) []string {
	for _, each := range ws {
		if len(each) > 0 && strings.HasPrefix(each[0], "-") {
			continue
		}
		if n--; n == 0 {
			return each
		}
	}
	return nil
}

// pins adds what the sidecar holds the run to.
func (f *facts) pins(pins []Pin) {
	for kind, sources := range f.rules.facts {
		for _, s := range sources {
			for _, pin := range pins {
				if s.pin == pin.Name {
					f.keep(kind, pin.Expected, fact{origin: fromPin, at: -1, section: -1, where: "the pin " + pin.Name})
				}
			}
		}
	}
}
