package engine

import (
	"net"
	"os"
	"sync"
	"time"

	"runbook/executor"
)

// companyTime is how long a supervisor without a runner stays for the sake of
// what a snapshot cannot bring back: processes that a step has in the
// background between two of its commands, and an EXIT trap of its own.
const companyTime = 10 * time.Minute

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
