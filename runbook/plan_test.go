package runbook

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// bound writes a binding as "use key=value …".
func bound(b Binding) string {
	text := b.Use
	for _, k := range slices.Sorted(maps.Keys(b.Args)) {
		text += " " + k + "=" + b.Args[k]
	}
	var of []string
	for _, part := range b.Of {
		of = append(of, bound(part))
	}
	if of != nil {
		text += "(" + strings.Join(of, "; ") + ")"
	}
	for _, s := range b.Suggest {
		text += " (perhaps " + s.Use + " " + s.Args["output"] + s.Args["run"] + ")"
	}
	return text
}

// seedBindings says where every blank of the seed gets its value from, with the
// repository's own terraform configuration beside it. What no machine knows is
// asked: where the nonce is stored, who decides, whom to call, when to review.
// Blanks of sign-offs are those of their items' persons. The output that the
// runtime role may be is only a suggestion: nothing says that it is that one.
// When a rollback is declared, decision maker and time are given with it.
const seedBindings = `3 date: clock at=start format=date of=run
4 deployer: operator
6 terraform-version: terraform get=version
87 deployment-steps/2-bootstrap-production-nonce/store-in: ask
145 deployment-steps/5-apply-infrastructure/deployment-time: clock at=start format=time of=deployment-steps/5-apply-infrastructure
146 deployment-steps/5-apply-infrastructure/completion-time: clock at=end format=time of=deployment-steps/5-apply-infrastructure
168 deployment-steps/6-capture-terraform-outputs/github-actions-deploy-role-arn: terraform dir=infra/terraform output=github_actions_deploy_role_arn
169 deployment-steps/6-capture-terraform-outputs/github-actions-runtime-role-arn: ask (perhaps terraform github_actions_role_arn)
170 deployment-steps/6-capture-terraform-outputs/ops-alerts-topic-arn: terraform dir=infra/terraform output=ops_alerts_topic_arn
171 deployment-steps/6-capture-terraform-outputs/dashboard-url: terraform dir=infra/terraform output=cloudwatch_dashboard_url
230 deployment-steps/8-configure-github-secrets/account-id: aws get=account
231 deployment-steps/8-configure-github-secrets/account-id-2: aws get=account
347 rollback-plan/rollback-procedure/decision-maker: ask
348 rollback-plan/rollback-procedure/rollback-time: clock at=start format=time of=rollback-plan/rollback-procedure
389 sign-off/pre-deployment-approval/lead-engineer/name: ask role=Lead Engineer
389 sign-off/pre-deployment-approval/lead-engineer/date: ask role=Lead Engineer
390 sign-off/pre-deployment-approval/security-review/name: ask role=Security Review
390 sign-off/pre-deployment-approval/security-review/date: ask role=Security Review
391 sign-off/pre-deployment-approval/operations-lead/name: ask role=Operations Lead
391 sign-off/pre-deployment-approval/operations-lead/date: ask role=Operations Lead
395 sign-off/post-deployment-verification/deployment-completed/name: ask role=Deployment Completed
395 sign-off/post-deployment-verification/deployment-completed/date: ask role=Deployment Completed
395 sign-off/post-deployment-verification/deployment-completed/time: ask role=Deployment Completed
396 sign-off/post-deployment-verification/smoke-tests-passed/name: ask role=Smoke Tests Passed
396 sign-off/post-deployment-verification/smoke-tests-passed/date: ask role=Smoke Tests Passed
396 sign-off/post-deployment-verification/smoke-tests-passed/time: ask role=Smoke Tests Passed
397 sign-off/post-deployment-verification/monitoring-verified/name: ask role=Monitoring Verified
397 sign-off/post-deployment-verification/monitoring-verified/date: ask role=Monitoring Verified
397 sign-off/post-deployment-verification/monitoring-verified/time: ask role=Monitoring Verified
401 sign-off/final-sign-off/production-deployment-successful/name: ask role=Production Deployment Successful
401 sign-off/final-sign-off/production-deployment-successful/date: ask role=Production Deployment Successful
402 sign-off/final-sign-off/handoff-to-operations/name: ask role=Handoff to Operations
402 sign-off/final-sign-off/handoff-to-operations/date: ask role=Handoff to Operations
436 emergency-contacts/primary-deployer: ask
436 emergency-contacts/phone: ask
437 emergency-contacts/backup-deployer: ask
437 emergency-contacts/phone-2: ask
438 emergency-contacts/aws-account-owner: ask
438 emergency-contacts/phone-3: ask
439 emergency-contacts/on-call-engineer: ask
440 emergency-contacts/security-contact: ask
440 emergency-contacts/phone-4: ask
449 notes/date: clock at=start format=date of=run
450 notes/operator: operator
463 checklist-summary/completed: count of=done
463 checklist-summary/completed-2: count of=total
464 checklist-summary/blocked: count of=blocked
465 checklist-summary/notes: ask
467 checklist-summary/deployment-status: run
469 checklist-summary/next-review-date: ask
`

func TestTheSeedsBlanks(t *testing.T) {
	var got strings.Builder
	fields := 0
	plan := seedPlan(t, func(in *PlanInput) {
		outputs, err := os.ReadFile("../testdata/world/repo/infra/terraform/outputs.tf")
		if err != nil {
			t.Fatal(err)
		}
		in.Files = lintMachine{files: map[string]string{"/w/infra/terraform/outputs.tf": string(outputs)}}
	})
	for _, task := range plan.Tasks {
		switch task.Slot.Kind {
		case FieldSlot:
			fields++
		case StepSlot, ItemSlot:
			continue
		}
		fmt.Fprintf(&got, "%d %s: %s\n", task.Slot.Line, task.Slot.ID, bound(task.Binding))
	}
	if got.String() != seedBindings {
		t.Errorf("got:\n%s", got.String())
	}
	if fields != 47 {
		t.Errorf("%d fields, want 47", fields)
	}
}

func TestTheSeedsItems(t *testing.T) {
	kinds := map[ItemKind]int{}
	for _, task := range seedPlan(t).Tasks {
		if task.Slot.Kind != ItemSlot {
			continue
		}
		kinds[task.Slot.Item]++
		if task.Binding.Use != "ask" {
			t.Errorf("line %d is settled by %s, unasked", task.Slot.Line, task.Binding.Use)
		}
		if task.Slot.Line == 16 && bound(task.Binding) != "ask (perhaps step ./scripts/test-e2e-manual.sh staging)" {
			t.Errorf("line 16: %s", bound(task.Binding))
		}
	}
	if want := map[ItemKind]int{Claim: 89, SignOff: 8, Criterion: 5, Deferred: 15}; !maps.Equal(kinds, want) {
		t.Errorf("%v, want %v", kinds, want)
	}
}

