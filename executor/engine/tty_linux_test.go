package engine_test

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"runbook/executor/executortest"
)

// A step that asks for the terminal reads what the operator types there. The
// test's binary is the runner once more, for it needs a terminal of its own.
func TestTerminalIsStandardInput(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"", "supervised"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			testTerminal(t, how)
		})
	}
}

func testTerminal(t *testing.T, how string) {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("skipped: no pseudo terminals here: ", err)
	}
	defer master.Close()
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()

	job := executortest.Job(t, `[ -t 0 ] && echo ask >&0; read -r answer; echo "answer $answer" >answer`)
	runner := newRunner(t, job, how)
	runner.Env = append(runner.Env, "RUNBOOK_TEST_TTY=1")
	runner.Stdin = terminal
	runner.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := runner.Start(); err != nil {
		t.Fatal(err)
	}
	screen := bufio.NewReader(master)
	if line, err := screen.ReadString('\n'); err != nil || strings.TrimSpace(line) != "ask" {
		t.Fatalf("the terminal shows %q, %v", line, err)
	}
	if _, err := master.WriteString("yes\n"); err != nil {
		t.Fatal(err)
	}
	if err := runner.Wait(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(job.Dir + "/answer")
	if err != nil || string(data) != "answer yes\n" {
		t.Errorf("the step read %q, %v", data, err)
	}
}
