package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"runbook/executor"
	"runbook/executor/engine"
	"runbook/executor/executortest"
)

func newSupervised(tb testing.TB, opts engine.BashOptions) *engine.Supervised {
	tb.Helper()
	e, err := engine.NewSupervised(opts)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := e.Close(); err != nil {
			tb.Error(err)
		}
	})
	return e
}

func TestSupervisedConforms(t *testing.T) {
	executortest.TestEngine(t, func(t *testing.T) executor.Engine { return newSupervised(t, patient) })
}

// A keptLog is a Log that is told of what was not kept.
type keptLog struct {
	executortest.Log
	bytes, lines int64
}

func (l *keptLog) Skipped(_ int, bytes, lines int64) { l.bytes, l.lines = bytes, lines }

// orphan makes a job whose runner was killed in command at, as that runner
// knows it.
func orphan(t *testing.T, at int, texts ...string) executor.Job {
	t.Helper()
	job := executortest.Job(t, texts...)
	job.Step = "s"
	job.Env = killRunner(t, job, "supervised")
	job.First = at
	return job
}

func release(t *testing.T, job executor.Job) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(job.Dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

// supervisorOf gives the process that supervises the job; 0: none.
func supervisorOf(t *testing.T, job executor.Job) int {
	t.Helper()
	procs, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(procs) == 0 {
		t.Skip("skipped: no /proc")
	}
	for _, path := range procs {
		line, _ := os.ReadFile(path) // it may have ended
		if strings.Contains(string(line), "\x00__supervise\x00"+job.State+"/") {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err != nil {
				t.Fatal(err)
			}
			return pid
		}
	}
	return 0
}

func gone(t *testing.T, job executor.Job) {
	t.Helper()
	until(t, "the supervisor ends", func() bool { return supervisorOf(t, job) == 0 })
}

func adopt(t *testing.T, e *engine.Supervised, job executor.Job, obs executor.Observer) executor.Outcome {
	t.Helper()
	if !e.Knows(job) {
		t.Fatal("nothing is known of the command")
	}
	out, err := e.Adopt(t.Context(), job, obs)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const lasting = "x=kept; mkdir d; cd d; echo one; >../started; until [ -e ../go ]; do sleep 0.01; done; echo two; (exit 3) | true"

// wantLasting wants what that command does, however it comes to be known.
func wantLasting(t *testing.T, l *executortest.Log, out executor.Outcome, job executor.Job) {
	t.Helper()
	same(t, "calls", l.Calls, []string{"finished 0"})
	same(t, "output", l.Printed[0], "one\ntwo\n")
	r := l.Results[0]
	same(t, "Exit", r.Exit, 3)
	same(t, "Failures", len(r.Failures), 1)
	same(t, "Dir", r.Dir, job.Dir+"/d")
	same(t, "Set", r.Set["x"], "kept")
	same(t, "Next", out.Next, 1)
	same(t, "Dir at the end", out.Dir, job.Dir+"/d")
}

func TestAdoptsACommandThatRuns(t *testing.T) {
	t.Parallel()
	job := orphan(t, 0, lasting, "echo $x ${PWD##*/}")
	e := newSupervised(t, patient)
	l := &executortest.Log{OnOutput: func(int) { release(t, job) }}
	out := adopt(t, e, job, l)
	wantLasting(t, l, out, job)
	job.First, job.Dir = 1, ""
	l, _ = executortest.Run(t, e, job)
	same(t, "output of the next command", l.Printed[1], "kept d\n")
}

func TestAdoptsAResult(t *testing.T) {
	t.Parallel()
	job := orphan(t, 0, lasting, "echo $x ${PWD##*/}")
	release(t, job)
	gone(t, job)
	for range 2 { // a runner that is killed before it has journaled the result leaves it to the next
		l := &executortest.Log{}
		out := adopt(t, newSupervised(t, patient), job, l)
		wantLasting(t, l, out, job)
	}
	job.First, job.Dir = 1, ""
	e := newSupervised(t, patient)
	if e.Knows(job) {
		t.Error("a command that was never begun is known")
	}
	l, _ := executortest.Run(t, e, job)
	same(t, "output of the next command", l.Printed[1], "kept d\n")
	job.First, job.Attempt = 0, 7
	if e.Knows(job) {
		t.Error("another attempt is taken for the one that ran")
	}
}

// Of much output the same is kept as a run keeps, and how much it was.
func TestAdoptedOutputIsBounded(t *testing.T) {
	t.Parallel()
	for name, ended := range map[string]bool{"while it runs": false, "afterwards": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			job := orphan(t, 0, "seq 1000000; >started; until [ -e go ]; do sleep 0.01; done; echo last")
			if ended {
				release(t, job)
				gone(t, job)
			}
			l := &keptLog{}
			l.OnOutput = func(int) { release(t, job) }
			adopt(t, newSupervised(t, patient), job, l)
			text := l.Printed[0]
			if !strings.HasPrefix(text, "1\n2\n3\n") || !strings.HasSuffix(text, "999999\n1000000\nlast\n") {
				t.Errorf("kept %.20q … %q", text, text[max(0, len(text)-20):])
			}
			same(t, "bytes", int64(len(text))+l.bytes, 6888896+5)
			same(t, "lines", int64(strings.Count(text, "\n"))+l.lines, 1000001)
			if ended && len(text) > 3<<20 { // who follows is told of all from then on
				t.Errorf("%d bytes are kept", len(text))
			}
		})
	}
}