// Each case is a document with one blank, or more, and how the first one that
// is not ordinary text is filled.
func TestInference(t *testing.T) {
	step := func(script string) string { return bash(script) }
	tests := map[string]struct{ text, label, want string }{
		"the step before it, not the one after it":      {step("a") + "Start Time: ____\n\n" + step("b"), "Start Time", "clock at=start format=time of=step"},
		"else the first one after it":                   {"Start Time: ____\n\n" + step("a") + step("b"), "Start Time", "clock at=start format=time of=step"},
		"the last one before it":                        {step("a") + step("b") + "End Time: ____\n\n", "End Time", "clock at=end format=time of=step-2"},
		"no step in its section":                        {"# A\n\n" + step("a") + "# B\n\nStart Time: ____\n", "Start Time", "ask"},
		"a time of neither start nor end":               {step("a") + "Time: ____\n", "Time", "ask"},
		"an output by its name":                         {step("terraform output dashboard_url") + "Dashboard URL: ____\n", "Dashboard URL", "terraform dir=. output=dashboard_url"},
		"an output named twice is one":                  {step("terraform output dashboard_url\nterraform output -raw dashboard_url") + "Dashboard: ____\nURL of Dashboard: ____\n", "URL of Dashboard", "ask (perhaps terraform dashboard_url)"},
		"an output with more words, named twice":        {step("terraform output main_dashboard_url\nterraform output -raw main_dashboard_url") + "Dashboard URL: ____\n", "Dashboard URL", "terraform dir=. output=main_dashboard_url"},
		"two outputs with all the words":                {step("terraform output a_dashboard_url\nterraform output b_dashboard_url") + "Dashboard URL: ____\n", "Dashboard URL", "ask (perhaps terraform a_dashboard_url) (perhaps terraform b_dashboard_url)"},
		"one name in two places is not certain":         {step("terraform output dashboard_url\ncd a\nterraform output dashboard_url") + "Dashboard URL: ____\n", "Dashboard URL", "ask (perhaps terraform dashboard_url) (perhaps terraform dashboard_url)"},
		"an output that only comes later":               {"Dashboard URL: ____\n\n" + step("terraform output dashboard_url"), "Dashboard URL", "ask"},
		"a label of one word must be the whole name":    {step("terraform output dashboard_url") + "URL: ____\n", "URL", "ask"},
		"a label of one word that is the name":          {step("terraform output url") + "URL: ____\n", "URL", "terraform dir=. output=url"},
		"-chdir":                                        {step("terraform -chdir=a output dashboard_url") + "Dashboard URL: ____\n", "Dashboard URL", "terraform dir=a output=dashboard_url"},
		"blocked without a total beside it":             {"Blocked: ____\n", "Blocked", "ask"},
		"a status whose options are not those of a run": {"**Status:** [ ] Green [ ] Failed\n", "Status", "ask"},
		"a choice that is not about the run":            {"**Mode:** [ ] Success [ ] Failed\n", "Mode", "ask"},
		"a status that offers what a run comes to":      {"**Status:** [ ] Passed [ ] Failed\n", "Status", "run"},
		"git":                          {"**Commit SHA:** ____\n", "Commit SHA", "git get=commit"},
		"an account's number in prose": {"Role: arn:aws:iam::ACCOUNT_ID:role/x\n", "ACCOUNT_ID", "aws get=account"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			plan := planOf(t, tt.text, func(in *PlanInput) { in.Tree = treeOf("main.tf", "a/main.tf") })
			for _, task := range plan.Tasks {
				if task.Slot.Label == tt.label && task.Slot.Kind != StepSlot {
					if got := bound(task.Binding); got != tt.want {
						t.Errorf("%s, want %s", got, tt.want)
					}
					return
				}
			}
			t.Errorf("no blank %q in %v", tt.label, plan.Document.Slots)
		})
	}
}

