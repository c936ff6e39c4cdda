package runbook

import "strings"

// sample reads what the step as a whole is expected to print: data, line by
// line, of which only wildcards are not meant as they stand.
func (r *scriptReader) sample(src []byte, slot *Slot) {
	if len(r.parts) == 0 {
		return
	}
	e := Expect{Line: slot.SampleLine, Command: -1, Kind: ExpectLines}
	for _, l := range slot.Sample {
		line := strings.TrimSpace(string(l.Of(src)))
		if line == "" {
			continue
		}
		e.Values = append(e.Values, line)
		// With the prompt it shows what was typed too, which is not printed.
		e.Advisory = e.Advisory || promptLen(line) > 0
	}
	if len(e.Values) == 0 {
		return
	}
	e.Text = strings.Join(e.Values, "\n")
	switch {
	case !holdsContent(e.Text) && holdsWildcard(e.Text):
		e.Kind, e.Values, e.Advisory = ExpectProse, nil, true
	case len(e.Values) == 1 && holdsWildcard(e.Text):
		e.Kind = ExpectPattern
	case len(e.Values) == 1:
		e.Kind = ExpectLiteral
	}
	r.script.Expects = append(r.script.Expects, e)
}
