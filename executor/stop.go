package executor

import (
	"errors"
	"fmt"

	"runbook/runbook"
)

// writeTries bounds how often a record is written anew because somebody wrote
// it in the moment before.
const writeTries = 5

// close settles what sums up the run, makes the stop durable and writes the
// record.
func (x *Executor) close(result runbook.Result, reason string) error {
	for try := 1; ; try++ {
		err := x.stop(result, reason)
		if err == nil && x.Checkpoint != nil {
			if err = x.Checkpoint(true); err != nil {
				err = fmt.Errorf("%w: %w", ErrRecording, err)
			}
		}
		if err == nil {
			return x.forget()
		}
		if !errors.Is(err, ErrChanged) || try == writeTries {
			return err
		}
	}
}

// stop gives back what was held, removes from all that is recorded what has
// turned out to be secret, and journals that the run stops. An error that is not ErrRecording says that
// the record must be left alone: something was written into it that cannot be
// adopted.
func (x *Executor) stop(result runbook.Result, reason string) error {
	edited := x.adopt(true)
	if errors.Is(edited, ErrRecording) {
		return edited
	}
	if edited != nil {
		result, reason = runbook.Held, edited.Error()
	}
	for i := range x.Plan.Tasks {
		if t := &x.Plan.Tasks[i]; t.Closing() && t.Contingency == "" {
			if err := x.sumUp(t, result); err != nil {
				return err
			}
		}
	}
	if err := x.release(); err != nil {
		return err
	}
	if err := x.sweep(); err != nil {
		return err
	}
	if err := x.queue(&runbook.RunStopped{Result: result, Reason: reason, Left: len(x.Plan.Left(x.State))}); err != nil {
		return err
	}
	// The seal is written together with the stop: one without the other is a
	// journal that lost its end.
	if err := x.commit(&runbook.RunSealed{Entries: x.State.Entries, Head: x.State.Head}); err != nil {
		return err
	}
	return edited
}

// adopt makes facts of what people wrote into the record.
func (x *Executor) adopt(final bool) error {
	if x.Adopt == nil {
		return nil
	}
	events, err := x.Adopt(final)
	if cerr := x.commit(events...); cerr != nil {
		return cerr
	}
	return err
}

// checkpoint writes the record between stops.
func (x *Executor) checkpoint(now bool) error {
	if err := x.flush(); err != nil {
		return err
	}
	if x.Checkpoint == nil {
		return nil
	}
	for try := 1; ; try++ {
		if err := x.adopt(now); err != nil {
			return err
		}
		err := x.Checkpoint(false)
		if err == nil {
			return nil
		}
		if !errors.Is(err, ErrChanged) || try == writeTries {
			return fmt.Errorf("%w: %w", ErrRecording, err)
		}
	}
}
