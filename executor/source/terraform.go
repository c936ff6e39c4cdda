package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	tfjson "github.com/hashicorp/terraform-json"

	"runbook/executor"
	"runbook/runbook"
)

// Terraform gives outputs, typed and with their sensitive flag, from
// `terraform output -json` alone: the other forms print warnings on standard
// output and sensitive values in clear. It also tells the executor which
// values are secret.
type Terraform struct {
	mu    sync.Mutex
	known map[string]*outputs // by directory and epoch
}

// outputs is what one directory holds, read once for all blanks of an epoch.
type outputs struct {
	once      sync.Once
	values    map[string]*tfjson.StateOutput
	workspace string
	err       error
}

// Info implements executor.Source.
func (*Terraform) Info() runbook.Info {
	return runbook.Info{
		Name:       "terraform",
		Summary:    "an output of terraform (or tofu), its version or its workspace",
		Configured: true,
		Args: map[string]string{
			"output": "the output's name",
			"get":    `"version" or "workspace", instead of an output`,
			"dir":    "the directory of the configuration, from the root",
		},
	}
}

// Value implements executor.Source.
func (t *Terraform) Value(ctx context.Context, q executor.Query) (executor.Value, error) {
	tool, err := terraformTool()
	if err != nil {
		return executor.Value{}, err
	}
	dir := filepath.Join(q.Root, filepath.FromSlash(q.Args["dir"]))
	switch get := q.Args["get"]; {
	case get == "version":
		return version(ctx, tool, q)
	case get == "workspace":
		name, err := workspace(ctx, tool, dir, q.Env)
		if err != nil {
			return executor.Value{}, err
		}
		return executor.Value{Text: name, Detail: tool + " workspace show"}, nil
	case get != "":
		return executor.Value{}, fmt.Errorf("terraform gives no %q", get)
	case q.Args["output"] == "":
		return executor.Value{}, errors.New("terraform is to give an output, and none is named")
	}
	return t.output(ctx, tool, dir, q)
}

func (t *Terraform) output(ctx context.Context, tool, dir string, q executor.Query) (executor.Value, error) {
	name := q.Args["output"]
	out := t.read(ctx, tool, dir, q)
	if out.err != nil {
		return executor.Value{}, out.err
	}
	o, ok := out.values[name]
	if !ok {
		return executor.Value{}, unknownOutput(name, q.Args["dir"], out)
	}
	text, ok := o.Value.(string)
	if !ok {
		b, err := json.Marshal(o.Value)
		if err != nil {
			return executor.Value{}, fmt.Errorf("terraform output %s: %w", name, err)
		}
		text = string(b)
	}
	if text == "" || text == "null" {
		return executor.Value{}, fmt.Errorf("terraform output %s is empty", name)
	}
	return executor.Value{
		Text: text, Sensitive: o.Sensitive,
		Detail: fmt.Sprintf("output %s, workspace %s", name, out.workspace),
		Notes:  []*runbook.Noted{{What: "Terraform workspace", Value: out.workspace}},
	}, nil
}

func unknownOutput(name, dir string, out *outputs) error {
	if dir == "" {
		dir = "."
	}
	if len(out.values) == 0 {
		return fmt.Errorf("terraform has no outputs in %s, workspace %s: has it been applied?", dir, out.workspace)
	}
	return fmt.Errorf("terraform has no output %q in %s, workspace %s; it has %s", name, dir, out.workspace,
		strings.Join(slices.Sorted(maps.Keys(out.values)), ", "))
}

// read asks terraform once for each directory and epoch.
func (t *Terraform) read(ctx context.Context, tool, dir string, q executor.Query) *outputs {
	t.mu.Lock()
	key := fmt.Sprintf("%d\x00%s", q.Epoch, dir)
	if t.known == nil {
		t.known = map[string]*outputs{}
	}
	out := t.known[key]
	if out == nil {
		out = &outputs{}
		t.known[key] = out
	}
	t.mu.Unlock()
	out.once.Do(func() {
		if out.values, out.err = readOutputs(ctx, tool, dir, q.Env); out.err == nil {
			out.workspace, out.err = workspace(ctx, tool, dir, q.Env)
		}
	})
	return out
}

// readOutputs reads all outputs. Of a workspace that the environment names and
// that does not exist there are none, and terraform is not asked: it would make
// it.
func readOutputs(ctx context.Context, tool, dir string, env []string) (map[string]*tfjson.StateOutput, error) {
	if name := named(env); name != "" && name != "default" {
		list, err := command(ctx, dir, env, tool, "workspace", "list", "-no-color")
		if err != nil {
			return nil, err
		}
		if !slices.Contains(strings.Fields(string(list)), name) {
			return nil, nil
		}
	}
	b, err := command(ctx, dir, env, tool, "output", "-json", "-no-color")
	if err != nil {
		return nil, err
	}
	var values map[string]*tfjson.StateOutput
	if err := json.Unmarshal(b, &values); err != nil {
		return nil, fmt.Errorf("%s output -json: %w", tool, err)
	}
	return values, nil
}

// named is the workspace that the environment names, if it does.
func named(env []string) string {
	name := ""
	for _, pair := range env {
		if k, v, _ := strings.Cut(pair, "="); k == "TF_WORKSPACE" {
			name = v
		}
	}
	return name
}

// terraformTool finds terraform, or tofu where only that is installed.
func terraformTool() (string, error) {
	for _, tool := range []string{"terraform", "tofu"} {
		if _, err := exec.LookPath(tool); err == nil {
			return tool, nil
		}
	}
	return "", errors.New("neither terraform nor tofu is installed")
}

func version(ctx context.Context, tool string, q executor.Query) (executor.Value, error) {
	b, err := command(ctx, q.Root, q.Env, tool, "version", "-json")
	if err != nil {
		return executor.Value{}, err
	}
	var v tfjson.VersionOutput
	if err := json.Unmarshal(b, &v); err != nil {
		return executor.Value{}, fmt.Errorf("%s version -json: %w", tool, err)
	}
	if v.Version == "" {
		return executor.Value{}, fmt.Errorf("%s version -json names no version", tool)
	}
	return executor.Value{Text: v.Version, Detail: tool + " version -json"}, nil
}

func workspace(ctx context.Context, tool, dir string, env []string) (string, error) {
	out, err := command(ctx, dir, env, tool, "workspace", "show", "-no-color")
	if err != nil {
		return "", err
	}
	name := strings.TrimSpace(string(out))
	if name == "" {
		return "", fmt.Errorf("%s workspace show names no workspace", tool)
	}
	return name, nil
}

// Secrets implements executor.Learner: the text of every sensitive output,
// down to the leaves of structured ones.
func (t *Terraform) Secrets(ctx context.Context, dir string, env []string) ([]executor.Secret, error) {
	tool, err := terraformTool()
	if err != nil {
		return nil, err
	}
	values, err := readOutputs(ctx, tool, dir, env)
	if err != nil {
		return nil, err
	}
	var secrets []executor.Secret
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if o := values[name]; o.Sensitive {
			secrets = leaves(secrets, name, o.Value)
		}
	}
	return secrets, nil
}

func leaves(secrets []executor.Secret, name string, v any) []executor.Secret {
	switch v := v.(type) {
	case nil:
		return secrets
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			secrets = leaves(secrets, name, v[k])
		}
		return secrets
	case []any:
		for _, e := range v {
			secrets = leaves(secrets, name, e)
		}
		return secrets
	}
	return append(secrets, executor.Secret{Name: name, Value: fmt.Sprint(v)})
}
