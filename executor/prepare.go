package executor

import (
	"fmt"
	"slices"

	"runbook/runbook"
)

// prepare puts the placeholders' values into the step's commands. Nothing of
// the step runs while one is missing.
func (x *Executor) prepare(t *runbook.Task) ([]runbook.Command, string, error) {
	values := map[string]string{}
	for _, p := range t.Script.Placeholders {
		if _, ok := values[p.Text]; ok {
			continue
		}
		value, err := x.placeholder(p.Text, t)
		if err != nil {
			return nil, "", err
		}
		if value == "" {
			return nil, fmt.Sprintf("step %d does not start: line %d: %s has no value; give it with --set '%s=VALUE'", t.Number, p.Line, p.Text, p.Text), nil
		}
		values[p.Text] = value
	}
	commands := slices.Clone(t.Script.Commands)
	st := x.State.Step(t.Slot.ID)
	for i := range commands {
		if c := st.Commands[i]; c != nil && c.Edited != "" {
			if !Masked(c.Edited) {
				edited(&commands[i], c.Edited)
				continue
			}
			if !x.Confirm || x.Console == nil {
				return nil, fmt.Sprintf("step %d does not start: line %d was edited, and the journal does not keep the secret in its text; run it attended, and edit it again", t.Number, commands[i].Line), nil
			}
		}
		if len(commands[i].Placeholders) == 0 {
			continue
		}
		text, err := t.Script.Fill(i, values)
		if err != nil {
			return nil, "", fmt.Errorf("line %d: %w", commands[i].Line, err)
		}
		commands[i].Text = text
	}
	return commands, "", nil
}

func (x *Executor) placeholder(text string, t *runbook.Task) (string, error) {
	if value, ok := x.values[text]; ok {
		return value, nil
	}
	journaled := x.State.Placeholders[text]
	if journaled != nil && !Masked(journaled.Value) {
		return journaled.Value, nil
	}
	by, value := x.Identity.Operator, ""
	if g, ok := x.Plan.Values[text]; ok && !Masked(g.Value) {
		value = g.Value
		if g.By != "" {
			by = g.By
		}
	} else if x.Console != nil {
		answer, err := x.Console.Placeholder(text, t)
		if err != nil {
			return "", err
		}
		value = answer
	}
	if value == "" {
		return "", nil
	}
	x.values[text] = value
	if SecretName(text) {
		x.Mask.Learn(Secret{text, value})
	}
	if journaled != nil {
		return value, nil
	}
	return value, x.commit(&runbook.PlaceholderGiven{Text: text, Value: value, By: by})
}