// A runner that is killed before it has given the word leaves a command that
// is certain not to have begun. The next one begins it, once.
func TestACommandWithoutTheWordIsBegunLater(t *testing.T) {
	t.Parallel()
	for name, ended := range map[string]bool{"while the supervisor is there": false, "afterwards": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			texts := []string{"x=kept", "echo $x >>ran; " + map[bool]string{true: "", false: "sleep 300 &"}[ended], "true"}
			job := executortest.Job(t, texts...)
			lost := newSupervised(t, patient)
			l := &executortest.Log{OnStarted: func(i int) error {
				if i == 1 {
					lost.Abandon() // the journal has the start; no word is given
				}
				return nil
			}}
			if _, err := lost.Run(t.Context(), job, l); err == nil {
				t.Fatal("the runner has not gone")
			}
			if ended {
				gone(t, job)
			}
			if exists(filepath.Join(job.Dir, "ran")) {
				t.Fatal("the command ran without the word")
			}
			job.First = 1
			e := newSupervised(t, patient)
			l = &executortest.Log{}
			out := adopt(t, e, job, l)
			same(t, "calls", l.Calls, []string{"finished 1", "started 2", "finished 2"})
			same(t, "Next", out.Next, 3)
			data, err := os.ReadFile(filepath.Join(job.Dir, "ran"))
			if err != nil || string(data) != "kept\n" {
				t.Errorf("ran: %q, %v", data, err)
			}
			if !newSupervised(t, patient).Knows(executor.Job{Step: job.Step, State: job.State, First: 2}) {
				t.Error("how it ended is not kept")
			}
		})
	}
}

// What a command leaves in the background for the next one is there when the
// next runner comes, and so is an EXIT trap.
func TestAnOpenStepWaitsForItsRunner(t *testing.T) {
	t.Parallel()
	job := orphan(t, 1, "trap 'echo bye' EXIT; sleep 300 & server=$!", ">started; until [ -e go ]; do sleep 0.01; done", "kill -0 $server && echo serving; kill $server; wait $server || true")
	release(t, job)
	e := newSupervised(t, patient)
	l := &executortest.Log{}
	out := adopt(t, e, job, l)
	same(t, "Leftovers", len(out.Leftovers), 0)
	job.First, job.Dir = 2, ""
	l, out = executortest.Run(t, e, job)
	same(t, "output of the next command", l.Printed[2], "serving\nbye\n")
	same(t, "Leftovers at the end", len(out.Leftovers), 0)
}

