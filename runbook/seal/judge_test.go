package seal

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"runbook/runbook"
)

func reasons(j *Judgement) string { return strings.Join(j.Reasons, "\n") }

// TestVerdicts is the table of what verify answers to a run that nobody signed.
func TestVerdicts(t *testing.T) {
	old := ran()[:6]
	old[0].(*runbook.RunStarted).Seals = false
	stranger := slices.Insert(ran(), 5, runbook.Event(&runbook.ItemSettled{Item: "forged", Verdict: runbook.Pass, Use: "ask", By: "Eve"}))
	for name, c := range map[string]struct {
		events  []runbook.Event
		change  func(*Bundle)
		verdict Verdict
		reason  string
	}{
		"a finished run":                       {ran(), nil, ValidUnsigned, "nobody has signed it"},
		"a run of a version that did not seal": {old, nil, ValidUnsigned, "nobody has signed it"},
		"a sealed run without its seal":        {ran()[:6], nil, Incomplete, "does not end with the seal"},
		"a run under way":                      {ran()[:4], nil, Incomplete, "under way"},
		"a fact about no slot":                 {stranger, nil, Invalid, `what the template does not have: "forged"`},
		"no statement":                         {ran(), func(b *Bundle) { b.Statement = nil }, Incomplete, "statement.json: the statement of the sealed run is missing"},
		"another statement":                    {ran(), func(b *Bundle) { b.Statement = append(b.Statement, ' ') }, Invalid, "statement.json:"},
		"no output":                            {ran(), func(b *Bundle) { b.Outputs = nil }, Invalid, "out/1: the output is missing"},
		"another output":                       {ran(), func(b *Bundle) { b.Outputs["out/1"] = "sha256:0" }, Invalid, "out/1: the output was changed"},
		"another template":                     {ran(), func(b *Bundle) { b.Template = append(b.Template, '\n') }, Invalid, "template.md: "},
		"a template of its own that differs":   {ran(), func(b *Bundle) { b.Source = []byte("x") }, Invalid, "t.md is not the template"},
		"an edited record":                     {ran(), func(b *Bundle) { b.Record = bytes.Replace(b.Record, []byte("- [ ] so"), []byte("- [x] so"), 1) }, Invalid, "t.md:3: the record was edited"},
		"a record that is behind":              {ran(), func(b *Bundle) { b.Record = b.Template }, Incomplete, "exec completes it"},
		"a line cut off":                       {ran(), func(b *Bundle) { b.Journal = append(b.Journal, '{') }, Incomplete, "the last line is cut off"},
		"no journal":                           {ran(), func(b *Bundle) { b.Journal = nil }, Invalid, "no entry"},
	} {
		t.Run(name, func(t *testing.T) {
			b := bundle(t, c.events...)
			if c.change != nil {
				c.change(b)
			}
			j := Judge(b, nil, began)
			if j.Verdict != c.verdict || !strings.Contains(reasons(j), c.reason) {
				t.Errorf("%s: %s; want %s with %q", j.Verdict, reasons(j), c.verdict, c.reason)
			}
		})
	}
}

// A changed byte anywhere in what the seal covers is noticed.
func TestEveryFlippedByteIsNoticed(t *testing.T) {
	b := bundle(t, ran()...)
	if j := Judge(b, nil, began); j.Verdict != ValidUnsigned {
		t.Fatal(reasons(j))
	}
	flipEach(t, b)
}

// flipEach flips each byte of record, journal, statement and template, one at a
// time, and wants no verdict that says valid.
func flipEach(t *testing.T, b *Bundle) {
	t.Helper()
	for name, part := range map[string]*[]byte{"record": &b.Record, "journal": &b.Journal, "statement": &b.Statement, "template": &b.Template} {
		whole := *part
		for i := range whole {
			flipped := bytes.Clone(whole)
			flipped[i] ^= 1
			*part = flipped
			if j := Judge(b, nil, began); j.Verdict == Valid || j.Verdict == ValidUnsigned {
				t.Errorf("%s: byte %d of %d flipped, and it is %s", name, i, len(whole), j.Verdict)
			}
		}
		*part = whole
	}
}

// A journal that lost lines is noticed, and so is one whose record and
// statement were made to fit it.
func TestTruncationAtEveryLineIsNoticed(t *testing.T) {
	whole := bundle(t, ran()...)
	lines := bytes.SplitAfter(whole.Journal, []byte("\n"))
	for n := range len(lines) - 2 {
		cut := *whole
		cut.Journal = bytes.Join(lines[:n+1], nil)
		if j := Judge(&cut, nil, began); j.Verdict != Invalid {
			t.Errorf("cut after line %d: %s: %s", n+1, j.Verdict, reasons(j))
		}
		remake(t, &cut)
		if j := Judge(&cut, nil, began); j.Verdict != Incomplete {
			t.Errorf("cut after line %d, and made to fit: %s: %s", n+1, j.Verdict, reasons(j))
		}
	}
}

// The statement is one that in-toto's tools read, with the same bytes each time.
func TestStatementIsInTotos(t *testing.T) {
	b := bundle(t, ran()...)
	again, err := read(t, b).Statement()
	if err != nil || !bytes.Equal(again, b.Statement) {
		t.Errorf("not the same bytes twice (%v)", err)
	}
	var s struct {
		Type    string `json:"_type"`
		Subject []struct {
			Name   string
			Digest map[string]string
		}
		PredicateType string
		Predicate     map[string]any
	}
	if err := json.Unmarshal(b.Statement, &s); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"t.md": b.Record, "journal.jsonl": b.Journal, "template.md": b.Template, "out/1": []byte("hi\n")}
	for _, subject := range s.Subject {
		if got := runbook.DigestOf(files[subject.Name]); "sha256:"+subject.Digest["sha256"] != string(got) {
			t.Errorf("%s has %v, and the file %s", subject.Name, subject.Digest, got)
		}
	}
	if s.Type != "https://in-toto.io/Statement/v1" || s.PredicateType != "urn:runbook:run:v1" || len(s.Subject) != len(files) || s.Predicate["entries"] != 7.0 {
		t.Errorf("not the statement of the run: %s", b.Statement)
	}
}
