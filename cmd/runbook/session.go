package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"runbook/executor"
	"runbook/runbook"
	"runbook/runbook/journal"
	"runbook/runbook/seal"
)

// A session is one record and the newest run that belongs to it, as found on
// the disk.
type session struct {
	file   string // as the operator named it
	place  place  // of the template's file
	target string // the record's real path; place.path when completed in place
	runs   string // the directory of the record's runs
	home   string // where that belongs, while it is in its shelter; else empty

	template []byte // what the run executes
	current  []byte // what the record holds now; nil: there is none yet
	doc      *runbook.Document
	sidecar  []byte // as the plan read it; nil: there is none

	id      string // of the newest run; empty: none that concerns this record
	entries []runbook.Entry
	state   *runbook.State
	torn    int  // bytes of a torn last line of the journal
	aside   bool // the record on the disk is behind the journal
	// layout is what current was written as by the run; nil where that is no
	// question, because there is no run or no record yet.
	layout *runbook.Layout
	edited bool // current is not what the run wrote
}

// openSession finds out what FILE is: a template, or a record whose run can go
// on. It changes nothing, and refuses a record that was edited by hand.
func openSession(file, record string) (*session, error) {
	s, err := openEdited(file, record)
	if err == nil && s.edited {
		return nil, s.editedError()
	}
	return s, err
}

