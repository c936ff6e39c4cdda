package source

import (
	"context"
	"fmt"
	"strings"

	"runbook/executor"
	"runbook/runbook"
)

// Git tells where the checkout stands.
type Git struct{}

// Info implements executor.Source.
func (Git) Info() runbook.Info {
	return runbook.Info{
		Name:    "git",
		Summary: "the commit, the branch or the tag that is checked out, or the tag before it",
		Args:    map[string]string{"get": `"commit", "short" (the commit, abbreviated), "branch", "tag" or "previous-tag" (the nearest one that the commit's parent can reach)`},
		Require: []string{"get"},
	}
}

// Value implements executor.Source.
func (Git) Value(ctx context.Context, q executor.Query) (executor.Value, error) {
	args, ok := map[string][]string{
		"commit":       {"rev-parse", "HEAD"},
		"short":        {"rev-parse", "--short", "HEAD"},
		"branch":       {"symbolic-ref", "--short", "HEAD"},
		"tag":          {"describe", "--tags", "--exact-match"},
		"previous-tag": {"describe", "--tags", "--abbrev=0", "HEAD^"},
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

// command runs a program and returns what it printed on standard output.
func command(ctx context.Context, dir string, env []string, name string, args ...string) ([]byte, error) {
	out, err := executor.Program{Dir: dir, Env: env}.Run(ctx, name, args...)
	if err == nil && out.Exit != 0 {
		err = fmt.Errorf("%s %s: %s", name, args[0], out.Complaint())
	}
	return out.Stdout, err
}
