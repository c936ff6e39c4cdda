package executortest

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"runbook/executor"
)

// carried are the kinds of state, each with a command that shows it.
var carried = map[string]struct{ set, show, want string }{
	"directory":             {"mkdir d; cd d", "basename \"$PWD\"", "d\n"},
	"previous directory":    {"mkdir d; cd d", "cd - >/dev/null; ls", "d\n"},
	"variable":              {"x='a b\n\"$`\\'", `printf '%s|' "$x"`, "a b\n\"$`\\|"},
	"bytes":                 {`x=$'\x01\xff\e\r'`, `printf '%s' "$x" | od -An -tx1 | tr -d ' \n'`, "01ff1b0d"},
	"array":                 {"a=(1 '2 3' [7]=x)", `declare -p a`, "declare -a a=([0]=\"1\" [1]=\"2 3\" [7]=\"x\")\n"},
	"associative array":     {"declare -A m=([k v]='w x')", `echo "${m[k v]}"`, "w x\n"},
	"integer":               {"declare -i n=4", "n=n+1; echo $n", "5\n"},
	"read-only":             {"readonly r=1", "(r=2) 2>/dev/null || echo kept $r", "kept 1\n"},
	"exported":              {"export E='e f'", "bash -c 'echo \"$E\"'", "e f\n"},
	"name reference":        {"t=target; declare -n ref=t", "echo $ref", "target\n"},
	"unset":                 {"unset HOME", "echo ${HOME-gone}", "gone\n"},
	"function":              {"f() { cat <<E\n}\nheredoc $1\nE\n}", "f x", "}\nheredoc x\n"},
	"exported function":     {"g() { echo g; }; export -f g", "bash -c g", "g\n"},
	"alias":                 {"shopt -s expand_aliases; alias hello='echo hi'", "hello", "hi\n"},
	"shopt":                 {"shopt -s nullglob", "echo no-such-file-*", "\n"},
	"extglob function":      {"shopt -s extglob\nh() { case x in @(x|y)) echo ext;; esac; }", "h", "ext\n"},
	"set":                   {"set -f", "echo *", "*\n"},
	"set +e":                {"set +e", "false; echo on", "on\n"},
	"umask":                 {"umask 077", "umask", "0077\n"},
	"positional parameters": {"set -- a 'b c' ''", `printf '<%s>' "$@"`, "<a><b c><>"},
	"IFS":                   {"IFS=:", `v=a:b; printf '<%s>' $v`, "<a><b>"},
	"declare":               {"declare d=1", "echo $d", "1\n"},
}

func testState(t *testing.T, open func(*testing.T) executor.Engine) {
	for name, c := range carried {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			t.Run("to the next command", func(t *testing.T) {
				l, _ := Run(t, open(t), Job(t, c.set, c.show))
				equal(t, "output", l.Printed[1], c.want)
			})
			t.Run("to the next step", func(t *testing.T) {
				e, job := open(t), Job(t, c.set)
				Run(t, e, job)
				l, _ := Run(t, e, Next(job, c.show))
				equal(t, "output", l.Printed[0], c.want)
			})
			t.Run("to another engine value", func(t *testing.T) {
				job := Job(t, c.set)
				Run(t, open(t), job)
				Run(t, open(t), Next(job, "true"))
				l, _ := Run(t, open(t), Next(job, c.show))
				equal(t, "output", l.Printed[0], c.want)
			})
		})
	}
	t.Run("exit status", func(t *testing.T) {
		t.Parallel()
		e, job := open(t), Job(t, "(exit 9)")
		Run(t, e, job)
		l, _ := Run(t, e, Next(job, "echo $?"))
		equal(t, "$?", l.Printed[0], "9\n")
	})
}

func testShellEnds(t *testing.T, open func(*testing.T) executor.Engine) {
	for name, text := range map[string]string{
		"exit": "exit 0", "failure": "false", "kill": "kill -9 $$", "exec": "exec true", "unset": "set -u; echo $none",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, job := open(t), Job(t, "x=kept; mkdir d; cd d", text)
			l, _ := Run(t, e, job)
			if _, ok := l.Results[1]; !ok {
				t.Fatal("the shell's end was not told")
			}
			l, _ = Run(t, e, Next(job, "echo $x $(basename $PWD)"))
			equal(t, "state afterwards", l.Printed[0], "kept d\n")
		})
	}
}

