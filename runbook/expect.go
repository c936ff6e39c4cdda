package runbook

import "strconv"

// ExpectKind says how an expectation is judged.
type ExpectKind uint8

// The kinds, in the order in which they are tried on a text.
const (
	ExpectFailure    ExpectKind = iota // the command fails
	ExpectEmpty                        // no output
	ExpectStatus                       // an HTTP or exit status code
	ExpectComparison                   // a number compared or in a range
	ExpectCount                        // so many lines or things
	ExpectEither                       // one of several literals
	ExpectList                         // all of these are contained
	ExpectLines                        // these lines, in order
	ExpectLiteral                      // contained, white space collapsed
	ExpectPattern                      // a literal with wildcards: X, N, <x>, ..., x.x
	ExpectProse                        // for a person: shown, recorded as not checked
)

var expectKinds = [...]string{"failure", "empty", "status", "comparison", "count", "either", "list", "lines", "literal", "pattern", "prose"}

func (k ExpectKind) String() string { return expectKinds[k] }

// MarshalText writes the kind in the plan's words.
func (k ExpectKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Verdict is the conclusion of a check, an expectation or a person.
type Verdict string

// The verdicts. Only Pass ticks a box.
const (
	Pass          Verdict = "pass"
	Fail          Verdict = "fail"
	NotApplicable Verdict = "n/a"
	DeferredItem  Verdict = "deferred"
	Unknown       Verdict = "unknown" // nothing was decided: an error, an empty answer, nobody to ask
)

// An Expect is what a step's text says that its output will be.
type Expect struct {
	Line int // in the document
	// Command is the index of the command whose output it judges; -1 for the
	// whole step: the outputs of all of its commands, one after the other.
	Command int
	Text    string // as written, without the words that introduce it
	Kind    ExpectKind
	// Values is what the kind compares with: a status' protocol ("http",
	// "exit") and code; a comparison's operator and number, or ".." and two; a
	// count's least, most and noun; the alternatives, entries, lines; the literal
	// or pattern. Empty for the other kinds.
	Values []string
	// Advisory expectations are judged and shown but never fail a step: the
	// text leaves room for doubt.
	Advisory bool
}

// Foretells reports whether the text says for certain that the command ends
// with that exit status, and that this is a failure: such an end does not stop
// the step. It knows nothing of how the command was ended; one that was stopped
// from outside was not foretold.
func (e *Expect) Foretells(exit int) bool {
	if exit == 0 || e.Advisory {
		return false
	}
	switch e.Kind {
	case ExpectFailure:
		return true
	case ExpectStatus:
		return len(e.Values) == 2 && e.Values[0] == "exit" && e.Values[1] == strconv.Itoa(exit)
	}
	return false
}
