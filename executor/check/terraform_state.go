package check

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"runbook/executor"
	"runbook/runbook"
)

// What the terraform checks say of an argument that selects resources.
const terraformResource = `addresses of resources, separated by commas: without its index one names all its instances, and * stands for any run of characters`

// TerraformState looks for resources in the state.
type TerraformState struct{}

// Info implements executor.Check.
func (TerraformState) Info() runbook.Info {
	return runbook.Info{
		Name:    "terraform.state",
		Summary: "the state holds the named resources, or a number of them; data sources do not count. One of resource and count must be given",
		Limit:   2 * time.Minute, Configured: true,
		Args: map[string]string{
			"resource":  terraformResource + "; each must name at least one",
			"count":     "how many resources these are, or the whole state holds",
			"dir":       terraformDir,
			"workspace": terraformWorkspace,
		},
		Lists: []string{"resource"},
	}
}

// Validate implements executor.Validator.
func (TerraformState) Validate(args map[string]string) error {
	_, _, err := stateWanted(args)
	return err
}

// stateWanted reads the arguments; without a count it is -1.
func stateWanted(args map[string]string) (patterns []string, count int, err error) {
	patterns, count = list(args["resource"]), -1
	if text := args["count"]; text != "" {
		if count, err = strconv.Atoi(text); err != nil || count < 0 {
			return nil, 0, fmt.Errorf("count: %s is not a number of resources", quote(text))
		}
	}
	if len(patterns) == 0 && count < 0 {
		return nil, 0, errors.New("nothing is expected of the state: give resource or count")
	}
	return patterns, count, nil
}

// Check implements executor.Check.
func (TerraformState) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	patterns, count, err := stateWanted(q.Args)
	if err != nil {
		return executor.Finding{}, err
	}
	t, err := openTerraform(q, q.Args["dir"])
	if err != nil {
		return executor.Finding{}, err
	}
	state, err := t.state(ctx)
	if err != nil {
		return executor.Finding{}, err
	}
	if missing := state.missing(patterns); len(missing) > 0 {
		return decided(q, false, "%s: no resource %s among %d", state.from, some(missing), len(state.resources))
	}
	found := state.selected(patterns)
	said := fmt.Sprintf("%s: %d of %d resources", state.from, len(found), len(state.resources))
	if len(patterns) > 0 {
		said += " are " + some(patterns)
	}
	if count >= 0 {
		said += fmt.Sprintf("; expected %d", count)
	}
	return decided(q, count < 0 || len(found) == count, "%s", said)
}
