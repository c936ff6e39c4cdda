package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"runbook/executor"
	"runbook/runbook"
)

// planFlags are the flags that decide what a plan says; exec and plan share
// them, so that one shows exactly what the other does.
type planFlags struct {
	sets    []string
	answers string
	steps   []string
	from    string
	section string
	dirs    string
	strict  bool
	timeout time.Duration
	format  string
	rules   string
	suggest bool           // the plan is for a person, who is shown what rules propose
	known   *runbook.Rules // those of the last plan
	// deployed is what terraform has been asked for.
	deployed []runbook.Deployed
	// contingency is what rollback runs, and declared the values that it gives.
	contingency runbook.ID
	declared    []runbook.GivenFor
}

func (f *planFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.sets, "set", nil, "`LABEL=VALUE` for a blank or a placeholder, by label, slot ID or placeholder text")
	flags.StringVar(&f.answers, "answers", "", "YAML `file` of values and attestations (fields:, items:, placeholders:)")
	flags.StringArrayVar(&f.steps, "step", nil, "only this step, by `ID or number`; repeatable")
	flags.StringVar(&f.from, "from", "", "only this step and those after it, by `ID or number`")
	flags.StringVar(&f.section, "section", "", "only the steps, items and blanks of this section, by `ID or title`")
	flags.StringVar(&f.dirs, "dir", string(runbook.DirAuto), "where a step without a directory starts: auto, root or carry")
	flags.BoolVar(&f.strict, "strict", false, "open items above a step hold it")
	flags.DurationVar(&f.timeout, "timeout", 0, "per step; none by default: a half-done apply is worse than a slow one")
	flags.StringVar(&f.format, "format", "text", "text or json")
	flags.StringVar(&f.rules, "rules", "", "YAML `file` of rules that propose checks in a plan (default: .runbook.rules.yaml beside FILE, or in the root)")
}

func (f *planFlags) check() error {
	if !slices.Contains([]string{"text", "json"}, f.format) {
		return usagef("", "--format is text or json, not %q", f.format)
	}
	if !slices.Contains([]runbook.DirPolicy{runbook.DirAuto, runbook.DirRoot, runbook.DirCarry}, runbook.DirPolicy(f.dirs)) {
		return usagef("", "--dir is auto, root or carry, not %q", f.dirs)
	}
	if f.timeout < 0 {
		return usagef("", "--timeout is negative")
	}
	return nil
}

// plan makes the plan of a session's document. Values that its run has journaled
// outrank the flags.
func (f *planFlags) plan(s *session, registry *executor.Registry) (*runbook.Plan, error) {
	list, problems, err := givens(f.sets, f.answers)
	if err != nil {
		return nil, err
	}
	car, faults, err := readSidecar(s.place.path)
	if err != nil {
		return nil, err
	}
	if car != nil {
		s.sidecar = car.Bytes
	}
	if f.suggest {
		if f.known, err = readRules(s.place, f.rules, registry.Catalog()); err != nil {
			return nil, err
		}
	}
	contingency := f.contingency
	if contingency == "" && s.state != nil {
		contingency = s.state.Contingency()
	}
	plan := runbook.NewPlan(s.doc, runbook.PlanInput{
		Contingency: contingency, Execute: f.contingency != "",
		Catalog: registry.Catalog(), Sidecar: car, Givens: slices.Concat(f.declared, list, s.placeholders()),
		Tree: newDiskTree(), Files: diskFiles{}, Digests: diskFiles{}, Reviewed: s.state.Reviewed(), Root: s.place.root, DocDir: s.place.dir, Dirs: runbook.DirPolicy(f.dirs),
		Select: runbook.Selection{Steps: f.steps, From: f.from, Section: f.section},
		Strict: f.strict, InTree: shelterOf(s.target) != "", Timeout: f.timeout, Rules: f.known, Deployed: f.deployed,
	})
	plan.Problems = append(append(problems, faults...), plan.Problems...)
	changed, err := s.sidecarProblem()
	plan.Problems = slices.Concat(plan.Problems, invalid(plan, car, registry), changed)
	return plan, err
}

// invalid reports bindings whose arguments their check or source refuses.
func invalid(plan *runbook.Plan, car *runbook.Sidecar, registry *executor.Registry) []runbook.Problem {
	var problems []runbook.Problem
	for i := range plan.Tasks {
		t := &plan.Tasks[i]
		if t.Number > 0 || t.Binding.Origin != runbook.FromSidecar && t.Binding.Origin != runbook.FromComment {
			continue
		}
		for _, b := range t.Binding.Parts() {
			var target any = registry.Sources[b.Use]
			if t.Slot.Kind == runbook.ItemSlot {
				target = registry.Checks[b.Use]
			}
			v, ok := target.(executor.Validator)
			if !ok {
				continue
			}
			code, where := "attribute", ""
			if t.Binding.Origin == runbook.FromSidecar {
				code, where = "sidecar", fmt.Sprintf("%s:%d: ", car.Name, t.Binding.Line)
			}
			if err := v.Validate(b.Args); err != nil {
				problems = append(problems, runbook.Problem{Severity: runbook.Error, Code: code, Line: t.Slot.Line,
					Message: fmt.Sprintf("%s%s: %s: %v", where, t.Slot.ID, b.Use, err)})
			}
		}
	}
	return problems
}
