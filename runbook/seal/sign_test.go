package seal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"runbook/runbook"
)

// keyOf makes the same key for the same name each time.
func keyOf(t testing.TB, name string) ssh.Signer {
	t.Helper()
	seed := sha256.Sum256([]byte(name))
	signer, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(seed[:]))
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// allowedLineOf is the line of an allowed_signers file for keyOf(name).
func allowedLineOf(t testing.TB, principals, options, name string) string {
	t.Helper()
	return strings.Join(strings.Fields(principals+" "+options+" "+string(ssh.MarshalAuthorizedKey(keyOf(t, name).PublicKey()))), " ") + "\n"
}

func allow(t testing.TB, lines ...string) *Allowed {
	t.Helper()
	a, err := ParseAllowed("allowed", []byte(strings.Join(lines, "")))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// everyone allows ada, bob and eve, each with a key of that name.
func everyone(t testing.TB) *Allowed {
	return allow(t, allowedLineOf(t, "ada@x", "", "ada"), allowedLineOf(t, "bob@x", "", "bob"), allowedLineOf(t, "eve@x", "", "eve"))
}

// A pen is who signs with what.
type pen struct {
	role, name, identity, key string
	change                    func(*Statement[SignOff]) // before signing
	namespace                 string
}

// now is when everybody signs and verifies.
var now = began.Add(time.Hour)

// sign adds a signature over the bundle's run as it stands.
func sign(t testing.TB, b *Bundle, p pen) *Signed {
	t.Helper()
	c := read(t, b)
	target := &Target{Doc: c.Doc, Document: "t.md", Chain: c, Sidecar: b.Sidecar}
	return signTarget(t, b, target, p)
}

// approve adds a signature from before the run.
func approve(t testing.TB, b *Bundle, p pen) *Signed {
	t.Helper()
	return signTarget(t, b, &Target{Doc: read(t, b).Doc, Document: "t.md", Sidecar: b.Sidecar}, p)
}

func signTarget(t testing.TB, b *Bundle, target *Target, p pen) *Signed {
	t.Helper()
	for _, s := range b.Signatures {
		o, err := open(&s, nil, now)
		if err != nil {
			t.Fatal(err)
		}
		target.Others = append(target.Others, o)
	}
	var slot *runbook.Slot
	for i := range target.Doc.Slots {
		if runbook.IsRole(p.role, &target.Doc.Slots[i]) {
			slot = &target.Doc.Slots[i]
		}
	}
	signer := keyOf(t, p.key)
	statement, err := target.Statement(Request{Slot: slot, Name: p.name, Identity: p.identity, Key: signer.PublicKey(), Time: now})
	if err != nil {
		t.Fatal(err)
	}
	if p.change != nil {
		st, err := decodeSignOff(statement)
		if err != nil {
			t.Fatal(err)
		}
		p.change(st)
		if statement, err = encode(st); err != nil {
			t.Fatal(err)
		}
	}
	namespace := Namespace
	if p.namespace != "" {
		namespace = p.namespace
	}
	sig, err := sshsig.Sign(bytes.NewReader(statement), signer, sshsig.HashSHA512, namespace)
	if err != nil {
		t.Fatal(err)
	}
	file := Signature{Name: FileName(p.role, statement), Statement: statement, Armored: sshsig.Armor(sig)}
	b.Signatures = append(b.Signatures, file)
	signed, err := open(&file, nil, now)
	if err != nil {
		return nil // it was meant to be refused
	}
	return signed
}

// fold brings signatures into the journal, and seals it again.
func fold(t testing.TB, b *Bundle, signed ...*Signed) {
	t.Helper()
	c := read(t, b)
	var events []runbook.Event
	for _, e := range c.Entries {
		events = append(events, e.Event)
	}
	for _, s := range signed {
		event, err := s.Event(c.Doc)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, event)
	}
	b.Journal = chain(t, append(events, &runbook.RunSealed{})...)
	remake(t, b)
}

var ada = pen{role: "Lead", name: "Ada", identity: "ada@x", key: "ada"}
var bob = pen{role: "Security", name: "Bob", identity: "bob@x", key: "bob"}

