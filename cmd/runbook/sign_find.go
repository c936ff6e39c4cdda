package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"runbook/runbook"
	"runbook/runbook/journal"
	"runbook/runbook/seal"
)

// find finds what there is to sign, and refuses what is false.
func (g *signing) find() error {
	s := g.s
	var err error
	if g.id, err = s.recorded(); err != nil {
		return err
	}
	if !isRecord(s.current) {
		g.id = ""
	}
	if g.id == "" {
		return g.findTemplate()
	}
	if g.dir, err = journal.OpenRun(s.runs, g.id); err != nil {
		return &exitError{exitUsage, err, ""}
	}
	b, err := s.bundle(g.id)
	if err != nil {
		return &exitError{exitUsage, err, ""}
	}
	j := seal.Judge(b, g.allowed, time.Now())
	if j.Verdict == seal.Invalid {
		return &exitError{exitFalse, fmt.Errorf("%s is not what its run wrote, and cannot be signed: %s", s.file, strings.Join(j.Reasons, "; ")), ""}
	}
	record, err := runbook.RenderState(j.Chain.Doc, j.State)
	if err != nil {
		return err
	}
	if j.State.Stopped == nil || j.State.Start.Seals && !j.State.Sealed || !bytes.Equal(record, s.current) {
		return &exitError{exitHeld, fmt.Errorf("the record is behind its journal: %s", strings.Join(j.Reasons, "; ")), "`runbook exec " + s.file + "` completes it"}
	}
	g.target = &seal.Target{Doc: j.Chain.Doc, Document: j.State.Start.Document, Chain: j.Chain, Others: j.Signers}
	if j.State.Start.Sidecar != "" {
		g.target.Sidecar = b.Sidecar
	}
	s.id, s.state, s.entries, s.doc = g.id, j.State, j.Chain.Entries, j.Chain.Doc
	return nil
}

// findTemplate is find before there is a run.
func (g *signing) findTemplate() error {
	s := g.s
	if hasOutput(s.current) {
		return s.fresh()
	}
	doc, err := parse(s.file, s.template)
	if err != nil {
		return err
	}
	car, problems, err := readSidecar(s.place.path)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return g.env.problems(s.file, problems)
	}
	g.target = &seal.Target{Doc: doc, Document: filepath.Base(s.place.path)}
	if car != nil {
		g.target.Sidecar = car.Bytes
	}
	g.target.Others, err = g.env.approvals(s, g.target, g.allowed)
	s.doc, s.state = doc, runbook.NewState()
	return err
}

// slot finds the sign-off that --as names.
func (g *signing) slot() (*runbook.Slot, error) {
	var all, named []string
	var found *runbook.Slot
	doc := g.s.doc
	for i := range doc.Slots {
		slot := &doc.Slots[i]
		if slot.Kind != runbook.ItemSlot || slot.Item != runbook.SignOff {
			continue
		}
		all = append(all, fmt.Sprintf("%q", slot.Label))
		if runbook.IsRole(g.o.role, slot) {
			named = append(named, string(slot.ID))
			found = slot
		}
	}
	switch {
	case len(named) == 0 && len(all) == 0:
		return nil, usagef("a sign-off is an item such as `- [ ] Lead Engineer: ____ Date: ____`", "%s has no sign-off", g.s.file)
	case len(named) == 0:
		return nil, usagef("there are "+strings.Join(all, ", "), "%s has no sign-off %q", g.s.file, g.o.role)
	case len(named) > 1:
		return nil, usagef("name one by its ID: "+strings.Join(named, ", "), "%s has %d sign-offs %q", g.s.file, len(named), g.o.role)
	case !found.Open():
		return nil, usagef("", "%s:%d: %s is ticked in the template", g.s.file, found.Line, found.Label)
	}
	return found, nil
}

// earlier is a signature of the sign-off that covers all there is; nil if there
// is none.
func (g *signing) earlier(slot *runbook.Slot) *seal.Signed {
	for _, other := range g.target.Others {
		if other.SignOff.Item == slot.ID && (g.target.Chain == nil || other.SignOff.Entries >= seal.LastFact(g.target.Chain)) {
			return other
		}
	}
	return nil
}
