package engine

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

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
