package journal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	alice = Holder{Host: "ops-1", User: "alice", PID: 4711, Run: "20260102T150405.000Z-aaaaaaaa", Since: time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)}
	bob   = Holder{Host: "ops-2", User: "bob", PID: 4712, Run: "20260102T150406.000Z-bbbbbbbb", Since: alice.Since}
)

func acquire(t *testing.T, dir string, who Holder) *Lock {
	t.Helper()
	l, err := Acquire(dir, who)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// heldBy fails the test unless the lock is held, and returns by whom.
func heldBy(t *testing.T, dir string) *HeldError {
	t.Helper()
	l, err := Acquire(dir, bob)
	var held *HeldError
	if !errors.As(err, &held) {
		t.Fatalf("lock %v, error %v, want a HeldError", l, err)
	}
	return held
}

func TestSecondHolderIsToldOfTheFirst(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "checklist.runs")
	l := acquire(t, dir, alice)
	held := heldBy(t, dir)
	if held.Holder != alice {
		t.Errorf("held by %+v, want %+v", held.Holder, alice)
	}
	want := dir + " is in use by alice on ops-1: process 4711, run 20260102T150405.000Z-aaaaaaaa, since 2026-01-02T15:04:05Z"
	if held.Error() != want {
		t.Errorf("message %q\nwant    %q", held, want)
	}
	if err := l.Describe(bob); err != nil {
		t.Fatal(err)
	}
	if held := heldBy(t, dir); held.Holder != bob {
		t.Errorf("held by %+v, want %+v", held.Holder, bob)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if left := read(t, filepath.Join(dir, lockName)); left != "" {
		t.Errorf("the lock given back still names %q", left)
	}
	if err := acquire(t, dir, bob).Close(); err != nil {
		t.Error(err)
	}
}

func TestOnlyOneOfManyGoroutinesHoldsTheLock(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "checklist.runs")
	var wg sync.WaitGroup
	locks := make([]*Lock, 20)
	errs := make([]error, len(locks))
	for i := range locks {
		wg.Go(func() { locks[i], errs[i] = Acquire(dir, alice) })
	}
	wg.Wait()
	holders := 0
	for i, l := range locks {
		var held *HeldError
		switch {
		case l != nil:
			holders++
			defer l.Close()
		case !errors.As(errs[i], &held):
			t.Errorf("error %v, want a HeldError", errs[i])
		}
	}
	if holders != 1 {
		t.Errorf("%d hold the lock", holders)
	}
}

func TestHolderIsUnknownWhereTheFileIsNoName(t *testing.T) {
	for name, text := range map[string]string{
		"empty":    "",
		"half":     `{"host":"ops-1","us`,
		"not JSON": "ops-1",
		"too long": `{"user":"` + strings.Repeat("x", 10_000) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := acquire(t, dir, alice)
			defer l.Close()
			write(t, filepath.Join(dir, lockName), text)
			held := heldBy(t, dir)
			if held.Holder != (Holder{}) || held.Error() != dir+" is in use by another process" {
				t.Errorf("holder %+v, message %q", held.Holder, held)
			}
		})
	}
}

func TestHolderCannotDrawOnTheTerminal(t *testing.T) {
	dir := t.TempDir()
	l := acquire(t, dir, Holder{Host: "h\x1b[2J", User: "u\u202e", Run: "r\r\n", PID: 1})
	defer l.Close()
	if msg := heldBy(t, dir).Error(); strings.ContainsAny(msg, "\x1b\u202e\r\n") {
		t.Errorf("message %q", msg)
	}
}

func TestStaleNamesAreReplaced(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, lockName), `{"user":"somebody with a long name who was killed","pid":1}`+strings.Repeat(" ", 500))
	l := acquire(t, dir, alice)
	defer l.Close()
	if held := heldBy(t, dir); held.Holder != alice {
		t.Errorf("held by %+v, want %+v", held.Holder, alice)
	}
}

func TestTwoPathsToOneDirectoryAreOneLock(t *testing.T) {
	base := t.TempDir()
	dir, link := filepath.Join(base, "runs"), filepath.Join(base, "link")
	if err := errors.Join(os.Mkdir(dir, 0o755), os.Symlink(dir, link)); err != nil {
		t.Fatal(err)
	}
	l := acquire(t, dir, alice)
	defer l.Close()
	if held := heldBy(t, link); held.Holder != alice {
		t.Errorf("held by %+v, want %+v", held.Holder, alice)
	}
}

