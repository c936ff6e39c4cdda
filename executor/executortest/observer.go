// Package executortest holds the conformance suites that every engine, source
// and check must pass. They are the contract's executable half: what a comment
// in package executor promises, a case here tries.
package executortest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"runbook/executor"
	"runbook/runbook"
)

// A Log is an executor.Observer that keeps what an engine tells, so that a test
// can look at it. The zero value is ready.
type Log struct {
	// OnStarted, OnOutput and OnFinished, where set, are called as the engine
	// calls; an error is passed on to it.
	OnStarted  func(i int) error
	OnOutput   func(i int)
	OnFinished func(i int, r executor.Result) error

	Calls   []string // "started 0", "finished 0", in the order in which they came
	Printed map[int]string
	Results map[int]executor.Result
}

// Started keeps the call.
func (l *Log) Started(i int) error {
	l.Calls = append(l.Calls, fmt.Sprint("started ", i))
	if l.OnStarted != nil {
		return l.OnStarted(i)
	}
	return nil
}

// Output keeps what command i printed.
func (l *Log) Output(i int, p []byte) {
	if l.Printed == nil {
		l.Printed = map[int]string{}
	}
	l.Printed[i] += string(p)
	if l.OnOutput != nil {
		l.OnOutput(i)
	}
}

// Finished keeps the result.
func (l *Log) Finished(i int, r executor.Result) error {
	l.Calls = append(l.Calls, fmt.Sprint("finished ", i))
	if l.Results == nil {
		l.Results = map[int]executor.Result{}
	}
	l.Results[i] = r
	if l.OnFinished != nil {
		return l.OnFinished(i, r)
	}
	return nil
}

// Commands makes one command of each text; the first stands on line 121, and
// every further one on the line below the one before.
func Commands(texts ...string) []runbook.Command {
	var cs []runbook.Command
	for i, text := range texts {
		cs = append(cs, runbook.Command{Line: 121 + i, Text: text})
	}
	return cs
}

// Job makes a step of texts, in a directory of its own, with a private
// directory for its state and the environment of the test.
func Job(t *testing.T, texts ...string) executor.Job {
	t.Helper()
	return executor.Job{
		Step: "deploy/1-apply", Document: "checklist.md", Dir: realDir(t), Commands: Commands(texts...),
		Env: os.Environ(), State: realDir(t),
	}
}

// realDir is a temporary directory by its physical path, so that it equals
// what a shell prints.
func realDir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// Run runs job and fails the test if the engine does not know what happened.
func Run(t *testing.T, e executor.Engine, job executor.Job) (*Log, executor.Outcome) {
	t.Helper()
	l := &Log{}
	ctx := t.Context()
	if limit, ok := t.Deadline(); ok { // the rest is for ending what hangs, and for saying so
		c, cancel := context.WithDeadline(ctx, limit.Add(-time.Minute))
		defer cancel()
		ctx = c
	}
	out, err := e.Run(ctx, job, l)
	if err != nil {
		t.Fatalf("Run: %v\ncalls: %q\noutput: %v", err, l.Calls, l.Printed)
	}
	return l, out
}

// Next makes the step that follows job: the same state and environment, no
// directory of its own.
func Next(job executor.Job, texts ...string) executor.Job {
	job.Step, job.Dir, job.First, job.Commands = job.Step+"-next", "", 0, Commands(texts...)
	return job
}
