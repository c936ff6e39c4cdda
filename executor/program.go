package executor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"runbook/runbook"
)

// maxPrinted bounds what a Program may print on each stream, in bytes: a
// large terraform state fits, a runaway command does not fill the memory.
const maxPrinted = 32 << 20

// A Program is how a source or a check runs other programs to look at the
// world: with the environment of the steps, without input, without a terminal
// and in a process group of its own, so that nothing it starts outlives it.
type Program struct {
	Dir string   // absolute
	Env []string // KEY=VALUE; its PATH is where programs are found
}

// Printed is what a program printed and how it exited, from 0 to 255.
type Printed struct {
	Exit           int
	Stdout, Stderr []byte
}

// Run runs a program to its end. A non-zero exit is an outcome; an error means
// that there is none: the program is not there, was ended by ctx or a signal,
// left processes that hold its output, or printed more than 32 MiB.
func (p Program) Run(ctx context.Context, name string, args ...string) (Printed, error) {
	path, err := FindProgram(name, p.Env)
	if err != nil {
		return Printed{}, err
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir, cmd.Env = p.Dir, p.Env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 2 * time.Second
	var stdout, stderr bounded
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	if cmd.Process != nil {
		// What is left of the group; that nothing is left is the usual case.
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	switch {
	case ctx.Err() != nil:
		return Printed{}, fmt.Errorf("%s: %w", name, ctx.Err())
	case stdout.over || stderr.over:
		return Printed{}, fmt.Errorf("%s: %w", name, errOutput)
	}
	var exited *exec.ExitError
	if err != nil && (!errors.As(err, &exited) || exited.ExitCode() < 0) {
		return Printed{}, fmt.Errorf("%s: %w", name, err)
	}
	return Printed{cmd.ProcessState.ExitCode(), stdout.text.Bytes(), stderr.text.Bytes()}, nil
}

// Complaint is the line of standard error that says best what went wrong: the
// first that names an error, else the first with a word in it, else the exit
// status.
func (p Printed) Complaint() string {
	first := ""
	for line := range strings.Lines(string(p.Stderr)) {
		line = strings.TrimLeft(strings.TrimSpace(runbook.Visible(line)), "│╷╵ ")
		switch {
		case strings.HasPrefix(line, "Error:"), strings.HasPrefix(line, "error:"), strings.HasPrefix(line, "fatal:"):
			return line
		case first == "" && strings.ContainsFunc(line, isLetter):
			first = line
		}
	}
	if first == "" {
		return fmt.Sprintf("exit %d", p.Exit)
	}
	return first
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

// FindProgram finds a program as a shell with this environment would, relative
// entries of its PATH left out: a step may have changed PATH, and a check must
// ask the same program as the steps ran.
func FindProgram(name string, env []string) (string, error) {
	path := ""
	for _, pair := range env {
		if v, ok := strings.CutPrefix(pair, "PATH="); ok {
			path = v
		}
	}
	for _, dir := range filepath.SplitList(path) {
		if !filepath.IsAbs(dir) {
			continue
		}
		if found, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return found, nil
		}
	}
	return "", fmt.Errorf("%s: %w", name, exec.ErrNotFound)
}

var errOutput = errors.New("it printed more than can be judged")

// bounded keeps what is written to it and refuses to grow without end.
type bounded struct {
	text bytes.Buffer
	over bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.text.Len()+len(p) > maxPrinted {
		b.over = true
		return 0, errOutput
	}
	return b.text.Write(p)
}