// What was deployed before may be the tag before this one; nothing takes it for that.
func TestOffersForPlaceholders(t *testing.T) {
	for text, want := range map[string]bool{
		"<previous-working-commit>": true, "<previous-version>": true, "<last-good-tag>": true, "<PRIOR_RELEASE>": true, "{previous_tag}": true, "<known good commit>": true, "YOUR_PREVIOUS_SHA": false,
		"<commit>": false, "<tag>": false, "<last-commit>": false, "<version>": false, "<new-version>": false, "<previous-owner>": false, "<previous-instance-id>": false, "<working-directory>": false, "<last-working-day>": false, "<previous>": false, "<>": false,
	} {
		if got := Offers(text); (len(got) == 1) != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	plan := planOf(t, bash("git checkout <previous-tag>"))
	if len(plan.Values) != 0 {
		t.Errorf("taken for a value: %v", plan.Values)
	}
	for _, given := range []bool{false, true} {
		view, err := planOf(t, bash("git checkout <previous-tag>"), func(in *PlanInput) {
			if given {
				in.Givens = []GivenFor{set("<previous-tag>", "v1")}
			}
		}).JSON(nil)
		if err != nil || strings.Contains(string(view), `"get": "previous-tag"`) == given {
			t.Errorf("given %v: %v\n%s", given, err, view)
		}
	}
}

// Outputs that the configuration declares count as those do that commands name,
// where a step before the blank applies it or asks for outputs.
func TestDeclaredOutputs(t *testing.T) {
	const url = "output \"main_dashboard_url\" {\n  value = aws.x\n}\n"
	apply := bash("terraform apply")
	tests := map[string]struct{ text, config, want string }{
		"the only one with the label's words":  {apply + "Dashboard URL: ____\n", url, "terraform dir=. output=main_dashboard_url"},
		"the label's own name":                 {apply + "Main Dashboard URL: ____\n", url + strings.Replace(url, "main", "main_old", 1), "terraform dir=. output=main_dashboard_url"},
		"two with the label's words":           {apply + "Dashboard URL: ____\n", url + strings.Replace(url, "main", "ops", 1), "ask (perhaps terraform main_dashboard_url) (perhaps terraform ops_dashboard_url)"},
		"most of the label's words":            {apply + "Public Main Dashboard URL: ____\n", url, "ask (perhaps terraform main_dashboard_url)"},
		"one is named, another only declared":  {bash("terraform output ops_dashboard_url") + "Dashboard URL: ____\n", url, "ask (perhaps terraform ops_dashboard_url) (perhaps terraform main_dashboard_url)"},
		"one that is named as well is one":     {bash("terraform output main_dashboard_url") + "Dashboard URL: ____\n", url, "terraform dir=. output=main_dashboard_url"},
		"all outputs are asked for":            {bash("terraform output > all.txt") + "Dashboard URL: ____\n", url, "terraform dir=. output=main_dashboard_url"},
		"nothing is applied":                   {bash("terraform plan") + "Dashboard URL: ____\n", url, "ask"},
		"it is applied later":                  {"Dashboard URL: ____\n\n" + apply, url, "ask"},
		"it is applied in a rollback only":     {"## Rollback\n\n" + apply + "## End\n\nDashboard URL: ____\n", url, "ask"},
		"in the rollback itself":               {"## Rollback\n\n" + apply + "Dashboard URL: ____\n", url, "terraform dir=. output=main_dashboard_url"},
		"a directory that only the run knows":  {bash("terraform -chdir=$D apply") + "Dashboard URL: ____\n", url, "ask"},
		"a word of the label is not enough":    {apply + "URL: ____\n", url, "ask"},
		"in a comment or a string":             {apply + "Dashboard URL: ____\n", "# output \"dashboard_url\" {}\nlocals {\n  a = <<E\noutput \"dashboard_url\" {\nE\n  output = \"x ${f({})}\"\n}\n", "ask"},
		"a configuration that is not readable": {apply + "Dashboard URL: ____\n", url + "resource {{\n", "ask"},
		"one too large to read":                {apply + "Dashboard URL: ____\n", url + strings.Repeat("#", largestConfiguration), "ask"},
		"brackets without end":                 {apply + "Dashboard URL: ____\n", url + "a = " + strings.Repeat("(", largestConfiguration/2), "ask"},
		"brackets by the ten thousand":         {apply + "Dashboard URL: ____\n", url + "a = " + strings.Repeat("(", 99999) + strings.Repeat(")", 99999), "terraform dir=. output=main_dashboard_url"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			plan := planOf(t, tt.text, func(in *PlanInput) {
				m := lintMachine{files: map[string]string{"/w/outputs.tf": tt.config, "/w/main.tf": "terraform {}\n"}}
				in.Tree, in.Files = m, m
			})
			for _, task := range plan.Tasks {
				if task.Slot.Kind == FieldSlot && bound(task.Binding) != tt.want {
					t.Errorf("%s, want %s", bound(task.Binding), tt.want)
				}
			}
		})
	}
}

// How a blank for a day or a time is filled, by the words of its label and hint.
// The blank stands below a step.
func TestTheClockByTheLabelsWords(t *testing.T) {
	const step = "of=step"
	run := func(more string) string { return "clock at=start " + more }
	tests := map[string]string{
		"Date: ____":                                run("format=date of=run"),
		"Date (UTC): ____":                          run("format=date of=run"),
		"Date: ____ (UTC)":                          run("format=date of=run"),
		"Date (YYYY-MM-DD): ____":                   run("format=date of=run"),
		"Date: ____ (YYYY-MM-DD)":                   run("format=date of=run"),
		"Deployment Date (MM/DD/YYYY): ____":        run("format=01/02/2006 of=run"),
		"Run Date DD.MM.YYYY: ____":                 run("format=02.01.2006 of=run"),
		"Date (local time): ____":                   run("format=date of=run zone=local"),
		"Date (Asia/Tokyo, YYYY/MM/DD): ____":       run("format=2006/01/02 of=run zone=Asia/Tokyo"),
		"Date (YYYY-MM-DD HH:MM): ____":             run("format=2006-01-02 15:04 MST of=run"),
		"Date (YYYY-MM-DDTHH:MM:SS, UTC): ____":     run("format=2006-01-02T15:04:05 of=run"),
		"Date (HH:MM): ____":                        "ask",
		"Date (YY-MM-DD): ____":                     "ask",
		"Date (first week): ____":                   "ask",
		"Date (CST): ____":                          "ask (perhaps clock )",
		"Next Date (UTC): ____":                     "ask",
		"Commit (UTC): ____":                        "ask",
		"Start Time: ____":                          run("format=time " + step),
		"Start Time (UTC): ____":                    run("format=time " + step),
		"Start Time UTC: ____":                      run("format=time " + step),
		"Start Time (GMT): ____":                    run("format=time " + step),
		"Start Time (CET): ____":                    run("format=time " + step + " zone=CET"),
		"Start Time (Europe/Berlin): ____":          run("format=time " + step + " zone=Europe/Berlin"),
		"Start Time (America/Port-au-Prince): ____": run("format=time " + step + " zone=America/Port-au-Prince"),
		"Start Time (local time): ____":             run("format=time " + step + " zone=local"),
		"Start Time (HH:MM): ____":                  run("format=15:04 MST " + step),
		"Start Time (HH:MM UTC): ____":              run("format=15:04 " + step),
		"Start Time (HH:MM, local): ____":           run("format=15:04 -07:00 " + step + " zone=local"),
		"Start Time (HH:MM IST): ____":              run("format=15:04 MST " + step),
		"Start Time (IST): ____":                    run("format=time " + step),
		"Start Time (CI/CD): ____":                  run("format=time " + step),
		"Start Time (UTC or GMT): ____":             run("format=time " + step),
		"Time: ____ (Start, CET)":                   run("format=time " + step + " zone=CET"),
		"Completion Time: ____ (End, HH:MM UTC)":    "clock at=end format=15:04 " + step,
		"Time (CET): ____":                          "ask",
	}
	for text, want := range tests {
		plan := planOf(t, bash("a")+text+"\n")
		task := &plan.Tasks[len(plan.Tasks)-1]
		if got := bound(task.Binding); task.Slot.Kind != FieldSlot || got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
		if f := task.Binding.Args["format"]; task.ValueKind == DateValue && f != "" && f != "date" {
			if err := task.ValueKind.Check(time.Date(2026, 11, 28, 23, 48, 57, 0, time.UTC).Format(f)); err != nil {
				t.Errorf("%s: its own value is refused: %v", text, err)
			}
		}
	}
	doubtful := planOf(t, bash("a")+"Start Time (IST): ____\n").Tasks[1].Binding.Why
	if !strings.Contains(doubtful, "IST does not tell the zone, so it is in UTC") {
		t.Error(doubtful)
	}
}

