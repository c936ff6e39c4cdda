package runbook

import (
	"slices"
	"strings"
)

// expectations reports what a step's text promises and no run can show.
func (l *linter) expectations(s *lintStep) {
	for i := range s.Script.Expects {
		e := &s.Script.Expects[i]
		if isEmptyExpectation(e) {
			l.report(Warning, "empty-expectation", e.Line, "nothing is left of the expectation without its placeholders: any output would meet it",
				"write the part that is always the same")
			continue
		}
		if e.Command < 0 || e.Advisory || !needsOutput(e.Kind) {
			continue
		}
		if r := s.readings[e.Command]; r != nil && r.quiet {
			l.report(Error, "unmeetable-expectation", e.Line, "the command above sends all that it prints to a file: no output can meet this",
				"add | tee FILE, or look into the file with a command of its own")
		}
		for _, other := range s.Script.Expects[:i] {
			if other.Command == e.Command && !other.Advisory && (other.Kind == ExpectEmpty) && needsOutput(e.Kind) {
				l.report(Error, "unmeetable-expectation", e.Line, "the same command is also expected to print nothing", "keep one of the two")
			}
		}
	}
}

// needsOutput reports whether an expectation of this kind is met only by output.
func needsOutput(k ExpectKind) bool {
	switch k {
	case ExpectLiteral, ExpectPattern, ExpectList, ExpectLines, ExpectEither:
		return true
	}
	return false
}

// isEmptyExpectation reports whether a text that is meant to be judged holds
// wildcards only.
func isEmptyExpectation(e *Expect) bool {
	switch e.Kind {
	case ExpectProse, ExpectLiteral, ExpectPattern:
		text, _ := stripQuotes(strings.TrimSpace(e.Text))
		return holdsWildcard(text) && !holdsContent(text)
	case ExpectList, ExpectLines:
		return len(e.Values) > 0 && !slices.ContainsFunc(e.Values, holdsContent)
	}
	return false
}

// idleExpectations reports the expectations of steps that hold no command.
func (l *linter) idleExpectations() {
	for _, t := range l.plan.Steps() {
		if t.Slot.Broken || len(t.Script.Commands) > 0 || slices.ContainsFunc(t.Script.Problems, func(p Problem) bool { return p.Severity == Error || p.Code == "manual-step" }) {
			continue
		}
		for i, line := range scriptLines(l.doc.Source, t.Slot) {
			text, comment := strings.CutPrefix(strings.TrimSpace(line), "#")
			in, ok := readIntro(strings.TrimSpace(strings.TrimLeft(text, "#")))
			if comment && ok && in.strength != introDescribed {
				l.report(Warning, "unmeetable-expectation", t.Slot.Line+1+i, "the step holds no command whose output could meet this",
					"move it into the step that it belongs to")
			}
		}
	}
}
