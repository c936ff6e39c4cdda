package runbook

import (
	"fmt"
	"slices"
	"strings"
)

// deployed adds what terraform's state says to the facts: what the caller has
// asked terraform for, and, of other workspaces and directories, what lies
// beside their configuration.
func (f *facts) deployed(given []Deployed, files Files, pins []Pin) {
	states := slices.Clone(given)
	for _, dir := range f.plan.TerraformDirs() {
		if files == nil {
			continue
		}
		for _, local := range localStates(files, dir) {
			if !slices.ContainsFunc(given, func(d Deployed) bool { return d.Dir == dir && d.Workspace == local.Workspace }) {
				states = append(states, local)
			}
		}
	}
	wanted := f.plan.workspace(pins)
	for i := range states {
		d := &states[i]
		place := fmt.Sprintf("%s, workspace %s", f.shownDir(d.Dir), d.Workspace)
		x := fact{origin: fromState, at: -1, section: -1, workspace: d.Workspace}
		x.preferred = d.Workspace == wanted || wanted == "" && d.Selected
		for _, kind := range sortedKeys(f.rules.facts) {
			for _, s := range f.rules.facts[kind] {
				x.where = "the state of " + place
				f.ofResources(d, s, x)
				x.where = place
				f.ofOutputs(d, s, x)
			}
		}
	}
}

func (f *facts) shownDir(abs string) string {
	if dir, ok := f.fromRoot(abs); ok {
		return dir
	}
	return abs
}

// ofResources takes an attribute of all resources of a type, or their number.
func (f *facts) ofResources(d *Deployed, s factSource, x fact) {
	n := 0
	for _, r := range d.Resources {
		if s.resource == "" || s.resource != "*" && s.resource != r.Type {
			continue
		}
		n++
		if s.take != "count" {
			x.about = append(words(r.Type), words(r.Attributes[s.take])...)
			f.keep(s.kind, r.Attributes[s.take], x)
		}
	}
	if s.take == "count" && n > 0 {
		// A number of resources says something of another workspace alone: of
		// its own it would be compared with itself.
		x.elsewhere = true
		f.keep(s.kind, fmt.Sprint(n), x)
	}
}

// ofOutputs takes the outputs whose names say what a source wants.
func (f *facts) ofOutputs(d *Deployed, s factSource, x fact) {
	place := x.where
	for _, name := range sortedKeys(d.Outputs) {
		value := d.Outputs[name]
		if x.about = words(name); findAny(s.outputs, x.about) == nil {
			continue
		}
		if s.shape != "" {
			value = textShapes[s.shape](value, true)
		}
		x.where = "the output " + name + " of " + place
		f.keep(s.kind, value, x)
	}
}

// keep adds a fact that is no step's, unless it says nothing or is there.
func (f *facts) keep(kind, value string, x fact) {
	if value == "" || strings.ContainsAny(value, "\n\r,{}*") {
		return
	}
	x.value = value
	if !slices.ContainsFunc(f.byKind[kind], func(y fact) bool {
		return y.origin == x.origin && y.value == value && y.workspace == x.workspace
	}) {
		f.byKind[kind] = append(f.byKind[kind], x)
	}
}

// workspace is the one that the plan is about: the pinned one, else the only
// one that the main path's steps create or select; empty if that cannot be told.
func (p *Plan) workspace(pins []Pin) string {
	for _, pin := range pins {
		if pin.Name == "terraform_workspace" {
			return pin.Expected
		}
	}
	name := ""
	for _, t := range p.Steps() {
		if t.Contingency != "" || t.Skip || t.Script == nil {
			continue
		}
		for _, c := range t.Script.Commands {
			for _, m := range selects.FindAllStringSubmatch(c.Text, -1) {
				if strings.ContainsAny(m[1], "$`<{") || name != "" && m[1] != name {
					return ""
				}
				name = m[1]
			}
		}
	}
	return name
}