// signedRun is a finished run that Ada has signed, in its record.
func signedRun(t testing.TB) *Bundle {
	t.Helper()
	b := bundle(t, ran()...)
	fold(t, b, sign(t, b, ada))
	return b
}

func want(t *testing.T, j *Judgement, verdict Verdict, reason string) {
	t.Helper()
	if j.Verdict != verdict || !strings.Contains(reasons(j), reason) {
		t.Errorf("%s: %s\nwant %s with %q", j.Verdict, reasons(j), verdict, reason)
	}
}

func TestASignedRecordIsValid(t *testing.T) {
	b := signedRun(t)
	j := Judge(b, everyone(t), now)
	want(t, j, Valid, "this proves")
	if len(j.Signers) != 1 || j.Signers[0].SignOff.Name != "Ada" || !strings.Contains(string(b.Record), "- [x] Lead: Ada Date: 2026-03-01 Time: 10:00 UTC") {
		t.Errorf("Ada's sign-off is not in the record: %v\n%s", j.Signers, b.Record)
	}
	want(t, Judge(b, nil, now), CannotCheck, "whose keys signed cannot be told")

	// A second one, made apart, counts before and after it is brought in.
	second := sign(t, b, bob)
	j = Judge(b, everyone(t), now)
	want(t, j, Valid, "the record does not show it yet")
	fold(t, b, second)
	j = Judge(b, everyone(t), now)
	want(t, j, Valid, "")
	if len(j.Signers) != 2 || strings.Contains(reasons(j), "yet") {
		t.Errorf("%d signers: %s", len(j.Signers), reasons(j))
	}
}

// Two people who sign at the same time sign the same head; whichever journal is
// kept, the other's signature still fits, and can be brought in behind it.
func TestParallelSignaturesFitEitherJournal(t *testing.T) {
	b := bundle(t, ran()...)
	first, second := sign(t, b, ada), sign(t, b, bob)
	for _, order := range [][]*Signed{{first, second}, {second, first}} {
		one := *b
		fold(t, &one, order[0])
		want(t, Judge(&one, everyone(t), now), Valid, "yet")
		fold(t, &one, order[1])
		want(t, Judge(&one, everyone(t), now), Valid, "")
	}
}

