package executor_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"runbook/executor"
	"runbook/runbook"
)

// A fakeSource answers with what it holds.
type fakeSource struct {
	value executor.Value
	err   error
	seen  []executor.Query
}

func (*fakeSource) Info() runbook.Info { return runbook.Info{Name: "fake", Summary: "for tests"} }

func (s *fakeSource) Value(_ context.Context, q executor.Query) (executor.Value, error) {
	s.seen = append(s.seen, q)
	return s.value, s.err
}

// A fakeCheck concludes what it holds.
type fakeCheck struct {
	finding executor.Finding
	err     error
}

func (fakeCheck) Info() runbook.Info { return runbook.Info{Name: "fake", Summary: "for tests"} }

func (c fakeCheck) Check(context.Context, executor.Query) (executor.Finding, error) {
	return c.finding, c.err
}

func TestWhatASourceAnswers(t *testing.T) {
	const secret = "correct-horse-battery"
	tests := map[string]struct {
		source fakeSource
		record string // of the blank's line
		open   string
	}{
		"a value":                    {fakeSource{value: executor.Value{Text: "v1.2", Detail: "git"}}, "Release: v1.2", ""},
		"an error leaves it blank":   {fakeSource{err: errors.New("no tag here")}, "Release: ____", "no tag here"},
		"a sensitive value":          {fakeSource{value: executor.Value{Text: secret, Sensitive: true}}, "Release: ____", "sensitive"},
		"a value of two lines":       {fakeSource{value: executor.Value{Text: "a\n- [x] Signed"}}, "Release: ____", "more than one line"},
		"a value with an escape":     {fakeSource{value: executor.Value{Text: "a\x1b[2Jb"}}, "Release: ____", "invisible"},
		"a value that reorders text": {fakeSource{value: executor.Value{Text: "a\u202eb"}}, "Release: ____", "invisible"},
		"an empty value":             {fakeSource{value: executor.Value{Text: " "}}, "Release: ____", "empty"},
		"a value with markup":        {fakeSource{value: executor.Value{Text: "*v* [x](y)"}}, `Release: \*v\* \[x\](y)`, ""},
		"a value that is known to be secret": {fakeSource{value: executor.Value{Text: "is " + secret}},
			`Release: is \[masked:pw\]`, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newTape(t, "Release: ____\n")
			p.registry.Sources["fake"] = &tt.source
			p.sidecar = "fields:\n  release: {use: fake}\n"
			p.mask.Learn(executor.Secret{Name: "pw", Value: secret})
			p.mustRun(runbook.Passed)
			if line, _, _ := strings.Cut(p.record(), "\n"); line != tt.record {
				t.Errorf("%q, want %q", line, tt.record)
			}
			if got := p.fold().Open["release"]; !strings.Contains(got, tt.open) || (got == "") != (tt.open == "") {
				t.Errorf("open because of %q, want %q", got, tt.open)
			}
			if strings.Contains(p.journalText(), secret) {
				t.Error("the journal holds the secret")
			}
		})
	}
}

// Only a pass with evidence or a person behind it ticks a box.
func TestWhatACheckConcludes(t *testing.T) {
	tests := map[string]struct {
		check  fakeCheck
		ticked bool
		result runbook.Result
		open   string
	}{
		"a pass with evidence":           {fakeCheck{finding: executor.Finding{Verdict: runbook.Pass, Evidence: "3 of 3"}}, true, runbook.Passed, ""},
		"a pass by a person":             {fakeCheck{finding: executor.Finding{Verdict: runbook.Pass, By: "Eve"}}, true, runbook.Passed, ""},
		"a pass with nothing behind it":  {fakeCheck{finding: executor.Finding{Verdict: runbook.Pass}}, false, runbook.Passed, "without evidence"},
		"a fail":                         {fakeCheck{finding: executor.Finding{Verdict: runbook.Fail, Evidence: "2 of 3"}}, false, runbook.Failed, ""},
		"not applicable":                 {fakeCheck{finding: executor.Finding{Verdict: runbook.NotApplicable, By: "Eve"}}, false, runbook.Passed, ""},
		"an error is no answer":          {fakeCheck{err: errors.New("no credentials")}, false, runbook.Passed, "no credentials"},
		"nobody to ask":                  {fakeCheck{err: executor.ErrUnanswered}, false, runbook.Passed, "waits for a person"},
		"unknown once made the run spin": {fakeCheck{finding: executor.Finding{Verdict: runbook.Unknown, Evidence: "no datapoints"}}, false, runbook.Passed, "no conclusion: no datapoints"},
		"no verdict at all":              {fakeCheck{}, false, runbook.Passed, "no conclusion"},
		"a name of two lines":            {fakeCheck{finding: executor.Finding{Verdict: runbook.Pass, By: "Eve\n- [x] b"}}, false, runbook.Passed, "more than one line"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newTape(t, "- [ ] Tables are there\n")
			p.registry.Checks["fake"] = tt.check
			p.sidecar = "items:\n  tables-are-there: {use: fake}\n"
			p.mustRun(tt.result)
			if got := strings.HasPrefix(p.record(), "- [x] Tables"); got != tt.ticked {
				t.Errorf("ticked %v", got)
			}
			if got := p.fold().Open["tables-are-there"]; !strings.Contains(got, tt.open) || (got == "") != (tt.open == "") {
				t.Errorf("open because of %q, want %q", got, tt.open)
			}
		})
	}
}

