package journal

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
)

// childEnv makes the test binary play another process: its value names the
// part, the process's arguments are the part's.
const childEnv = "JOURNAL_TEST_CHILD"

// children are the parts that the test binary can play. A part prints what the
// parent should know and its error ends the process with status 1.
var children = map[string]func(args []string) error{
	"append":  appendChild,
	"hold":    holdChild,
	"create":  createChild,
	"replace": replaceChild,
	"new":     newChild,
	"recover": recoverChild,
}

func TestMain(m *testing.M) {
	part, ok := os.LookupEnv(childEnv)
	if !ok {
		os.Exit(m.Run())
	}
	runtime.LockOSThread() // strace counts the calls of each thread
	status := 0
	if err := children[part](os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	syscall.Exit(status) // os.Exit may write coverage first, which strace would count too
}

// child returns the command that plays a part, behind the wrapper if there is
// one.
func child(t *testing.T, wrapper []string, part string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	argv := append(append(append([]string{}, wrapper...), self), args...)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), childEnv+"="+part)
	return cmd
}