// Every way in which a signature is none of what it says.
func TestSignaturesThatAreRefused(t *testing.T) {
	at := func(s string) func(*Statement[SignOff]) {
		return func(st *Statement[SignOff]) { st.Predicate.Time = s }
	}
	for name, c := range map[string]struct {
		pen     pen
		allowed string
		reason  string
	}{
		"a key that nobody allows":    {pen{"Lead", "Ada", "ada@x", "thief", nil, ""}, allowedLineOf(t, "ada@x", "", "ada"), "is not among the allowed signers"},
		"another's key":               {pen{"Lead", "Ada", "ada@x", "bob", nil, ""}, allowedLineOf(t, "bob@x", "", "bob"), "the key stands for bob@x, not for ada@x"},
		"the key's negated principal": {ada, allowedLineOf(t, "*@x,!ada@x", "", "ada"), "not for ada@x"},
		"another namespace":           {pen{"Lead", "Ada", "ada@x", "ada", nil, "git"}, allowedLineOf(t, "ada@x", "", "ada"), `of the namespace "git", not "runbook@v1"`},
		"a key for other namespaces":  {ada, allowedLineOf(t, "ada@x", `namespaces="git,file"`, "ada"), "the key is for the namespaces git,file"},
		"after expiry":                {ada, allowedLineOf(t, "ada@x", `valid-before="20260301Z"`, "ada"), "the key was valid until 2026-03-01T00:00:00Z, and signed at 2026-03-01T10:00:00Z"},
		"before it was valid":         {ada, allowedLineOf(t, "ada@x", `valid-after="202603011100Z"`, "ada"), "the key is valid from"},
		"an authority's own key":      {ada, allowedLineOf(t, "ada@x", "cert-authority", "ada"), "is not among the allowed signers"},
		"another role":                {pen{"Lead", "Ada", "ada@x", "ada", func(st *Statement[SignOff]) { st.Predicate.Role = "Security" }, ""}, allowedLineOf(t, "ada@x", "", "ada"), `signed as "Security", and the sign-off is "Lead"`},
		"an item that is no sign-off": {pen{"Lead", "Ada", "ada@x", "ada", func(st *Statement[SignOff]) { st.Predicate.Item = "so" }, ""}, allowedLineOf(t, "ada@x", "", "ada"), `no sign-off "so"`},
		"another run":                 {pen{"Lead", "Ada", "ada@x", "ada", func(st *Statement[SignOff]) { st.Predicate.Run = "S" }, ""}, allowedLineOf(t, "ada@x", "", "ada"), "signed for the run S"},
		"another result":              {pen{"Lead", "Ada", "ada@x", "ada", func(st *Statement[SignOff]) { st.Predicate.Result = "failed" }, ""}, allowedLineOf(t, "ada@x", "", "ada"), "another result"},
		"other files":                 {pen{"Lead", "Ada", "ada@x", "ada", func(st *Statement[SignOff]) { st.Subject = st.Subject[:1] }, ""}, allowedLineOf(t, "ada@x", "", "ada"), "signed over other files"},
		"more entries than there are": {pen{"Lead", "Ada", "ada@x", "ada", func(st *Statement[SignOff]) { st.Predicate.Entries = 99 }, ""}, allowedLineOf(t, "ada@x", "", "ada"), "the journal has 7 entries, not 99"},
		"before what it signs":        {pen{"Lead", "Ada", "ada@x", "ada", at("2026-03-01T08:00:00Z"), ""}, allowedLineOf(t, "ada@x", "", "ada"), "before what it signs happened"},
		"in the future":               {pen{"Lead", "Ada", "ada@x", "ada", at("2026-03-01T11:00:00Z"), ""}, allowedLineOf(t, "ada@x", "", "ada"), "which is still to come"},
		"a name that forges":          {pen{"Lead", "Ada\n- [x] Security: Bob", "ada@x", "ada", nil, ""}, allowedLineOf(t, "ada@x", "", "ada"), "the signer's name or identity"},
		"another type of statement":   {pen{"Lead", "Ada", "ada@x", "ada", func(st *Statement[SignOff]) { st.PredicateType = RunType }, ""}, allowedLineOf(t, "ada@x", "", "ada"), "it is no sign-off"},
	} {
		t.Run(name, func(t *testing.T) {
			b := bundle(t, ran()...)
			sign(t, b, c.pen)
			want(t, Judge(b, allow(t, c.allowed), now), Invalid, c.reason)
		})
	}
}

// A key that was replaced keeps what it signed before, and signs nothing since;
// under its rules both keys are one person.
func TestAReplacedKeyKeepsWhatItSigned(t *testing.T) {
	rotated := func(at string) *Allowed {
		return allow(t, allowedLineOf(t, "ada@x", `valid-before="`+at+`"`, "ada"), allowedLineOf(t, "ada@x", `valid-after="`+at+`"`, "bob"))
	}
	b := signedRun(t) // at 10:00
	want(t, Judge(b, rotated("202603011030Z"), now), Valid, "")
	want(t, Judge(b, rotated("202603010930Z"), now), Invalid, "the key was valid until 2026-03-01T09:30:00Z")

	b = governed(t, "  Lead: {not: Security}\n  Security: {}\n")
	fold(t, b, sign(t, b, ada), sign(t, b, pen{"Security", "Bob", "ada@x", "bob", nil, ""}))
	both := allow(t, allowedLineOf(t, "ada@x", "", "ada"), allowedLineOf(t, "ada@x", "", "bob"))
	want(t, Judge(b, both, now), Invalid, "must be two persons: both were signed as ada@x")
}

