package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	ossignal "os/signal"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"runbook/executor"
	"runbook/runbook"
)

// superviseWord is the first argument of a process that is a supervisor.
const superviseWord = "__supervise"

// companyTime is how long a supervisor without a runner stays for the sake of
// what a snapshot cannot bring back: processes that a step has in the
// background between two of its commands, and an EXIT trap of its own.
const companyTime = 10 * time.Minute

// supervisorMemory is from which use of memory on, in bytes, garbage is collected
// at once. Most supervisors never come near.
const supervisorMemory = 64 << 20

// Supervise is the whole of a process that was started to be a supervisor: it
// returns its exit code, and whether args, the process's own, say that it is
// one. It belongs at the very beginning of main.
func Supervise(args []string) (code int, ok bool) {
	if len(args) != 6 || args[1] != superviseWord {
		return 0, false
	}
	debug.SetMemoryLimit(supervisorMemory)
	s, first, err := newSupervisor(args[2:])
	if err == nil {
		s.attendAll(first)
		err = s.loop()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err) // the file that errorsFile names
		return 1, true
	}
	return 0, true
}

// A supervisor is the process that has the shell of a run. It performs the jobs
// that a runner gives it, starts no command before the runner says that the
// journal has its start, and outlives the runner: a command under way goes on
// to its end, and what it printed and how it ended is kept.
type supervisor struct {
	bash     *Bash
	listener *net.UnixListener
	keeper   *keeper
	answers  chan kind // sayGo or sayRefuse
	terminal *os.File  // of the job, if it wants one

	mu        sync.Mutex // guards what follows, and the keeper's content
	change    *sync.Cond // of any of it
	connected int        // runners
	peer      *link      // who follows the job under way; nil: nobody
	lost      chan struct{}
	job       *work // given, not begun
	current   *work // under way
	phase     phase
	asked     start            // which command the phase is about
	capture   executor.Capture // of the command that runs
	open      *openStep
	unsaved   bool // what is kept is in this process alone, for the disk refuses it
	unwritten bool // the outcome of the last job is, for its runner was told
	quitting  bool
	closing   bool
}

// A phase is where the job under way is.
type phase int

const (
	idle    phase = iota // between commands, or without a job
	asking               // waiting for the word to start
	running              // a command
)

// A work is a job and whoever gave it.
type work struct {
	executor.Job
	number int
	from   *link
	ctx    context.Context
	end    context.CancelCauseFunc
}

// An openStep is a step whose job was cut off between two commands: its shell
// is as the last command has left it.
type openStep struct {
	step    runbook.ID
	attempt int
	next    int
}

// newSupervisor reads the arguments: directory, bash, grace times.
func newSupervisor(args []string) (*supervisor, *net.UnixConn, error) {
	term, err1 := time.ParseDuration(args[2])
	kill, err2 := time.ParseDuration(args[3])
	if err := errors.Join(err1, err2); err != nil {
		return nil, nil, err
	}
	s := &supervisor{answers: make(chan kind, 1)}
	s.change = sync.NewCond(&s.mu)
	hear()
	first, err := inherited(3)
	if err != nil {
		return nil, nil, err
	}
	dir := args[0]
	if s.bash, err = newBash(BashOptions{Path: args[1], TermAfter: term, KillAfter: kill}); err != nil {
		return nil, nil, err
	}
	s.bash.terminal = s.openTerminal
	if s.keeper, err = openKeeper(dir); err != nil {
		return nil, nil, err
	}
	if s.listener, err = listen(dir); err != nil {
		return nil, nil, err
	}
	go s.heed()
	return s, first, nil
}

// hear keeps the signals that end a program from ending this one: a terminal
// that closes, a job control that means another process, a kill by name.
func hear() {
	for _, sig := range heard {
		if sig != unix.SIGTERM {
			ossignal.Notify(make(chan os.Signal, 1), sig)
		}
	}
}

// heed makes of TERM, by which a system that shuts down or a person asks this
// process to end, the ladder for the command under way.
func (s *supervisor) heed() {
	term := make(chan os.Signal, 1)
	ossignal.Notify(term, unix.SIGTERM)
	for range term {
		s.mu.Lock()
		if s.current != nil {
			s.current.end(context.Canceled)
		}
		s.mu.Unlock()
	}
}