// daemon leaves a process behind that has its own name already.
const daemon = `(setsid sleep 300 & until [ "$(cat /proc/$!/comm)" = sleep ]; do :; done)`

func TestAnotherStepEndsWhatAnOpenOneHasLeft(t *testing.T) {
	t.Parallel()
	job := orphan(t, 1, daemon, ">started; until [ -e go ]; do sleep 0.01; done", "true")
	release(t, job)
	e := newSupervised(t, patient)
	adopt(t, e, job, &executortest.Log{})
	_, out := executortest.Run(t, e, executortest.Next(job, "true"))
	if len(out.Leftovers) != 1 || !strings.HasPrefix(out.Leftovers[0], "sleep ") {
		t.Errorf("Leftovers = %q; want the sleep", out.Leftovers)
	}
}

// A last command that ends without a runner ends its step too.
func TestLeftoversOfAnOrphanAreNamed(t *testing.T) {
	t.Parallel()
	job := orphan(t, 0, daemon+"; >started; until [ -e go ]; do sleep 0.01; done")
	release(t, job)
	gone(t, job)
	out := adopt(t, newSupervised(t, patient), job, &executortest.Log{})
	if len(out.Leftovers) != 1 || !strings.HasPrefix(out.Leftovers[0], "sleep ") {
		t.Errorf("Leftovers = %q; want the sleep", out.Leftovers)
	}
}

func TestAnAdoptedCommandIsInterruptedOnce(t *testing.T) {
	t.Parallel()
	job := orphan(t, 0, counting(t))
	e := newSupervised(t, patient)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if !e.Knows(job) {
		t.Fatal("nothing is known of the command")
	}
	cancel()
	l := &executortest.Log{}
	l.OnOutput = func(int) {
		switch {
		case strings.HasSuffix(l.Printed[0], "INT 1\n"):
			e.Signal()
		case strings.HasSuffix(l.Printed[0], "INT 2\n"):
			if err := os.WriteFile(filepath.Join(job.Dir, "enough"), nil, 0o600); err != nil {
				t.Error(err)
			}
		}
	}
	if _, err := e.Adopt(ctx, job, l); err != nil {
		t.Fatal(err)
	}
	same(t, "output", l.Printed[0], "ready\nINT 1\nINT 2\nhad 2\n")
	same(t, "Ended", l.Results[0].Ended, "interrupt")
}

// A supervisor that is killed with a command under way makes it unknown; what
// still runs is named; the next job has a new supervisor.
func TestSupervisorKilled(t *testing.T) {
	t.Parallel()
	e, job := newSupervised(t, patient), executortest.Job(t, "x=1", ">started; sleep 300")
	killed := 0
	go func() {
		until(t, "the command begins", func() bool { return exists(filepath.Join(job.Dir, "started")) })
		killed = supervisorOf(t, job)
		_ = unix.Kill(killed, unix.SIGKILL)
	}()
	l := &executortest.Log{}
	if _, err := e.Run(t.Context(), job, l); err == nil || errors.Is(err, executor.ErrStopped) {
		t.Errorf("Run: %v; want an error that leaves the command unknown", err)
	}
	same(t, "calls", l.Calls, []string{"started 0", "finished 0", "started 1"})
	job.First = 1
	if e.Knows(job) {
		t.Error("the outcome of a command whose supervisor was killed is known")
	}
	until(t, "the shell and its child are named", func() bool { return len(e.Survivors(job.State)) == 2 })
	endAll(t, e.Survivors(job.State))
	l, _ = executortest.Run(t, e, executortest.Next(job, "echo $x"))
	same(t, "output under the next supervisor", l.Printed[0], "1\n")
}

