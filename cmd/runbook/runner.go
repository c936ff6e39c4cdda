package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"runbook/executor"
	"runbook/executor/engine"
	"runbook/runbook"
	"runbook/runbook/journal"
)

// A runner carries one exec from its flags to its exit code.
type runner struct {
	env      *environment
	o        *execOptions
	person   *terminalConsole
	registry *executor.Registry
	resolve  map[runbook.ID]executor.Decision

	standing bool         // the summary is status's: also how old it is, and who must act
	declared *declaration // what rollback declares; nil: exec

	given    []executor.Secret // the values of --secret and of the sidecar's secrets
	session  *session
	plan     *runbook.Plan
	adopted  []runbook.Event // what was written into the record by hand before this part of the run
	longDiff []byte          // of a drift.accepted among them, where the event is too small for it
	written  []byte          // what the record's file holds; nil: it is not there yet
	layout   *runbook.Layout // what the run wrote there
	cost     time.Duration   // of writing the record
	wrote    time.Time
}

// prepare finds the run and makes its plan; it changes nothing.
func (r *runner) prepare(ctx context.Context, file string) error {
	s, err := openEdited(file, r.o.record)
	if err != nil {
		return err
	}
	r.session = s
	if r.adopted, err = r.handEdits(ctx); err != nil {
		return err
	}
	if r.declared != nil {
		if err := r.declared.prepare(r); err != nil {
			return err
		}
	}
	if r.plan, err = r.o.plan(s, r.registry); err != nil {
		return err
	}
	if want := r.o.expect; want != "" && want != string(r.plan.Review()) {
		return usagef("look at `runbook plan "+file+"` again", "%s is not what was reviewed: it is %s, and --expect says %s", file, r.plan.Review(), want)
	}
	if errs := append(r.plan.Errors(), r.missingTools()...); len(errs) > 0 {
		return r.env.problems(file, errs)
	}
	if err := r.mainPathEnded(); err != nil {
		return err
	}
	words := map[runbook.ID]executor.Decision{}
	for name, word := range r.resolve {
		t := r.plan.StepNamed(string(name))
		if t == nil {
			return usagef("`runbook plan FILE` lists the steps", "--resolve: there is no step %q", name)
		}
		words[t.Slot.ID] = word
	}
	r.resolve = words
	if err := journal.CheckWritable(s.place.path); err != nil && s.inPlace() {
		return &exitError{exitUsage, err, "make it writable, or write the record elsewhere with --record"}
	}
	if !s.inPlace() {
		return checkDir(filepath.Dir(s.target))
	}
	return nil
}

// certainTools are the programs whose absence is reported before anything runs,
// where a command begins with one. Others may be functions, or installed by an
// earlier step.
var certainTools = []string{"terraform", "tofu", "aws", "kubectl", "helm", "docker", "gcloud", "az", "node", "npm", "pnpm", "yarn"}

// missingTools reports the programs that steps are certain to need and that
// are not installed.
func (r *runner) missingTools() []runbook.Problem {
	var problems []runbook.Problem
	seen := map[string]bool{}
	installs := false
	for _, t := range r.plan.Steps() {
		if !t.Selected || t.Skip || r.session.state != nil && r.session.state.Step(t.Slot.ID).Over() {
			continue
		}
		for _, c := range t.Script.Commands {
			installs = installs || strings.Contains(c.Text, "install")
			tool, _, _ := strings.Cut(c.Text, " ")
			if installs || seen[tool] || !slices.Contains(certainTools, tool) {
				continue
			}
			seen[tool] = true
			if _, err := exec.LookPath(tool); err != nil {
				problems = append(problems, runbook.Problem{Severity: runbook.Error, Code: "missing-tool", Line: c.Line,
					Message: fmt.Sprintf("step %d needs %s, which is not installed", t.Number, tool), Hint: "install " + tool + ", or put it into PATH"})
			}
		}
	}
	return problems
}

