package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"runbook/executor"
	"runbook/runbook"
)

// Supervised is the bash engine in a process of its own, which outlives this
// one: see supervisor. One is started at the first job and serves the run to
// its end; one that an earlier runner has left is taken over. The program must
// call Supervise at its beginning.
type Supervised struct {
	opts BashOptions

	mu    sync.Mutex // guards link against Signal
	link  *link      // nil: not connected
	state string     // Job.State that the link serves
	env   []string   // that the supervisor knows
	jobs  int

	known knowledge // what Knows has found out
	left  *memory   // on the disk; nil: a supervisor has told
}

// NewSupervised finds bash and asks for its version, as NewBash does. No
// supervisor is started yet.
func NewSupervised(opts BashOptions) (*Supervised, error) {
	path, err := findBash(opts.Path)
	if err != nil {
		return nil, err
	}
	opts.Path = path
	return &Supervised{opts: opts}, nil
}

// Info describes the engine to the catalog.
func (*Supervised) Info() runbook.Info { return (&Bash{}).Info() }

// Survivors names the processes of a step that has outlived its supervisor. See
// executor.Surveyor.
func (*Supervised) Survivors(state string) []string { return survivors(state) }

// Signal sends the command under way one more INT. See Bash.Signal.
func (e *Supervised) Signal() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.link != nil {
		_ = e.link.send(sayPress, nil) // a supervisor that has gone is noticed by Run
	}
}

// Close ends the supervisor, and with it the shell. The state stays where it
// is. A supervisor that was left with a command stays too.
func (e *Supervised) Close() error {
	if e.link == nil {
		return nil
	}
	err := e.link.send(sayQuit, nil)
	if err == nil {
		err = e.link.conn.SetReadDeadline(time.Now().Add(answerTime))
	}
	for err == nil {
		_, _, err = e.link.receive() // the end of the connection is the supervisor's
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("the supervisor has not ended for %v", answerTime)
	} else {
		err = nil
	}
	e.disconnect()
	return err
}

func (e *Supervised) disconnect() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.link != nil {
		_ = e.link.conn.Close()
		e.link, e.env = nil, nil
	}
}

// connect makes sure that a supervisor for the state is there.
func (e *Supervised) connect(state string) error {
	if state == "" {
		return errors.New("the job names no directory for the shell's state")
	}
	state, err := filepath.Abs(state)
	if err != nil {
		return err
	}
	if e.link != nil && e.state == state {
		return nil
	}
	e.disconnect()
	conn := dial(filepath.Join(state, supervisorDir))
	if conn == nil {
		if conn, err = e.start(state); err != nil {
			return fmt.Errorf("start a supervisor: %w", err)
		}
	}
	e.attach(conn, state)
	return nil
}

func (e *Supervised) attach(conn *net.UnixConn, state string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.link, e.state, e.env = newLink(conn), state, nil
}

// start starts a supervisor in a session of its own: no terminal's end, and no
// Ctrl-C, reaches it.
func (e *Supervised) start(state string) (*net.UnixConn, error) {
	dir := filepath.Join(state, supervisorDir)
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	errorFile, err := os.OpenFile(filepath.Join(dir, errorsFile), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer errorFile.Close()
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	cmd := exec.Command(ownProgram(), arguments(dir, e.opts)...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = supervisorEnv()
	cmd.Stdout, cmd.Stderr = errorFile, errorFile
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, ours.Close())
	}
	go func() { _ = cmd.Wait() }() // how it ended says its connection
	return ours, nil
}

func socketPair() (ours *net.UnixConn, theirs *os.File, err error) {
	syscall.ForkLock.RLock()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fds[0])
		unix.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	mine := os.NewFile(uintptr(fds[0]), "supervisor")
	theirs = os.NewFile(uintptr(fds[1]), "runner")
	defer mine.Close()
	conn, err := net.FileConn(mine)
	if err != nil {
		return nil, nil, errors.Join(err, theirs.Close())
	}
	return conn.(*net.UnixConn), theirs, nil
}

// Run has the supervisor perform the job. See executor.Engine.
func (e *Supervised) Run(ctx context.Context, job executor.Job, obs executor.Observer) (executor.Outcome, error) {
	return e.run(ctx, job, &follower{obs: obs, at: -1})
}