// TERM asks a supervisor to end: it ends the command by the ladder, and keeps
// how that ended.
func TestSupervisorAskedToEnd(t *testing.T) {
	t.Parallel()
	job := orphan(t, 0, `trap 'echo INT; exit 5' INT; >started; while :; do sleep 0.01; done`)
	if err := unix.Kill(supervisorOf(t, job), unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	gone(t, job)
	l := &executortest.Log{}
	adopt(t, newSupervised(t, patient), job, l)
	same(t, "output", l.Printed[0], "INT\n")
	same(t, "Ended", l.Results[0].Ended, "interrupt")
}

func TestDetach(t *testing.T) {
	t.Parallel()
	job := executortest.Job(t, lasting, "true")
	e := newSupervised(t, patient)
	ctx, cancel := context.WithCancelCause(t.Context())
	l := &executortest.Log{OnOutput: func(int) { cancel(executor.ErrDetach) }}
	if _, err := e.Run(ctx, job, l); !errors.Is(err, executor.ErrDetach) {
		t.Errorf("Run: %v; want ErrDetach", err)
	}
	same(t, "calls", l.Calls, []string{"started 0"})
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	release(t, job)
	gone(t, job)
	l = &executortest.Log{}
	wantLasting(t, l, adopt(t, newSupervised(t, patient), job, l), job)
}

// A file that was torn, by a loss of power, tells nothing: a person is asked.
func TestTornResultIsUnknown(t *testing.T) {
	t.Parallel()
	job := orphan(t, 0, lasting)
	release(t, job)
	gone(t, job)
	path := filepath.Join(job.State, "supervisor", "kept")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	end := len(bytes.TrimRight(whole, "\x00"))
	for at := 0; at < end; at += 7 {
		torn := bytes.Clone(whole)
		torn[at] ^= 0x20
		if err := os.WriteFile(path, torn, 0o600); err != nil {
			t.Fatal(err)
		}
		if newSupervised(t, patient).Knows(job) {
			t.Fatalf("with byte %d changed the result is taken", at)
		}
	}
}

// A Unix socket's address is short, the paths of home directories are not.
func TestSupervisorInADeepDirectory(t *testing.T) {
	t.Parallel()
	job := executortest.Job(t, lasting)
	job.Step = "s"
	job.State = filepath.Join(job.State, strings.Repeat("deep", 40))
	if err := os.MkdirAll(job.State, 0o700); err != nil {
		t.Fatal(err)
	}
	killRunner(t, job, "supervised")
	l := &executortest.Log{OnOutput: func(int) { release(t, job) }}
	wantLasting(t, l, adopt(t, newSupervised(t, patient), job, l), job)
}

// Nobody else can reach a supervisor or read what it keeps.
func TestSupervisorIsPrivate(t *testing.T) {
	t.Parallel()
	e, job := newSupervised(t, patient), executortest.Job(t, "x=1; umask")
	l, _ := executortest.Run(t, e, job)
	for name, want := range map[string]os.FileMode{".": 0o700, "socket": 0o600, "kept": 0o600, "errors": 0o600} {
		info, err := os.Stat(filepath.Join(job.State, "supervisor", name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v; want %v", name, info.Mode(), want)
		}
	}
	own := unix.Umask(0)
	unix.Umask(own)
	same(t, "umask of steps", l.Printed[0], fmt.Sprintf("%04o\n", own))
}

// A supervisor that is not asked for any more leaves nothing running.
func TestCloseEndsTheSupervisor(t *testing.T) {
	t.Parallel()
	e, job := newSupervised(t, patient), executortest.Job(t, "x=1")
	executortest.Run(t, e, job)
	if supervisorOf(t, job) == 0 {
		t.Fatal("there is no supervisor")
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	gone(t, job)
}

// endAll kills what Survivors has named.
func endAll(t *testing.T, survivors []string) {
	t.Helper()
	for _, s := range survivors {
		_, rest, _ := strings.Cut(s, " (process ")
		pid, err := strconv.Atoi(strings.TrimSuffix(rest, ")"))
		if err != nil {
			t.Fatalf("%q holds no number: %v", s, err)
		}
		if err := unix.Kill(pid, unix.SIGKILL); err != nil && !errors.Is(err, unix.ESRCH) {
			t.Error(err)
		}
	}
}
