package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"runbook/executor"
	"runbook/runbook"
	"runbook/runbook/journal"
	"runbook/runbook/seal"
)

// commitOptions are the flags of commit.
type commitOptions struct {
	record   string
	message  string
	noVerify bool
}

func newCommit(env *environment) *cobra.Command {
	o := &commitOptions{}
	cmd := &cobra.Command{
		Use:   "commit FILE",
		Short: "Commit a record and its run's directory to git, and nothing else",
		Long: `commit makes one git commit of exactly the record and its run's directory, with
trailers that name the run, the journal's head and the result. What is staged
stays staged, and no other file is looked at. Your hooks run, and a commit that
they refuse changes nothing.`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runCommit(cmd.Context(), env, o, args[0])
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&o.record, "record", "o", "", "where the record is, if not in FILE")
	flags.StringVarP(&o.message, "message", "m", "", "the commit's first `line`, in place of our own")
	flags.BoolVar(&o.noVerify, "no-verify", false, "leave git's pre-commit and commit-msg hooks out")
	return cmd
}

// runCommit commits under the record's lock, so that no run writes meanwhile.
func runCommit(ctx context.Context, env *environment, o *commitOptions, file string) error {
	found, err := findSession(file, o.record)
	if err != nil {
		return err
	}
	if ids, err := journal.List(found.runs); err != nil || len(ids) == 0 {
		return usagef("`runbook exec "+file+"` begins one", "%s has no run to commit", file)
	}
	return locked(found.runs, "runbook commit", "commit when the run has stopped", func() error { return commitRun(ctx, env, o, file) })
}

func commitRun(ctx context.Context, env *environment, o *commitOptions, file string) error {
	s, err := openSession(file, o.record)
	if err != nil {
		return err
	}
	if s.id == "" {
		return usagef("`runbook exec "+file+"` begins one", "%s is a template: it has no run to commit", file)
	}
	v, err := s.judge(nil)
	if err != nil {
		return err
	}
	if v.Verdict == seal.Invalid || s.aside || s.state.Stopped == nil {
		return &exitError{exitHeld, fmt.Errorf("%s is not what its journal produces: %s", file, strings.Join(v.Reasons, "; ")), "`runbook exec " + file + "` brings them together; a false record is not committed"}
	}
	g := &gitCommit{ctx: ctx, env: env, dir: filepath.Dir(s.target)}
	if err := g.ready(); err != nil {
		return err
	}
	files, err := g.files(s)
	if err != nil {
		return &exitError{exitUsage, err, ""}
	}
	if err := g.clean(files); err != nil {
		return err
	}
	return g.commit(files, commitMessage(env, o, s), o.noVerify)
}

// commitMessage says what was run, and how to find it again. It goes where the
// record goes, and passes the same mask.
func commitMessage(env *environment, o *commitOptions, s *session) []byte {
	name := filepath.Base(s.target)
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n\n", cmp.Or(strings.TrimSpace(o.message), fmt.Sprintf("Record a run of %s: %s", name, s.state.Stopped.Result)))
	if s.state.Stopped.Reason != "" {
		fmt.Fprintf(&text, "%s\n\n", runbook.Visible(s.state.Stopped.Reason))
	}
	fmt.Fprintf(&text, "Items: %s\n\n", runbook.Count(s.doc, s.state).Items)
	fmt.Fprintf(&text, "Runbook-Run: %s\nRunbook-Head: %s\nRunbook-Result: %s\n", s.id, s.state.Head, s.state.Stopped.Result)
	return executor.Withhold(env.known.mask().Apply([]byte(text.String())), nil)
}

// A gitCommit is one commit under way, from the directory of the record.
type gitCommit struct {
	ctx   context.Context
	env   *environment
	dir   string
	index string // of this commit alone; empty: the checkout's own
}

// git runs git and returns what it prints.
func (g *gitCommit) git(stdin []byte, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(g.ctx, "git", append([]string{"--literal-pathspecs"}, args...)...)
	cmd.Dir, cmd.Stdin = g.dir, bytes.NewReader(stdin)
	cmd.Env = os.Environ()
	if g.index != "" {
		cmd.Env = append(cmd.Env, "GIT_INDEX_FILE="+g.index)
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		text := cmp.Or(strings.TrimSpace(errs.String()), strings.TrimSpace(out.String()))
		return out.Bytes(), fmt.Errorf("git %s: %w: %s", args[0], err, runbook.Visible(text))
	}
	return out.Bytes(), nil
}

// ready refuses to commit where a commit would go astray.
func (g *gitCommit) ready() error {
	if _, err := g.git(nil, "rev-parse", "--is-inside-work-tree"); err != nil {
		return &exitError{exitUsage, err, "the record lies in no git checkout"}
	}
	if _, err := g.git(nil, "symbolic-ref", "-q", "HEAD"); err != nil {
		return &exitError{exitHeld, errors.New("no branch is checked out (detached HEAD): the commit would be on none"), "git switch to a branch first"}
	}
	for name, what := range map[string]string{
		"MERGE_HEAD": "a merge", "CHERRY_PICK_HEAD": "a cherry-pick", "REVERT_HEAD": "a revert", "rebase-merge": "a rebase", "rebase-apply": "a rebase", "BISECT_LOG": "a bisection",
	} {
		path, err := g.git(nil, "rev-parse", "--git-path", name)
		if err != nil {
			return &exitError{exitUsage, err, ""}
		}
		at := strings.TrimSpace(string(path))
		if !filepath.IsAbs(at) {
			at = filepath.Join(g.dir, at)
		}
		if _, err := os.Lstat(at); err == nil {
			return &exitError{exitHeld, fmt.Errorf("%s is under way in this checkout", what), "finish or abort it first; nothing was committed"}
		}
	}
	return nil
}

