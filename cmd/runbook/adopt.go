package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"runbook/executor"
	"runbook/runbook"
	"runbook/runbook/journal"
)

// handEdits are the events of what people wrote into the record before this
// exec: facts where the checklist leaves places open, and what was edited
// elsewhere only if --accept-drift says so.
func (r *runner) handEdits(ctx context.Context) ([]runbook.Event, error) {
	s := r.session
	if !s.edited {
		return nil, nil
	}
	events, err := s.layout.Adopt(s.state, s.current, r.writers(ctx, s.current))
	var drift *runbook.DriftError
	if !errors.As(err, &drift) {
		return events, err
	}
	if !r.o.drift {
		return nil, r.drifted(drift)
	}
	return append(events, r.keepDrift(ctx, drift)), nil
}

// saveDrift keeps a diff that is too long for the journal, before an event
// names its file.
func (r *runner) saveDrift(dir *journal.RunDir) error {
	for _, e := range r.adopted {
		if d, ok := e.(*runbook.DriftAccepted); ok && d.File != "" {
			return dir.WriteOutput(d.File, r.longDiff)
		}
	}
	return nil
}

// byHand says in a line what the next exec will find written by hand; empty if
// nothing.
func (s *session) byHand() string {
	if !s.edited {
		return ""
	}
	events, err := s.layout.Adopt(s.state, s.current, func(int) runbook.Writer { return runbook.Writer{} })
	text := fmt.Sprintf("%d changes by hand, which exec adopts", len(events))
	var drift *runbook.DriftError
	if errors.As(err, &drift) {
		text += fmt.Sprintf("; and %v, which stops exec", drift)
	}
	return text
}

// handEditsSince are handEdits since the record was last written, during a run.
func (r *runner) handEditsSince(ctx context.Context, final bool) ([]runbook.Event, error) {
	if r.written == nil || r.session.home != "" || !r.due(final) {
		return nil, nil
	}
	current, err := os.ReadFile(r.session.target)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", executor.ErrRecording, err)
	}
	if bytes.Equal(current, r.written) {
		return nil, nil
	}
	if bytes.Equal(current, r.session.template) {
		// As git leaves it, by `reset --hard` or `stash`: nobody has written there.
		r.env.say("runbook: %s was made its template again meanwhile; the record is written anew\n", r.session.file)
		r.written = current
		return nil, nil
	}
	events, err := r.layout.Adopt(r.session.state, current, r.writers(context.WithoutCancel(ctx), current))
	if err == nil {
		r.written = current
		r.env.say("runbook: %s was filled in by hand meanwhile: %d changes adopted\n", r.session.file, len(events))
	}
	return events, err
}

// drifted shows what was edited and says what to do.
func (r *runner) drifted(drift *runbook.DriftError) error {
	const most = 200 // lines of a diff on a terminal
	n := 0
	for line := range strings.Lines(drift.Diff) {
		if n++; n > most {
			r.env.say("[… more of the diff is left out …]\n")
			break
		}
		r.env.say("%s\n", runbook.Visible(strings.TrimRight(line, "\r\n")))
	}
	return &exitError{exitHeld, fmt.Errorf("%s: %w", r.session.file, drift),
		"take the edit back, and exec goes on; or add --accept-drift: the edit is then kept in the record as this diff, and the text is put back"}
}

// keepDrift makes the event that accepts drift. A long diff goes to a file.
func (r *runner) keepDrift(ctx context.Context, drift *runbook.DriftError) *runbook.DriftAccepted {
	const most = 16 << 10
	drift.Diff = strings.ToValidUTF8(drift.Diff, "\ufffd")
	e := &runbook.DriftAccepted{By: r.operator(ctx), Reason: r.o.reason, Added: drift.Added, Removed: drift.Removed, Diff: drift.Diff}
	if len(drift.Diff) <= most {
		return e
	}
	at := strings.LastIndexByte(drift.Diff[:most], '\n') + 1
	e.Diff = drift.Diff[:at]
	e.File = fmt.Sprintf("drift-%s.diff", time.Now().UTC().Format("20060102T150405Z"))
	r.longDiff = environmentMask(r.env.vars).Apply([]byte(drift.Diff))
	e.Digest = runbook.DigestOf(r.longDiff)
	return e
}

// writers tells who wrote the lines of the record: the author of the commit
// that brought a line, else whoever runs this.
func (r *runner) writers(ctx context.Context, current []byte) func(line int) runbook.Writer {
	var authors []runbook.Writer
	asked := false
	return func(line int) runbook.Writer {
		if !asked {
			asked, authors = true, blame(ctx, r.session.target)
			if len(authors) != bytes.Count(current, []byte("\n")) && len(authors) != 1+bytes.Count(current, []byte("\n")) {
				authors = nil // git looked at another text
			}
		}
		if line <= len(authors) && authors[line-1].Name != "" {
			return authors[line-1]
		}
		return runbook.Writer{Name: r.operator(ctx)}
	}
}

// blame asks git for the author of each line of a file; a line that is not
// committed has none. Without git, or where the file is not tracked, there are
// no lines.
func blame(ctx context.Context, path string) []runbook.Writer {
	cmd := exec.CommandContext(ctx, "git", "blame", "--line-porcelain", "--", filepath.Base(path))
	cmd.Dir = filepath.Dir(path)
	out, err := cmd.Output()
	if err != nil {
		return nil
	}
	var authors []runbook.Writer
	var w runbook.Writer
	head := true
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSuffix(line, "\n")
		switch name, isAuthor := strings.CutPrefix(line, "author "); {
		case head:
			const short = 12
			commit, _, _ := strings.Cut(line, " ")
			w, head = runbook.Writer{Commit: commit[:min(short, len(commit))]}, false
		case strings.HasPrefix(line, "\t"):
			if strings.Trim(w.Commit, "0") == "" {
				w = runbook.Writer{}
			}
			authors, head = append(authors, w), true
		case isAuthor:
			w.Name = name
		}
	}
	return authors
}