// leaving are commands that may end the shell: by their own word, which ends
// the step whatever the status, or in another way.
var leaving = map[string]struct {
	text   string
	exit   int
	exited bool
}{
	"exit 0":                      {"exit 0", 0, true},
	"exit 3":                      {"exit 3", 3, true},
	"exit behind a failure":       {"false || exit", 1, true},
	"exit in a function":          {"f() { exit 0; }; f", 0, true},
	"exit 3 in a function":        {"f() { exit 3; }; f", 3, true},
	"exit in a sourced file":      {"echo 'exit 0' >lib; . ./lib", 0, true},
	"exit in eval":                {"eval 'exit 0'", 0, true},
	"exit in a list":              {"[ -e none ] || { echo none; exit 0; }", 0, true},
	"exit in an if":               {"if [ -d . ]; then echo 'nothing to delete'; exit 0; fi", 0, true},
	"exit in an ERR trap":         {"trap 'exit 5' ERR; false", 5, true},
	"exit in a user's EXIT trap":  {"trap 'echo bye' EXIT; exit 0", 0, true},
	"exit without descriptors":    {"for n in {3..255}; do eval \"exec $n>&-\"; done; exit 0", 0, true},
	"exec":                        {"exec true", 0, true},
	"exec that fails":             {"exec bash -c 'exit 5'", 5, true},
	"exit in a subshell":          {"( exit 0 )", 0, false},
	"exit 3 in a subshell":        {"( exit 3 )", 3, false},
	"exit in a pipeline":          {"exit 0 | cat", 0, false},
	"exit in $(…)":                {"echo $(exit 0)", 0, false},
	"exit in the background":      {"exit 0 & wait", 0, false},
	"exec in a subshell":          {"( exec true )", 0, false},
	"exec of descriptors":         {"exec 3>&1", 0, false},
	"return in a function":        {"f() { return 0; }; f", 0, false},
	"return in a sourced file":    {"echo 'return 0' >lib; . ./lib", 0, false},
	"return at top level":         {"return 0", 2, false},
	"return that may fail":        {"return 0 || true", 0, false},
	"errexit":                     {"false", 1, false},
	"errexit in a function":       {"f() { false; }; f", 1, false},
	"break at top level":          {"break", 0, false},
	"an unset variable":           {"set -u; echo $none", 1, false},
	"a failing expansion":         {"echo ${none:?}", 1, false},
	"a signal":                    {"kill -9 $$", 137, false},
	"descriptors that are closed": {"for n in {3..255}; do eval \"exec $n>&-\"; done", 0, false},
}

// In a script nothing behind an `exit` runs, and what it guards may be deadly:
// each command after one used to run in a fresh shell.
func testExits(t *testing.T, open func(*testing.T) executor.Engine) {
	for name, c := range leaving {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, job := open(t), Job(t, "x=kept", c.text, "mkdir DELETED")
			l, out := Run(t, e, job)
			r := l.Results[1]
			equal(t, "Exit", r.Exit, c.exit)
			equal(t, "Exited", r.Exited, c.exited)
			_, err := os.Stat(filepath.Join(job.Dir, "DELETED"))
			on := !c.exited && c.exit == 0
			equal(t, "the next command ran", err == nil, on)
			equal(t, "Next", out.Next, map[bool]int{false: 2, true: 3}[on])
			l, _ = Run(t, e, Next(job, "echo $x"))
			equal(t, "state afterwards", l.Printed[0], "kept\n")
		})
	}
	t.Run("with its state", func(t *testing.T) {
		t.Parallel()
		e, job := open(t), Job(t, "true", "x=last; mkdir d; cd d; exit 0", "x=never")
		Run(t, e, job)
		l, _ := Run(t, e, Next(job, "echo $x ${PWD##*/}"))
		equal(t, "state afterwards", l.Printed[0], "last d\n")
	})
}

