// Package executor performs plans. It knows engines, sources and checks only
// by their interfaces and names nothing concrete.
package executor

import (
	"context"
	"errors"
	"time"

	"runbook/runbook"
)

// An Engine runs the commands of a step. The default one is bash on this
// machine; a durable one may run them elsewhere.
//
// State carries from one Run to the next through Job.State: working directory,
// variables, functions, options. An engine value serves one run of one
// document and is used by one goroutine.
type Engine interface {
	Info() runbook.Info
	// Run executes job's commands in order and stops at the first that fails.
	// A failing script is an outcome; an error means that the engine does not
	// know what happened, and the command under way is then unknown.
	// When ctx ends, the command under way gets INT, then TERM, then KILL,
	// and its Result says so. If the cause is ErrDetach, an engine that can
	// leaves it to itself instead.
	Run(ctx context.Context, job Job, obs Observer) (Outcome, error)
	// Close ends what the engine keeps alive between steps.
	Close() error
}

// A Job is one attempt at a step, or at the rest of it.
type Job struct {
	Step     runbook.ID
	Attempt  int    // at the step; with Step and a command's index it names one start of that command
	Document string // its name, for "checklist.md: line 121: …" in bash's own messages
	Dir      string // absolute start directory; empty: where the state's last command ended
	Commands []runbook.Command
	First    int           // index of the first command to run; those before have been settled
	Env      []string      // KEY=VALUE, the whole environment of the first shell
	State    string        // private directory (0700) in which the engine keeps the shell's state
	Timeout  time.Duration // for the whole job; 0 is none
	TTY      bool          // give the step the operator's terminal as standard input
}

// An Observer is told what happens, as it happens, on the goroutine that
// called Run. Output may be called any number of times between the other two.
type Observer interface {
	// Started is called before command i begins and returns once that is
	// durable. An error stops the job before the command starts.
	Started(i int) error
	// Output receives what the command printed, both streams in the order in
	// which they came; p is only valid during the call.
	Output(i int, p []byte)
	// Finished is called when the command has ended and its output is complete.
	Finished(i int, r Result) error
}

// A Result is how one command ended.
type Result struct {
	Exit     int // 0 to 255; 128+n for signal n
	Duration time.Duration
	// Failures are the failures inside the command that its exit status does
	// not show: a part of a pipeline, a command substitution.
	Failures []runbook.Failure
	// Cut reports a pipeline whose producer ended by SIGPIPE because its
	// reader had enough (`cmd | head`): not a failure.
	Cut bool
	// Ended says why a command was stopped from outside: "", "timeout", "interrupt".
	Ended string
	// Dir is the working directory after the command.
	Dir string
	// Exited reports that the command ended the shell itself, by `exit` or
	// `exec`: as in any script, nothing after it in the step runs. The engine
	// stops the job there, also when Exit is 0.
	Exited bool
	// Set holds the variables, exported or not, that the command gave a new
	// value: what is named like a secret must not reach the record.
	Set map[string]string
}

// Failed reports whether the command counts as failed.
func (r Result) Failed() bool { return r.Exit != 0 || len(r.Failures) > 0 || r.Ended != "" }

// An Outcome is how a job ended.
type Outcome struct {
	Next int    // index of the command after the last one that finished
	Dir  string // the working directory at the end
	// Exported holds the exported variables whose values differ from Job.Env,
	// for sources and checks that must see what the shell sees.
	Exported map[string]string
	// Leftovers names processes that outlived the step and were ended.
	Leftovers []string
}

// A Skipper is an Observer that can be told of output which was not kept while
// nobody followed the command: it counts, and comes between two calls of Output.
type Skipper interface {
	Skipped(i int, bytes, lines int64)
}

// An Adopter is an engine whose commands outlive the process that runs the
// engine, and which remembers how the last one ended.
type Adopter interface {
	// Knows reports whether Adopt can say what became of command job.First,
	// whose start the journal holds and whose end it does not.
	Knows(job Job) bool
	// Adopt follows that command to its end if it still runs, or takes over its
	// result: Output and Finished are called as Run would have, Started is not.
	// A command that is certain not to have begun, for lack of the word to, is
	// begun now. It may stop at any command behind job.First, as Run does.
	Adopt(ctx context.Context, job Job, obs Observer) (Outcome, error)
}

// A Surveyor is an engine that can look for processes which an earlier engine
// value, in a process that is gone, has left behind: a step that outlived its
// runner.
type Surveyor interface {
	// Survivors names them, for the engine state in that directory.
	Survivors(state string) []string
}

// ErrDetach, as the cause of a context's end, says that the run ends and the
// command under way shall not: the operator has lost the terminal, and has not
// asked for anything. As an error of Run it says that this was done; the
// command's outcome will be known to whoever adopts it.
var ErrDetach = errors.New("left to itself")

// ErrStopped is what an Observer's error becomes when it stops a job: wrapped,
// so that the cause stays visible.
var ErrStopped = errors.New("stopped")
