package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"runbook/runbook"
	"runbook/runbook/journal"
)

// One record has one run at a time. Its paths all lead to one runs directory,
// whose lock keeps other shells out; these locks keep out whoever has the same
// record under another name or in another checkout:
//
//   - other work trees of the repository, by a file in the git directory that
//     they share;
//   - other clones of it on this machine, by the address that they were cloned
//     from, in the account's state directory;
//   - other hard links to the file, by its inode, there too.

// lockElsewhere takes the locks beside that of the runs directory. Whoever holds
// one is told as if it were that.
func (r *runner) lockElsewhere(ctx context.Context, who journal.Holder) error {
	who.Record = r.session.target
	for _, f := range r.lockFiles(ctx) {
		err := os.MkdirAll(filepath.Dir(f.path), 0o755)
		var lock *journal.Lock
		if err == nil {
			lock, err = journal.AcquireFile(f.path, who)
		}
		var held *journal.HeldError
		switch {
		case errors.As(err, &held):
			return &exitError{exitHeld, fmt.Errorf("the same record, elsewhere: %w", err), "wait for it, or write this run's record elsewhere with --record; nothing was run here"}
		case errors.Is(err, fs.ErrPermission), errors.Is(err, unix.EROFS):
			r.env.say("runbook: %s are not kept out meanwhile: %v\n", f.who, err)
		case err != nil:
			return &exitError{exitRecording, err, ""}
		case f.look:
			if err := lock.Close(); err != nil {
				return &exitError{exitRecording, err, ""}
			}
		default:
			r.elsewhere = append(r.elsewhere, lock)
		}
	}
	return nil
}

// unlockElsewhere gives these locks back.
func (r *runner) unlockElsewhere() error {
	var errs []error
	for _, lock := range r.elsewhere {
		errs = append(errs, lock.Close())
	}
	r.elsewhere = nil
	return errors.Join(errs...)
}

// describeElsewhere tells whoever comes second which run has the record.
func (r *runner) describeElsewhere(who journal.Holder) error {
	who.Record = r.session.target
	for _, lock := range r.elsewhere {
		if err := lock.Describe(who); err != nil {
			return err
		}
	}
	return nil
}

// A lockFile is one of these locks.
type lockFile struct {
	path string
	who  string // whom it keeps out
	look bool   // it is only looked at whether somebody holds it
}

// lockFiles names the locks.
func (r *runner) lockFiles(ctx context.Context) []lockFile {
	target := r.session.target
	state := r.env.stateDir(r.session.place)
	var files []lockFile
	var st unix.Stat_t
	if unix.Stat(target, &st) == nil && state != "" {
		// Writing the record gives its name another inode. Where that was the only
		// name, the number may become another file's, and is not to be locked.
		f := lockFile{filepath.Join(state, lockDir, fmt.Sprintf("inode-%x-%d", st.Dev, st.Ino)), "its other hard links", st.Nlink < 2}
		if _, err := os.Lstat(f.path); err == nil || !f.look {
			files = append(files, f)
		}
	}
	root, ok := gitRoot(filepath.Dir(target))
	rel, err := filepath.Rel(root, target)
	if !ok || err != nil {
		return files
	}
	rel = filepath.ToSlash(rel)
	if common := commonDir(gitDir(root)); common != "" {
		files = append(files, lockFile{filepath.Join(common, lockDir, lockName(rel)), "other work trees", false})
	}
	if origin := gitLine(ctx, root, "config", "--get", "remote.origin.url"); origin != "" && state != "" {
		files = append(files, lockFile{filepath.Join(state, lockDir, lockName(rel, repositoryName(root, origin))), "other clones", false})
	}
	return files
}

// lockDir is the directory of these locks, in the state and in the git directory.
const lockDir = "runbook-locks"

// lockName is a file's name for the record at that place of a repository.
func lockName(rel string, of ...string) string {
	const short = 24
	base := strings.TrimSuffix(path.Base(rel), ".md")
	digest := runbook.DigestOf([]byte(strings.Join(append(of, rel), "\x00")))
	return base + "-" + strings.TrimPrefix(string(digest), "sha256:")[:short]
}

// commonDir is the git directory that all work trees of a repository share.
func commonDir(git string) string {
	if git == "" {
		return ""
	}
	text, err := os.ReadFile(filepath.Join(git, "commondir"))
	if err != nil {
		return git // it is no linked work tree's
	}
	dir := strings.TrimSpace(string(text))
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(git, dir)
	}
	return dir
}

// repositoryName is what the addresses of one repository have in common: host
// and path, without scheme, account and ending.
func repositoryName(root, origin string) string {
	name := strings.TrimSuffix(strings.TrimSuffix(origin, "/"), ".git")
	scheme, rest, url := strings.Cut(name, "://")
	host, at, scp := strings.Cut(name, ":")
	switch {
	case url && scheme == "file":
		return rest
	case url:
		name = rest
	case scp && !strings.Contains(host, "/"):
		name = host + "/" + strings.TrimPrefix(at, "/")
	case filepath.IsAbs(name):
		return name
	default:
		return filepath.Join(root, name)
	}
	if account, bare, ok := strings.Cut(name, "@"); ok && !strings.Contains(account, "/") {
		name = bare
	}
	return name
}
