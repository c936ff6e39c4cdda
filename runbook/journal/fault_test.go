package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// changing are the calls by which the package changes what is on disk, and by
// which it makes that last. Opening is left out: the runtime opens files too,
// and a file just opened is seen at the next of these.
const changing = "fsync,fdatasync,write,ftruncate,mkdirat,unlinkat,linkat,renameat,renameat2,fchmod,fchown"

func createChild(args []string) error {
	d, err := CreateRun(args[0], runA, []byte("template"), []byte("line"))
	if err != nil {
		return err
	}
	return d.Close()
}

func replaceChild(args []string) error { return Replace(args[0], []byte("old"), []byte("new")) }

func newChild(args []string) error { return WriteNew(args[0], []byte("new")) }

func recoverChild(args []string) error {
	j, _, err := Open(args[0])
	if err != nil {
		return err
	}
	return j.Close()
}

// strace returns the command to trace a child with, or skips the test.
func strace(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("skipped: no strace")
	}
	if out, err := exec.Command(path, "-f", "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		t.Skipf("skipped: strace may not trace here: %v: %s", err, out)
	}
	return path
}

// A call is one of the changing calls of a process: the nth of its name.
type call struct {
	name string
	nth  int
}

var tracedCall = regexp.MustCompile(`^\d+ +(\w+)\(`)

// callsOf returns the changing calls that a part makes.
func callsOf(t *testing.T, tracer, part, arg string) []call {
	t.Helper()
	counts := map[string]int{}
	var calls []call
	for _, line := range traceOf(t, tracer, part, arg) {
		if name := tracedCall.FindStringSubmatch(line); name != nil {
			counts[name[1]]++
			calls = append(calls, call{name[1], counts[name[1]]})
		}
	}
	return calls
}

// traceOf plays a part to its end and returns a line for each changing call.
func traceOf(t *testing.T, tracer, part, arg string) []string {
	t.Helper()
	trace := filepath.Join(t.TempDir(), "trace")
	// -y names the files behind descriptors.
	out, err := child(t, []string{tracer, "-f", "-y", "-qq", "-o", trace, "-e", "trace=" + changing}, part, arg).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return strings.Split(read(t, trace), "\n")
}

// failEverywhere runs a part of the package in another process, again and again
// in a fresh directory, and at each of its changing calls kills it once and
// once makes the call fail. Before prepares the directory and returns the
// part's argument; after judges what is left.
func failEverywhere(t *testing.T, part string, before func(dir string) string, after func(t *testing.T, path string)) {
	tracer := strace(t)
	calls := callsOf(t, tracer, part, before(t.TempDir()))
	if len(calls) < 4 {
		t.Fatalf("only %d calls: nothing would be tested", len(calls))
	}
	for _, c := range calls {
		for _, fault := range []string{"signal=KILL", "error=EIO"} {
			t.Run(fmt.Sprintf("%s %d %s", c.name, c.nth, fault), func(t *testing.T) {
				path := before(t.TempDir())
				inject := fmt.Sprintf("inject=%s:%s:when=%d", c.name, fault, c.nth)
				out, err := child(t, []string{tracer, "-f", "-qq", "-o", os.DevNull, "-e", "trace=" + changing, "-e", inject}, part, path).CombinedOutput()
				var exit *exec.ExitError
				if !errors.As(err, &exit) || exit.Exited() != (fault == "error=EIO") {
					t.Fatalf("it ended with %v\n%s", err, out)
				}
				if exit.Exited() && !strings.Contains(string(out), "input/output error") {
					t.Errorf("the error does not name its cause: %s", out)
				}
				after(t, path)
			})
		}
	}
}

func TestFaultLeavesNoRunOrAWholeOne(t *testing.T) {
	failEverywhere(t, "create", func(dir string) string {
		return filepath.Join(dir, "checklist.runs")
	}, func(t *testing.T, runs string) {
		ids, err := List(runs)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			d, err := OpenRun(runs, id)
			if err != nil {
				t.Fatal(err)
			}
			template, err := d.Template()
			if err != nil || string(template) != "template" {
				t.Errorf("template %q, %v", template, err)
			}
			if got := read(t, d.JournalPath()); got != "line\n" {
				t.Errorf("journal %q", got)
			}
			if err := errors.Join(d.WriteOutput("1.log", nil), d.Close()); err != nil {
				t.Error(err)
			}
		}
		createRunT(t, runs, runB, "next")
		if names := list(t, runs); len(names) != len(ids)+1 {
			t.Errorf("after the next run there are %q", names)
		}
	})
}

