package executortest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"runbook/executor"
	"runbook/runbook"
)

// TestEngine tries what executor.Engine promises, with commands in bash. open
// gives a new engine value; the suite closes it. Two engine values that are
// given the same Job.State must continue each other's shell.
func TestEngine(t *testing.T, open func(t *testing.T) executor.Engine) {
	fresh := func(t *testing.T) executor.Engine {
		t.Helper()
		e := open(t)
		t.Cleanup(func() {
			if err := e.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
		return e
	}
	for name, test := range map[string]func(*testing.T, func(*testing.T) executor.Engine){
		"order": testOrder, "stops": testStops, "observer stops it": testObserverStops,
		"failures": testFailures, "no failures": testNoFailures, "state carries": testState,
		"state survives a shell's end": testShellEnds, "exit ends the step": testExits, "resumes in the midst of a step": testResumes,
		"output": testOutput, "messages": testMessages, "environment": testEnvironment,
		"tells what a command sets": testSet,
		"timeout":                   testTimeout, "interrupt": testInterrupt, "leftovers": testLeftovers,
		"a start directory that is gone": testVanished, "runs once": testOnce, "keeps no credentials": testCredentials,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, fresh)
		})
	}
	t.Run("info", func(t *testing.T) {
		if info := fresh(t).Info(); info.Name == "" || info.Summary == "" {
			t.Errorf("Info = %+v; want a name and a summary", info)
		}
	})
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s = %q; want %q", what, got, want)
	}
}

func testOrder(t *testing.T, open func(*testing.T) executor.Engine) {
	job := Job(t, "echo one", "mkdir two; echo two >&2; echo again", "cd two")
	effect := filepath.Join(job.Dir, "two")
	there := func() bool { _, err := os.Stat(effect); return err == nil }
	l := &Log{
		OnStarted: func(i int) error {
			if i == 1 && there() {
				t.Error("command 1 began before Started returned")
			}
			return nil
		},
		OnFinished: func(i int, _ executor.Result) error {
			if i == 1 && !there() {
				t.Error("command 1 finished without its effect")
			}
			return nil
		},
	}
	out, err := open(t).Run(t.Context(), job, l)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "calls", l.Calls, []string{"started 0", "finished 0", "started 1", "finished 1", "started 2", "finished 2"})
	equal(t, "output", l.Printed, map[int]string{0: "one\n", 1: "two\nagain\n"})
	equal(t, "Next", out.Next, 3)
	equal(t, "Dir", out.Dir, effect)
	equal(t, "Dir of command 1", l.Results[1].Dir, job.Dir)
	if l.Results[0].Duration <= 0 {
		t.Error("a command took no time")
	}
}

func testStops(t *testing.T, open func(*testing.T) executor.Engine) {
	for name, text := range map[string]string{
		"exit status": "(exit 7)", "hidden failure": "echo $(exit 1 | cat)",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, out := Run(t, open(t), Job(t, "true", text, "echo never"))
			equal(t, "calls", l.Calls, []string{"started 0", "finished 0", "started 1", "finished 1"})
			equal(t, "Next", out.Next, 2)
			if !l.Results[1].Failed() {
				t.Errorf("%q did not fail: %+v", text, l.Results[1])
			}
		})
	}
}

func testObserverStops(t *testing.T, open func(*testing.T) executor.Engine) {
	full := errors.New("disk full")
	t.Run("before a command", func(t *testing.T) {
		t.Parallel()
		job := Job(t, "true", "mkdir effect")
		l := &Log{OnStarted: func(i int) error {
			if i == 1 {
				return full
			}
			return nil
		}}
		out, err := open(t).Run(t.Context(), job, l)
		if !errors.Is(err, executor.ErrStopped) || !errors.Is(err, full) {
			t.Errorf("Run: %v; want ErrStopped and its cause", err)
		}
		equal(t, "Next", out.Next, 1)
		if _, err := os.Stat(filepath.Join(job.Dir, "effect")); err == nil {
			t.Error("the command ran although Started refused")
		}
	})
	t.Run("after a command", func(t *testing.T) {
		t.Parallel()
		l := &Log{OnFinished: func(int, executor.Result) error { return full }}
		_, err := open(t).Run(t.Context(), Job(t, "true", "true"), l)
		if !errors.Is(err, executor.ErrStopped) || !errors.Is(err, full) {
			t.Errorf("Run: %v; want ErrStopped and its cause", err)
		}
		equal(t, "calls", l.Calls, []string{"started 0", "finished 0"})
	})
	t.Run("cancelled before", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		l := &Log{}
		if _, err := open(t).Run(ctx, Job(t, "true"), l); !errors.Is(err, executor.ErrStopped) {
			t.Errorf("Run: %v; want ErrStopped", err)
		}
		equal(t, "calls", len(l.Calls), 0)
	})
}

