package runbook

// RunSealed closes a stretch of a run, or of sign-offs after it: it counts the
// entries before it and names the head that they add up to. A journal that
// lost lines at its end does not end with the seal that belongs there.
type RunSealed struct {
	Entries int    `json:"entries"`
	Head    Digest `json:"head" mask:"no"`
}

// SignedOff is a sign-off by a signature, which lies beside the journal in a
// file of its own. The event says what the signature covers, and what the
// record shows of it; both are checked against the file.
type SignedOff struct {
	Item      ID            `json:"item"`
	Role      string        `json:"role"`
	Name      string        `json:"name"`
	Identity  string        `json:"identity"`            // whom the key stands for, as in allowed_signers
	Key       string        `json:"key" mask:"no"`       // fingerprint, "SHA256:…"
	Signed    string        `json:"signed" mask:"no"`    // when, by the signer's clock; RFC 3339, UTC
	File      string        `json:"file" mask:"no"`      // of the signed statement, in the run's signatures directory
	Statement Digest        `json:"statement" mask:"no"` // of that file
	Signature Digest        `json:"signature" mask:"no"` // of the armored signature beside it
	Entries   int           `json:"entries,omitempty"`   // the journal's length that was signed; 0: template and sidecar alone
	Blanks    []SignedBlank `json:"blanks,omitempty"`    // of the sign-off
}

// A SignedBlank is a blank that a sign-off's signature fills: its name, date or
// time.
type SignedBlank struct {
	Field ID     `json:"field"`
	Value string `json:"value"`
}

func (*RunSealed) EventType() string { return "run.sealed" }
func (*SignedOff) EventType() string { return "sign-off.signed" }

// bySignature is what the record names as the source of what a signature
// settled.
const bySignature = "signature"

// applySignedOff ticks the sign-off and fills its blanks.
func (s *State) applySignedOff(e Entry, ev *SignedOff) {
	detail := "key " + ev.Key
	s.Signed[ev.Item] = ev
	s.Items[ev.Item], s.Settled[ev.Item] = &ItemSettled{Item: ev.Item, Verdict: Pass, Use: bySignature, By: ev.Name, Evidence: detail}, e.Time
	delete(s.Open, ev.Item)
	for _, b := range ev.Blanks {
		s.Fields[b.Field], s.Settled[b.Field] = &FieldFilled{Field: b.Field, Value: b.Value, Source: bySignature, Detail: detail, By: ev.Name}, e.Time
		delete(s.Open, b.Field)
	}
}
