package check

import (
	"context"
	"errors"
	"fmt"
	"time"

	"runbook/executor"
	"runbook/runbook"
)

// TerraformWorkspace tells which workspace the next command would change.
type TerraformWorkspace struct{}

// Info implements executor.Check.
func (TerraformWorkspace) Info() runbook.Info {
	return runbook.Info{
		Name:    "terraform.workspace",
		Summary: "a terraform workspace exists and is selected",
		Limit:   2 * time.Minute, Configured: true,
		Args: map[string]string{
			"name":     "the workspace's name",
			"dir":      terraformDir,
			"selected": "false: that it exists is enough",
		},
		Require: []string{"name"},
	}
}

// Validate implements executor.Validator.
func (TerraformWorkspace) Validate(args map[string]string) error {
	if args["name"] == "" {
		return errors.New("no workspace is named")
	}
	if s := args["selected"]; s != "" && s != "true" && s != "false" {
		return fmt.Errorf("selected: %s is neither true nor false", quote(s))
	}
	return nil
}

// Check implements executor.Check. A name can be selected whose workspace has
// been deleted from elsewhere: the backend is asked as well.
func (c TerraformWorkspace) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	if err := c.Validate(q.Args); err != nil {
		return executor.Finding{}, err
	}
	t, err := openTerraform(q, q.Args["dir"])
	if err != nil {
		return executor.Finding{}, err
	}
	name := q.Args["name"]
	if q.Args["selected"] == "false" {
		there, err := t.hasWorkspace(ctx, name)
		if err != nil {
			return executor.Finding{}, err
		}
		said := map[bool]string{true: "exists", false: "does not exist"}[there]
		return decided(q, there, "%s workspace list in %s: %s %s", t.tool, t.place, quote(name), said)
	}
	got, err := t.workspace(ctx)
	if err != nil {
		return executor.Finding{}, err
	}
	if got != name {
		return decided(q, false, "%s workspace show in %s: %s; expected %s", t.tool, t.place, quote(got), quote(name))
	}
	there, err := t.hasWorkspace(ctx, name)
	switch {
	case err != nil:
		return executor.Finding{}, err
	case !there:
		return decided(q, false, "%s workspace list in %s: %s is selected and does not exist", t.tool, t.place, quote(name))
	}
	return decided(q, true, "%s workspace show and list in %s: %s is selected and exists", t.tool, t.place, quote(got))
}
