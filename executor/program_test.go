package executor_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"runbook/executor"
)

// A check asks the program that the steps would run: the PATH that counts is
// the last one given, and never the directory one happens to be in.
func TestFindProgram(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"one", "two"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, dir, "tool"), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "two", "text"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir(root)
	one, two := filepath.Join(root, "one"), filepath.Join(root, "two")
	for name, tt := range map[string]struct {
		tool, want string
		env        []string
	}{
		"found":              {"tool", filepath.Join(one, "tool"), []string{"PATH=" + one + ":" + two}},
		"the last PATH":      {"tool", filepath.Join(two, "tool"), []string{"PATH=" + one, "PATH=" + two}},
		"no relative entry":  {"tool", filepath.Join(two, "tool"), []string{"PATH=one::.:" + two}},
		"only relative ones": {"tool", "", []string{"PATH=one:."}},
		"no program":         {"text", "", []string{"PATH=" + two}},
		"no PATH":            {"tool", "", nil},
	} {
		got, err := executor.FindProgram(tt.tool, tt.env)
		if got != tt.want || (tt.want == "") != errors.Is(err, exec.ErrNotFound) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, tt.want)
		}
	}
}

func TestProgram(t *testing.T) {
	p := executor.Program{Dir: t.TempDir(), Env: append(os.Environ(), "WORD=given")}
	out, err := p.Run(t.Context(), "sh", "-c", "echo $WORD; pwd; cat; echo no >&2; exit 3")
	if err != nil || out.Exit != 3 || !strings.HasPrefix(string(out.Stdout), "given\n") || string(out.Stderr) != "no\n" {
		t.Errorf("%d %q %q, %v", out.Exit, out.Stdout, out.Stderr, err)
	}
	for script, want := range map[string]string{
		"kill -9 $$":                 "sh: signal: killed",
		"head -c 40000000 /dev/zero": "sh: it printed more than can be judged",
	} {
		if out, err := p.Run(t.Context(), "sh", "-c", script); err == nil || err.Error() != want {
			t.Errorf("%s: %+v, %v; want %q", script, out.Exit, err, want)
		}
	}
}

// Nothing that a program starts outlives it.
func TestProgramLeavesNothingRunning(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	p := executor.Program{Dir: dir, Env: os.Environ()}
	_, err := p.Run(ctx, "sh", "-c", "mkfifo held; sleep 300 > held & cat held")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	// A pipe that nobody reads cannot be opened for writing without waiting.
	if _, err := os.OpenFile(filepath.Join(dir, "held"), os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
		t.Error("a reader of the pipe is still running")
	}
}

func TestComplaint(t *testing.T) {
	for stderr, want := range map[string]string{
		"":                                 "exit 7",
		"\n --- \n":                        "exit 7",
		"warning: old\nfatal: no commit\n": "fatal: no commit",
		"╷\n│ Warning: x\n╵\n╷\n│ Error: y\n": "Error: y",
		"\x1b[31moops\x1b[0m\nmore":           "oops",
	} {
		if got := (executor.Printed{Exit: 7, Stderr: []byte(stderr)}).Complaint(); got != want {
			t.Errorf("%q: %q, want %q", stderr, got, want)
		}
	}
}
