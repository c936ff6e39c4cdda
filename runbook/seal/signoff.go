package seal

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"runbook/runbook"
)

// skew is how far two clocks may be apart before a time that one of them
// claimed is called impossible.
const skew = 5 * time.Minute

// A Signed is a signed statement that was read and whose signature holds.
type Signed struct {
	SignOff   SignOff
	File      string         // the statement's
	Statement runbook.Digest // of the file
	Signature runbook.Digest // of the armored signature

	subjects []Subject
	key      ssh.PublicKey
	at       time.Time
	known    bool // an allowed signer of that identity
	source   *Signature
	entry    *runbook.Entry // that brought it into the journal; nil: not yet
}

// open reads a signed statement and checks its signature, and whose it is if
// the allowed signers are known.
func open(s *Signature, allowed *Allowed, now time.Time) (*Signed, error) {
	st, err := decodeSignOff(s.Statement)
	if err != nil {
		return nil, err
	}
	key, err := signedBy(s)
	if err != nil {
		return nil, err
	}
	at, ok := parseStamp(st.Predicate.Time)
	switch {
	case st.Predicate.Key != ssh.FingerprintSHA256(key):
		return nil, fmt.Errorf("it names the key %s, and %s signed it", st.Predicate.Key, ssh.FingerprintSHA256(key))
	case !ok:
		return nil, fmt.Errorf("its time %q is none", st.Predicate.Time)
	case at.After(now.Add(skew)):
		return nil, fmt.Errorf("it was signed at %s, which is still to come", st.Predicate.Time)
	}
	if err := printable(&st.Predicate); err != nil {
		return nil, err
	}
	signed := &Signed{
		SignOff: st.Predicate, File: s.Name, Statement: runbook.DigestOf(s.Statement), Signature: runbook.DigestOf(s.Armored),
		subjects: st.Subject, key: key, at: at, source: s,
	}
	if allowed != nil {
		if err := allowed.check(key, st.Predicate.Identity, at); err != nil {
			return nil, err
		}
		signed.known = true
	}
	return signed, nil
}

// printable refuses names that cannot stand in a record.
func printable(o *SignOff) error {
	for _, text := range []string{o.Name, o.Identity} {
		if err := runbook.CheckValue(text); err != nil {
			return fmt.Errorf("the signer's name or identity: %w", err)
		}
	}
	return nil
}

// Pending are the signatures that the journal does not hold, the latest of each
// sign-off, in the order in which they were made.
func Pending(all []*Signed, state *runbook.State) []*Signed {
	var list []*Signed
	for _, s := range all {
		if ev := state.Signed[s.SignOff.Item]; ev == nil && s.entry == nil {
			list = append(list, s)
		}
	}
	slices.SortStableFunc(list, func(a, b *Signed) int { return a.at.Compare(b.at) })
	var kept []*Signed
	for _, s := range list {
		kept = slices.DeleteFunc(kept, func(o *Signed) bool { return o.SignOff.Item == s.SignOff.Item })
		kept = append(kept, s)
	}
	return kept
}

// slot is the sign-off that the statement is about.
func (s *Signed) slot(doc *runbook.Document) (*runbook.Slot, error) {
	slot := doc.Slot(s.SignOff.Item)
	if slot == nil || slot.Kind != runbook.ItemSlot || slot.Item != runbook.SignOff {
		return nil, fmt.Errorf("the template has no sign-off %q", s.SignOff.Item)
	}
	if slot.Label != s.SignOff.Role {
		return nil, fmt.Errorf("it is signed as %q, and the sign-off is %q", s.SignOff.Role, slot.Label)
	}
	return slot, nil
}

// binds checks that what was signed is what lies here.
func (s *Signed) binds(c *Chain) error {
	if _, err := s.slot(c.Doc); err != nil {
		return err
	}
	o := &s.SignOff
	if o.Entries == 0 {
		start, ok := c.Entries[0].Event.(*runbook.RunStarted)
		if !ok || o.Run != "" || o.Head != "" || o.Result != "" {
			return errors.New("it is about a run, and names no entry of it")
		}
		if !slices.Equal(s.subjects, before(c.Doc, start.Sidecar)) {
			return errors.New("it approves another template, or another sidecar, than the run started with")
		}
		return nil
	}
	subjects, state, err := c.subjects(o.Entries)
	if err != nil {
		return err
	}
	last := c.Entries[o.Entries-1]
	switch {
	case o.Head != last.Digest:
		return fmt.Errorf("it was signed over another journal: its head at entry %d was %s", o.Entries, o.Head)
	case o.Run != state.Start.Run:
		return fmt.Errorf("it was signed for the run %s", o.Run)
	case !slices.Equal(s.subjects, subjects):
		return errors.New("it was signed over other files")
	case state.Stopped == nil || o.Result != state.Stopped.Result || o.Open != len(runbook.Open(c.Doc, state)):
		return errors.New("it was signed for another result")
	case s.at.Before(last.Time.Add(-skew)):
		return fmt.Errorf("it was signed at %s, before what it signs happened", o.Time)
	}
	return nil
}

// before are the subjects of an approval that comes before any run.
func before(doc *runbook.Document, sidecar runbook.Digest) []Subject {
	list := []Subject{subject(templateSubject, doc.Digest())}
	if sidecar != "" {
		list = append(list, subject(sidecarSubject, sidecar))
	}
	return list
}

