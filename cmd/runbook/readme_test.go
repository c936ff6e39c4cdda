package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// notRun says which of the README's commands this test leaves out, and why.
var notRun = map[string]string{
	"go test -timeout 20m ./...": "it would run this test again",
}

// The README is a runbook itself: its commands run in a fresh copy of the tree,
// and what it says that a document becomes is what the example's document has
// become.
func TestReadmeRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: -short leaves out what builds the programs anew")
	}
	tree, temp, bin := freshCopy(t), t.TempDir(), t.TempDir()
	record := ""
	for _, f := range fencesOf(readPage(t, "README.md")) {
		typed := strings.TrimSpace(f.text)
		switch {
		case f.note == "excerpt of the record":
			if !regexp.MustCompile(`(?m)^` + linesPattern(f.text)).MatchString(tidy(record)) {
				t.Errorf("README.md:%d: the record has no such part:\n%s", f.line, record)
			}
		case f.lang != "bash":
		case notRun[typed] != "":
			t.Logf("%s: not run: %s", typed, notRun[typed])
		default:
			out := runIn(t, tree, typed, "TMPDIR="+temp, "GOBIN="+bin, "HOME="+t.TempDir())
			if kept := keptIn.FindStringSubmatch(out); kept != nil {
				record = out
				onlyKept(t, temp, kept[1])
			}
		}
	}
	if record == "" {
		t.Error("the README's commands have shown no record")
	}
	for _, name := range []string{"runbook", "runbook-show"} {
		if _, err := os.Stat(filepath.Join(bin, name)); err != nil {
			t.Errorf("after the README's commands: %v", err)
		}
	}
}

var keptIn = regexp.MustCompile(`(?m)^##### Kept in ([^:\n]+):`)

// onlyKept checks that the example leaves what it says that it keeps: a record
// with its run, and nothing else.
func onlyKept(t *testing.T, temp, kept string) {
	t.Helper()
	runs, err := filepath.Glob(filepath.Join(kept, "checklist.runs", "*", "journal.jsonl"))
	if err != nil || len(runs) != 1 {
		t.Errorf("%s has the journals %q, not one", kept, runs)
	}
	left, err := os.ReadDir(temp)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		if path := filepath.Join(temp, e.Name()); path != kept {
			t.Errorf("the example left %s", path)
		}
	}
}

// runIn runs a command with the tester's Go caches and little else of theirs.
func runIn(t *testing.T, dir, typed string, env ...string) string {
	t.Helper()
	caches := strings.Split(strings.TrimSpace(printed(t, exec.Command("go", "env", "GOCACHE", "GOMODCACHE", "GOFLAGS", "GOPROXY"))), "\n")
	cmd := exec.Command("bash", "-c", typed)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1"}, env...)
	for i, name := range []string{"GOCACHE", "GOMODCACHE", "GOFLAGS", "GOPROXY"} {
		if i < len(caches) {
			cmd.Env = append(cmd.Env, name+"="+caches[i])
		}
	}
	return printed(t, cmd)
}

func printed(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	return string(out)
}

// freshCopy is what a clone of the tree as it stands would hold.
func freshCopy(t *testing.T) string {
	t.Helper()
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = repositoryRoot
	names, err := list.Output()
	if err != nil {
		t.Skipf("skipped: this is no git checkout: %v", err)
	}
	tree := t.TempDir()
	for name := range strings.SplitSeq(strings.TrimRight(string(names), "\x00"), "\x00") {
		from, to := filepath.Join(repositoryRoot, name), filepath.Join(tree, name)
		info, err := os.Stat(from)
		if err != nil {
			continue // removed, and not yet committed
		}
		b, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, b, info.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}
	return tree
}
