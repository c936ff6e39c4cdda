package seal

import (
	"bytes"
	"testing"
)

// Whatever lies in a run's directory, judging it ends, and says valid only to
// what was signed.
func FuzzJudge(f *testing.F) {
	b := enclosedRun(f)
	s := b.Signatures[0]
	line := allowedLineOf(f, "ada@x", `valid-before="20300101Z"`, "ada")
	f.Add(b.Record, b.Template, b.Journal, b.Statement, s.Statement, s.Armored, s.Envelope, []byte("sign:\n  Lead: {not: operator}\n"), line)
	f.Add([]byte{}, []byte{}, []byte("\n"), []byte("{}"), []byte("{}"), []byte("-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n"), []byte(`{"payloadType":""}`), []byte(nil), "* cert-authority ssh-ed25519 AAAA")
	f.Fuzz(func(t *testing.T, record, template, journal, statement, signed, armored, envelope, sidecar []byte, allowed string) {
		a, err := ParseAllowed("allowed", []byte(allowed))
		if err != nil {
			a = allow(t, line)
		}
		if len(envelope) == 0 {
			envelope = nil // there is none
		}
		got := Bundle{Name: "t.md", Runs: "r", Record: record, Template: template, Journal: journal, Statement: statement, Sidecar: sidecar, Outputs: b.Outputs,
			Signatures: []Signature{{Name: s.Name, Statement: signed, Armored: armored, Envelope: envelope}}}
		j := Judge(&got, a, now)
		same := bytes.Equal(record, b.Record) && bytes.Equal(template, b.Template) && bytes.Equal(journal, b.Journal)
		if j.Verdict == Valid && !same && bytes.Equal(armored, s.Armored) {
			t.Errorf("valid, and it is not what was signed: %q", journal)
		}
		if j.Verdict == Valid && envelope != nil && !bytes.Equal(envelope, s.Envelope) {
			t.Errorf("valid, with the envelope %q", envelope)
		}
		if j.Verdict == "" {
			t.Error("no verdict")
		}
	})
}
