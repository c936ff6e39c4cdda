package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A process is a place to run runbook in as a process of its own, with the
// test binary's stand-ins in PATH.
type process struct {
	dir, bin, ledger string
	env              []string
}

func newProcess(t *testing.T) *process {
	t.Helper()
	base := t.TempDir()
	p := &process{dir: filepath.Join(base, "work"), bin: filepath.Join(base, "bin"), ledger: filepath.Join(base, "ledger")}
	home := filepath.Join(base, "home")
	for _, d := range []string{p.dir, p.bin, p.ledger, home} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"runbook", "ledger", "waiting", "lasting"} {
		if err := os.Symlink(self, filepath.Join(p.bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	p.env = []string{
		"PATH=" + p.bin + ":" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + base, "LANG=C.UTF-8",
		"LEDGER=" + p.ledger, "GIT_CONFIG_NOSYSTEM=1", "TERM=xterm", "GORACE=" + quickEnd,
	}
	return p
}

func (p *process) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (p *process) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (p *process) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(p.bin, "runbook"), args...)
	cmd.Dir, cmd.Env = p.dir, p.env
	return cmd
}

// run returns the exit code, and all that was printed.
func (p *process) run(t *testing.T, args ...string) (int, string) {
	t.Helper()
	out, err := p.command(t.Context(), args...).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), string(out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0, string(out)
}

func (p *process) calls(t *testing.T) []string {
	t.Helper()
	calls, err := ledgerCalls(p.ledger)
	if err != nil {
		t.Fatal(err)
	}
	return calls
}

// journal returns the text of the only run's journal.
func (p *process) journal(t *testing.T) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(p.dir, "*.runs", "*", "journal.jsonl"))
	if err != nil || len(paths) != 1 {
		t.Fatalf("journals %q: %v; want one", paths, err)
	}
	text, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
