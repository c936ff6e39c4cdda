package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"runbook/executor"
	"runbook/executor/engine"
	"runbook/runbook"
	"runbook/runbook/journal"
)

// execOptions are the flags of exec beside those that decide the plan.
type execOptions struct {
	planFlags
	dryRun     bool
	yes        bool
	noInput    bool
	record     string
	operator   string
	resolve    []string
	reason     string
	freshShell bool
	noColor    bool
	quiet      bool
	verbose    bool
}

func newExec(env *environment) *cobra.Command {
	o := &execOptions{}
	cmd := &cobra.Command{
		Use:   "exec FILE",
		Short: "Run a checklist and complete it",
		Long: `exec runs the checklist's steps in document order, settles its items, fills its
blanks, and writes all of it into the document, which becomes its own record.
A run that was stopped, for any reason, is continued by the same command.`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.dryRun {
				return runPlan(env, &o.planFlags, args[0], o.record)
			}
			return runExec(cmd.Context(), env, o, args[0])
		},
	}
	o.register(cmd)
	flags := cmd.Flags()
	flags.BoolVarP(&o.dryRun, "dry-run", "n", false, "print the plan; run nothing, contact nothing, write nothing")
	flags.BoolVarP(&o.yes, "yes", "y", false, "run steps without asking before each; never answers for a person")
	flags.BoolVar(&o.noInput, "no-input", false, "never prompt: what would be asked stays open")
	flags.StringVarP(&o.record, "record", "o", "", "write the record to this `file` and leave FILE untouched")
	flags.StringVar(&o.operator, "operator", "", "who runs it (default: the git identity, then the account's `name`)")
	flags.StringArrayVar(&o.resolve, "resolve", nil, "`ID=done|failed|again` for a step whose outcome is unknown; needs --reason")
	flags.BoolVar(&o.freshShell, "fresh-shell", false, "go on with a run without the variables and functions of its earlier part; recorded")
	flags.StringVar(&o.reason, "reason", "", "why, for --resolve")
	flags.BoolVar(&o.noColor, "no-color", false, "no colours")
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "no progress: only problems and the summary")
	flags.BoolVarP(&o.verbose, "verbose", "v", false, "also show what stays open while it runs")
	return cmd
}

// runExec is exec without the dry run.
func runExec(ctx context.Context, env *environment, o *execOptions, file string) error {
	if err := o.check(); err != nil {
		return err
	}
	resolutions, err := o.resolutions()
	if err != nil {
		return err
	}
	person, err := o.person(env)
	if err != nil {
		return err
	}
	r := &runner{env: env, o: o, person: person, registry: builtin(person), resolve: resolutions}
	if err := r.prepare(file); err != nil {
		return err
	}
	if r.nothingLeft() {
		return r.alreadyComplete()
	}
	debug.SetGCPercent(100) // a run is long, and its memory is bounded
	return r.run(ctx)
}

// person opens the terminal for questions, or says why the run needs one.
func (o *execOptions) person(env *environment) (*terminalConsole, error) {
	in, tty := terminal(env.stdin)
	if !o.yes && (!tty || o.noInput) {
		return nil, usagef("look at `runbook plan FILE`, then add --yes",
			"there is no terminal to ask before each step, and --yes was not given")
	}
	if !tty || o.noInput {
		return nil, nil
	}
	return newTerminalConsole(in, env.stderr, env.get("EDITOR")), nil
}

// resolutions reads --resolve.
func (o *execOptions) resolutions() (map[runbook.ID]executor.Decision, error) {
	words := map[runbook.ID]executor.Decision{}
	for _, r := range o.resolve {
		i := strings.LastIndexByte(r, '=')
		if i < 0 {
			return nil, usagef("", "--resolve %q is not of the form ID=done|failed|again", r)
		}
		word := executor.Choice(r[i+1:])
		if !slices.Contains([]executor.Choice{executor.Done, executor.Bad, executor.Again}, word) {
			return nil, usagef("", "--resolve: %q is not done, failed or again", word)
		}
		if strings.TrimSpace(o.reason) == "" {
			return nil, usagef("the record keeps it", "--resolve needs --reason")
		}
		words[runbook.ID(r[:i])] = executor.Decision{Do: word, Reason: o.reason}
	}
	return words, nil
}