func inherited(fd int) (*net.UnixConn, error) {
	f := os.NewFile(uintptr(fd), "runner")
	defer f.Close()
	conn, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("the runner's connection: %w", err)
	}
	c, ok := conn.(*net.UnixConn)
	if !ok {
		return nil, errors.New("the runner's connection is no Unix socket")
	}
	return c, nil
}

// listen makes the socket in dir by which a later runner finds this process.
// Its name is relative while it is made: a Unix socket's path is short. It is
// never removed, for by then it might be the next supervisor's.
func listen(dir string) (*net.UnixListener, error) {
	back, err := os.Getwd()
	if err != nil {
		back = "/"
	}
	if err := os.Chdir(dir); err != nil {
		return nil, err
	}
	if err := os.Remove(socketFile); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socketFile, Net: "unix"})
	if err == nil {
		l.SetUnlinkOnClose(false)
		err = os.Chmod(socketFile, 0o600)
	}
	if cerr := os.Chdir(back); err == nil && cerr != nil {
		err = os.Chdir("/") // the place has gone; a shell is told its own
	}
	return l, err
}

// attendAll serves the runner that has started this process and those that come
// later. One at a time is the rule: the run's lock sees to that.
func (s *supervisor) attendAll(first *net.UnixConn) {
	s.connected = 1
	go s.attend(newLink(first))
	go func() {
		for {
			conn, err := s.listener.AcceptUnix()
			if err != nil {
				return // closed
			}
			s.mu.Lock()
			if s.closing {
				s.mu.Unlock()
				_ = conn.Close() // it will look at what is kept
				return
			}
			s.connected++
			s.mu.Unlock()
			go s.attend(newLink(conn))
		}
	}()
}

// attend serves one runner until it has gone.
func (s *supervisor) attend(l *link) {
	var env []string
	for {
		k, payload, err := l.receive()
		if err == nil {
			err = s.obey(l, k, payload, &env)
		}
		if err != nil {
			break
		}
	}
	_ = l.conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	l.gone = true
	s.connected--
	if s.peer == l {
		s.peer = nil
		close(s.lost)
		if s.keeper.lazy && s.keeper.sync() != nil {
			s.unsaved = true
		}
	}
	s.change.Broadcast()
}

func (s *supervisor) obey(l *link, k kind, payload []byte, env *[]string) error {
	switch k {
	case sayRun:
		var w wireJob
		if err := json.Unmarshal(payload, &w); err != nil {
			return err
		}
		if !w.SameEnv {
			*env = nil
			for _, kv := range w.Env {
				*env = append(*env, string(kv))
			}
		}
		s.give(l, &w, *env)
	case sayAdopt:
		var at start
		if err := json.Unmarshal(payload, &at); err != nil {
			return err
		}
		return s.tell(l, at)
	case sayGo, sayRefuse:
		s.answers <- k
	case sayEnd:
		var w wireEnd
		if err := json.Unmarshal(payload, &w); err != nil {
			return err
		}
		s.end(l, w)
	case sayPress:
		s.bash.Signal()
	case sayQuit:
		s.mu.Lock()
		s.quitting = true
		s.change.Broadcast()
		s.mu.Unlock()
	default:
		return fmt.Errorf("an unknown message %q", k)
	}
	return nil
}

// give hands a job to the main goroutine.
func (s *supervisor) give(l *link, w *wireJob, env []string) {
	job := &work{number: w.Number, from: l, Job: executor.Job{
		Step: w.Step, Attempt: w.Attempt, Document: string(w.Document), Dir: string(w.Dir), First: w.First,
		Env: env, State: string(w.State), Timeout: time.Duration(w.Timeout), TTY: w.TTY,
	}}
	for i, text := range w.Texts {
		job.Commands = append(job.Commands, runbook.Command{Line: w.Lines[i], Text: string(text)})
	}
	job.ctx, job.end = context.WithCancelCause(context.Background())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.terminal != nil {
		_ = s.terminal.Close() // the job before has its own copies
		s.terminal = nil
	}
	for _, f := range l.files {
		if s.terminal == nil {
			s.terminal = f
		} else {
			_ = f.Close()
		}
	}
	l.files = nil
	s.job = job
	s.change.Broadcast()
}

// openTerminal gives a shell its own copy of the terminal that came with the job.
func (s *supervisor) openTerminal() (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.terminal == nil {
		return nil, errors.New("there is no terminal")
	}
	fd, err := unix.FcntlInt(s.terminal.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "terminal"), nil
}

