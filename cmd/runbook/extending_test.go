package main

import (
	"context"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"runbook/executor"
	"runbook/runbook"
)

// A freshFile checks that a file exists and is not older than it may be.
type freshFile struct{}

func (freshFile) Info() runbook.Info {
	return runbook.Info{
		Name:    "file.fresh",
		Summary: "a file exists and was changed lately",
		Args:    map[string]string{"path": "the file, from the root", "within": "how old it may be, as in 24h"},
		Require: []string{"path", "within"},
	}
}

func (freshFile) Check(_ context.Context, q executor.Query) (executor.Finding, error) {
	within, err := time.ParseDuration(q.Args["within"])
	if err != nil {
		return executor.Finding{}, fmt.Errorf("within: %w", err)
	}
	info, err := os.Stat(filepath.Join(q.Root, q.Args["path"]))
	if errors.Is(err, fs.ErrNotExist) {
		return executor.Finding{Verdict: runbook.Fail, Evidence: q.Args["path"] + " does not exist"}, nil
	}
	if err != nil {
		return executor.Finding{}, err
	}
	finding := executor.Finding{Verdict: runbook.Fail, Evidence: fmt.Sprintf("%s was changed %s", q.Args["path"], info.ModTime().UTC().Format(time.RFC3339))}
	if q.Now.Sub(info.ModTime()) <= within {
		finding.Verdict = runbook.Pass
	}
	return finding, nil
}

// The check of docs/extending.md does what the page says, and a registry takes
// it as it is.
func TestExtendingExample(t *testing.T) {
	registry := builtin(nil)
	registry.Checks["file.fresh"] = freshFile{}
	if !slices.ContainsFunc(registry.Catalog().Checks, func(in runbook.Info) bool { return in.Name == "file.fresh" }) {
		t.Fatal("the catalog does not list file.fresh")
	}
	root := t.TempDir()
	changed := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if err := os.WriteFile(filepath.Join(root, "backup.tar"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(filepath.Join(root, "backup.tar"), changed, changed); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, path, within string
		age                time.Duration
		verdict            runbook.Verdict
		unanswered         bool
	}{
		{"young enough", "backup.tar", "24h", time.Hour, runbook.Pass, false},
		{"too old", "backup.tar", "24h", 25 * time.Hour, runbook.Fail, false},
		{"not there", "missing.tar", "24h", 0, runbook.Fail, false},
		{"no duration", "backup.tar", "a day", 0, "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			finding, err := registry.Checks["file.fresh"].Check(t.Context(), executor.Query{
				Root: root, Now: changed.Add(c.age), Args: map[string]string{"path": c.path, "within": c.within},
			})
			if (err != nil) != c.unanswered || finding.Verdict != c.verdict {
				t.Errorf("got %q, %v", finding.Verdict, err)
			}
		})
	}
}

// forbidden names, for each part of the tree, what its files may not import.
var forbidden = map[string][]string{
	"runbook":         {"os", "os/exec", "net", "net/http", "runbook/runbook/", "runbook/executor", "runbook/executor/", "github.com/spf13/"},
	"runbook/journal": {"runbook/executor", "runbook/executor/", "github.com/"},
	"executor":        {"runbook/executor/", "runbook/runbook/", "github.com/aws/", "github.com/yuin/", "github.com/spf13/"},
	"executor/engine": {"runbook/executor/source", "runbook/executor/check", "runbook/runbook/"},
	"executor/source": {"runbook/executor/engine", "runbook/executor/check", "runbook/runbook/"},
	"executor/check":  {"runbook/executor/engine", "runbook/executor/source", "runbook/runbook/"},
}

// Imports point one way: cmd, then engines, sources, checks and the journal,
// then executor, then runbook.
func TestImportsPointOneWay(t *testing.T) {
	for _, dir := range sortedKeys(forbidden) {
		for file, imports := range importsIn(t, dir) {
			for _, path := range imports {
				for _, not := range forbidden[dir] {
					if path == not || strings.HasSuffix(not, "/") && strings.HasPrefix(path, not) {
						t.Errorf("%s imports %s", file, path)
					}
				}
			}
		}
	}
}

// In package runbook each parser is used under one subject, so that another
// could take its place.
func TestParsersHaveOneUser(t *testing.T) {
	for file, imports := range importsIn(t, "runbook") {
		for _, path := range imports {
			for parser, subject := range map[string]string{"github.com/yuin/goldmark": "parse", "mvdan.cc/sh": "script"} {
				if strings.HasPrefix(path, parser) && !strings.HasPrefix(filepath.Base(file), subject) {
					t.Errorf("%s imports %s", file, path)
				}
			}
		}
	}
}

// importsIn lists what each file of a directory imports, tests left out.
func importsIn(t *testing.T, dir string) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(repositoryRoot, dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no Go files: %v", dir, err)
	}
	all := map[string][]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imported := range parsed.Imports {
			path, err := strconv.Unquote(imported.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			all[file] = append(all[file], path)
		}
	}
	return all
}
