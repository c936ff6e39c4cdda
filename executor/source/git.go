package source

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"runbook/executor"
	"runbook/runbook"
)

// Git tells where the checkout stands.
type Git struct{}

// Info implements executor.Source.
func (Git) Info() runbook.Info {
	return runbook.Info{
		Name:    "git",
		Summary: "the commit, the branch or the tag that is checked out",
		Args:    map[string]string{"get": `"commit", "branch" or "tag"`},
		Require: []string{"get"},
	}
}

// Value implements executor.Source.
func (Git) Value(ctx context.Context, q executor.Query) (executor.Value, error) {
	args, ok := map[string][]string{
		"commit": {"rev-parse", "HEAD"},
		"branch": {"symbolic-ref", "--short", "HEAD"},
		"tag":    {"describe", "--tags", "--exact-match"},
	}[q.Args["get"]]
	if !ok {
		return executor.Value{}, fmt.Errorf("git gives no %q", q.Args["get"])
	}
	out, err := command(ctx, q.Root, q.Env, "git", args...)
	if err != nil {
		return executor.Value{}, err
	}
	return executor.Value{Text: strings.TrimSpace(string(out)), Detail: "git " + strings.Join(args, " ")}, nil
}

// command runs a program and returns what it printed on standard output. Its
// error is the first line of what it said on the other, if anything.
func command(ctx context.Context, dir string, env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, env, time.Second
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err == nil {
		return out, nil
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%s: %w", name, ctx.Err())
	}
	for line := range strings.Lines(stderr.String()) {
		if line = strings.TrimSpace(runbook.Visible(line)); strings.ContainsFunc(line, isWord) {
			return nil, fmt.Errorf("%s %s: %s", name, args[0], line)
		}
	}
	return nil, fmt.Errorf("%s %s: %w", name, args[0], err)
}

func isWord(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
