package main

import (
	"errors"
	"fmt"
	"time"

	"runbook/executor"
	"runbook/runbook"
	"runbook/runbook/journal"
	"runbook/runbook/seal"
)

// checkpoint writes the record. Between stops it does so only when writing has
// cost a small share of the time since it was last written: rendering and
// syncing a large document after every step would slow the run for nothing,
// because the journal alone carries it.
func (r *runner) checkpoint(dir *journal.RunDir, final bool) error {
	if final {
		// A line whose end is missing is no entry, and no sweep finds it.
		if err := dir.ReviseTorn(r.env.known.mask().Cut); err != nil {
			return err
		}
	}
	if r.session.home != "" { // the record is put back when the run has stopped
		if final {
			return writeStatement(dir, r.session.doc)
		}
		return nil
	}
	if !r.due(final) {
		return nil
	}
	began := time.Now()
	record, err := runbook.LayOut(r.session.doc, r.session.state)
	if err != nil {
		return err
	}
	if r.written == nil {
		err = journal.WriteNew(r.session.target, record.Text)
	} else {
		err = journal.Replace(r.session.target, r.written, record.Text)
	}
	var changed *journal.ChangedError
	if errors.As(err, &changed) {
		return fmt.Errorf("%w: %w; it was left alone, and %s has all that the record would hold", executor.ErrChanged, err, dir.JournalPath())
	}
	if err != nil {
		return err
	}
	r.written, r.layout, r.wrote = record.Text, record, time.Now()
	r.cost = r.wrote.Sub(began)
	if final {
		return writeStatement(dir, r.session.doc)
	}
	return nil
}

// writeStatement writes what the sealed run states beside its journal. It is
// made of what lies on the disk, as a reader will make it.
func writeStatement(dir *journal.RunDir, doc *runbook.Document) error {
	lines, err := journal.Read(dir.JournalPath())
	if err != nil {
		return err
	}
	entries, err := runbook.DecodeJournal(lines.Whole, runbook.EventTypes())
	if err != nil {
		return err
	}
	statement, err := (&seal.Chain{Doc: doc, Lines: lines.Whole, Entries: entries}).Statement()
	if err != nil {
		return err
	}
	return dir.WriteStatement(statement)
}

func (r *runner) due(final bool) bool {
	const share = 20
	return final || time.Since(r.wrote) >= share*r.cost
}