// checkDir refuses a directory that can take no new file, before anything ran.
func checkDir(dir string) error {
	f, err := os.CreateTemp(dir, ".runbook-*")
	if err != nil {
		return &exitError{exitUsage, err, "the record and its run directory are written there"}
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// nothingLeft reports a finished run to which this exec can add nothing.
func (r *runner) nothingLeft() bool {
	s := r.session
	if !s.finished() || s.aside || !s.stated() || s.home != "" || s.signedApart() {
		return false
	}
	return r.nothingToAdd()
}

// nothingToAdd reports a run, finished, of which this exec knows no more than
// its journal.
func (r *runner) nothingToAdd() bool {
	s := r.session
	if !s.finished() || len(r.adopted) > 0 || len(r.declare()) > 0 {
		return false
	}
	if r.plan.Unanswered(s.state) {
		return false
	}
	if r.person != nil {
		return len(runbook.Open(s.doc, s.state)) == 0
	}
	for i := range r.plan.Tasks {
		t := &r.plan.Tasks[i]
		if g := t.Binding.Given; g != nil && g.Source != "journal" && !r.settled(t) {
			return false
		}
	}
	return true
}

func (r *runner) settled(t *runbook.Task) bool {
	st := r.session.state
	id := t.Slot.ID
	if f := st.Items[id]; f != nil && (f.Verdict == runbook.Unknown || f.Verdict == runbook.DeferredItem) {
		return f.Verdict == t.Binding.Given.Verdict
	}
	return st.Fields[id] != nil || st.Items[id] != nil || st.Choices[id] != nil
}

func (r *runner) alreadyComplete() error {
	s := r.session
	fmt.Fprintf(r.env.stderr, "runbook: nothing to do: run %s of %s ended %s, %s\n", s.id, s.file, s.state.Latest.Format(time.RFC3339), s.state.Stopped.Result)
	fmt.Fprintf(r.env.stderr, "  `runbook reset %s` turns it back into its template\n", s.file)
	if err := r.summary(s.state); err != nil {
		return err
	}
	return exitFor(s.state.Stopped.Result)
}

// exitFor is the exit code of a run's result; the result itself was told.
func exitFor(result runbook.Result) error {
	switch result {
	case runbook.Passed, runbook.Partial, runbook.RolledBack:
		return nil
	case runbook.Failed:
		return &exitError{Code: exitFailed}
	case runbook.Interrupted:
		return &exitError{Code: exitInterrupted}
	}
	return &exitError{Code: exitHeld}
}

// run takes the lock, begins or resumes, and performs the plan.
func (r *runner) run(ctx context.Context) error {
	bash, err := r.registry.Engines["bash"]()
	if err != nil {
		return r.broken(err) // before the lock makes a directory
	}
	identity := r.identity(ctx)
	lock, err := journal.Acquire(r.session.runs, journal.Holder{
		Host: identity.Host, User: identity.User, PID: identity.PID, Run: r.session.id, Since: time.Now().UTC(),
	})
	var held *journal.HeldError
	if errors.As(err, &held) {
		return &exitError{exitHeld, err, "wait for it; nothing was run here"}
	}
	if err != nil {
		return &exitError{exitRecording, err, ""}
	}
	defer lock.Close()
	if err := r.checkSpace(); err != nil {
		return err
	}
	// Another run may have come and gone between the look and the lock.
	before := len(r.session.entries)
	if err := r.prepare(ctx, r.session.file); err != nil {
		return err
	}
	if len(r.session.entries) != before && r.nothingLeft() {
		return r.alreadyComplete()
	}
	if r.session.id != "" && r.session.state.Sealed && r.nothingToAdd() {
		return r.mend(ctx)
	}
	return r.perform(ctx, identity, lock, bash)
}

// mend writes what is missing of a finished run: the record, its statement,
// signatures that lie apart. The run itself does not go on.
func (r *runner) mend(ctx context.Context) error {
	s := r.session
	dir, err := journal.OpenRun(s.runs, s.id)
	if err != nil {
		return &exitError{exitRecording, err, ""}
	}
	defer dir.Close()
	if err := s.rewrite(dir); err != nil {
		return &exitError{exitRecording, err, ""}
	}
	g := &signing{env: r.env, o: &signOptions{fold: true}, s: s}
	if g.allowed, err = r.env.allowedSigners(ctx, s.place.root, ""); err != nil {
		return err
	}
	if s.signedApart() {
		err := g.find()
		if err == nil {
			err = g.foldPending()
		}
		if g.dir != nil {
			err = errors.Join(err, g.dir.Close())
		}
		if err != nil {
			return err
		}
	}
	return r.alreadyComplete()
}

func (r *runner) perform(ctx context.Context, identity runbook.Identity, lock *journal.Lock, bash executor.Engine) error {
	s := r.session
	if s.id != "" && r.declared == nil && r.shellLost() && !r.o.freshShell {
		return &exitError{exitHeld, fmt.Errorf("run %s: the variables and functions that its earlier steps set are not on this machine (%s)", s.id, r.privatePath()),
			"go on where and as whom it ran before; or add --fresh-shell to go on without them, which the record will say"}
	}
	env := r.stepEnvironment()
	for _, secret := range r.given {
		env = append(env, secret.Name+"="+secret.Value)
	}
	mask := environmentMask(env, identity.Operator, identity.User, identity.Host)
	mask.Learn(r.given...)
	r.env.known.become(mask)
	opening, err := r.begin(ctx, identity, engine.Dropped(env), mask)
	if err != nil {
		return err
	}
	if s.home == "" && r.needsShelter() {
		if lock, err = r.shelter(ctx, journal.Holder{Host: identity.Host, User: identity.User, PID: identity.PID, Run: s.id, Since: time.Now().UTC()}); err != nil {
			return &exitError{exitRecording, err, "nothing was run"}
		}
		defer lock.Close()
	}
	dir, err := journal.OpenRun(s.runs, s.id)
	if err != nil {
		return &exitError{exitRecording, err, ""}
	}
	defer dir.Close()
	if err := r.saveDrift(dir); err != nil {
		return &exitError{exitRecording, err, ""}
	}
	file, lines, err := journal.Open(dir.JournalPath())
	if err != nil {
		return &exitError{exitRecording, err, ""}
	}
	defer file.Close()
	signed, err := r.takeIn(ctx, dir, lines.Whole)
	if err != nil {
		return err
	}
	opening = append(opening, signed...)
	if err := lock.Describe(journal.Holder{Host: identity.Host, User: identity.User, PID: identity.PID, Run: s.id, Since: time.Now().UTC()}); err != nil {
		return &exitError{exitRecording, err, ""}
	}
	private, err := r.private()
	if err != nil {
		return err
	}
	r.written, r.layout = s.current, s.layout
	if r.layout == nil {
		if r.layout, err = runbook.LayOut(s.doc, runbook.NewState()); err != nil {
			return err
		}
	}
	quarantine := journal.NewQuarantine(private + held)
	env = append(env, "AWS_SDK_UA_APP_ID=runbook-"+s.id, "TF_APPEND_USER_AGENT=runbook/"+s.id)
	x := &executor.Executor{
		Plan: r.plan, State: s.state, Journal: &guarded{file: file, lock: lock, template: s.template, lines: lines.Whole, rescue: filepath.Join(private, "rescued")}, Outputs: dir, Registry: r.registry, Engine: bash,
		Progress: newProgress(r.env, r.o, s, mask), Clock: time.Now, Identity: identity, Root: s.place.root,
		Env: env, Private: private, Mask: mask, Resolve: r.resolve, Timeout: 20 * time.Second,
		Adopt:      func(final bool) ([]runbook.Event, error) { return r.handEditsSince(ctx, final) },
		Quarantine: quarantine,
		Checkpoint: func(final bool) error { return r.checkpoint(dir, final) },
	}
	if r.person != nil {
		x.Console, x.Confirm = r.person, !r.o.yes
		r.person.plan = r.plan
	}
	ctx, stop := r.signals(ctx, bash)
	defer stop()
	if r.person != nil {
		r.person.interrupted = ctx.Done()
	}
	result, err := x.Run(ctx, append(opening, r.waivers(mask, identity.Operator)...)...)
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
			fmt.Fprintf(r.env.stderr, "runbook: removing the run's private state: %v\n", err)
		}
	}
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
