package check

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	tfjson "github.com/hashicorp/terraform-json"

	"runbook/executor"
	"runbook/runbook"
)

// TerraformPlan counts what a saved plan would do.
type TerraformPlan struct{}

// Info implements executor.Check.
func (TerraformPlan) Info() runbook.Info {
	return runbook.Info{
		Name:    "terraform.plan",
		Summary: "how many resources a saved plan would create, update, delete or replace; one of the counts must be given",
		Limit:   2 * time.Minute, Configured: true,
		Args: map[string]string{
			"file":        "the saved plan, from dir",
			"dir":         terraformDir + `; without it the directory of the plan, and file is from the root`,
			"max_delete":  "it deletes no more than this many; where max_replace is not given, replacements count as well",
			"max_replace": "it replaces no more than this many",
			"create":      "it creates exactly this many",
			"update":      "it updates exactly this many in place",
			"delete":      "it deletes exactly this many, replacements not counted",
			"replace":     "it replaces exactly this many",
		},
		Require: []string{"file"},
	}
}

// Validate implements executor.Validator.
func (TerraformPlan) Validate(args map[string]string) error {
	_, err := planLimits(args)
	return err
}

// Check implements executor.Check. The digest of the plan's file is part of
// the evidence: it says which plan was judged.
func (TerraformPlan) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	limits, err := planLimits(q.Args)
	if err != nil {
		return executor.Finding{}, err
	}
	dir, file := planDir(q.Args["dir"], q.Args["file"])
	if !filepath.IsLocal(filepath.FromSlash(file)) {
		return executor.Finding{}, fmt.Errorf("%s is not below the root", quote(q.Args["file"]))
	}
	t, err := openTerraform(q, dir)
	if err != nil {
		return executor.Finding{}, err
	}
	sum, err := digestOf(ctx, t.program.Dir, file)
	if err != nil {
		return executor.Finding{}, err
	}
	var plan savedPlan
	if err := t.decode(ctx, &plan, "show", "-json", filepath.FromSlash(file)); err != nil {
		return executor.Finding{}, err
	}
	after, err := digestOf(ctx, t.program.Dir, file)
	if err != nil || after != sum {
		return executor.Finding{}, errors.Join(fmt.Errorf("%s changed while it was read", quote(file)), err)
	}
	counts, err := plan.counts()
	if err != nil {
		return executor.Finding{}, fmt.Errorf("%s: %w", quote(file), err)
	}
	judged, ok := limits.judge(counts)
	f, err := decided(q, ok, "%s show -json %s in %s: %d to create, %d to update, %d to delete, %d to replace; expected %s; sha256 %s",
		t.tool, file, t.place, counts.create, counts.update, counts.delete, counts.replace, judged, sum)
	f.Seen = &runbook.FileSeen{Path: path.Join(dir, filepath.ToSlash(file)), Digest: runbook.Digest("sha256:" + sum), As: "judged"}
	return f, err
}

// A savedPlan is what is read of a plan.
type savedPlan struct {
	Errored bool                     `json:"errored"`
	Changes []*tfjson.ResourceChange `json:"resource_changes"`
}

// planCounts are numbers of resources.
type planCounts struct{ create, update, delete, replace int }

// counts refuses a plan that is none: one that failed half-way, or that is
// about nothing.
func (p savedPlan) counts() (planCounts, error) {
	var c planCounts
	seen := 0
	for _, r := range p.Changes {
		if r == nil || r.Change == nil || r.Mode != tfjson.ManagedResourceMode {
			continue
		}
		seen++
		switch a := r.Change.Actions; {
		case a.Replace():
			c.replace++
		case a.Delete():
			c.delete++
		case a.Create():
			c.create++
		case a.Update():
			c.update++
		case a.NoOp(), a.Forget(), a.Read():
		default:
			return c, fmt.Errorf("%s: the action %v is not known", r.Address, a)
		}
	}
	switch {
	case p.Errored:
		return c, errors.New("planning failed half-way")
	case seen == 0:
		return c, errors.New("the plan is about no resources")
	}
	return c, nil
}

// limits are the numbers that a sidecar gives, by argument.
type limits map[string]int

func planLimits(args map[string]string) (limits, error) {
	l := limits{}
	for _, name := range []string{"max_delete", "max_replace", "create", "update", "delete", "replace"} {
		text, given := args[name]
		if !given || text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("%s: %s is not a number of resources", name, quote(text))
		}
		l[name] = n
	}
	if len(l) == 0 {
		return nil, errors.New("nothing is expected of the plan: give max_delete, max_replace, create, update, delete or replace")
	}
	return l, nil
}

// judge says what is expected, and whether it is so.
func (l limits) judge(c planCounts) (expected string, ok bool) {
	deleted := c.delete
	if _, apart := l["max_replace"]; !apart {
		deleted += c.replace
	}
	var said []string
	ok = true
	for _, e := range []struct {
		name  string
		got   int
		bound bool
	}{
		{"max_delete", deleted, true}, {"max_replace", c.replace, true},
		{"create", c.create, false}, {"update", c.update, false}, {"delete", c.delete, false}, {"replace", c.replace, false},
	} {
		want, given := l[e.name]
		if !given {
			continue
		}
		said = append(said, fmt.Sprintf("%s %d", e.name, want))
		if e.got > want || !e.bound && e.got != want {
			ok = false
		}
	}
	return strings.Join(said, ", "), ok
}
