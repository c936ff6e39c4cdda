package main

import (
	"errors"
	"path/filepath"

	"runbook/runbook/journal"
)

// A run wants this much room before its first step, beside ten times its
// template: its journal and record grow with what steps print, and where they
// cannot be written, nothing may run.
const (
	wantedSpace   = 16 << 20
	wantedPerByte = 10
)

// checkSpace finds out before step 1 that the record, the run directory and the
// run's private state can be written, and have room.
func (r *runner) checkSpace() error {
	s := r.session
	want := uint64(wantedSpace + wantedPerByte*len(s.template))
	for _, dir := range []string{filepath.Dir(s.target), s.runs, r.privatePath()} {
		if dir == "" {
			continue // reported where the directory is made
		}
		var full *journal.SpaceError
		if err := journal.CheckSpace(dir, want); errors.As(err, &full) {
			return &exitError{exitRecording, err, "nothing was run; make room, or write the record elsewhere with --record"}
		}
	}
	return nil
}
