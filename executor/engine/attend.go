package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"runbook/executor"
	"runbook/runbook"
)

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