const release = `**Version:** ____

- [ ] Built
- [ ] Ready

**Status:** [ ] Success [ ] Failed

## Ship

**Time:** ____

` + "```bash\ngit checkout <tag>\nship arn:aws:iam::ACCOUNT_ID:role/x\n```" + `

Goes to arn:aws:iam::ACCOUNT_ID:role/x.

## Approval

- [ ] Review: ____ Date: ____

## Again

**Time:** ____
`

func set(key, value string) GivenFor {
	return GivenFor{Key: key, Where: "--set", Given: Given{Value: value, Source: "set"}}
}

func attest(key string, v Verdict, by string) GivenFor {
	return GivenFor{Key: key, Kind: ItemSlot, Where: "answers.yaml:4", Given: Given{Verdict: v, By: by, Source: "answers"}}
}

func TestWhatIsGiven(t *testing.T) {
	tests := map[string]struct {
		given  GivenFor
		filled string // IDs with their values
		values string // of placeholders in steps
		err    string
	}{
		"by label":                           {set("Version", "1"), "version=1", "", ""},
		"by label in other capitals":         {set("vERSION", "1"), "version=1", "", ""},
		"by ID":                              {set("ship/time", "1"), "ship/time=1", "", ""},
		"by glob":                            {set("*/time", "1"), "ship/time=1 again/time=1", "", ""},
		"an ambiguous label names the IDs":   {set("Time", "1"), "", "", `--set: "Time" matches 2 slots; name one of them by its ID: ship/time, again/time`},
		"no such thing":                      {set("Vision", "1"), "", "", `--set: "Vision" matches no blank, item or placeholder`},
		"an item is not set":                 {set("Built", "1"), "", "", `is an item`},
		"a choice":                           {set("Status", "failed"), "status=failed", "", ""},
		"a choice has no such option":        {set("Status", "Green"), "", "", `has no option "Green"`},
		"a placeholder in a step":            {set("<tag>", "v1"), "", "<tag>=v1", ""},
		"one in steps and in prose":          {set("ACCOUNT_ID", "123456789012"), "ship/account-id=123456789012", "ACCOUNT_ID=123456789012", ""},
		"a value of two lines":               {set("Version", "1\n2"), "", "", "more than one line"},
		"a placeholder's value of two lines": {set("<tag>", "1\n2"), "", "<tag>=1\n2", "more than one line"},
		"an empty value":                     {set("Version", " "), "", "", "empty"},
		"a sign-off's blank":                 {set("approval/review/name", "Eve"), "", "", "belongs to the sign-off approval/review, which only its person gives"},
		"an item":                            {attest("Built", Pass, "Eve"), "built=pass by Eve", "", ""},
		"an item by glob":                    {attest("*", NotApplicable, "Eve"), "built=n/a by Eve ready=n/a by Eve approval/review=n/a by Eve", "", ""},
		"a sign-off by its person":           {attest("approval/review", Pass, "Eve"), "approval/review=pass by Eve", "", ""},
		"a sign-off by nobody":               {attest("approval/review", Pass, ""), "", "", "needs by: with the name"},
		"a sign-off by two lines":            {attest("approval/review", Pass, "Eve\n- [x] Built"), "", "", "more than one line as the name in by"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			plan := planOf(t, release, func(in *PlanInput) { in.Givens = []GivenFor{tt.given} })
			var filled, values, errs []string
			for _, task := range plan.Tasks {
				if g := task.Binding.Given; g != nil && g.Verdict != "" {
					filled = append(filled, fmt.Sprintf("%s=%s by %s", task.Slot.ID, g.Verdict, g.By))
				} else if g != nil {
					filled = append(filled, fmt.Sprintf("%s=%s", task.Slot.ID, g.Value))
				}
			}
			for _, k := range slices.Sorted(maps.Keys(plan.Values)) {
				values = append(values, k+"="+plan.Values[k].Value)
			}
			for _, p := range plan.Errors() {
				errs = append(errs, p.Message)
			}
			if got := strings.Join(filled, " "); got != tt.filled {
				t.Errorf("filled %q, want %q", got, tt.filled)
			}
			if got := strings.Join(values, " "); got != tt.values {
				t.Errorf("values %q, want %q", got, tt.values)
			}
			if got := strings.Join(errs, "\n"); tt.err == "" && got != "" || !strings.Contains(got, tt.err) {
				t.Errorf("errors %q, want %q", got, tt.err)
			}
			if len(errs) > 1 {
				t.Errorf("one fault told %d times: %q", len(errs), errs)
			}
		})
	}
}

