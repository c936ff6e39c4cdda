// Package source holds the value sources for blanks, one a file.
package source

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // 0.4 MB, so that a zone means the same where the system has no zone files

	"runbook/executor"
	"runbook/runbook"
)

// Clock gives the times of a run and of its steps as the journal knows them: it
// never looks at the time of the question.
type Clock struct{}

// Info implements executor.Source.
func (Clock) Info() runbook.Info {
	return runbook.Info{
		Name:    "clock",
		Summary: "a date or time of the run or of one of its steps",
		Args: map[string]string{
			"of":     `"run" (the default) or the ID of a step`,
			"at":     `"start" (the default) or "end"`,
			"format": `"date" (2006-01-02), "time" (2006-01-02 15:04:05 and UTC or the offset, the default) or a layout of Go's time package`,
			"zone":   `the time zone: "UTC" (the default), an IANA name such as Europe/Berlin, or "local": that of the machine, or of TZ where it is set`,
		},
		Steps: []string{"of"},
	}
}

// Validate implements executor.Validator.
func (Clock) Validate(args map[string]string) error {
	var faults []string
	if at := args["at"]; !slices.Contains([]string{"", "start", "end"}, at) {
		faults = append(faults, fmt.Sprintf("at is start or end, not %q", at))
	}
	if _, err := layout(args["format"], time.UTC); err != nil {
		faults = append(faults, err.Error())
	}
	if args["zone"] != "local" {
		if _, err := zone(args["zone"], nil); err != nil {
			faults = append(faults, err.Error())
		}
	}
	if len(faults) > 0 {
		return errors.New(strings.Join(faults, "; "))
	}
	return nil
}

// Value implements executor.Source. The end of a step is known once it passed.
func (c Clock) Value(_ context.Context, q executor.Query) (executor.Value, error) {
	if err := c.Validate(q.Args); err != nil {
		return executor.Value{}, err
	}
	at, what, err := moment(q)
	if err != nil {
		return executor.Value{}, err
	}
	where, err := zone(q.Args["zone"], q.Env)
	if err != nil {
		return executor.Value{}, err
	}
	form, err := layout(q.Args["format"], where)
	if err != nil {
		return executor.Value{}, err
	}
	switch where {
	case time.UTC:
	case time.Local:
		what += ", zone of the machine"
	default:
		what += ", zone " + where.String()
	}
	return executor.Value{Text: at.In(where).Format(form), Detail: what}, nil
}

// layout reads a format. A time outside UTC has its offset: abbreviations of
// zones mean several.
func layout(format string, where *time.Location) (string, error) {
	switch format {
	case "date":
		return "2006-01-02", nil
	case "time", "":
		if where != time.UTC {
			return "2006-01-02 15:04:05 -07:00", nil
		}
		return "2006-01-02 15:04:05 UTC", nil
	}
	sample := time.Date(1987, 11, 28, 23, 48, 57, 0, time.UTC) // shares no part with the layout's own time
	if sample.Format(format) == format {
		return "", fmt.Errorf("format %q is date, time or a layout that holds a part of 2006-01-02 15:04:05", format)
	}
	return format, nil
}

// zone finds a time zone by its name. The local one is that of TZ in the
// environment of the steps, else the machine's.
func zone(name string, env []string) (*time.Location, error) {
	named := name
	if name == "local" {
		tz, set := "", false
		for _, pair := range env {
			if k, v, _ := strings.Cut(pair, "="); k == "TZ" {
				tz, set = strings.TrimPrefix(v, ":"), true
			}
		}
		if !set {
			return time.Local, nil
		}
		name, named = tz, "TZ="+tz
	}
	if name == "" || name == "UTC" {
		return time.UTC, nil
	}
	where, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, fmt.Errorf("zone %q is not known; it is UTC, local or an IANA name such as Europe/Berlin", named)
	}
	return where, nil
}

func moment(q executor.Query) (time.Time, string, error) {
	of, end := q.Args["of"], q.Args["at"] == "end"
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
