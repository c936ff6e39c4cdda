package main

import (
	"time"

	"runbook/runbook"
	"runbook/runbook/journal"
)

// add appends events to the journal of a run that nothing executes, and seals
// it again, all in one write. The state moves on with it.
func add(file *journal.Journal, state *runbook.State, events ...runbook.Event) error {
	var lines [][]byte
	at := time.Now()
	next := func(e runbook.Event) error {
		line, _, err := runbook.EncodeEntry(state.Entries+1, state.Head, at, e)
		if err != nil {
			return err
		}
		entry, err := runbook.DecodeEntry(line, runbook.EventTypes())
		if err != nil {
			return err
		}
		lines = append(lines, line)
		return state.Apply(entry)
	}
	for _, e := range events {
		if err := next(e); err != nil {
			return err
		}
	}
	if err := next(&runbook.RunSealed{Entries: state.Entries, Head: state.Head}); err != nil {
		return err
	}
	return file.Append(lines...)
}
