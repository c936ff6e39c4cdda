package executor_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"runbook/executor"
	"runbook/runbook"
)

// Once the journal's disk takes nothing any more, the command under way is
// interrupted and nothing follows it. How it ended is recorded if that is still
// possible; what was recorded before stays as it is.
func TestACommandThatCannotBeRecordedIsInterrupted(t *testing.T) {
	for name, dead := range map[string]bool{"and how it ended can be": false, "and how it ended cannot either": true} {
		t.Run(name, func(t *testing.T) {
			p := good(t)
			p.engine.replies["build all"] = []reply{{waits: true}}
			p.after = func(time.Duration) <-chan time.Time {
				now := make(chan time.Time)
				close(now)
				return now
			}
			underway := make(chan struct{})
			p.engine.onRun = func() { close(underway) }
			var before [][]byte
			p.journal.probe = func() error {
				<-underway
				before = slices.Clone(p.journal.lines)
				if dead {
					p.journal.failAt = 1
				}
				return errDisk
			}
			_, err := p.run()
			if !errors.Is(err, executor.ErrRecording) || !errors.Is(err, errDisk) {
				t.Errorf("error %v, want that of the disk", err)
			}
			if want := []string{"build all"}; !slices.Equal(p.engine.calls, want) || p.engine.closed != 1 {
				t.Errorf("calls %q, want %q; closed %d times", p.engine.calls, want, p.engine.closed)
			}
			after := p.journal.lines
			if len(before) == 0 || len(after) < len(before) || !slices.EqualFunc(before, after[:len(before)], bytes.Equal) {
				t.Errorf("what was recorded before has changed:\n%s\nnow:\n%s", bytes.Join(before, []byte("\n")), bytes.Join(after, []byte("\n")))
			}
			ended := bytes.Contains(bytes.Join(after, nil), []byte(`"ended":"interrupt"`))
			if ended == dead {
				t.Errorf("the journal says how the command ended: %v", ended)
			}
			if dead {
				return
			}
			p.journal.probe, p.engine.onRun = nil, nil
			p.engine.replies["build all"] = nil
			p.mustRun(runbook.Passed)
			if want := []string{"build all", "build all", "check all", "ship now"}; !slices.Equal(p.engine.calls, want) {
				t.Errorf("calls %q, want %q", p.engine.calls, want)
			}
		})
	}
}

// A command during which all is well is left alone.
func TestProbingDisturbsNothing(t *testing.T) {
	p := good(t)
	probed := make(chan struct{}, 1)
	p.after = func(time.Duration) <-chan time.Time {
		now := make(chan time.Time)
		close(now)
		return now
	}
	p.journal.probe = func() error {
		select {
		case probed <- struct{}{}:
		default:
		}
		return nil
	}
	p.engine.onRun = func() { <-probed }
	p.mustRun(runbook.Passed)
}
