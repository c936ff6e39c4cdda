package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"runbook/executor"
	"runbook/runbook"
	"runbook/runbook/journal"
)

// sidecarChanged reports whether the sidecar is another one than the run has
// followed so far. Runs of versions that kept no copy are taken as they are.
func (s *session) sidecarChanged() bool {
	return s.id != "" && s.state != nil && s.state.Start != nil && s.state.Start.Seals && s.state.Sidecar != s.sidecarDigest()
}

func (s *session) sidecarDigest() runbook.Digest {
	if s.sidecar == nil {
		return ""
	}
	return runbook.DigestOf(s.sidecar)
}

// followed is the sidecar that the run has followed so far, as it was kept.
func (s *session) followed(dir *journal.RunDir) ([]byte, error) {
	if n := len(s.state.Sidecars); n > 0 {
		ev := s.state.Sidecars[n-1].Event.(*runbook.SidecarChanged)
		if ev.File == "" {
			return nil, nil
		}
		return dir.ReadOutput(strings.TrimPrefix(ev.File, "out/"))
	}
	return dir.Sidecar()
}

// sidecarProblem says in a plan of a run that has begun that it will follow
// another sidecar, and what is new in it.
func (s *session) sidecarProblem() ([]runbook.Problem, error) {
	if !s.sidecarChanged() || s.finished() {
		return nil, nil
	}
	dir, err := journal.OpenRun(s.runs, s.id)
	if err != nil {
		return nil, &exitError{exitUsage, err, ""}
	}
	was, err := s.followed(dir)
	if err = errors.Join(err, dir.Close()); err != nil {
		return nil, &exitError{exitUsage, err, ""}
	}
	p := runbook.Problem{Severity: runbook.Warning, Code: "sidecar",
		Message: filepath.Base(sidecarOf(s.place.path)) + " is not the one that the run has followed so far; exec follows it from here on, and records the change",
		Hint:    strings.TrimSpace(runbook.SidecarDiff(was, s.sidecar))}
	if who := s.state.ApprovedBefore(); who != "" {
		p.Message = fmt.Sprintf("%s is not the one that %s has approved; exec refuses it", filepath.Base(sidecarOf(s.place.path)), who)
	}
	return []runbook.Problem{p}, nil
}

// residecar makes the event by which a run that goes on follows another
// sidecar, and keeps a copy of it.
func (r *runner) residecar(dir *journal.RunDir, mask *executor.Mask, by string) ([]runbook.Event, error) {
	s := r.session
	if !s.sidecarChanged() {
		return nil, nil
	}
	if who := s.state.ApprovedBefore(); who != "" {
		return nil, &exitError{exitHeld, fmt.Errorf("%s is not the one that %s has approved for run %s", filepath.Base(sidecarOf(s.place.path)), who, s.id),
			"put it back as it was, from " + filepath.Join(dir.Path(), "sidecar.yaml") + "; or reset, and have the new one approved"}
	}
	was, err := s.followed(dir)
	if err != nil {
		return nil, &exitError{exitRecording, err, ""}
	}
	is := executor.Withhold(mask.Apply(s.sidecar), nil)
	ev := &runbook.SidecarChanged{By: by, Was: s.state.Sidecar, Is: s.sidecarDigest(), Diff: runbook.SidecarDiff(was, is)}
	if s.sidecar != nil {
		name := fmt.Sprintf("sidecar-%d.yaml", len(s.state.Sidecars)+2)
		ev.File, ev.Digest = "out/"+name, runbook.DigestOf(is)
		if err := dir.WriteOutput(name, is); err != nil {
			return nil, &exitError{exitRecording, err, ""}
		}
	}
	return []runbook.Event{ev}, nil
}