func TestSelection(t *testing.T) {
	text := "- [ ] top\n\n## A\n\n- [ ] a\n\n" + bash("one") + "## B\n\n- [ ] b\n\n" + bash("two") + "### B2\n\n- [ ] b2\n\n" + bash("three") + "## Rollback\n\n- [ ] r\n\n" + bash("four") + "## C\n\n- [ ] c\n\n## B\n\n- [ ] again\n"
	tests := map[string]struct {
		sel   Selection
		steps string
		items string
		err   string
	}{
		"all, but for contingencies": {Selection{}, "1 2 3", "top a b b2 c again", ""},
		"a step by number":           {Selection{Steps: []string{"2"}}, "2", "b", ""},
		"a step by ID":               {Selection{Steps: []string{"a"}}, "1", "a", ""},
		"two steps":                  {Selection{Steps: []string{"3", "1"}}, "1 3", "a b2", ""},
		"from":                       {Selection{From: "2"}, "2 3", "b b2", ""},
		"a section by ID":            {Selection{Section: "b"}, "2 3", "b b2", ""},
		"a section by title":         {Selection{Section: "c"}, "", "c", ""},
		"an ambiguous title":         {Selection{Section: "B"}, "2 3", "b b2", `--section: 2 sections are called "B"; name one of them by its ID: b, b-2`},
		"no such step":               {Selection{Steps: []string{"9"}}, "1 2 3", "", `--step: there is no step "9"; there are 4 steps`},
		"no such from":               {Selection{From: "x"}, "1 2 3", "", `--from: there is no step "x"`},
		"no such section":            {Selection{Section: "x"}, "1 2 3", "", `--section: there is no section "x"`},
		"a step of a contingency":    {Selection{Steps: []string{"4"}}, "", "", "step 4 belongs to the contingency rollback, which exec never enters"},
		"a contingency":              {Selection{Section: "rollback"}, "", "", "--section: rollback is a contingency, which exec never enters"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			plan := planOf(t, text, func(in *PlanInput) { in.Select = tt.sel })
			var steps, items, errs []string
			for _, task := range plan.Tasks {
				switch {
				case !task.Selected:
				case task.Number > 0:
					steps = append(steps, fmt.Sprint(task.Number))
				default:
					items = append(items, task.Slot.Label)
				}
			}
			for _, p := range plan.Errors() {
				errs = append(errs, p.Message)
			}
			if got := strings.Join(steps, " "); got != tt.steps {
				t.Errorf("steps %s, want %s", got, tt.steps)
			}
			if got := strings.Join(items, " "); tt.err == "" && got != tt.items {
				t.Errorf("items %s, want %s", got, tt.items)
			}
			if got := strings.Join(errs, "\n"); (got == "") != (tt.err == "") || !strings.Contains(got, tt.err) {
				t.Errorf("errors %q, want %q", got, tt.err)
			}
		})
	}
}