// openEdited is openSession for those who can adopt what was edited by hand.
func openEdited(file, record string) (*session, error) {
	s, err := findSession(file, record)
	if err != nil {
		return nil, err
	}
	if err := s.newest(); err != nil {
		return nil, err
	}
	if s.doc == nil {
		if s.doc, err = parse(file, s.template); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// findSession finds the files of a record and looks at no run.
func findSession(file, record string) (*session, error) {
	s := &session{file: file}
	var err error
	if s.place, err = locate(file); err != nil {
		return nil, err
	}
	if s.template, err = readDocument(file); err != nil {
		if _, ok := sheltered(s.place.path); !ok {
			return nil, err
		}
	}
	s.current = s.template
	s.target = s.place.path
	if record != "" {
		if err := s.apart(record); err != nil {
			return nil, err
		}
	}
	s.runs = journal.RunsDir(s.target)
	if runs, ok := sheltered(s.target); ok {
		s.runs, s.home = runs, s.runs
	}
	return s, nil
}

// apart makes another file than the template the record.
func (s *session) apart(record string) error {
	path, err := filepath.Abs(record)
	if err != nil {
		return &exitError{exitUsage, err, ""}
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return usagef("make the directory first", "--record: %v", err)
	}
	s.target = filepath.Join(dir, filepath.Base(path))
	if s.target == s.place.path {
		return nil
	}
	info, err := os.Stat(s.target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.current = nil
		return nil
	case err == nil && info.IsDir():
		return usagef("", "--record: %s is a directory", record)
	}
	s.current, err = readDocument(s.target)
	return err
}

// inPlace reports whether the template's file becomes the record.
func (s *session) inPlace() bool { return s.target == s.place.path }

// errNoRun is a record without the template and the journal that it is made of.
var errNoRun = errors.New("the directory of its run is missing")

// newest looks for the run that made, or is making, the record.
func (s *session) newest() error {
	ids, err := journal.List(s.runs)
	if err != nil {
		return &exitError{exitUsage, err, ""}
	}
	if len(ids) == 0 {
		if isRecord(s.current) {
			return usagef("bring back "+s.runs, "%s is a record, and %w", s.file, errNoRun)
		}
		return s.fresh()
	}
	id := ids[len(ids)-1]
	if err := s.read(id); err != nil {
		return err
	}
	return s.compare()
}

// fresh refuses a --record target that is something else than a record.
func (s *session) fresh() error {
	if hasOutput(s.current) {
		return usagef("bring back the rest of it, or `runbook reset` it", "%s holds the output of steps, and neither the appendix of a record nor its run is there", s.file)
	}
	if !s.inPlace() && s.current != nil {
		return usagef("name a file that does not exist yet", "--record: %s exists, and no run of runbook made it", s.target)
	}
	return nil
}

// read loads a run's template and journal.
func (s *session) read(id string) error {
	dir, err := journal.OpenRun(s.runs, id)
	if err != nil {
		return &exitError{exitUsage, err, ""}
	}
	template, err := dir.Template()
	if err = errors.Join(err, dir.Close()); err != nil {
		return &exitError{exitUsage, fmt.Errorf("run %s: %w", id, err), ""}
	}
	lines, err := journal.Read(dir.JournalPath())
	if err != nil {
		return &exitError{exitUsage, err, ""}
	}
	entries, err := runbook.DecodeJournal(lines.Whole, runbook.EventTypes())
	if err != nil {
		hint := "the journal was changed after it was written; nothing can go on from it"
		if seal.Conflicted(bytes.Join(lines.Whole, []byte("\n"))) {
			hint = "git left a conflict in it: take either side of the record and of its run, as by `git checkout --ours`"
		}
		return &exitError{exitUsage, fmt.Errorf("%s: %w", dir.JournalPath(), err), hint}
	}
	state, err := runbook.Fold(entries)
	if err != nil {
		return &exitError{exitUsage, fmt.Errorf("%s: %w", dir.JournalPath(), err), ""}
	}
	doc, err := parse(s.file, template)
	if err != nil {
		return err
	}
	if state.Start == nil || state.Start.Template != doc.Digest() {
		return usagef("", "%s: the template in the run directory is not the one that the run started with", dir.Path())
	}
	s.id, s.entries, s.state, s.doc, s.torn = id, entries, state, doc, len(lines.Torn)
	s.template, template = template, s.template
	if !s.inPlace() && !bytes.Equal(s.template, template) && s.home == "" {
		return usagef("give the record another name", "%s is not the template of run %s, which made %s", s.file, id, s.target)
	}
	return nil
}

// compare decides whether the record on the disk is the run's, and as of which
// entry of the journal.
func (s *session) compare() error {
	switch {
	case s.home != "": // what stands in the record's place is git's
		s.aside = true
		return nil
	case s.current == nil || bytes.Equal(s.current, s.template) && !s.finished():
		s.aside = true
		return s.writtenAt(0)
	case !isRecord(s.current) && s.finished() && s.inPlace() && !hasOutput(s.current):
		s.forget()
		return nil
	}
	if n := s.entryOf(recordHead(s.current)); n > 0 {
		s.aside = n < len(s.entries)
		return s.writtenAt(n)
	}
	if s.short() {
		return usagef("bring the whole journal back from a backup or from git; nothing can go on without it",
			"%s: the journal has fewer entries than the record says: its end is missing", s.journal())
	}
	if !isRecord(s.current) && !hasOutput(s.current) {
		return s.writtenAt(0)
	}
	return s.writtenAt(len(s.entries))
}

// writtenAt compares the record with what the first n entries produce.
func (s *session) writtenAt(n int) error {
	state := s.state
	if n < len(s.entries) {
		var err error
		if state, err = runbook.Fold(s.entries[:n]); err != nil {
			return err
		}
	}
	var err error
	if s.layout, err = runbook.LayOut(s.doc, state); err != nil {
		return err
	}
	s.edited = s.current != nil && !bytes.Equal(s.current, s.layout.Text)
	return nil
}

var headLine = []byte("; head: `")

// recordHead is the digest of the last entry that a record says it shows.
func recordHead(record []byte) runbook.Digest {
	at := bytes.LastIndex(record, headLine)
	if at < 0 {
		return ""
	}
	head, _, _ := bytes.Cut(record[at+len(headLine):], []byte("`"))
	return runbook.Digest(head)
}

// entryOf is the number of the entry with that digest; 0 is none.
func (s *session) entryOf(head runbook.Digest) int {
	for n := len(s.entries); n > 0; n-- {
		if s.entries[n-1].Digest == head {
			return n
		}
	}
	return 0
}

// editedError refuses a record that is not what its run wrote.
func (s *session) editedError() error {
	hint := fmt.Sprintf("exec adopts what was filled in by hand, and shows the rest; `runbook reset` gives run %s up and keeps a copy of the file", s.id)
	if isRecord(s.current) {
		return usagef(hint, "%s:%d: the record was edited after the run wrote it", s.file, firstDifference(s.layout.Text, s.current))
	}
	return usagef(hint, "%s was edited while a run of it is not finished", s.file)
}

// placeholders returns the values that the run's journal holds for the steps'
// placeholders. Those that it holds masked must be given again.
func (s *session) placeholders() []runbook.GivenFor {
	if s.state == nil {
		return nil
	}
	var known []runbook.GivenFor
	for text, p := range s.state.Placeholders {
		if !executor.Masked(p.Value) {
			known = append(known, runbook.GivenFor{Key: text, Kind: runbook.PlaceholderSlot, Where: "the journal", Given: runbook.Given{Value: p.Value, By: p.By, Source: "journal"}})
		}
	}
	return known
}

// forget makes the session one of a template that no run concerns: the newest
// one is finished, and the file has been made a template again.
func (s *session) forget() {
	s.template, s.doc = s.current, nil
	s.id, s.entries, s.state, s.layout = "", nil, nil, nil
}

// finished reports whether the run has no step left to do. One that is held
// goes on: by an edit, it may be, that kept its record from being written.
func (s *session) finished() bool {
	stop := (*runbook.RunStopped)(nil)
	if s.state != nil {
		stop = s.state.Stopped
	}
	return stop != nil && (stop.Left == 0 && stop.Result != runbook.Held || stop.Result == runbook.Abandoned)
}

// stated reports whether nothing of the seal that closes the run's last stop is
// missing. Runs of versions that did not seal miss nothing.
func (s *session) stated() bool {
	if !s.state.Sealed {
		return !s.state.Start.Seals
	}
	_, err := os.Lstat(filepath.Join(s.runs, s.id, "statement.json"))
	return err == nil
}

// isRecord reports whether a document carries a record's appendix.
func isRecord(src []byte) bool {
	return bytes.Contains(src, []byte("\n<!-- runbook:record -->"))
}

// hasOutput reports whether a document holds a step's output section.
func hasOutput(src []byte) bool {
	return bytes.Contains(src, []byte("<!-- runbook:output ")) && bytes.Contains(src, []byte("\n<!-- /runbook:output -->"))
}

// short reports whether the record counts more entries than the journal has.
func (s *session) short() bool {
	_, rest, ok := bytes.Cut(s.current, []byte("\nJournal entries: "))
	digits, _, found := bytes.Cut(rest, []byte(";"))
	n, err := strconv.Atoi(string(digits))
	return ok && found && err == nil && n > len(s.entries)
}

// firstDifference returns the line, from 1, at which two texts part.
func firstDifference(a, b []byte) int {
	line := 1
	for i := 0; i < len(a) && i < len(b) && a[i] == b[i]; i++ {
		if a[i] == '\n' {
			line++
		}
	}
	return line
}
