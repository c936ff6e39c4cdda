package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"runbook/executor"
)

// What the terraform checks say of an argument that they share.
const (
	terraformDir       = "the directory of the configuration, from the root"
	terraformWorkspace = "the workspace to look at; the one that is selected stays selected. Without it that one is looked at"
)

// A terraform is the tool, terraform or tofu, in the directory of one
// configuration. Nothing that it is asked changes anything or takes a lock.
type terraform struct {
	program executor.Program
	tool    string
	place   string // the directory as evidence names it
}

// openTerraform finds the tool and refuses a directory without a
// configuration: terraform itself answers there, of nothing.
func openTerraform(q executor.Query, dir string) (*terraform, error) {
	abs, err := below(q.Root, dir)
	if err != nil {
		return nil, err
	}
	env := append(slices.Clip(q.Env), "TF_IN_AUTOMATION=1")
	if workspace := q.Args["workspace"]; workspace != "" {
		if url.PathEscape(workspace) != workspace {
			return nil, fmt.Errorf("%s is no name of a workspace", quote(workspace))
		}
		env = append(env, "TF_WORKSPACE="+workspace)
	}
	t := &terraform{program: executor.Program{Dir: abs, Env: env}, place: dir}
	if dir == "" {
		t.place = "."
	}
	for _, tool := range []string{"terraform", "tofu"} {
		if _, err := executor.FindProgram(tool, q.Env); err == nil {
			t.tool = tool
			return t, t.configured()
		}
	}
	return nil, errors.New("neither terraform nor tofu is installed")
}

func (t *terraform) configured() error {
	entries, err := os.ReadDir(t.program.Dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		for _, ext := range []string{".tf", ".tf.json", ".tofu", ".tofu.json"} {
			if strings.HasSuffix(e.Name(), ext) {
				return nil
			}
		}
	}
	return fmt.Errorf("%s holds no terraform configuration", t.place)
}

// run asks the tool; any exit but 0 and also is an error.
func (t *terraform) run(ctx context.Context, also int, args ...string) (executor.Printed, error) {
	out, err := t.program.Run(ctx, t.tool, args...)
	if err == nil && out.Exit != 0 && out.Exit != also {
		err = fmt.Errorf("%s %s in %s: %s", t.tool, args[0], t.place, out.Complaint())
	}
	return out, err
}

// decode asks for JSON. What it holds may be secret and is not repeated.
func (t *terraform) decode(ctx context.Context, into any, args ...string) error {
	out, err := t.run(ctx, 0, args...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(out.Stdout, into); err != nil {
		return fmt.Errorf("%s %s in %s: its answer cannot be read", t.tool, strings.Join(args, " "), t.place)
	}
	return nil
}

// workspace is the one that is selected.
func (t *terraform) workspace(ctx context.Context) (string, error) {
	out, err := t.run(ctx, 0, "workspace", "show")
	name := strings.TrimSpace(string(out.Stdout))
	if err == nil && name == "" {
		err = fmt.Errorf("%s workspace show in %s: no answer", t.tool, t.place)
	}
	return name, err
}

// existing is the selected workspace, which must exist: terraform makes the one
// that it is asked about if it is not there, and then it would seem to be.
func (t *terraform) existing(ctx context.Context) (string, error) {
	name, err := t.workspace(ctx)
	if err != nil || name == "default" { // which always exists
		return name, err
	}
	there, err := t.hasWorkspace(ctx, name)
	if err == nil && !there {
		err = fmt.Errorf("%s workspace list in %s: there is no workspace %s", t.tool, t.place, quote(name))
	}
	return name, err
}

// hasWorkspace asks the backend for its workspaces.
func (t *terraform) hasWorkspace(ctx context.Context, name string) (bool, error) {
	out, err := t.run(ctx, 0, "workspace", "list")
	if err != nil {
		return false, err
	}
	for line := range strings.Lines(string(out.Stdout)) {
		if strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "* ")) == name {
			return true, nil
		}
	}
	return false, nil
}

// A terraformState is what the state holds, data sources left out.
type terraformState struct {
	resources []*tfjson.StateResource
	from      string // the request, for evidence
	workspace string
}

// state reads the state. One without resources proves nothing: it may be the
// wrong workspace, or never have been applied.
func (t *terraform) state(ctx context.Context) (*terraformState, error) {
	workspace, err := t.existing(ctx)
	if err != nil {
		return nil, err
	}
	var answer tfjson.State
	if err := t.decode(ctx, &answer, "show", "-json"); err != nil {
		return nil, err
	}
	s := &terraformState{workspace: workspace, from: fmt.Sprintf("%s show -json in %s, workspace %s", t.tool, t.place, workspace)}
	if answer.Values != nil {
		s.add(answer.Values.RootModule)
	}
	if len(s.resources) == 0 {
		return nil, fmt.Errorf("%s: the state holds no resources", s.from)
	}
	return s, nil
}

func (s *terraformState) add(m *tfjson.StateModule) {
	if m == nil {
		return
	}
	for _, r := range m.Resources {
		if r.Mode == tfjson.ManagedResourceMode {
			s.resources = append(s.resources, r)
		}
	}
	for _, child := range m.ChildModules {
		s.add(child)
	}
}

// named reports whether a pattern names a resource: by its address, by that
// without the index for all its instances, with "*" for any run of characters.
func named(pattern string, r *tfjson.StateResource) bool {
	return wild(pattern, r.Address) || wild(pattern, withoutIndex(r.Address))
}

// selected lists the resources that any of the patterns names; without
// patterns it lists all.
func (s *terraformState) selected(patterns []string) []*tfjson.StateResource {
	if len(patterns) == 0 {
		return s.resources
	}
	var found []*tfjson.StateResource
	for _, r := range s.resources {
		if slices.ContainsFunc(patterns, func(p string) bool { return named(p, r) }) {
			found = append(found, r)
		}
	}
	return found
}

// missing lists the patterns that name nothing.
func (s *terraformState) missing(patterns []string) []string {
	var none []string
	for _, p := range patterns {
		if !slices.ContainsFunc(s.resources, func(r *tfjson.StateResource) bool { return named(p, r) }) {
			none = append(none, quote(p))
		}
	}
	return none
}

// withoutIndex is a resource's address without the instance's own index: a
// number, or a quoted key that may itself hold brackets.
func withoutIndex(address string) string {
	if !strings.HasSuffix(address, "]") {
		return address
	}
	open := "["
	if strings.HasSuffix(address, `"]`) {
		open = `["`
	}
	return address[:max(0, strings.LastIndex(address, open))]
}

// planDir is the directory and the file's name of a saved plan: without a
// directory of the configuration it is the plan's own.
func planDir(dir, file string) (string, string) {
	if dir != "" {
		return dir, file
	}
	dir, file = filepath.Split(filepath.FromSlash(file))
	return strings.TrimSuffix(filepath.ToSlash(dir), "/"), file
}