func TestLostLockIsNoticed(t *testing.T) {
	tests := map[string]func(path string) error{
		"removed": os.Remove,
		"replaced": func(path string) error {
			return errors.Join(os.Remove(path), os.WriteFile(path, nil, 0o644))
		},
	}
	for name, lose := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := acquire(t, dir, alice)
			if err := l.Check(); err != nil {
				t.Fatalf("before: %v", err)
			}
			if err := lose(filepath.Join(dir, lockName)); err != nil {
				t.Fatal(err)
			}
			if err := l.Check(); !errors.Is(err, ErrLockLost) {
				t.Errorf("error %v, want ErrLockLost", err)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestLinkInTheLocksPlaceIsNotWritten(t *testing.T) {
	for _, target := range []string{"journal.jsonl", "../outside"} {
		t.Run(target, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "runs")
			if err := errors.Join(os.Mkdir(dir, 0o755), os.Symlink(target, filepath.Join(dir, lockName))); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, target), "kept")
			if l, err := Acquire(dir, alice); err == nil {
				t.Errorf("the link was taken for a lock: %v", l.Close())
			}
			if got := read(t, filepath.Join(dir, target)); got != "kept" {
				t.Errorf("what the link leads to became %q", got)
			}
		})
	}
}

// holdChild holds the lock of args[0] until its standard input ends.
func holdChild(args []string) error {
	l, err := Acquire(args[0], alice)
	if err != nil {
		return err
	}
	fmt.Println("held")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return l.Close()
}

// startHolder starts a process that holds the lock of dir, and returns once it
// does. Closing the pipe ends it.
func startHolder(t *testing.T, dir string) (*exec.Cmd, io.Closer) {
	t.Helper()
	cmd := child(t, nil, "hold", dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if said, err := bufio.NewReader(stdout).ReadString('\n'); said != "held\n" {
		t.Fatalf("the holder said %q: %v, %v", said, err, cmd.Wait())
	}
	return cmd, stdin
}

func TestLockExcludesOtherProcesses(t *testing.T) {
	dir := t.TempDir()
	cmd, stdin := startHolder(t, dir)
	if held := heldBy(t, dir); held.Holder != alice {
		t.Errorf("held by %+v, want %+v", held.Holder, alice)
	}
	if err := errors.Join(stdin.Close(), cmd.Wait()); err != nil {
		t.Fatal(err)
	}
	l := acquire(t, dir, bob)
	defer l.Close()
	out, err := child(t, nil, "hold", dir).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "is in use by bob on ops-2") {
		t.Errorf("the second process said %q: %v", out, err)
	}
}

func TestLockEndsWithAKilledProcess(t *testing.T) {
	dir := t.TempDir()
	cmd, _ := startHolder(t, dir)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the holder was not killed")
	}
	if err := acquire(t, dir, bob).Close(); err != nil {
		t.Error(err)
	}
}

func TestChildrenDoNotInheritTheLock(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	l := acquire(t, dir, alice)
	cmd, stdin := startHolder(t, other) // a child that lives on
	// Without unlocking: only the descriptors count.
	if err := errors.Join(l.file.Close(), l.root.Close()); err != nil {
		t.Fatal(err)
	}
	if err := acquire(t, dir, bob).Close(); err != nil {
		t.Error(err)
	}
	if err := errors.Join(stdin.Close(), cmd.Wait()); err != nil {
		t.Fatal(err)
	}
}

func TestGitSeesNothingOfTheLock(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("skipped: no git")
	}
	work, home := t.TempDir(), t.TempDir()
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(git, append([]string{"-C", work}, args...)...)
		cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "GIT_CONFIG_NOSYSTEM=1")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	run("init", "-q")
	dir := filepath.Join(work, "checklist.runs")
	if err := acquire(t, dir, alice).Close(); err != nil {
		t.Fatal(err)
	}
	if got := run("status", "--porcelain", "--untracked-files=all"); got != "" {
		t.Errorf("git sees %q after a lock", got)
	}
	d, err := CreateRun(dir, alice.Run, []byte("t"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.WriteOutput("1.log", nil), d.Close()); err != nil {
		t.Fatal(err)
	}
	// What a crash leaves is not to be committed either.
	write(t, filepath.Join(d.Path(), "out", tempPrefix("2.log")+"01234567"+tempSuffix), "half")
	want := "?? checklist.runs/" + alice.Run + "/journal.jsonl\n?? checklist.runs/" + alice.Run + "/out/1.log\n?? checklist.runs/" + alice.Run + "/template.md\n"
	if got := run("status", "--porcelain", "--untracked-files=all"); got != want {
		t.Errorf("git sees\n%swant\n%s", got, want)
	}
}
