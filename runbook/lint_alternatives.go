package runbook

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

var (
	orComment  = regexp.MustCompile(`(?i)^(or|alternatively)\b([:,]|$| (use|run|with|if|via|using|for|on|just|simply|manually)\b)`)
	optionWord = regexp.MustCompile(`(?i)^(option|alternative|variant|method|approach)\s+([a-e]|[1-9])\b`)
	systemWord = regexp.MustCompile(`(?i)^(on |for )?(linux|ubuntu|debian|macos|mac os|mac|os x|windows|fedora|rhel|centos|arch|alpine)\b( ?[:(/,]|$| (users?|only|systems?)\b)`)
)

// alternatives reports commands, steps and sections that are written one after
// the other and of which only one is meant to be done: run in order, all are.
func (l *linter) alternatives() {
	for i := range l.steps {
		l.alternativeCommands(&l.steps[i])
		if i > 0 {
			l.alternativeSteps(&l.steps[i-1], &l.steps[i])
		}
	}
	l.alternativeSections()
}

const alternativesHint = "keep the one that is meant, make a choice of it (an if, a variable), or mark the others {skip}"

// alternativeCommands looks at the comments above a step's commands.
func (l *linter) alternativeCommands(s *lintStep) {
	options := map[string]string{} // a kind of variants to the first that a comment names
	for i := range s.Script.Commands {
		c := &s.Script.Commands[i]
		if c.Comment == "" {
			continue
		}
		first, _, _ := strings.Cut(c.Comment, "\n")
		if i > 0 && orComment.MatchString(first) {
			l.report(Warning, "alternatives", c.Line, fmt.Sprintf("%q reads as another way to do what the command above does; both run", first), alternativesHint)
			continue
		}
		kind, variant := variantOf(first)
		switch before := options[kind]; {
		case kind == "":
		case before == "":
			options[kind] = variant
		case before != variant:
			l.report(Warning, "alternatives", c.Line, fmt.Sprintf("%q and %q read as alternatives; both run", before, variant), alternativesHint)
		}
	}
}

// variantOf returns the variant that a comment or a heading introduces, and of
// which kind it is; empty if it introduces none.
func variantOf(text string) (kind, variant string) {
	text = strings.TrimSpace(strings.TrimLeft(text, "*_ "))
	if m := optionWord.FindString(text); m != "" {
		word, _, _ := strings.Cut(m, " ")
		return strings.ToLower(word), m
	}
	if m := systemWord.FindStringSubmatch(text); m != nil {
		return "system", m[2]
	}
	return "", ""
}

// alternativeSteps looks at the words between two steps of one section, and at
// the words that introduce each.
func (l *linter) alternativeSteps(before, after *lintStep) {
	if before.Slot.Section != after.Slot.Section {
		return
	}
	between := string(l.doc.Source[before.Slot.Mark.End:max(before.Slot.Mark.End, l.fenceStart(after))])
	for line := range strings.Lines(between) {
		if text := unmarked(line); orComment.MatchString(text) {
			l.report(Warning, "alternatives", after.Slot.Line,
				fmt.Sprintf("after %q, step %d reads as another way to do what step %d does; both run", text, after.Number, before.Number), alternativesHint)
			return
		}
	}
	kind, first := variantOf(l.introduction(before))
	other, second := variantOf(l.introduction(after))
	if kind != "" && kind == other && first != second {
		l.report(Warning, "alternatives", after.Slot.Line,
			fmt.Sprintf("%q and %q read as alternatives; steps %d and %d both run", first, second, before.Number, after.Number), alternativesHint)
	}
}

// fenceStart returns where the line of a step's opening fence starts.
func (l *linter) fenceStart(s *lintStep) int {
	body := lineStart(l.doc.Source, s.Slot.Body[0].Start)
	return lineStart(l.doc.Source, max(0, body-1))
}

// introduction returns the last line of text above a step.
func (l *linter) introduction(s *lintStep) string {
	start := l.doc.Sections[s.Slot.Section].Span.Start
	above := bytes.TrimRight(l.doc.Source[start:max(start, l.fenceStart(s))], " \t\r\n>")
	return unmarked(string(above[lineStart(above, len(above)):]))
}

// unmarked returns a line without the marks of quotes, lists and emphasis.
func unmarked(line string) string { return strings.Trim(strings.TrimSpace(line), "*_>-+ ") }

// alternativeSections looks for headings side by side that name variants, each
// with steps below it.
func (l *linter) alternativeSections() {
	type group struct {
		parent int
		kind   string
	}
	first := map[group]string{}
	for i, s := range l.doc.Sections {
		kind, variant := variantOf(s.Title)
		if i == 0 || kind == "" || s.Contingency != "" || !l.holdsSteps(s.Span) {
			continue
		}
		g := group{s.Parent, kind}
		switch before := first[g]; {
		case before == "":
			first[g] = variant
		case before != variant:
			l.report(Warning, "alternatives", s.Line, fmt.Sprintf("the sections %q and %q read as alternatives; the steps of both run", before, variant), alternativesHint)
		}
	}
}

func (l *linter) holdsSteps(span Span) bool {
	for i := range l.steps {
		if span.Contains(l.steps[i].Slot.Mark) {
			return true
		}
	}
	return false
}
