package executor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"runbook/runbook"
)

// waits reports whether a person is to be asked, now that the machines have
// answered. Where several checks settle an item and one of them did not pass,
// a person's word would change nothing.
func waits(t *runbook.Task, parts []*answer) bool {
	person := false
	for _, a := range parts {
		switch {
		case a == nil:
			person = true
		case len(parts) > 1 && (a.err != nil || a.finding.Verdict != runbook.Pass || conclusive(t, a.finding) != nil):
			return false
		}
	}
	return person
}

// askPerson answers the parts that only a person can, in order. What the
// operator has supplied is such an answer.
func (x *Executor) askPerson(ctx context.Context, t *runbook.Task, parts []*answer) {
	for i, b := range t.Binding.Parts() {
		if parts[i] != nil {
			continue
		}
		if g := t.Binding.Given; g != nil {
			parts[i] = x.given(b, g)
		} else if parts[i] = x.ask(ctx, t, b); errors.Is(parts[i].err, ErrStop) {
			return
		}
		x.attest(t, b, parts[i])
	}
}

// together makes one answer of those of all checks of an item: any that failed
// fails it; else any without a conclusion leaves it open. The evidence of all
// is kept, numbered.
func together(t *runbook.Task, parts []*answer) *answer {
	if len(t.Binding.Of) == 0 || t.Binding.Given != nil && !t.Binding.Attested() {
		return parts[0]
	}
	all := &answer{finding: Finding{Verdict: runbook.Pass}}
	var evidence, names, open, notes []string
	for i, b := range t.Binding.Parts() {
		a := parts[i]
		if a == nil {
			continue // not asked: the others have settled it
		}
		if errors.Is(a.err, ErrStop) {
			return a
		}
		all.seen = append(all.seen, a.seen...)
		if err := a.err; err != nil {
			open = append(open, fmt.Sprintf("%d. %s: %v", i+1, b.Use, err))
			continue
		}
		if err := conclusive(t, a.finding); err != nil {
			open = append(open, fmt.Sprintf("%d. %s: %v", i+1, b.Use, err))
			continue
		}
		f := a.finding
		said := f.Evidence
		if f.By != "" {
			names = append(names, f.By)
			said = strings.TrimSpace(f.By + " " + said)
		}
		if f.Note != "" {
			notes = append(notes, f.Note)
		}
		evidence = append(evidence, fmt.Sprintf("%d. %s: %s: %s", i+1, b.Use, f.Verdict, said))
		all.finding.Verdict = worse(all.finding.Verdict, f.Verdict)
	}
	all.finding.Evidence, all.finding.By, all.finding.Note = strings.Join(append(evidence, open...), "; "), strings.Join(names, ", "), strings.Join(notes, "; ")
	if len(open) > 0 && all.finding.Verdict != runbook.Fail {
		return &answer{err: errors.New(strings.Join(open, "; ")), seen: all.seen}
	}
	return all
}

// worse is the verdict that two findings come to together.
func worse(a, b runbook.Verdict) runbook.Verdict {
	for _, v := range []runbook.Verdict{runbook.Fail, runbook.DeferredItem, runbook.NotApplicable} {
		if a == v || b == v {
			return v
		}
	}
	return runbook.Pass
}
