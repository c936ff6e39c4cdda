package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
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

// crashEverywhere runs a part of the package in another process, again and
// again in a fresh directory, and kills it at the first, second, … of the
// changing calls until it comes through. Before prepares the directory and
// returns the part's argument; after judges what a crash left.
func crashEverywhere(t *testing.T, part string, before func(dir string) string, after func(t *testing.T, path string)) {
	tracer := strace(t)
	for when := 1; ; when++ {
		path := before(t.TempDir())
		cmd := child(t, []string{tracer, "-f", "-qq", "-o", os.DevNull, "-e", "trace=" + changing,
			"-e", "inject=" + changing + ":signal=KILL:when=" + strconv.Itoa(when)}, part, path)
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && (!errors.As(err, &exit) || exit.Exited()) {
			t.Fatalf("call %d: %v\n%s", when, err, out)
		}
		ok := t.Run(fmt.Sprintf("call %d", when), func(t *testing.T) { after(t, path) })
		if err == nil {
			if when < 4 {
				t.Errorf("it came through after %d calls: nothing was tested", when-1)
			}
			return
		}
		if !ok {
			return
		}
	}
}

func TestCrashLeavesNoRunOrAWholeOne(t *testing.T) {
	crashEverywhere(t, "create", func(dir string) string {
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

func TestCrashLeavesTheOldRecordOrTheNew(t *testing.T) {
	crashEverywhere(t, "replace", func(dir string) string {
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

func TestCrashLeavesNoNewFileOrAWholeOne(t *testing.T) {
	crashEverywhere(t, "new", func(dir string) string {
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
func TestCrashWhileRecoveringLosesNothing(t *testing.T) {
	crashEverywhere(t, "recover", func(dir string) string {
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
		if len(lines.Lines) != 1 || read(t, path) != "whole\n" {
			t.Errorf("lines %q", lines.Lines)
		}
		if aside := read(t, path+".torn"); strings.ReplaceAll(aside, "torn\n", "") != "" || aside == "" {
			t.Errorf("set aside %q", aside)
		}
	})
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
		{"recover", "journal.jsonl", "whole\ntorn", []string{"write(", "fsync(", "fsync(", "ftruncate(", "fsync("}},
	}
	for _, tt := range tests {
		t.Run(tt.part, func(t *testing.T) {
			dir := t.TempDir()
			path, trace := filepath.Join(dir, tt.file), filepath.Join(t.TempDir(), "trace")
			if tt.setup != "" {
				write(t, path, tt.setup)
			}
			// -y names the descriptors, so that only our directory's calls count.
			out, err := child(t, []string{tracer, "-f", "-y", "-qq", "-o", trace, "-e", "trace=" + changing}, tt.part, path).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			var calls []string
			for _, line := range bytes.Split([]byte(read(t, trace)), []byte("\n")) {
				if bytes.Contains(line, []byte(dir)) && !bytes.Contains(line, []byte("fch")) {
					calls = append(calls, string(line))
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
