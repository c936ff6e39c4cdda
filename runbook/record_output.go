package runbook

import (
	"fmt"
	"strings"
)

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
