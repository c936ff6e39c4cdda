package executor

import (
	"context"
	"errors"
	"time"

	"runbook/runbook"
)

// A Source produces values for blanks, one query at a time or several side by
// side. It must respect ctx, and gives a value only when it is sure of it: an
// empty answer is an error.
type Source interface {
	Info() runbook.Info
	Value(ctx context.Context, q Query) (Value, error)
}

// A Check decides a claim. An error means unanswered; it never means no.
type Check interface {
	Info() runbook.Info
	Check(ctx context.Context, q Query) (Finding, error)
}

// A Validator is a source or a check that can tell from its arguments alone
// that a question could never be answered: an expression with a misspelt name.
// Plans ask it, so that this shows before anything runs.
type Validator interface {
	Validate(args map[string]string) error
}

// ErrUnanswered is the error, wrapped, of a source or check that had nobody to
// ask or nothing to go by: the slot stays open, and nothing went wrong.
var ErrUnanswered = errors.New("waits for a person")

// ErrStop is the error, wrapped, of an ask source or check whose person wants
// the run to stop here.
var ErrStop = errors.New("stopped by the operator")

// A Query is what a source or a check is asked, and the facts it may use. It
// must not change what it points to.
type Query struct {
	Task     *runbook.Task
	Args     map[string]string
	Document *runbook.Document
	State    *runbook.State
	Result   runbook.Result // at the end of a run; empty before
	Operator string
	Root     string   // absolute: what relative directories in Args are relative to
	Env      []string // KEY=VALUE, as the steps see it
	// Epoch changes whenever a command has run: what was learned in one epoch
	// may be reused within it.
	Epoch int
	Now   time.Time
	// Output returns what a command of a step has printed, masked, and whether
	// that is the whole: while the run goes on, State does not hold it.
	Output func(step runbook.ID, command int) (text string, whole bool)
}

// A Value fills a blank.
type Value struct {
	Text      string
	Detail    string // where it comes from, for the record
	By        string // the person who gave it
	Sensitive bool   // never journaled: the blank stays open
	Notes     []*runbook.Noted
}

// A Finding is the conclusion of a check.
type Finding struct {
	Verdict  runbook.Verdict
	Evidence string // what it rests on, in a line
	By       string // the person, for an attestation
	Note     string
	// Seen is the file whose content was judged, where a later command acts on
	// it: a saved plan. As is "judged".
	Seen *runbook.FileSeen
}

// A Secret is a value that must not reach the record. Name says in its place
// what it was.
type Secret struct {
	Name  string
	Value string
}

// A Learner is a source that can tell which values commands may have printed
// are secret. The executor asks it after each command that touches its
// subject, and before that command's output is recorded.
type Learner interface {
	// Secrets returns the secrets that a command run in dir could print.
	Secrets(ctx context.Context, dir string, env []string) ([]Secret, error)
}
