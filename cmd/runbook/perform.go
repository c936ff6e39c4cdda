package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"runbook/executor"
	"runbook/executor/engine"
	"runbook/runbook"
	"runbook/runbook/journal"
)

// An openRun is what a run holds open while it is performed. Its journal, its
// directory and, where the record had to get out of git's way, the shelter's
// lock are closed when the performance ends.
type openRun struct {
	lock      *journal.Lock
	sheltered bool
	dir       *journal.RunDir
	journal   *journal.Journal
	lines     [][]byte // of the journal, as they were found
	private   string   // the run's private directory
}

func (o *openRun) close() error {
	var err error
	if o.journal != nil {
		err = o.journal.Close()
	}
	if o.dir != nil {
		err = errors.Join(err, o.dir.Close())
	}
	if o.sheltered {
		err = errors.Join(err, o.lock.Close())
	}
	return err
}

// perform begins or resumes the run, and carries it to its end or to where it
// stops.
func (r *runner) perform(ctx context.Context, identity runbook.Identity, lock *journal.Lock, bash executor.Engine) error {
	s := r.session
	if s.id != "" && r.declared == nil && r.shellLost() && !r.o.freshShell {
		return &exitError{exitHeld, fmt.Errorf("run %s: the variables and functions that its earlier steps set are not on this machine (%s)", s.id, r.privatePath()),
			"go on where and as whom it ran before; or add --fresh-shell to go on without them, which the record will say"}
	}
	env := stepEnvironment(r.env, r.plan)
	for _, secret := range r.given {
		env = append(env, secret.Name+"="+secret.Value)
	}
	mask := environmentMask(env, identity.Operator, identity.User, identity.Host)
	mask.Learn(r.given...)
	r.env.known.become(mask)
	_, dropped := engine.Inherited(r.env.vars)
	opening, err := r.begin(ctx, identity, append(dropped, engine.Dropped(env)...), mask)
	if err != nil {
		return err
	}
	open, err := r.open(ctx, identity, lock)
	if err != nil {
		return err
	}
	defer open.close()
	changed, err := r.residecar(open.dir, mask, identity.Operator)
	if err != nil {
		return err
	}
	signed, err := r.takeIn(ctx, open.dir, open.lines)
	if err != nil {
		return err
	}
	opening = slices.Concat(opening, changed, signed, r.waivers(mask, identity.Operator), r.treeMoves())

	x := r.executor(ctx, open, identity, mask)
	x.Engine = bash
	x.Env = append(env, "AWS_SDK_UA_APP_ID=runbook-"+s.id, "TF_APPEND_USER_AGENT=runbook/"+s.id)
	ctx, stop := r.signals(ctx, bash)
	defer stop()
	if r.person != nil {
		x.Console, x.Confirm = r.person, !r.o.yes
		r.person.plan = r.plan
		r.person.interrupted = ctx.Done()
	}
	result, err := x.Run(ctx, opening...)
	return r.ended(ctx, result, err)
}

// treeMoves warns of commands that move the work tree that the record stands in,
// and notes them for the record. A rollback keeps the record out of their way.
func (r *runner) treeMoves() []runbook.Event {
	s := r.session
	if r.declared != nil || s.home != "" {
		return nil
	}
	for _, move := range r.plan.TreeMoves(s.state) {
		r.env.say("runbook: %s: it moves the git work tree that %s stands in\n", runbook.Visible(move), s.file)
	}
	if len(r.plan.TreeMoves(s.state)) > 0 {
		r.env.say("  %s\n", runbook.TreeHint)
	}
	if note := r.plan.MovedTree(s.state); note != nil {
		return []runbook.Event{note}
	}
	return nil
}

// holder says to others who has the run's lock.
func (r *runner) holder(identity runbook.Identity) journal.Holder {
	return journal.Holder{Host: identity.Host, User: identity.User, PID: identity.PID, Run: r.session.id, Since: time.Now().UTC()}
}

