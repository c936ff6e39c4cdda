package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"runbook/runbook"
)

// A planWriter writes a plan as text. Whatever comes from the document is made
// visible, so that it cannot drive the terminal.
type planWriter struct {
	w     *bufio.Writer
	plan  *runbook.Plan
	state *runbook.State // of the run that exec would go on with; nil: none
}

func writePlan(w io.Writer, plan *runbook.Plan, state *runbook.State) error {
	p := &planWriter{bufio.NewWriterSize(w, 64<<10), plan, state}
	p.header()
	p.gates()
	section := -1
	for i := range plan.Tasks {
		t := &plan.Tasks[i]
		if t.Slot.Section != section {
			section = t.Slot.Section
			p.section(section)
		}
		switch t.Slot.Kind {
		case runbook.StepSlot:
			p.step(t)
		case runbook.ItemSlot:
			p.item(t)
		default:
			p.field(t)
		}
	}
	p.placeholders()
	p.scripts()
	p.problems()
	return p.w.Flush()
}

func (p *planWriter) line(format string, args ...any) {
	fmt.Fprintf(p.w, format+"\n", args...)
}

// put writes strings and ends the line. It is line without the formatting, for
// what is written thousands of times.
func (p *planWriter) put(parts ...string) {
	for _, s := range parts {
		p.w.WriteString(s)
	}
	p.w.WriteByte('\n')
}

// number is a line number in its column.
func number(n int) string {
	s := strconv.Itoa(n)
	return "     "[:max(0, 5-len(s))] + s
}

func (p *planWriter) header() {
	counts := map[runbook.SlotKind]int{}
	contingent := 0
	for i := range p.plan.Tasks {
		t := &p.plan.Tasks[i]
		counts[t.Slot.Kind]++
		if t.Number > 0 && t.Contingency != "" {
			contingent++
		}
	}
	p.line("%s: %d steps (%d of them in contingencies), %d items, %d blanks, %d choices",
		runbook.Visible(p.plan.Document.Name), counts[runbook.StepSlot], contingent, counts[runbook.ItemSlot], counts[runbook.FieldSlot], counts[runbook.ChoiceSlot])
	p.line("%s", p.plan.Review())
	p.line("Nothing is run, contacted or written by this plan.")
	if p.state != nil {
		p.line("Run %s of it: %s.", p.state.Start.Run, whereItWas(p.plan, p.state))
	}
}

// gates shows what can keep steps from starting, beside the items above them.
func (p *planWriter) gates() {
	if len(p.plan.Pins) > 0 {
		p.line("\nPins")
	}
	for _, pin := range p.plan.Pins {
		p.line("  %s is %s: checked %s", pin.Name, runbook.Visible(pin.Expected), pin.When)
	}
	if len(p.plan.Holds) > 0 {
		p.line("\nHolds")
	}
	for _, h := range p.plan.Holds {
		p.line("  no step at or below %s starts until these are settled:", runbook.Visible(string(h.Before)))
		for _, t := range p.plan.HoldItems(h) {
			p.line("  %5d %s", t.Slot.Line, runbook.Visible(t.Slot.Label))
		}
	}
}

func (p *planWriter) section(i int) {
	s := &p.plan.Document.Sections[i]
	title := s.Title
	if i == 0 {
		title = "(before the first heading)"
		if p.plan.Document.Title != "" {
			title = p.plan.Document.Title
		}
	}
	note := ""
	switch {
	case s.Contingency == "":
	case s.Contingency == p.plan.Contingency:
		note = "   [contingency: declared by rollback]"
	default:
		note = "   [contingency: exec never enters it]"
	}
	p.put("\n", runbook.Visible(title), note)
}

func (p *planWriter) step(t *runbook.Task) {
	dir := t.Start.Path
	if dir == "" {
		dir = "?"
	}
	p.put("  step ", strconv.Itoa(t.Number), ", line ", strconv.Itoa(t.Slot.Line), " (", t.Slot.Lang, ")", p.standing(t))
	if len(t.Script.Commands) == 0 {
		p.line("    nothing in it runs")
		return
	}
	p.put("    in ", runbook.Visible(dir), ": ", runbook.Visible(t.Start.Why))
	if t.Timeout > 0 {
		p.line("    timeout %s", t.Timeout)
	}
	for i := range t.Script.Commands {
		c := &t.Script.Commands[i]
		if c.Comment != "" {
			for l := range strings.Lines(c.Comment) {
				p.line("          # %s", runbook.Visible(strings.TrimRight(l, "\n")))
			}
		}
		for j, l := range strings.Split(strings.TrimRight(runbook.Visible(c.Text), "\n"), "\n") {
			if j == 0 {
				p.put("    ", number(c.Line), " $ ", l)
			} else {
				p.line("            %s", l)
			}
		}
		p.commandNotes(t, i)
		for _, e := range t.Script.Expects {
			if e.Command == i {
				p.expect(&e)
			}
		}
	}
	for _, e := range t.Script.Expects {
		if e.Command < 0 {
			p.expect(&e)
		}
	}
}

