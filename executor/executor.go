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

// result sums up a run that has nothing left that it may do.
func (x *Executor) result() (runbook.Result, string, error) {
	if x.State.Contingency() != "" {
		return x.rolledBack()
	}
	passed, reason := true, ""
	for _, t := range x.Plan.Steps() {
		switch st := x.State.Step(t.Slot.ID); st.Status {
		case runbook.StepSkippedOver, runbook.StepContinued, runbook.StepFailed:
			passed, reason = false, fmt.Sprintf("step %d was %s", t.Number, st.Status)
		}
	}
	for i := range x.Plan.Document.Slots {
		slot := &x.Plan.Document.Slots[i]
		f := x.State.Items[slot.ID]
		switch {
		case slot.Kind != runbook.ItemSlot || f == nil:
		case slot.Item == runbook.Criterion && f.Verdict == runbook.Pass:
			passed, reason = false, fmt.Sprintf("line %d: %q is so, and it is bad news", slot.Line, slot.Label)
		case slot.Item != runbook.Criterion && f.Verdict == runbook.Fail:
			passed, reason = false, fmt.Sprintf("line %d: %q failed", slot.Line, slot.Label)
		}
	}
	if why := x.adverse(); why != "" {
		passed, reason = false, why
	}
	switch {
	case !passed:
		return runbook.Failed, reason, nil
	case len(x.Plan.Left(x.State)) > 0:
		return runbook.Partial, "steps outside the selection are left", nil
	}
	return runbook.Passed, "", nil
}

// adverse tells of a choice by which a person has said that something failed.
func (x *Executor) adverse() string {
	for i := range x.Plan.Tasks {
		t := &x.Plan.Tasks[i]
		c := x.State.Choices[t.Slot.ID]
		if c == nil || t.Closing() || t.Contingency != "" || c.Option < 0 || c.Option >= len(t.Slot.Options) {
			continue
		}
		if chosen := t.Slot.Options[c.Option].Label; runbook.Adverse(chosen) {
			return fmt.Sprintf("line %d: %s: %s", t.Slot.Line, t.Slot.Label, chosen)
		}
	}
	return ""
}

// rolledBack sums up a run whose contingency was declared: what failed before is
// why.
func (x *Executor) rolledBack() (runbook.Result, string, error) {
	in := x.State.Contingency()
	for _, t := range x.Plan.Steps() {
		if t.Contingency != in {
			continue
		}
		switch st := x.State.Step(t.Slot.ID); st.Status {
		case runbook.StepSkippedOver, runbook.StepContinued, runbook.StepFailed:
			return runbook.Failed, fmt.Sprintf("step %d was %s", t.Number, st.Status), nil
		}
	}
	for i := range x.Plan.Tasks {
		t := &x.Plan.Tasks[i]
		f := x.State.Items[t.Slot.ID]
		if t.Contingency == in && f != nil && t.Slot.Kind == runbook.ItemSlot && t.Slot.Item != runbook.Criterion && f.Verdict == runbook.Fail {
			return runbook.Failed, fmt.Sprintf("line %d: %q failed", t.Slot.Line, t.Slot.Label), nil
		}
	}
	if len(x.Plan.Left(x.State)) > 0 {
		return runbook.Partial, "steps of the contingency are left", nil
	}
	return runbook.RolledBack, "", nil
}

// writeTries bounds how often a record is written anew because somebody wrote
// it in the moment before.
const writeTries = 5

// close settles what sums up the run, makes the stop durable and writes the
// record.
func (x *Executor) close(result runbook.Result, reason string) error {
	for try := 1; ; try++ {
		err := x.stop(result, reason)
		if err == nil && x.Checkpoint != nil {
			if err = x.Checkpoint(true); err != nil {
				err = fmt.Errorf("%w: %w", ErrRecording, err)
			}
		}
		if err == nil {
			return x.forget()
		}
		if !errors.Is(err, ErrChanged) || try == writeTries {
			return err
		}
	}
}

