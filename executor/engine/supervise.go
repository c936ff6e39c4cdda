package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	ossignal "os/signal"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// superviseWord is the first argument of a process that is a supervisor.
const superviseWord = "__supervise"

// supervisorMemory is from which use of memory on, in bytes, garbage is collected
// at once. Most supervisors never come near, and collect it rarely: each time
// costs as much as a short command.
const (
	supervisorMemory  = 64 << 20
	supervisorGarbage = 400 // percent of what is in use
)

// Supervise is the whole of a process that was started to be a supervisor: it
// returns its exit code, and whether args, the process's own, say that it is
// one. It belongs at the very beginning of main.
func Supervise(args []string) (code int, ok bool) {
	if len(args) != 6 || args[1] != superviseWord {
		return 0, false
	}
	debug.SetMemoryLimit(supervisorMemory)
	debug.SetGCPercent(supervisorGarbage)
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
