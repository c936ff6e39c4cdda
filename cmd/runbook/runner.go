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

	"golang.org/x/sys/unix"

	"runbook/executor"
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

	heldBack string       // of status: where outputs lie that no stop has searched
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

	elsewhere []*journal.Lock // on the same record in other places
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
	if errs := slices.Concat(r.plan.Errors(), r.missingTools(), r.unmaskable()); len(errs) > 0 {
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
		return unwritable(err, "make it writable, or write the record elsewhere with --record")
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

// unwritable is why no record can be written: a file or directory that somebody
// has protected is a wrong choice, a read-only file system is one that cannot
// record.
func unwritable(err error, hint string) error {
	if errors.Is(err, unix.EROFS) {
		return &exitError{exitRecording, err, "nothing was run; " + hint}
	}
	return &exitError{exitUsage, err, hint}
}

// checkDir refuses a directory that can take no new file, before anything ran.
func checkDir(dir string) error {
	f, err := os.CreateTemp(dir, ".runbook-*")
	if err != nil {
		return unwritable(err, "the record and its run directory are written there")
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
	r.env.say("runbook: nothing to do: run %s of %s ended %s, %s\n", s.id, s.file, s.state.Latest.Format(time.RFC3339), s.state.Stopped.Result)
	r.env.say("  `runbook reset %s` turns it back into its template\n", s.file)
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
func (r *runner) run(ctx context.Context) (err error) {
	bash, err := r.registry.Engines["bash"]()
	if err != nil {
		return r.broken(err) // before the lock makes a directory
	}
	identity := r.identity(ctx)
	lock, err := journal.Acquire(r.session.runs, r.holder(identity))
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
	defer func() {
		if uerr := r.unlockElsewhere(); uerr != nil {
			err = errors.Join(err, uerr)
		}
	}()
	if err := r.lockElsewhere(ctx, r.holder(identity)); err != nil {
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
