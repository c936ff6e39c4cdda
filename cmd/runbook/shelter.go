package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"runbook/runbook"
	"runbook/runbook/journal"
)

// A rollback has git replace the files of the work tree: `git checkout OLD`
// refuses where the record differs from what is committed, carries it along
// where it does not, and removes a run directory that was committed. So that
// none of this can happen, the run is kept in the git directory, which git's
// commands leave alone, and the record's file is as committed, until the
// rollback stops; then both are put back. A shelter that a crash leaves behind
// is where the next exec or rollback goes on.

// shelterOf is where the run of a record is kept meanwhile; empty where the
// record is in no git checkout.
func shelterOf(target string) string {
	root, ok := gitRoot(filepath.Dir(target))
	if !ok {
		return ""
	}
	rel, err := filepath.Rel(root, target)
	dir := gitDir(root)
	if err != nil || dir == "" {
		return ""
	}
	const short = 12
	digest := strings.TrimPrefix(string(runbook.DigestOf([]byte(filepath.ToSlash(rel)))), "sha256:")
	return filepath.Join(dir, "runbook", strings.TrimSuffix(filepath.Base(target), ".md")+"-"+digest[:short]+".runs")
}

// gitDir is the git directory of a checkout: .git, or what that file names.
func gitDir(root string) string {
	dot := filepath.Join(root, ".git")
	info, err := os.Stat(dot)
	if err != nil {
		return ""
	}
	if info.IsDir() {
		return dot
	}
	text, err := os.ReadFile(dot)
	dir, ok := strings.CutPrefix(strings.TrimSpace(string(text)), "gitdir: ")
	if err != nil || !ok {
		return ""
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(root, dir)
	}
	return dir
}

// sheltered returns the shelter of a record if there is a run in it.
func sheltered(target string) (runs string, ok bool) {
	runs = shelterOf(target)
	if runs == "" {
		return "", false
	}
	ids, err := journal.List(runs)
	return runs, err == nil && len(ids) > 0
}

// needsShelter reports whether steps that are to run may move the work tree
// that holds the record: by git, or by a program of the repository, of which
// nobody knows.
func (r *runner) needsShelter() bool {
	if r.declared == nil || shelterOf(r.session.target) == "" {
		return false
	}
	for _, t := range r.plan.Steps() {
		if !t.Selected || t.Skip {
			continue
		}
		for _, c := range t.Script.Commands {
			if c.MovesTree {
				return true
			}
		}
		for _, e := range t.Script.Effects {
			if e.Kind == runbook.Runs {
				return true
			}
		}
	}
	return false
}

// shelter moves the run into the git directory and makes the record's file what
// is committed. It returns the lock of the place.
func (r *runner) shelter(ctx context.Context, who journal.Holder) (*journal.Lock, error) {
	s := r.session
	home, runs := s.runs, shelterOf(s.target)
	if err := os.MkdirAll(filepath.Dir(runs), 0o755); err != nil {
		return nil, err
	}
	lock, err := journal.Acquire(runs, who)
	if err != nil {
		return nil, err
	}
	if err := journal.CopyRun(home, runs, s.id); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	s.runs, s.home = runs, home
	if err := restoreCommitted(ctx, s.target, home); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	r.env.say("runbook: steps may move the git work tree: until they have stopped, the run is kept in %s, and %s is as committed; then both are put back\n", runs, s.file)
	return lock, nil
}

// restoreCommitted makes the record's file and the tracked files of its runs
// what HEAD holds, and takes those that are only staged out of the index.
func restoreCommitted(ctx context.Context, target, home string) error {
	dir := filepath.Dir(target)
	paths := []string{filepath.Base(target), filepath.Base(home)}
	committed, err := gitOutput(ctx, dir, append([]string{"ls-tree", "-r", "-z", "--name-only", "HEAD", "--"}, paths...)...)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	restore := []string{"restore", "--source=HEAD", "--staged", "--worktree", "--"}
	for name := range strings.SplitSeq(strings.TrimSuffix(committed, "\x00"), "\x00") {
		if name != "" {
			known[name] = true
			restore = append(restore, name)
		}
	}
	if len(known) > 0 {
		if _, err := gitOutput(ctx, dir, restore...); err != nil {
			return err
		}
	}
	staged, err := gitOutput(ctx, dir, append([]string{"ls-files", "-z", "--"}, paths...)...)
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(staged, "\x00"), "\x00") {
		if name != "" && !known[name] {
			if _, err := gitOutput(ctx, dir, "rm", "--cached", "--quiet", "--", name); err != nil {
				return err
			}
		}
	}
	return nil
}

func gitOutput(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("git %s: %s", args[0], strings.TrimSpace(string(exit.Stderr)))
	}
	return string(out), err
}

// putBack brings the run and the record back to where they belong.
func (r *runner) putBack(ctx context.Context) error {
	s := r.session
	record, err := runbook.RenderState(s.doc, s.state)
	if err != nil {
		return err
	}
	if err := journal.CopyRun(s.runs, s.home, s.id); err != nil {
		return err
	}
	current, err := os.ReadFile(s.target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = os.MkdirAll(filepath.Dir(s.target), 0o755)
		if err == nil {
			err = journal.WriteNew(s.target, record)
		}
	case err == nil:
		if err = r.keepEdited(ctx, current); err == nil {
			err = journal.Replace(s.target, current, record)
		}
	}
	if err != nil {
		return err
	}
	if err := os.RemoveAll(s.runs); err != nil {
		return err
	}
	s.runs, s.home = s.home, ""
	r.env.say("runbook: %s and its run are back in their place\n", s.file)
	return nil
}

// keepEdited keeps what stands in the record's place if git does not have it:
// somebody wrote it while the run was in its shelter.
func (r *runner) keepEdited(ctx context.Context, current []byte) error {
	s := r.session
	name := filepath.Base(s.target)
	if out, err := gitOutput(ctx, filepath.Dir(s.target), "status", "--porcelain", "--", name); err == nil && out == "" {
		return nil
	}
	dir, err := journal.OpenRun(s.home, s.id)
	if err != nil {
		return err
	}
	kept := fmt.Sprintf("found-%s.md", time.Now().UTC().Format("20060102T150405Z"))
	return errors.Join(dir.WriteOutput(kept, current), dir.Close())
}
