package main

import (
	"fmt"
	"time"

	"runbook/runbook"
)

// summaryJSON is what exec --format json prints: a contract.
type summaryJSON struct {
	Run    runJSON            `json:"run"`
	Steps  []stepResultJSON   `json:"steps"`
	Items  runbook.ItemTally  `json:"items"`
	Fields runbook.FieldTally `json:"fields"`
	Open   []openJSON         `json:"open"`
	// Of status alone.
	LastActive *time.Time `json:"last_active,omitempty"`
	Next       []nextJSON `json:"next,omitempty"`
	HeldBack   string     `json:"held_back,omitempty"` // where outputs lie that have not been searched for secrets yet
}

// openJSON is an open slot with what is known of when and by whom.
type openJSON struct {
	runbook.OpenSlot
	Due     *time.Time `json:"due,omitempty"`
	Overdue bool       `json:"overdue,omitempty"`
}

// nextJSON is what somebody must do next.
type nextJSON struct {
	Who  string `json:"who"`
	What string `json:"what"`
}

type runJSON struct {
	ID       string         `json:"id"`
	Record   string         `json:"record"`
	Journal  string         `json:"journal"`
	Operator string         `json:"operator"`
	Started  time.Time      `json:"started"`
	Finished time.Time      `json:"finished"`
	Result   runbook.Result `json:"result"`
	Reason   string         `json:"reason,omitempty"`
}

type stepResultJSON struct {
	ID       runbook.ID          `json:"id"`
	Status   runbook.StepStatus  `json:"status"`
	Exit     *int                `json:"exit"` // null: nothing of it has ended
	Seconds  float64             `json:"seconds"`
	Commands []commandResultJSON `json:"commands"`
}

type commandResultJSON struct {
	Line    int     `json:"line"`
	Exit    int     `json:"exit"`
	Seconds float64 `json:"seconds"`
}

// summary prints how the run stands, as text or JSON.
func (r *runner) summary(s *runbook.State) error {
	if r.o.format == "json" {
		return r.env.json(r.summaryJSON(s))
	}
	return r.summaryText(s)
}

func (e *environment) json(v any) error {
	if err := encodeIndented(e.stdout, v); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	return nil
}

// What a step that was never started can be besides pending.
const (
	contingency runbook.StepStatus = "contingency" // exec never enters it
	manual      runbook.StepStatus = "manual"      // nothing in it runs
)

// standing is a step's status as summaries tell it: one that will never start
// is not pending. in is the contingency that was declared, if one was.
func standing(t *runbook.Task, st *runbook.StepState, in runbook.ID) runbook.StepStatus {
	switch {
	case st.Status != runbook.StepPending:
		return st.Status
	case t.Contingency != "" && t.Contingency != in:
		return contingency
	case t.Skip:
		return runbook.StepSkippedOver
	case len(t.Script.Commands) == 0:
		return manual
	}
	return st.Status
}

func (r *runner) summaryJSON(s *runbook.State) summaryJSON {
	doc := r.session.doc
	tally := runbook.Count(doc, s)
	last := s.Operator
	view := summaryJSON{
		Run: runJSON{
			ID: r.session.id, Record: r.session.target, Journal: r.session.journal(), Operator: last,
			Started: s.Began, Finished: s.Latest, Result: s.Stopped.Result, Reason: s.Stopped.Reason,
		},
		Steps: []stepResultJSON{}, Items: tally.Items, Fields: tally.Fields,
		Open: openSlots(doc, s, time.Now()),
	}
	if r.standing {
		view.LastActive, view.Next, view.HeldBack = &s.Latest, r.next(s, view.Open), r.heldBack
	}
	for _, t := range r.plan.Steps() {
		st := s.Step(t.Slot.ID)
		row := stepResultJSON{ID: t.Slot.ID, Status: standing(t, st, s.Contingency()), Commands: []commandResultJSON{}}
		if !st.Ended.IsZero() {
			row.Seconds = st.Ended.Sub(st.Began).Seconds()
		}
		for i, c := range t.Script.Commands {
			cs := st.Commands[i]
			if cs == nil || cs.Finished == nil {
				continue
			}
			row.Commands = append(row.Commands, commandResultJSON{c.Line, cs.Finished.Exit, cs.Finished.Seconds})
			exit := cs.Finished.Exit
			if exit == 0 && cs.Finished.Failed() {
				exit = 1
			}
			row.Exit = &exit
		}
		view.Steps = append(view.Steps, row)
	}
	return view
}

// stepCounts says how many steps stand where.
func stepCounts(steps map[runbook.StepStatus]int) string {
	text := fmt.Sprintf("%d passed", steps[runbook.StepPassed])
	for _, status := range []runbook.StepStatus{runbook.StepFailed, runbook.StepContinued, runbook.StepSkippedOver, runbook.StepInterrupted, runbook.StepUnknown, runbook.StepPending, manual} {
		if steps[status] > 0 {
			text += fmt.Sprintf(", %d %s", steps[status], status)
		}
	}
	return text
}

func (r *runner) summaryText(s *runbook.State) error {
	doc := r.session.doc
	tally := runbook.Count(doc, s)
	steps, rollback := map[runbook.StepStatus]int{}, map[runbook.StepStatus]int{}
	for _, t := range r.plan.Steps() {
		switch t.Contingency {
		case "":
			steps[standing(t, s.Step(t.Slot.ID), s.Contingency())]++
		case s.Contingency():
			rollback[standing(t, s.Step(t.Slot.ID), s.Contingency())]++
		}
	}
	result := string(s.Stopped.Result)
	if s.Stopped.Reason != "" {
		result += ": " + s.Stopped.Reason
	}
	w := &lines{w: r.env.stdout}
	w.printf("Result   %s\n", runbook.Visible(result))
	w.printf("Steps    %s\n", stepCounts(steps))
	for _, e := range s.Declared {
		if d, ok := e.Event.(*runbook.ContingencyDeclared); ok {
			w.printf("Rollback %s, declared %s by %s: %s\n", d.Contingency, e.Time.Format(time.RFC3339), runbook.Visible(d.By), runbook.Visible(d.Reason))
		}
	}
	if len(rollback) > 0 {
		w.printf("         its steps: %s\n", stepCounts(rollback))
	}
	w.printf("Items    %s\n", tally.Items)
	w.printf("Blanks   %d filled, %d open\n", tally.Fields.Filled, tally.Fields.Open)
	w.printf("Record   %s\nJournal  %s\n", r.session.target, r.session.journal())
	now := time.Now()
	open := openSlots(doc, s, now)
	if r.standing {
		w.printf("Active   %s ago, by %s\n", age(now.Sub(s.Latest)), runbook.Visible(s.Operator))
		if r.heldBack != "" {
			w.printf("Held     %s: %s\n", runbook.Visible(r.heldBack), heldBackText)
		}
		for _, n := range r.next(s, open) {
			w.printf("Next     %s: %s\n", runbook.Visible(n.Who), runbook.Visible(n.What))
		}
	}
	if len(open) > 0 {
		w.printf("\nOpen:\n")
	}
	for _, o := range open {
		why := ""
		if o.Why != "" {
			why = " — " + o.Why
		}
		if o.Due != nil {
			why += ", due " + o.Due.Format("2006-01-02 15:04 UTC")
			if o.Overdue {
				why += ", overdue by " + age(now.Sub(*o.Due))
			}
		}
		w.printf("  %5d %-9s %s%s\n", o.Line, o.Kind, runbook.Visible(o.Label), runbook.Visible(why))
	}
	if w.err != nil {
		return fmt.Errorf("writing the summary: %w", w.err)
	}
	return nil
}
