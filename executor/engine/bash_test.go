package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"runbook/executor"
	"runbook/executor/engine"
	"runbook/executor/executortest"
)

// patient waits until a command has answered INT, however slow the machine is;
// what is deaf to TERM it ends soon.
var patient = engine.BashOptions{TermAfter: time.Hour, KillAfter: 300 * time.Millisecond}

// quick ends what is deaf to INT soon too. It is for nothing else: what a slow
// machine has not yet answered is ended as well.
var quick = engine.BashOptions{TermAfter: 300 * time.Millisecond, KillAfter: 300 * time.Millisecond}

func TestBashConforms(t *testing.T) {
	executortest.TestEngine(t, func(t *testing.T) executor.Engine {
		b, err := engine.NewBash(patient)
		if err != nil {
			t.Fatal(err)
		}
		return b
	})
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("%s = %q; want %q", what, got, want)
	}
}

// until waits for a condition that another process brings about, as long as the
// tests may take.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	limit, limited := t.Deadline()
	for !ok() {
		if limited && time.Until(limit) < 10*time.Second {
			t.Fatal("in vain: ", what)
		}
		time.Sleep(time.Millisecond)
	}
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

func TestNewBashNeedsBash(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, script := range map[string]string{
		"old": "#!/bin/sh\necho 3 2\n", "other": "#!/bin/sh\necho zsh\n", "broken": "#!/bin/sh\nexit 1\n", "missing": "",
	} {
		path := filepath.Join(dir, name)
		if script != "" {
			if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		_, err := engine.NewBash(engine.BashOptions{Path: path})
		var u *engine.Unavailable
		if !errors.As(err, &u) || u.Hint == "" || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v; want an Unavailable that names it, with a hint", name, err)
		}
	}
}

func TestDropped(t *testing.T) {
	t.Parallel()
	env := []string{"HOME=/h", "BASH_ENV=x", "ENV=x", "SHELLOPTS=xtrace", "BASHOPTS=x", "CDPATH=/", "BASH_FUNC_ls%%=() { :; }", "BASH_FUNCTION=kept"}
	same(t, "Dropped", engine.Dropped(env), []string{"BASH_ENV", "ENV", "SHELLOPTS", "BASHOPTS", "CDPATH", "BASH_FUNC_ls%%"})
}

func TestInherited(t *testing.T) {
	t.Parallel()
	rest, dropped := engine.Inherited([]string{"TF_CLI_ARGS=-no-color", "HOME=/h", "TF_CLI_ARGS_apply=-destroy", "TF_CLI_ARG=x", "TF_VAR_a=b"})
	same(t, "rest", rest, []string{"HOME=/h", "TF_CLI_ARG=x", "TF_VAR_a=b"})
	same(t, "dropped", dropped, []string{"TF_CLI_ARGS", "TF_CLI_ARGS_apply"})
}