// stop gives back what was held, removes from all that is recorded what has
// turned out to be secret, and journals that the run stops. An error that is not ErrRecording says that
// the record must be left alone: something was written into it that cannot be
// adopted.
func (x *Executor) stop(result runbook.Result, reason string) error {
	edited := x.adopt(true)
	if errors.Is(edited, ErrRecording) {
		return edited
	}
	if edited != nil {
		result, reason = runbook.Held, edited.Error()
	}
	for i := range x.Plan.Tasks {
		if t := &x.Plan.Tasks[i]; t.Closing() && t.Contingency == "" {
			if err := x.sumUp(t, result); err != nil {
				return err
			}
		}
	}
	if err := x.release(); err != nil {
		return err
	}
	if err := x.sweep(); err != nil {
		return err
	}
	if err := x.queue(&runbook.RunStopped{Result: result, Reason: reason, Left: len(x.Plan.Left(x.State))}); err != nil {
		return err
	}
	// The seal is written together with the stop: one without the other is a
	// journal that lost its end.
	if err := x.commit(&runbook.RunSealed{Entries: x.State.Entries, Head: x.State.Head}); err != nil {
		return err
	}
	return edited
}

// adopt makes facts of what people wrote into the record.
func (x *Executor) adopt(final bool) error {
	if x.Adopt == nil {
		return nil
	}
	events, err := x.Adopt(final)
	if cerr := x.commit(events...); cerr != nil {
		return cerr
	}
	return err
}

// checkpoint writes the record between stops.
func (x *Executor) checkpoint(now bool) error {
	if err := x.flush(); err != nil {
		return err
	}
	if x.Checkpoint == nil {
		return nil
	}
	for try := 1; ; try++ {
		if err := x.adopt(now); err != nil {
			return err
		}
		err := x.Checkpoint(false)
		if err == nil {
			return nil
		}
		if !errors.Is(err, ErrChanged) || try == writeTries {
			return fmt.Errorf("%w: %w", ErrRecording, err)
		}
	}
}

// queue encodes events, masks them, and moves the state on by what the journal
// will hold. They become durable with the next flush.
func (x *Executor) queue(events ...runbook.Event) error {
	for _, e := range events {
		entry, line, err := x.encode(e)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrRecording, err)
		}
		if err := x.State.Apply(entry); err != nil {
			return fmt.Errorf("%w: %w", ErrRecording, err)
		}
		x.pending = append(x.pending, line)
	}
	return nil
}

// encode makes the line and reads it back: the state then rests on exactly
// what a later reader of the journal will see.
func (x *Executor) encode(e runbook.Event) (runbook.Entry, []byte, error) {
	line, _, err := runbook.EncodeEntry(x.State.Entries+1, x.head(), x.Clock(), x.Mask.Event(e))
	if err != nil {
		return runbook.Entry{}, nil, err
	}
	entry, err := runbook.DecodeEntry(line, eventTypes)
	return entry, line, err
}

var eventTypes = runbook.EventTypes()

func (x *Executor) head() runbook.Digest {
	if x.State.Entries == 0 {
		return runbook.Head(nil)
	}
	return x.State.Head
}

// flush makes everything queued durable, and the outputs that it tells of: side
// by side, for the disk then does both at little more than the price of one.
func (x *Executor) flush() error {
	var synced chan error
	if x.unsynced {
		x.unsynced = false
		synced = make(chan error, 1)
		go func() { synced <- x.Quarantine.Sync() }()
	}
	var err error
	if lines := x.pending; len(lines) > 0 {
		x.pending = nil
		err = x.Journal.Append(lines...)
	}
	if synced != nil {
		err = errors.Join(err, <-synced)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRecording, err)
	}
	return nil
}

func (x *Executor) commit(events ...runbook.Event) error {
	if err := x.queue(events...); err != nil {
		return err
	}
	return x.flush()
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