// files lists what belongs to the record, from its directory: the record, all
// files of its run, and what git still tracks of them and of approvals that the
// run has taken in.
func (g *gitCommit) files(s *session) ([]string, error) {
	list := []string{filepath.Base(s.target)}
	runs := filepath.Base(s.runs)
	err := filepath.WalkDir(filepath.Join(s.runs, s.id), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if !d.Type().IsRegular() || strings.HasPrefix(d.Name(), ".") {
			return nil // links, and unfinished forms of files
		}
		rel, err := filepath.Rel(g.dir, path)
		list = append(list, rel)
		return err
	})
	if err != nil {
		return nil, err
	}
	gone, err := g.git(nil, "ls-files", "-z", "--deleted", "--", filepath.Join(runs, s.id), filepath.Join(runs, "approvals"))
	for name := range strings.SplitSeq(strings.TrimSuffix(string(gone), "\x00"), "\x00") {
		if name != "" {
			list = append(list, name)
		}
	}
	return list, err
}

// clean refuses files that hold what is known to be secret, or are named after
// it: what is in git is out.
func (g *gitCommit) clean(files []string) error {
	mask := g.env.known.mask()
	for _, name := range files {
		if names := mask.Finds([]byte(name)); len(names) > 0 {
			return &exitError{exitHeld, fmt.Errorf("%s: its name holds the value of %s, and is not committed", name, strings.Join(names, ", ")), ""}
		}
		data, err := os.ReadFile(filepath.Join(g.dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // it is taken out of git
		}
		if err != nil {
			return &exitError{exitRecording, err, ""}
		}
		number := 0
		for line := range bytes.Lines(data) {
			number++
			if names := mask.Finds(line); len(names) > 0 {
				return &exitError{exitHeld, fmt.Errorf("%s:%d: it holds the value of %s, and is not committed", name, number, strings.Join(names, ", ")),
					"`runbook exec` masks what a run has recorded; what stands in the checklist's own text has to be changed there"}
			}
		}
	}
	return nil
}

// commit commits the files by an index of its own: what is staged, and a hook
// that refuses, leave the checkout's index as it is.
func (g *gitCommit) commit(files []string, message []byte, noVerify bool) error {
	temp, err := os.MkdirTemp("", "runbook-commit-")
	if err != nil {
		return &exitError{exitRecording, err, ""}
	}
	defer os.RemoveAll(temp) // of no use to anyone
	g.index = filepath.Join(temp, "index")
	paths := []byte(strings.Join(files, "\x00") + "\x00")
	if _, err := g.git(nil, "rev-parse", "-q", "--verify", "HEAD"); err == nil {
		if _, err := g.git(nil, "read-tree", "HEAD"); err != nil {
			return &exitError{exitRecording, err, ""}
		}
	}
	if _, err := g.git(paths, "add", "-f", "-A", "--pathspec-from-file=-", "--pathspec-file-nul"); err != nil {
		return &exitError{exitRecording, err, ""}
	}
	if err := g.verbatim(files); err != nil {
		return err
	}
	if out, err := g.git(nil, "status", "--porcelain", "--untracked-files=no"); err == nil && !staged(out) {
		g.env.say("runbook: nothing to commit: the record and its run are in git as they are\n")
		return nil
	}
	args := []string{"commit", "-q", "--cleanup=whitespace", "-F", "-"}
	if noVerify {
		args = append(args, "--no-verify")
	}
	if _, err := g.git(message, args...); err != nil {
		return &exitError{exitRecording, err, "nothing was committed; the record itself is kept"}
	}
	g.index = ""
	if _, err := g.git(paths, "reset", "-q", "--pathspec-from-file=-", "--pathspec-file-nul"); err != nil {
		return &exitError{exitRecording, err, "the commit is made; `git reset` brings the index up to it"}
	}
	id, err := g.git(nil, "rev-parse", "--short", "HEAD")
	g.env.say("runbook: committed %d files as %s\n", len(files), strings.TrimSpace(string(id)))
	return err
}

// staged reports whether a status shows changes between HEAD and the index.
func staged(status []byte) bool {
	for line := range bytes.Lines(status) {
		if len(line) > 0 && line[0] != ' ' && line[0] != '?' {
			return true
		}
	}
	return false
}

// verbatim refuses files whose bytes git would change on their way in, and so
// for every clone: the record would be false there.
func (g *gitCommit) verbatim(files []string) error {
	stored, err := g.git(nil, append([]string{"ls-files", "-s", "-z", "--"}, files...)...)
	if err != nil {
		return &exitError{exitRecording, err, ""}
	}
	var names, want []string
	for entry := range strings.SplitSeq(strings.TrimSuffix(string(stored), "\x00"), "\x00") {
		head, name, ok := strings.Cut(entry, "\t")
		if words := strings.Fields(head); ok && len(words) == 3 {
			names, want = append(names, name), append(want, words[1])
		}
	}
	real, err := g.git([]byte(strings.Join(names, "\n")+"\n"), "hash-object", "--no-filters", "--stdin-paths")
	if err != nil {
		return &exitError{exitRecording, err, ""}
	}
	for i, id := range strings.Fields(string(real)) {
		if i < len(want) && id != want[i] {
			return &exitError{exitHeld, fmt.Errorf("git would change the bytes of %s, and the record would be false in every clone", names[i]),
				"a line in .gitattributes keeps them, as in: *.runs/** -text, and one for the record"}
		}
	}
	return nil
}