func TestASignOffFillsItsOwnBlanks(t *testing.T) {
	p := good(t).answer("Security Review", runbook.Pass, "Eve_Adams")
	p.mustRun(runbook.Passed)
	want := "- [x] Security Review: Eve_Adams Date: 2026-03-01 Time: 09:"
	if !strings.Contains(p.record(), want) {
		t.Errorf("the record lacks %q:\n%s", want, p.record())
	}
	if !strings.Contains(p.record(), "Eve_Adams (asserted, not signed)") {
		t.Error("a typed name stands there like a signature")
	}
	// Taken back, or refused, it fills nothing.
	p = good(t).answer("Security Review", runbook.NotApplicable, "Eve")
	p.mustRun(runbook.Passed)
	if !strings.Contains(p.record(), "- [ ] Security Review: ____ Date: ____ Time: ____") {
		t.Error("a sign-off that was not given left a trace in its line")
	}
}

func TestCriteriaAndDeferredItemsAreLeftAlone(t *testing.T) {
	p := good(t)
	p.registry.Checks["fake"] = fakeCheck{finding: executor.Finding{Verdict: runbook.Pass, Evidence: "e"}}
	p.sidecar = "items:\n  abort/alarms-firing: {use: fake}\n"
	p.mustRun(runbook.Passed)
	s := p.fold()
	if s.Items["abort/alarms-firing"] != nil || s.Open["abort/alarms-firing"] != "" {
		t.Error("a criterion was asked for")
	}
	if got := s.Open["afterwards/review-the-costs"]; got != "due after the run: Within 1 week:" {
		t.Errorf("the deferred item: %q", got)
	}
}

func TestTheClosingCountsFollowEachStop(t *testing.T) {
	p := good(t)
	p.mustRun(runbook.Passed)
	if !strings.Contains(p.record(), "**Completed:** 0 / 4\n") {
		t.Error(p.record())
	}
	p.answer("Built", runbook.Pass, "Eve").answer("Shipped", runbook.Fail, "Eve")
	p.mustRun(runbook.Failed)
	for _, want := range []string{"**Completed:** 1 / 4\n", "**Blocked:** 1\n", "[ ] Success [x] Failed"} {
		if !strings.Contains(p.record(), want) {
			t.Errorf("the record lacks %q:\n%s", want, p.record())
		}
	}
}

// The end of a run was once the moment of the question.
func TestTheEndOfTheRunIsKnownAtItsEnd(t *testing.T) {
	p := newTape(t, "Finished: ____\n\n```bash\nship now\n```\n")
	p.sidecar = "fields:\n  finished: {use: clock, of: run, at: end}\n"
	p.mustRun(runbook.Passed)
	s := p.fold()
	var end string
	for _, e := range p.entries() {
		if f, ok := e.Event.(*runbook.StepFinished); ok {
			end = e.Time.Format("2006-01-02 15:04:05 UTC")
			_ = f
		}
	}
	if got := s.Fields["finished"]; got == nil || got.Value < end {
		t.Errorf("finished %+v, the step ended %s", got, end)
	}
}

