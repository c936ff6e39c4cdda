// Package check holds the checks that settle items, one a file.
package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"

	"runbook/executor"
	"runbook/runbook"
)

// A Prompter asks a person about an item. An empty verdict leaves it open; an
// error that wraps executor.ErrStop ends the run.
type Prompter interface {
	Item(slot *runbook.Slot, operator string) (verdict runbook.Verdict, note string, err error)
}

// Ask is the person at the terminal as a check.
type Ask struct {
	Prompter Prompter // nil: there is nobody to ask
}

var errLater = errors.New("left for later")

// Info implements executor.Check.
func (Ask) Info() runbook.Info {
	return runbook.Info{
		Name:    "ask",
		Summary: "a person says whether it is so",
		Args: map[string]string{
			"role": "whose word it takes",
			"not":  `"operator": nobody who has run a part of the checklist can settle it`,
			"min":  "how many different persons must say so; they may do so one after the other",
		},
	}
}

// Validate implements executor.Validator.
func (Ask) Validate(args map[string]string) error {
	if not := args["not"]; not != "" && not != "operator" {
		return fmt.Errorf("not is operator, not %q", not)
	}
	if n, err := strconv.Atoi(args["min"]); args["min"] != "" && (err != nil || n < 1) {
		return fmt.Errorf("min: %q is no number of persons", args["min"])
	}
	return nil
}

// Check implements executor.Check. What is due after the run is not asked
// during it.
func (a Ask) Check(_ context.Context, q executor.Query) (executor.Finding, error) {
	slot := q.Task.Slot
	if err := a.Validate(q.Args); err != nil {
		return executor.Finding{}, err
	}
	switch not := q.Args["not"]; {
	case slot.Item == runbook.Deferred:
		return executor.Finding{}, errors.New("due after the run: " + cmp.Or(q.Document.Sections[slot.Section].Due, slot.Lead))
	case a.Prompter == nil:
		return executor.Finding{}, executor.ErrUnanswered
	case not == "operator":
		return executor.Finding{}, errors.New("someone other than the operator must settle it")
	}
	verdict, note, err := a.Prompter.Item(slot, q.Operator)
	if err != nil {
		return executor.Finding{}, err
	}
	if verdict == "" {
		return executor.Finding{}, errLater
	}
	return executor.Finding{Verdict: verdict, By: q.Operator, Note: note}, nil
}
