package runbook

import (
	"bytes"
	"slices"
	"strings"
)

// prose reads the text around the steps: code spans, links and ARNs.
func (f *facts) prose() {
	shapes := map[string][]factSource{}
	for _, kind := range sortedKeys(f.rules.facts) {
		for _, s := range f.rules.facts[kind] {
			if s.shape != "" && len(s.outputs) == 0 {
				shapes[s.shape] = append(shapes[s.shape], s)
			}
		}
	}
	steps := f.stepSpans()
	for i := range f.doc.Sections {
		s := &f.doc.Sections[i]
		line := 0
		for at := s.Prose.Start; at < s.Prose.End; {
			end := min(lineEnd(f.doc.Source, at), s.Prose.End)
			if j, inStep := slices.BinarySearchFunc(steps, at, func(s Span, at int) int {
				if s.End <= at {
					return -1
				} else if s.Start > at {
					return 1
				}
				return 0
			}); inStep {
				at = steps[j].End
				line = 0
				continue
			}
			text := f.doc.Source[at:end]
			if bytes.ContainsAny(text, "`:/") {
				if line == 0 {
					line = bytes.Count(f.doc.Source[:at], []byte{'\n'}) + 1
				}
				f.proseLine(shapes, i, at, line, string(text))
			}
			if line > 0 {
				line++
			}
			at = end
		}
	}
}

func (f *facts) stepSpans() []Span {
	var spans []Span
	for i := range f.doc.Slots {
		if s := &f.doc.Slots[i]; s.Kind == StepSlot && len(s.Body) > 0 {
			spans = append(spans, Span{s.Body[0].Start, s.Body[len(s.Body)-1].End})
		}
	}
	return spans
}

// proseLine reads one line's code spans, and its words for links and ARNs.
func (f *facts) proseLine(shapes map[string][]factSource, section, at, line int, text string) {
	add := func(word string, code bool, shape string) {
		v := textShapes[shape](word, code)
		if v == "" {
			return
		}
		for _, s := range shapes[shape] {
			f.byKind[s.kind] = append(f.byKind[s.kind], fact{
				value: v, about: words(text), at: at, line: line, section: section, contingency: f.doc.Sections[section].Contingency,
			})
		}
	}
	for shape := range shapes {
		parts := strings.Split(text, "`")
		for i := 1; i+1 < len(parts); i += 2 {
			add(parts[i], true, shape)
		}
		if shape == "repository" || shape == "role" {
			for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(" |<>()`\"'\r\n", r) }) {
				add(word, false, shape)
			}
		}
	}
}

// inItem reads a kind of fact from an item's own text.
func (f *facts) inItem(kind string, slot *Slot, ws []string) []string {
	switch kind {
	case "bound":
		return nonEmpty(boundShape(slot.Label))
	case "percent":
		return nonEmpty(percentShape(slot.Label, ws))
	case "percentile":
		return nonEmpty(percentileShape(ws))
	case "environment":
		word, _ := environmentOf(ws)
		return nonEmpty(word)
	case "code":
		if len(slot.Codes) == 1 {
			return nonEmpty(strings.TrimSpace(string(slot.Codes[0].Of(f.doc.Source))))
		}
		return nil
	}
	var values []string
	for _, s := range f.rules.facts[kind] {
		if s.shape == "" || len(s.outputs) > 0 {
			continue
		}
		for _, c := range slot.Codes {
			if v := textShapes[s.shape](strings.TrimSpace(string(c.Of(f.doc.Source))), true); v != "" && !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
		if values != nil {
			continue
		}
		for word := range strings.FieldsFuncSeq(slot.Label, func(r rune) bool { return r == ' ' || r == '(' || r == ')' || r == ',' }) {
			if v := textShapes[s.shape](word, false); v != "" && !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
	}
	return values
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}
