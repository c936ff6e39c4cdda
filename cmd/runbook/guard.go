package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"runbook/runbook/journal"
)

// A guarded journal is written only while the lock is held and the file is
// still the one that the run directory shows. A step can take either away, by
// `git clean -x` or `git stash -a`; nothing may then have a further effect, and
// what was recorded is put where the step cannot reach it.
type guarded struct {
	file     *journal.Journal
	lock     *journal.Lock
	template []byte
	rescue   string // the directory for what would be lost

	mu    sync.Mutex // guards what follows, and the file
	lines [][]byte   // all that the journal holds
}

// room is what the disks must have left, in bytes, for the end of a command and
// of the run to be recorded.
const room = 256 << 10

// Probe implements executor.Prober.
func (g *guarded) Probe() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := journal.CheckSpace(filepath.Dir(g.rescue), room); err != nil {
		return err
	}
	return g.file.Probe(room)
}

// Append implements executor.Journal.
func (g *guarded) Append(lines ...[]byte) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lines = append(g.lines, lines...)
	if err := errors.Join(g.lock.Check(), g.file.Check()); err != nil {
		return g.save(err)
	}
	return g.file.Append(lines...)
}

// Lines implements executor.Reviser.
func (g *guarded) Lines() [][]byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.lines
}

// Revise implements executor.Reviser.
func (g *guarded) Revise(lines [][]byte) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := errors.Join(g.lock.Check(), g.file.Check()); err != nil {
		return g.save(err)
	}
	g.lines = lines
	return g.file.Revise(lines)
}

// save writes the template and the journal, the lines that could not be
// appended included, to the rescue directory.
func (g *guarded) save(cause error) error {
	text := append(bytes.Join(g.lines, []byte{'\n'}), '\n')
	err := os.MkdirAll(g.rescue, 0o700)
	if err == nil {
		err = os.WriteFile(filepath.Join(g.rescue, "template.md"), g.template, 0o600)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(g.rescue, "journal.jsonl"), text, 0o600)
	}
	if err != nil {
		return errors.Join(cause, fmt.Errorf("saving the journal: %w", err))
	}
	return &lostError{cause, g.rescue}
}

// A lostError says that the run directory was taken away during the run.
type lostError struct {
	cause  error
	rescue string // where its template and journal were saved
}

func (e *lostError) Error() string {
	return fmt.Sprintf("%v: a step took the run's directory away; template and journal are saved in %s", e.cause, e.rescue)
}

func (e *lostError) Unwrap() error { return e.cause }
