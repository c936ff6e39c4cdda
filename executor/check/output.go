package check

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"runbook/executor"
	"runbook/runbook"
)

// Output judges what a step of this run has printed, as the journal has it:
// nothing runs again.
type Output struct{}

// Info implements executor.Check.
func (Output) Info() runbook.Info {
	return runbook.Info{
		Name:    "output",
		Summary: "what a step has printed, as the journal has it, judged by an expression over text, lines, exit and json (text decoded, or nil)",
		Args: map[string]string{
			"step":    "the step's ID",
			"command": "which command of the step, from 1; without it the output of all of them, in order, and the exit status of the last",
			"expect":  `the expression, as in 'text contains "Apply complete!"' or 'len(lines) == 3'`,
		},
		Require: []string{"step", "expect"},
		Steps:   []string{"step"},
	}
}

// printed is what an expression is about.
type printed struct {
	Text  string   `expr:"text"`
	Lines []string `expr:"lines"`
	Exit  int      `expr:"exit"`
	JSON  any      `expr:"json"`
}

// Validate implements executor.Validator.
func (Output) Validate(args map[string]string) error {
	if n := args["command"]; n != "" {
		if i, err := strconv.Atoi(n); err != nil || i < 1 {
			return fmt.Errorf("command: %s is not a number from 1", quote(n))
		}
	}
	_, err := compiled(args["expect"], printed{})
	return err
}

// Check implements executor.Check. Of a step that has not come to its end, and
// of output that the journal does not hold whole, nothing is concluded.
func (o Output) Check(_ context.Context, q executor.Query) (executor.Finding, error) {
	if err := o.Validate(q.Args); err != nil {
		return executor.Finding{}, err
	}
	expect := q.Args["expect"]
	id := runbook.ID(q.Args["step"])
	if slot := q.Document.Slot(id); slot == nil || slot.Kind != runbook.StepSlot {
		return executor.Finding{}, fmt.Errorf("there is no step %s", quote(string(id)))
	}
	commands, what, err := judged(q, id, q.Args["command"])
	if err != nil {
		return executor.Finding{}, fmt.Errorf("step %s: %w", id, err)
	}
	seen := printed{}
	for _, c := range commands {
		if seen.Text != "" && !strings.HasSuffix(seen.Text, "\n") {
			seen.Text += "\n"
		}
		seen.Text += c.text
		seen.Exit = c.exit
	}
	seen.Text = strings.TrimSpace(seen.Text)
	seen.Lines, seen.JSON = lines(seen.Text), decoded(seen.Text)
	met, err := judge(expect, seen)
	if err != nil {
		return executor.Finding{}, err
	}
	return decided(q, met, "output of step %s%s: exit %d, %d lines; expected %s", id, what, seen.Exit, len(seen.Lines), expect)
}

// An end is what a command printed and how it exited.
type end struct {
	text string
	exit int
}

// judged are the ends of the commands whose output is asked about.
func judged(q executor.Query, id runbook.ID, which string) (ends []end, what string, err error) {
	st := q.State.Step(id)
	switch st.Status {
	case runbook.StepPassed, runbook.StepContinued:
	case runbook.StepPending:
		return nil, "", errors.New("it has not run")
	default:
		return nil, "", fmt.Errorf("it is %s: what it printed is not the whole", st.Status)
	}
	first, last := 0, st.Next()-1
	if which != "" {
		n, err := strconv.Atoi(which)
		if err != nil || n < 1 || n > last+1 {
			return nil, "", fmt.Errorf("command %s: it has commands 1 to %d", quote(which), last+1)
		}
		first, last, what = n-1, n-1, ", command "+which
	}
	for i := first; i <= last; i++ {
		finished := st.Commands[i].Finished
		text, err := whole(q, id, i, finished)
		if err != nil {
			return nil, "", fmt.Errorf("command %d: %w", i+1, err)
		}
		ends = append(ends, end{text, finished.Exit})
	}
	if len(ends) == 0 {
		return nil, "", errors.New("it has no commands")
	}
	return ends, what, nil
}

// whole returns all that a command has printed, or says why nobody can tell.
func whole(q executor.Query, id runbook.ID, command int, f *runbook.CommandFinished) (string, error) {
	if f == nil {
		return "", errors.New("its output is not known")
	}
	if f.Output.Withheld != "" {
		return "", fmt.Errorf("its output is withheld: %s", f.Output.Withheld)
	}
	text, all := f.Output.Head, f.Output.File == "" && f.Output.Tail == ""
	if f.Output.Held && q.Output != nil {
		text, all = q.Output(id, command)
	}
	if !all {
		return "", fmt.Errorf("its output of %d bytes is not held whole", f.Output.Bytes)
	}
	return text, nil
}
