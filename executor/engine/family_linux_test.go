package engine

import (
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// The cheap look at the family, which saves a third of a short step, rests on
// where the kernel puts an orphan, whichever thread has started its parent.
func TestOrphansGoToTheLeader(t *testing.T) {
	if !listsChildren() || !leaderAdopts() {
		t.Skip("skipped: this kernel does not say to which thread an orphan goes")
	}
	if err := adoptOrphans(); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		pid := orphan(t)
		list, err := childrenOf(os.Getpid(), os.Getpid())
		if err != nil || !slices.Contains(list, pid) {
			t.Errorf("%d is not among the leader's children %d, %v", pid, list, err)
		}
		s := &shell{seen: map[int]process{}}
		if s.alone() {
			t.Error("a shell that has left an orphan passes for alone")
		}
		if err := unix.Kill(pid, unix.SIGKILL); err != nil {
			t.Error(err)
		}
		if _, err := unix.Wait4(pid, nil, 0, nil); err != nil {
			t.Error(err)
		}
	}
}

// orphan starts a process whose parent, started by a thread that is not the
// leader, has ended.
func orphan(t *testing.T) int {
	t.Helper()
	type answer struct {
		out []byte
		err error
	}
	done := make(chan answer)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends too
		out, err := exec.Command("sh", "-c", "sleep 300 >/dev/null 2>&1 & echo $!").Output()
		done <- answer{out, err}
	}()
	a := <-done
	pid, err := strconv.Atoi(strings.TrimSpace(string(a.out)))
	if a.err != nil || err != nil {
		t.Fatal(a.err, err)
	}
	return pid
}

// Both ways to find a child find it, and a process that has gone is no process.
func TestChildrenAreFound(t *testing.T) {
	cmd := exec.Command("sleep", "300")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	for name, find := range map[string]func(int) []int{"listed": children, "searched": searchChildren} {
		if got := find(os.Getpid()); !slices.Contains(got, pid) {
			t.Errorf("%s: %d is not among %d", name, pid, got)
		}
	}
	if p := lookAt(pid); p.parent != os.Getpid() || p.start == "" || p.ended {
		t.Errorf("the child looks like %+v", p)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the child was not killed")
	}
	if p := lookAt(pid); p.start != "" {
		t.Errorf("the child that has gone looks like %+v", p)
	}
}
