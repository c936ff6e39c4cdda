package source

import (
	"context"
	"errors"

	"runbook/executor"
	"runbook/runbook"
)

// Operator is the name of whoever runs the checklist.
type Operator struct{}

// Info implements executor.Source.
func (Operator) Info() runbook.Info {
	return runbook.Info{Name: "operator", Summary: "who runs the checklist: --operator, the git identity or the account's name"}
}

// Value implements executor.Source.
func (Operator) Value(_ context.Context, q executor.Query) (executor.Value, error) {
	if q.Operator == "" {
		return executor.Value{}, errors.New("the operator is not known")
	}
	return executor.Value{Text: q.Operator, Detail: "who runs it"}, nil
}
