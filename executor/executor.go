package executor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"runbook/runbook"
)

// A Journal keeps the run's lines. Append returns once they are durable; after
// an error it must refuse every further call.
type Journal interface {
	Append(lines ...[]byte) error
}

// An OutputStore keeps outputs that are too large for the journal.
type OutputStore interface {
	WriteOutput(name string, data []byte) error
	ReadOutput(name string) ([]byte, error)
}

// An Executor performs one run of one plan. Fill it in, call Run once. All its
// state is in State and the journal; nothing is kept elsewhere.
type Executor struct {
	Plan     *runbook.Plan
	State    *runbook.State // folded from the journal so far
	Journal  Journal
	Outputs  OutputStore
	Registry *Registry
	Engine   Engine // runs the steps; Run closes it

	Console  Console // nil: there is nobody to ask
	Confirm  bool    // ask before each step
	Progress Progress
	Clock    func() time.Time

	Identity runbook.Identity
	Root     string   // absolute; relative directories of the plan start here
	Env      []string // the environment of steps, sources and checks
	Private  string   // a directory for the engine's state, mode 0700
	Mask     *Mask
	// Quarantine keeps outputs until the run stops; nil: in memory.
	Quarantine Quarantine
	// Resolve is a person's word, given beforehand, on steps whose outcome is
	// unknown.
	Resolve map[runbook.ID]Decision
	// AcceptDrift is a person's word, with the Reason, that scripts may be used
	// as they are found when the run goes on.
	AcceptDrift bool
	Reason      string
	// Timeout bounds one question to a source or a check that the plan has no
	// limit for.
	Timeout time.Duration
	// After is time.After; tests have one that does not wait.
	After func(time.Duration) <-chan time.Time
	// Adopt returns what people have written into the record by hand since it was
	// last written, as events. It is called before the run's result is found and
	// before each Checkpoint. Its error stops the run, and the record is then
	// left alone. Nil: nobody writes there.
	Adopt func(final bool) ([]runbook.Event, error)
	// Checkpoint is called when the record could be written anew: after each
	// step, and with final set when the run stops. Its error stops the run, but
	// for ErrChanged, after which Adopt is called again.
	Checkpoint func(final bool) error

	pending  [][]byte               // encoded entries that are not durable yet
	unsynced bool                   // an output is held that is not durable yet
	released []string               // outputs that the record has, and quarantine too
	printed  map[string]*heldOutput // small outputs that are held, by name
	fresh    map[string]bool        // files of the run directory that this stop has written
	before   int                    // secrets known before the run, which are not to be kept
	recalled int                    // secrets that quarantine holds
	exported map[string]string
	secrets  map[string]bool   // directories whose secrets are learned
	values   map[string]string // of placeholders that the journal holds masked
	edits    []runbook.Event   // of the step that is about to start
	scripts  scriptReads
	foreign  map[string]bool // scripts that somebody had changed before the command under way, by path
	epoch    int
	section  int // the last one shown
}

// ErrRecording wraps every failure to write the journal, an output or the
// record. Nothing further may take effect after it.
var ErrRecording = errors.New("recording")

// ErrChanged is what Checkpoint's error wraps when somebody wrote the record in
// the moment since Adopt looked.
var ErrChanged = errors.New("the record was changed meanwhile")

// Run begins the run with the opening events (run.started or run.resumed
// first), does all that is ready, and closes it with run.stopped. The result
// is the run's; an error means that it could not be recorded, or that the
// engine lost sight of a step.
func (x *Executor) Run(ctx context.Context, opening ...runbook.Event) (runbook.Result, error) {
	x.secrets, x.values = map[string]bool{}, map[string]string{}
	x.section = -1
	if x.Mask == nil {
		x.Mask = &Mask{}
	}
	if x.Quarantine == nil {
		x.Quarantine = &memoryQuarantine{}
	}
	x.printed = map[string]*heldOutput{}
	if err := x.recall(); err != nil {
		return "", errors.Join(err, x.Engine.Close())
	}
	if err := x.commit(opening...); err != nil {
		return "", errors.Join(err, x.Engine.Close())
	}
	if len(opening) > 1 {
		// What was adopted shows at once, and is not found a second time.
		if err := x.checkpoint(true); err != nil {
			return "", errors.Join(err, x.Engine.Close())
		}
	}
	result, reason, err := x.loop(ctx)
	if cerr := x.Engine.Close(); err == nil && cerr != nil {
		err = fmt.Errorf("closing the engine: %w", cerr)
	}
	if err != nil && errors.Is(err, ErrRecording) {
		return "", err
	}
	if err != nil {
		result, reason = runbook.Held, err.Error()
	}
	if result == runbook.Interrupted && len(x.Plan.Left(x.State)) == 0 {
		// Every step is behind the run: stopping at a question changes nothing.
		if result, reason, err = x.result(); err != nil {
			return "", err
		}
	}
	if cerr := x.close(result, reason); cerr != nil {
		return result, cerr
	}
	return result, err
}

// loop does what is ready until nothing is, or something stops the run.
func (x *Executor) loop(ctx context.Context) (runbook.Result, string, error) {
	if stop, reason, err := x.resolve(ctx); stop != "" || err != nil {
		return stop, reason, err
	}
	if stop, reason, err := x.pins(ctx, nil); stop != "" || err != nil {
		return stop, reason, err
	}
	if err := errors.Join(x.findPlans(ctx), x.findScripts()); err != nil {
		return "", "", err
	}
	for {
		if ctx.Err() != nil {
			return runbook.Interrupted, "interrupted", nil
		}
		ready := x.Plan.Ready(x.State)
		if len(ready) == 0 {
			if err := x.adopt(true); err != nil {
				return "", "", err
			}
			return x.result()
		}
		var stop runbook.Result
		var reason string
		var err error
		if ready[0].Number > 0 {
			stop, reason, err = x.step(ctx, ready[0])
		} else {
			stop, reason, err = x.observe(ctx, ready)
		}
		if err != nil || stop != "" {
			return stop, reason, err
		}
	}
}

// environment is what steps, sources and checks see: the run's own, with what
// the steps have exported since.
func (x *Executor) environment() []string {
	env := append([]string(nil), x.Env...)
	for k, v := range x.exported {
		env = append(env, k+"="+v)
	}
	return env
}
