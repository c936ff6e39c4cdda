package runbook

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// Render returns the record: the template with everything in the journal's
// entries written into it. It depends on nothing else, so that resuming,
// rendering again and verifying are one function. Without entries the record
// is the template.
func Render(doc *Document, entries []Entry) ([]byte, error) {
	s, err := Fold(entries)
	if err != nil {
		return nil, err
	}
	return RenderState(doc, s)
}

// RecordFormat numbers the form of records, from 0. A record is verified by making it
// again, so a change to what Project writes is a new format, and the old one
// stays.
const RecordFormat = 0

// RenderState is Render for entries that have been folded already.
func RenderState(doc *Document, s *State) ([]byte, error) {
	if s.Start != nil && s.Start.Format != RecordFormat {
		return nil, fmt.Errorf("the record has format %d, and this version knows %d", s.Start.Format, RecordFormat)
	}
	return Splice(doc.Source, Project(doc, s))
}

// Verify compares a record's bytes with what its template and journal produce.
// The error names the first line that differs.
func Verify(doc *Document, entries []Entry, record []byte) error {
	want, err := Render(doc, entries)
	if err != nil {
		return err
	}
	if bytes.Equal(want, record) {
		return nil
	}
	line := 1
	for i := 0; i < len(want) && i < len(record) && want[i] == record[i]; i++ {
		if want[i] == '\n' {
			line++
		}
	}
	return fmt.Errorf("line %d is not what the template and the journal produce", line)
}

// Project turns a state into edits of the template: ticked boxes, filled
// blanks, an output section below each step that ran, and the appendix.
func Project(doc *Document, s *State) []Edit {
	if s.Start == nil {
		return nil
	}
	var edits []Edit
	for i := range doc.Slots {
		edits = append(edits, projectSlot(doc, &doc.Slots[i], s)...)
	}
	end := len(doc.Source)
	return append(edits, Edit{Span{end, end}, appendix(doc, s)})
}

func projectSlot(doc *Document, slot *Slot, s *State) []Edit {
	switch slot.Kind {
	case StepSlot:
		if st := s.Steps[slot.ID]; st != nil {
			return []Edit{{slot.Mark, outputSection(doc, slot, st)}}
		}
	case ItemSlot:
		f := s.Items[slot.ID]
		switch {
		case f == nil:
		case f.Verdict == Pass && slot.Open():
			return []Edit{{slot.Mark, tick(slot.Mark.Of(doc.Source))}}
		case f.Use == Hand && f.Verdict != Pass && !slot.Open():
			return []Edit{{slot.Mark, untick(slot.Mark.Of(doc.Source))}}
		}
	case ChoiceSlot:
		if c := s.Choices[slot.ID]; c != nil && c.Option >= 0 && c.Option < len(slot.Options) && slot.Open() {
			mark := slot.Options[c.Option].Mark
			return []Edit{{mark, tick(mark.Of(doc.Source))}}
		}
	default:
		if f := s.Fields[slot.ID]; f != nil {
			return []Edit{{slot.Mark, slot.spaced(slot.Mark.Of(doc.Source), escapeValue(f.Value, slot.Zone))}}
		}
	}
	return nil
}

// spaced is a value with the spaces around it that an empty place needs.
func (s *Slot) spaced(mark []byte, value string) string {
	switch {
	case len(bytes.TrimSpace(mark)) > 0:
		return value
	case s.Zone == Table:
		return " " + value + " "
	}
	return " " + value
}

// tick is what a ticked box holds instead of mark.
func tick(mark []byte) string {
	switch string(mark) {
	case "☐", "⬜":
		return "☑" // a ✅ would read as a bullet of the author's
	}
	return "x"
}

// untick is what a box holds whose tick, the template's own, a person took away.
func untick(mark []byte) string {
	if len(mark) > 1 {
		return "☐"
	}
	return " "
}

// markers around what a record adds. Nothing inside the sections can hold an
// HTML comment, so the closing line is always the record's own.
const (
	outputOpen  = "<!-- runbook:output %s -->"
	outputClose = "<!-- /runbook:output -->"
	recordOpen  = "<!-- runbook:record -->"
	recordClose = "<!-- /runbook:record -->"
)

// A sheet collects lines, each behind the prefix of the container that they
// stand in, with the document's own line ends.
type sheet struct {
	out    strings.Builder
	prefix string
	eol    string
}

func newSheet(doc *Document, prefix string) *sheet {
	eol := "\n"
	if i := bytes.IndexByte(doc.Source, '\n'); i > 0 && doc.Source[i-1] == '\r' {
		eol = "\r\n"
	}
	return &sheet{prefix: prefix, eol: eol}
}

