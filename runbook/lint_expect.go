package runbook

import (
	"fmt"
	"math"
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
		if e.Advisory {
			continue
		}
		if why := s.printsNothing(e); why != "" && needsOutput(e) {
			l.report(Error, "unmeetable-expectation", e.Line, why+": no output can meet this", "add | tee FILE, or look into the file with a command of its own")
			continue
		}
		for n := range i {
			if other := &s.Script.Expects[n]; other.Command == e.Command && !other.Advisory && excludes(e, other) {
				l.report(Error, "unmeetable-expectation", e.Line, fmt.Sprintf("line %d expects of the same command what this excludes", other.Line), "keep one of the two")
				break
			}
		}
	}
}

// printsNothing says why nothing that the expectation is about can be printed;
// empty if something can.
func (s *lintStep) printsNothing(e *Expect) string {
	if e.Command >= 0 {
		return s.readings[e.Command].whySilent("the command above")
	}
	for _, r := range s.readings {
		if r.whySilent("") == "" {
			return ""
		}
	}
	return "no command of the step prints anything: what they print goes to files"
}

// whySilent says why a command prints nothing; empty if it may print.
func (r *shellReading) whySilent(subject string) string {
	switch {
	case r == nil:
		return ""
	case r.quiet:
		return subject + " sends all that it prints to a file"
	case r.silent:
		return subject + " prints nothing"
	}
	return ""
}

// needsOutput reports whether an expectation is met only by output.
func needsOutput(e *Expect) bool {
	switch e.Kind {
	case ExpectLiteral, ExpectPattern, ExpectList, ExpectLines, ExpectEither, ExpectComparison:
		return true
	case ExpectStatus:
		return e.Values[0] == "http"
	}
	return false
}

// excludes reports whether no end of one command can meet both.
func excludes(a, b *Expect) bool {
	switch {
	case a.Kind == ExpectEmpty && needsOutput(b), b.Kind == ExpectEmpty && needsOutput(a):
		return true
	case a.Kind == ExpectFailure && b.Kind == ExpectStatus:
		return b.Values[0] == "exit" && b.Values[1] == "0"
	case a.Kind == ExpectStatus && b.Kind == ExpectFailure:
		return excludes(b, a)
	case a.Kind == ExpectStatus && b.Kind == ExpectStatus:
		return a.Values[0] == b.Values[0] && a.Values[1] != b.Values[1]
	case a.Kind == ExpectComparison && b.Kind == ExpectComparison:
		low, high := a.bounds()
		least, most := b.bounds()
		return math.Max(low, least) > math.Min(high, most)
	}
	return false
}

// bounds returns the least and the greatest number that meet a comparison.
func (e *Expect) bounds() (low, high float64) {
	low, high = math.Inf(-1), math.Inf(1)
	n, ok := parseDecimal(e.Values[1])
	if !ok {
		return low, high
	}
	switch e.Values[0] {
	case ">":
		return math.Nextafter(n, high), high
	case ">=":
		return n, high
	case "<":
		return low, math.Nextafter(n, low)
	case "<=":
		return low, n
	}
	if most, ok := parseDecimal(e.Values[len(e.Values)-1]); ok {
		return n, most
	}
	return low, high
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

// idleExpectations reports the expectations of steps that hold no command, and
// of those that the checklist skips.
func (l *linter) idleExpectations() {
	for _, t := range l.plan.Steps() {
		if t.Slot.Broken || slices.ContainsFunc(t.Script.Problems, func(p Problem) bool { return p.Severity == Error || p.Code == "manual-step" }) {
			continue
		}
		if t.Skip && len(t.Script.Expects) > 0 {
			l.report(Note, "unmeetable-expectation", t.Script.Expects[0].Line, "the step is skipped: nothing is compared with this",
				"leave it if the step is only for reading")
		}
		if len(t.Script.Commands) > 0 {
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
