package source

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"runbook/executor"
	"runbook/runbook"
)

// Command gives the one line that a command prints. It is never bound by
// inference: running a command is for people to decide.
type Command struct{}

// Info implements executor.Source.
func (Command) Info() runbook.Info {
	return runbook.Info{
		Name:    "command",
		Summary: "the one line that a command prints on standard output; nothing of commands that print secrets by nature",
		Args: map[string]string{
			"run": "the command, for bash",
			"dir": "where it runs, from the root",
		},
		Require: []string{"run"},
	}
}

// Validate implements executor.Validator.
func (Command) Validate(args map[string]string) error {
	if strings.TrimSpace(args["run"]) == "" {
		return errors.New("there is no command to run")
	}
	return mayRecord(args["run"])
}

// Value implements executor.Source. A failing command, no output and more than
// a line are no value.
func (c Command) Value(ctx context.Context, q executor.Query) (executor.Value, error) {
	if err := c.Validate(q.Args); err != nil {
		return executor.Value{}, err
	}
	run := q.Args["run"]
	program := executor.Program{Dir: filepath.Join(q.Root, filepath.FromSlash(q.Args["dir"])), Env: q.Env}
	out, err := program.Run(ctx, "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", run)
	if err != nil {
		return executor.Value{}, err
	}
	if out.Exit != 0 {
		return executor.Value{}, fmt.Errorf("%s: exit %d: %s", run, out.Exit, out.Complaint())
	}
	text := strings.TrimRight(string(out.Stdout), "\r\n")
	switch {
	case strings.TrimSpace(text) == "":
		return executor.Value{}, fmt.Errorf("%s printed nothing", run)
	case strings.Contains(text, "\n"):
		return executor.Value{}, fmt.Errorf("%s printed %d lines; one is wanted", run, strings.Count(text, "\n")+1)
	}
	return executor.Value{Text: strings.TrimSpace(text), Detail: run}, nil
}

// mayRecord reads the command as a step's would be read: what cannot be run as
// it is written does not run, and what reveals secrets is not asked for them.
func mayRecord(run string) error {
	slot := &runbook.Slot{Kind: runbook.StepSlot, Lang: "bash"}
	at := 0
	for line := range strings.Lines(run) {
		slot.Body = append(slot.Body, runbook.Span{Start: at, End: at + len(line)})
		at += len(line)
	}
	script := runbook.ReadScript([]byte(run), slot)
	for _, p := range script.Problems {
		if p.Severity == runbook.Error {
			return fmt.Errorf("run: %s", p.Message)
		}
	}
	if len(script.Placeholders) > 0 {
		return fmt.Errorf("run: %s has no value", script.Placeholders[0].Text)
	}
	for _, c := range script.Commands {
		switch {
		case c.Sensitive != "":
			return fmt.Errorf("run: what it prints is not recorded: %s", c.Sensitive)
		case c.Terraform == runbook.PrintsOutputs:
			return errors.New("run: it prints a terraform output, which may be sensitive; the source terraform gives outputs")
		}
	}
	return nil
}