func (w *sheet) line(format string, args ...any) {
	text := format
	if len(args) > 0 {
		text = fmt.Sprintf(format, args...)
	}
	if text == "" {
		w.out.WriteString(strings.TrimRight(w.prefix, " \t"))
	} else {
		w.out.WriteString(w.prefix)
		w.out.WriteString(text)
	}
	w.out.WriteString(w.eol)
}

// fence writes text as a code block that nothing in it can end.
func (w *sheet) fence(text string) {
	text = strings.ReplaceAll(Visible(text), "<!--", "<\\!--")
	marks := strings.Repeat("`", max(3, longestRun(text, '`')+1))
	w.line("%stext", marks)
	for line := range strings.Lines(text) {
		w.line("%s", strings.TrimSuffix(line, "\n"))
	}
	w.line("%s", marks)
}

func longestRun(s string, c byte) int {
	longest, run := 0, 0
	for i := 0; i < len(s); i++ {
		if s[i] == c {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	return longest
}

// outputSection is what a record adds below a step.
func outputSection(doc *Document, slot *Slot, st *StepState) string {
	w := newSheet(doc, slot.Prefix)
	if at := slot.Mark.Start; at > 0 && doc.Source[at-1] != '\n' {
		w.out.WriteString(w.eol)
	}
	w.line(outputOpen, slot.ID)
	w.line("<details>")
	w.line("<summary>%s %s</summary>", statusMark(st.Status), htmlText(stepSummary(st)))
	w.line("")
	w.stepFacts(st)
	script := ReadScript(doc.Source, slot)
	for i := range script.Commands {
		if c := st.Commands[i]; c != nil {
			w.command(&script.Commands[i], c)
		}
	}
	w.expectations(script, st)
	w.line("</details>")
	// Only a blank line ends the HTML block that </details> begins: without one
	// the template's next lines would belong to it.
	w.line("")
	w.line(outputClose)
	return w.out.String()
}

func statusMark(s StepStatus) string {
	switch s {
	case StepPassed:
		return "✔"
	case StepSkippedOver:
		return "⏭"
	case StepRunning:
		return "…"
	case StepUnknown:
		return "?"
	case StepContinued:
		return "⚠"
	}
	return "✖"
}

func stepSummary(st *StepState) string {
	text := "Output: " + string(st.Status)
	if !st.Ended.IsZero() && st.Status != StepSkippedOver {
		text += " in " + seconds(st.Ended.Sub(st.Began).Seconds())
	}
	if n := len(st.Commands); n > 0 {
		text += fmt.Sprintf(", %s", plural(n, "command"))
	}
	return text
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (w *sheet) stepFacts(st *StepState) {
	facts := []string{"Started " + clock(st.Began)}
	if !st.Ended.IsZero() {
		facts = append(facts, "ended "+clock(st.Ended))
	}
	if st.Dir != "" {
		facts = append(facts, "in "+codeSpan(st.Dir))
	}
	if st.Attempt > 1 {
		facts = append(facts, fmt.Sprintf("attempt %d", st.Attempt))
	}
	if st.Reason != "" {
		facts = append(facts, escapeText(st.Reason))
	}
	if st.By != "" {
		facts = append(facts, "by "+escapeText(st.By))
	}
	w.line("%s", strings.Join(facts, ", ")+".")
	w.line("")
	if len(st.Leftovers) > 0 {
		w.line("Ended with the step, still running in the background: %s.", escapeText(strings.Join(st.Leftovers, ", ")))
		w.line("")
	}
}

// command writes one command's line and what it printed, with every attempt at
// it: a failure that a later attempt made good is part of the record.
func (w *sheet) command(c *Command, st *CommandState) {
	text := c.Text
	if st.Edited != "" {
		text = st.Edited
	}
	head := fmt.Sprintf("Line %d: %s", c.Line, codeSpan(firstLine(text)))
	if st.Edited != "" {
		head += " (edited)"
	}
	for i, f := range st.Earlier {
		w.ended(fmt.Sprintf("%s, try %d", head, i+1), f)
	}
	if len(st.Earlier) > 0 {
		head = fmt.Sprintf("%s, try %d", head, len(st.Earlier)+1)
	}
	defer w.repeats(st)
	if st.Finished != nil {
		w.ended(head, st.Finished)
		return
	}
	why := "outcome unknown"
	if st.Settled {
		why = "done, by a person's word"
	}
	w.line("%s — %s.", head, why)
	w.line("")
}

// repeats tells that a command was run again without a person's word.
func (w *sheet) repeats(st *CommandState) {
	n := len(st.Repeats)
	if n == 0 {
		return
	}
	last, due := st.Repeats[n-1], ""
	if !st.Due.IsZero() {
		n, due = n-1, ", and once more when the run goes on"
	}
	w.line("Run again by itself %s%s; at most %d in a row, each after a pause of %s: it is marked idempotent.", plural(n, "time"), due, last.Of, seconds(last.Pause))
	w.line("")
}

// ended writes how one try at a command ended.
func (w *sheet) ended(head string, f *CommandFinished) {
	head += fmt.Sprintf(" — exit %d, %s", f.Exit, seconds(f.Seconds))
	if f.Ended != "" {
		head += ", ended by " + f.Ended
	}
	if f.Cut {
		head += ", producer cut"
	}
	w.output(head, &f.Output)
	for _, fail := range f.Failures {
		w.line("Failed inside, line %d: %s — exit %d.", fail.Line, codeSpan(firstLine(Visible(fail.Command))), fail.Exit)
		w.line("")
	}
}

func (w *sheet) output(head string, o *Output) {
	switch {
	case o.Withheld != "":
		w.line("%s; output withheld (%s): %s, %s.", head, escapeText(o.Withheld), plural(int(o.Lines), "line"), plural(int(o.Bytes), "byte"))
	case o.Held:
		w.line("%s; output held outside the record until the run stops: %s, %s.", head, plural(int(o.Lines), "line"), plural(int(o.Bytes), "byte"))
	case o.Bytes == 0:
		w.line("%s; no output.", head)
	default:
		w.line("%s:", head)
		w.line("")
		text := o.Head
		if o.Tail != "" {
			text = strings.TrimSuffix(text, "\n") + fmt.Sprintf("\n[… a part is left out; %s, %s in all …]\n", plural(int(o.Lines), "line"), plural(int(o.Bytes), "byte")) + o.Tail
		}
		w.fence(text)
	}
	w.line("")
}

func (w *sheet) expectations(script *Script, st *StepState) {
	any := false
	for _, e := range script.Expects {
		j := st.Expects[e.Line]
		if j == nil {
			if c := st.Commands[e.Command]; c == nil || !c.Settled || c.Finished != nil {
				continue
			}
			j = &ExpectJudged{Verdict: Unknown, Found: "a person's word stands for the command"}
		}
		any = true
		word := map[Verdict]string{Pass: "met", Fail: "not met", Unknown: "not checked"}[j.Verdict]
		if j.Advisory && j.Verdict == Fail {
			word = "not met (advisory)"
		}
		found := ""
		if j.Found != "" && j.Verdict != Pass {
			found = ": " + escapeText(j.Found)
		}
		w.line("- Expected, line %d, %s — %s%s", e.Line, codeSpan(shorten(strings.ReplaceAll(e.Text, "\n", ", "))), word, found)
	}
	if any {
		w.line("")
	}
}

// codeSpan writes text as inline code that nothing in it can end.
func codeSpan(text string) string {
	text = strings.ReplaceAll(Visible(strings.TrimSpace(text)), "<!--", "<\\!--")
	if text = strings.ReplaceAll(text, "\n", " "); text == "" {
		return "(empty)"
	}
	marks := strings.Repeat("`", longestRun(text, '`')+1)
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return marks + text + marks
}

// escapeText is escapeInline for text that may hold anything.
func escapeText(s string) string {
	return escapeInline(strings.ReplaceAll(Visible(s), "\n", " "))
}

func htmlText(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// firstLine shortens a command to what identifies it: its first line, of at
// most 100 characters.
func firstLine(s string) string {
	line, rest, more := strings.Cut(strings.TrimSpace(s), "\n")
	cut := strings.TrimSuffix(strings.TrimSpace(line), "\\")
	if short := shorten(cut); short != cut {
		return short
	}
	if more && rest != "" {
		return strings.TrimSpace(cut) + " …"
	}
	return cut
}

// shorten cuts a text after 100 characters.
func shorten(s string) string {
	if r := []rune(s); len(r) > 100 {
		return string(r[:99]) + "…"
	}
	return s
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// seconds shows a duration to the tenth of a second, and by the minute once
// it is longer than one.
func seconds(s float64) string {
	if s < 60 {
		return fmt.Sprintf("%.1f s", s)
	}
	d := time.Duration(s * float64(time.Second)).Round(time.Second)
	return d.String()
}