func TestSourcesSeeWhatTheStepsExported(t *testing.T) {
	p := newTape(t, "```bash\nship now\n```\n\nRelease: ____\n")
	src := &fakeSource{value: executor.Value{Text: "v"}}
	p.registry.Sources["fake"] = src
	p.sidecar = "fields:\n  release: {use: fake}\n"
	p.mustRun(runbook.Passed)
	if len(src.seen) != 1 || !slices.Contains(src.seen[0].Env, "FROM_STEP=1") || !slices.Contains(src.seen[0].Env, "HOME=/home/ada") || src.seen[0].Root != "/w" {
		t.Errorf("asked %d times, with %v", len(src.seen), src.seen)
	}
}

// A vault is a source that knows secrets by directory.
type vault struct {
	fakeSource
	byDir map[string][]executor.Secret
	asked []string
}

func (v *vault) Secrets(_ context.Context, dir string, _ []string) ([]executor.Secret, error) {
	v.asked = append(v.asked, dir)
	secrets, ok := v.byDir[dir]
	if !ok {
		return nil, errors.New("no such directory")
	}
	return secrets, nil
}

func TestOutputsThatTerraformKeepsSecret(t *testing.T) {
	const secret = "correct-horse-battery"
	known := map[string][]executor.Secret{"/w": nil, "/w/infra": {{Name: "db", Value: secret}}}
	tests := map[string]struct {
		script   string
		byDir    map[string][]executor.Secret
		withheld bool
	}{
		"known, and masked": {"terraform output db", map[string][]executor.Secret{"/w": {{Name: "db", Value: secret}}}, false},
		"not known":         {"terraform output db", nil, true},
		"too short to mask": {"terraform output db", map[string][]executor.Secret{"/w": {{Name: "db", Value: "pin"}}}, true},
		"in a subshell that goes elsewhere, once a leak":    {"(cd infra && terraform output db)", known, false},
		"with -chdir, once a leak":                          {"terraform -chdir=infra output db", known, false},
		"where only the run knows, once a leak":             {"(cd \"$D\" && terraform output db)", known, true},
		"in a subshell that goes to where nothing is known": {"(cd other && terraform output db)", known, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newTape(t, "```bash\n"+tt.script+"\n```\n")
			p.registry.Sources["vault"] = &vault{byDir: tt.byDir}
			p.tree = everywhere{}
			p.engine.replies[tt.script] = []reply{{out: "db = " + secret + "\n"}}
			p.mustRun(runbook.Passed)
			if strings.Contains(p.journalText(), secret) {
				t.Error("the journal holds the secret")
			}
			out := p.output(1, 1)
			if (out.Withheld != "") != tt.withheld {
				t.Errorf("output %+v", out)
			}
			if !tt.withheld && out.Head != "db = [masked:db]\n" {
				t.Errorf("output %+v", out)
			}
		})
	}
}

// What an output is was once remembered across a script that changed it.
func TestSecretsAreLearnedAnewAfterAnyCommand(t *testing.T) {
	p := newTape(t, "```bash\nterraform output a\n./deploy\nterraform output a\n```\n")
	v := &vault{byDir: map[string][]executor.Secret{"/w": nil}}
	p.registry.Sources["vault"] = v
	p.tree = everywhere{}
	p.mustRun(runbook.Passed)
	if len(v.asked) != 2 {
		t.Errorf("asked for %q", v.asked)
	}
}

// An expectation once quoted output that was withheld.
func TestNothingOfWithheldOutputIsQuoted(t *testing.T) {
	const command = "aws ssm get-parameter --name /p --output text --query Parameter.Value"
	const secret = "correct-horse-battery"
	p := newTape(t, "```bash\n"+command+"\n# Expected: no output\n```\n")
	p.engine.replies[command] = []reply{{out: secret + "\n"}}
	if _, err := p.run(); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(p.journalText(), "correct-horse") {
		t.Errorf("the journal holds the secret:\n%s", p.journalText())
	}
}

// A secret once equal to a part of a step's ID made the run spin.
func TestASecretThatIsAWordOfTheChecklist(t *testing.T) {
	p := newTape(t, "## Deploy blue-green\n\n```bash\nship now\n```\n")
	p.mask.Learn(executor.Secret{Name: "env", Value: "blue-green"})
	p.engine.replies["ship now"] = []reply{{out: "in blue-green\n"}, {exit: 1}}
	p.mustRun(runbook.Passed)
	if got := p.output(1, 1).Head; got != "in [masked:env]\n" {
		t.Errorf("output %q", got)
	}
}
