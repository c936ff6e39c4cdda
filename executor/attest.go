package executor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"runbook/runbook"
)

// attest adds a person's pass to those before it, where an item takes the word
// of several. Until there are enough the item stays open; one person counts
// once, however often.
func (x *Executor) attest(t *runbook.Task, b *runbook.Binding, a *answer) {
	want, err := strconv.Atoi(b.Args["min"])
	if err != nil || want < 2 || a.err != nil || a.finding.Verdict != runbook.Pass || t.Slot.Kind != runbook.ItemSlot {
		return
	}
	by := a.finding.By
	if err := runbook.CheckValue(by); err != nil {
		a.err = fmt.Errorf("the name of the person %w", err)
		return
	}
	names := x.State.Attesters(t.Slot.ID, runbook.Pass)
	if !slices.ContainsFunc(names, func(n string) bool { return runbook.SamePerson(n, by) }) {
		names = append(names, by)
		use := "ask"
		if g := t.Binding.Given; g != nil {
			use = g.Source
		}
		a.seen = append(a.seen, &runbook.Attested{Item: t.Slot.ID, Verdict: runbook.Pass, By: by, Use: use, Note: a.finding.Note})
	}
	if len(names) < want {
		a.err = fmt.Errorf("%d of %d persons have said so: %s", len(names), want, strings.Join(names, ", "))
		return
	}
	a.finding.By = strings.Join(names, ", ")
}

// isOperator reports whether a name is that of somebody who has run a part of
// this run.
func (x *Executor) isOperator(name string) bool {
	return runbook.SamePerson(name, x.Identity.Operator) ||
		slices.ContainsFunc(x.State.Operators, func(o string) bool { return runbook.SamePerson(o, name) })
}
