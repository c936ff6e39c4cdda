package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// lastingList has a command that ends when it is told to, in a step with state
// around it.
const lastingList = `# Lasting

## One

` + "```bash" + `
mkdir -p sub; cd sub; colour=blue
ledger before; echo "$colour before"
lasting one
# Expected output: "lasting: released"
ledger after $colour ${PWD##*/}
` + "```" + `

## Two

` + "```bash" + `
ledger two $colour
` + "```" + `

**Status:** [ ] Success [ ] Failed
`

func newLasting(t *testing.T) *process {
	t.Helper()
	p := newReleasing(t)
	p.write(t, "list.md", lastingList)
	return p
}

// begun are the calls up to the command that lasts, rest those behind it.
var (
	begun = []string{"ledger before", "lasting one"}
	rest  = []string{"lasting released", "ledger after blue sub", "ledger two blue"}
)

func (p *process) wantCalls(t *testing.T, want ...string) {
	t.Helper()
	if got := p.calls(t); !slices.Equal(got, want) {
		t.Errorf("the ledger has %q, want %q", got, want)
	}
}

// waitFor waits until a file of the ledger, or of the run, is there.
func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for late := time.Now().Add(patience); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(late) {
			t.Fatalf("no %s within %v", what, patience)
		}
	}
}

// supervisors gives the processes that supervise this place's runs.
func (p *process) supervisors(t *testing.T) []int {
	t.Helper()
	return supervisorsBelow(t, filepath.Dir(p.dir))
}

// supervisorsBelow gives those whose runs keep their state below a directory.
func supervisorsBelow(t *testing.T, dir string) []int {
	t.Helper()
	var pids []int
	procs, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(procs) == 0 {
		t.Skip("skipped: no /proc")
	}
	for _, path := range procs {
		line, _ := os.ReadFile(path) // it may have ended
		if words := strings.Split(string(line), "\x00"); len(words) > 2 && words[1] == "__supervise" && strings.HasPrefix(words[2], dir+"/") {
			pids = append(pids, atoi(t, filepath.Base(filepath.Dir(path))))
		}
	}
	return pids
}

func atoi(t *testing.T, s string) (n int) {
	t.Helper()
	for _, c := range s {
		n = 10*n + int(c-'0')
	}
	return n
}

// kill ends the runner as a crash does.
func (tt *terminalTest) kill() {
	tt.t.Helper()
	tt.signal(unix.SIGKILL)
	tt.end()
}

// wantLeft wants a run that has stopped without its step, whose end the next
// exec takes over.
func (p *process) wantLeft(t *testing.T, tt *terminalTest) {
	t.Helper()
	if code := tt.end(); code != exitInterrupted {
		t.Errorf("exit code %d, want %d; the terminal shows:\n%s", code, exitInterrupted, tt.all)
	}
	p.wantCalls(t, begun...)
	wantTexts(t, "the record", p.read(t, "list.md"), []string{"<!-- runbook:record -->", "goes on by itself"})
	p.release(t)
	p.wantAdopted(t, "exec", "--yes", "--no-input", "list.md")
}

// wantAdopted wants exec to end the run well, with each call once.
func (p *process) wantAdopted(t *testing.T, args ...string) string {
	t.Helper()
	code, out := p.run(t, args...)
	if code != exitOK {
		t.Errorf("going on: exit code %d:\n%s", code, out)
	}
	p.wantCalls(t, append(slices.Clone(begun), rest...)...)
	if code, out := p.run(t, "verify", "list.md"); code != exitOK {
		t.Errorf("verify: exit code %d:\n%s", code, out)
	}
	if left := p.supervisors(t); len(left) > 0 {
		t.Errorf("supervisors %v are left", left)
	}
	return out
}

