package runbook

import (
	"bytes"
	"slices"
)

// A Machine answers what lint must know of the place where the steps would
// run. Lint runs and contacts nothing; paths are absolute and slash-separated.
type Machine interface {
	Tree
	Files
	IsExecutable(path string) bool
	// Installed reports whether a program of that name is found.
	Installed(program string) bool
	// IsSet reports whether the environment has a variable of that name.
	IsSet(variable string) bool
}

// A LintInput is all that lint depends on besides the plan.
type LintInput struct {
	Machine Machine
	Root    string // absolute, as the plan's
	DocDir  string // absolute, as the plan's
}

// Lint finds what would go wrong with the plan's steps before they run: all of
// the plan's own problems, and what only a closer look at each command, at the
// files and at the machine shows. It is careful rather than complete: where
// the text leaves room for doubt it says nothing. Problems come in the order of
// their lines, the graver first.
func Lint(plan *Plan, in LintInput) []Problem {
	l := &linter{
		plan: plan, doc: plan.Document, in: in,
		walk:  newDirWalk(in.Machine, in.Root, in.DocDir, DirAuto),
		known: map[lintKey]bool{}, lines: max(1, bytes.Count(bytes.TrimSuffix(plan.Document.Source, []byte{'\n'}), []byte{'\n'})+1),
	}
	for _, p := range plan.Problems {
		l.add(p)
	}
	l.read()
	l.paths()
	l.outputs()
	l.tools()
	l.unset()
	for i := range l.steps {
		l.prompts(&l.steps[i])
		l.commands(&l.steps[i])
		l.expectations(&l.steps[i])
	}
	l.idleExpectations()
	l.items()
	l.alternatives()
	l.characters()
	l.fences()
	slices.SortStableFunc(l.problems, func(a, b Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return int(b.Severity) - int(a.Severity)
	})
	return l.problems
}

// A linter collects the problems of one plan.
type linter struct {
	plan     *Plan
	doc      *Document
	in       LintInput
	walk     *dirWalk
	steps    []lintStep
	problems []Problem
	known    map[lintKey]bool
	lines    int // of the document
	// brought holds the programs that are the shell's or that steps bring along;
	// broughtAll: some step may bring what its text does not name.
	brought    map[string]bool
	broughtAll bool
	pipefail   bool // a command so far has made the shell see failures in pipelines
}

// A lintKey tells problems apart: one line says one thing once.
type lintKey struct {
	line          int
	code, message string
}

func (l *linter) add(p Problem) {
	p.Line = min(p.Line, l.lines) // an empty step at the end has its first line below the last
	if p.Hint == "" {
		p.Hint = lintHints[p.Code]
	}
	key := lintKey{p.Line, p.Code, p.Message}
	if !l.known[key] {
		l.known[key] = true
		l.problems = append(l.problems, p)
	}
}

// report adds what lint itself found.
func (l *linter) report(sev Severity, code string, line int, message, hint string) {
	l.add(Problem{sev, code, line, message, hint})
}

// A lintStep is a step that may run, read for what lint asks.
type lintStep struct {
	*Task
	readings []*shellReading // by command; nil where bash cannot read it
	lost     bool            // it has no directory to start in, as the plan says
}

// read reads the steps that the checklist does not skip, and follows where
// they lead.
func (l *linter) read() {
	lost := map[int]bool{}
	for _, p := range l.plan.Problems {
		if p.Code == "start-directory" && p.Severity == Error {
			lost[p.Line] = true
		}
	}
	for _, t := range l.plan.Steps() {
		if t.Skip || !t.Script.Runnable() {
			continue
		}
		s := lintStep{Task: t, lost: lost[t.Slot.Line]}
		for i := range t.Script.Commands {
			s.readings = append(s.readings, readShell(&t.Script.Commands[i]))
		}
		l.steps = append(l.steps, s)
	}
}

// eachCall visits the calls of a step, with the index of their command.
func (s *lintStep) eachCall(visit func(i int, c *shellCall)) {
	for i, r := range s.readings {
		if r == nil {
			continue
		}
		for j := range r.calls {
			visit(i, &r.calls[j])
		}
	}
}