// Whoever can write all files, and has no key, cannot make them valid.
func TestForgersWithoutAKey(t *testing.T) {
	allowed := everyone(t)
	rechained := func(b *Bundle, change func(events []runbook.Event) []runbook.Event) {
		var events []runbook.Event
		for _, e := range read(t, b).Entries {
			events = append(events, e.Event)
		}
		b.Journal = chain(t, change(events)...)
		remake(t, b)
	}
	lie := func(events []runbook.Event) []runbook.Event {
		events[0].(*runbook.RunStarted).Identity.Operator = "Eve"
		return events
	}
	t.Run("a journal chained again under a signature", func(t *testing.T) {
		b := signedRun(t)
		rechained(b, lie)
		want(t, Judge(b, allowed, now), Invalid, "it was signed over another journal")
	})
	t.Run("and without it", func(t *testing.T) {
		b := signedRun(t)
		b.Signatures = nil
		want(t, Judge(b, allowed, now), Invalid, "the signature of Ada as Lead is missing")
		rechained(b, func(events []runbook.Event) []runbook.Event { return lie(events[:7]) })
		want(t, Judge(b, allowed, now), ValidUnsigned, "nobody has signed it")
	})
	t.Run("facts behind a signature", func(t *testing.T) {
		b := signedRun(t)
		rechained(b, func(events []runbook.Event) []runbook.Event {
			return append(events, &runbook.ItemSettled{Item: "so", Verdict: runbook.Pass, Use: "ask", By: "Ada"}, &runbook.RunSealed{})
		})
		want(t, Judge(b, allowed, now), ValidUnsigned, "no signature covers the record as it is")
	})
	t.Run("a sign-off that says something else than its signature", func(t *testing.T) {
		b := signedRun(t)
		rechained(b, func(events []runbook.Event) []runbook.Event {
			events[7].(*runbook.SignedOff).Blanks[0].Value = "Eve"
			return events
		})
		want(t, Judge(b, allowed, now), Invalid, "something else than its signature")
	})
	t.Run("a signature's blank filled again", func(t *testing.T) {
		b := signedRun(t)
		field := read(t, b).Entries[7].Event.(*runbook.SignedOff).Blanks[0].Field
		rechained(b, func(events []runbook.Event) []runbook.Event {
			return append(events, &runbook.FieldFilled{Field: field, Value: "Eve", Source: "ask"}, &runbook.RunSealed{})
		})
		want(t, Judge(b, allowed, now), Invalid, "is not what was signed")
	})
	t.Run("a typed name", func(t *testing.T) {
		b := bundle(t, slices.Insert(ran(), 5, runbook.Event(&runbook.ItemSettled{Item: read(t, bundle(t, ran()...)).Doc.Slots[3].ID, Verdict: runbook.Pass, Use: "ask", By: "Eve"}))...)
		j := Judge(b, allowed, now)
		if j.Verdict == Valid {
			t.Error(reasons(j))
		}
	})
}

func TestEveryFlippedByteOfASignedRecordIsNoticed(t *testing.T) {
	b := signedRun(t)
	allowed := everyone(t)
	for name, part := range map[string]*[]byte{
		"record": &b.Record, "journal": &b.Journal, "statement": &b.Statement, "template": &b.Template,
		"signed statement": &b.Signatures[0].Statement, "signature": &b.Signatures[0].Armored,
	} {
		whole := *part
		for i := range whole {
			*part = bytes.Clone(whole)
			(*part)[i] ^= 1
			if j := Judge(b, allowed, now); j.Verdict == Valid || j.Verdict == ValidUnsigned {
				t.Errorf("%s: byte %d of %d flipped, and it is %s", name, i, len(whole), j.Verdict)
			}
		}
		*part = whole
	}
}

// A signed journal that lost lines is not valid, even if all else is made to
// fit; but for the lines that only say that it was signed, which the signature
// does not need.
func TestTruncationOfASignedRecordIsNoticed(t *testing.T) {
	whole := signedRun(t)
	lines := bytes.SplitAfter(whole.Journal, []byte("\n"))
	for n := range len(lines) - 2 {
		cut := *whole
		cut.Journal = bytes.Join(lines[:n+1], nil)
		want(t, Judge(&cut, everyone(t), now), Invalid, "")
		remake(t, &cut)
		if j := Judge(&cut, everyone(t), now); j.Verdict == Valid && n+1 != 7 {
			t.Errorf("cut after line %d, and made to fit: %s: %s", n+1, j.Verdict, reasons(j))
		}
	}
}

// governed is a run that started under a sidecar with these rules.
func governed(t testing.TB, rules string, events ...runbook.Event) *Bundle {
	t.Helper()
	if events == nil {
		events = ran()
	}
	sidecar := []byte("sign:\n" + rules)
	events[0].(*runbook.RunStarted).Sidecar = runbook.DigestOf(sidecar)
	b := bundle(t, events...)
	b.Sidecar = sidecar
	return b
}

