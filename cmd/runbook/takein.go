package main

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"runbook/runbook"
	"runbook/runbook/journal"
	"runbook/runbook/seal"
)

// takeIn makes events of what was signed before the run began, or apart from
// its journal, so that the run knows who has approved it.
func (r *runner) takeIn(ctx context.Context, dir *journal.RunDir, lines [][]byte) ([]runbook.Event, error) {
	s := r.session
	apart, err := dir.Signatures()
	if err != nil {
		return nil, &exitError{exitUsage, err, ""}
	}
	approvals, err := journal.Approvals(s.runs)
	if err != nil {
		return nil, &exitError{exitUsage, err, ""}
	}
	if len(apart)+len(approvals) == 0 {
		return nil, nil
	}
	allowed, err := r.env.allowedSigners(ctx, s.place.root, "")
	if err != nil {
		return nil, err
	}
	entries, err := runbook.DecodeJournal(lines, runbook.EventTypes())
	if err != nil {
		return nil, &exitError{exitUsage, err, ""}
	}
	sidecar, err := dir.Sidecar()
	if err != nil {
		return nil, &exitError{exitUsage, err, ""}
	}
	target := &seal.Target{Doc: s.doc, Document: s.state.Start.Document, Sidecar: sidecar, Chain: &seal.Chain{Doc: s.doc, Lines: lines, Entries: entries}}
	if err := r.adoptApprovals(dir, target, approvals, allowed); err != nil {
		return nil, err
	}
	if apart, err = dir.Signatures(); err != nil {
		return nil, &exitError{exitUsage, err, ""}
	}
	apart = slices.DeleteFunc(apart, func(f journal.SignatureFile) bool {
		_, void := s.state.Void[runbook.DigestOf(f.Statement)]
		return void
	})
	var errs []error
	target.Others, errs = target.Open(signatures(apart), allowed, time.Now())
	for _, err := range errs {
		r.passedOver(filepath.Join(dir.Path(), "signatures"), err.Error())
	}
	var events []runbook.Event
	for _, signed := range seal.Pending(target.Others, s.state) {
		faults, err := target.Refuses(signed)
		if err != nil {
			return nil, &exitError{exitUsage, err, ""}
		}
		if len(faults) > 0 {
			r.passedOver(filepath.Join(dir.Path(), "signatures", signed.File), strings.Join(faults, "; "))
			continue
		}
		event, err := signed.Event(s.doc)
		if err != nil {
			return nil, &exitError{exitUsage, err, ""}
		}
		r.env.say("runbook: %s has signed as %s\n", runbook.Visible(signed.SignOff.Name), runbook.Visible(signed.SignOff.Role))
		events = append(events, event)
	}
	return events, nil
}

// adoptApprovals moves the approvals that fit the run into its directory: an
// approval is for one run.
func (r *runner) adoptApprovals(dir *journal.RunDir, target *seal.Target, files []journal.SignatureFile, allowed *seal.Allowed) error {
	fitting, errs := target.Open(signatures(files), allowed, time.Now())
	for _, err := range errs {
		r.passedOver(filepath.Join(r.session.runs, "approvals"), err.Error())
	}
	target.Others = fitting
	for _, signed := range fitting {
		faults, err := target.Refuses(signed)
		if err != nil {
			return &exitError{exitUsage, err, ""}
		}
		if len(faults) > 0 {
			r.passedOver(filepath.Join(r.session.runs, "approvals", signed.File), strings.Join(faults, "; "))
			continue
		}
		at := slices.IndexFunc(files, func(f journal.SignatureFile) bool { return f.Name == signed.File })
		if err := dir.AddSignature(files[at]); err != nil {
			return &exitError{exitRecording, err, ""}
		}
		if err := journal.RemoveApproval(r.session.runs, signed.File); err != nil {
			return &exitError{exitRecording, err, ""}
		}
	}
	return nil
}

func (r *runner) passedOver(where, why string) {
	r.env.say("runbook: passed over: %s\n", runbook.Visible(where+": "+why))
}

// signedApart reports whether the run's directory holds a signature that its
// journal does not.
func (s *session) signedApart() bool {
	dir, err := journal.OpenRun(s.runs, s.id)
	if err != nil {
		return false // whoever opens it next says so
	}
	defer dir.Close()
	files, err := dir.Signatures()
	if err != nil {
		return true
	}
	known := map[string]bool{}
	for _, e := range s.entries {
		if ev, ok := e.Event.(*runbook.SignedOff); ok {
			known[ev.File] = true
		}
	}
	return slices.ContainsFunc(files, func(f journal.SignatureFile) bool {
		_, void := s.state.Void[runbook.DigestOf(f.Statement)]
		return !known[f.Name] && !void
	})
}

// write puts a record in the place of the one on the disk.
func (s *session) write(record []byte) error {
	var err error
	if s.current == nil {
		err = journal.WriteNew(s.target, record)
	} else {
		err = journal.Replace(s.target, s.current, record)
	}
	if err == nil {
		s.current = record
	}
	return err
}

// rewrite writes record and statement as they follow from the journal.
func (s *session) rewrite(dir *journal.RunDir) error {
	record, err := runbook.RenderState(s.doc, s.state)
	if err != nil {
		return err
	}
	if err := s.write(record); err != nil {
		return err
	}
	s.aside = false
	return writeStatement(dir, s.doc)
}
