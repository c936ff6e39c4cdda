package runbook

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// checks completes a binding from what the checklist's steps do: where
// terraform's configuration is, and which step must be over before the question
// has an answer.
func (b *planner) checks(t *Task, infos []Info) {
	for _, p := range t.Binding.Parts() {
		i := slices.IndexFunc(infos, func(in Info) bool { return in.Name == p.Use })
		if i >= 0 && infos[i].Configured && (t.Slot.Kind == ItemSlot || t.Binding.Origin != Inferred) {
			b.configure(t, p)
		}
		b.wait(t, p)
	}
}

// deadSteps names the steps in a binding's arguments that the document does not
// have: the question could never be answered.
func (b *planner) deadSteps(infos []Info, binding *Binding) []string {
	var faults []string
	for _, p := range binding.Parts() {
		i := slices.IndexFunc(infos, func(in Info) bool { return in.Name == p.Use })
		if i < 0 {
			continue
		}
		for _, arg := range infos[i].Steps {
			id := p.Args[arg]
			if slot := b.plan.Document.Slot(ID(id)); id != "" && id != "run" && (slot == nil || slot.Kind != StepSlot) {
				faults = append(faults, fmt.Sprintf("%s: %s: there is no step %q", p.Use, arg, id))
			}
		}
	}
	return faults
}

// configure finds the directory of terraform's configuration for a binding that
// names none: the one in which the steps of the same section run terraform, or
// the only one in which any step does.
func (b *planner) configure(t *Task, p *Binding) {
	if p.Args["dir"] != "" || p.Args["get"] == "version" || strings.Contains(p.Args["file"], "/") {
		return
	}
	own := b.terraformDirs(func(s *Task) bool { return s.Slot.Section == t.Slot.Section })
	all := b.terraformDirs(func(s *Task) bool { return s.Contingency == "" || s.Contingency == t.Contingency })
	found, why := own, "the steps of its section run terraform there"
	if len(own) != 1 {
		found, why = all, "the only directory in which steps run terraform"
	}
	if len(found) != 1 || path.IsAbs(found[0]) {
		return
	}
	args := map[string]string{"dir": found[0]}
	for k, v := range p.Args {
		if v != "" || k != "dir" {
			args[k] = v
		}
	}
	p.Args = args
	note := fmt.Sprintf("dir %s: %s", found[0], why)
	if !strings.Contains(t.Binding.Why, note) {
		t.Binding.Why += "; " + note
	}
}

// terraformDirs lists the directories, from the root, in which the chosen steps
// need terraform's configuration, as far as their text tells.
func (b *planner) terraformDirs(choose func(*Task) bool) []string {
	var dirs []string
	for _, s := range b.inf.steps {
		if !choose(s) {
			continue
		}
		for c := range s.Script.Commands {
			for _, abs := range s.Terraform[c] {
				if dir := b.walk.rel(abs); abs != "" && !slices.Contains(dirs, dir) {
					dirs = append(dirs, dir)
				}
			}
		}
	}
	return dirs
}

// wait puts a question off until the step that it is about is over: the one
// whose time or output it asks for, or which makes the file that it looks at.
func (b *planner) wait(t *Task, p *Binding) {
	about := func(id string) {
		for _, s := range b.inf.steps {
			if string(s.Slot.ID) == id {
				t.about = max(t.about, s.Number)
			}
		}
	}
	switch p.Use {
	case "clock":
		if of := p.Args["of"]; of != "run" {
			about(of)
		}
	case "output":
		about(p.Args["step"])
	case "file":
		t.about = max(t.about, b.walk.made[path.Join(b.in.Root, p.Args["path"])])
	case "terraform.plan":
		t.about = max(t.about, b.walk.made[path.Join(b.in.Root, p.Args["dir"], p.Args["file"])])
	}
	t.After = max(t.After, t.about)
}
