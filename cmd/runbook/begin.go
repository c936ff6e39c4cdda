package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"runbook/executor"
	"runbook/runbook"
	"runbook/runbook/journal"
)

// begin makes a new run, or returns the events that open a resumption.
func (r *runner) begin(ctx context.Context, identity runbook.Identity, dropped []string, mask *executor.Mask) ([]runbook.Event, error) {
	s := r.session
	if s.id != "" {
		r.env.say("runbook: going on with run %s, last active %s ago%s: %s\n", s.id, age(time.Since(s.state.Latest)), r.handedOver(identity), whereItWas(r.plan, s.state))
		if s.torn > 0 {
			r.env.say("runbook: the journal's last line was cut off (%d bytes); it is kept beside the journal and was never acted on\n", s.torn)
		}
		return append([]runbook.Event{&runbook.RunResumed{Identity: identity, Fresh: r.shellLost()}}, slices.Concat(r.adopted, r.declare())...), nil
	}
	now := time.Now()
	id, err := journal.NewRunID(now, rand.Reader)
	if err != nil {
		return nil, &exitError{exitRecording, err, ""}
	}
	plan, err := r.plan.JSON(nil)
	if err != nil {
		return nil, err
	}
	start := &runbook.RunStarted{
		Run: id, Format: runbook.RecordFormat, Document: filepath.Base(s.place.path), Template: s.doc.Digest(), Plan: runbook.DigestOf(plan),
		Identity: identity, Repository: repository(ctx, s.place), Dropped: dropped, Seals: true,
	}
	if s.sidecar != nil {
		start.Sidecar = runbook.DigestOf(s.sidecar)
	}
	line, _, err := runbook.EncodeEntry(1, runbook.Head(nil), now, mask.Event(start))
	if err != nil {
		return nil, &exitError{exitRecording, err, ""}
	}
	entry, err := runbook.DecodeEntry(line, runbook.EventTypes())
	if err != nil {
		return nil, &exitError{exitRecording, err, ""}
	}
	dir, err := journal.CreateRun(s.runs, id, s.template, line)
	if err != nil {
		return nil, &exitError{exitRecording, err, ""}
	}
	s.id, s.state, s.entries = id, runbook.NewState(), []runbook.Entry{entry}
	if s.sidecar != nil {
		err = dir.WriteSidecar(s.sidecar)
	}
	return r.declare(), errors.Join(err, dir.Close(), s.state.Apply(entry))
}

// handedOver says who was at it before, if that was somebody else.
func (r *runner) handedOver(now runbook.Identity) string {
	if before := r.session.state.Operator; before != now.Operator {
		return " by " + runbook.Visible(before)
	}
	return ""
}

// whereItWas says in a line where a stopped run stands.
func whereItWas(plan *runbook.Plan, s *runbook.State) string {
	left := plan.Left(s)
	if len(left) == 0 {
		return "all steps are done"
	}
	t := left[0]
	st := s.Step(t.Slot.ID)
	if c, ok := st.Unknown(); ok {
		return fmt.Sprintf("step %d, line %d, was under way", t.Number, t.Script.Commands[c].Line)
	}
	if strings.HasPrefix(st.Reason, "step ") {
		return st.Reason
	}
	if st.Reason != "" {
		return fmt.Sprintf("step %d %s: %s", t.Number, st.Status, st.Reason)
	}
	return fmt.Sprintf("step %d is next", t.Number)
}

// identity says who runs this, where and with what.
func (r *runner) identity(ctx context.Context) runbook.Identity {
	id := runbook.Identity{Tool: "runbook " + buildVersion(), PID: os.Getpid()}
	id.Host, _ = os.Hostname() // an unnamed host is recorded as such
	if u, err := user.Current(); err == nil {
		id.User = u.Username
	}
	id.Operator = r.operator(ctx)
	if self, err := os.Executable(); err == nil {
		id.Digest = fileDigest(self)
	}
	return id
}

// operator is the name of who runs this.
func (r *runner) operator(ctx context.Context) string {
	name := r.o.operator
	if name == "" {
		name = gitLine(ctx, r.session.place.root, "config", "user.name")
	}
	if u, err := user.Current(); err == nil && name == "" {
		name = u.Username
	}
	return name
}

func fileDigest(path string) runbook.Digest {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return runbook.Digest("sha256:" + hex.EncodeToString(h.Sum(nil)))
}
