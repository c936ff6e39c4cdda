// Command runbook runs the Markdown checklists that operations teams have.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"runbook/executor"
	"runbook/executor/engine"
)

// The exit codes. People's scripts and CI jobs rely on them.
const (
	exitOK          = 0
	exitFailed      = 1   // a step, an expectation or a check failed
	exitUsage       = 2   // wrong usage; an unreadable document or sidecar
	exitHeld        = 3   // held, waiting for a person, or an unknown outcome
	exitFalse       = 4   // verify found the record false
	exitRecording   = 5   // the record could not be kept
	exitInterrupted = 130 // stopped by the operator or a signal
)

// An exitError ends the program with a code. Hint says what to do next; an
// error that was told already has no Err.
type exitError struct {
	Code int
	Err  error
	Hint string
}

func (e *exitError) Error() string {
	if e.Err == nil {
		return ""
	}
	return e.Err.Error()
}

func (e *exitError) Unwrap() error { return e.Err }

func usagef(hint, format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...), hint}
}

func main() {
	if code, ok := engine.Supervise(os.Args); ok {
		os.Exit(code)
	}
	// Taking SIGPIPE keeps a closed terminal or pipe from ending a run in the
	// middle of a step; writes then fail and are handled. Ignoring it would not
	// do: steps would inherit that, and `seq 9999 | head -n 1` would fail.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	// A command lives for a moment: garbage is collected late, first at 50 MB and
	// then rarely within 1 GB, because collecting it only makes the plan of a large
	// document slower.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(1200)
		debug.SetMemoryLimit(1 << 30)
	}
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is main without its globals: it returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	known := &knownSecrets{vars: os.Environ()}
	env := &environment{stdin: stdin, stdout: &gate{stdout, known}, stderr: &gate{stderr, known}, vars: known.vars, known: known}
	defer func() {
		// What a crash says passes the gate too. What was under way is unknown.
		if cause := recover(); cause != nil {
			env.say("runbook: internal error: %v\n%s", cause, debug.Stack())
			code = exitHeld
		}
	}()
	root := newRoot(env)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	code = exitUsage
	hint := ""
	var exit *exitError
	switch {
	case errors.As(err, &exit):
		code, hint = exit.Code, exit.Hint
		if exit.Err == nil {
			return code
		}
	case errors.Is(err, executor.ErrRecording):
		code = exitRecording
	}
	env.say("runbook: %v\n", err)
	if hint != "" {
		env.say("  %s\n", hint)
	}
	return code
}
