package runbook

import (
	"encoding/json"
	"path"
	"slices"
	"strings"
)

// A Deployed is what terraform's state says of one workspace, as far as rules
// ask for it: names, for the arguments of checks. It holds nothing that the
// state marks as sensitive.
type Deployed struct {
	Dir       string // of the configuration, absolute
	Workspace string
	Selected  bool              // it is the one that is selected there
	Outputs   map[string]string // those that are one text
	Resources []DeployedResource
}

// A DeployedResource is one instance of a managed resource.
type DeployedResource struct {
	Type       string
	Attributes map[string]string // those that are one text
}

// largestState is the size in bytes of a state beyond which it is not read.
const largestState = 32 << 20

// localStates reads the state that a directory's configuration keeps beside
// itself, workspace by workspace. Where it is kept elsewhere, or how cannot be
// told, there is none.
func localStates(m Files, dir string) []Deployed {
	if !keepsLocalState(m, dir) {
		return nil
	}
	selected := "default"
	if src, err := m.ReadFile(path.Join(dir, ".terraform/environment")); err == nil && len(src) > 0 {
		selected = strings.TrimSpace(string(src))
	}
	files := map[string]string{"default": path.Join(dir, "terraform.tfstate")}
	for _, name := range m.Names(path.Join(dir, "terraform.tfstate.d"), "*") {
		files[name] = path.Join(dir, "terraform.tfstate.d", name, "terraform.tfstate")
	}
	var list []Deployed
	for _, workspace := range sortedKeys(files) {
		src, err := m.ReadFile(files[workspace])
		if err != nil || len(src) > largestState {
			continue
		}
		if d, ok := readState(src); ok {
			d.Dir, d.Workspace, d.Selected = dir, workspace, workspace == selected
			list = append(list, d)
		}
	}
	return list
}

// keepsLocalState reports whether a configuration's backend is the local one,
// with its files in their usual places: a state beside another backend is left
// over from before it.
func keepsLocalState(m Files, dir string) bool {
	src, err := m.ReadFile(path.Join(dir, ".terraform/terraform.tfstate"))
	if err != nil {
		return true // none is configured, which is the local one
	}
	var init struct {
		Backend *struct {
			Type   string
			Config map[string]any
		}
	}
	if json.Unmarshal(src, &init) != nil {
		return false
	}
	return init.Backend == nil || init.Backend.Type == "local" && init.Backend.Config["path"] == nil && init.Backend.Config["workspace_dir"] == nil
}

// stateVersion is the form of state files that is read.
const stateVersion = 4

// readState reads a state file. It is false for one of another form, and for
// one that holds nothing.
func readState(src []byte) (Deployed, bool) {
	var file struct {
		Version int
		Outputs map[string]struct {
			Value     any
			Sensitive bool
		}
		Resources []struct {
			Mode, Type string
			Instances  []struct {
				Attributes map[string]any
				Sensitive  json.RawMessage `json:"sensitive_attributes"`
			}
		}
	}
	if json.Unmarshal(src, &file) != nil || file.Version != stateVersion {
		return Deployed{}, false
	}
	d := Deployed{Outputs: map[string]string{}}
	for name, o := range file.Outputs {
		d.AddOutput(name, o.Value, o.Sensitive)
	}
	for _, r := range file.Resources {
		for _, in := range r.Instances {
			if r.Mode == "managed" {
				secret, told := sensitiveAttributes(in.Sensitive)
				d.AddResource(r.Type, in.Attributes, func(name string) bool { return !told || slices.Contains(secret, name) })
			}
		}
	}
	return d, len(d.Outputs)+len(d.Resources) > 0
}

// sensitiveAttributes reads the paths that a state marks: of each the attribute
// that it starts at. It is false where that cannot be told.
func sensitiveAttributes(raw json.RawMessage) (names []string, ok bool) {
	var paths [][]struct {
		Type  string
		Value any
	}
	if len(raw) > 0 && json.Unmarshal(raw, &paths) != nil {
		return nil, false
	}
	for _, p := range paths {
		name, is := "", false
		if len(p) > 0 {
			name, is = p[0].Value.(string)
		}
		if !is {
			return nil, false
		}
		names = append(names, name)
	}
	return names, true
}

// AddOutput keeps an output if it is one text and no secret, by its mark or by
// its name.
func (d *Deployed) AddOutput(name string, value any, sensitive bool) {
	text, ok := value.(string)
	if ok && !sensitive && !isSecretName(name) {
		d.Outputs[name] = text
	}
}

// AddResource keeps a resource, and those of its attributes that are one text
// and no secret.
func (d *Deployed) AddResource(kind string, attributes map[string]any, sensitive func(name string) bool) {
	r := DeployedResource{Type: kind, Attributes: map[string]string{}}
	for name, value := range attributes {
		if text, ok := value.(string); ok && !sensitive(name) && !isSecretName(name) {
			r.Attributes[name] = text
		}
	}
	d.Resources = append(d.Resources, r)
}

// TerraformDirs lists the directories, absolute, in which the steps of the main
// path run terraform, as far as the text tells.
func (p *Plan) TerraformDirs() []string {
	var dirs []string
	for _, t := range p.Steps() {
		if t.Contingency != "" || t.Skip {
			continue
		}
		for _, list := range t.Terraform {
			for _, dir := range list {
				if dir != "" && !slices.Contains(dirs, dir) {
					dirs = append(dirs, dir)
				}
			}
		}
	}
	slices.Sort(dirs)
	return dirs
}
