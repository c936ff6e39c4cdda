package check

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"

	"runbook/executor"
	"runbook/runbook"
)

// Step runs a command of its own and judges what came of it by an expression.
// It is never bound by inference: running a command is for people to decide.
type Step struct{}

// Info implements executor.Check.
func (Step) Info() runbook.Info {
	return runbook.Info{
		Name:    "step",
		Summary: "a command of its own, judged by an expression over exit, stdout and stderr",
		Args: map[string]string{
			"run":    "the command, for bash",
			"expect": `the expression, as in 'exit == 0 && stdout contains "ok"'; "exit == 0" by default`,
			"dir":    "where it runs, from the root",
		},
		Require: []string{"run"},
	}
}

// observation is what an expression is about.
type observation struct {
	Exit   int    `expr:"exit"`
	Stdout string `expr:"stdout"`
	Stderr string `expr:"stderr"`
}

// assertion compiles the expression, which names only what an observation has.
func assertion(args map[string]string) (string, *vm.Program, error) {
	if strings.TrimSpace(args["run"]) == "" {
		return "", nil, errors.New("there is no command to run")
	}
	text := cmp.Or(args["expect"], "exit == 0")
	program, err := expr.Compile(text, expr.Env(observation{}), expr.AsBool())
	if err != nil {
		message, _, _ := strings.Cut(err.Error(), "\n")
		return text, nil, fmt.Errorf("expect %q: %s", text, message)
	}
	return text, program, nil
}

// Validate implements executor.Validator.
func (Step) Validate(args map[string]string) error {
	_, _, err := assertion(args)
	return err
}

// Check implements executor.Check.
func (Step) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	text, program, err := assertion(q.Args)
	if err != nil {
		return executor.Finding{}, err
	}
	cmd := exec.CommandContext(ctx, "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", q.Args["run"])
	cmd.Dir = filepath.Join(q.Root, filepath.FromSlash(q.Args["dir"]))
	cmd.Env, cmd.WaitDelay = q.Env, time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	if ctx.Err() != nil {
		return executor.Finding{}, fmt.Errorf("%s: %w", q.Args["run"], ctx.Err())
	}
	if cmd.ProcessState == nil {
		return executor.Finding{}, err
	}
	seen := observation{cmd.ProcessState.ExitCode(), strings.TrimSpace(stdout.String()), strings.TrimSpace(stderr.String())}
	met, err := expr.Run(program, seen)
	if err != nil {
		return executor.Finding{}, fmt.Errorf("expect: %w", err)
	}
	if met != true && (seen.Exit == 126 || seen.Exit == 127) {
		return executor.Finding{}, fmt.Errorf("%s: exit %d: it could not be run", q.Args["run"], seen.Exit)
	}
	f := executor.Finding{Verdict: runbook.Fail, Evidence: fmt.Sprintf("%s: exit %d; %s", q.Args["run"], seen.Exit, text)}
	if met == true {
		f.Verdict = runbook.Pass
	}
	return f, nil
}
