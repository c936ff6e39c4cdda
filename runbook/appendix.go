package runbook

import (
	"fmt"
	"slices"
	"strings"
)

// appendix is the last part of a record: who ran it, when, where and with
// what, and where every tick and value comes from.
func appendix(doc *Document, s *State) string {
	w := newSheet(doc, "")
	if n := len(doc.Source); n > 0 && doc.Source[n-1] != '\n' {
		w.out.WriteString(w.eol)
	}
	w.line("")
	w.line(recordOpen)
	w.line("")
	w.line("---")
	w.line("")
	w.line("## Run record")
	w.line("")
	w.runTable(doc, s)
	w.pinTable(s)
	w.stepTable(doc, s)
	w.seenTable(s)
	w.itemTable(doc, s)
	w.fieldTable(doc, s)
	w.deviations(s)
	w.drift(s)
	w.sidecars(s)
	w.swept(s)
	w.openList(doc, s)
	w.line("Journal entries: %d; head: %s.", s.Entries, codeSpan(string(s.Head)))
	w.line("")
	w.line(recordClose)
	return w.out.String()
}

func (w *sheet) row(cells ...string) {
	for i, c := range cells {
		if c == "" {
			cells[i] = "–"
		}
	}
	w.line("%s", "| "+strings.Join(cells, " | ")+" |")
}

func (w *sheet) header(cells ...string) {
	w.row(cells...)
	w.line("%s", "|"+strings.Repeat("---|", len(cells)))
}

// cell writes any text so that it stays within its table cell.
func cell(s string) string {
	return escapeText(s)
}

func codeCell(s string) string { return strings.ReplaceAll(codeSpan(s), "|", "\\|") }

func (w *sheet) runTable(doc *Document, s *State) {
	start := s.Start
	tally := Count(doc, s)
	w.header("What", "Value")
	w.row("Run", codeCell(start.Run))
	w.row("Result", resultText(s))
	for _, e := range s.Declared {
		if d, ok := e.Event.(*ContingencyDeclared); ok {
			w.row("Contingency declared", cell(fmt.Sprintf("%s, %s, decided by %s: %s", doc.sectionTitle(d.Contingency), clock(e.Time), d.By, d.Reason)))
		}
	}
	w.row("Operator", cell(strings.Join(s.Operators, ", ")))
	w.row("Account on host", cell(start.Identity.User+"@"+start.Identity.Host))
	w.row("Started", clock(s.Began))
	w.row("Last event", clock(s.Latest))
	if s.Resumed > 0 {
		resumed := plural(s.Resumed, "time")
		if s.Fresh > 0 {
			resumed += fmt.Sprintf(", %d of them without the variables and functions of the part before", s.Fresh)
		}
		w.row("Resumed", resumed)
	}
	w.row("Tool", strings.TrimSpace(cell(start.Identity.Tool)+" "+optionalCode(string(start.Identity.Digest))))
	w.row("Template", cell(start.Document)+" "+codeCell(string(start.Template)))
	w.row("Plan", codeCell(string(start.Plan)))
	if start.Sidecar != "" {
		w.row("Sidecar", codeCell(string(start.Sidecar)))
	}
	if start.Repository.Commit != "" {
		commit := codeCell(start.Repository.Commit)
		if start.Repository.Branch != "" {
			commit += " on " + codeCell(start.Repository.Branch)
		}
		if start.Repository.Dirty {
			commit += ", with uncommitted changes"
		}
		w.row("Git commit", commit)
	}
	for _, n := range s.Notes {
		w.row(cell(n.What), codeCell(n.Value))
	}
	if len(start.Dropped) > 0 {
		w.row("Environment kept from steps", cell(strings.Join(start.Dropped, ", ")))
	}
	w.row("Items", tally.Items.String())
	w.row("Blanks", fmt.Sprintf("%d filled, %d open", tally.Fields.Filled, tally.Fields.Open))
	w.line("")
}

// sectionTitle is the heading of a section, or its ID where there is none.
func (d *Document) sectionTitle(id ID) string {
	for i := range d.Sections {
		if s := &d.Sections[i]; s.ID == id && s.Title != "" {
			return s.Title
		}
	}
	return string(id)
}

