package check

import (
	"context"
	"fmt"
	"strings"
	"time"

	"runbook/executor"
	"runbook/runbook"
)

// TerraformDrift compares the configuration, the state and the world by a plan
// that is not kept.
type TerraformDrift struct{}

// Info implements executor.Check.
func (TerraformDrift) Info() runbook.Info {
	return runbook.Info{
		Name:    "terraform.drift",
		Summary: "configuration, state and the world agree: terraform plan -detailed-exitcode finds nothing to change, and the state holds resources",
		Limit:   10 * time.Minute, Configured: true,
		Args: map[string]string{
			"dir":       terraformDir,
			"workspace": terraformWorkspace,
			"var_file":  "files of variables, from dir, separated by commas",
		},
		Lists: []string{"var_file"},
	}
}

// Check implements executor.Check: exit 0 is a pass, 2 is drift, and all else,
// an error among it, is no answer.
func (TerraformDrift) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	t, err := openTerraform(q, q.Args["dir"])
	if err != nil {
		return executor.Finding{}, err
	}
	state, err := t.state(ctx)
	if err != nil {
		return executor.Finding{}, err
	}
	args := []string{"plan", "-detailed-exitcode", "-lock=false", "-input=false"}
	for _, file := range list(q.Args["var_file"]) {
		args = append(args, "-var-file="+file)
	}
	out, err := t.run(ctx, 2, append(args, "-no-color")...)
	if err != nil {
		return executor.Finding{}, err
	}
	return decided(q, out.Exit == 0, "%s %s in %s, workspace %s, %d resources in the state: exit %d, %s",
		t.tool, strings.Join(args, " "), t.place, state.workspace, len(state.resources), out.Exit, planSummary(string(out.Stdout)))
}

// planSummary is the one line of a plan that tells what it comes to; the other
// lines may hold secrets.
func planSummary(text string) string {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		for _, start := range []string{"Plan: ", "No changes.", "Changes to Outputs:"} {
			if strings.HasPrefix(line, start) {
				return strings.TrimSuffix(line, ":")
			}
		}
	}
	return fmt.Sprintf("%d lines of plan", strings.Count(text, "\n"))
}
