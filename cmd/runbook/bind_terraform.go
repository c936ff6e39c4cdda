package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	tfjson "github.com/hashicorp/terraform-json"

	"runbook/executor"
	"runbook/runbook"
)

// terraformPatience bounds how long one directory's terraform is waited for.
const terraformPatience = 2 * time.Minute

// deployed asks terraform what is there, in each directory in which the steps
// of a plan run it: `workspace show`, `workspace list` and `show -json`, which take no lock and
// change nothing. What cannot be told is said, and left out.
func deployed(ctx context.Context, env *environment, plan *runbook.Plan) []runbook.Deployed {
	// The operator's own arguments for terraform would change what is asked, as
	// they would what steps do.
	vars := slices.DeleteFunc(slices.Clone(env.vars), func(pair string) bool { return strings.HasPrefix(pair, "TF_CLI_ARGS") })
	for name, value := range plan.Env {
		vars = append(vars, name+"="+value)
	}
	vars = append(vars, "TF_IN_AUTOMATION=1")
	var list []runbook.Deployed
	for _, dir := range plan.TerraformDirs() {
		d, err := deployedIn(ctx, executor.Program{Dir: dir, Env: vars})
		if err != nil {
			env.say("runbook: %s: %s\n", runbook.Visible(dir), runbook.Visible(err.Error()))
			continue
		}
		list = append(list, d)
	}
	return list
}

// deployedIn asks in one directory, about the workspace that is selected there.
func deployedIn(ctx context.Context, p executor.Program) (runbook.Deployed, error) {
	ctx, cancel := context.WithTimeout(ctx, terraformPatience)
	defer cancel()
	tool := "terraform"
	if _, err := executor.FindProgram(tool, p.Env); err != nil {
		if _, other := executor.FindProgram("tofu", p.Env); other != nil {
			return runbook.Deployed{}, errors.New("neither terraform nor tofu is installed")
		}
		tool = "tofu"
	}
	d := runbook.Deployed{Dir: p.Dir, Selected: true, Outputs: map[string]string{}}
	workspace, err := p.Run(ctx, tool, "workspace", "show")
	if err != nil {
		return d, err
	}
	d.Workspace = strings.TrimSpace(string(workspace.Stdout))
	list, err := p.Run(ctx, tool, "workspace", "list")
	if err != nil {
		return d, err
	}
	// To show what is not there would make it.
	if !slices.Contains(strings.Fields(string(list.Stdout)), d.Workspace) {
		return d, fmt.Errorf("%s workspace list: there is no workspace %q", tool, d.Workspace)
	}
	shown, err := p.Run(ctx, tool, "show", "-json", "-no-color")
	switch {
	case err != nil:
		return d, err
	case workspace.Exit != 0:
		return d, fmt.Errorf("%s workspace show: %s", tool, workspace.Complaint())
	case shown.Exit != 0:
		return d, fmt.Errorf("%s show: %s", tool, shown.Complaint())
	}
	var state tfjson.State
	if err := json.Unmarshal(shown.Stdout, &state); err != nil {
		return d, fmt.Errorf("%s show: its answer cannot be read", tool) // which may hold secrets
	}
	if state.Values == nil {
		return d, nil
	}
	for name, o := range state.Values.Outputs {
		d.AddOutput(name, o.Value, o.Sensitive)
	}
	addModule(&d, state.Values.RootModule)
	return d, nil
}

func addModule(d *runbook.Deployed, m *tfjson.StateModule) {
	if m == nil {
		return
	}
	for _, r := range m.Resources {
		if r.Mode != tfjson.ManagedResourceMode {
			continue
		}
		var marked map[string]any
		unreadable := len(r.SensitiveValues) > 0 && json.Unmarshal(r.SensitiveValues, &marked) != nil
		d.AddResource(r.Type, r.AttributeValues, func(name string) bool { return unreadable || marked[name] == true })
	}
	for _, child := range m.ChildModules {
		addModule(d, child)
	}
}