// What commands may do to the shell without harm to those that follow.
func TestShellSurvives(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		texts []string
		want  []string // what each command prints
	}{
		"output redirected for good": {[]string{"exec >there 2>&1 </dev/zero", "echo a", "cat there >&195; : >there"}, []string{"", "", "a\n"}},
		"output closed":              {[]string{"exec >&- 2>&-", "true"}, []string{"", ""}},
		"EXIT trap runs at the end":  {[]string{"trap 'echo bye' EXIT", "echo a"}, []string{"", "a\nbye\n"}},
		"EXIT trap runs at exit":     {[]string{"trap 'echo bye' EXIT; exit 0"}, []string{"bye\n"}},
		"EXIT trap taken away":       {[]string{"trap - EXIT; x=1", "echo $x; exit 0"}, []string{"", "1\n"}},
		"ERR trap":                   {[]string{"trap 'echo err $?' ERR", "true", "(exit 3)"}, []string{"", "", "err 3\n"}},
		"DEBUG trap":                 {[]string{"trap 'echo debug' DEBUG; true", "echo a"}, []string{"debug\n", "a\n"}},
		"RETURN trap":                {[]string{"trap 'echo back' RETURN; f() { :; }", "f"}, []string{"", ""}},
		"xtrace":                     {[]string{"set -x", "echo a", "set +x", "echo b"}, []string{"", "++ echo a\na\n", "++ set +x\n", "b\n"}},
		"break and continue":         {[]string{"break", "continue", "echo a"}, []string{"", "", "a\n"}},
		"posix":                      {[]string{"set -o posix; x=1", "echo $x"}, []string{"", "1\n"}},
		"job control":                {[]string{"set -m", "sleep 0.01 & disown; wait", "echo a"}, []string{"", "", "a\n"}},
		"its words are functions":    {[]string{"printf() { :; }; read() { :; }; eval() { :; }; mapfile() { :; }; x=1", "echo $x"}, []string{"", "1\n"}},
		"IFS read-only":              {[]string{"IFS=0123456789; readonly IFS", "echo a"}, []string{"", "a\n"}},
		"TMOUT":                      {[]string{"TMOUT=1; x=1", "echo $x"}, []string{"", "1\n"}},
		"all exported":               {[]string{"set -a", "x=$(seq 100000); unset x", "/bin/echo a"}, []string{"", "", "a\n"}},
		"a directory that is gone":   {[]string{"mkdir d; cd d; rmdir ../d", "cd ..; echo a"}, []string{"", "a\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newBash(t, patient)
			job := executortest.Job(t, c.texts...)
			l, out := executortest.Run(t, e, job)
			same(t, "Next", out.Next, len(c.texts))
			for i, want := range c.want {
				same(t, fmt.Sprintf("output of %q", c.texts[i]), l.Printed[i], want)
			}
			l, _ = executortest.Run(t, e, executortest.Next(job, "echo still here"))
			same(t, "output of the next step", l.Printed[0], "still here\n")
		})
	}
}

// What still runs behind a step's last command may finish its output.
func TestAProcessSubstitutionFinishesItsOutput(t *testing.T) {
	t.Parallel()
	e := newBash(t, patient)
	e.Linger(time.Hour)
	l, _ := executortest.Run(t, e, executortest.Job(t, "echo a > >(sed s/a/b/; sleep 0.01; echo c)"))
	same(t, "output", l.Printed[0], "b\nc\n")
}

// A child that is killed before it has become its program is still a bash, and
// ran the EXIT trap of the shell: what that told was taken for the shell's own
// answer, and the command's outcome was unknown.
func TestAChildThatIsKilledAtOnceSaysNothing(t *testing.T) {
	t.Parallel()
	for _, sig := range []string{"TERM", "HUP", "USR1"} {
		t.Run(sig, func(t *testing.T) {
			t.Parallel()
			texts := slices.Repeat([]string{"sleep 300 & kill -" + sig + " $!"}, 300)
			l, out := executortest.Run(t, newBash(t, patient), executortest.Job(t, texts...))
			if out.Next != len(texts) {
				t.Errorf("command %d of %d: %+v, printed %q", out.Next, len(texts), l.Results[out.Next-1], l.Printed[out.Next-1])
			}
		})
	}
}

func TestUnderSetXTheEngineIsSilent(t *testing.T) {
	t.Parallel()
	e, job := newBash(t, patient), executortest.Job(t, "set -x")
	executortest.Run(t, e, job)
	for _, e := range []*engine.Bash{e, newBash(t, patient)} {
		l, _ := executortest.Run(t, e, executortest.Next(job, "echo a"))
		same(t, "output", l.Printed[0], "++ echo a\na\n")
	}
}

func TestClosedDescriptorsEndTheShellNotTheRun(t *testing.T) {
	t.Parallel()
	e := newBash(t, patient)
	job := executortest.Job(t, "x=1", "for n in {3..255}; do eval \"exec $n>&-\"; done", "echo $x")
	l, out := executortest.Run(t, e, job)
	same(t, "Next", out.Next, 3)
	same(t, "output", l.Printed[2], "1\n")
}

