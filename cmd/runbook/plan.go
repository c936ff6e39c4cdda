package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"runbook/runbook"
)

func newPlan(env *environment) *cobra.Command {
	flags := &planFlags{}
	cmd := &cobra.Command{
		Use:   "plan FILE",
		Short: "The dry run: what exec would do, and why",
		Long: `plan shows every step with its start directory and commands as written, how
each item would be settled, where each blank's value would come from, and all
that is wrong or doubtful. It runs nothing, contacts nothing, writes nothing.`,
		Args: oneFile,
		RunE: func(_ *cobra.Command, args []string) error {
			return runPlan(env, flags, args[0], "")
		},
	}
	flags.register(cmd)
	return cmd
}

// runPlan prints what exec would do with FILE: of a record whose run can go on,
// the plan of its template, and what is behind it.
func runPlan(env *environment, flags *planFlags, name, record string) error {
	if err := flags.check(); err != nil {
		return err
	}
	flags.suggest = true
	s, err := openEdited(name, record)
	if err != nil {
		return err
	}
	plan, err := flags.plan(s, builtin(nil))
	if err != nil {
		return err
	}
	if s.id == "" {
		plan.Problems = append(plan.Problems, s.secretsInText(environmentMask(stepEnvironment(env, plan)))...)
	}
	if flags.format == "json" {
		b, err := plan.JSON(s.state)
		if err != nil {
			return err
		}
		if err := writeJSON(env.stdout, b); err != nil {
			return fmt.Errorf("writing the plan: %w", err)
		}
	} else if err := writePlan(env.stdout, plan, s.state); err != nil {
		return fmt.Errorf("writing the plan: %w", err)
	}
	if text := s.byHand(); text != "" {
		env.say("runbook: %s: %s\n", name, text)
	}
	return planError(env, plan)
}

// planError fails a plan whose document, sidecar or flags are wrong. What is
// wrong with the directory that it would run in is in the plan as well and
// stops exec, but the plan itself has been made.
func planError(env *environment, plan *runbook.Plan) error {
	errs := plan.Errors()
	if len(errs) > 0 {
		env.say("runbook: exec would refuse this: see the errors among the findings\n")
	}
	for _, p := range errs {
		if p.Code != "start-directory" {
			return &exitError{Code: exitUsage}
		}
	}
	return nil
}

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

func (p *planWriter) item(t *runbook.Task) {
	box := "[ ]"
	if !t.Slot.Open() {
		box = "[" + string(rune(t.Slot.State)) + "]"
	}
	kind := ""
	if t.Slot.Item != runbook.Claim {
		kind = "  (" + t.Slot.Item.String() + ")"
	}
	p.put("  ", number(t.Slot.Line), " ", box, " ", runbook.Visible(t.Slot.Label), kind)
	switch {
	case !t.Slot.Open():
	case p.settled(t):
	case t.Slot.Item == runbook.Criterion && t.Binding.Given == nil:
		p.line("            stays open: its tick would be bad news")
	case t.Slot.Item == runbook.Deferred && t.Binding.Given == nil:
		p.line("            stays open: due %s", runbook.Visible(p.plan.Document.Sections[t.Slot.Section].Due))
	default:
		p.binding(t)
	}
}

func (p *planWriter) field(t *runbook.Task) {
	what := "____"
	switch t.Slot.Kind {
	case runbook.ChoiceSlot:
		labels := make([]string, len(t.Slot.Options))
		for i, o := range t.Slot.Options {
			labels[i] = o.Label
		}
		what = "one of " + strings.Join(labels, " / ")
	case runbook.PlaceholderSlot:
		if what = "in the text"; t.Slot.Second {
			what = "if you like"
		}
	}
	label := t.Slot.Label
	if t.Slot.Hint != "" {
		label += " " + t.Slot.Hint
	}
	p.line("  %5d %s: %s", t.Slot.Line, runbook.Visible(label), runbook.Visible(what))
	if !p.settled(t) {
		p.binding(t)
	}
}

// settled tells what the run has made of a slot already, if it has.
func (p *planWriter) settled(t *runbook.Task) bool {
	if p.state == nil || t.Closing() {
		return false
	}
	id := t.Slot.ID
	if f := p.state.Items[id]; f != nil {
		p.line("            settled: %s", f.Verdict)
		return true
	}
	if f := p.state.Fields[id]; f != nil {
		p.line("            filled: %s", runbook.Visible(f.Value))
		return true
	}
	return p.state.Choices[id] != nil
}

func (p *planWriter) binding(t *runbook.Task) {
	b := &t.Binding
	if b.Given != nil {
		value := b.Given.Value
		if t.Slot.Kind == runbook.ItemSlot {
			value = string(b.Given.Verdict)
		}
		by := ""
		if b.Given.By != "" {
			by = " by " + b.Given.By
		}
		p.line("            given%s (%s): %s", runbook.Visible(by), b.Given.Source, runbook.Visible(value))
		if !b.Attested() {
			return
		}
	}
	p.put("            ", call(b.Use, b.Args), ": ", runbook.Visible(b.Why), bounds(b))
	for i := range b.Of {
		part := &b.Of[i]
		p.put("            ", strconv.Itoa(i+1), ". ", call(part.Use, part.Args), bounds(part))
	}
	for i := range b.Suggest {
		p.suggestion(&b.Suggest[i])
	}
}

// suggestion shows what could settle a slot, should a person confirm it.
func (p *planWriter) suggestion(s *runbook.Suggestion) {
	calls := s.Calls()
	texts := make([]string, len(calls))
	for i, c := range calls {
		texts[i] = call(c.Use, c.Args)
	}
	why := s.Why
	if s.Rule != "" {
		why = "rule " + s.Rule + ": " + why
	}
	missing := ""
	if len(s.Missing) > 0 {
		missing = ", once it has " + strings.Join(s.Missing, " and ")
	}
	p.line("            could be %s%s (%s); not applied unless confirmed",
		runbook.Visible(strings.Join(texts, " and ")), missing, runbook.Visible(why))
}

// bounds tells what limits a question, where that is not the default.
func bounds(b *runbook.Binding) string {
	text := ""
	if _, given := b.Args["timeout"]; !given && b.Limit > 0 && b.Limit != runbook.DefaultLimit {
		text = "; at most " + limitText(b.Limit)
	}
	if b.Attempts > 1 {
		text += fmt.Sprintf("; up to %d attempts", b.Attempts)
	}
	return text
}

// limitText is a duration without the zeros that Go gives it.
func limitText(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

// call is a source or a check with its arguments.
func call(use string, args map[string]string) string {
	words := []string{use}
	for _, k := range sortedKeys(args) {
		words = append(words, k+"="+args[k])
	}
	return runbook.Visible(strings.Join(words, " "))
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
		p.line("\nScripts that steps run")
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

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