// failing are commands that fail, and what is told of each.
var failing = map[string]struct {
	text     string
	exit     int
	failures []runbook.Failure
}{
	"status":           {"(exit 7)", 7, nil},
	"plain":            {"false", 1, nil},
	"no such command":  {"no-such-command", 127, nil},
	"pipeline":         {"false | true", 1, []runbook.Failure{{Line: 121, Command: "… | true (1, 0)", Exit: 1}}},
	"argument":         {"echo $(false)", 0, []runbook.Failure{{Line: 121, Command: "false", Exit: 1}}},
	"argument's pipe":  {"echo $(false | cat)", 0, []runbook.Failure{{Line: 121, Command: "… | cat (1, 0)", Exit: 1}}},
	"export":           {"export X=$(false)", 0, []runbook.Failure{{Line: 121, Command: "false", Exit: 1}}},
	"assignment":       {"x=$(false)", 1, []runbook.Failure{{Line: 121, Command: "false", Exit: 1}}},
	"loop":             {"for i in 1 2; do\n  false\n  echo $i\ndone", 1, []runbook.Failure{{Line: 122, Command: "false", Exit: 1}}},
	"function":         {"f() {\n  false\n  echo on\n}\nf", 1, []runbook.Failure{{Line: 122, Command: "false", Exit: 1}}},
	"function in $(…)": {"f() { false; echo on; }\necho $(f)", 0, []runbook.Failure{{Line: 121, Command: "false", Exit: 1}}},
	"subshell":         {"(false; echo on)", 1, []runbook.Failure{{Line: 121, Command: "false", Exit: 1}}},
	"list":             {"false; echo on", 1, []runbook.Failure{{Line: 121, Command: "false", Exit: 1}}},
	"eval":             {"eval 'if'", 2, nil},
	"syntax":           {"if then", 2, nil},
	"exit":             {"exit 3", 3, nil},
	"return":           {"return 3", 2, nil},
	"unset variable":   {"set -u; echo $no_such_variable", 1, nil},
	"killed":           {"kill -9 $$", 137, nil},
	"exec":             {"exec bash -c 'exit 5'", 5, nil},
	"cd":               {"cd /no/such/directory", 1, nil},
	"last of &&":       {"true && false", 1, nil},
}

func testFailures(t *testing.T, open func(*testing.T) executor.Engine) {
	for name, c := range failing {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, out := Run(t, open(t), Job(t, c.text, "echo never"))
			r := l.Results[0]
			equal(t, "exit", r.Exit, c.exit)
			if !r.Failed() || out.Next != 1 {
				t.Errorf("%q was not taken for a failure", c.text)
			}
			if strings.Contains(l.Printed[0], "on\n") && c.exit != 0 {
				t.Errorf("the command went on behind its failure: %q", l.Printed[0])
			}
			if c.failures != nil && !reflect.DeepEqual(r.Failures, c.failures) {
				t.Errorf("Failures = %+v; want %+v", r.Failures, c.failures)
			}
			if c.failures == nil && c.exit == 0 {
				t.Error("a case without anything to see")
			}
		})
	}
}

func testNoFailures(t *testing.T, open func(*testing.T) executor.Engine) {
	for name, c := range map[string]struct {
		text string
		cut  bool
	}{
		"if":                {"if false; then echo yes; fi", false},
		"if function":       {"f() { false; true; }; if f; then echo yes; fi", false},
		"if $(…)":           {"if [ -n \"$(false; echo x)\" ]; then echo yes; fi", false},
		"||":                {"false || true", false},
		"$(…) ||":           {"x=$(false) || true", false},
		"!":                 {"! false", false},
		"while":             {"while false; do :; done", false},
		"until":             {"until true; do :; done", false},
		"set +e":            {"set +e; false; set -e; true", false},
		"cut producer":      {"yes | head -1", true},
		"cut in $(…)":       {"x=$(yes | head -1)", true},
		"cut in a function": {"f() { yes | head -1; }; f; echo on", true},
		"cut, then on":      {"{ yes | head -1; echo on; }", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, out := Run(t, open(t), Job(t, c.text, "echo then"))
			if r := l.Results[0]; r.Failed() || r.Cut != c.cut || out.Next != 2 {
				t.Errorf("%q: %+v, next %d, printed %q", c.text, r, out.Next, l.Printed[0])
			}
			if strings.Contains(c.text, "echo on") && !strings.HasSuffix(l.Printed[0], "on\n") {
				t.Errorf("the command did not go on: %q", l.Printed[0])
			}
		})
	}
	t.Run("errexit holds again behind a cut producer", func(t *testing.T) {
		t.Parallel()
		l, _ := Run(t, open(t), Job(t, "f() { yes | head -1; false; echo on; }; f"))
		if r := l.Results[0]; r.Exit != 1 || strings.Contains(l.Printed[0], "on\n") {
			t.Errorf("%+v, printed %q", r, l.Printed[0])
		}
	})
}

