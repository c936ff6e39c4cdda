package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// fullSize asks for the sizes that docs/reliability.md names where the usual
// ones take less time.
var fullSize = os.Getenv("RUNBOOK_TEST_FULL") != ""

// Whatever a checklist and its commands do, memory stays below 200 MB, the
// record and the journal stay bounded, and what was left out is stated.
func TestBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: takes half a minute")
	}
	if runtime.GOOS != "linux" {
		t.Skip("skipped: memory is measured in /proc")
	}
	commands := 2_000
	if fullSize {
		commands = 10_000
	}
	var items strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&items, "- [ ] Item %d is done\n", i)
	}
	program := buildProgram(t)
	for _, c := range []struct {
		name, list      string
		code            int
		says            string // in the record
		record, journal int64  // at most, in bytes
	}{
		{"1 GB of output", fenced("head -c 1G /dev/zero"), exitOK, "1073741824 bytes", 64 << 10, 64 << 10},
		{"1 GB of lines", fenced("head -c 1G < <(yes 'module.a.aws_x: Still creating... [10s elapsed]' || true)"), exitOK, "1073741824 bytes", 64 << 10, 64 << 10},
		{"a line of 200 MB", fenced("head -c 200M /dev/zero | tr '\\0' x"), exitOK, "209715200 bytes", 64 << 10, 64 << 10},
		{"many commands", fenced(strings.Repeat("echo x\n", commands)), exitOK, "", int64(commands) << 8, int64(commands) << 10},
		{"10 MB in 10,000 variables", fenced("for i in {1..10000}; do printf -v v$i '%01000d' $i; done\necho ${#v10000}"), exitOK, "1000", 64 << 10, 64 << 10},
		{"100 MB in a variable", fenced("x=$(head -c 100M /dev/zero | tr '\\0' x)\necho never"), exitFailed, "keep the shell's state: its 10486", 64 << 10, 64 << 10},
		{"50,000 items", items.String() + "\n" + fenced("true"), exitOK, "", 8 << 20, 16 << 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newProcess(t)
			p.write(t, "list.md", c.list)
			cmd := exec.CommandContext(t.Context(), program, "exec", "--yes", "--no-input", "-q", "list.md")
			cmd.Dir, cmd.Env = p.dir, p.env
			out, runner, supervisor := measured(t, cmd)
			if code := cmd.ProcessState.ExitCode(); code != c.code {
				t.Fatalf("exit code %d, want %d:\n%s", code, c.code, out)
			}
			t.Logf("the runner took %d MB, the supervisor %d MB", runner>>20, supervisor>>20)
			if most := int64(200 << 20); runner == 0 || runner > most || supervisor == 0 || supervisor > most {
				t.Errorf("the runner took %d bytes of memory, the supervisor %d; want at most %d", runner, supervisor, most)
			}
			record, journal := p.read(t, "list.md"), p.journal(t)
			if n := int64(len(record) - len(c.list)); n > c.record {
				t.Errorf("the record grew by %d bytes, want at most %d", n, c.record)
			}
			if n := int64(len(journal)); n > c.journal {
				t.Errorf("the journal has %d bytes, want at most %d", n, c.journal)
			}
			if !strings.Contains(record, c.says) {
				t.Errorf("the record does not say %q", c.says)
			}
		})
	}
}

func fenced(script string) string { return "```bash\n" + strings.TrimSuffix(script, "\n") + "\n```\n" }

// measured runs the program and returns what it printed, and the most memory
// that it and its supervisor have had, in bytes. The system counts that; what
// commands take is not ours.
func measured(t *testing.T, cmd *exec.Cmd) (out string, runner, supervisor int64) {
	t.Helper()
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	second := 0
	for {
		select {
		case <-ended: // with the exit code that the caller looks at
			return text.String(), runner, supervisor
		case <-time.After(2 * time.Millisecond):
		}
		runner = max(runner, peak(cmd.Process.Pid))
		if second == 0 {
			second = supervisorOf(cmd.Process.Pid)
		}
		supervisor = max(supervisor, peak(second))
	}
}

var highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

func peak(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	found := highWater.FindSubmatch(status)
	if err != nil || found == nil {
		return 0 // it has ended
	}
	kb, _ := strconv.ParseInt(string(found[1]), 10, 64) // digits
	return kb << 10
}

func supervisorOf(runner int) int {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", runner)) // a pattern that is well formed
	for _, path := range lists {
		list, _ := os.ReadFile(path) // a thread may have ended
		for _, word := range strings.Fields(string(list)) {
			line, err := os.ReadFile("/proc/" + word + "/cmdline")
			if pid, _ := strconv.Atoi(word); err == nil && bytes.Contains(line, []byte("\x00__supervise\x00")) {
				return pid
			}
		}
	}
	return 0
}