// What the sidecar's rules refuse is refused at signing, and found afterwards.
func TestRulesForSignOffs(t *testing.T) {
	carl := func(p pen) pen { p.identity, p.key, p.name = "ada@x", "bob", "Ada L."; return p }
	allowed := allow(t, allowedLineOf(t, "ada@x", "", "ada"), allowedLineOf(t, "ada@x,bob@x", "", "bob"), allowedLineOf(t, "olga@x", "", "eve"))
	for name, c := range map[string]struct {
		rules  string
		pens   []pen
		reason string // empty: it is allowed, and valid
	}{
		"two persons":                     {"  Lead: {not: Security}\n  Security: {}\n", []pen{ada, bob}, ""},
		"one person with two keys":        {"  Lead: {not: Security}\n  Security: {}\n", []pen{ada, carl(bob)}, "Lead and Security must be two persons: both were signed as ada@x"},
		"the same, whoever comes second":  {"  Lead: {}\n  Security: {not: [Lead]}\n", []pen{carl(bob), ada}, "must be two persons"},
		"one key under two identities":    {"  Lead: {not: Security}\n  Security: {}\n", []pen{{"Lead", "A", "bob@x", "bob", nil, ""}, {"Security", "B", "ada@x", "bob", nil, ""}}, "both were signed by the key SHA256:"},
		"one name under two identities":   {"  Lead: {not: Security}\n  Security: {}\n", []pen{ada, {"Security", "ada ", "bob@x", "bob", nil, ""}}, "two persons"},
		"the operator, where others must": {"  Lead: {not: operator}\n", []pen{{"Lead", "Olga", "olga@x", "eve", nil, ""}}, "may not be signed by the operator, Olga"},
		"the right person":                {"  Lead: {by: [\"*@x\"]}\n", []pen{ada}, ""},
		"the right key":                   {"  Lead: {by: \"" + ssh.FingerprintSHA256(keyOf(t, "ada").PublicKey()) + "\"}\n", []pen{ada}, ""},
		"the wrong person":                {"  Lead: {by: bob@x}\n", []pen{ada}, "Lead is signed by ada@x, and the sidecar wants bob@x"},
		"in order":                        {"  Security: {after: Lead}\n  Lead: {}\n", []pen{ada, bob}, ""},
		"out of order":                    {"  Lead: {after: Security}\n  Security: {}\n", []pen{ada, bob}, "Security must sign before Lead"},
		"an approval after the step":      {"  Lead: {before: step}\n", []pen{ada}, `Lead must sign before "step"`},
	} {
		t.Run(name, func(t *testing.T) {
			b := governed(t, c.rules)
			var signed []*Signed
			var faults []string
			for _, p := range c.pens {
				chain := read(t, b)
				target := &Target{Doc: chain.Doc, Document: "t.md", Sidecar: b.Sidecar, Chain: chain, Others: slices.Clone(signed)}
				s := sign(t, b, p)
				refused, err := target.Refuses(s)
				if err != nil {
					t.Fatal(err)
				}
				faults = append(faults, refused...)
				signed = append(signed, s)
			}
			if got := strings.Join(faults, "\n"); (got == "") != (c.reason == "") || !strings.Contains(got, strings.SplitN(c.reason, ":", 2)[0]) {
				t.Errorf("at signing: %q, want %q", got, c.reason)
			}
			fold(t, b, signed...)
			j := Judge(b, allowed, now)
			if c.reason == "" {
				want(t, j, Valid, "")
			} else if j.Verdict != Invalid {
				t.Errorf("afterwards: %s: %s", j.Verdict, reasons(j))
			}
		})
	}
}

