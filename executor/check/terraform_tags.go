package check

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	tfjson "github.com/hashicorp/terraform-json"

	"runbook/executor"
	"runbook/runbook"
)

// TerraformTags looks for the tags that every resource must carry.
type TerraformTags struct{}

// Info implements executor.Check.
func (TerraformTags) Info() runbook.Info {
	return runbook.Info{
		Name:    "terraform.tags",
		Summary: "every resource in the state that can have tags (tags, or tags_all with the provider's default ones) has the required ones",
		Limit:   2 * time.Minute, Configured: true,
		Args: map[string]string{
			"keys":      "the required tags' keys, separated by commas; their letters' case counts",
			"resource":  "only these: " + terraformResource,
			"dir":       terraformDir,
			"workspace": terraformWorkspace,
		},
		Require: []string{"keys"},
		Lists:   []string{"keys", "resource"},
	}
}

// Validate implements executor.Validator.
func (TerraformTags) Validate(args map[string]string) error {
	if len(list(args["keys"])) == 0 {
		return errors.New("keys: none is given")
	}
	return nil
}

// Check implements executor.Check. Where nothing can have tags, nothing is
// proven. Evidence names keys, never values.
func (c TerraformTags) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	if err := c.Validate(q.Args); err != nil {
		return executor.Finding{}, err
	}
	keys, patterns := list(q.Args["keys"]), list(q.Args["resource"])
	t, err := openTerraform(q, q.Args["dir"])
	if err != nil {
		return executor.Finding{}, err
	}
	state, err := t.state(ctx)
	if err != nil {
		return executor.Finding{}, err
	}
	if missing := state.missing(patterns); len(missing) > 0 {
		return executor.Finding{}, fmt.Errorf("%s: no resource %s", state.from, some(missing))
	}
	taggable, lacking := 0, []string(nil)
	for _, r := range state.selected(patterns) {
		tags, can := tagsOf(r)
		if !can {
			continue
		}
		taggable++
		if lack := lacks(tags, keys); len(lack) > 0 {
			lacking = append(lacking, r.Address+" lacks "+strings.Join(lack, ", "))
		}
	}
	said := fmt.Sprintf("%s: %d resources can have tags", state.from, taggable)
	switch {
	case taggable == 0:
		return executor.Finding{}, fmt.Errorf("%s: none of %d resources can have tags", state.from, len(state.resources))
	case len(lacking) > 0:
		return decided(q, false, "%s, %d of them lack required ones: %s", said, len(lacking), some(lacking))
	}
	return decided(q, true, "%s, all have %s", said, strings.Join(keys, ", "))
}

// tagsOf returns a resource's tags. One can have them if its type has such an
// attribute, be it null; a list of tags is another thing of the same name.
func tagsOf(r *tfjson.StateResource) (tags map[string]any, can bool) {
	for _, name := range []string{"tags_all", "tags"} {
		v, has := r.AttributeValues[name]
		m, is := v.(map[string]any)
		if has && (is || v == nil) {
			can = true
		}
		if len(m) > 0 {
			return m, true
		}
	}
	return nil, can
}

// lacks lists the keys without a value.
func lacks(tags map[string]any, keys []string) []string {
	var lack []string
	for _, k := range keys {
		if v, ok := tags[k].(string); !ok || v == "" {
			lack = append(lack, k)
		}
	}
	return lack
}
