package seal

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"runbook/runbook"
)

// A Verdict is what a record is worth.
type Verdict string

// The verdicts. Valid needs a signature that covers the record as it stands.
const (
	Valid         Verdict = "valid"
	ValidUnsigned Verdict = "valid-unsigned" // chain and rendering hold: nothing was changed by accident
	Incomplete    Verdict = "incomplete"     // true so far, and something is still to come
	Invalid       Verdict = "invalid"        // the record is not what it says
	CannotCheck   Verdict = "cannot-check"   // nothing to check it against
)

// A Bundle is a record with the files of its run, as found. Nothing in it is
// believed.
type Bundle struct {
	Name     string // of the record, for messages
	Runs     string // the run's directory, for messages
	Record   []byte // nil: there is none
	Template []byte // of the run directory
	// Source is the template that the record is said to be of, where that is a
	// file of its own; nil otherwise.
	Source    []byte
	Journal   []byte
	Sidecar   []byte                    // nil: not there
	Statement []byte                    // nil: not there
	Outputs   map[string]runbook.Digest // by name, "out/…"
	// Signatures are what lies in the run's signatures directory.
	Signatures []Signature
}

// A Judgement is the answer to: is this record true, and who says so.
type Judgement struct {
	Verdict Verdict
	Reasons []string // each with its place
	Chain   *Chain   // as far as it could be read
	State   *runbook.State
	Signers []*Signed // whose signatures hold

	bundle   *Bundle
	allowed  *Allowed
	complete bool
}

// Judge checks a record: signatures, chain, seal, files, rendering, rules. It
// reads nothing but its arguments. allowed may be nil, when nobody said whose
// keys are to be believed; now is for signatures that claim to come from the
// future.
func Judge(b *Bundle, allowed *Allowed, now time.Time) *Judgement {
	j := &Judgement{bundle: b, allowed: allowed, complete: true, Chain: &Chain{}}
	j.open(now)
	if !j.chain() {
		j.Signers = nil // what they signed is not known
	} else {
		j.seal()
		j.files()
		j.statement()
		j.render()
		j.places()
		j.bindings()
		j.policy()
		j.asserted()
	}
	j.conclude()
	return j
}

// bad is a reason for which the record is false.
func (j *Judgement) bad(format string, args ...any) {
	j.Verdict = Invalid
	j.note(format, args...)
}

// lacks is a reason for which the record is not yet what it should be.
func (j *Judgement) lacks(format string, args ...any) {
	j.complete = false
	j.note(format, args...)
}

func (j *Judgement) note(format string, args ...any) {
	j.Reasons = append(j.Reasons, fmt.Sprintf(format, args...))
}

// chain reads template and journal: nothing else can be judged without them.
func (j *Judgement) chain() bool {
	b := j.bundle
	lines := bytes.Split(b.Journal, []byte("\n"))
	torn := lines[len(lines)-1]
	lines = lines[:len(lines)-1]
	entries, err := runbook.DecodeJournal(lines, runbook.EventTypes())
	if err != nil {
		j.bad("%s: %v", j.in("journal.jsonl"), err)
		if Conflicted(b.Journal) {
			j.note("git left a conflict in it: take either side of the record and of its run, as by `git checkout --ours`; `runbook sign --fold` brings in what the other side signed")
		}
		return false
	}
	if len(entries) == 0 {
		j.bad("%s: there is no entry", j.in("journal.jsonl"))
		return false
	}
	state, err := runbook.Fold(entries)
	if err != nil {
		j.bad("%s: %v", j.in("journal.jsonl"), err)
		return false
	}
	if state.Start.Template != runbook.DigestOf(b.Template) {
		j.bad("%s: the template in the run directory is not the one that the run started with", j.in("template.md"))
		return false
	}
	doc, err := runbook.Parse(b.Name, b.Template)
	if err != nil {
		j.bad("%s: %v", j.in("template.md"), err)
		return false
	}
	j.Chain, j.State = &Chain{Doc: doc, Lines: lines, Entries: entries}, state
	if len(torn) > 0 {
		j.lacks("%s: the last line is cut off", j.in("journal.jsonl"))
	}
	return true
}

// Conflicted reports a journal into which git has written a merge conflict: two
// people have added to it at the same time.
func Conflicted(journal []byte) bool { return bytes.Contains(journal, []byte("\n<<<<<<< ")) }

func (j *Judgement) in(name string) string { return j.bundle.Runs + "/" + name }

// seal looks at how the journal ends.
func (j *Judgement) seal() {
	s := j.State
	switch {
	case s.Stopped == nil:
		j.lacks("%s: the run is under way, or its end is missing", j.in("journal.jsonl"))
	case s.Start.Seals && !s.Sealed:
		j.lacks("%s: it does not end with the seal that closes each stop: its end is missing, or was not written", j.in("journal.jsonl"))
	case s.Stopped.Left > 0 && s.Stopped.Result != runbook.Abandoned:
		j.lacks("the run is not finished")
	}
}

// files compares what lies in the run directory with what the journal says.
func (j *Judgement) files() {
	b := j.bundle
	if b.Source != nil && !bytes.Equal(b.Source, b.Template) {
		j.bad("%s is not the template that the record was made of", b.Name)
	}
	switch want := j.State.Start.Sidecar; {
	case want == "":
	case b.Sidecar == nil:
		j.lacks("%s: the sidecar that the run started with is missing", j.in(sidecarSubject))
	case runbook.DigestOf(b.Sidecar) != want:
		j.bad("%s: it is not the sidecar that the run started with", j.in(sidecarSubject))
	}
	for _, o := range outputs(j.Chain.Entries) {
		digest, there := b.Outputs[o.File]
		switch {
		case !there:
			j.bad("%s: the output is missing", j.in(o.File))
		case digest != o.Digest:
			j.bad("%s: the output was changed after the run", j.in(o.File))
		}
	}
}

