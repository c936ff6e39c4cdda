package engine

import (
	"context"
	"encoding/json"
	"fmt"

	"runbook/executor"
)

// A follower tells an observer what the supervisor tells.
type follower struct {
	obs  executor.Observer
	at   int   // the command under way, or the last one that was
	err  error // the observer's: nothing may start any more
	ends int   // the command whose Finished gave err
	word bool  // the start of command at is in the journal, and the supervisor lacks the word
}

// take handles one message; out is the job's, at its end.
func (f *follower) take(ctx context.Context, l *link, k kind, payload []byte) (out *wireOutcome, err error) {
	switch k {
	case tellReady:
		var i int
		if err := json.Unmarshal(payload, &i); err != nil {
			return nil, err
		}
		return nil, l.send(f.answer(ctx, i), nil)
	case tellOutput:
		if len(payload) > 0 {
			f.obs.Output(f.at, payload)
		}
	case tellSkipped:
		var w wireSkipped
		if err := json.Unmarshal(payload, &w); err != nil {
			return nil, err
		}
		if s, ok := f.obs.(executor.Skipper); ok {
			s.Skipped(f.at, w.Bytes, w.Lines)
		}
	case tellFinished:
		var w wireResult
		if err := json.Unmarshal(payload, &w); err != nil {
			return nil, err
		}
		f.finished(&w)
	case tellDone:
		out = &wireOutcome{}
		return out, json.Unmarshal(payload, out)
	default:
		return nil, fmt.Errorf("an unknown message %q", k)
	}
	return nil, nil
}

func (f *follower) finished(w *wireResult) {
	if err := f.obs.Finished(w.Command, w.result()); err != nil && f.err == nil {
		f.err, f.ends = fmt.Errorf("%w: %w", executor.ErrStopped, err), w.Command
	}
}

// answer is the word on command i, which is about to start.
func (f *follower) answer(ctx context.Context, i int) kind {
	switch {
	case f.err != nil:
		return sayRefuse
	case f.word && i == f.at:
		f.word = false
		return sayGo
	case ctx.Err() != nil:
		f.err, f.ends = fmt.Errorf("%w before command %d: %w", executor.ErrStopped, i+1, context.Cause(ctx)), i
		return sayRefuse
	}
	if err := f.obs.Started(i); err != nil {
		f.err, f.ends = fmt.Errorf("%w: %w", executor.ErrStopped, err), i
		return sayRefuse
	}
	f.at = i
	return sayGo
}

// outcome is the job's, as an engine in this process would give it.
func (f *follower) outcome(w *wireOutcome) (executor.Outcome, error) {
	out, err := w.outcome()
	if f.err != nil {
		out.Next, err = f.ends, f.err
	}
	return out, err
}

// replay tells what a supervisor has left on the disk.
func (f *follower) replay(m *memory) (executor.Outcome, error) {
	head, tail, missing, lines := m.capture.Retained()
	if len(head) > 0 {
		f.obs.Output(f.at, head)
	}
	if s, ok := f.obs.(executor.Skipper); ok && missing > 0 {
		s.Skipped(f.at, missing, lines)
	}
	if len(tail) > 0 {
		f.obs.Output(f.at, tail)
	}
	f.finished(m.Result)
	if m.Outcome != nil {
		return f.outcome(m.Outcome)
	}
	return f.outcome(&wireOutcome{Next: m.Finished.Command + 1, Dir: m.Result.Dir})
}
