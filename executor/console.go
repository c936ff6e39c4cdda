package executor

import (
	"time"

	"runbook/runbook"
)

// A Console is the person at the terminal. Run calls it from one goroutine,
// never while a step is running. Any method may return an error that wraps
// ErrStop: the run then stops, resumable.
type Console interface {
	// Section shows a section's heading and prose when the run enters it.
	Section(s *runbook.Section, prose string) error
	// Confirm asks before a step; commands are as they would run.
	Confirm(t *runbook.Task, commands []runbook.Command, dir string) (Decision, error)
	// Failed asks what to do after a failed command.
	Failed(t *runbook.Task, command int, why string) (Decision, error)
	// Unknown asks what became of a command whose outcome is not in the
	// journal: Done, Bad or Again.
	Unknown(t *runbook.Task, command int) (Decision, error)
	// Placeholder asks for a placeholder's value; empty leaves it open.
	Placeholder(text string, t *runbook.Task) (string, error)
}

// A Decision is a person's word on a step, with the reason that is recorded.
type Decision struct {
	Do     Choice
	Reason string
	// Text replaces the commands after Edit: one entry a command, same count.
	Text []string
}

// Choice is what a person decided.
type Choice string

// The choices that a Console can return.
const (
	RunIt    Choice = "run"
	RunAll   Choice = "all" // this one, and the rest without asking
	SkipIt   Choice = "skip"
	EditIt   Choice = "edit"
	RetryIt  Choice = "retry"
	Continue Choice = "continue"
	Quit     Choice = "quit"
	Done     Choice = "done"
	Bad      Choice = "failed"
	Again    Choice = "again"
)

// Progress shows what a run does while it does it. It must not block for long:
// a command's output waits for it.
type Progress interface {
	StepStarted(t *runbook.Task, dir string, first int)
	CommandStarted(t *runbook.Task, command int)
	Output(p []byte)
	CommandFinished(t *runbook.Task, command int, r Result)
	Expectation(t *runbook.Task, e *runbook.Expect, verdict runbook.Verdict, found string)
	StepFinished(t *runbook.Task, status runbook.StepStatus, took time.Duration, reason string)
	Settled(t *runbook.Task, text string)
	Left(t *runbook.Task, reason string)
	Message(format string, args ...any)
}