// A shell that had to be replaced between two commands of a step began again in
// the step's start directory if its own had vanished.
func TestReplacedShellDoesNotStartElsewhere(t *testing.T) {
	t.Parallel()
	job := executortest.Job(t, "mkdir gone; cd gone; rmdir ../gone", "for n in {3..255}; do eval \"exec $n>&-\"; done", "touch elsewhere")
	l := &executortest.Log{}
	out, err := newBash(t, patient).Run(t.Context(), job, l)
	if err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("Run: %v", err)
	}
	same(t, "Next", out.Next, 2)
	same(t, "calls", len(l.Calls), 4)
	if exists(filepath.Join(job.Dir, "elsewhere")) {
		t.Error("the command ran in another directory")
	}
}

// both are the engine in this process, and the one under a supervisor.
var both = map[string]func(testing.TB, engine.BashOptions) presser{
	"":             func(tb testing.TB, o engine.BashOptions) presser { return newBash(tb, o) },
	", supervised": func(tb testing.TB, o engine.BashOptions) presser { return newSupervised(tb, o) },
}

type presser interface {
	executor.Engine
	Signal()
}

func TestInterruptIsSentOnce(t *testing.T) {
	t.Parallel()
	for how, open := range both {
		testInterrupt(t, how, open)
	}
}

func testInterrupt(t *testing.T, how string, open func(testing.TB, engine.BashOptions) presser) {
	// The command counts its INTs and ends by itself once told to, so that a
	// second one would show.
	for _, c := range []struct {
		name    string
		presses int
	}{{"first press", 1}, {"second press", 2}} {
		t.Run(c.name+how, func(t *testing.T) {
			t.Parallel()
			e := open(t, patient)
			job := executortest.Job(t, counting(t))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			l := &executortest.Log{}
			pressed := 0
			l.OnOutput = func(i int) {
				heard := strings.Count(l.Printed[i], "INT")
				switch {
				case !strings.Contains(l.Printed[i], "ready") || heard < pressed:
				case pressed == 0:
					cancel()
					pressed++
				case pressed < c.presses:
					e.Signal()
					pressed++
				default:
					if err := os.WriteFile(filepath.Join(job.Dir, "enough"), nil, 0o600); err != nil {
						t.Error(err)
					}
				}
			}
			if _, err := e.Run(ctx, job, l); err != nil {
				t.Fatal(err)
			}
			if want := fmt.Sprintf("had %d\n", c.presses); !strings.HasSuffix(l.Printed[0], want) {
				t.Errorf("printed %q; want it to end in %q", l.Printed[0], want)
			}
			same(t, "Ended", l.Results[0].Ended, "interrupt")
		})
	}
}

// counting is a command that counts its INTs. It is this program: bash forgets
// one that comes while it runs its trap for the one before.
func counting(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("'%s' %s", self, countWord)
}

const countWord = "__count"

// count is the process that does so, until the file "enough" is there. It says
// that it is ready by the file "started" too.
func count() error {
	heard := make(chan os.Signal, 10)
	signal.Notify(heard, unix.SIGINT)
	fmt.Println("ready")
	if err := os.WriteFile("started", nil, 0o600); err != nil {
		return err
	}
	n := 0
	for {
		select {
		case <-heard:
			n++
			fmt.Println("INT", n)
		case <-time.After(time.Millisecond):
			if exists("enough") {
				fmt.Println("had", n)
				return nil
			}
		}
	}
}

func TestDeafCommandsAreEnded(t *testing.T) {
	t.Parallel()
	for how, open := range both {
		testDeaf(t, how, open)
	}
}

