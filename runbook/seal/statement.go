// Package seal makes and checks what lets others trust a record: an in-toto
// statement over each sealed run, signed statements of those who approve it,
// and the judgement of a whole run directory.
package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"runbook/runbook"
)

// The types of what runbook states, in in-toto's terms. They are names, and
// lead nowhere.
const (
	StatementType = "https://in-toto.io/Statement/v1"
	RunType       = "urn:runbook:run:v1"
	SignOffType   = "urn:runbook:sign-off:v1"
)

// The names of subjects that every run has. The record itself goes by the
// document's name.
const (
	templateSubject = "template.md"
	journalSubject  = "journal.jsonl"
	sidecarSubject  = "sidecar.yaml"
)

// A Statement is an in-toto Statement v1 with a predicate of ours.
type Statement[P any] struct {
	Type          string    `json:"_type"`
	Subject       []Subject `json:"subject"`
	PredicateType string    `json:"predicateType"`
	Predicate     P         `json:"predicate"`
}

// A Subject is a file that a statement is about.
type Subject struct {
	Name   string `json:"name"`
	Digest struct {
		SHA256 string `json:"sha256"`
	} `json:"digest"`
}

// A Run is the predicate of a sealed run's statement: how it stood.
type Run struct {
	Run       string          `json:"run"`
	Result    runbook.Result  `json:"result"`
	Operators []string        `json:"operators"`
	Began     string          `json:"began"`
	Sealed    string          `json:"sealed"`
	Entries   int             `json:"entries"`
	Head      runbook.Digest  `json:"head"`
	Open      int             `json:"open"`   // places that are not settled
	SignedOff []runbook.ID    `json:"signed"` // sign-offs by signature
	Tool      string          `json:"tool"`
	Digest    *runbook.Digest `json:"toolDigest,omitempty"`
}

// A SignOff is the predicate of what a person signs. Its subjects are what the
// person approves; before a run those are the template and the sidecar alone.
type SignOff struct {
	Document string         `json:"document"`
	Item     runbook.ID     `json:"item"`
	Role     string         `json:"role"`
	Name     string         `json:"name"`
	Identity string         `json:"identity"`
	Key      string         `json:"key"`  // its fingerprint
	Time     string         `json:"time"` // RFC 3339, UTC, in seconds; the signer's clock
	Run      string         `json:"run,omitempty"`
	Entries  int            `json:"entries,omitempty"` // of the journal's beginning that is signed
	Head     runbook.Digest `json:"head,omitempty"`
	Result   runbook.Result `json:"result,omitempty"`
	Open     int            `json:"open,omitempty"`
	// Seen are the statements of the sign-offs that were there before.
	Seen []runbook.Digest `json:"seen,omitempty"`
}

func subject(name string, digest runbook.Digest) Subject {
	s := Subject{Name: name}
	s.Digest.SHA256 = strings.TrimPrefix(string(digest), "sha256:")
	return s
}

// encode gives a statement its one form: the same statement has the same bytes.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// decodeSignOff reads a sign-off's statement. It takes only the form in which
// encode writes it, so that two readers cannot see two things in it.
func decodeSignOff(src []byte) (*Statement[SignOff], error) {
	s := &Statement[SignOff]{}
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.DisallowUnknownFields()
	if err := dec.Decode(s); err != nil {
		return nil, fmt.Errorf("the statement: %w", err)
	}
	again, err := encode(s)
	if err != nil {
		return nil, err
	}
	switch {
	case !bytes.Equal(again, src):
		return nil, errors.New("the statement is not written in its one form")
	case s.Type != StatementType:
		return nil, fmt.Errorf("the statement's _type is %q, not %q", s.Type, StatementType)
	case s.PredicateType != SignOffType:
		return nil, fmt.Errorf("the statement's predicateType is %q: it is no sign-off", s.PredicateType)
	}
	return s, nil
}

// A Chain is a run's template and the lines of its journal, read.
type Chain struct {
	Doc     *runbook.Document
	Lines   [][]byte
	Entries []runbook.Entry
}

// subjects are the files of a run as they were after its first n entries. The
// record of that moment is computed: nothing else than the record at the end
// need be kept.
func (c *Chain) subjects(n int) ([]Subject, *runbook.State, error) {
	if n < 1 || n > len(c.Entries) {
		return nil, nil, fmt.Errorf("the journal has %d entries, not %d", len(c.Entries), n)
	}
	state, err := runbook.Fold(c.Entries[:n])
	if err != nil {
		return nil, nil, err
	}
	record, err := runbook.RenderState(c.Doc, state)
	if err != nil {
		return nil, nil, err
	}
	journal := sha256.New()
	for _, line := range c.Lines[:n] {
		journal.Write(line)
		journal.Write([]byte{'\n'})
	}
	list := []Subject{
		subject(state.Start.Document, runbook.DigestOf(record)),
		subject(journalSubject, runbook.Digest("sha256:"+hex.EncodeToString(journal.Sum(nil)))),
		subject(templateSubject, c.Doc.Digest()),
	}
	if state.Start.Sidecar != "" {
		list = append(list, subject(sidecarSubject, state.Start.Sidecar))
	}
	for _, o := range outputs(c.Entries[:n]) {
		list = append(list, subject(o.File, o.Digest))
	}
	return list, state, nil
}

// An output is a file of the run directory that an entry names.
type output struct {
	File   string
	Digest runbook.Digest
}

// outputs lists the files that entries name, the last word on each.
func outputs(entries []runbook.Entry) []output {
	var list []output
	at := map[string]int{}
	for _, e := range entries {
		var o output
		switch e := e.Event.(type) {
		case *runbook.CommandFinished:
			o = output{e.Output.File, e.Output.Digest}
		case *runbook.OutputReleased:
			o = output{e.File, e.Digest}
		case *runbook.SidecarChanged:
			o = output{e.File, e.Digest}
		case *runbook.DriftAccepted:
			if e.File != "" {
				o = output{"out/" + e.File, e.Digest}
			}
		}
		i, known := at[o.File]
		switch {
		case o.File == "":
		case known:
			list[i] = o
		default:
			at[o.File] = len(list)
			list = append(list, o)
		}
	}
	return list
}

// Statement is the in-toto statement of the sealed run. It depends on template
// and journal alone, so that anyone can make it again and compare.
func (c *Chain) Statement() ([]byte, error) {
	list, state, err := c.subjects(len(c.Entries))
	if err != nil {
		return nil, err
	}
	if !state.Sealed || state.Stopped == nil {
		return nil, errors.New("the journal does not end with a seal")
	}
	run := Run{
		Run: state.Start.Run, Result: state.Stopped.Result, Operators: state.Operators,
		Began: stamp(state.Began), Sealed: stamp(state.Latest), Entries: state.Entries, Head: state.Head,
		Open: len(runbook.Open(c.Doc, state)), SignedOff: []runbook.ID{}, Tool: state.Start.Identity.Tool,
	}
	if d := state.Start.Identity.Digest; d != "" {
		run.Digest = &d
	}
	for i := range c.Doc.Slots {
		if id := c.Doc.Slots[i].ID; state.Signed[id] != nil {
			run.SignedOff = append(run.SignedOff, id)
		}
	}
	return encode(Statement[Run]{StatementType, list, RunType, run})
}