func testOutput(t *testing.T, open func(*testing.T) executor.Engine) {
	for name, c := range map[string]struct{ text, want string }{
		"no final newline": {"printf x", "x"},
		"binary":           {`printf '\0\1\377\0'`, "\x00\x01\xff\x00"},
		"both streams":     {"for i in 1 2 3; do echo o$i; echo e$i >&2; done", "o1\ne1\no2\ne2\no3\ne3\n"},
		"no input":         {"cat; echo end", "end\n"},
		"no terminal":      {"[ -t 0 ] || [ -t 1 ] || [ -t 2 ] || echo none", "none\n"},
		"long":             {"head -c 5000000 /dev/zero", strings.Repeat("\x00", 5000000)},
		"long command":     {"echo " + strings.Repeat("x", 1<<20) + " | wc -c", "1048577\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, _ := Run(t, open(t), Job(t, c.text, "echo next"))
			if got := l.Printed[0]; got != c.want {
				t.Errorf("printed %d bytes %.60q; want %d bytes %.60q", len(got), got, len(c.want), c.want)
			}
			equal(t, "next command's output", l.Printed[1], "next\n")
		})
	}
	t.Run("belongs to its command", func(t *testing.T) {
		t.Parallel()
		var texts []string
		for i := range 300 {
			texts = append(texts, "echo "+strings.Repeat("x", i))
		}
		l, _ := Run(t, open(t), Job(t, texts...))
		for i := range texts {
			equal(t, "output", l.Printed[i], strings.Repeat("x", i)+"\n")
		}
	})
}

func testMessages(t *testing.T, open func(*testing.T) executor.Engine) {
	for name, c := range map[string]struct{ text, want string }{
		"not found": {"no-such-command", "checklist.md: line 121: no-such-command: command not found\n"},
		"LINENO":    {"echo $LINENO\n\necho $LINENO", "121\n123\n"},
		"unset":     {"set -u\necho $none", "checklist.md: line 122: none: unbound variable\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, _ := Run(t, open(t), Job(t, c.text))
			equal(t, "output", l.Printed[0], c.want)
		})
	}
}

func testEnvironment(t *testing.T, open func(*testing.T) executor.Engine) {
	job := Job(t, `echo "$GIVEN ${CDPATH-no} $PAGER $GIT_PAGER <$AWS_PAGER> $TF_CLI_ARGS $TF_IN_AUTOMATION"`,
		"export NEW='n\n\"w' GIVEN=changed; unexported=1")
	job.Env = append(slices.Clone(job.Env), "GIVEN=env", "CDPATH=/tmp", "BASH_ENV=/nonexistent", "SHELLOPTS=xtrace",
		"BASH_FUNC_ls%%=() { echo hijacked; }", "TF_CLI_ARGS=-compact-warnings")
	l, out := Run(t, open(t), job)
	equal(t, "environment", l.Printed[0], "env no cat cat <> -compact-warnings 1\n")
	equal(t, "Exported NEW", out.Exported["NEW"], "n\n\"w")
	equal(t, "Exported GIVEN", out.Exported["GIVEN"], "changed")
	for _, name := range []string{"unexported", "HOME", "PATH", "PWD"} {
		if v, ok := out.Exported[name]; ok {
			t.Errorf("Exported holds %s=%q, which is not exported or has not changed", name, v)
		}
	}
}