// TestRunnerKilled kills the runner while a command is under way. The command
// goes on, and the next exec goes on with it: the record is the one of a run
// that was never stopped.
func TestRunnerKilled(t *testing.T) {
	t.Parallel()
	whole := newLasting(t)
	tt := whole.start(t, "exec", "--yes", "--no-input", "list.md")
	tt.see("lasting: begun")
	whole.release(t)
	if code := tt.end(); code != exitOK {
		t.Fatalf("exit code %d:\n%s", code, tt.all)
	}
	want := timeless(t, whole, whole.read(t, "list.md"))

	t.Run("and its command has ended since", func(t *testing.T) {
		t.Parallel()
		p := newLasting(t)
		tt := p.start(t, "exec", "--yes", "--no-input", "list.md")
		tt.see("lasting: begun")
		tt.kill()
		p.release(t)
		waitFor(t, "end of the supervisor", func() bool { return len(p.supervisors(t)) == 0 })
		out := p.wantAdopted(t, "exec", "--yes", "--no-input", "list.md")
		wantTexts(t, "the terminal", out, []string{"lasting: begun\nlasting: released\n", "line 9: expected", ": met"})
		if got := timeless(t, p, p.read(t, "list.md")); got != want {
			t.Errorf("the record is\n%s\nwant\n%s", got, want)
		}
	})
	t.Run("and its command still runs", func(t *testing.T) {
		t.Parallel()
		p := newLasting(t)
		tt := p.start(t, "exec", "--yes", "--no-input", "list.md")
		tt.see("lasting: begun")
		tt.kill()
		tt = p.start(t, "exec", "--yes", "--no-input", "list.md")
		tt.see("lasting: begun")
		p.wantCalls(t, begun...)
		p.release(t)
		tt.see("lasting: released")
		if code := tt.end(); code != exitOK {
			t.Errorf("exit code %d:\n%s", code, tt.all)
		}
		p.wantCalls(t, append(slices.Clone(begun), rest...)...)
		if got := timeless(t, p, p.read(t, "list.md")); got != want {
			t.Errorf("the record is\n%s\nwant\n%s", got, want)
		}
	})
	t.Run("twice", func(t *testing.T) {
		t.Parallel()
		p := newLasting(t)
		for range 2 {
			tt := p.start(t, "exec", "--yes", "--no-input", "list.md")
			tt.see("lasting: begun")
			tt.kill()
		}
		p.release(t)
		p.wantAdopted(t, "exec", "--yes", "--no-input", "list.md")
	})
	t.Run("and Ctrl-C ends what was adopted", func(t *testing.T) {
		t.Parallel()
		p := newLasting(t)
		tt := p.start(t, "exec", "--yes", "--no-input", "list.md")
		tt.see("lasting: begun")
		tt.kill()
		tt = p.terminal(t, "exec", "--yes", "list.md")
		tt.see("lasting: begun")
		tt.say("\x03")
		tt.see("lasting: interrupted")
		if code := tt.end(); code != exitInterrupted {
			t.Errorf("exit code %d:\n%s", code, tt.all)
		}
		p.wantCalls(t, append(slices.Clone(begun), "lasting interrupted")...)
	})
	t.Run("and the supervisor too", func(t *testing.T) {
		t.Parallel()
		p := newLasting(t)
		tt := p.start(t, "exec", "--yes", "--no-input", "list.md")
		tt.see("lasting: begun")
		tt.kill()
		p.killSupervisor(t)
		code, out := p.run(t, "exec", "--yes", "--no-input", "list.md")
		if code != exitHeld || !strings.Contains(out, "is still running: ") {
			t.Errorf("exit code %d, want %d, and what survives named:\n%s", code, exitHeld, out)
		}
		p.release(t)
		waitFor(t, "end of the command", func() bool { return len(p.calls(t)) == 3 })
		args := []string{"exec", "--yes", "--no-input", "list.md"}
		waitFor(t, "word that the outcome is unknown", func() bool {
			code, out = p.run(t, args...)
			return code == exitHeld && strings.Contains(out, "outcome is unknown; look, then say --resolve one=")
		})
		p.wantAdopted(t, append(args, "--resolve", "one=done", "--reason", "looked into the ledger")...)
	})
}

// TestSupervisorKilled kills the supervisor alone: the runner does not know what
// becomes of the command, says so, and starts nothing more.
func TestSupervisorKilled(t *testing.T) {
	t.Parallel()
	p := newLasting(t)
	tt := p.start(t, "exec", "--yes", "--no-input", "list.md")
	tt.see("lasting: begun")
	p.killSupervisor(t)
	if code := tt.end(); code != exitHeld {
		t.Errorf("exit code %d, want %d:\n%s", code, exitHeld, tt.all)
	}
	wantTexts(t, "the terminal", tt.all, []string{"the supervisor of the shell has gone"})
	p.release(t)
	waitFor(t, "end of the command", func() bool { return len(p.calls(t)) == 3 })
	p.wantCalls(t, append(slices.Clone(begun), "lasting released")...)
}

func (p *process) killSupervisor(t *testing.T) {
	t.Helper()
	killSupervisor(t, filepath.Dir(p.dir))
}

func killSupervisor(t *testing.T, dir string) {
	t.Helper()
	pids := supervisorsBelow(t, dir)
	if len(pids) != 1 {
		t.Fatalf("supervisors %v, want one", pids)
	}
	if err := unix.Kill(pids[0], unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "end of the supervisor", func() bool { return len(supervisorsBelow(t, dir)) == 0 })
}

var (
	moment  = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( UTC|Z)?`)
	took    = regexp.MustCompile(`\b[\d.]+ (s|ms|min)\b`)
	numbers = regexp.MustCompile(`(Journal entries: )\d+(; head: )\S+`)
	resumed = regexp.MustCompile(`(?m)^.*[Rr]esumed.*\n`)
	runID   = regexp.MustCompile(`\d{8}T\d{6}\.\d{3}Z-[a-z0-9]{8}`)
)

// timeless is a record without what differs from run to run of one list, and
// without the word that the run was resumed.
func timeless(t *testing.T, p *process, record string) string {
	t.Helper()
	record = strings.ReplaceAll(record, p.dir, "/w")
	for _, re := range []*regexp.Regexp{resumed} {
		record = re.ReplaceAllString(record, "")
	}
	record = runID.ReplaceAllString(record, "RUN")
	record = moment.ReplaceAllString(record, "TIME")
	record = took.ReplaceAllString(record, "DURATION")
	return numbers.ReplaceAllString(record, "${1}N${2}HEAD")
}