func TestSidecarRules(t *testing.T) {
	tests := map[string]struct {
		sidecar string
		slot    ID
		want    string // the binding
		err     string
	}{
		"by ID":                           {"fields:\n  version: {use: git, get: tag}\n", "version", "git get=tag", ""},
		"by glob":                         {"fields:\n  \"*/time\": {use: git, get: tag}\n", "again/time", "git get=tag", ""},
		"by text":                         {"fields:\n  \"text:version\": {use: operator}\n", "version", "operator", ""},
		"a later rule outranks":           {"fields:\n  \"*\": {use: operator}\n  version: {use: git, get: tag}\n", "version", "git get=tag", ""},
		"an item":                         {"items:\n  built: {use: step, run: \"test -f x\"}\n", "built", "step run=test -f x", ""},
		"a choice":                        {"fields:\n  status: {use: ask}\n", "status", "ask", ""},
		"a rule that matches nothing":     {"fields:\n  vision: {use: ask}\n", "", "", `release.runbook.yaml:2: "vision" matches no field`},
		"an item's rule under fields":     {"fields:\n  built: {use: ask}\n", "", "", `"built" matches no field`},
		"no such source":                  {"fields:\n  version: {use: oracle}\n", "", "", `release.runbook.yaml:2: version: there is no source "oracle"; there are ask, aws, clock`},
		"no such check":                   {"items:\n  built: {use: operator}\n", "", "", `there is no check "operator"; there are ask, step`},
		"no such argument":                {"fields:\n  version: {use: git, get: tag, of: x}\n", "", "", `git takes no argument "of"; it takes get`},
		"an argument is missing":          {"fields:\n  version: {use: git}\n", "", "", `git needs the argument "get"`},
		"a sign-off by a machine":         {"items:\n  approval/review: {use: step, run: \"true\"}\n", "approval/review", "ask role=Review", "belongs to a sign-off, which only its person gives"},
		"a sign-off's blank by a machine": {"fields:\n  approval/review/name: {use: operator}\n", "approval/review/name", "ask role=Review", "belongs to a sign-off, which only its person gives"},
		"a glob passes over sign-offs":    {"fields:\n  \"*\": {use: operator}\n", "approval/review/date", "ask role=Review", ""},
		"an unknown attribute of a step":  {"steps:\n  ship: {colour: red}\n", "", "", `a step has no "colour"`},
		"a hold on nothing":               {"hold:\n  - {before: ship, until: nowhere}\n", "", "", `release.runbook.yaml:2: hold: there is no section or slot "nowhere"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			car, problems := ParseSidecar("release.runbook.yaml", []byte(tt.sidecar))
			plan := planOf(t, release, func(in *PlanInput) { in.Sidecar = car })
			var errs []string
			for _, p := range append(problems, plan.Errors()...) {
				errs = append(errs, p.Message)
			}
			if got := strings.Join(errs, "\n"); (got == "") != (tt.err == "") || !strings.Contains(got, tt.err) {
				t.Errorf("errors %q, want %q", got, tt.err)
			}
			for _, task := range plan.Tasks {
				if task.Slot.ID == tt.slot && task.Slot.Kind != StepSlot && bound(task.Binding) != tt.want {
					t.Errorf("%s, want %s", bound(task.Binding), tt.want)
				}
			}
		})
	}
}

func TestStepAttributes(t *testing.T) {
	tests := map[string]struct {
		attrs, sidecar string
		flag           time.Duration
		want           string // timeout skip tty sensitive
		err            string
	}{
		"none":                         {"", "", 0, "0s false false false", ""},
		"the document's":               {"{timeout=30m tty sensitive}", "", 0, "30m0s false true true", ""},
		"the flag":                     {"", "", time.Minute, "1m0s false false false", ""},
		"the step's outranks the flag": {"{timeout=30m}", "", time.Minute, "30m0s false false false", ""},
		"the sidecar's default":        {"", "defaults: {timeout: 5m}\n", 0, "5m0s false false false", ""},
		"the sidecar's outranks":       {"{timeout=30m skip}", "steps: {step: {timeout: 1h, skip: false}}\n", 0, "1h0m0s false false false", ""},
		"words for yes and no":         {"{skip=no tty=yes sensitive=off}", "", 0, "0s false true false", ""},
		"neither yes nor no":           {"{skip=perhaps}", "", 0, "0s false false false", `skip is true or false, not "perhaps"`},
		"fails closed":                 {"{sensitive=perhaps}", "", 0, "0s false false true", "sensitive is true or false"},
		"no duration":                  {"{timeout=soon}", "", 0, "0s false false false", `timeout "soon" is not a duration`},
		"unknown":                      {"{dri=x}", "", 0, "0s false false false", `a step has no attribute "dri"; it has dir, idempotent, pause, retry, sensitive, skip, timeout, tty`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			car, problems := ParseSidecar("release.runbook.yaml", []byte(tt.sidecar))
			plan := planOf(t, "```bash "+tt.attrs+"\ndate\n```\n", func(in *PlanInput) { in.Sidecar, in.Timeout = car, tt.flag })
			s := plan.Steps()[0]
			if got := fmt.Sprintf("%s %v %v %v", s.Timeout, s.Skip, s.TTY, s.Sensitive != ""); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			errs := fmt.Sprint(append(problems, plan.Errors()...))
			if tt.err == "" && errs != "[]" || !strings.Contains(errs, tt.err) {
				t.Errorf("errors %s, want %q", errs, tt.err)
			}
		})
	}
}

func TestAPlanListsEveryProblemAtOnce(t *testing.T) {
	car, _ := ParseSidecar("s.yaml", []byte("fields:\n  nothing: {use: ask}\nitems:\n  built: {use: magic}\nhold:\n  - {before: x, until: y}\n"))
	plan := planOf(t, release, func(in *PlanInput) {
		in.Sidecar = car
		in.Givens = []GivenFor{set("Time", "1"), set("Vision", "1"), attest("approval/review", Pass, "")}
		in.Select = Selection{Steps: []string{"7"}, From: "8", Section: "none"}
	})
	if got := len(plan.Errors()); got != 10 {
		t.Errorf("%d errors, want 10: %v", got, plan.Errors())
	}
}

func TestHeldBy(t *testing.T) {
	text := "## Before\n\n- [ ] a\n- [x] done\n\nAbort if:\n\n- [ ] criterion\n\n## Go\n\n- [ ] b\n\n" + bash("one") + "- [ ] below\n"
	held := func(p *Plan, s *State) string {
		var labels []string
		for _, h := range p.HeldBy(p.Steps()[0], s) {
			labels = append(labels, h.Slot.Label)
		}
		return strings.Join(labels, " ")
	}
	if got := held(planOf(t, text), NewState()); got != "" {
		t.Errorf("held by %s", got)
	}
	strict := planOf(t, text, func(in *PlanInput) { in.Strict = true })
	if got := held(strict, NewState()); got != "a b" {
		t.Errorf("--strict: held by %s", got)
	}
	s := NewState()
	for id, v := range map[ID]Verdict{"before/a": NotApplicable, "go/b": Fail} {
		s.Items[id] = &ItemSettled{Item: id, Verdict: v}
	}
	if got := held(strict, s); got != "b" {
		t.Errorf("only a pass or n/a lets go: held by %s", got)
	}
	for hold, want := range map[string]string{
		"{before: go, until: before}":              "a",
		"{before: go/step, until: [before, go/b]}": "",
		"{before: before, until: go/below}":        "below",
	} {
		car, problems := ParseSidecar("s.yaml", []byte("hold:\n  - "+hold+"\n"))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		plan := planOf(t, text, func(in *PlanInput) { in.Sidecar = car })
		if want == "" {
			if len(plan.Errors()) == 0 {
				t.Errorf("%s: go/step is no place of this document", hold)
			}
			continue
		}
		if got := held(plan, NewState()); got != want {
			t.Errorf("%s: held by %s, want %s", hold, got, want)
		}
	}
}

// The order in which a plan becomes ready: what stands above a step before it,
// what waits for a step after it.
func TestReady(t *testing.T) {
	plan := planOf(t, "Name: ____\n\n- [ ] a\n\n"+bash("one")+"Start Time: ____\n\n"+bash("two")+"- [ ] b\n")
	s := NewState()
	var order []string
	for range 10 {
		ready := plan.Ready(s)
		if len(ready) == 0 {
			break
		}
		var ids []string
		for _, task := range ready {
			ids = append(ids, string(task.Slot.ID))
			switch {
			case task.Number > 0:
				s.Steps[task.Slot.ID] = &StepState{Status: StepPassed}
			case task.Slot.Kind == ItemSlot:
				s.Open[task.Slot.ID] = "tried"
			default:
				s.Fields[task.Slot.ID] = &FieldFilled{}
			}
		}
		order = append(order, strings.Join(ids, "+"))
	}
	if got := strings.Join(order, " "); got != "name+a step start-time step-2 b" {
		t.Errorf("%s", got)
	}
	if len(plan.Left(s)) != 0 {
		t.Error("something is left")
	}
}

func TestPlanJSON(t *testing.T) {
	text := "# Release <1>\n\n**Date:** ____ (start)\n\n- [ ] Ready (`./check.sh`)\n- [x] Done\n\n| A | B |\n|---|---|\n| role | arn:aws:iam::ACCOUNT_ID:role/x |\n\n## Ship\n\n" +
		"```bash {timeout=90s}\n# Apply it\necho \"$(touch /tmp/never) ${HOME} *.md\" > out.txt\ngit checkout <tag>\nprintenv\n# Expected: \"3 > 2\"\n```\n\n**Status:** [ ] Success [ ] Failed\n\n## Rollback\n\n- [ ] told\n\n" + bash("undo")
	plan := planOf(t, text, func(in *PlanInput) { in.Givens = []GivenFor{set("<tag>", "v1"), attest("ready", Pass, "Eve")} })
	got, err := plan.JSON(nil)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join("testdata", "plan", "small.json")
	if *update {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := readFile(t, "testdata/plan", "small.json"); string(got) != string(want) {
		t.Errorf("%s differs; got:\n%s", name, got)
	}
	if !strings.Contains(string(got), `echo \"$(touch /tmp/never) ${HOME} *.md\" > out.txt`) || !strings.Contains(string(got), "git checkout <tag>") {
		t.Error("a command is not as it was written")
	}
}

// The keys that people's scripts rely on.
func TestPlanJSONKeepsItsContract(t *testing.T) {
	b, err := seedPlan(t).JSON(nil)
	if err != nil {
		t.Fatal(err)
	}
	var view map[string]json.RawMessage
	if err := json.Unmarshal(b, &view); err != nil {
		t.Fatal(err)
	}
	for list, keys := range map[string]string{
		"document": "path sha256",
		"steps":    "id number section line lang contingency dir commands expects",
		"items":    "id line text state kind use args inferred",
		"fields":   "id line label in use args inferred suggest",
		"choices":  "id line label options use",
		"findings": "severity code line message hint",
	} {
		var entries []map[string]json.RawMessage
		raw := view[list]
		if list == "document" {
			raw = json.RawMessage("[" + string(raw) + "]")
		}
		if err := json.Unmarshal(raw, &entries); err != nil || len(entries) == 0 {
			t.Fatalf("%s: %v", list, err)
		}
		for _, key := range strings.Fields(keys) {
			if _, ok := entries[0][key]; !ok {
				t.Errorf("%s: no %s", list, key)
			}
		}
	}
}

func TestPlanningTwiceSaysTheSame(t *testing.T) {
	one, err := seedPlan(t).JSON(nil)
	if err != nil {
		t.Fatal(err)
	}
	two, err := seedPlan(t).JSON(nil)
	if err != nil || string(one) != string(two) {
		t.Errorf("two plans differ (%v)", err)
	}
}

// A list of checks is one binding: it is shown whole, and each of its checks is
// held against the catalog.
func TestSeveralChecksInAPlan(t *testing.T) {
	catalog := Catalog{Checks: []Info{{Name: "ask", Args: map[string]string{"not": "x"}}, {Name: "tables", Args: map[string]string{"names": "x", "region": "x"}, Lists: []string{"names"}}}}
	tests := map[string]struct {
		src  string
		want []string
	}{
		"in order":                {`[{use: tables, names: [a, b]}, {use: ask, not: operator}]`, nil},
		"an unknown check":        {`[{use: ask}, {use: tabels}]`, []string{`s.yaml:2: it-holds: check 2: there is no check "tabels"`}},
		"an unknown argument":     {`[{use: ask, note: x}]`, []string{`check 1: ask takes no argument "note"`}},
		"a list for one value":    {`{use: tables, region: [a, b]}`, []string{`s.yaml:2: it-holds: tables: region takes a single value`}},
		"all faults, all at once": {`[{use: no}, {use: tables, x: 1}]`, []string{"check 1: ", "check 2: "}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			doc, err := Parse("a.md", []byte("- [ ] It holds\n"))
			if err != nil {
				t.Fatal(err)
			}
			car, problems := ParseSidecar("s.yaml", []byte("items:\n  it-holds: "+tt.src+"\n"))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			plan := NewPlan(doc, PlanInput{Catalog: catalog, Sidecar: car, Tree: everywhere{}, Root: "/w", DocDir: "/w"})
			errs := plan.Errors()
			if len(errs) != len(tt.want) {
				t.Fatalf("%v, want %q", errs, tt.want)
			}
			for i, e := range errs {
				if !strings.Contains(e.Message, tt.want[i]) {
					t.Errorf("%q, want %q", e.Message, tt.want[i])
				}
			}
			if len(tt.want) > 0 {
				return
			}
			b, err := plan.JSON(nil)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(strings.Fields(string(b)), "")
			if want := `"use":"all","args":{},"of":[{"use":"tables","args":{"names":"a,b"}},{"use":"ask","args":{"not":"operator"}}]`; !strings.Contains(got, want) {
				t.Errorf("%s lacks %s", got, want)
			}
		})
	}
}

// Every question is bounded, and the plan says how.
func TestBoundsOfQuestions(t *testing.T) {
	catalog := Catalog{Checks: []Info{
		{Name: "ask"}, {Name: "plain"}, {Name: "slow", Limit: 10 * time.Minute}, {Name: "web", Retry: true},
	}}
	tests := map[string]struct {
		src      string
		limit    time.Duration
		attempts int
		fault    string
	}{
		"a person":         {"{use: ask}", 0, 0, ""},
		"the default":      {"{use: plain}", DefaultLimit, 1, ""},
		"its own":          {"{use: slow}", 10 * time.Minute, 1, ""},
		"the sidecar's":    {"{use: slow, timeout: 90s}", 90 * time.Second, 1, ""},
		"asked again":      {"{use: web}", DefaultLimit, Attempts, ""},
		"no duration":      {"{use: plain, timeout: soon}", 0, 0, `plain: timeout "soon" is not a duration such as 30s`},
		"nothing":          {"{use: plain, timeout: 0s}", 0, 0, `plain: timeout "0s" is not`},
		"a person's limit": {"{use: ask, timeout: 5s}", 0, 0, `ask takes no argument "timeout"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			plan := smallPlan(t, "- [ ] It holds\n", "items:\n  it-holds: "+tt.src+"\n", PlanInput{Catalog: catalog})
			if errs := plan.Errors(); tt.fault != "" {
				if len(errs) != 1 || !strings.Contains(errs[0].Message, tt.fault) {
					t.Errorf("%v, want %q", errs, tt.fault)
				}
			} else if b := plan.Tasks[0].Binding; len(errs) > 0 || b.Limit != tt.limit || b.Attempts != tt.attempts {
				t.Errorf("%v, %d attempts (%v)", b.Limit, b.Attempts, errs)
			}
		})
	}
}

// smallPlan plans a document with a sidecar, in a tree where everything is.
func smallPlan(t *testing.T, text, sidecar string, in PlanInput) *Plan {
	t.Helper()
	doc, err := Parse("a.md", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	car, problems := ParseSidecar("s.yaml", []byte(sidecar))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	in.Sidecar, in.Root, in.DocDir = car, "/w", "/w"
	if in.Tree == nil {
		in.Tree = everywhere{}
	}
	return NewPlan(doc, in)
}

// A question of terraform is put where the steps run it, and after the step
// that makes what it is about.
func TestQuestionsFollowTheSteps(t *testing.T) {
	const text = "# T\n\n- [ ] Early\n\n## One\n\n```bash\ncd infra\nterraform plan -out=p.tfplan\n```\n\n- [ ] Late\n\n## Two\n\n```bash\n%s\n```\n\n- [ ] Last\n"
	catalog := Catalog{Checks: []Info{
		{Name: "ask"}, {Name: "terraform.plan", Args: map[string]string{"file": "x", "dir": "x"}, Configured: true},
		{Name: "output", Args: map[string]string{"step": "x"}}, {Name: "file", Args: map[string]string{"path": "x"}},
	}}
	tests := map[string]struct {
		two, item, src string
		dir, why       string
		after          int
	}{
		"the steps of its section":      {"cd ../other; terraform show", "late", "{use: terraform.plan, file: p.tfplan}", "infra", "dir infra: the steps of its section run terraform there", 1},
		"the only directory":            {"true", "early", "{use: terraform.plan, file: p.tfplan}", "infra", "dir infra: the only directory in which steps run terraform", 1},
		"two directories":               {"cd ../other; terraform show", "early", "{use: terraform.plan, file: p.tfplan}", "", "", 0},
		"the file's own directory":      {"true", "early", "{use: terraform.plan, file: infra/p.tfplan}", "", "", 1},
		"its own word":                  {"true", "late", "{use: terraform.plan, file: p.tfplan, dir: x}", "x", "", 1},
		"in a list":                     {"true", "last", "[{use: ask}, {use: terraform.plan, file: p.tfplan}]", "infra", "dir infra", 2},
		"what a later step prints":      {"true", "early", "{use: output, step: two}", "", "", 2},
		"what a later step makes":       {"touch out.txt", "early", "{use: file, path: infra/out.txt}", "", "", 2},
		"what an earlier step has made": {"true", "last", "{use: terraform.plan, file: infra/p.tfplan}", "", "", 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			plan := smallPlan(t, fmt.Sprintf(text, tt.two), "items:\n  '*"+tt.item+"': "+tt.src+"\n", PlanInput{Catalog: catalog, Dirs: DirAuto})
			if errs := plan.Errors(); len(errs) > 0 {
				t.Fatal(errs)
			}
			for i := range plan.Tasks {
				task := &plan.Tasks[i]
				if !strings.HasSuffix(string(task.Slot.ID), tt.item) {
					continue
				}
				parts := task.Binding.Parts()
				if got := parts[len(parts)-1].Args["dir"]; got != tt.dir || task.After != tt.after {
					t.Errorf("dir %q after step %d, want %q after %d", got, task.After, tt.dir, tt.after)
				}
				if !strings.Contains(task.Binding.Why, tt.why) {
					t.Errorf("why %q, want %q", task.Binding.Why, tt.why)
				}
			}
		})
	}
}

// A hold that could never let go, or that waits for nothing, is an error.
func TestHoldsThatCannotBe(t *testing.T) {
	const text = "# T\n\n- [ ] Early\n\n## One\n\n```bash\ntrue\n```\n\n## Two\n\n```bash\ntouch out.txt\n```\n\n- [ ] Last\n\n## Empty\n"
	catalog := Catalog{Checks: []Info{{Name: "ask"}, {Name: "file", Args: map[string]string{"path": "x"}}}}
	tests := map[string]struct{ sidecar, want string }{
		"in order":         {"hold: [{before: two, until: two/last}]\n", ""},
		"nothing there":    {"hold: [{before: tow, until: two/last}]\n", `s.yaml:1: hold: there is no section or slot "tow"`},
		"no items":         {"hold: [{before: two, until: empty}]\n", "s.yaml:1: hold: empty has no items to wait for"},
		"waits for itself": {"items: {two/last: {use: file, path: out.txt}}\nhold: [{before: two, until: two/last}]\n", `s.yaml:2: hold: line 17, "Last", is about step 2, which the hold keeps from starting`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			errs := smallPlan(t, text, tt.sidecar, PlanInput{Catalog: catalog, Dirs: DirAuto}).Errors()
			if tt.want == "" && len(errs) > 0 || tt.want != "" && (len(errs) != 1 || errs[0].Message != tt.want) {
				t.Errorf("%v, want %q", errs, tt.want)
			}
		})
	}
}

// Which commands of a step are idempotent, and how often each may run again.
func TestRepeats(t *testing.T) {
	const steps = "first\naws wait a\naws wait b"
	tests := map[string]struct {
		attrs, want, errs string
	}{
		"nothing":             {"", "0 0 0 0s", ""},
		"all":                 {"idempotent", "2 2 2 5s", ""},
		"none":                {"idempotent=false", "0 0 0 5s", ""},
		"by their text":       {`idempotent="aws wait *"`, "0 2 2 5s", ""},
		"one of them":         {`idempotent="aws wait b" retry=10 pause=10m`, "0 0 10 10m0s", ""},
		"without a pause":     {"idempotent retry=1 pause=0s", "1 1 1 0s", ""},
		"a text that is none": {`idempotent="aws wait c"`, "", `no command of the step is "aws wait c"`},
		"too often":           {"idempotent retry=11", "", `retry is a number from 1 to 10, not "11"`},
		"never":               {"idempotent retry=0", "", `retry is a number from 1 to 10, not "0"`},
		"too long":            {"idempotent pause=11m", "", `pause "11m" is not a duration such as 30s, of at most 10m0s`},
		"not a duration":      {"idempotent pause=soon", "", `pause "soon" is not a duration`},
		"of nothing":          {"retry=2", "", "retry and pause are for commands that idempotent names"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			plan := planOf(t, "```bash {"+tt.attrs+"}\n"+steps+"\n```\n")
			task := plan.Steps()[0]
			if errs := plan.Errors(); tt.errs != "" {
				if len(errs) != 1 || !strings.Contains(errs[0].Message, tt.errs) {
					t.Errorf("errors %v, want %q", errs, tt.errs)
				}
				return
			}
			got := fmt.Sprint(task.Repeats(0), task.Repeats(1), task.Repeats(2), task.Repeat.Pause)
			if got != tt.want || len(plan.Errors()) > 0 {
				t.Errorf("%s (%v), want %s", got, plan.Errors(), tt.want)
			}
		})
	}
}

// Which commands move the work tree that the record stands in.
func TestTreeMoves(t *testing.T) {
	text := bash("git pull\ngit log") + "```bash {skip}\ngit reset --hard\n```\n\n" + bash("f() { git stash; }\nf") + "## Rollback\n\n" + bash("git checkout old")
	plan := planOf(t, text, func(in *PlanInput) { in.InTree = true })
	want := []string{"step 1, line 2: git pull", "step 3, line 12: f"}
	if got := plan.TreeMoves(nil); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	s := NewState()
	note := plan.MovedTree(s)
	if note == nil || note.Value != strings.Join(want, "; ") {
		t.Errorf("note %+v", note)
	}
	s.Notes = append(s.Notes, note)
	if again := plan.MovedTree(s); again != nil {
		t.Errorf("noted twice: %+v", again)
	}
	if got := planOf(t, text).TreeMoves(nil); len(got) > 0 {
		t.Errorf("outside of a work tree: %q", got)
	}
}
