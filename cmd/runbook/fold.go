package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"runbook/runbook"
	"runbook/runbook/journal"
	"runbook/runbook/seal"
)

// allowedSigners reads the file that says whose keys are believed: the one that
// is named, else git's. nil: nobody has named one.
func (e *environment) allowedSigners(ctx context.Context, root, path string) (*seal.Allowed, error) {
	if path == "" {
		path = gitLine(ctx, root, "config", "--path", "--get", "gpg.ssh.allowedSignersFile")
		if path == "" {
			return nil, nil
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(root, path)
		}
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, &exitError{exitUsage, err, ""}
	}
	allowed, err := seal.ParseAllowed(path, src)
	if err != nil {
		return nil, &exitError{exitUsage, err, "a line is: principals, options, key type, key"}
	}
	return allowed, nil
}

// signatures are a run's signature files as seal reads them.
func signatures(files []journal.SignatureFile) []seal.Signature {
	list := make([]seal.Signature, len(files))
	for i, f := range files {
		list[i] = seal.Signature(f)
	}
	return list
}

// approvals are the signatures from before a run that fit the target. Others
// are told and left.
func (e *environment) approvals(s *session, target *seal.Target, allowed *seal.Allowed) ([]*seal.Signed, error) {
	files, err := journal.Approvals(s.runs)
	if err != nil {
		return nil, &exitError{exitUsage, err, ""}
	}
	signed, errs := target.Open(signatures(files), allowed, time.Now())
	for _, err := range errs {
		e.say("runbook: passed over: %s\n", runbook.Visible(filepath.Join(s.runs, "approvals")+": "+err.Error()))
	}
	return signed, nil
}

// foldPending brings into the record what was signed apart.
func (g *signing) foldPending() error {
	if g.dir == nil {
		return usagef("the next exec takes approvals in", "%s is a template: there is no record to bring signatures into", g.s.file)
	}
	pending, err := g.pending()
	if err != nil {
		return err
	}
	if len(pending) == 0 {
		g.env.say("runbook: every signature of %s is in the record\n", g.s.file)
		return nil
	}
	if err := g.foldIn(pending); err != nil {
		return err
	}
	for _, p := range pending {
		g.env.say("runbook: %s has signed as %s\n", runbook.Visible(p.SignOff.Name), runbook.Visible(p.SignOff.Role))
	}
	return nil
}

// pending are the signatures that the journal does not hold, one a sign-off,
// in the order in which they were made.
func (g *signing) pending() ([]*seal.Signed, error) {
	var list []*seal.Signed
	for _, s := range seal.Pending(g.target.Others, g.s.state) {
		faults, err := g.target.Refuses(s)
		if err != nil {
			return nil, &exitError{exitUsage, err, ""}
		}
		if len(faults) > 0 {
			return nil, &exitError{exitHeld, fmt.Errorf("signatures/%s: %s", s.File, strings.Join(faults, "; ")), ""}
		}
		list = append(list, s)
	}
	return list, nil
}

// foldIn journals signatures, and writes record and statement anew.
func (g *signing) foldIn(list []*seal.Signed) error {
	s := g.s
	var events []runbook.Event
	for _, signed := range list {
		event, err := signed.Event(s.doc)
		if err != nil {
			return &exitError{exitUsage, err, ""}
		}
		events = append(events, event)
	}
	file, _, err := journal.Open(g.dir.JournalPath())
	if err != nil {
		return &exitError{exitRecording, err, ""}
	}
	err = errors.Join(add(file, s.state, events...), file.Close())
	var record []byte
	if err == nil {
		record, err = runbook.RenderState(s.doc, s.state)
	}
	if err == nil {
		err = s.write(record)
	}
	if err == nil {
		err = writeStatement(g.dir, s.doc)
	}
	if err != nil {
		return &exitError{exitRecording, err, "the signature itself is kept; `runbook exec " + s.file + "` completes the record"}
	}
	return nil
}
