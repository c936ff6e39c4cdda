package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"runbook/runbook"
)

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