func TestRulesOnWhoIsMissing(t *testing.T) {
	allowed := everyone(t)
	lead := read(t, bundle(t, ran()...)).Doc
	var item runbook.ID
	for i := range lead.Slots {
		if runbook.IsRole("Lead", &lead.Slots[i]) {
			item = lead.Slots[i].ID
		}
	}
	typed := slices.Insert(ran(), 5, runbook.Event(&runbook.ItemSettled{Item: item, Verdict: runbook.Pass, Use: "ask", By: "Eve"}))
	want(t, Judge(governed(t, "  Lead: {}\n"), allowed, now), Incomplete, "t.md:11: Lead has not signed")
	want(t, Judge(governed(t, "  Lead: {optional: true}\n"), allowed, now), ValidUnsigned, "nobody has signed it")
	want(t, Judge(governed(t, "  Lead: {}\n", typed...), allowed, now), Invalid, "Lead is ticked, and the sidecar wants a signature")

	b := governed(t, "  Lead: {}\n", typed...)
	b.Sidecar = nil
	want(t, Judge(b, allowed, now), Incomplete, "the sidecar that the run started with is missing")

	// Signed at a stop, and steps ran afterwards.
	paused := append(ran()[:1], &runbook.RunStopped{Result: runbook.Held, Left: 1}, &runbook.RunSealed{})
	b = governed(t, "  Lead: {}\n", paused...)
	s := sign(t, b, ada)
	event, err := s.Event(lead)
	if err != nil {
		t.Fatal(err)
	}
	b.Journal = chain(t, append(append(paused, event, &runbook.RunResumed{}), ran()[1:]...)...)
	remake(t, b)
	want(t, Judge(b, allowed, now), Incomplete, "signed before the last steps ran")
}

// An approval from before the run binds template and sidecar, lets the run
// begin, and says nothing of how it went.
func TestApprovalBeforeTheRun(t *testing.T) {
	rules := "  Lead: {before: step}\n"
	b := governed(t, rules)
	s := approve(t, b, ada)
	event, err := s.Event(read(t, b).Doc)
	if err != nil {
		t.Fatal(err)
	}
	events := ran()
	events[0].(*runbook.RunStarted).Sidecar = runbook.DigestOf(b.Sidecar)
	b.Journal = chain(t, slices.Insert(events, 1, runbook.Event(event))...)
	remake(t, b)
	want(t, Judge(b, everyone(t), now), ValidUnsigned, "no signature covers the record as it is: entries 1 to 7")
	signed := sign(t, b, bob)
	fold(t, b, signed)
	want(t, Judge(b, everyone(t), now), Valid, "")

	// The run went on under another sidecar than the one that was approved.
	whole := read(t, b).Entries
	changed := &runbook.SidecarChanged{By: "Olga", Was: runbook.DigestOf(b.Sidecar), Is: "sha256:1"}
	var later []runbook.Event
	for _, e := range whole[:len(whole)-3] { // but for how it was signed and sealed
		later = append(later, e.Event)
	}
	swapped := *b
	swapped.Signatures = b.Signatures[:1]
	swapped.Journal = chain(t, append(later, &runbook.RunResumed{}, changed, &runbook.RunStopped{Result: runbook.Passed}, &runbook.RunSealed{})...)
	remake(t, &swapped)
	want(t, Judge(&swapped, everyone(t), now), Invalid, "the sidecar was changed, and Ada had approved it as it was")

	// The same approval for another sidecar, or another template.
	other := governed(t, rules+"  Security: {}\n")
	other.Signatures = b.Signatures[:1]
	want(t, Judge(other, everyone(t), now), Invalid, "it approves another template, or another sidecar")
}

func TestAllowedSignersAreRead(t *testing.T) {
	key := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(keyOf(t, "ada").PublicKey())))
	for text, wantErr := range map[string]string{
		"# a comment\n\n  \nada@x " + key + " a comment\n":           "",
		`"ada@x,b c" namespaces="a,b",valid-after="20260101" ` + key: "",
		"ada@x\n":                               "allowed:1: there is nothing behind the principals",
		"ada@x ssh-ed25519\n":                   "allowed:1: it is not principals",
		"\nada@x no-touch-required-x " + key:    `allowed:2: unknown option "no-touch-required-x"`,
		`ada@x valid-before="tomorrow" ` + key:  `"tomorrow" is not a time`,
		`"ada@x ` + key:                         "the principals' quotes are not closed",
		"ada@x " + key + "\nbob@x garbage here": "allowed:2: ",
	} {
		_, err := ParseAllowed("allowed", []byte(text))
		if got := fmt.Sprint(err); (err == nil) != (wantErr == "") || !strings.Contains(got, wantErr) {
			t.Errorf("%q: %v, want %q", text, err, wantErr)
		}
	}
}