func TestFaultLeavesTheOldRecordOrTheNew(t *testing.T) {
	failEverywhere(t, "replace", func(dir string) string {
		path := filepath.Join(dir, "checklist.md")
		write(t, path, "old")
		if err := os.Chmod(path, 0o664); err != nil {
			t.Fatal(err)
		}
		return path
	}, func(t *testing.T, path string) {
		got := read(t, path)
		if got != "old" && got != "new" {
			t.Fatalf("content %q", got)
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != 0o664 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		if err := Replace(path, []byte(got), []byte("next")); err != nil {
			t.Error(err)
		}
		if names := list(t, filepath.Dir(path)); len(names) != 1 {
			t.Errorf("left after the next time: %q", names)
		}
	})
}

func TestFaultLeavesNoNewFileOrAWholeOne(t *testing.T) {
	failEverywhere(t, "new", func(dir string) string {
		return filepath.Join(dir, "record.md")
	}, func(t *testing.T, path string) {
		got, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) || err == nil && string(got) != "new" {
			t.Fatalf("content %q, %v", got, err)
		}
		if err == nil {
			err = Replace(path, got, []byte("next"))
		} else {
			err = WriteNew(path, []byte("next"))
		}
		if err != nil {
			t.Error(err)
		}
		if names := list(t, filepath.Dir(path)); len(names) != 1 {
			t.Errorf("left after the next time: %q", names)
		}
	})
}

// Setting a torn line aside may itself be cut off: the whole lines stay, and
// the torn one is in one of the two places.
func TestFaultWhileRecoveringLosesNothing(t *testing.T) {
	failEverywhere(t, "recover", func(dir string) string {
		path := filepath.Join(dir, "journal.jsonl")
		write(t, path, "whole\ntorn")
		return path
	}, func(t *testing.T, path string) {
		j, lines, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		if len(lines.Whole) != 1 || read(t, path) != "whole\n" {
			t.Errorf("lines %q", lines.Whole)
		}
		if aside := read(t, path+".torn"); strings.ReplaceAll(aside, "torn\n", "") != "" || aside == "" {
			t.Errorf("set aside %q", aside)
		}
	})
}

func TestFileSystemsThatCannotSyncDirectoriesWillDo(t *testing.T) {
	tracer := strace(t)
	path := filepath.Join(t.TempDir(), "checklist.md")
	write(t, path, "old")
	out, err := child(t, []string{tracer, "-f", "-qq", "-o", os.DevNull, "-e", "trace=fsync",
		"-e", "inject=fsync:error=EINVAL:when=2"}, "replace", path).CombinedOutput()
	if err != nil || read(t, path) != "new" {
		t.Errorf("content %q, %v: %s", read(t, path), err, out)
	}
}

// Surviving a power cut cannot be tried here, but the order can: content before
// name, name before success.
func TestSyncsComeInOrder(t *testing.T) {
	tracer := strace(t)
	tests := []struct {
		part, file string
		setup      string
		want       []string // parts of trace lines, in this order
	}{
		{"replace", "checklist.md", "old", []string{"write(", "fsync(", "renameat", "fsync("}},
		{"new", "record.md", "", []string{"write(", "fsync(", "linkat", "unlinkat", "fsync("}},
		{"create", "checklist.runs", "", []string{
			"mkdirat(", "fsync(", "mkdirat(", "mkdirat(",
			"write(", "fsync(", "write(", "fsync(", "fsync(", "renameat", "fsync(",
		}},
		{"replace", "checklist.md", "new", []string{"fsync("}},
		{"recover", "journal.jsonl", "whole\n", []string{"fsync("}},
		{"recover", "journal.jsonl", "whole\ntorn", []string{"write(", "fsync(", "fsync(", "ftruncate(", "fsync("}},
	}
	for _, tt := range tests {
		t.Run(tt.part, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, tt.file)
			if tt.setup != "" {
				write(t, path, tt.setup)
			}
			var calls []string
			for _, line := range traceOf(t, tracer, tt.part, path) {
				// Only our directory's calls count; owner and mode may come anywhere.
				if strings.Contains(line, dir) && !strings.Contains(line, " fch") {
					calls = append(calls, line)
				}
			}
			ok := len(calls) == len(tt.want)
			for i := 0; ok && i < len(calls); i++ {
				ok = strings.Contains(calls[i], tt.want[i])
			}
			if !ok {
				t.Errorf("calls\n%s\nwant %q", strings.Join(calls, "\n"), tt.want)
			}
		})
	}
}