func (e *Supervised) run(ctx context.Context, job executor.Job, f *follower) (executor.Outcome, error) {
	none := executor.Outcome{Next: job.First}
	if err := e.connect(job.State); err != nil {
		return none, err
	}
	if err := e.give(job); err != nil {
		e.disconnect()
		return none, fmt.Errorf("the supervisor: %w", err)
	}
	return e.follow(ctx, job, f, e.jobs)
}

// give sends the job.
func (e *Supervised) give(job executor.Job) error {
	var err error
	if job.State, err = filepath.Abs(job.State); err != nil {
		return err
	}
	same := e.env != nil && slices.Equal(e.env, job.Env)
	e.jobs++
	w := wireOfJob(job, e.jobs, same)
	if job.TTY {
		tty, err := openTerminal()
		if err != nil {
			return fmt.Errorf("standard input: %w", err)
		}
		defer tty.Close()
		return e.link.sendFile(tty, sayRun, w)
	}
	if err := e.link.sendValue(sayRun, w); err != nil {
		return err
	}
	if !same {
		e.env = append([]string{}, job.Env...)
	}
	return nil
}

// follow passes on to f what the supervisor tells, up to the job's end.
func (e *Supervised) follow(ctx context.Context, job executor.Job, f *follower, number int) (executor.Outcome, error) {
	l := e.link
	stop := context.AfterFunc(ctx, func() {
		if errors.Is(context.Cause(ctx), executor.ErrDetach) {
			_ = l.conn.SetReadDeadline(time.Unix(1, 0)) // wakes the one who receives
			return
		}
		late := errors.Is(context.Cause(ctx), context.DeadlineExceeded)
		_ = l.sendValue(sayEnd, wireEnd{number, late}) // one that has gone is noticed below
	})
	defer stop()
	for {
		k, payload, err := l.receive()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			e.disconnect()
			return executor.Outcome{Next: max(f.at, job.First)}, executor.ErrDetach
		}
		if err == nil {
			var out *wireOutcome
			if out, err = f.take(ctx, l, k, payload); out != nil {
				return f.outcome(out)
			}
		}
		if err != nil {
			e.disconnect()
			return executor.Outcome{Next: max(f.at, job.First)}, fmt.Errorf("the supervisor of the shell has gone: %w", err)
		}
	}
}

// Knows implements executor.Adopter. It connects to the run's supervisor if
// that lives, and looks at what one has left if not.
func (e *Supervised) Knows(job executor.Job) bool {
	state, err := filepath.Abs(job.State)
	if err != nil {
		return false
	}
	dir := filepath.Join(state, supervisorDir)
	at := startOf(job, job.First)
	e.left = nil
	if conn := dial(dir); conn != nil {
		e.disconnect()
		e.attach(conn, state)
		if e.known, err = e.inquire(at); err == nil {
			return e.known != knowsNothing
		}
		e.disconnect() // it has ended meanwhile
	}
	e.left = loadKept(dir)
	e.known = e.left.tells(at)
	return e.known != knowsNothing
}

// inquire asks the supervisor for a start.
func (e *Supervised) inquire(at start) (knowledge, error) {
	if err := e.link.sendValue(sayAdopt, at); err != nil {
		return knowsNothing, err
	}
	k, payload, err := e.link.receive()
	if err == nil && k != tellKnown {
		err = fmt.Errorf("an unexpected message %q", k)
	}
	return knowledge(payload), err
}

// Adopt implements executor.Adopter, for the command that Knows was asked for
// last.
func (e *Supervised) Adopt(ctx context.Context, job executor.Job, obs executor.Observer) (executor.Outcome, error) {
	f := &follower{obs: obs, at: job.First}
	switch {
	case e.known == knowsNothing:
		return executor.Outcome{Next: job.First}, errors.New("the outcome is unknown")
	case e.known == knowsDeclined:
		f.word = true
		return e.run(ctx, job, f)
	case e.left != nil:
		return f.replay(e.left)
	}
	return e.follow(ctx, job, f, whatever)
}

// whatever is the number of a job that another runner has given.
const whatever = -1
