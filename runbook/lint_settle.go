package runbook

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// items reports the items that no run can settle, whoever answers, and what
// their checks need and do not find.
func (l *linter) items() {
	for i := range l.plan.Tasks {
		t := &l.plan.Tasks[i]
		if t.Slot.Kind != ItemSlot {
			continue
		}
		l.ticked(t)
		if t.Slot.Open() && t.Binding.Given == nil && t.Binding.Origin != Inferred {
			l.unreached(t)
			for _, p := range t.Binding.Parts() {
				l.checkNeeds(t, p)
			}
		}
	}
	for _, h := range l.plan.Holds {
		l.hold(h)
	}
	l.unbound()
}

// unbound tells, once, of the items for which rules propose a check.
func (l *linter) unbound() {
	var lines []string
	first := 0
	for i := range l.plan.Tasks {
		t := &l.plan.Tasks[i]
		if t.Slot.Kind != ItemSlot || t.Binding.Given != nil || !slices.ContainsFunc(t.Binding.Suggest, func(s Suggestion) bool { return s.Rule != "" }) {
			continue
		}
		if first == 0 {
			first = t.Slot.Line
		}
		lines = append(lines, strconv.Itoa(t.Slot.Line))
	}
	switch n := len(lines); {
	case n == 0:
	case n == 1:
		l.report(Note, "unbound-item", first, "a person is asked about the item, and a check could settle it", "`runbook bind FILE` drafts it")
	default:
		const most = 12
		text := strings.Join(lines[:min(n, most)], ", ")
		if n > most {
			text += fmt.Sprintf(" and %d more", n-most)
		}
		l.report(Note, "unbound-item", first, fmt.Sprintf("a person is asked about %d items that checks could settle: lines %s", n, text), "`runbook bind FILE` drafts them")
	}
}

// ticked reports an item that the template has settled already: no run asks
// for it, and no check of it is put.
func (l *linter) ticked(t *Task) {
	bound := t.Binding.Origin == FromSidecar || t.Binding.Origin == FromComment
	switch {
	case t.Slot.Open():
	case bound:
		l.report(Warning, "unsettleable-item", t.Slot.Line, "the template has marked the item already: what it is bound to ("+t.Binding.Use+") is never asked",
			"open it: - [ ]")
	case strings.IndexByte("xXv", t.Slot.State) >= 0:
		l.report(Warning, "unsettleable-item", t.Slot.Line, "the template has ticked the item: every record has it done, and no run asks who did it",
			"open it: - [ ]")
	}
}

// unreached reports an item whose check is about a step that the run which asks
// for it never does.
func (l *linter) unreached(t *Task) {
	if t.about == 0 {
		return
	}
	step := &l.plan.Tasks[l.plan.stepTasks[t.about-1]]
	why := ""
	switch {
	case step.Skip:
		why = "which is skipped"
	case len(step.Script.Commands) == 0:
		why = "which holds no command"
	case step.Contingency != "" && step.Contingency != t.Contingency:
		why = "which runs in a contingency only"
	default:
		return
	}
	l.report(Error, "unsettleable-item", t.Slot.Line, fmt.Sprintf("the item waits for what step %d does, %s", step.Number, why),
		"bind it to a step that runs, or to ask")
}

// checkNeeds looks at what one check needs to have an answer at all: of a
// command, that bash can read it and that its programs are there; of a saved
// plan, that it is there or a step makes it.
func (l *linter) checkNeeds(t *Task, p *Binding) {
	dir := path.Join(l.in.Root, p.Args["dir"])
	switch file := p.Args["file"]; {
	case p.Use == "step":
		l.checkCommand(t, p.Args["run"], dir)
	case p.Use == "terraform.plan" && t.about == 0 && file != "" && !path.IsAbs(file) && !strings.ContainsAny(file, "$*?<>{}"):
		if !l.in.Machine.Exists(path.Join(dir, file)) && !l.in.Machine.Exists(path.Join(l.in.Root, file)) {
			l.report(Warning, "unsettleable-item", t.Slot.Line, "the item's check looks at the saved plan "+file+", which does not exist, and no step is seen to make it",
				"correct the path, or save the plan in a step: terraform plan -out="+path.Base(file))
		}
	}
}

func (l *linter) checkCommand(t *Task, run, dir string) {
	r := readShell(&Command{Text: run, Line: t.Slot.Line})
	if r == nil {
		l.report(Error, "unsettleable-item", t.Slot.Line, "bash cannot read the command of the item's check: "+run, "correct the command")
		return
	}
	for i := range r.calls {
		c := &r.calls[i]
		if len(c.words) == 0 || !c.words[0].known {
			continue
		}
		program := c.words[0].value
		switch relative := strings.Contains(program, "/") && !path.IsAbs(program); {
		case relative && !strings.HasPrefix(program, "~") && !l.in.Machine.Exists(path.Join(dir, program)):
			l.report(Warning, "missing-path", t.Slot.Line, "the item's check runs "+program+", which does not exist", "correct the path, or give the check its dir")
		case relative:
		default:
			l.checkTool(t, program, r)
		}
	}
}

// checkTool reports a program of a check that neither this machine has nor any
// step is seen to bring.
func (l *linter) checkTool(t *Task, program string, r *shellReading) {
	if strings.Contains(program, "/") || program == "" || l.broughtAll || l.brought[program] || isListed(program, shellWords) || slices.Contains(r.defined, program) {
		return
	}
	if !l.in.Machine.Installed(program) {
		l.report(Warning, "missing-tool", t.Slot.Line, "the item's check runs "+program+", which is not installed here", "install it where the checklist is run, or correct the name")
	}
}

// hold reports the items that a hold waits for and that are not settled before
// what it holds.
func (l *linter) hold(h Hold) {
	for _, t := range l.plan.HoldItems(h) {
		if !t.Slot.Open() || t.Binding.Given != nil {
			continue
		}
		switch {
		case t.Slot.Item == Deferred:
			l.report(Warning, "unsettleable-item", t.Slot.Line, fmt.Sprintf("%s waits for the item, which is due after the run", h.Before), "take it out of the hold")
		case t.Contingency != "" && !l.within(h.Before, t.Contingency):
			l.report(Warning, "unsettleable-item", t.Slot.Line, fmt.Sprintf("%s waits for the item, which is asked in a contingency only", h.Before), "take it out of the hold")
		}
	}
}

// within reports whether a section or slot stands in the contingency.
func (l *linter) within(id, contingency ID) bool {
	if s := l.doc.Slot(id); s != nil {
		return l.doc.Sections[s.Section].Contingency == contingency
	}
	return slices.ContainsFunc(l.doc.Sections, func(s Section) bool { return s.ID == id && s.Contingency == contingency })
}

// isBoxLine reports whether a line looks like a check item's.
func isBoxLine(text []byte) bool {
	rest := strings.TrimLeft(string(text), "0123456789")
	if len(rest) < len("- [ ] a") {
		return false
	}
	if mark := rest[0]; mark != '-' && mark != '*' && mark != '+' && (len(rest) == len(text) || mark != '.' && mark != ')') {
		return false
	}
	rest = strings.TrimLeft(rest[1:], " ")
	return len(rest) > 4 && (strings.HasPrefix(rest, "[ ] ") || strings.HasPrefix(rest, "[x] ") || strings.HasPrefix(rest, "[X] "))
}
