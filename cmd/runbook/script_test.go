package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"runbook/executor/executortest/world"
	"runbook/runbook"
)

// TestMain lets the test binary play runbook, and the tools that stand in for
// real ones, under their names.
func TestMain(m *testing.M) {
	if stub, ok := stubs[filepath.Base(os.Args[0])]; ok {
		os.Exit(stub(os.Args[1:]))
	}
	// Under the race detector every program that the tests run would otherwise
	// wait a second before it ends.
	if err := os.Setenv("GORACE", quickEnd); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	testscript.Main(m, map[string]func(){"runbook": main})
}

const quickEnd = "atexit_sleep_ms=0"

// TestScript runs testdata/script: what the command line promises, one subject
// a file. Besides testscript's own commands there are those of scriptCommands.
func TestScript(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			home, ledger := filepath.Join(e.WorkDir, ".home"), filepath.Join(e.WorkDir, ".ledger")
			e.Setenv("HOME", home)
			e.Setenv("LEDGER", ledger)
			e.Setenv("LOGNAME", "operator")
			e.Setenv("NL", "\n")
			e.Setenv("GIT_CONFIG_NOSYSTEM", "1")
			e.Setenv("LANG", "C.UTF-8")
			e.Setenv("GORACE", quickEnd)
			e.Values[snapshotKey{}] = map[string][]string{}
			return errors.Join(os.Mkdir(home, 0o700), os.Mkdir(ledger, 0o700))
		},
		Cmds:            scriptCommands,
		ContinueOnError: true, // one run shows all that is wrong
	})
}

type snapshotKey struct{}

// scriptCommands are the commands that scripts have beyond testscript's own.
var scriptCommands = map[string]func(*testscript.TestScript, bool, []string){
	"calls":     scriptCalls,
	"exits":     scriptExits,
	"gives":     scriptGives,
	"nowhere":   scriptNowhere,
	"snapshot":  scriptSnapshot,
	"stub":      scriptStub,
	"tools":     scriptTools,
	"unchanged": scriptUnchanged,
}

// exits CODE PROGRAM ARG… runs a program and wants that exit code.
func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// calls N [TEXT…] wants N calls of stubs in the ledger, or N whose words hold
// the texts, one after the other.
func scriptCalls(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: calls N [TEXT…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	all, err := ledgerCalls(ts.Getenv("LEDGER"))
	ts.Check(err)
	text := strings.Join(args[1:], " ")
	found := slices.DeleteFunc(slices.Clone(all), func(c string) bool { return !strings.Contains(c, text) })
	if len(found) != want {
		ts.Fatalf("%d calls of %q, want %d; the ledger has %q", len(found), text, want, all)
	}
}

// gives PATH VALUE wants a value in the JSON that the last program printed.
// PATH is names and indexes joined by dots; len at its end is a length.
func scriptGives(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: [!] gives PATH VALUE")
	}
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &v))
	got, err := lookUp(v, strings.Split(args[0], "."))
	ts.Check(err)
	if (got == args[1]) == neg {
		ts.Fatalf("%s is %q", args[0], got)
	}
}

func lookUp(v any, path []string) (string, error) {
	for _, word := range path {
		list, isList := v.([]any)
		object, isObject := v.(map[string]any)
		switch i, err := strconv.Atoi(word); {
		case isList && word == "len":
			v = float64(len(list))
		case isList && err == nil && i < len(list):
			v = list[i]
		case isObject:
			var ok bool
			if v, ok = object[word]; !ok {
				return "", fmt.Errorf("there is no %q", word)
			}
		default:
			return "", fmt.Errorf("%q leads nowhere", word)
		}
	}
	if s, ok := v.(string); ok {
		return s, nil
	}
	var text strings.Builder
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return strings.TrimSpace(text.String()), err
}

// snapshot NAME remembers every file of the script: path, mode, content.
func scriptSnapshot(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: snapshot NAME")
	}
	ts.Value(snapshotKey{}).(map[string][]string)[args[0]] = listing(ts)
}

// unchanged NAME wants every file as it was at that snapshot.
func scriptUnchanged(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: unchanged NAME")
	}
	before, ok := ts.Value(snapshotKey{}).(map[string][]string)[args[0]]
	if !ok {
		ts.Fatalf("there is no snapshot %s", args[0])
	}
	if d := cmp.Diff(before, listing(ts)); d != "" {
		ts.Fatalf("files changed (-before +after):\n%s", d)
	}
}

// listing describes every file below $WORK, the home and the temporary
// directory included.
func listing(ts *testscript.TestScript) []string {
	var list []string
	walk(ts, func(path string, mode fs.FileMode, data []byte) {
		list = append(list, fmt.Sprintf("%s %s %s", path, mode, runbook.DigestOf(data)))
	})
	return list
}

func walk(ts *testscript.TestScript, visit func(path string, mode fs.FileMode, data []byte)) {
	root := ts.Getenv("WORK")
	ts.Check(filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		var data []byte
		if info.Mode().IsRegular() {
			data, err = os.ReadFile(path)
		}
		visit(strings.TrimPrefix(path, root+"/"), info.Mode(), data)
		return err
	}))
}

// nowhere SECRET [FILE…] wants no file below $WORK to hold the secret in any
// form, in name or content, but for the files named: those that plant it.
func scriptNowhere(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: nowhere SECRET [FILE…]")
	}
	forms := world.Forms(args[0])
	walk(ts, func(path string, _ fs.FileMode, data []byte) {
		if slices.Contains(args[1:], path) {
			return
		}
		for _, form := range forms {
			if strings.Contains(path, form) || strings.Contains(string(data), form) {
				ts.Fatalf("%s holds %q", path, form)
			}
		}
	})
}

// stub NAME… puts stand-ins of tools first in PATH.
func scriptStub(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: stub NAME…")
	}
	self, err := os.Executable()
	ts.Check(err)
	bin := filepath.Join(ts.Getenv("WORK"), ".stubs")
	ts.Check(os.MkdirAll(bin, 0o700))
	for _, name := range args {
		if stubs[name] == nil {
			ts.Fatalf("there is no stub of %s", name)
		}
		ts.Check(os.Symlink(self, filepath.Join(bin, name)))
	}
	ts.Setenv("PATH", bin+":"+ts.Getenv("PATH"))
}

// tools NAME… leaves runbook and those programs in PATH, and nothing else.
func scriptTools(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: tools NAME…")
	}
	bin := filepath.Join(ts.Getenv("WORK"), ".tools")
	ts.Check(os.MkdirAll(bin, 0o700))
	for _, name := range append([]string{"runbook"}, args...) {
		path, err := exec.LookPath(name)
		ts.Check(err)
		ts.Check(os.Symlink(path, filepath.Join(bin, name)))
	}
	ts.Setenv("PATH", bin)
}
