package engine

import (
	"context"
	"errors"

	"runbook/executor"
	"runbook/runbook"
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
