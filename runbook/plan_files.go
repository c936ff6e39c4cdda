package runbook

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// PlanMaker returns the last step before t, or t itself, that makes the saved
// plan; nil if none does.
func (p *Plan) PlanMaker(abs string, t *Task) *Task {
	var maker *Task
	for _, s := range p.Steps() {
		if s.Number > t.Number || s.Contingency != "" && s.Contingency != t.Contingency {
			continue
		}
		for _, plans := range s.Plans {
			if slices.Contains(plans.Makes, abs) {
				maker = s
			}
		}
	}
	return maker
}

// ApplyNote says what a command's saved plans are compared with; empty if it
// applies none.
func (p *Plan) ApplyNote(t *Task, command int) string {
	c := &t.Script.Commands[command]
	known := t.Plans[command].Applies
	var notes []string
	for _, abs := range known {
		as := "as it is when the run begins, or when it was judged"
		if maker := p.PlanMaker(abs, t); maker != nil {
			as = fmt.Sprintf("as step %d made it", maker.Number)
		}
		notes = append(notes, fmt.Sprintf("applies %s only %s", path.Base(abs), as))
	}
	if len(known) < len(c.Applies) {
		notes = append(notes, "applies "+strings.Join(c.Applies, ", ")+": which file that is only the run will know, and it is not compared")
	}
	return strings.Join(notes, "; ")
}
