package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// maxFailures bounds what is kept of a command's failures, in bytes.
const maxFailures = 1 << 20

// await passes on what the shell's commands print until the shell has
// answered or has ended; then the frame is the one of its end, or nil. Output
// is complete when await returns: what a command has written is in the pipe
// before its frame is, so as much as is there then belongs to it.
func (s *shell) await(w *watch, sink func([]byte)) (*frame, error) {
	s.failBuf = s.failBuf[:0]
	fds := []unix.PollFd{
		{Fd: int32(s.ready.r), Events: unix.POLLIN}, {Fd: int32(s.out.r), Events: unix.POLLIN},
		{Fd: int32(s.fails.r), Events: unix.POLLIN}, {Fd: int32(s.dead.r), Events: unix.POLLIN},
		{Fd: w.fd(), Events: unix.POLLIN},
	}
	for {
		timeout, err := w.act(s)
		if err != nil {
			return nil, err
		}
		if _, err := unix.Poll(fds, timeout); err != nil && !errors.Is(err, unix.EINTR) {
			return nil, os.NewSyscallError("poll", err)
		} else if err != nil {
			continue
		}
		if fds[4].Revents != 0 {
			w.heard(s.chunk)
		}
		if fds[0].Revents != 0 {
			n, err := read(s.ready.r, s.chunk)
			if err != nil {
				return nil, err
			}
			if n > 0 {
				f, err := s.readFrame()
				return f, errors.Join(err, s.drain(sink))
			}
			fds[0].Fd = -1 // closed, which poll would tell for ever
		}
		if fds[1].Revents != 0 {
			n, err := read(s.out.r, s.chunk)
			if err != nil {
				return nil, err
			}
			if n > 0 {
				sink(s.chunk[:n])
			} else {
				fds[1].Fd = -1
			}
		}
		if fds[2].Revents != 0 {
			n, err := s.readFailures()
			if err != nil {
				return nil, err
			}
			if n == 0 {
				fds[2].Fd = -1
			}
		}
		if fds[3].Revents != 0 {
			s.wait, s.ended = <-s.done, true
			f, err := s.readFrame()
			return f, errors.Join(err, s.drain(sink))
		}
	}
}

// readFrame reads the last frame; nil if there is none.
func (s *shell) readFrame() (*frame, error) {
	n := 0
	for {
		m, err := s.frames.ReadAt(s.answer[n:], int64(n))
		n += m
		if err == io.EOF {
			return parseFrame(s.answer[:n])
		}
		if err != nil {
			return nil, fmt.Errorf("the shell's answer: %w", err)
		}
		s.answer = append(s.answer, make([]byte, len(s.answer))...)
	}
}

func (s *shell) readFailures() (int, error) {
	n, err := read(s.fails.r, s.chunk)
	if len(s.failBuf) < maxFailures {
		s.failBuf = append(s.failBuf, s.chunk[:n]...)
	}
	return n, err
}

// drain passes on as much output as is in the pipe now, and no more: a
// background job may go on for ever.
func (s *shell) drain(sink func([]byte)) error {
	left, err := buffered(s.out.r)
	for err == nil && left > 0 {
		var n int
		if n, err = read(s.out.r, s.chunk[:min(left, len(s.chunk))]); n == 0 {
			break
		}
		sink(s.chunk[:n])
		left -= n
	}
	if err != nil {
		return err
	}
	if left, err = buffered(s.fails.r); err == nil && left > 0 {
		_, err = s.readFailures()
	}
	return err
}

// linger gives what the shell has started a moment to end by itself, as
// `>(tee log)` does behind the command it serves, and passes on its output.
func (s *shell) linger(d time.Duration, sink func([]byte)) error {
	for limit := time.Now().Add(d); len(s.family()) > 0 && time.Now().Before(limit); {
		fds := []unix.PollFd{{Fd: int32(s.out.r), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, 2); err != nil && !errors.Is(err, unix.EINTR) {
			return os.NewSyscallError("poll", err)
		}
		if err := s.drain(sink); err != nil {
			return err
		}
	}
	return s.drain(sink)
}

// A watch stops a command from outside: first INT, then TERM, then KILL. The
// zero one never does.
type watch struct {
	ctx      context.Context
	deadline time.Time     // of the job; zero: none
	limit    time.Time     // by which the shell must answer; zero: none
	grace    time.Duration // from INT to TERM
	kill     time.Duration // from TERM to KILL
	wake     *pipe
	presses  *atomic.Int32 // INTs asked for by Signal

	stage int // of the ending: 0 not begun, 1 INT sent, 2 TERM sent, 3 KILL sent
	next  time.Time
	ended string // Result.Ended
}

func (w *watch) fd() int32 {
	if w.wake == nil {
		return -1
	}
	return int32(w.wake.r)
}

// heard empties the wake pipe.
func (w *watch) heard(buf []byte) { _, _ = read(w.wake.r, buf) }

// act does what is due and says how many milliseconds to wait at most.
func (w *watch) act(s *shell) (timeout int, err error) {
	now := time.Now()
	if !w.limit.IsZero() && now.After(w.limit) {
		return 0, fmt.Errorf("the shell has not answered for %v", answerTime)
	}
	if w.stage == 0 {
		if w.ended = w.reason(now); w.ended != "" {
			s.interrupt()
			w.stage, w.next = 1, now.Add(w.grace)
		}
	}
	for w.presses != nil && w.presses.Load() > 0 {
		w.presses.Add(-1)
		s.interrupt()
		if w.ended == "" {
			w.ended = interrupted
		}
	}
	if w.stage > 0 && w.stage < 3 && !now.Before(w.next) {
		if w.stage == 1 {
			s.terminate()
			w.next = now.Add(w.kill)
		} else {
			s.kill()
		}
		w.stage++
	}
	return w.timeout(now), nil
}

// What Result.Ended says.
const (
	interrupted = "interrupt"
	timedOut    = "timeout"
)

// reason says why the command must end now, if it must.
func (w *watch) reason(now time.Time) string {
	switch {
	case !w.deadline.IsZero() && !now.Before(w.deadline):
		return timedOut
	case w.ctx == nil || w.ctx.Err() == nil:
		return ""
	case errors.Is(context.Cause(w.ctx), context.DeadlineExceeded):
		return timedOut
	}
	return interrupted
}

func (w *watch) timeout(now time.Time) int {
	var soonest time.Time
	if w.stage == 0 {
		soonest = w.deadline
	} else if w.stage < 3 {
		soonest = w.next
	}
	if !w.limit.IsZero() && (soonest.IsZero() || w.limit.Before(soonest)) {
		soonest = w.limit
	}
	if soonest.IsZero() {
		return -1
	}
	return int(min(max(soonest.Sub(now)/time.Millisecond+1, 0), 1<<30))
}
