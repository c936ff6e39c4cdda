package main

import (
	"fmt"
	"strings"
	"time"

	"runbook/runbook"
)

// openSlots lists what a record waits for, with when deferred items are due:
// counted from the end of the run.
func openSlots(doc *runbook.Document, s *runbook.State, now time.Time) []openJSON {
	open := []openJSON{}
	for _, o := range runbook.Open(doc, s) {
		view := openJSON{OpenSlot: o}
		if after, ok := runbook.DueAfter(doc, doc.Slot(o.ID)); ok && !s.Ended.IsZero() {
			due := s.Ended.Add(after)
			view.Due, view.Overdue = &due, now.After(due)
		}
		open = append(open, view)
	}
	return open
}

// next says who must act: first on steps, then those who sign, then whoever
// settles what is due.
func (r *runner) next(s *runbook.State, open []openJSON) []nextJSON {
	var next []nextJSON
	add := func(who, format string, args ...any) {
		next = append(next, nextJSON{who, fmt.Sprintf(format, args...)})
	}
	command := "runbook exec " + r.session.file
	if s.Contingency() != "" {
		command = "runbook rollback " + r.session.file
	}
	if left := r.plan.Left(s); len(left) > 0 && s.Stopped.Result != runbook.Abandoned {
		t := left[0]
		if c, unknown := s.Step(t.Slot.ID).Unknown(); unknown {
			add("operator", "say what became of line %d: %s --resolve %s=done|failed|again --reason …", t.Script.Commands[c].Line, command, t.Slot.ID)
		} else {
			add("operator", "%s (%s)", command, whereItWas(r.plan, s))
		}
	}
	counts := map[string]int{}
	var soonest *time.Time
	for _, o := range open {
		switch {
		case o.Kind == "sign-off":
			add(o.Label, "sign, line %d", o.Line)
		case o.Overdue:
			counts["overdue"]++
		case o.Due != nil:
			counts["due"]++
			if soonest == nil || o.Due.Before(*soonest) {
				soonest = o.Due
			}
		case o.Kind == "deferred":
			counts["deferred"]++
		default:
			counts["open"]++
		}
	}
	if n := counts["overdue"]; n > 0 {
		add("operator", "settle %s, overdue", items(n))
	}
	if n := counts["due"]; n > 0 {
		add("operator", "settle %s, the first by %s", items(n), soonest.Format("2006-01-02 15:04 UTC"))
	}
	if n := counts["open"] + counts["deferred"]; n > 0 {
		add("operator", "settle %d open places", n)
	}
	return next
}

func items(n int) string {
	if n == 1 {
		return "1 item"
	}
	return fmt.Sprintf("%d items", n)
}

// age is a duration as people say it.
func age(d time.Duration) string {
	const day = 24 * time.Hour
	if d < 2*day {
		text := d.Round(time.Second).String()
		if d >= time.Minute {
			text = strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
		}
		return text
	}
	return fmt.Sprintf("%d days", int(d/day))
}
