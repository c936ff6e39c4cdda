package runbook

import (
	"fmt"
	"strings"
)

// Selection narrows a run to some steps; the zero value selects all.
type Selection struct {
	Steps   []string // IDs or numbers
	From    string
	Section string
}

func (s Selection) all() bool { return len(s.Steps) == 0 && s.From == "" && s.Section == "" }

// choose marks what this run is about.
func (b *planner) choose() {
	doc, sel := b.plan.Document, b.in.Select
	if in := b.in.Contingency; in != "" {
		for i := range b.plan.Tasks {
			t := &b.plan.Tasks[i]
			t.Selected = t.Contingency == in && (t.Number == 0 || b.in.Execute)
			if t.Number == 0 && !b.in.Execute {
				t.Selected = t.Contingency == "" || t.Contingency == in
			}
			t.Selected = t.Selected || t.Number == 0 && t.Binding.Given != nil
		}
		return
	}
	if sel.all() {
		for i := range b.plan.Tasks {
			t := &b.plan.Tasks[i]
			t.Selected = t.Contingency == "" || t.Number == 0 && t.Binding.Given != nil
		}
		return
	}
	steps := map[int]bool{}
	for _, name := range sel.Steps {
		if t := b.plan.StepNamed(name); t != nil {
			steps[t.Number] = true
		} else {
			b.unknownStep("--step", name)
		}
	}
	from := 0
	if sel.From != "" {
		if t := b.plan.StepNamed(sel.From); t != nil {
			from = t.Number
		} else {
			b.unknownStep("--from", sel.From)
		}
	}
	section := b.section(sel.Section)
	sections := map[int]bool{} // those that hold a selected step
	for _, i := range b.plan.stepTasks {
		t := &b.plan.Tasks[i]
		t.Selected = t.Contingency == "" && (len(steps) == 0 || steps[t.Number]) && t.Number >= from &&
			(section < 0 || doc.Sections[section].Span.Contains(t.Slot.Mark))
		if t.Selected {
			sections[t.Slot.Section] = true
		}
		if steps[t.Number] && t.Contingency != "" {
			b.report(Problem{Error, "selection", t.Slot.Line, fmt.Sprintf("step %d belongs to the contingency %s, which exec never enters", t.Number, t.Contingency), ""})
		}
	}
	if section < 0 && len(sections) == 0 || section >= 0 && len(sel.Steps) > 0 && len(sections) == 0 {
		b.report(Problem{Severity: Error, Code: "selection", Message: "--step, --from and --section together select nothing"})
	}
	for i := range b.plan.Tasks {
		t := &b.plan.Tasks[i]
		if t.Number > 0 {
			continue
		}
		t.Selected = t.Contingency == "" || t.Binding.Given != nil
		if t.Selected && t.Binding.Given == nil {
			t.Selected = sections[t.Slot.Section] || section >= 0 && doc.Sections[section].Span.Contains(t.Slot.Mark)
		}
	}
}

func (b *planner) unknownStep(flag, name string) {
	b.report(Problem{Severity: Error, Code: "selection",
		Message: fmt.Sprintf("%s: there is no step %q; there are %d steps", flag, name, len(b.plan.stepTasks)),
		Hint:    "`runbook plan FILE` lists them"})
}

// section finds the section that --section names; -1 is none.
func (b *planner) section(name string) int {
	if name == "" {
		return -1
	}
	fault := func(format string, args ...any) {
		b.report(Problem{Severity: Error, Code: "selection", Message: "--section: " + fmt.Sprintf(format, args...)})
	}
	sections := b.plan.Document.Sections
	var found []int
	for i, s := range sections {
		switch {
		case i == 0:
		case string(s.ID) == name:
			found = []int{i}
		case strings.EqualFold(s.Title, name) && (len(found) == 0 || string(sections[found[0]].ID) != name):
			found = append(found, i)
		}
	}
	if len(found) == 0 {
		fault("there is no section %q", name)
		return -1
	}
	if len(found) > 1 {
		ids := make([]string, len(found))
		for i, at := range found {
			ids[i] = string(sections[at].ID)
		}
		fault("%d sections are called %q; name one of them by its ID: %s", len(found), name, strings.Join(ids, ", "))
	}
	if c := sections[found[0]].Contingency; c != "" {
		fault("%s is a contingency, which exec never enters", c)
	}
	return found[0]
}