// open opens the begun run's files under the lock that is its own. An error
// leaves none of them open.
func (r *runner) open(ctx context.Context, identity runbook.Identity, lock *journal.Lock) (_ *openRun, err error) {
	s := r.session
	o := &openRun{lock: lock}
	defer func() {
		if err != nil {
			err = errors.Join(err, o.close())
		}
	}()
	if s.home == "" && r.needsShelter() {
		lock, err := r.shelter(ctx, r.holder(identity))
		if err != nil {
			return nil, &exitError{exitRecording, err, "nothing was run"}
		}
		o.lock, o.sheltered = lock, true
	}
	if o.dir, err = journal.OpenRun(s.runs, s.id); err != nil {
		return nil, &exitError{exitRecording, err, ""}
	}
	if err := r.saveDrift(o.dir); err != nil {
		return nil, &exitError{exitRecording, err, ""}
	}
	var lines journal.Lines
	if o.journal, lines, err = journal.Open(o.dir.JournalPath()); err != nil {
		return nil, &exitError{exitRecording, err, ""}
	}
	o.lines = lines.Whole
	if err := errors.Join(o.lock.Describe(r.holder(identity)), r.describeElsewhere(r.holder(identity))); err != nil {
		return nil, &exitError{exitRecording, err, ""}
	}
	if o.private, err = r.private(); err != nil {
		return nil, err
	}
	r.written, r.layout = s.current, s.layout
	if r.layout == nil {
		if r.layout, err = runbook.LayOut(s.doc, runbook.NewState()); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// executor is what performs the plan on the open run, but for its engine,
// environment and console.
func (r *runner) executor(ctx context.Context, o *openRun, identity runbook.Identity, mask *executor.Mask) *executor.Executor {
	s := r.session
	return &executor.Executor{
		Plan:       r.plan,
		State:      s.state,
		Journal:    &guarded{file: o.journal, lock: o.lock, template: s.template, lines: o.lines, rescue: filepath.Join(o.private, "rescued")},
		Outputs:    o.dir,
		Quarantine: journal.NewQuarantine(o.private + held),
		Registry:   r.registry,
		Progress:   newProgress(r.env, r.o, s, mask),
		Clock:      time.Now,
		Identity:   identity,
		Root:       s.place.root,
		Private:    o.private,
		Mask:       mask,
		Resolve:    r.resolve,
		Timeout:    20 * time.Second,

		AcceptDrift: r.o.drift,
		Reason:      r.o.reason,

		Adopt:      func(final bool) ([]runbook.Event, error) { return r.handEditsSince(ctx, final) },
		Checkpoint: func(final bool) error { return r.checkpoint(o.dir, final) },
	}
}

// ended puts away what only a running run needs, tells how it stands, and
// gives the exit code.
func (r *runner) ended(ctx context.Context, result runbook.Result, err error) error {
	s := r.session
	if s.home != "" && !errors.Is(err, executor.ErrRecording) {
		if perr := r.putBack(context.WithoutCancel(ctx)); perr != nil {
			return &exitError{exitRecording, perr, "the run is whole in " + s.runs + "; the same command puts it back from there"}
		}
	}
	var drift *runbook.DriftError
	if errors.As(err, &drift) && s.state.Stopped != nil {
		return errors.Join(r.summary(s.state), r.drifted(drift))
	}
	if err != nil {
		return r.broken(err)
	}
	if s.finished() || s.state.Stopped.Left == 0 {
		// The shell's state may hold values that only a resumption needs.
		if err := r.env.dropPrivate(s.place, s.id); err != nil {
			r.env.say("runbook: removing the run's private state: %v\n", err)
		}
	}
	r.tellInText()
	told := r.summary(s.state)
	if err := exitFor(result); err != nil {
		return err // it outranks that nobody could be told, as when the terminal is gone
	}
	return told
}

// broken turns a run's error into an exit code and a hint.
func (r *runner) broken(err error) error {
	var missing *engine.Unavailable
	var lost *lostError
	switch {
	case errors.As(err, &missing):
		return &exitError{exitUsage, err, missing.Hint}
	case errors.As(err, &lost):
		return &exitError{exitRecording, err, "nothing further was started; put both files back into " + filepath.Join(r.session.runs, r.session.id) + " and exec goes on from there; without them it would begin anew"}
	case errors.Is(err, executor.ErrRecording):
		return &exitError{exitRecording, err, "nothing further was started; what was recorded before is intact; the same exec goes on from there"}
	}
	return &exitError{exitHeld, err, ""}
}
