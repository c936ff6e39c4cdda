package seal

import (
	"fmt"
	"slices"
	"strings"

	"runbook/runbook"
)

// permits says why the sidecar's rules do not let s sign beside the others: at
// signing, and again whenever the record is judged. state is the run's, nil
// before there is one.
func permits(doc *runbook.Document, car *runbook.Sidecar, state *runbook.State, s *Signed, all []*Signed) []string {
	slot := doc.Slot(s.SignOff.Item)
	if slot == nil {
		return nil
	}
	rule := car.SignRule(slot)
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if rule != nil && len(rule.By) > 0 && !slices.ContainsFunc(rule.By, func(by string) bool { return by == s.SignOff.Key || glob(by, s.SignOff.Identity) }) {
		fault("%s is signed by %s, and the sidecar wants %s", slot.Label, s.SignOff.Identity, strings.Join(rule.By, " or "))
	}
	if rule != nil {
		for _, role := range rule.After {
			if !slices.ContainsFunc(all, func(o *Signed) bool { return is(doc, role, o) && slices.Contains(s.SignOff.Seen, o.Statement) }) {
				fault("%s must sign before %s", role, slot.Label)
			}
		}
	}
	// Separation holds in both directions, whoever comes second.
	for _, other := range all {
		if other.SignOff.Item == s.SignOff.Item {
			continue
		}
		o := doc.Slot(other.SignOff.Item)
		if o == nil || !excludes(rule, o) && !excludes(car.SignRule(o), slot) {
			continue
		}
		if why := samePerson(s, other); why != "" {
			fault("%s and %s must be two persons: both were signed %s", o.Label, slot.Label, why)
		}
	}
	if rule != nil && state != nil && slices.ContainsFunc(rule.Not, isOperator) {
		for _, name := range state.Operators {
			if strings.EqualFold(name, s.SignOff.Name) || strings.EqualFold(name, s.SignOff.Identity) {
				fault("%s may not be signed by the operator, %s", slot.Label, name)
			}
		}
	}
	return faults
}

func isOperator(s string) bool { return s == runbook.Operator }

// is reports whether a signature is one of the role.
func is(doc *runbook.Document, role string, s *Signed) bool {
	slot := doc.Slot(s.SignOff.Item)
	return slot != nil && runbook.IsRole(role, slot)
}

// excludes reports whether the rule wants another person than the one who
// signs that slot.
func excludes(rule *runbook.SignRule, slot *runbook.Slot) bool {
	return rule != nil && slices.ContainsFunc(rule.Not, func(role string) bool { return runbook.IsRole(role, slot) })
}

// samePerson says by what two signatures show that one person made both. Two
// keys of one identity are one person; so is one key under two identities.
func samePerson(a, b *Signed) string {
	switch {
	case strings.EqualFold(a.SignOff.Identity, b.SignOff.Identity):
		return "as " + a.SignOff.Identity
	case a.SignOff.Key == b.SignOff.Key:
		return "by the key " + a.SignOff.Key
	case strings.EqualFold(strings.TrimSpace(a.SignOff.Name), strings.TrimSpace(b.SignOff.Name)):
		return "by " + a.SignOff.Name
	}
	return ""
}

// policy checks the sign-offs of a judged run against the rules that the run
// started with.
func (j *Judgement) policy() {
	c, s := j.Chain, j.State
	if s.Start.Sidecar == "" || runbook.DigestOf(j.bundle.Sidecar) != s.Start.Sidecar {
		return // files has said so
	}
	car, problems := runbook.ParseSidecar(sidecarSubject, j.bundle.Sidecar)
	if len(problems) > 0 {
		j.bad("%s: %s", j.in(sidecarSubject), problems[0].Message)
		return
	}
	for _, signed := range j.Signers {
		for _, fault := range permits(c.Doc, car, s, signed, j.Signers) {
			j.bad("%s: %s", j.in("signatures/"+signed.File), fault)
		}
	}
	for i := range c.Doc.Slots {
		slot := &c.Doc.Slots[i]
		rule := car.SignRule(slot)
		if rule == nil {
			continue
		}
		signed := j.signer(slot.ID)
		switch {
		case signed == nil && s.Items[slot.ID] != nil && s.Items[slot.ID].Verdict == runbook.Pass:
			j.bad("%s:%d: %s is ticked, and the sidecar wants a signature", j.bundle.Name, slot.Line, slot.Label)
		case signed == nil && !rule.Optional:
			j.lacks("%s:%d: %s has not signed", j.bundle.Name, slot.Line, slot.Label)
		case signed != nil && rule.Before != "":
			j.ordered(rule, slot, signed)
		case signed != nil && signed.SignOff.Entries < lastStep(j.Chain):
			j.lacks("%s: %s signed before the last steps ran, and must sign again", j.in("signatures/"+signed.File), slot.Label)
		}
	}
}

// ordered checks that an approval was in the journal before any step at or
// behind its place.
func (j *Judgement) ordered(rule *runbook.SignRule, slot *runbook.Slot, signed *Signed) {
	for _, e := range j.Chain.Entries {
		if signed.entry != nil && e.Seq > signed.entry.Seq {
			return
		}
		if step, ok := e.Event.(*runbook.StepStarted); ok && behind(j.Chain.Doc, step.Step, rule.Before) {
			j.bad("%s: entry %d: %q started before %s had signed", j.in("journal.jsonl"), e.Seq, step.Step, slot.Label)
			return
		}
	}
}

// behind reports whether a step stands at or behind a place.
func behind(doc *runbook.Document, step, place runbook.ID) bool {
	at := doc.Slot(step)
	return at != nil && at.Mark.Start >= doc.Place(place)
}

// LastFact is the number of the last entry that is neither a seal nor a
// sign-off by signature: those rest on themselves. A signature over that many
// entries covers the record as it is.
func LastFact(c *Chain) int {
	for _, e := range slices.Backward(c.Entries) {
		switch e.Event.(type) {
		case *runbook.SignedOff, *runbook.RunSealed:
		default:
			return e.Seq
		}
	}
	return 0
}

// lastStep is the number of the last entry that is about a step: a sign-off
// over fewer entries is not about all of the run.
func lastStep(c *Chain) int {
	for _, e := range slices.Backward(c.Entries) {
		switch e.Event.(type) {
		case *runbook.StepStarted, *runbook.StepFinished, *runbook.CommandStarted, *runbook.CommandFinished, *runbook.StepResolved, *runbook.StepSkipped:
			return e.Seq
		}
	}
	return 0
}
