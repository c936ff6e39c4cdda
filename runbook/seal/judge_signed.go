package seal

import (
	"reflect"
	"slices"
	"time"

	"runbook/runbook"
)

// open reads all signed statements.
func (j *Judgement) open(now time.Time) {
	for i := range j.bundle.Signatures {
		s := &j.bundle.Signatures[i]
		signed, err := open(s, j.allowed, now)
		if err != nil {
			j.bad("%s: %v", j.in("signatures/"+s.Name), err)
			continue
		}
		j.Signers = append(j.Signers, signed)
	}
}

// bindings compares what was signed with what lies here, and with what the
// journal says was signed.
func (j *Judgement) bindings() {
	j.Signers = slices.DeleteFunc(j.Signers, func(s *Signed) bool {
		if e, void := j.State.Void[s.Statement]; void {
			j.note("%s: the signature of %s as %s is void: it covered entries that were masked afterwards (entry %d); sign anew", j.in("signatures/"+s.File), s.SignOff.Name, s.SignOff.Role, e.Seq)
			return true
		}
		err := s.binds(j.Chain)
		if err != nil {
			j.bad("%s: %v", j.in("signatures/"+s.File), err)
		}
		return err != nil
	})
	for i := range j.Chain.Entries {
		e := &j.Chain.Entries[i]
		if ev, ok := e.Event.(*runbook.SignedOff); ok {
			j.journaled(e, ev)
		}
	}
	j.approvals()
	for _, s := range j.Signers {
		if s.entry == nil {
			j.note("%s: %s has signed, and the record does not show it yet: runbook sign --fold brings it in", j.in("signatures/"+s.File), s.SignOff.Role)
		}
	}
	for _, ev := range j.State.Signed {
		for _, b := range ev.Blanks {
			if f := j.State.Fields[b.Field]; f == nil || f.Value != b.Value {
				j.bad("%s: %q is not what was signed", j.in("journal.jsonl"), b.Field)
			}
		}
	}
}

// journaled checks one signature that the journal speaks of.
func (j *Judgement) journaled(e *runbook.Entry, ev *runbook.SignedOff) {
	at := slices.IndexFunc(j.Signers, func(s *Signed) bool { return s.Statement == ev.Statement && s.Signature == ev.Signature })
	if at < 0 {
		j.bad("%s: entry %d: the signature of %s as %s is missing, or is none", j.in("journal.jsonl"), e.Seq, ev.Name, ev.Role)
		return
	}
	s := j.Signers[at]
	want, err := s.Event(j.Chain.Doc)
	switch {
	case err != nil:
		j.bad("%s: entry %d: %v", j.in("journal.jsonl"), e.Seq, err)
	case !reflect.DeepEqual(want, ev):
		j.bad("%s: entry %d: it says something else than its signature", j.in("journal.jsonl"), e.Seq)
	case s.entry != nil:
		j.bad("%s: entry %d: the signature was in the journal before", j.in("journal.jsonl"), e.Seq)
	}
	s.entry = e
}

// approvals finds changes of the sidecar that came after its approval: what was
// approved is then not what was run.
func (j *Judgement) approvals() {
	for _, e := range j.State.Sidecars {
		for _, s := range j.Signers {
			if s.SignOff.Entries == 0 && s.entry != nil && s.entry.Seq < e.Seq {
				j.bad("%s: entry %d: the sidecar was changed, and %s had approved it as it was", j.in("journal.jsonl"), e.Seq, s.SignOff.Name)
			}
		}
	}
}

// signer returns whose signature stands for a sign-off: the one in the journal,
// else one that is not in it yet.
func (j *Judgement) signer(item runbook.ID) *Signed {
	var found *Signed
	for _, s := range j.Signers {
		if s.SignOff.Item != item {
			continue
		}
		if ev := j.State.Signed[item]; ev != nil && ev.Statement == s.Statement {
			return s
		}
		found = s
	}
	return found
}

// asserted names the sign-offs that rest on a typed name.
func (j *Judgement) asserted() {
	for i := range j.Chain.Doc.Slots {
		slot := &j.Chain.Doc.Slots[i]
		f := j.State.Items[slot.ID]
		if slot.Kind == runbook.ItemSlot && slot.Item == runbook.SignOff && f != nil && f.Verdict == runbook.Pass && j.State.Signed[slot.ID] == nil {
			j.note("%s:%d: %s: %s is asserted, not signed", j.bundle.Name, slot.Line, slot.Label, f.By)
		}
	}
}

// covered is how many entries, from the first, a signature covers.
func (j *Judgement) covered() int {
	n := 0
	for _, s := range j.Signers {
		n = max(n, s.SignOff.Entries)
	}
	return n
}
