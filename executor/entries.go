package executor

import (
	"errors"
	"fmt"

	"runbook/runbook"
)

// queue encodes events, masks them, and moves the state on by what the journal
// will hold. They become durable with the next flush.
func (x *Executor) queue(events ...runbook.Event) error {
	for _, e := range events {
		entry, line, err := x.encode(e)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrRecording, err)
		}
		if err := x.State.Apply(entry); err != nil {
			return fmt.Errorf("%w: %w", ErrRecording, err)
		}
		x.pending = append(x.pending, line)
	}
	return nil
}

// encode makes the line and reads it back: the state then rests on exactly
// what a later reader of the journal will see.
func (x *Executor) encode(e runbook.Event) (runbook.Entry, []byte, error) {
	line, _, err := runbook.EncodeEntry(x.State.Entries+1, x.head(), x.Clock(), x.Mask.Event(e))
	if err != nil {
		return runbook.Entry{}, nil, err
	}
	entry, err := runbook.DecodeEntry(line, eventTypes)
	return entry, line, err
}

var eventTypes = runbook.EventTypes()

func (x *Executor) head() runbook.Digest {
	if x.State.Entries == 0 {
		return runbook.Head(nil)
	}
	return x.State.Head
}

// flush makes everything queued durable, and the outputs that it tells of: side
// by side, for the disk then does both at little more than the price of one.
func (x *Executor) flush() error {
	var synced chan error
	if x.unsynced {
		x.unsynced = false
		synced = make(chan error, 1)
		go func() { synced <- x.Quarantine.Sync() }()
	}
	var err error
	if lines := x.pending; len(lines) > 0 {
		x.pending = nil
		err = x.Journal.Append(lines...)
	}
	if synced != nil {
		err = errors.Join(err, <-synced)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRecording, err)
	}
	return nil
}

func (x *Executor) commit(events ...runbook.Event) error {
	if err := x.queue(events...); err != nil {
		return err
	}
	return x.flush()
}
