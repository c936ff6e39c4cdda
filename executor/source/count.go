package source

import (
	"context"
	"fmt"
	"strconv"

	"runbook/executor"
	"runbook/runbook"
)

// Count counts the record's own items: criteria and undeclared contingencies
// are not among them.
type Count struct{}

// Info implements executor.Source.
func (Count) Info() runbook.Info {
	return runbook.Info{
		Name:    "count",
		Summary: "how many items of this record stand where",
		Args:    map[string]string{"of": `"done" (ticked), "total", "blocked" (failed) or "open" (neither settled nor due after the run)`},
		Require: []string{"of"},
	}
}

// Value implements executor.Source.
func (Count) Value(_ context.Context, q executor.Query) (executor.Value, error) {
	items := runbook.Count(q.Document, q.State).Items
	n, ok := map[string]int{"done": items.Passed + items.Ticked, "total": items.Due(), "blocked": items.Failed, "open": items.Open}[q.Args["of"]]
	if !ok {
		return executor.Value{}, fmt.Errorf("count knows no %q", q.Args["of"])
	}
	return executor.Value{Text: strconv.Itoa(n), Detail: "items " + q.Args["of"]}, nil
}