// end stops the runner's job. What comes too late is for none.
func (s *supervisor) end(l *link, w wireEnd) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cause := context.Canceled
	if w.Late {
		cause = context.DeadlineExceeded
	}
	for _, j := range []*work{s.current, s.job} {
		if j != nil && w.Number == whatever && s.peer == l || j != nil && j.from == l && j.number == w.Number {
			j.end(cause)
		}
	}
}

// tell answers what became of a command's start. If the command still runs,
// the asker follows it from now on.
func (s *supervisor) tell(l *link, at start) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.phase == asking {
		s.change.Wait() // the last word of the runner before, or its end, is about to be noticed
	}
	if s.phase == running && s.asked == at {
		s.follow(l)
		if err := l.send(tellKnown, []byte(knowsRunning)); err != nil {
			return err
		}
		return l.sendCapture(&s.capture)
	}
	last := &s.keeper.last
	known := last.tells(at)
	if err := l.send(tellKnown, []byte(known)); err != nil || known != knowsFinished {
		return err
	}
	if err := errors.Join(l.sendCapture(last.capture), l.sendValue(tellFinished, last.Result)); err != nil {
		return err
	}
	if last.Outcome == nil { // its job is being wound up
		s.follow(l)
		return nil
	}
	return l.sendValue(tellDone, last.Outcome)
}

// follow makes l the one that is told of the job under way.
func (s *supervisor) follow(l *link) {
	if s.peer == nil {
		s.lost = make(chan struct{})
	}
	s.peer = l
}

// loop performs jobs until nobody wants this process any more.
func (s *supervisor) loop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var late time.Time
	for {
		switch {
		case s.job != nil:
			late = time.Time{}
			s.begin()
			s.mu.Unlock()
			s.perform()
			s.mu.Lock()
			s.current, s.phase = nil, idle
		case s.quitting:
			return s.leave()
		case s.connected > 0:
			s.change.Wait()
		case !s.company():
			return s.leave()
		case late.IsZero():
			late = time.Now().Add(companyTime)
			time.AfterFunc(companyTime, s.change.Broadcast)
		case time.Now().Before(late):
			s.change.Wait()
		default:
			s.disband()
			return s.leave()
		}
	}
}

// leave lets nobody in any more.
func (s *supervisor) leave() error {
	if s.unwritten && !s.quitting {
		s.keep()
	}
	s.closing = true
	_ = s.listener.Close() // the process ends with it
	return s.bash.Close()
}

// company reports whether something would be lost with this process that
// somebody may come back for.
func (s *supervisor) company() bool {
	if s.unsaved {
		return true
	}
	shell := s.bash.shell
	return s.open != nil && shell != nil && !shell.hasEnded() && (shell.onExit || !shell.alone() && len(shell.family()) > 0)
}

// disband ends what the open step has left, as the step's own end would have.
func (s *supervisor) disband() {
	if shell := s.bash.shell; shell != nil && !shell.hasEnded() && shell.onExit {
		if err := shell.send("quit", 0, ""); err == nil {
			_, _ = shell.await(&watch{limit: time.Now().Add(answerTime)}, func([]byte) {}) // nobody is there to be told
		}
	}
	s.open = nil
	if left := s.bash.sweep(); len(left) > 0 && s.keeper.last.Outcome != nil {
		s.keeper.last.Outcome.Leftovers = append(s.keeper.last.Outcome.Leftovers, left...)
		_ = s.keeper.save() // what it says is true without
	}
}

// begin makes the job that was given the one under way.
func (s *supervisor) begin() {
	s.current, s.job = s.job, nil
	s.peer = nil
	if !s.current.from.gone {
		s.follow(s.current.from)
	}
	select {
	case <-s.answers: // to a question that nobody asks any more
	default:
	}
}

// perform runs the job under way and tells how it ended.
func (s *supervisor) perform() {
	job := s.current
	defer job.end(nil)
	before := s.resume(job)
	out, err := s.bash.run(job.ctx, job.Job, (*supervised)(s), s.prepare(job))
	if errors.Is(err, errLost) && out.Next < len(job.Commands) {
		s.open = &openStep{job.Step, job.Attempt, out.Next}
	} else {
		out.Leftovers = s.bash.sweep()
	}
	out.Leftovers = append(before, out.Leftovers...)
	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.Is(err, errLost) {
		err = nil // that is between this process and a runner that has gone
	}
	done := wireOfOutcome(out, err)
	if last := &s.keeper.last; last.Finished != nil && last.Finished.Step == job.Step && last.Finished.Attempt == job.Attempt {
		last.Outcome, s.unwritten = done, true
		if s.peer == nil {
			s.keep()
		}
	}
	if s.peer != nil {
		_ = s.peer.sendValue(tellDone, done) // a runner that has gone does not mind
	}
}