func optionalCode(s string) string {
	if s == "" {
		return ""
	}
	return codeCell(s)
}

func resultText(s *State) string {
	if s.Stopped == nil {
		return "in progress"
	}
	if s.Stopped.Reason != "" {
		return string(s.Stopped.Result) + ": " + cell(s.Stopped.Reason)
	}
	return string(s.Stopped.Result)
}

func (w *sheet) stepTable(doc *Document, s *State) {
	w.line("### Steps")
	w.line("")
	w.header("Step", "Section", "Status", "Started", "Took", "Directory")
	number := 0
	for i := range doc.Slots {
		slot := &doc.Slots[i]
		if slot.Kind != StepSlot {
			continue
		}
		number++
		sec := doc.Sections[slot.Section]
		st := s.Step(slot.ID)
		status, began, took, dir := string(st.Status), "", "", ""
		switch {
		case s.Steps[slot.ID] == nil && !s.inForce(&sec):
			status = "contingency, not declared"
		case s.Steps[slot.ID] == nil && slices.Contains(strings.Fields(slot.Attrs), "skip"):
			status = "skipped by the checklist"
		case s.Steps[slot.ID] == nil:
			status = "not run"
		default:
			began, dir = clock(st.Began), codeCell(orRoot(st.Dir))
			if !st.Ended.IsZero() {
				took = seconds(st.Ended.Sub(st.Began).Seconds())
			}
		}
		w.row(fmt.Sprint(number), cell(sec.Title), status, began, took, dir)
	}
	w.line("")
}

func orRoot(dir string) string {
	if dir == "" {
		return "."
	}
	return dir
}

func (w *sheet) itemTable(doc *Document, s *State) {
	if len(s.Items) == 0 {
		return
	}
	w.line("### Items settled")
	w.line("")
	w.header("Line", "Item", "Verdict", "Settled by", "When", "Evidence")
	for i := range doc.Slots {
		slot := &doc.Slots[i]
		f := s.Items[slot.ID]
		if slot.Kind != ItemSlot || f == nil {
			continue
		}
		how := cell(f.Use)
		if f.By != "" {
			how = cell(f.By)
			if f.Use == All {
				how = cell(All + ", " + f.By)
			}
			switch signed := s.Signed[slot.ID]; {
			case signed != nil:
				how += cell(" (signed as " + signed.Identity + ")")
			case slot.Item == SignOff && (f.Use != Hand || f.Verdict == Pass):
				how += " (asserted, not signed)"
			}
			if f.Use == Hand {
				how += ", by hand"
			}
		}
		w.row(fmt.Sprint(slot.Line), cell(slot.Label), string(f.Verdict), how, clock(s.Settled[slot.ID]), cell(strings.TrimSpace(f.Evidence+" "+f.Note)))
	}
	w.line("")
}

func (w *sheet) fieldTable(doc *Document, s *State) {
	if len(s.Fields)+len(s.Choices) == 0 {
		return
	}
	w.line("### Values filled")
	w.line("")
	w.header("Line", "Blank", "Value", "Source", "When")
	for i := range doc.Slots {
		slot := &doc.Slots[i]
		when := clock(s.Settled[slot.ID])
		if f := s.Fields[slot.ID]; f != nil {
			w.row(fmt.Sprint(slot.Line), cell(slot.Label), cell(f.Value), cell(sourceText(f)), when)
		}
		if c := s.Choices[slot.ID]; c != nil && c.Option >= 0 && c.Option < len(slot.Options) {
			by := sourceText(&FieldFilled{Source: c.Use, Detail: c.Detail, By: c.By})
			w.row(fmt.Sprint(slot.Line), cell(slot.Label), cell(slot.Options[c.Option].Label), cell(by), when)
		}
	}
	w.line("")
}

func sourceText(f *FieldFilled) string {
	text := f.Source
	if f.Detail != "" {
		text += ": " + f.Detail
	}
	if f.By != "" {
		text += ", by " + f.By
	}
	return text
}