func testTimeout(t *testing.T, open func(*testing.T) executor.Engine) {
	e, job := open(t), Job(t, "true")
	Run(t, e, job)
	job = Next(job, "sleep 300", "echo never")
	l, out := &Log{}, executor.Outcome{}
	// The time counts from the call of Run: where it was over before the command
	// began, a slow machine is given more.
	for job.Timeout = time.Second / 4; len(l.Results) == 0; job.Timeout *= 2 {
		var err error
		if out, err = e.Run(t.Context(), job, l); err != nil && (!errors.Is(err, executor.ErrStopped) || len(l.Calls) > 0) {
			t.Fatal(err)
		}
	}
	equal(t, "Ended", l.Results[0].Ended, "timeout")
	equal(t, "Next", out.Next, 1)
	if !l.Results[0].Failed() {
		t.Error("a command that was ended did not fail")
	}
}

func testInterrupt(t *testing.T, open func(*testing.T) executor.Engine) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	counter := `n=0; trap 'n=$((n+1)); echo INT $n; exit 4' INT; echo ready; while :; do sleep 0.01; done`
	job := Job(t, "bash -c "+quoted(counter), "echo never")
	l := &Log{}
	l.OnOutput = func(i int) {
		if strings.Contains(l.Printed[i], "ready") {
			cancel()
		}
	}
	out, err := open(t).Run(ctx, job, l)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "Ended", l.Results[0].Ended, "interrupt")
	equal(t, "output", l.Printed[0], "ready\nINT 1\n")
	equal(t, "Next", out.Next, 1)
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func testLeftovers(t *testing.T, open func(*testing.T) executor.Engine) {
	for name, text := range map[string]string{
		"job": "sleep 300 & echo $! >pid", "session": "setsid sleep 300 & echo $! >pid",
		"daemon": "(setsid sh -c 'echo $$ >pid; exec sleep 300' &)\nuntil [ -s pid ]; do :; done",
		"deaf":   "bash -c 'trap \"\" TERM INT HUP; echo $$ >pid; exec sleep 300' &\nuntil [ -s pid ]; do :; done",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, job := open(t), Job(t, text, "echo here")
			l, out := Run(t, e, job)
			equal(t, "output", l.Printed[1], "here\n")
			pid, err := os.ReadFile(filepath.Join(job.Dir, "pid"))
			// Its name may still be the one of its parent.
			if err != nil || len(out.Leftovers) != 1 || !strings.Contains(out.Leftovers[0], strings.TrimSpace(string(pid))) {
				t.Errorf("Leftovers = %q, %v; want the process %s", out.Leftovers, err, pid)
			}
			l, out = Run(t, e, Next(job, "if kill -0 $(cat pid) 2>/dev/null; then echo alive; fi"))
			equal(t, "left over after the step", l.Printed[0], "")
			equal(t, "Leftovers of the next step", len(out.Leftovers), 0)
		})
	}
	t.Run("may serve the step's later commands", func(t *testing.T) {
		t.Parallel()
		l, _ := Run(t, open(t), Job(t, "sleep 300 &", "kill -0 $! && echo serving", "kill $!"))
		equal(t, "output", l.Printed[1], "serving\n")
	})
}

// testOnce counts a command's runs by directories, whose making is atomic.
func testOnce(t *testing.T, open func(*testing.T) executor.Engine) {
	job := Job(t, `mkdir "$LEDGER/first.$BASHPID.$RANDOM"`, `mkdir "$LEDGER/second.$BASHPID.$RANDOM"; kill -9 $$`, `mkdir "$LEDGER/third.$BASHPID.$RANDOM"`)
	ledger := realDir(t)
	job.Env = append(slices.Clone(job.Env), "LEDGER="+ledger)
	e := open(t)
	Run(t, e, job)
	job.First = 2
	Run(t, e, job)
	for _, name := range []string{"first", "second", "third"} {
		calls, err := filepath.Glob(filepath.Join(ledger, name+".*"))
		if err != nil || len(calls) != 1 {
			t.Errorf("%s ran %d times, %v", name, len(calls), err)
		}
	}
}

func testCredentials(t *testing.T, open func(*testing.T) executor.Engine) {
	const canary = "canary-5e1f0c77"
	job := Job(t, "x=1", "f() { :; }", "cd /", "false")
	job.Env = append(slices.Clone(job.Env), "AWS_SECRET_ACCESS_KEY="+canary)
	Run(t, open(t), job)
	err := filepath.WalkDir(job.State, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v; want 0600", d.Name(), info.Mode())
		}
		if !d.Type().IsRegular() {
			return nil // a socket holds nothing
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte(canary)) {
			t.Errorf("%s holds the operator's credentials", d.Name())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
