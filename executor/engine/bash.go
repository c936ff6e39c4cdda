// Package engine holds the engines that run a checklist's commands.
//
// # Bash
//
// One bash process runs the commands of all steps, one at a time and at top
// level, under `set -eo pipefail`, inherit_errexit and an ERR trap that also
// sees the failures inside `$(…)`, pipelines and functions. What a command
// leaves behind — directory, variables, functions, aliases, options, umask,
// positional parameters — is what the next one finds. After each command that
// changed any of it, a snapshot in Job.State is on the disk, so that another
// engine value can go on from there. It holds what commands have set, values
// that they have fetched among it, but nothing that equals Job.Env.
//
// A command that ends the shell by its own word, `exit` or `exec`, ends the
// step, whatever its status, as it would end a script.
//
// The shell is replaced by a new one, restored from the snapshot, when it has
// ended (`exit`, a failure under errexit, a signal), when a step has left
// processes behind, and when the job's environment, document or standard input
// differ. So nothing may rely on what only lives in a process: descriptors,
// jobs, coprocesses and traps are lost between steps. Standard input and output
// are reset at the start of each step, an EXIT trap runs at the end of the
// step that set it, a DEBUG or RETURN trap holds for one command.
//
// What bash itself hides, the engine does not see: `$(exit 3)` and an unset
// variable under `set -u` inside `$(…)` used as an argument fire no trap.
//
// A job with TTY reads from the terminal, but is in a session of its own, so
// that the engine alone decides about its signals: programs that open /dev/tty
// by themselves do not find it.
package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"runbook/executor"
	"runbook/runbook"
)

// BashOptions adjusts the bash engine; the zero value is meant for use.
type BashOptions struct {
	// Path is the bash to run; empty: the first `bash` in PATH.
	Path string
	// TermAfter is how long a command has between INT and TERM; 0 is 10 s.
	TermAfter time.Duration
	// KillAfter is how long it has between TERM and KILL, and so have
	// processes that outlive their step; 0 is 5 s.
	KillAfter time.Duration
}

// Bash runs steps in a bash on this machine. See the package's comment for what
// carries from step to step.
type Bash struct {
	path string
	opts BashOptions
	// lingering is how long a step's processes may outlive its last command
	// before they count as left over.
	lingering time.Duration
	mu        sync.Mutex // guards wake against its end
	wake      pipe
	presses   atomic.Int32

	// terminal opens the operator's terminal for steps that read from it.
	terminal func() (*os.File, error)

	shell *shell
	key   shellKey
	state *snapshot // the last good one; nil: none yet
	vars  string    // what `declare -p` last printed
	dir   string    // where the last command ended
	last  int       // status of the last command, for the next one's `$?`

	unsaved error // why the last command's state is not on the disk
}

// A shellKey is what a shell cannot change after its start.
type shellKey struct {
	env             []string
	document, state string
	tty             bool
}

func (k shellKey) equal(o shellKey) bool {
	return k.document == o.document && k.state == o.state && k.tty == o.tty && slices.Equal(k.env, o.env)
}

// An Unavailable engine cannot run here. Hint says what to do about it.
type Unavailable struct {
	Reason string
	Hint   string
}

// Error gives the reason without the hint.
func (e *Unavailable) Error() string { return e.Reason }

// NewBash finds bash and asks for its version, which must be 4.4 or later. It
// makes this process the parent of orphaned descendants, on systems that can.
// An error is an *Unavailable when this machine has no fitting bash.
func NewBash(opts BashOptions) (*Bash, error) {
	path, err := findBash(opts.Path)
	if err != nil {
		return nil, err
	}
	opts.Path = path
	return newBash(opts)
}

// newBash is NewBash with a path that is known to be fitting.
func newBash(opts BashOptions) (*Bash, error) {
	if opts.TermAfter == 0 {
		opts.TermAfter = 10 * time.Second
	}
	if opts.KillAfter == 0 {
		opts.KillAfter = 5 * time.Second
	}
	if err := adoptOrphans(); err != nil {
		return nil, err
	}
	wake, err := newPipe()
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(wake.w, true); err != nil {
		wake.close()
		return nil, fmt.Errorf("pipe: %w", err)
	}
	return &Bash{path: opts.Path, opts: opts, lingering: lingering, wake: wake, terminal: openTerminal}, nil
}

const bashHint = "install bash 4.4 or later and put it first in PATH (on macOS: brew install bash)"

func findBash(name string) (string, error) {
	if name == "" {
		name = "bash"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", &Unavailable{Reason: "no bash: " + err.Error(), Hint: bashHint}
	}
	cmd := exec.Command(path, "--noprofile", "--norc", "-c", `echo "${BASH_VERSINFO[0]} ${BASH_VERSINFO[1]}"`)
	cmd.Env = []string{}
	out, err := cmd.Output()
	if err != nil {
		return "", &Unavailable{Reason: "ask " + path + " for its version: " + err.Error(), Hint: bashHint}
	}
	major, minor, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	a, err1 := strconv.Atoi(major)
	b, err2 := strconv.Atoi(minor)
	if err1 != nil || err2 != nil {
		return "", &Unavailable{Reason: path + " is not bash", Hint: bashHint}
	}
	if a < 4 || a == 4 && b < 4 {
		return "", &Unavailable{Reason: fmt.Sprintf("%s is bash %d.%d, older than 4.4", path, a, b), Hint: bashHint}
	}
	return path, nil
}

// Info describes the engine to the catalog.
func (b *Bash) Info() runbook.Info {
	return runbook.Info{Name: "bash", Summary: "runs steps in one bash on this machine; directory, variables and functions carry from step to step"}
}