// A runner carries one exec from its flags to its exit code.
type runner struct {
	env      *environment
	o        *execOptions
	person   *terminalConsole
	registry *executor.Registry
	resolve  map[runbook.ID]executor.Decision

	session *session
	plan    *runbook.Plan
	written []byte // the record as it was last written; nil: not there yet
	cost    time.Duration
	wrote   time.Time
}

// prepare finds the run and makes its plan; it changes nothing.
func (r *runner) prepare(file string) error {
	s, err := openSession(file, r.o.record)
	if err != nil {
		return err
	}
	r.session = s
	if r.plan, err = r.o.plan(s, r.registry); err != nil {
		return err
	}
	if errs := append(r.plan.Errors(), r.missingTools()...); len(errs) > 0 {
		return r.env.problems(file, errs)
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
	if !s.finished() || s.aside {
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
	case runbook.Passed, runbook.Partial:
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
	// Another run may have come and gone between the look and the lock.
	before := len(r.session.entries)
	if err := r.prepare(r.session.file); err != nil {
		return err
	}
	if len(r.session.entries) != before && r.nothingLeft() {
		return r.alreadyComplete()
	}
	return r.perform(ctx, identity, lock, bash)
}

func (r *runner) perform(ctx context.Context, identity runbook.Identity, lock *journal.Lock, bash executor.Engine) error {
	s := r.session
	if s.id != "" && r.shellLost() && !r.o.freshShell {
		return &exitError{exitHeld, fmt.Errorf("run %s: the variables and functions that its earlier steps set are not on this machine (%s)", s.id, r.privatePath()),
			"go on where and as whom it ran before; or add --fresh-shell to go on without them, which the record will say"}
	}
	env := r.stepEnvironment()
	opening, err := r.begin(ctx, identity, engine.Dropped(env))
	if err != nil {
		return err
	}
	dir, err := journal.OpenRun(s.runs, s.id)
	if err != nil {
		return &exitError{exitRecording, err, ""}
	}
	defer dir.Close()
	file, lines, err := journal.Open(dir.JournalPath())
	if err != nil {
		return &exitError{exitRecording, err, ""}
	}
	defer file.Close()
	if err := lock.Describe(journal.Holder{Host: identity.Host, User: identity.User, PID: identity.PID, Run: s.id, Since: time.Now().UTC()}); err != nil {
		return &exitError{exitRecording, err, ""}
	}
	private, err := r.private()
	if err != nil {
		return err
	}
	r.written = s.current
	env = append(env, "AWS_SDK_UA_APP_ID=runbook-"+s.id, "TF_APPEND_USER_AGENT=runbook/"+s.id)
	x := &executor.Executor{
		Plan: r.plan, State: s.state, Journal: &guarded{file: file, lock: lock, template: s.template, lines: lines.Whole, rescue: filepath.Join(private, "rescued")}, Outputs: dir, Registry: r.registry, Engine: bash,
		Progress: newProgress(r.env, r.o, s), Clock: time.Now, Identity: identity, Root: s.place.root,
		Env: env, Private: private, Mask: environmentMask(env), Resolve: r.resolve, Timeout: 20 * time.Second,
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
	result, err := x.Run(ctx, opening...)
	if err != nil {
		return r.broken(err)
	}
	if s.finished() || s.state.Stopped.Left == 0 {
		// The shell's state may hold values that only a resumption needs.
		if err := os.RemoveAll(private); err != nil {
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

// begin makes a new run, or returns the events that open a resumption.
func (r *runner) begin(ctx context.Context, identity runbook.Identity, dropped []string) ([]runbook.Event, error) {
	s := r.session
	if s.id != "" {
		fmt.Fprintf(r.env.stderr, "runbook: going on with run %s, last active %s ago: %s\n", s.id, time.Since(s.state.Latest).Round(time.Second), whereItWas(r.plan, s.state))
		if s.torn > 0 {
			fmt.Fprintf(r.env.stderr, "runbook: the journal's last line was cut off (%d bytes); it is kept beside the journal and was never acted on\n", s.torn)
		}
		return []runbook.Event{&runbook.RunResumed{Identity: identity, Fresh: r.shellLost()}}, nil
	}
	now := time.Now()
	id, err := journal.NewRunID(now, rand.Reader)
	if err != nil {
		return nil, &exitError{exitRecording, err, ""}
	}
	plan, err := r.plan.JSON(nil)
	if err != nil {
		return nil, err
	}
	start := &runbook.RunStarted{
		Run: id, Format: runbook.RecordFormat, Document: filepath.Base(s.place.path), Template: s.doc.Digest(), Plan: runbook.DigestOf(plan),
		Identity: identity, Repository: repository(ctx, s.place), Dropped: dropped,
	}
	line, _, err := runbook.EncodeEntry(1, runbook.Head(nil), now, start)
	if err != nil {
		return nil, &exitError{exitRecording, err, ""}
	}
	entry, err := runbook.DecodeEntry(line, runbook.EventTypes())
	if err != nil {
		return nil, &exitError{exitRecording, err, ""}
	}
	dir, err := journal.CreateRun(s.runs, id, s.template, line)
	if err != nil {
		return nil, &exitError{exitRecording, err, ""}
	}
	s.id, s.state, s.entries = id, runbook.NewState(), []runbook.Entry{entry}
	return nil, errors.Join(dir.Close(), s.state.Apply(entry))
}

// whereItWas says in a line where a stopped run stands.
func whereItWas(plan *runbook.Plan, s *runbook.State) string {
	left := plan.Left(s)
	if len(left) == 0 {
		return "all steps are done"
	}
	t := left[0]
	st := s.Step(t.Slot.ID)
	if c, ok := st.Unknown(); ok {
		return fmt.Sprintf("step %d, line %d, was under way", t.Number, t.Script.Commands[c].Line)
	}
	if strings.HasPrefix(st.Reason, "step ") {
		return st.Reason
	}
	if st.Reason != "" {
		return fmt.Sprintf("step %d %s: %s", t.Number, st.Status, st.Reason)
	}
	return fmt.Sprintf("step %d is next", t.Number)
}

// identity says who runs this, where and with what.
func (r *runner) identity(ctx context.Context) runbook.Identity {
	id := runbook.Identity{Operator: r.o.operator, Tool: "runbook " + buildVersion(), PID: os.Getpid()}
	id.Host, _ = os.Hostname() // an unnamed host is recorded as such
	if u, err := user.Current(); err == nil {
		id.User = u.Username
		if id.Operator == "" {
			id.Operator = gitLine(ctx, r.session.place.root, "config", "user.name")
		}
		if id.Operator == "" {
			id.Operator = u.Username
		}
	}
	if self, err := os.Executable(); err == nil {
		id.Digest = fileDigest(self)
	}
	return id
}

func fileDigest(path string) runbook.Digest {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return runbook.Digest("sha256:" + hex.EncodeToString(h.Sum(nil)))
}

// stepEnvironment is the operator's environment with the sidecar's additions.
func (r *runner) stepEnvironment() []string {
	env := slices.Clone(r.env.vars)
	for _, k := range sortedKeys(r.plan.Env) {
		env = append(env, k+"="+r.plan.Env[k])
	}
	return env
}

// environmentMask knows the secrets that the environment's names give away.
func environmentMask(env []string) *executor.Mask {
	mask := &executor.Mask{}
	for _, pair := range env {
		name, value, _ := strings.Cut(pair, "=")
		upper := strings.ToUpper(name)
		for _, word := range []string{"SECRET", "TOKEN", "PASSWORD", "PASSWD", "PRIVATE_KEY", "API_KEY", "APIKEY", "CREDENTIAL"} {
			if strings.Contains(upper, word) && !looksLikePath(value) {
				mask.Learn(executor.Secret{Name: name, Value: value})
				break
			}
		}
	}
	return mask
}

// looksLikePath reports a value that says where a secret is kept, and is none.
func looksLikePath(v string) bool { return strings.HasPrefix(v, "/") }

// private makes the directory for what must stay on this machine and enter no
// commit: in the account's state directory, or the git directory where there is
// no home.
func (r *runner) private() (string, error) {
	dir := r.privatePath()
	if dir == "" {
		return "", usagef("set HOME or XDG_STATE_HOME", "there is no directory for the run's private state")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", &exitError{exitRecording, err, "set XDG_STATE_HOME to a directory that can be written"}
	}
	return dir, nil
}

// privatePath is where private makes the directory; empty: nowhere.
func (r *runner) privatePath() string {
	base := r.env.get("XDG_STATE_HOME")
	if home := r.env.get("HOME"); base == "" && home != "" {
		base = filepath.Join(home, ".local", "state")
	}
	if base == "" && r.session.place.git {
		base = filepath.Join(r.session.place.root, ".git")
	}
	if base == "" {
		return ""
	}
	return filepath.Join(base, "runbook", r.session.id)
}

// shellLost reports whether steps are left that would run without what the
// steps before them have set.
func (r *runner) shellLost() bool {
	s := r.session
	if len(r.plan.Left(s.state)) == 0 {
		return false
	}
	kept, midway := s.state.Shell()
	if kept {
		return !executor.HasState(r.privatePath())
	}
	_, err := os.Stat(r.privatePath())
	return midway && err != nil
}

// checkpoint writes the record. Between stops it does so only when writing has
// cost a small share of the time since it was last written: rendering and
// syncing a large document after every step would slow the run for nothing,
// because the journal alone carries it.
func (r *runner) checkpoint(dir *journal.RunDir, final bool) error {
	const share = 20
	if !final && time.Since(r.wrote) < share*r.cost {
		return nil
	}
	began := time.Now()
	record, err := runbook.RenderState(r.session.doc, r.session.state)
	if err != nil {
		return err
	}
	if r.written == nil {
		err = journal.WriteNew(r.session.target, record)
	} else {
		err = journal.Replace(r.session.target, r.written, record)
	}
	var changed *journal.ChangedError
	if errors.As(err, &changed) {
		return fmt.Errorf("%w; it was left alone, and %s has all that the record would hold", err, dir.JournalPath())
	}
	if err != nil {
		return err
	}
	r.written, r.wrote = record, time.Now()
	r.cost = r.wrote.Sub(began)
	return nil
}

// signals turns the first INT, TERM or HUP into the end of the context, and
// hands each further INT to the step.
func (r *runner) signals(ctx context.Context, running executor.Engine) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	caught := make(chan os.Signal, 4)
	signal.Notify(caught, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	done := make(chan struct{})
	go func() {
		first := true
		for {
			select {
			case <-done:
				return
			case sig := <-caught:
				if first {
					first = false
					fmt.Fprintf(r.env.stderr, "\nrunbook: %v: stopping; the same exec goes on from here\n", sig)
					cancel()
				} else if s, ok := running.(interface{ Signal() }); ok && sig == os.Interrupt {
					s.Signal()
				}
			}
		}
	}()
	return ctx, func() {
		signal.Stop(caught)
		close(done)
		cancel()
	}
}

// editText lets the operator change a step's text in their editor.
func editText(editor, text string, in, out *os.File) (string, error) {
	f, err := os.CreateTemp("", "runbook-step-*.sh")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	cmd := exec.Command("sh", "-c", editor+` "$1"`, "sh", f.Name())
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, out
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w", editor, err)
	}
	b, err := os.ReadFile(f.Name())
	return string(b), err
}