func testResumes(t *testing.T, open func(*testing.T) executor.Engine) {
	for name, again := range map[string]bool{"same engine value": false, "another engine value": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, job := open(t), Job(t, "mkdir d; cd d", "[ -e ready ]", "echo done in ${PWD##*/}")
			_, out := Run(t, e, job)
			equal(t, "Next", out.Next, 2)
			if err := os.WriteFile(filepath.Join(job.Dir, "d", "ready"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if again {
				e = open(t)
			}
			job.First = 1
			l, out := Run(t, e, job)
			equal(t, "calls", l.Calls, []string{"started 1", "finished 1", "started 2", "finished 2"})
			equal(t, "output", l.Printed[2], "done in d\n")
			equal(t, "Next", out.Next, 3)
		})
	}
	t.Run("a step that never ran starts in its own directory", func(t *testing.T) {
		t.Parallel()
		e, job := open(t), Job(t, "mkdir d; cd d")
		Run(t, e, job)
		next := Next(job, "true", "pwd")
		next.Dir, next.First = job.Dir, 1
		l, _ := Run(t, e, next)
		equal(t, "directory", l.Printed[1], job.Dir+"\n")
	})
	t.Run("nothing left", func(t *testing.T) {
		t.Parallel()
		job := Job(t, "true")
		job.First = 1
		_, out := Run(t, open(t), job)
		equal(t, "Next", out.Next, 1)
	})
}

// A secret in a variable that is never exported was masked nowhere.
func testSet(t *testing.T, open func(*testing.T) executor.Engine) {
	type values = map[string]string
	cases := []struct {
		text string
		set  values
	}{
		{"true", nil},
		{"x=1", values{"x": "1"}},
		{"x=1; true", nil},
		{"x=2 e=new", values{"x": "2", "e": "new"}},
		{"export x", nil},
		{"export x=3", values{"x": "3"}},
		{"y=temporary true", nil},
		{"declare -i n=4", values{"n": "4"}},
		{"v='a b\n\"$`\\'", values{"v": "a b\n\"$`\\"}},
		{"IFS=: read -r one two <<<'p:q r'", values{"one": "p", "two": "q r"}},
		{"printf -v w '%s' $'\\x01\\n'", values{"w": "\x01\n"}},
		{"f() { g=global; local l=no; }; f", values{"g": "global"}},
		{"a=(1 2); declare -A m=([k]=v)", nil},
		{"unset x", nil},
		{"x=3", values{"x": "3"}},
		{"cd /", nil},
		{"empty=", values{"empty": ""}},
		{"big=$(head -c 70000 /dev/zero | tr '\\0' x) small=s", values{"small": "s"}},
		{"GIVEN=changed", values{"GIVEN": "changed"}},
		{"last=word; exit 0", values{"last": "word"}},
	}
	var texts []string
	for _, c := range cases {
		texts = append(texts, c.text)
	}
	e, job := open(t), Job(t, texts...)
	job.Env = append(slices.Clone(job.Env), "GIVEN=env")
	l, out := Run(t, e, job)
	equal(t, "Next", out.Next, len(cases))
	for i, c := range cases {
		if got := l.Results[i].Set; !reflect.DeepEqual(got, c.set) {
			t.Errorf("%q: Set = %q; want %q", c.text, got, c.set)
		}
	}
	t.Run("in a shell that was restored", func(t *testing.T) {
		l, _ := Run(t, open(t), Next(job, "true", "x=3", "x=4"))
		for i, want := range []values{nil, nil, {"x": "4"}} {
			if got := l.Results[i].Set; !reflect.DeepEqual(got, want) {
				t.Errorf("command %d: Set = %q; want %q", i, got, want)
			}
		}
	})
}

// A step whose start directory had vanished was begun, and left unknown.
func testVanished(t *testing.T, open func(*testing.T) executor.Engine) {
	for name, c := range map[string]struct{ again, named bool }{
		"where the last one ended": {}, "named": {named: true},
		"another engine value": {again: true}, "named, another engine value": {true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, job := open(t), Job(t, "mkdir gone; cd gone; rmdir ../gone")
			Run(t, e, job)
			gone := filepath.Join(job.Dir, "gone")
			next := Next(job, "pwd; /bin/pwd", "x=kept")
			if c.named {
				next.Dir = gone
			}
			if c.again {
				e = open(t)
			}
			l := &Log{}
			_, err := e.Run(t.Context(), next, l)
			if want := "start directory " + gone + " does not exist"; err == nil || err.Error() != want {
				t.Errorf("Run: %v; want %s", err, want)
			}
			equal(t, "calls", len(l.Calls), 0)
			if err := os.Mkdir(gone, 0o700); err != nil {
				t.Fatal(err)
			}
			l, _ = Run(t, e, next)
			equal(t, "once it is there again", l.Printed[0], gone+"\n"+gone+"\n")
		})
	}
}
