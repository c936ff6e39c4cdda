package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"runbook/runbook"
	"runbook/runbook/journal"
	"runbook/runbook/seal"
)

// runRow is where a record says which run made it.
var runRow = regexp.MustCompile("(?m)^\\| Run \\| `([0-9A-Za-z.-]+)` \\|")

// judge gathers the files of the session's record and judges them.
func (s *session) judge(allowed *seal.Allowed) (*seal.Judgement, error) {
	cannot := func(why string) (*seal.Judgement, error) {
		return &seal.Judgement{Verdict: seal.CannotCheck, Reasons: []string{why}}, nil
	}
	if s.inPlace() && !isRecord(s.current) {
		return cannot("it is a template: no run has been recorded in it")
	}
	id, err := s.recorded()
	switch {
	case err != nil:
		return nil, err
	case id == "" && isRecord(s.current):
		return cannot(fmt.Sprintf("%s is a record, and %v", s.file, errNoRun))
	case id == "":
		return cannot("no run belongs to it")
	}
	b, err := s.bundle(id)
	var damage *fs.PathError
	if errors.Is(err, fs.ErrNotExist) || errors.As(err, &damage) && !errors.Is(err, fs.ErrPermission) {
		// Part of the run directory is gone, or is no plain file.
		return &seal.Judgement{Verdict: seal.Invalid, Reasons: []string{err.Error()}}, nil
	}
	if err != nil {
		return nil, &exitError{exitUsage, err, ""}
	}
	return seal.Judge(b, allowed, time.Now()), nil
}

// recorded is the run that the record names, if it is there, and else the
// newest.
func (s *session) recorded() (string, error) {
	ids, err := journal.List(s.runs)
	if err != nil {
		return "", &exitError{exitUsage, err, ""}
	}
	if len(ids) == 0 {
		return "", nil
	}
	rows := runRow.FindAllSubmatch(s.current, -1)
	if len(rows) > 0 && slices.Contains(ids, string(rows[len(rows)-1][1])) {
		return string(rows[len(rows)-1][1]), nil
	}
	return ids[len(ids)-1], nil
}

// bundle reads the files of a run.
func (s *session) bundle(id string) (*seal.Bundle, error) {
	dir, err := journal.OpenRun(s.runs, id)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	b := &seal.Bundle{Name: s.file, Runs: dir.Path(), Record: s.current, Outputs: map[string]runbook.Digest{}}
	if !s.inPlace() {
		b.Source = s.template
	}
	if b.Journal, err = readPlain(dir.JournalPath()); err != nil {
		return nil, err
	}
	for _, part := range []struct {
		data *[]byte
		read func() ([]byte, error)
	}{{&b.Template, dir.Template}, {&b.Sidecar, dir.Sidecar}, {&b.Statement, dir.Statement}} {
		if *part.data, err = part.read(); err != nil {
			return nil, err
		}
	}
	files, err := dir.Signatures()
	if err != nil {
		return nil, err
	}
	b.Signatures = signatures(files)
	names, err := dir.Outputs()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		data, err := dir.ReadOutput(name)
		if err != nil {
			return nil, err
		}
		b.Outputs["out/"+name] = runbook.DigestOf(data)
	}
	return b, nil
}

// readPlain reads a regular file, and no link to one.
func readPlain(path string) ([]byte, error) {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	info, err := root.Lstat(filepath.Base(path))
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("not a regular file")}
	}
	return root.ReadFile(filepath.Base(path))
}
