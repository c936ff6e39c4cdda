package runbook

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Pin is something that must be so before a run may have an effect: the
// account, the region, the workspace. It is asked of a source or a check, like
// anything else.
type Pin struct {
	Name     string    `json:"pin"`
	Expected string    `json:"expected"`
	Line     int       `json:"-"`
	Of       []Binding `json:"-"` // all of them must answer what is expected
	Check    bool      `json:"-"` // Of are checks, whose pass is expected
	// Steps are the numbers of the steps before which it is checked; without
	// any it is checked before the first effect and whenever the run goes on.
	Steps []int `json:"steps,omitempty"`
	// Once says that it is not checked again once a step has run: the steps
	// themselves change what it is about.
	Once bool   `json:"once,omitempty"`
	When string `json:"when"`
}

// pinNames are the pins that a sidecar can have.
var pinNames = []string{"aws_account", "aws_region", "branch", "clean_tree", "terraform_workspace"}

func (r *sidecarReader) pins(n *yaml.Node) {
	r.mapping(n, func(k, v *yaml.Node) {
		name, value := k.Value, r.scalar(v, k.Value)
		switch {
		case !slices.Contains(pinNames, name):
			r.fault(k.Line, "there is no pin %q; there are %s", name, strings.Join(pinNames, ", "))
			return
		case value == "":
			r.fault(v.Line, "the pin %s has no value", name)
			return
		case name == "aws_account" && (len(value) != 12 || strings.Trim(value, "0123456789") != ""):
			r.fault(v.Line, "%s: %q is not an account of 12 digits", name, value)
			return
		case name == "clean_tree":
			if on, err := parseSwitch(name, value); err != nil || !on {
				r.fault(v.Line, "clean_tree is true, or is not given")
				return
			}
			value = "true"
		}
		r.car.Pins = append(r.car.Pins, Pin{Name: name, Expected: value, Line: v.Line})
	})
}

// selects finds the workspace that a command creates or selects.
var selects = regexp.MustCompile(`\b(?:terraform|tofu)\b[^\n|;&]*\bworkspace\s+(?:new|select)\s+(?:-\S+\s+)*["']?([^\s"']+)`)

// pins says of each pin whom to ask, and when.
func (b *planner) pins() {
	const start = "before the first step, and whenever the run goes on"
	for _, pin := range b.in.Sidecar.Pins {
		ask := func(use string, args map[string]string) {
			pin.Of = append(pin.Of, Binding{Use: use, Args: args, Origin: FromSidecar, Line: pin.Line, Limit: DefaultLimit, Attempts: 1})
		}
		pin.When = start
		switch pin.Name {
		case "aws_account":
			ask("aws", map[string]string{"get": "account"})
		case "aws_region":
			ask("aws", map[string]string{"get": "region"})
		case "branch":
			ask("git", map[string]string{"get": "branch"})
		case "clean_tree":
			ask("git", map[string]string{"what": "clean"})
			pin.Check, pin.Once = true, true
			pin.When = "before the first step; the steps then change the tree"
		case "terraform_workspace":
			b.pinWorkspace(&pin, ask)
		}
		b.plan.Pins = append(b.plan.Pins, pin)
	}
}

// pinWorkspace puts the question off until a step has selected the workspace,
// where one does: before it, another one is rightly selected.
func (b *planner) pinWorkspace(pin *Pin, ask func(string, map[string]string)) {
	main := func(s *Task) bool { return s.Contingency == "" && !s.Skip }
	dirs := b.terraformDirs(main)
	if len(dirs) == 0 {
		dirs = []string{""}
	}
	for _, dir := range dirs {
		ask("terraform", map[string]string{"get": "workspace", "dir": dir})
	}
	chooser, early := 0, []string(nil)
	for _, s := range b.inf.steps {
		if !main(s) || len(s.Script.Commands) == 0 {
			continue
		}
		for _, c := range s.Script.Commands {
			for _, m := range selects.FindAllStringSubmatch(c.Text, -1) {
				if name := m[1]; name != pin.Expected && !strings.ContainsAny(name, "$`<{") {
					b.report(Problem{Error, "sidecar", c.Line,
						fmt.Sprintf("%s:%d: pins: step %d selects the workspace %s, and %s is pinned", b.in.Sidecar.Name, pin.Line, s.Number, name, pin.Expected), ""})
				}
				if chooser == 0 {
					chooser = s.Number
				}
			}
		}
		switch {
		case len(s.Terraform) == 0 || s.Number == chooser:
		case chooser > 0:
			pin.Steps = append(pin.Steps, s.Number)
		default:
			early = append(early, strconv.Itoa(s.Number))
		}
	}
	if chooser == 0 {
		pin.Steps = nil
		return
	}
	if len(early) > 0 {
		b.report(Problem{Severity: Warning, Code: "pin", Hint: "select the workspace in an earlier step", Message: fmt.Sprintf("%s:%d: pins: step %s uses terraform before step %d selects the workspace, and is not held by the pin", b.in.Sidecar.Name, pin.Line, strings.Join(early, ", "), chooser)})
	}
	pin.When = fmt.Sprintf("after step %d, which selects it; no later step uses terraform, so it is never checked", chooser)
	if len(pin.Steps) > 0 {
		numbers := make([]string, len(pin.Steps))
		for i, n := range pin.Steps {
			numbers[i] = strconv.Itoa(n)
		}
		pin.When = fmt.Sprintf("after step %d, which selects it, and before each later step that uses terraform: %s", chooser, strings.Join(numbers, ", "))
	}
}

// PinsBefore lists the pins that are to be checked now: before a step, or, if
// that is nil, as the run begins or goes on.
func (p *Plan) PinsBefore(t *Task, s *State) []*Pin {
	var due []*Pin
	for i := range p.Pins {
		pin := &p.Pins[i]
		first := len(pin.Steps) == 0 && !strings.HasPrefix(pin.When, "after ")
		switch {
		case t != nil && slices.Contains(pin.Steps, t.Number),
			t == nil && first && (!pin.Once || len(s.Steps) == 0):
			due = append(due, pin)
		}
	}
	return due
}
