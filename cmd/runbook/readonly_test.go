package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// runReadOnly runs runbook where one directory is a read-only mount, in a mount
// namespace of its own, or skips the test.
func (p *process) runReadOnly(t *testing.T, dir string, args ...string) (int, string) {
	t.Helper()
	const mounted = `mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 77; shift; cd . && cd "$PWD"; exec "$@"`
	within := func(command ...string) *exec.Cmd {
		cmd := p.command(t.Context())
		unshare, err := exec.LookPath("unshare")
		if err != nil {
			t.Skip("skipped: no unshare")
		}
		cmd.Path = unshare
		cmd.Args = append([]string{"unshare", "-rm", "sh", "-c", mounted, "sh", dir}, command...)
		return cmd
	}
	if out, err := within("true").CombinedOutput(); err != nil {
		t.Skipf("skipped: no read-only mount can be made here: %v: %s", err, out)
	}
	cmd := within(append([]string{filepath.Join(p.bin, "runbook")}, args...)...)
	out, _ := cmd.CombinedOutput() // the exit code says it
	return cmd.ProcessState.ExitCode(), string(out)
}

// A file system that is read-only is found out before anything runs, wherever it
// is that the run would write; what is there stays as it is, and where it can be
// written the run goes on.
func TestReadOnlyFileSystems(t *testing.T) {
	t.Parallel()
	list := "```bash\nledger one\n```\n\n```bash\ntest -e \"$HOME/ready\"\nledger two\n```\n"
	tests := map[string]struct {
		dir  string // below the test's own
		args []string
	}{
		"the record's":       {"work", nil},
		"another record's":   {"out", []string{"--record", "../out/list.md"}},
		"the private state":  {"home", nil},
		"the runs directory": {"work/list.runs", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProcess(t)
			base := filepath.Dir(p.dir)
			dir := filepath.Join(base, tt.dir)
			for _, d := range []string{filepath.Join(base, "out"), filepath.Join(p.dir, "list.runs")} {
				if err := os.MkdirAll(d, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			p.write(t, "list.md", list)
			args := append([]string{"exec", "--yes", "--no-input", "list.md"}, tt.args...)

			before := contents(t, base)
			code, out := p.runReadOnly(t, dir, args...)
			if code != exitRecording || !strings.Contains(out, "read-only file system") {
				t.Errorf("before it began: exit code %d:\n%s", code, out)
			}
			if after := contents(t, dir); !slices.Equal(after, within(before, dir)) {
				t.Errorf("before it began, it changed\n%q into\n%q", within(before, dir), after)
			}
			if calls := p.calls(t); len(calls) > 0 {
				t.Errorf("before it began, it called %q", calls)
			}

			if code, out := p.run(t, args...); code != exitFailed {
				t.Fatalf("where it can write: exit code %d:\n%s", code, out)
			}
			before = contents(t, base)
			code, out = p.runReadOnly(t, dir, args...)
			if code != exitRecording || !strings.Contains(out, "read-only file system") {
				t.Errorf("going on: exit code %d:\n%s", code, out)
			}
			if after := contents(t, dir); !slices.Equal(after, within(before, dir)) {
				t.Errorf("going on, it changed\n%q into\n%q", within(before, dir), after)
			}
			if err := os.WriteFile(filepath.Join(base, "home", "ready"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if code, out := p.run(t, args...); code != exitOK {
				t.Errorf("where it can write again: exit code %d:\n%s", code, out)
			}
			if calls := p.calls(t); !slices.Equal(calls, []string{"ledger one", "ledger two"}) {
				t.Errorf("called %q", calls)
			}
		})
	}
}

// contents lists the files below a directory with what they hold.
func contents(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		all = append(all, path+"\x00"+string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func within(contents []string, dir string) []string {
	return slices.DeleteFunc(slices.Clone(contents), func(s string) bool { return !strings.HasPrefix(s, dir+"/") })
}