// resume looks whether the job goes on in the midst of the open step, in the
// same shell. If not, what that has left is ended, and named.
func (s *supervisor) resume(job *work) (leftovers []string) {
	o := s.open
	if o == nil {
		return nil
	}
	b := s.bash
	key := shellKey{env: job.Env, document: job.Document, state: job.State, tty: job.TTY}
	if o.step == job.Step && o.attempt == job.Attempt && o.next == job.First && !job.TTY &&
		b.shell != nil && !b.shell.hasEnded() && b.key.equal(key) {
		return nil
	}
	s.open = nil
	return b.sweep()
}

// prepare is what precedes a job's first command.
func (s *supervisor) prepare(job *work) func(executor.Job) error {
	if s.open == nil {
		return s.bash.prepare
	}
	s.open = nil
	return func(executor.Job) error { return nil } // the commands before have done it
}

// supervised is the supervisor as the observer of its own jobs.
type supervised supervisor

// Why a command does not start.
var (
	errLost    = errors.New("the runner has gone")
	errRefused = errors.New("the runner refuses")
)

// Started asks the runner for the word to start command i. Without a runner
// nothing starts.
func (o *supervised) Started(i int) error {
	s := (*supervisor)(o)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.peer != s.current.from {
		return errLost
	}
	s.phase, s.asked = asking, startOf(s.current.Job, i)
	answer := s.ask(i)
	defer s.change.Broadcast()
	last := &s.keeper.last
	if answer == sayGo {
		if last.Declined != nil { // it must not be said of a command that starts
			was := last.Declined
			last.Declined = nil
			if err := s.keeper.save(); err != nil {
				s.phase, last.Declined = idle, was
				return err
			}
		}
		s.phase, s.capture = running, executor.Capture{}
		return nil
	}
	s.phase = idle
	at := s.asked
	last.Declined = &at
	s.keep()
	if answer == sayRefuse {
		return errRefused
	}
	return errLost
}

// ask waits for the runner's answer; 0: it has gone without one.
func (s *supervisor) ask(i int) kind {
	lost := s.lost
	if s.peer.sendValue(tellReady, i) != nil {
		return 0
	}
	s.mu.Unlock()
	defer s.mu.Lock()
	select {
	case k := <-s.answers:
		return k
	case <-lost:
	}
	select {
	case k := <-s.answers: // its last word
		return k
	default:
		return 0
	}
}

// keep saves, and remembers where that fails that only this process knows.
func (s *supervisor) keep() { s.unsaved, s.unwritten = s.keeper.save() != nil, false }

// Output keeps a bounded part of what the command prints, and passes it on.
func (o *supervised) Output(_ int, p []byte) {
	s := (*supervisor)(o)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.capture.Write(p)
	if s.peer != nil {
		_ = s.peer.send(tellOutput, p) // a runner that has gone is noticed elsewhere
	}
}

// Finished keeps how the command ended before anybody is told. Where a runner
// is told, its journal is what withstands a loss of power; where none is, or
// that one goes, the file must. Power lost before either has it leaves the
// outcome unknown, and the shell is lost with it.
func (o *supervised) Finished(i int, r executor.Result) error {
	s := (*supervisor)(o)
	s.mu.Lock()
	defer s.mu.Unlock()
	at, capture := s.asked, s.capture
	s.keeper.last = memory{Finished: &at, Result: wireOfResult(i, r), capture: &capture}
	if s.peer == nil {
		s.keep()
	} else {
		s.unsaved, s.unwritten = s.keeper.write() != nil, false
	}
	s.phase = idle
	if s.peer != nil {
		_ = s.peer.sendValue(tellFinished, s.keeper.last.Result)
	}
	return nil
}

// arguments are those of a supervisor for dir.
func arguments(dir string, opts BashOptions) []string {
	return []string{superviseWord, dir, opts.Path, opts.TermAfter.String(), opts.KillAfter.String()}
}

// supervisorEnv is all that a supervisor needs of this process's environment:
// its jobs bring their own. What the Go runtime reads of it is for tests.
func supervisorEnv() []string {
	env := []string{}
	for _, name := range []string{"GORACE", "GODEBUG", "GOCOVERDIR", "GOMAXPROCS", "TMPDIR"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}