func testDeaf(t *testing.T, how string, open func(testing.TB, engine.BashOptions) presser) {
	for name, text := range map[string]string{
		"child":   `bash -c 'trap "" INT TERM; echo ready; while :; do sleep 0.01; done'`,
		"shell":   `trap "" INT TERM; echo ready; while :; do :; done`,
		"session": `setsid --wait bash -c 'trap "" INT TERM; echo ready; while :; do sleep 0.01; done'`,
	} {
		t.Run(name+how, func(t *testing.T) {
			t.Parallel()
			e, job := open(t, quick), executortest.Job(t, text)
			ctx, cancel := context.WithCancel(t.Context())
			l := &executortest.Log{OnOutput: func(int) { cancel() }}
			if _, err := e.Run(ctx, job, l); err != nil {
				t.Fatal(err)
			}
			same(t, "Ended", l.Results[0].Ended, "interrupt")
			l, _ = executortest.Run(t, e, executortest.Next(job, "echo on"))
			same(t, "output of the next step", l.Printed[0], "on\n")
		})
	}
}

func TestOthersChildrenAreLeftAlone(t *testing.T) {
	t.Parallel()
	e, job := newBash(t, patient), executortest.Job(t, "(setsid sleep 300 &)")
	for _, attr := range []*syscall.SysProcAttr{nil, {Setsid: true}} {
		other := exec.Command("sleep", "300")
		other.SysProcAttr = attr
		if err := other.Start(); err != nil {
			t.Fatal(err)
		}
		ended := exec.Command("sh", "-c", "exit 7")
		ended.SysProcAttr = attr
		if err := ended.Start(); err != nil {
			t.Fatal(err)
		}
		_, out := executortest.Run(t, e, job)
		same(t, "leftovers", len(out.Leftovers), 1)
		if err := other.Process.Signal(syscall.Signal(0)); err != nil {
			t.Errorf("another's child has gone: %v", err)
		}
		if err := other.Process.Kill(); err != nil {
			t.Error(err)
		}
		var exit *exec.ExitError
		if err := ended.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 7 {
			t.Errorf("Wait for another's child: %v; want exit status 7", err)
		}
		if err := other.Wait(); !errors.As(err, &exit) {
			t.Errorf("Wait for another's child: %v; want its signal", err)
		}
	}
}

func TestDamagedStateIsRefused(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func([]byte) []byte{
		"cut":     func(b []byte) []byte { return b[:len(b)-2] },
		"changed": func(b []byte) []byte { b[len(b)-2] ^= 1; return b },
		"empty":   func([]byte) []byte { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			job := executortest.Job(t, "x=1")
			executortest.Run(t, newBash(t, patient), job)
			path := filepath.Join(job.State, "shell")
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			data = damage(data)
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			l := &executortest.Log{}
			if _, err := newBash(t, patient).Run(t.Context(), executortest.Next(job, "true"), l); err == nil {
				t.Error("a damaged state was taken")
			}
			same(t, "calls", len(l.Calls), 0)
		})
	}
}

// The command is told, for what it did is known; then the job stops.
func TestUnsavedStateStopsTheJob(t *testing.T) {
	t.Parallel()
	e, job := newBash(t, patient), executortest.Job(t, "true", `mkdir "$STATE/shell.new"; x=1`, "echo never")
	job.Env = append(slices.Clone(job.Env), "STATE="+job.State)
	l := &executortest.Log{}
	out, err := e.Run(t.Context(), job, l)
	if err == nil || !strings.Contains(err.Error(), "keep the shell's state") {
		t.Errorf("Run: %v", err)
	}
	same(t, "calls", l.Calls, []string{"started 0", "finished 0", "started 1", "finished 1"})
	same(t, "Next", out.Next, 2)
	if err := os.Remove(filepath.Join(job.State, "shell.new")); err != nil {
		t.Fatal(err)
	}
	executortest.Run(t, e, executortest.Next(job, ":"))
	l, _ = executortest.Run(t, newBash(t, patient), executortest.Next(job, "echo $x"))
	same(t, "output once there is room", l.Printed[0], "1\n")
}