// Signal sends the command under way one more INT, at once and from any
// goroutine: for an operator who presses Ctrl-C again. Without a command it
// does nothing.
func (b *Bash) Signal() {
	b.presses.Add(1)
	b.rouse()
}

func (b *Bash) rouse() {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, _ = unix.Write(b.wake.w, []byte{0}) // full means roused already
}

// Close ends the shell. The state stays where it is, for another engine value.
func (b *Bash) Close() error {
	b.retire()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wake.close()
	return nil
}

func (b *Bash) retire() {
	if b.shell != nil {
		b.shell.close()
		b.shell = nil
	}
}

// Run executes job's commands from First on. See executor.Engine.
func (b *Bash) Run(ctx context.Context, job executor.Job, obs executor.Observer) (executor.Outcome, error) {
	out, err := b.run(ctx, job, obs, b.prepare)
	out.Leftovers = b.sweep()
	return out, err
}

// run is Run without its end, in which what outlives the step is ended too.
func (b *Bash) run(ctx context.Context, job executor.Job, obs executor.Observer, prepare func(executor.Job) error) (executor.Outcome, error) {
	w := &watch{ctx: ctx, grace: b.opts.TermAfter, kill: b.opts.KillAfter, wake: &b.wake, presses: &b.presses}
	if job.Timeout > 0 {
		w.deadline = time.Now().Add(job.Timeout)
	}
	defer context.AfterFunc(ctx, b.rouse)()
	out := executor.Outcome{Next: job.First}
	err := prepare(job)
	for err == nil && out.Next < len(job.Commands) {
		var r executor.Result
		if r, err = b.command(w, job, out.Next, obs); err != nil {
			break
		}
		out.Next++
		if err = b.unsaved; r.Failed() || r.Exited {
			break
		}
	}
	out.Dir = b.dir
	out.Exported = exported(b.vars, job.Env)
	return out, err
}

// command runs one command and tells obs about it.
func (b *Bash) command(w *watch, job executor.Job, i int, obs executor.Observer) (executor.Result, error) {
	none := executor.Result{}
	if reason := w.reason(time.Now()); reason != "" {
		return none, fmt.Errorf("%w before command %d: %s", executor.ErrStopped, i+1, reason)
	}
	at := job
	if i > job.First {
		at.Dir = "" // those before have said where
	}
	if err := b.ready(at); err != nil {
		return none, err
	}
	if err := obs.Started(i); err != nil {
		return none, fmt.Errorf("%w: %w", executor.ErrStopped, err)
	}
	sink := func(p []byte) { obs.Output(i, p) }
	r, err := b.perform(w, job, job.Commands[i], sink)
	if err == nil && (r.Failed() || r.Exited || i == len(job.Commands)-1) {
		err = b.wrapUp(w, &r, sink)
	}
	if err != nil {
		b.shell.kill() // nobody knows what it would do next
		b.retire()
		return none, err
	}
	if err := obs.Finished(i, r); err != nil {
		return none, fmt.Errorf("%w: %w", executor.ErrStopped, err)
	}
	return r, nil
}

// perform lets the shell run c and waits for its end.
func (b *Bash) perform(w *watch, job executor.Job, c runbook.Command, sink func([]byte)) (executor.Result, error) {
	s := b.shell
	b.presses.Store(0) // those before were not for this command
	start := time.Now()
	if err := s.send("run", b.last, lineUp(c, s.flags)); err != nil {
		return executor.Result{}, err
	}
	f, err := s.await(w, sink)
	if err != nil {
		return executor.Result{}, err
	}
	r := executor.Result{Duration: time.Since(start), Ended: w.ended}
	switch {
	case s.ended:
		r.Exit = exitStatus(s.wait)
	case f == nil:
		return r, errors.New("the shell has answered nothing: a command has taken its descriptors")
	default:
		r.Exit = f.status
	}
	b.last = r.Exit
	seen := parseMisfortunes(s.failBuf)
	tell(&r, c, seen, s.restored)
	r.Exited = s.ended && !s.wait.Signaled() && exited(f, r, seen)
	r.Set, b.unsaved = b.keep(f, job) // told once the command is: what it did is known
	r.Dir = b.dir
	return r, nil
}

// lineUp puts c's text on the line that it has in the document, so that bash's
// messages and LINENO are right. Tracing is off while the engine's own part
// runs, and comes back with the command.
func lineUp(c runbook.Command, flags string) string {
	text := strings.Repeat("\n", max(c.Line-1, 0)) + c.Text
	for _, o := range "vx" {
		if strings.ContainsRune(flags, o) {
			text = "builtin set -" + string(o) + ";" + text
		}
	}
	return text
}

// keep takes over what f says of the shell, on the disk too if it is news, and
// gives the variables that are.
func (b *Bash) keep(f *frame, job executor.Job) (set map[string]string, err error) {
	if f == nil {
		return nil, nil
	}
	s := b.shell
	if s.flags = f.flags; !strings.Contains(f.onErr, "__runbook_err") {
		s.onErr = strings.TrimSpace(f.onErr)
	}
	s.onExit = f.endsItself()
	if f.size > 0 {
		b.dir = f.dir
		return nil, fmt.Errorf("keep the shell's state: its %d bytes are more than the %d that are kept; put large values into files", f.size, maxState)
	}
	if !f.complete {
		return nil, nil
	}
	before := b.vars
	b.dir, b.vars = f.dir, f.vars
	next := s.base.snapshot(f)
	if job.Dir != "" && job.Dir != f.dir {
		next.step = string(job.Step)
	}
	if b.state != nil && *b.state == next {
		return nil, nil
	}
	if b.state == nil || b.state.script != next.script {
		set = changed(before, f.vars)
	}
	if err := next.save(b.key.state); err != nil {
		return set, err
	}
	b.state = &next
	return set, nil
}