// statement makes the statement of the sealed run again.
func (j *Judgement) statement() {
	if !j.State.Sealed || j.State.Stopped == nil {
		return
	}
	want, err := j.Chain.Statement()
	switch {
	case err != nil:
		j.bad("%s: %v", j.in("statement.json"), err)
	case j.bundle.Statement == nil:
		j.lacks("%s: the statement of the sealed run is missing; `runbook exec` writes it", j.in("statement.json"))
	case !bytes.Equal(want, j.bundle.Statement):
		j.bad("%s:%d: it is not the statement of this run", j.in("statement.json"), firstDifference(want, j.bundle.Statement))
	}
}

// render makes the record again and compares.
func (j *Judgement) render() {
	b := j.bundle
	want, err := runbook.RenderState(j.Chain.Doc, j.State)
	if err != nil {
		j.bad("%s: %v", b.Name, err)
		return
	}
	switch {
	case bytes.Equal(want, b.Record):
	case b.Record == nil || j.behind():
		j.lacks("the journal goes on after what the record holds: exec completes it")
	case j.counts() > j.State.Entries:
		j.bad("%s: the journal has fewer entries than the record says: its end is missing", j.in("journal.jsonl"))
	default:
		j.bad("%s:%d: the record was edited after the run wrote it", b.Name, firstDifference(want, b.Record))
	}
}

// behind reports whether the record is what an earlier part of the journal
// produces.
func (j *Judgement) behind() bool {
	c := j.Chain
	for n := len(c.Entries) - 1; n > 0; n-- {
		if !bytes.Contains(j.bundle.Record, []byte(c.Entries[n-1].Digest)) {
			continue
		}
		got, err := runbook.Render(c.Doc, c.Entries[:n])
		return err == nil && bytes.Equal(got, j.bundle.Record)
	}
	return bytes.Equal(j.bundle.Record, j.bundle.Template)
}

// counts is how many entries the record says that its journal has.
func (j *Judgement) counts() int {
	_, rest, _ := bytes.Cut(j.bundle.Record, []byte("\nJournal entries: "))
	n := 0
	if _, err := fmt.Sscanf(string(rest[:min(len(rest), 20)]), "%d;", &n); err != nil {
		return 0
	}
	return n
}

// places looks for facts about steps and slots that the template does not
// have: the record would not show them.
func (j *Judgement) places() {
	known := map[runbook.ID]runbook.SlotKind{}
	for i := range j.Chain.Doc.Slots {
		known[j.Chain.Doc.Slots[i].ID] = j.Chain.Doc.Slots[i].Kind
	}
	var strange []string
	look := func(id runbook.ID, kinds ...runbook.SlotKind) {
		if !slices.Contains(kinds, known[id]) {
			strange = append(strange, fmt.Sprintf("%q", id))
		}
	}
	s := j.State
	for id := range s.Steps {
		look(id, runbook.StepSlot)
	}
	for id := range s.Items {
		look(id, runbook.ItemSlot)
	}
	for id := range s.Fields {
		look(id, runbook.FieldSlot, runbook.PlaceholderSlot)
	}
	for id := range s.Choices {
		look(id, runbook.ChoiceSlot)
	}
	if len(strange) > 0 {
		slices.Sort(strange)
		j.bad("%s: it speaks of what the template does not have: %s", j.in("journal.jsonl"), strings.Join(strange, ", "))
	}
}

// conclude sums up.
func (j *Judgement) conclude() {
	switch {
	case j.Verdict == Invalid:
		return
	case len(j.Signers) > 0 && j.allowed == nil:
		for _, s := range j.Signers {
			j.note("%s: it claims to be signed by %s as %s, with %s", j.in("signatures/"+s.File), s.SignOff.Name, s.SignOff.Role, s.SignOff.Key)
		}
		j.note("whose keys signed cannot be told: name your allowed signers by --allowed-signers, or in git's gpg.ssh.allowedSignersFile")
		j.Verdict = CannotCheck
	}
	if !j.complete {
		j.Verdict = Incomplete
	}
	if j.Verdict != "" {
		return
	}
	j.note("the chain of %d entries holds, and the record is what it produces, byte for byte", j.State.Entries)
	if len(j.Signers) == 0 {
		j.Verdict = ValidUnsigned
		j.note("nobody has signed it: this proves that nothing was changed by accident, and no more")
		return
	}
	if n, last := j.covered(), LastFact(j.Chain); n < last {
		j.Verdict = ValidUnsigned
		j.note("no signature covers the record as it is: entries %d to %d came after the last one", n+1, last)
		return
	}
	j.Verdict = Valid
	j.note("this proves that the holders of these keys signed these bytes; not that clocks were right, that typed names are true, or that the tools that ran were the real ones")
}

// firstDifference returns the line, from 1, at which two texts part.
func firstDifference(a, b []byte) int {
	line := 1
	for i := 0; i < len(a) && i < len(b) && a[i] == b[i]; i++ {
		if a[i] == '\n' {
			line++
		}
	}
	return line
}