func (p *planWriter) commandNotes(t *runbook.Task, command int) {
	c := &t.Script.Commands[command]
	why := c.Sensitive
	if why == "" {
		why = t.Sensitive
	}
	if why != "" {
		p.line("            output is not recorded: %s", runbook.Visible(why))
	}
	if len(c.Creates) > 0 {
		p.line("            makes %s", runbook.Visible(strings.Join(c.Creates, ", ")))
	}
	for _, note := range []string{p.plan.ApplyNote(t, command), p.plan.RunNote(t, command), t.RepeatNote(command), p.plan.TreeNote(t, command)} {
		if note != "" {
			p.line("            %s", runbook.Visible(note))
		}
	}
	for _, text := range c.Placeholders {
		if g, ok := p.plan.Values[text]; ok {
			p.line("            %s is %s", runbook.Visible(text), runbook.Visible(g.Value))
		} else {
			p.line("            waits for the value of %s", runbook.Visible(text))
		}
	}
}

func (p *planWriter) expect(e *runbook.Expect) {
	kind := e.Kind.String()
	if e.Advisory {
		kind += ", advisory"
	}
	p.line("    %5d expects %s  (%s)", e.Line, runbook.Visible(strings.ReplaceAll(e.Text, "\n", " / ")), kind)
}

func (p *planWriter) standing(t *runbook.Task) string {
	switch {
	case t.Contingency != "" && t.Contingency != p.plan.Contingency:
		return "  not run: contingency"
	case t.Skip:
		return "  not run: the checklist skips it"
	case !t.Selected:
		return "  not run: not selected"
	case p.state == nil:
		return ""
	}
	switch st := p.state.Step(t.Slot.ID); {
	case st.Over():
		return "  not run again: " + string(st.Status)
	case st.Status != runbook.StepPending:
		return fmt.Sprintf("  %s; goes on at command %d", st.Status, st.Next()+1)
	}
	return ""
}

func (p *planWriter) placeholders() {
	seen := map[string][]int{}
	for _, t := range p.plan.Steps() {
		for _, ph := range t.Script.Placeholders {
			seen[ph.Text] = append(seen[ph.Text], ph.Line)
		}
	}
	if len(seen) == 0 {
		return
	}
	p.line("\nPlaceholders in steps")
	for _, text := range sortedKeys(seen) {
		value, offers := "no value yet", runbook.Offers(text)
		if g, ok := p.plan.Values[text]; ok {
			value, offers = "is "+g.Value, nil
		}
		p.line("  %s (lines %s): %s", runbook.Visible(text), strings.Trim(fmt.Sprint(seen[text]), "[]"), runbook.Visible(value))
		for i := range offers {
			p.suggestion(&offers[i])
		}
	}
}

// scripts shows what was read of the scripts that steps execute.
func (p *planWriter) scripts() {
	if len(p.plan.Scripts) > 0 {
		p.line("\nScripts that are run")
	}
	for _, f := range p.plan.Scripts {
		what := string(f.Digest)
		if f.Digest == "" {
			what = "not compared: " + f.Why
		}
		p.line("  %s: %s", runbook.Visible(f.Path), runbook.Visible(what))
		if p.state == nil {
			continue
		}
		if known := p.state.Files[f.Path]; known != nil && known.Digest != f.Digest {
			p.line("    it is not what the run has: %s; its steps do not start", cmp.Or(string(known.Digest), "gone"))
		}
	}
}

func (p *planWriter) problems() {
	if len(p.plan.Problems) == 0 {
		return
	}
	sorted := slices.Clone(p.plan.Problems)
	slices.SortStableFunc(sorted, func(a, b runbook.Problem) int { return int(b.Severity) - int(a.Severity) })
	p.line("\nFindings")
	for _, f := range sorted {
		p.line("  %-7s %s  [%s]", f.Severity, problemText(p.plan.Document.Name, f), f.Code)
		if f.Hint != "" {
			p.line("          %s", runbook.Visible(f.Hint))
		}
	}
}