// A state that cannot be restored whole stops the run before its command, and
// stays as it is.
func TestFailedRestoreIsNotAdopted(t *testing.T) {
	t.Parallel()
	job := executortest.Job(t, "x=1; mkdir d; cd d")
	executortest.Run(t, newBash(t, patient), job)
	before, err := os.ReadFile(filepath.Join(job.State, "shell"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(job.Dir, "d")); err != nil {
		t.Fatal(err)
	}
	l := &executortest.Log{}
	next := executortest.Next(job, "y=2")
	if _, err := newBash(t, patient).Run(t.Context(), next, l); err == nil || !strings.Contains(err.Error(), "start directory "+job.Dir+"/d does not exist") {
		t.Errorf("Run: %v", err)
	}
	same(t, "calls", len(l.Calls), 0)
	after, err := os.ReadFile(filepath.Join(job.State, "shell"))
	if err != nil || string(after) != string(before) {
		t.Errorf("the state has changed: %q, %v", after, err)
	}
	next.Dir = job.Dir // a step that says where it starts does not need the old place
	if _, out := executortest.Run(t, newBash(t, patient), next); out.Next != 1 {
		t.Error("the step did not run")
	}
}

func TestStartsThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*executor.Job)
		want   string
	}{
		"no directory":           {func(j *executor.Job) { j.Dir = "/no/such" }, "start directory /no/such does not exist"},
		"a file for a directory": {func(j *executor.Job) { j.Dir = os.Args[0] }, "is not a directory"},
		"NUL in a command":       {func(j *executor.Job) { j.Commands[0].Text = "a\x00b" }, "checklist.md:121: a command holds a NUL byte"},
		"no state directory":     {func(j *executor.Job) { j.State = "" }, "state"},
		"environment too large":  {func(j *executor.Job) { j.Env = append(j.Env, tenMegabytes()...) }, "larger than this system passes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			job, l := executortest.Job(t, "true"), &executortest.Log{}
			c.change(&job)
			_, err := newBash(t, patient).Run(t.Context(), job, l)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Run: %v; want %q", err, c.want)
			}
			same(t, "calls", len(l.Calls), 0)
		})
	}
}

func tenMegabytes() []string {
	var env []string
	for i := range 1000 {
		env = append(env, fmt.Sprintf("BIG%d=%s", i, strings.Repeat("x", 10_000)))
	}
	return env
}

func TestLargeEnvironment(t *testing.T) {
	t.Parallel()
	job := executortest.Job(t, "echo ${#BIG99}", "/bin/echo child")
	job.Env = append(slices.Clone(job.Env), tenMegabytes()[:100]...) // 1 MB, which Linux passes
	l, _ := executortest.Run(t, newBash(t, patient), job)
	same(t, "output", l.Printed[0]+l.Printed[1], "10000\nchild\n")
}

func TestLargeState(t *testing.T) {
	t.Parallel()
	e, job := newBash(t, patient), executortest.Job(t, "x=$(head -c 10000000 /dev/zero | tr '\\0' x)", "true")
	executortest.Run(t, e, job)
	l, _ := executortest.Run(t, newBash(t, patient), executortest.Next(job, "echo ${#x}"))
	same(t, "output", l.Printed[0], "10000000\n")
}

// A state that is too large to be kept stops the job behind the command that has
// made it, whose end and place are known all the same, and the next one until
// it is smaller again.
func TestAStateThatIsTooLarge(t *testing.T) {
	t.Parallel()
	e, job := newBash(t, patient), executortest.Job(t, "mkdir d; cd d; y=1; x=$(head -c 17M /dev/zero | tr '\\0' x)", "echo never")
	l := &executortest.Log{}
	out, err := e.Run(t.Context(), job, l)
	if err == nil || !strings.Contains(err.Error(), "more than the 16777216 that are kept") {
		t.Errorf("Run: %v", err)
	}
	same(t, "calls", l.Calls, []string{"started 0", "finished 0"})
	same(t, "Dir", l.Results[0].Dir, job.Dir+"/d")
	same(t, "Next", out.Next, 1)
	l, _ = executortest.Run(t, e, executortest.Next(job, "unset x", "echo $y"))
	same(t, "output once it is smaller", l.Printed[1], "1\n")
}

func TestManyCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: ten thousand commands take seconds")
	}
	t.Parallel()
	texts := make([]string, 10_000)
	for i := range texts {
		texts[i] = ":"
	}
	texts[5000], texts[len(texts)-1] = "n=5", "echo $n"
	l, out := executortest.Run(t, newBash(t, patient), executortest.Job(t, texts...))
	same(t, "Next", out.Next, len(texts))
	same(t, "output", l.Printed[len(texts)-1], "5\n")
}

func TestMemoryStaysBounded(t *testing.T) {
	e, job := newBash(t, patient), executortest.Job(t, "head -c 300M /dev/zero")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s := &silent{}
	if _, err := e.Run(t.Context(), job, s); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	same(t, "bytes", s.bytes, 300<<20)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
		t.Errorf("300 MiB of output allocated %d bytes", grown)
	}
}

// newRunner makes the job's commands those of a runner that TestMain plays, in a
// process of its own; how is "supervised" or empty.
func newRunner(t *testing.T, job executor.Job, how string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, c := range job.Commands {
		texts = append(texts, c.Text)
	}
	runner := exec.Command(self)
	runner.Env = append(os.Environ(), "RUNBOOK_TEST_RUNNER="+strings.Join(texts, "\x01"), "RUNBOOK_TEST_STATE="+job.State, "RUNBOOK_TEST_SUPERVISED="+how)
	runner.Dir = job.Dir
	return runner
}

// killRunner runs the job in a runner, and kills that once a command has made
// the file "started". It returns the environment of the steps.
func killRunner(t *testing.T, job executor.Job, how string) (env []string) {
	t.Helper()
	runner := newRunner(t, job, how)
	if err := runner.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, "the step begins", func() bool { return exists(filepath.Join(job.Dir, "started")) })
	if err := runner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := runner.Wait(); err == nil {
		t.Error("the runner was not killed")
	}
	return runner.Env
}

