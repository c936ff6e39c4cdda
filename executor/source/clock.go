// Package source holds the value sources for blanks, one a file.
package source

import (
	"context"
	"fmt"
	"time"

	"runbook/executor"
	"runbook/runbook"
)

// Clock gives the times of a run and of its steps, in UTC, as the journal
// knows them: it never looks at the time of the question.
type Clock struct{}

// Info implements executor.Source.
func (Clock) Info() runbook.Info {
	return runbook.Info{
		Name:    "clock",
		Summary: "a date or time of the run or of one of its steps, in UTC",
		Args: map[string]string{
			"of":     `"run" (the default) or the ID of a step`,
			"at":     `"start" (the default) or "end"`,
			"format": `"date" (2006-01-02), "time" (2006-01-02 15:04:05 UTC, the default) or a layout of Go's time package`,
		},
		Steps: []string{"of"},
	}
}

// Value implements executor.Source. The end of a step is known once it passed.
func (Clock) Value(_ context.Context, q executor.Query) (executor.Value, error) {
	at, what, err := moment(q)
	if err != nil {
		return executor.Value{}, err
	}
	layout := q.Args["format"]
	switch layout {
	case "date":
		layout = "2006-01-02"
	case "time", "":
		layout = "2006-01-02 15:04:05 UTC"
	}
	text := at.UTC().Format(layout)
	if text == layout {
		return executor.Value{}, fmt.Errorf("format %q is date, time or a layout that holds a part of 2006-01-02 15:04:05", layout)
	}
	return executor.Value{Text: text, Detail: what}, nil
}

func moment(q executor.Query) (time.Time, string, error) {
	of, end := q.Args["of"], q.Args["at"] == "end"
	if at := q.Args["at"]; at != "" && at != "start" && !end {
		return time.Time{}, "", fmt.Errorf("at is start or end, not %q", at)
	}
	if of == "" || of == "run" {
		if end {
			return q.Now, "end of the run", nil
		}
		return q.State.Began, "start of the run", nil
	}
	st := q.State.Step(runbook.ID(of))
	switch {
	case st.Began.IsZero() || st.Status == runbook.StepSkippedOver:
		return time.Time{}, "", fmt.Errorf("step %s has not run", of)
	case !end:
		return st.Began, "start of step " + of, nil
	case vouched(st):
		return time.Time{}, "", fmt.Errorf("when step %s ended is not known: a person has vouched for it", of)
	case st.Status != runbook.StepPassed:
		return time.Time{}, "", fmt.Errorf("step %s has not passed", of)
	}
	return st.Ended, "end of step " + of, nil
}

// vouched reports whether a person's word stands for the end of a command.
func vouched(st *runbook.StepState) bool {
	for _, c := range st.Commands {
		if c.Settled && c.Finished == nil {
			return true
		}
	}
	return false
}
