package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// crashList has four commands with effects, in two steps.
const crashList = `# Crash

## One

` + "```bash" + `
ledger one
ledger two
` + "```" + `

## Two

` + "```bash" + `
ledger three
ledger four
` + "```" + `

**Status:** [ ] Success [ ] Failed
`

// TestCrashAtEverySync kills the runner, of a list of twelve steps, as it is
// about to make something durable, each time one sync later. Whatever is on the
// disk then, exec goes on from it by itself: the supervisor knows what became of
// the command under way. Each command is called once, and the record is the one
// of a run that was never stopped.
func TestCrashAtEverySync(t *testing.T) {
	t.Parallel()
	needStrace(t)
	list, calls := twelveSteps()
	whole := newProcess(t)
	whole.write(t, "list.md", list)
	if code, out := whole.run(t, "exec", "--yes", "--no-input", "list.md"); code != exitOK {
		t.Fatalf("exit code %d:\n%s", code, out)
	}
	want := timeless(t, whole, whole.read(t, "list.md"))
	for when := 1; ; when++ {
		p := newProcess(t)
		p.write(t, "list.md", list)
		if !crash(t, p, when) {
			if when < 15 {
				t.Errorf("sync %d did not kill the runner: strace injects nothing", when)
			}
			return
		}
		if code, out := p.run(t, "exec", "--yes", "--no-input", "list.md"); code != exitOK {
			t.Fatalf("killed at sync %d: exit code %d:\n%s", when, code, out)
		}
		if got := p.calls(t); !slices.Equal(got, calls) {
			t.Errorf("killed at sync %d: the ledger has %q, want %q", when, got, calls)
		}
		if got := timeless(t, p, p.read(t, "list.md")); got != want {
			t.Errorf("killed at sync %d: the record is\n%s\nwant\n%s", when, got, want)
		}
		if code, out := p.run(t, "verify", "list.md"); code != exitOK {
			t.Errorf("killed at sync %d: verify: exit code %d:\n%s", when, code, out)
		}
		if when > 200 {
			t.Fatalf("still killed at sync %d", when)
		}
	}
}

func needStrace(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped: -short")
	}
	if err := exec.Command("strace", "-qq", "-o", os.DevNull, "-b", "execve", "true").Run(); err != nil {
		t.Skip("skipped: no strace that may trace")
	}
}

// twelveSteps is a list whose steps pass on what they set, and the calls that
// it makes.
func twelveSteps() (list string, calls []string) {
	var text strings.Builder
	text.WriteString("# Twelve\n")
	for n := 1; n <= 12; n++ {
		fmt.Fprintf(&text, "\n## Step %d\n\n```bash\nledger $((n+=1)) ${PWD##*/}; echo \"step $n\"\n```\n\n- [ ] Seen\n", n)
		calls = append(calls, fmt.Sprintf("ledger %d work", n))
	}
	text.WriteString("\n**Status:** [ ] Success [ ] Failed\n")
	return text.String(), calls
}

// TestFullAtEverySize lets no file grow beyond a size, as a full disk does, each
// time a larger one: the run stops with exit 5 before its next effect, and goes
// on where there is room again.
func TestFullAtEverySize(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("skipped: -short")
	}
	limit, err := exec.LookPath("prlimit")
	if err != nil {
		t.Skip("skipped: no prlimit")
	}
	// Below 8 KiB bash itself does not start, for the limit is also its own.
	list := strings.ReplaceAll(crashList, "ledger ", "seq 1200; ledger ")
	for size := 8 << 10; ; size += 1 << 10 {
		p := newProcess(t)
		p.write(t, "list.md", list)
		cmd := p.command(t.Context(), "exec", "--yes", "--no-input", "list.md")
		cmd.Args = append([]string{"prlimit", fmt.Sprintf("--fsize=%d", size), cmd.Path}, cmd.Args[1:]...)
		cmd.Path = limit
		out, err := cmd.CombinedOutput()
		if err == nil {
			return
		}
		if code := cmd.ProcessState.ExitCode(); code != exitRecording {
			t.Fatalf("%d bytes: exit code %d, want %d:\n%s", size, code, exitRecording, out)
		}
		p.finish(t, size)
		if size > 1<<16 {
			t.Fatalf("%d bytes are still not enough", size)
		}
	}
}

// TestErrorAtEverySync makes each sync and each write of the runner's own files
// fail in turn, as a broken or full disk does: the run stops with exit 5 before
// its next effect, and goes on where the disk works again.
func TestErrorAtEverySync(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("skipped: -short")
	}
	strace, err := exec.LookPath("strace")
	if err != nil || exec.Command(strace, "-qq", "-o", os.DevNull, "true").Run() != nil {
		t.Skip("skipped: no strace that may trace")
	}
	for _, fault := range []string{"fsync:error=EIO", "fdatasync:error=EIO", "fdatasync:error=ENOSPC", "rename,renameat,renameat2:error=EROFS"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			const most = 40
			for when := 1; ; when++ {
				p := newProcess(t)
				p.write(t, "list.md", crashList)
				cmd := p.command(t.Context(), "exec", "--yes", "--no-input", "list.md")
				cmd.Args = append([]string{"strace", "-f", "-qq", "-o", os.DevNull, "-e", fmt.Sprintf("inject=%s:when=%d", fault, when), filepath.Join(p.bin, "runbook")}, cmd.Args[1:]...)
				cmd.Path = strace
				out, err := cmd.CombinedOutput()
				if err == nil {
					if when == 1 {
						t.Error("the first fault did not stop the run: strace injects nothing")
					}
					return
				}
				if code := cmd.ProcessState.ExitCode(); code != exitRecording {
					t.Fatalf("fault %d: exit code %d, want %d:\n%s", when, code, exitRecording, out)
				}
				p.finish(t, when)
				if when > most {
					t.Fatalf("still stopped by fault %d", when)
				}
			}
		})
	}
}

