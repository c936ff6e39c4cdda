package source

import (
	"context"
	"errors"

	"runbook/executor"
	"runbook/runbook"
)

// A Prompter asks a person for one line of text. An empty answer leaves the
// blank open; an error that wraps executor.ErrStop ends the run.
type Prompter interface {
	Field(slot *runbook.Slot, hint string, suggest []runbook.Suggestion) (string, error)
}

// Ask is the person at the terminal as a source.
type Ask struct {
	Prompter Prompter // nil: there is nobody to ask
}

var errLater = errors.New("left for later")

// Info implements executor.Source.
func (Ask) Info() runbook.Info {
	return runbook.Info{
		Name:    "ask",
		Summary: "a person gives the value",
		Args:    map[string]string{"hint": "what to tell the person", "role": "whose value it is"},
	}
}

// Value implements executor.Source.
func (a Ask) Value(_ context.Context, q executor.Query) (executor.Value, error) {
	if a.Prompter == nil {
		return executor.Value{}, executor.ErrUnanswered
	}
	const tries = 5 // enough for a person; a terminal that repeats itself is none
	hint := q.Args["hint"]
	for range tries {
		text, err := a.Prompter.Field(q.Task.Slot, hint, q.Task.Binding.Suggest)
		if err != nil {
			return executor.Value{}, err
		}
		if text == "" {
			return executor.Value{}, errLater
		}
		wrong := q.Task.CheckSlot(text)
		if wrong == nil {
			return executor.Value{Text: text, By: q.Operator}, nil
		}
		hint = "it " + wrong.Error()
	}
	return executor.Value{}, errLater
}
