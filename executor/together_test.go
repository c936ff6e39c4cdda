package executor_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"runbook/executor"
	"runbook/runbook"
)

// A toldCheck concludes what its argument says.
type toldCheck struct{}

func (toldCheck) Info() runbook.Info {
	return runbook.Info{Name: "told", Summary: "for tests", Args: map[string]string{"say": "the verdict"}}
}

func (toldCheck) Check(_ context.Context, q executor.Query) (executor.Finding, error) {
	switch say := q.Args["say"]; say {
	case "down":
		return executor.Finding{}, errors.New("it is down")
	case "nothing":
		return executor.Finding{Verdict: runbook.Pass}, nil
	default:
		return executor.Finding{Verdict: runbook.Verdict(say), Evidence: "it says " + say}, nil
	}
}

// All checks of an item must pass: any that fails fails it, else any without a
// conclusion leaves it open.
func TestSeveralChecksSettleAnItemTogether(t *testing.T) {
	tests := map[string]struct {
		says     string
		result   runbook.Result
		evidence string // of the finding
		open     string
	}{
		"all pass":             {"pass pass", runbook.Passed, "1. told: pass: it says pass; 2. told: pass: it says pass", ""},
		"one fails":            {"pass fail pass", runbook.Failed, "1. told: pass: it says pass; 2. told: fail: it says fail; 3. told: pass: it says pass", ""},
		"one is down":          {"down pass", runbook.Passed, "", "1. told: it is down"},
		"two are down":         {"down pass down", runbook.Passed, "", "1. told: it is down; 3. told: it is down"},
		"a fail beside a down": {"down fail", runbook.Failed, "2. told: fail: it says fail; 1. told: it is down", ""},
		"a pass of nothing":    {"pass nothing", runbook.Passed, "", "2. told: passed without evidence"},
		"no conclusion":        {"pass unknown", runbook.Passed, "", "2. told: no conclusion: it says unknown"},
		"one of one":           {"pass", runbook.Passed, "1. told: pass: it says pass", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newTape(t, "- [ ] Tables are safe\n")
			p.registry.Checks["told"] = toldCheck{}
			p.sidecar = "items:\n  tables-are-safe:\n"
			for say := range strings.FieldsSeq(tt.says) {
				p.sidecar += fmt.Sprintf("    - {use: told, say: %s}\n", say)
			}
			p.mustRun(tt.result)
			if got := strings.HasPrefix(p.record(), "- [x]"); got != (tt.evidence != "" && tt.result == runbook.Passed) {
				t.Errorf("ticked %v", got)
			}
			if f := p.fold().Items["tables-are-safe"]; (f != nil) != (tt.evidence != "") || f != nil && (f.Evidence != tt.evidence || f.Use != runbook.All) {
				t.Errorf("settled by %+v", f)
			}
			if got := p.fold().Open["tables-are-safe"]; !strings.Contains(got, tt.open) || (got == "") != (tt.open == "") {
				t.Errorf("open because of %q, want %q", got, tt.open)
			}
		})
	}
}

// A person's word stands beside the checks and not for them.
func TestAPersonBesideChecks(t *testing.T) {
	const sidecar = "items:\n  plan-reviewed: [{use: told, say: %s}, {use: ask, not: operator}]\n"
	tests := map[string]struct {
		say, by string // by: whose answer was given beforehand
		result  runbook.Result
		by2     string
		open    string
	}{
		"both":                       {"pass", "Eve", runbook.Passed, "Eve", ""},
		"nobody spoke":               {"pass", "", runbook.Passed, "", "2. ask: waits for a person"},
		"the check failed":           {"fail", "Eve", runbook.Failed, "", ""},
		"the check is down":          {"down", "Eve", runbook.Passed, "", "1. told: it is down"},
		"the operator's word is not": {"pass", "ada", runbook.Passed, "", "2. ask: someone other than the operator"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newTape(t, "- [ ] Plan reviewed\n")
			p.registry.Checks["told"] = toldCheck{}
			p.sidecar = fmt.Sprintf(sidecar, tt.say)
			if tt.by != "" {
				p.answer("Plan reviewed", runbook.Pass, tt.by)
			}
			p.mustRun(tt.result)
			f := p.fold().Items["plan-reviewed"]
			if f != nil && f.By != tt.by2 || f == nil && tt.open == "" {
				t.Errorf("settled by %+v", f)
			}
			if got := p.fold().Open["plan-reviewed"]; !strings.Contains(got, tt.open) || (got == "") != (tt.open == "") {
				t.Errorf("open because of %q, want %q", got, tt.open)
			}
			if want := "all, Eve"; tt.by2 != "" && !strings.Contains(p.record(), want) {
				t.Errorf("the record lacks %q:\n%s", want, p.record())
			}
		})
	}
}
