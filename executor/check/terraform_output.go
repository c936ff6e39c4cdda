package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"

	tfjson "github.com/hashicorp/terraform-json"

	"runbook/executor"
	"runbook/runbook"
)

// TerraformOutput judges the value of one output.
type TerraformOutput struct{}

// Info implements executor.Check.
func (TerraformOutput) Info() runbook.Info {
	return runbook.Info{
		Name:    "terraform.output",
		Summary: "a terraform output is there and not empty; more, if asked, about its value, which the evidence leaves out where it is sensitive",
		Limit:   2 * time.Minute, Configured: true,
		Args: map[string]string{
			"name":      "the output's name",
			"equals":    "its value, as JSON where it is no string",
			"matches":   "a regular expression (RE2) that the whole value matches",
			"dir":       terraformDir,
			"workspace": terraformWorkspace,
		},
		Require: []string{"name"},
	}
}

// Validate implements executor.Validator.
func (TerraformOutput) Validate(args map[string]string) error {
	if args["name"] == "" {
		return errors.New("no output is named")
	}
	_, err := wholeValue(args["matches"])
	return err
}

// wholeValue is the expression that the whole of a value must match.
func wholeValue(arg string) (*regexp.Regexp, error) {
	// Alone first: its parentheses must not end ours.
	if _, err := regexp.Compile(arg); err != nil {
		return nil, fmt.Errorf("matches: %w", err)
	}
	return regexp.Compile(`\A(?:` + arg + `)\z`)
}

// Check implements executor.Check. A state without any output, and a value
// that is empty, prove nothing.
func (c TerraformOutput) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	if err := c.Validate(q.Args); err != nil {
		return executor.Finding{}, err
	}
	pattern, err := wholeValue(q.Args["matches"])
	if err != nil {
		return executor.Finding{}, err
	}
	t, err := openTerraform(q, q.Args["dir"])
	if err != nil {
		return executor.Finding{}, err
	}
	workspace, err := t.existing(ctx)
	if err != nil {
		return executor.Finding{}, err
	}
	var outputs map[string]*tfjson.StateOutput
	if err := t.decode(ctx, &outputs, "output", "-json", "-no-color"); err != nil {
		return executor.Finding{}, err
	}
	from := fmt.Sprintf("%s output -json in %s, workspace %s", t.tool, t.place, workspace)
	name := q.Args["name"]
	o := outputs[name]
	switch {
	case len(outputs) == 0:
		return executor.Finding{}, fmt.Errorf("%s: there are no outputs", from)
	case o == nil:
		return decided(q, false, "%s: there is no output %s; there are %s", from, quote(name), some(slices.Sorted(maps.Keys(outputs))))
	}
	value, err := outputText(o)
	if err != nil {
		return executor.Finding{}, fmt.Errorf("%s: output %s: %w", from, name, err)
	}
	said := fmt.Sprintf("%s: %s is %s", from, name, quote(value))
	if o.Sensitive {
		said = fmt.Sprintf("%s: %s is set, sensitive and not shown", from, name)
	}
	if want := q.Args["equals"]; want != "" && value != want {
		return decided(q, false, "%s; it does not equal what the sidecar says", said)
	}
	if q.Args["matches"] != "" && !pattern.MatchString(value) {
		return decided(q, false, "%s; it does not match %s", said, q.Args["matches"])
	}
	return decided(q, true, "%s%s", said, held(q.Args))
}

// held names what was asked of the value.
func held(args map[string]string) string {
	said := ""
	if args["equals"] != "" {
		said += ", as the sidecar says"
	}
	if args["matches"] != "" {
		said += ", matches " + args["matches"]
	}
	return said
}

// outputText is a string as it is, and anything else as JSON.
func outputText(o *tfjson.StateOutput) (string, error) {
	text, ok := o.Value.(string)
	if !ok {
		b, err := json.Marshal(o.Value)
		if err != nil {
			return "", err
		}
		text = string(b)
	}
	switch text {
	case "", "null", "[]", "{}":
		return "", errors.New("it is empty")
	}
	return text, nil
}
