package engine

import (
	"os"
	"os/exec"
	"slices"
	"testing"
)

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