// Event is the fact that the signature becomes in the journal.
func (s *Signed) Event(doc *runbook.Document) (*runbook.SignedOff, error) {
	slot, err := s.slot(doc)
	if err != nil {
		return nil, err
	}
	o := &s.SignOff
	return &runbook.SignedOff{
		Item: o.Item, Role: o.Role, Name: o.Name, Identity: o.Identity, Key: o.Key, Signed: o.Time,
		File: s.File, Statement: s.Statement, Signature: s.Signature, Entries: o.Entries,
		Blanks: runbook.SignOffBlanks(doc, slot, o.Name, s.at.Format("2006-01-02"), s.at.Format("15:04 UTC")),
	}, nil
}

// A Target is what a person is asked to sign: a run as it stands, or a template
// that no run has begun.
type Target struct {
	Doc      *runbook.Document
	Document string    // its base name
	Sidecar  []byte    // nil: there is none
	Chain    *Chain    // nil before a run
	Others   []*Signed // that are there already
}

// A Request is one person's wish to sign.
type Request struct {
	Slot     *runbook.Slot
	Name     string
	Identity string
	Key      ssh.PublicKey
	Time     time.Time
}

// Statement makes the bytes to sign.
func (t *Target) Statement(r Request) ([]byte, error) {
	o := SignOff{
		Document: t.Document, Item: r.Slot.ID, Role: r.Slot.Label, Name: r.Name, Identity: r.Identity,
		Key: ssh.FingerprintSHA256(r.Key), Time: stamp(r.Time),
	}
	for _, s := range t.Others {
		o.Seen = append(o.Seen, s.Statement)
	}
	slices.Sort(o.Seen)
	if t.Chain == nil {
		var sidecar runbook.Digest
		if t.Sidecar != nil {
			sidecar = runbook.DigestOf(t.Sidecar)
		}
		return encode(Statement[SignOff]{StatementType, before(t.Doc, sidecar), SignOffType, o})
	}
	subjects, state, err := t.Chain.subjects(len(t.Chain.Entries))
	if err != nil {
		return nil, err
	}
	if state.Stopped == nil {
		return nil, errors.New("the run is under way")
	}
	o.Run, o.Entries, o.Head, o.Result, o.Open = state.Start.Run, state.Entries, state.Head, state.Stopped.Result, len(runbook.Open(t.Doc, state))
	return encode(Statement[SignOff]{StatementType, subjects, SignOffType, o})
}

// Open reads what was signed for the target, and checks each signature and what
// it binds. An error says why one of them counts for nothing.
func (t *Target) Open(files []Signature, allowed *Allowed, now time.Time) ([]*Signed, []error) {
	var list []*Signed
	var errs []error
	for i := range files {
		s, err := open(&files[i], allowed, now)
		if err == nil {
			err = t.fits(s)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", files[i].Name, err))
			continue
		}
		list = append(list, s)
	}
	return list, errs
}

func (t *Target) fits(s *Signed) error {
	if t.Chain != nil {
		return s.binds(t.Chain)
	}
	var sidecar runbook.Digest
	if t.Sidecar != nil {
		sidecar = runbook.DigestOf(t.Sidecar)
	}
	if s.SignOff.Entries != 0 || !slices.Equal(s.subjects, before(t.Doc, sidecar)) {
		return errors.New("it approves another template, or another sidecar")
	}
	_, err := s.slot(t.Doc)
	return err
}

// Refuses says why the sidecar's rules do not let a statement be signed, or a
// signature be taken in, now.
func (t *Target) Refuses(s *Signed) ([]string, error) {
	if t.Sidecar == nil {
		return nil, nil
	}
	car, problems := runbook.ParseSidecar(sidecarSubject, t.Sidecar)
	if len(problems) > 0 {
		return nil, errors.New(problems[0].Message)
	}
	var state *runbook.State
	if t.Chain != nil {
		var err error
		if state, err = runbook.Fold(t.Chain.Entries); err != nil {
			return nil, err
		}
	}
	faults := permits(t.Doc, car, state, s, t.Others)
	rule := car.SignRule(t.Doc.Slot(s.SignOff.Item))
	if rule != nil && rule.Before != "" && state != nil {
		for id := range state.Steps {
			if behind(t.Doc, id, rule.Before) {
				faults = append(faults, fmt.Sprintf("%s must sign before %q, and %q has started", s.SignOff.Role, rule.Before, id))
				break
			}
		}
	}
	return faults, nil
}

// Draft is the statement as it will be once signed by the key, for Refuses and
// for showing.
func Draft(statement []byte, key ssh.PublicKey, allowed *Allowed) (*Signed, error) {
	st, err := decodeSignOff(statement)
	if err != nil {
		return nil, err
	}
	at, _ := parseStamp(st.Predicate.Time)
	if err := errors.Join(strong(key), printable(&st.Predicate)); err != nil {
		return nil, err
	}
	if allowed != nil {
		if err := allowed.check(key, st.Predicate.Identity, at); err != nil {
			return nil, err
		}
	}
	return &Signed{SignOff: st.Predicate, Statement: runbook.DigestOf(statement), subjects: st.Subject, key: key, at: at}, nil
}

// Known reports whether the allowed signers vouch for the key.
func (s *Signed) Known() bool { return s.known }

// Source is what was read; nil of a draft.
func (s *Signed) Source() *Signature { return s.source }

// Subjects are the files that the statement is about.
func (s *Signed) Subjects() []Subject { return s.subjects }

// FileName names a signed statement so that no two people's collide.
func FileName(role string, statement []byte) string {
	slug := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, role)
	slug = strings.Trim(slug[:min(len(slug), 40)], "-")
	return slug + "-" + strings.TrimPrefix(string(runbook.DigestOf(statement)), "sha256:")[:16] + ".json"
}
