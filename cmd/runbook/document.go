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

	"runbook/executor"
	"runbook/runbook"
)

// recordFactor is how much larger than a template its record may be.
const recordFactor = 8

// readDocument reads a checklist's bytes with errors that say what to do.
func readDocument(name string) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, usagef("is the path right?", "%s: there is no such file", name)
	case err != nil:
		return nil, &exitError{exitUsage, err, ""}
	case info.IsDir():
		return nil, usagef("name the Markdown file in it", "%s is a directory", name)
	case !info.Mode().IsRegular():
		return nil, usagef("", "%s is not a regular file", name)
	case info.Size() > recordFactor*runbook.MaxSource:
		return nil, usagef("", "%s has %d bytes; a checklist has at most %d", name, info.Size(), runbook.MaxSource)
	}
	src, err := os.ReadFile(name)
	if err != nil {
		return nil, &exitError{exitUsage, err, ""}
	}
	return src, nil
}

func parse(name string, src []byte) (*runbook.Document, error) {
	doc, err := runbook.Parse(name, src)
	if err != nil {
		return nil, &exitError{exitUsage, err, ""}
	}
	return doc, nil
}

// place is where a document lies: absolute paths, symbolic links resolved.
type place struct {
	path string // of the document
	dir  string
	root string // of the git checkout, else dir
	git  bool
}

func locate(name string) (place, error) {
	path, err := filepath.Abs(name)
	if err == nil {
		path, err = resolved(path)
	}
	if err != nil {
		return place{}, &exitError{exitUsage, err, ""}
	}
	p := place{path: path, dir: filepath.Dir(path)}
	p.root, p.git = gitRoot(p.dir)
	return p, nil
}

// resolved follows the links of a path, whose last part need not exist.
func resolved(path string) (string, error) {
	end, err := filepath.EvalSymlinks(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return end, err
	}
	dir, derr := filepath.EvalSymlinks(filepath.Dir(path))
	if derr != nil {
		return path, nil // readDocument says what is missing
	}
	return filepath.Join(dir, filepath.Base(path)), nil
}

// gitRoot looks upward for a checkout, without running git: a plan contacts
// nothing.
func gitRoot(dir string) (string, bool) {
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Lstat(filepath.Join(d, ".git")); err == nil {
			return d, true
		}
		if d == filepath.Dir(d) {
			return dir, false
		}
	}
}

// repository says what is checked out, for the record. Where git is missing or
// has no commit yet, it says less.
func repository(ctx context.Context, p place) runbook.Repository {
	repo := runbook.Repository{Root: p.root}
	if !p.git {
		return repo
	}
	repo.Commit = gitLine(ctx, p.root, "rev-parse", "HEAD")
	repo.Branch = gitLine(ctx, p.root, "symbolic-ref", "--short", "-q", "HEAD")
	repo.Dirty = gitLine(ctx, p.root, "status", "--porcelain", "--untracked-files=no") != ""
	return repo
}

// gitLine returns the first line of what git prints, or nothing.
func gitLine(ctx context.Context, dir string, args ...string) string {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(line)
}

// sidecarOf is the path of a template's sidecar.
func sidecarOf(template string) string {
	return strings.TrimSuffix(template, filepath.Ext(template)) + ".runbook.yaml"
}

// readSidecar reads the file beside a template that binds its slots; nil if
// there is none.
func readSidecar(template string) (*runbook.Sidecar, []runbook.Problem, error) {
	name := sidecarOf(template)
	src, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, &exitError{exitUsage, err, ""}
	}
	car, problems := runbook.ParseSidecar(filepath.Base(name), src)
	return car, problems, nil
}

// diskTree answers a plan's questions about the file system, each once.
type diskTree struct {
	stats map[string]fs.FileMode
	globs map[[2]string]bool
}

func newDiskTree() *diskTree {
	return &diskTree{stats: map[string]fs.FileMode{}, globs: map[[2]string]bool{}}
}

func (d *diskTree) mode(path string) (fs.FileMode, bool) {
	mode, known := d.stats[path]
	if !known {
		mode = fs.ModeIrregular
		if info, err := os.Stat(path); err == nil {
			mode = info.Mode()
		}
		d.stats[path] = mode
	}
	return mode, mode != fs.ModeIrregular
}

// IsDir implements runbook.Tree.
func (d *diskTree) IsDir(path string) bool {
	mode, ok := d.mode(path)
	return ok && mode.IsDir()
}

// Exists implements runbook.Tree.
func (d *diskTree) Exists(path string) bool {
	_, ok := d.mode(path)
	return ok
}

// Has implements runbook.Tree.
func (d *diskTree) Has(dir, glob string) bool {
	key := [2]string{dir, glob}
	found, known := d.globs[key]
	if !known {
		if root, err := os.ReadDir(dir); err == nil {
			for _, e := range root {
				if ok, err := filepath.Match(glob, e.Name()); ok && err == nil {
					found = true
					break
				}
			}
		}
		d.globs[key] = found
	}
	return found
}

// diskFiles implements runbook.Files.
type diskFiles struct{}

// Names implements runbook.Files.
func (diskFiles) Names(dir, glob string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // as for a directory that is empty
	}
	var names []string
	for _, e := range entries {
		if ok, err := filepath.Match(glob, e.Name()); ok && err == nil {
			names = append(names, e.Name())
		}
	}
	return names
}

// ReadFile implements runbook.Files. A pipe of the name is no file: a plan must
// not wait for one.
func (diskFiles) ReadFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no file", path)
	}
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// problemsError prints problems and returns the error that ends the program.
func (e *environment) problems(name string, problems []runbook.Problem) error {
	for _, p := range problems {
		e.say("runbook: %s\n", problemText(name, p))
		if p.Hint != "" {
			e.say("  %s\n", p.Hint)
		}
	}
	return &exitError{Code: exitUsage}
}

func problemText(name string, p runbook.Problem) string {
	if p.Line == 0 {
		return runbook.Visible(p.Message)
	}
	return runbook.Visible(fmt.Sprintf("%s:%d: %s", name, p.Line, p.Message))
}

// Digest implements runbook.Digester.
func (diskFiles) Digest(path string) (runbook.Digest, error) {
	return executor.ScriptDigest(context.Background(), path)
}