func (w *sheet) deviations(s *State) {
	if len(s.Deviations) == 0 && len(s.Placeholders) == 0 {
		return
	}
	w.line("### Deviations and given values")
	w.line("")
	for _, text := range sortedKeys(s.Placeholders) {
		p := s.Placeholders[text]
		w.line("- %s stands for %s, given by %s", codeSpan(text), codeSpan(p.Value), escapeText(p.By))
	}
	for _, e := range s.Deviations {
		switch d := e.Event.(type) {
		case *Deviation:
			w.line("- %s: %s of command %d in %s, by %s: %s", clock(e.Time), d.Kind, d.Command+1, codeSpan(string(d.Step)), escapeText(d.By), escapeText(d.Reason))
		case *StepResolved:
			w.line("- %s: outcome of command %d in %s: %s", clock(e.Time), d.Command+1, codeSpan(string(d.Step)), escapeText(d.text()))
		}
	}
	w.line("")
}

// drift shows the edits that were made where only the template and the run
// write. None of them stands in the record itself.
func (w *sheet) drift(s *State) {
	if len(s.Drift) == 0 {
		return
	}
	w.line("### Edits outside the open places")
	w.line("")
	w.line("The text above is the template's, which is what was run. These edits were found in the record, kept here and taken out of it:")
	w.line("")
	for _, e := range s.Drift {
		d, ok := e.Event.(*DriftAccepted)
		if !ok {
			continue
		}
		text := fmt.Sprintf("- %s: %s added, %d removed; accepted by %s", clock(e.Time), plural(d.Added, "line"), d.Removed, escapeText(d.By))
		if d.Reason != "" {
			text += ": " + escapeText(d.Reason)
		}
		if d.File != "" {
			text += "; all of it is in " + codeSpan("out/"+d.File)
		}
		w.line("%s", text)
		w.line("")
		w.fence(d.Diff)
		w.line("")
	}
}

// swept tells that earlier entries are not what they were when they were made.
func (w *sheet) swept(s *State) {
	if len(s.Waived) > 0 {
		w.line("### Shown although it may look like a secret")
		w.line("")
		for _, ev := range s.Waived {
			lines := ""
			if ev.Match != "" {
				lines = ", lines like " + codeSpan(firstLine(Visible(ev.Match)))
			}
			w.line("- %s%s, by %s: %s", escapeText(ev.Shape), lines, escapeText(ev.By), escapeText(ev.Reason))
		}
		w.line("")
	}
	if len(s.Swept) == 0 {
		return
	}
	w.line("### Masked afterwards")
	w.line("")
	for _, e := range s.Swept {
		ev := e.Event.(*SecretsSwept)
		what := plural(ev.Entries, "journal entry")
		if ev.Entries > 1 {
			what = fmt.Sprintf("%d journal entries", ev.Entries)
		}
		if ev.Files > 0 {
			what += " and " + plural(ev.Files, "output file")
		}
		w.line("- %s: %s, from entry %d on, held what later turned out to be secret (%s), and the chain was made again from there", clock(e.Time), what, ev.First, escapeText(strings.Join(ev.Names, ", ")))
		for _, v := range ev.Void {
			w.line("- %s: the signature of %s as %s (%s) covered what was masked and is void; it is to be given anew", clock(e.Time), escapeText(v.Name), escapeText(v.Role), codeCell(v.File))
		}
	}
	w.line("")
}

// openList names what was not known. Sign-offs and deferred items are listed
// as items; their blanks are not repeated.
func (w *sheet) openList(doc *Document, s *State) {
	open := Open(doc, s)
	if len(open) == 0 {
		return
	}
	w.line("### Left open")
	w.line("")
	w.line("<details>")
	w.line("<summary>%s</summary>", plural(len(open), "place")+" not settled")
	w.line("")
	w.header("Line", "What", "Kind", "Why")
	for _, o := range open {
		w.row(fmt.Sprint(o.Line), cell(o.Label), o.Kind, cell(o.Why))
	}
	w.line("")
	w.line("</details>")
	w.line("")
}
