package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

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
		Summary: "a command of its own, judged by an expression over exit, stdout, stderr, lines (of stdout) and json (stdout decoded, or nil); coverage(stdout) is the total, in percent, that a coverage tool prints",
		Args: map[string]string{
			"run":    "the command, for bash",
			"expect": `the expression, as in 'exit == 0 && stdout contains "ok"' or 'json.status == "ENABLED"'; "exit == 0" by default`,
			"dir":    "where it runs, from the root",
		},
		Require: []string{"run"},
		Limit:   10 * time.Minute, // a test suite takes its time
	}
}

// observation is what an expression is about.
type observation struct {
	Exit   int      `expr:"exit"`
	Stdout string   `expr:"stdout"`
	Stderr string   `expr:"stderr"`
	Lines  []string `expr:"lines"`
	JSON   any      `expr:"json"`
}

// Validate implements executor.Validator.
func (Step) Validate(args map[string]string) error {
	if strings.TrimSpace(args["run"]) == "" {
		return errors.New("there is no command to run")
	}
	_, err := compiled(cmp.Or(args["expect"], exitZero), observation{})
	return err
}

// exitZero is what is expected of a command where nothing else is said.
const exitZero = "exit == 0"

// Check implements executor.Check. Evidence names the command, never what it
// printed: that may be a secret.
func (s Step) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	if err := s.Validate(q.Args); err != nil {
		return executor.Finding{}, err
	}
	expect := cmp.Or(q.Args["expect"], exitZero)
	program := executor.Program{Dir: filepath.Join(q.Root, filepath.FromSlash(q.Args["dir"])), Env: q.Env}
	out, err := program.Run(ctx, "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", q.Args["run"])
	if err != nil {
		return executor.Finding{}, err
	}
	seen := observation{Exit: out.Exit, Stdout: strings.TrimSpace(string(out.Stdout)), Stderr: strings.TrimSpace(string(out.Stderr))}
	seen.Lines, seen.JSON = lines(seen.Stdout), decoded(seen.Stdout)
	met, err := judge(expect, seen)
	if err != nil {
		return executor.Finding{}, err
	}
	if !met && (seen.Exit == 126 || seen.Exit == 127) {
		return executor.Finding{}, fmt.Errorf("%s: exit %d: it could not be run", q.Args["run"], seen.Exit)
	}
	return decided(q, met, "%s: exit %d; expected %s", q.Args["run"], seen.Exit, expect)
}