// A step whose runner is killed goes on: SIGPIPE would make terraform leave its
// state locked.
func TestStepOutlivesItsRunner(t *testing.T) {
	t.Parallel()
	job := executortest.Job(t, "echo started >started; until [ -e go ]; do sleep 0.01; done; echo to nobody; /bin/echo still; echo saved >saved")
	killRunner(t, job, "")
	if err := os.WriteFile(filepath.Join(job.Dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	until(t, "the step saves its state", func() bool { return exists(filepath.Join(job.Dir, "saved")) })
}

// What the runner ignores, by itself or as `runbook &` and nohup make it, its
// steps must not: a shell that inherits that cannot undo it.
func TestStepsHearSignalsThatTheRunnerIgnores(t *testing.T) {
	t.Parallel()
	const hear = `bash -c 'trap "echo heard >heard" %[1]s; kill -%[1]s $$'`
	for name, c := range map[string]struct{ start, ignore, text, want string }{
		"INT from the start":  {"INT", "", fmt.Sprintf(hear, "INT"), "exit 0 cut false"},
		"HUP from the start":  {"HUP", "", fmt.Sprintf(hear, "HUP"), "exit 0 cut false"},
		"TERM from the start": {"TERM", "", fmt.Sprintf(hear, "TERM"), "exit 0 cut false"},
		"PIPE from the start": {"PIPE", "", "yes | head -1 >heard", "exit 0 cut true"},
		"INT":                 {"", "INT", fmt.Sprintf(hear, "INT"), "exit 0 cut false"},
		"HUP":                 {"", "HUP", fmt.Sprintf(hear, "HUP"), "exit 0 cut false"},
		"TERM":                {"", "TERM", fmt.Sprintf(hear, "TERM"), "exit 0 cut false"},
		"PIPE":                {"", "PIPE", "yes | head -1 >heard", "exit 0 cut true"},
		"to die of":           {"INT", "", ">heard; kill -INT $BASHPID; echo on", "exit 130 cut false"},
	} {
		for _, how := range []string{"", "supervised"} {
			t.Run(strings.TrimSpace(name+" "+how), func(t *testing.T) {
				t.Parallel()
				job := executortest.Job(t, c.text)
				runner := newRunner(t, job, how)
				runner.Env = append(runner.Env, "RUNBOOK_TEST_IGNORE="+c.ignore)
				runner.Args = []string{"sh", "-c", `[ -z "$1" ] || trap "" "$1"; exec "$0"`, runner.Path, c.start}
				runner.Path = "/bin/sh"
				out, err := runner.CombinedOutput()
				if err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				same(t, "result", strings.TrimSpace(string(out)), c.want)
				if !exists(filepath.Join(job.Dir, "heard")) {
					t.Error("the step did not hear the signal")
				}
			})
		}
	}
}

// TestMain also plays the runners and the supervisors that tests need as
// processes of their own.
func TestMain(m *testing.M) {
	if code, ok := engine.Supervise(os.Args); ok {
		os.Exit(code)
	}
	if len(os.Args) == 2 && os.Args[1] == countWord {
		if err := count(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	text := os.Getenv("RUNBOOK_TEST_RUNNER")
	if text == "" {
		// Under the race detector each process that the tests start would sleep a
		// second before it ends.
		if err := os.Setenv("GORACE", strings.TrimSpace(os.Getenv("GORACE")+" atexit_sleep_ms=0")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(m.Run())
	}
	if sig := os.Getenv("RUNBOOK_TEST_IGNORE"); sig != "" {
		signal.Ignore(unix.SignalNum("SIG" + sig))
	}
	e, err := runnersEngine()
	if err == nil {
		_, err = e.Run(context.Background(), executor.Job{
			Step: "s", Document: "checklist.md", Commands: executortest.Commands(strings.Split(text, "\x01")...), Env: os.Environ(),
			State: os.Getenv("RUNBOOK_TEST_STATE"), TTY: os.Getenv("RUNBOOK_TEST_TTY") != "",
		}, &teller{})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// runnersEngine is the engine of a runner that TestMain plays.
func runnersEngine() (executor.Engine, error) {
	if os.Getenv("RUNBOOK_TEST_SUPERVISED") != "" {
		return engine.NewSupervised(patient)
	}
	return engine.NewBash(patient)
}

// A teller prints what a test wants to know of a runner's command.
type teller struct{ silent }

func (*teller) Finished(_ int, r executor.Result) error {
	fmt.Println("exit", r.Exit, "cut", r.Cut)
	return nil
}

// Nothing but the snapshot is left in the state directory.
func TestStateDirectory(t *testing.T) {
	t.Parallel()
	e, job := newBash(t, patient), executortest.Job(t, "x=1", "for n in {3..255}; do eval \"exec $n>&-\"; done", "y=2", "exit 0")
	executortest.Run(t, e, job)
	files, err := fs.ReadDir(os.DirFS(job.State), ".")
	if err != nil || len(files) != 1 || files[0].Name() != "shell" {
		t.Errorf("the state directory holds %v, %v", files, err)
	}
}

func TestFunctionsFromASnapshotFailWhereTheyAreCalled(t *testing.T) {
	t.Parallel()
	job := executortest.Job(t, "f() {\n  false\n}")
	executortest.Run(t, newBash(t, patient), job)
	next := executortest.Next(job, "f")
	next.Commands[0].Line = 400
	l, _ := executortest.Run(t, newBash(t, patient), next)
	if f := l.Results[0].Failures; len(f) != 1 || f[0].Line != 400 || f[0].Command != "false" {
		t.Errorf("Failures = %+v; want false on line 400", f)
	}
}