// TestTooSmallADisk: before step 1 there must be room for what a run writes.
func TestTooSmallADisk(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t, "1m")
	p := newProcess(t)
	list := filepath.Join(dir, "list.md")
	if err := os.WriteFile(list, []byte(crashList), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out := p.run(t, "exec", "--yes", "--no-input", list)
	if code != exitRecording || !strings.Contains(out, "KiB left, and a run wants") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	if calls := p.calls(t); len(calls) > 0 {
		t.Errorf("called %q", calls)
	}
	if text, err := os.ReadFile(list); err != nil || string(text) != crashList {
		t.Errorf("the list was changed: %v", err)
	}
	if out, err := exec.Command("mount", "-o", "remount,ro", dir).CombinedOutput(); err != nil {
		t.Skipf("skipped the rest: no remounting here: %s", out)
	}
	if code, out := p.run(t, "exec", "--yes", "--no-input", list); code != exitRecording || !strings.Contains(out, "read-only file system") {
		t.Errorf("read-only: exit code %d:\n%s", code, out)
	}
}

// smallDisk mounts a file system of that size, or skips the test.
func smallDisk(t *testing.T, size string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+size, "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("skipped: no tmpfs can be mounted here: %s", out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	return dir
}

// A disk that fills while a command runs: the command is interrupted, for what
// it does could not be recorded; nothing follows; with room again the run goes
// on from what was recorded.
func TestTheDiskFillsDuringACommand(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t, "24m")
	p := newProcess(t)
	list := filepath.Join(dir, "list.md")
	text := "```bash\nledger one\n[ -e again ] || bash -c 'trap \"ledger interrupted; exit 5\" INT; head -c 30M /dev/zero >filler; while :; do sleep 0.01; done'\nledger two\n```\n"
	if err := os.WriteFile(list, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out := p.run(t, "exec", "--yes", "--no-input", list)
	if code != exitRecording || !strings.Contains(out, "KiB left") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	if calls := p.calls(t); !slices.Equal(calls, []string{"ledger one", "ledger interrupted"}) {
		t.Errorf("called %q", calls)
	}
	if text, err := os.ReadFile(list); err != nil || len(text) == 0 {
		t.Errorf("the list: %d bytes, %v", len(text), err)
	}
	if err := errors.Join(os.Remove(filepath.Join(dir, "filler")), os.WriteFile(filepath.Join(dir, "again"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if code, out := p.run(t, "exec", "--yes", "--no-input", list); code != exitOK {
		t.Errorf("with room again: exit code %d:\n%s", code, out)
	}
	if calls := p.calls(t); !slices.Equal(calls, []string{"ledger one", "ledger interrupted", "ledger two"}) {
		t.Errorf("called %q", calls)
	}
	if code, out := p.run(t, "verify", list); code != exitOK {
		t.Errorf("verify: exit code %d:\n%s", code, out)
	}
}

// crash runs the list and reports whether it was killed on the way. strace
// counts the calls of each thread, so when is a bound, not a place. It leaves
// other programs alone, the supervisor and its shell among them.
func crash(t *testing.T, p *process, when int) bool {
	t.Helper()
	cmd := p.command(t.Context(), "exec", "--yes", "--no-input", "list.md")
	inject := fmt.Sprintf("inject=fsync,fdatasync:signal=KILL:when=%d", when)
	cmd.Args = append([]string{"strace", "-f", "-qq", "-b", "execve", "-o", os.DevNull, "-e", inject, filepath.Join(p.bin, "runbook")}, cmd.Args[1:]...)
	path, err := exec.LookPath("strace")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Path = path
	out, err := cmd.CombinedOutput()
	if err == nil {
		return false
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() > 0 {
		t.Fatalf("sync %d: %v\n%s", when, err, out)
	}
	return true
}

// finish brings the crashed run to its end as an operator would.
func (p *process) finish(t *testing.T, at int) {
	t.Helper()
	args := []string{"exec", "--yes", "--no-input", "list.md"}
	code, out := p.run(t, args...)
	if code == exitHeld {
		word := "again"
		if calls := p.calls(t); len(calls) == inDoubt(t, out) {
			word = "done"
		}
		step := "one"
		if strings.Contains(out, "--resolve two=") {
			step = "two"
		}
		code, out = p.run(t, append(args, "--resolve", step+"="+word, "--reason", "looked into the ledger")...)
	}
	if code != exitOK {
		t.Fatalf("stopped at %d: exit %d:\n%s", at, code, out)
	}
	if got, want := p.calls(t), []string{"ledger one", "ledger two", "ledger three", "ledger four"}; !slices.Equal(got, want) {
		t.Errorf("stopped at %d: the ledger has %q, want %q", at, got, want)
	}
	if code, out := p.run(t, "verify", "list.md"); code != exitOK {
		t.Errorf("stopped at %d: verify: exit %d:\n%s", at, code, out)
	}
	if !strings.Contains(p.read(t, "list.md"), "[x] Success [ ] Failed") {
		t.Errorf("stopped at %d: the record says no success", at)
	}
}

// inDoubt is the number, from 1, of the command whose outcome is unknown.
func inDoubt(t *testing.T, out string) int {
	t.Helper()
	for n, line := range map[int]string{1: "line 6:", 2: "line 7:", 3: "line 13:", 4: "line 14:"} {
		if strings.Contains(out, line) {
			return n
		}
	}
	t.Fatalf("no line of a command in:\n%s", out)
	return 0
}
