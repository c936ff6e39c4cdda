package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"runbook/executor/executortest/world"
	"runbook/runbook"
)

// A production is a world with runbook in it.
type production struct {
	*world.World
	t *testing.T
}

// exec runs runbook on checklist.md, wants an exit code, and returns stdout.
func (p production) exec(code int, args ...string) string {
	p.t.Helper()
	cmd := p.command(args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		p.t.Fatalf("runbook %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, out, stderr.Bytes())
	}
	return string(out)
}

// command is the test binary, playing runbook.
func (p production) command(args ...string) *exec.Cmd {
	p.t.Helper()
	self, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	cmd := p.Command(p.t.Context(), "", self, args...)
	cmd.Args[0] = "runbook"
	return cmd
}

func (p production) record() string {
	p.t.Helper()
	src, err := os.ReadFile(filepath.Join(p.Dir, "checklist.md"))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(src)
}

// unattended are the arguments of a run that asks nobody.
func unattended(more ...string) []string {
	return append([]string{"exec", "--yes", "--no-input", "--operator", "Ada Moreno", "--format", "json", "checklist.md"}, more...)
}

// TestE2ESeed plans the seed on a fresh tree, runs it to the end, and looks at
// all that the run left.
func TestE2ESeed(t *testing.T) {
	t.Parallel()
	p := production{world.Start(t, world.Seed(t)), t}
	seed := p.record()

	p.wantSeedPlan()
	before := time.Now()
	var summary summaryJSON
	p.decode(p.exec(exitOK, unattended()...), &summary)
	p.wantSeedSteps(summary)
	p.wantSeedFields(summary, before)
	p.wantOnlyMarksChanged(seed)
	p.wantNoSecrets()
	if out := p.exec(exitOK, "verify", "checklist.md"); !strings.Contains(out, "valid-unsigned") {
		t.Errorf("verify says %q", out)
	}

	files := p.Files()
	p.exec(exitOK, unattended()...)
	if after := p.Files(); !maps.EqualFunc(files, after, bytes.Equal) {
		t.Error("a second exec changed files")
	}
	p.wantMore()
	p.wantNoSecrets()
}

func (p production) decode(out string, into any) {
	p.t.Helper()
	if err := json.Unmarshal([]byte(out), into); err != nil {
		p.t.Fatalf("%v in:\n%s", err, out)
	}
}

// wantSeedPlan asserts what the plan says of the seed, and that making it
// changed nothing.
func (p production) wantSeedPlan() {
	p.t.Helper()
	before := p.Files()
	var plan struct {
		Steps []struct {
			Dir         struct{ Path string }
			Contingency *string
		}
		Items, Fields, Choices []json.RawMessage
	}
	p.decode(p.exec(exitOK, "plan", "--format", "json", "checklist.md"), &plan)
	if after := p.Files(); !maps.EqualFunc(before, after, bytes.Equal) {
		p.t.Error("plan changed files")
	}
	if got, want := fmt.Sprint(len(plan.Steps), len(plan.Items), len(plan.Fields), len(plan.Choices)), "12 117 47 1"; got != want {
		p.t.Errorf("steps, items, fields, choices: %s, want %s", got, want)
	}
	const infra = "infra/terraform"
	dirs := []string{".", ".", ".", ".", infra, infra, "any", infra, ".", infra, ".", "."}
	for i, s := range plan.Steps {
		if i < len(dirs) && dirs[i] != "any" && s.Dir.Path != dirs[i] {
			p.t.Errorf("step %d starts in %q, want %q", i+1, s.Dir.Path, dirs[i])
		}
		if rollback := s.Contingency != nil; rollback != (i == 11) {
			p.t.Errorf("step %d: in a contingency: %v", i+1, rollback)
		}
	}
}

// wantSeedSteps asserts that the main path passed, command by command, and that
// the rollback was left alone.
func (p production) wantSeedSteps(s summaryJSON) {
	p.t.Helper()
	if s.Run.Result != runbook.Passed || s.Run.Operator != "Ada Moreno" {
		p.t.Errorf("the run %s, by %q", s.Run.Result, s.Run.Operator)
	}
	if len(s.Steps) != 12 {
		p.t.Fatalf("%d steps, want 12", len(s.Steps))
	}
	for i, step := range s.Steps[:11] {
		if step.Status != runbook.StepPassed || len(step.Commands) == 0 {
			p.t.Errorf("step %d: %s, %d commands", i+1, step.Status, len(step.Commands))
		}
		for _, c := range step.Commands {
			if c.Exit != 0 {
				p.t.Errorf("step %d, line %d: exit %d", i+1, c.Line, c.Exit)
			}
		}
	}
	if last := s.Steps[11]; last.Status != contingency || len(last.Commands) != 0 {
		p.t.Errorf("the rollback step: %+v", last)
	}
	if s.Items.Passed != 0 || s.Items.Failed != 0 || s.Items.Deferred != 15 {
		p.t.Errorf("items: %+v; a run alone settles none", s.Items)
	}
}

// wantSeedFields asserts the value of each blank that a run can know, and that
// no other is filled.
func (p production) wantSeedFields(s summaryJSON, before time.Time) {
	p.t.Helper()
	record, outputs := p.record(), p.Outputs()
	apply := p.stepTimes("deployment-steps/5-apply-infrastructure")
	var tool struct {
		Version string `json:"terraform_version"`
	}
	p.decode(p.Terraform("version", "-json"), &tool)
	day := s.Run.Started.UTC().Format("2006-01-02")
	lines := []string{
		"**Date:** " + day + "  ",
		"**Deployer:** Ada Moreno  ",
		"**Terraform Version:** " + tool.Version,
		"**Deployment Time:** " + apply[0] + " (Start)  ",
		"**Completion Time:** " + apply[1] + " (End)",
		"- GitHub Actions Deploy Role ARN: " + outputs["github_actions_deploy_role_arn"].Value,
		"- GitHub Actions Runtime Role ARN: _________________________",
		"- Ops Alerts Topic ARN: " + outputs["ops_alerts_topic_arn"].Value,
		"- Dashboard URL: " + outputs["cloudwatch_dashboard_url"].Value,
		"| `AWS_ROLE_ARN_PRODUCTION` | arn:aws:iam::" + world.Account + ":role/mirror-dissonance-production-github-deploy |",
		"| `OPS_SNS_TOPIC_ARN_PRODUCTION` | arn:aws:sns:us-east-1:" + world.Account + ":mirror-dissonance-production-ops-alerts |",
		"# Store in: _________________________",
		"**Decision Maker:** _________________________  ",
		"**Completed:** 0 / 108  ",
		"**Blocked:** 0  ",
		"**Deployment Status:** [x] Success [ ] Failed [ ] Rolled Back",
		"**Next Review Date:** ___________",
	}
	for _, line := range lines {
		if !strings.Contains(record, "\n"+line+"\n") {
			p.t.Errorf("the record has no line %q", line)
		}
	}
	if before.UTC().Truncate(time.Second).After(s.Run.Started) {
		p.t.Errorf("the run started at %v, before the test did at %v", s.Run.Started, before)
	}
}

// stepTimes are the start and the end of a step in the journal, as a record
// writes them.
func (p production) stepTimes(step string) [2]string {
	p.t.Helper()
	var times [2]string
	for line := range strings.Lines(p.journal()) {
		var entry struct {
			Time time.Time
			Type string
			Data struct{ Step string }
		}
		p.decode(line, &entry)
		if entry.Data.Step != step {
			continue
		}
		at := entry.Time.UTC().Format("2006-01-02 15:04:05 UTC")
		switch entry.Type {
		case "step.started":
			times[0] = at
		case "step.finished":
			times[1] = at
		}
	}
	return times
}

func (p production) journal() string {
	p.t.Helper()
	paths, err := filepath.Glob(filepath.Join(p.Dir, "checklist.runs", "*", "journal.jsonl"))
	if err != nil || len(paths) != 1 {
		p.t.Fatalf("journals %q: %v; want one", paths, err)
	}
	text, err := os.ReadFile(paths[0])
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

var (
	outputSection = regexp.MustCompile(`(?ms)^<!-- runbook:output .*?^<!-- /runbook:output -->\n`)
	recordSection = regexp.MustCompile(`(?ms)\n?^<!-- runbook:record -->.*^<!-- /runbook:record -->\n`)
	mark          = regexp.MustCompile(`_{2,}|\\\[ \\\]|ACCOUNT_ID`)
)

// wantOnlyMarksChanged asserts, without runbook's own parser, that the record
// is the template but for output sections, the appendix, and what stands where
// the template has a blank, a box or ACCOUNT_ID; that no item is ticked; and
// that the rollback section is as it was.
func (p production) wantOnlyMarksChanged(template string) {
	p.t.Helper()
	record := p.record()
	if n := strings.Count(outputSection.ReplaceAllString(recordSection.ReplaceAllString(record, ""), ""), "- [x]"); n != 0 {
		p.t.Errorf("%d items are ticked, want none", n)
	}
	bare := strings.Split(outputSection.ReplaceAllString(recordSection.ReplaceAllString(record, ""), ""), "\n")
	lines := strings.Split(strings.TrimSuffix(template, "\n"), "\n")
	if n := len(bare) - 1; bare[n] == "" {
		bare = bare[:n]
	}
	if len(bare) != len(lines) {
		p.t.Fatalf("without its sections the record has %d lines, the template %d", len(bare), len(lines))
	}
	for i, line := range lines {
		pattern := mark.ReplaceAllString(regexp.QuoteMeta(line), `.+?`)
		if !regexp.MustCompile(`^` + pattern + `$`).MatchString(bare[i]) {
			p.t.Errorf("line %d was\n%q and is\n%q", i+1, line, bare[i])
		}
	}
	_, rollback, _ := strings.Cut(template, "\n## Rollback Plan\n")
	rollback, _, _ = strings.Cut(rollback, "\n## Sign-Off\n")
	if !strings.Contains(record, rollback) {
		p.t.Error("the rollback section was touched")
	}
}

// wantNoSecrets asserts that nothing the run left holds the nonce or the
// sensitive output, in any form.
func (p production) wantNoSecrets() {
	p.t.Helper()
	for name, secret := range map[string]string{"nonce": p.Nonce(), "salt": p.Salt()} {
		if places := p.Holding(secret); len(places) > 0 {
			p.t.Errorf("the %s is in %s", name, strings.Join(places, ", "))
		}
	}
}

// wantMore lets a later exec add to the finished run what is then known, and
// nothing else.
func (p production) wantMore() {
	p.t.Helper()
	answers := filepath.Join(p.Base, "answers.yaml")
	text := `items:
  "*/plan-reviewed-by-second-engineer": {verdict: pass, by: Ben Okafor, note: ten additions}
  "*/lead-engineer": {verdict: pass, by: Chi Tanaka}
`
	if err := os.WriteFile(answers, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	before := p.record()
	arn := p.Outputs()["github_actions_role_arn"].Value
	p.exec(exitOK, unattended("--set", "GitHub Actions Runtime Role ARN="+arn, "--answers", answers)...)
	var changed []string
	was := strings.Split(recordSection.ReplaceAllString(before, ""), "\n")
	for i, line := range strings.Split(recordSection.ReplaceAllString(p.record(), ""), "\n") {
		if i < len(was) && was[i] != line {
			changed = append(changed, line)
		}
	}
	want := []string{
		"- [x] Plan reviewed by second engineer",
		"- GitHub Actions Runtime Role ARN: " + arn,
		"- [x] Lead Engineer: Chi Tanaka Date: " + time.Now().UTC().Format("2006-01-02"),
		"**Completed:** 2 / 108  ",
	}
	if !slices.Equal(changed, want) {
		p.t.Errorf("changed lines:\n%q, want\n%q", changed, want)
	}
	p.exec(exitOK, "verify", "checklist.md")
}

// TestE2EOwnChecklist runs the checklist that uses every construct of the
// format, with answers, to its end.
func TestE2EOwnChecklist(t *testing.T) {
	t.Parallel()
	p := production{world.Start(t, world.Checklist(t)), t}
	template := p.record()
	answers := filepath.Join(world.Repository(t), "testdata", "world", "answers.yaml")
	var summary summaryJSON
	p.decode(p.exec(exitOK, unattended("--answers", answers)...), &summary)
	if summary.Run.Result != runbook.Passed {
		t.Errorf("the run %s: %s", summary.Run.Result, summary.Run.Reason)
	}
	for _, line := range []string{
		"**Cutover Lead:** Ada Moreno  ",
		"> **Freeze reference:** FRZ-2026-004",
		"# Filed under: vault entry ledger/production",
		"| Announcement drafted? | GO ☑ / NO-GO ☐ |",
		"* [x] Workspace for production is free to create",
		"- [x] Plan read by a second engineer",
		"- [ ] `LEDGER_TOPIC` stored (optional)",
		"- Baseline Bucket: " + p.Outputs()["baseline_bucket_name"].Value,
		"Written by: Ada Moreno",
		"**Outcome:** [x] Cut over [ ] Postponed [ ] Aborted",
	} {
		if !strings.Contains(p.record(), "\n"+line+"\n") {
			t.Errorf("the record has no line %q", line)
		}
	}
	p.wantNoSecrets()
	if strings.Contains(strings.Join(slices.Collect(maps.Keys(p.Files())), "\n"), "never-run") {
		t.Error("a fence in a comment ran")
	}
	p.exec(exitOK, "verify", "checklist.md")
	p.exec(exitOK, "reset", "checklist.md")
	if p.record() != template {
		t.Error("reset does not give back the template")
	}
}

const applyStep = "deployment-steps/5-apply-infrastructure"

// TestE2EInterrupted kills the runner while terraform applies. Terraform ends
// its work, and the same exec takes over its outcome: nobody is asked, and
// nothing is applied twice.
func TestE2EInterrupted(t *testing.T) {
	t.Parallel()
	p := production{world.Start(t, world.Seed(t)), t}
	p.killWhen("Creating...")
	var summary summaryJSON
	p.decode(p.exec(exitOK, unattended()...), &summary)
	if summary.Run.Result != runbook.Passed {
		t.Errorf("the run %s: %s", summary.Run.Result, summary.Run.Reason)
	}
	p.wantAppliedOnce()
	if !strings.Contains(p.record(), "Apply complete! Resources: ") {
		t.Error("the record has not what terraform printed while nobody followed it")
	}
	p.wantNoSecrets()
	p.exec(exitOK, "verify", "checklist.md")
}

// TestE2EOutcomeLost kills the runner and its supervisor while terraform
// applies. Terraform ends its work, exec does not repeat it, and a person's
// word brings the run to its end.
func TestE2EOutcomeLost(t *testing.T) {
	t.Parallel()
	p := production{world.Start(t, world.Seed(t)), t}
	held := p.holdApply()
	p.killWhen("Creating...")
	killSupervisor(t, p.Base)
	held.release()
	if p.Terraform("workspace", "show") != "production" {
		t.Error("terraform's workspace is not production")
	}
	p.Terraform("plan", "-detailed-exitcode", "-var-file=production.tfvars") // everything is done

	var summary summaryJSON
	p.decode(p.exec(exitHeld, unattended()...), &summary)
	if s := summary.Steps[4]; s.ID != applyStep || s.Status != runbook.StepUnknown {
		t.Errorf("step 5 is %+v, want %s, unknown", s, applyStep)
	}
	p.decode(p.exec(exitOK, unattended("--resolve", applyStep+"=done", "--reason", "terraform plan finds nothing to do")...), &summary)
	if summary.Run.Result != runbook.Passed {
		t.Errorf("the run %s: %s", summary.Run.Result, summary.Run.Reason)
	}
	if n := strings.Count(p.journal(), `"terraform plan finds nothing to do"`); n != 1 {
		t.Errorf("the journal has %d words on the step, want 1", n)
	}
	p.wantAppliedOnce()
	p.wantNoSecrets()
	p.exec(exitOK, "verify", "checklist.md")
}

// A heldApply is a terraform whose first apply, when it has done its work, waits
// to be released: what must happen before its end can take its time.
type heldApply struct {
	t   *testing.T
	dir string
}

// holdApply puts such a terraform into the steps' PATH.
func (p production) holdApply() heldApply {
	p.t.Helper()
	real, err := exec.LookPath("terraform")
	if err != nil {
		p.t.Fatal(err)
	}
	h := heldApply{p.t, filepath.Join(p.Base, "held")}
	const program = `#!/bin/bash
if [ "$1" = apply ] && mkdir %[1]q/once 2>/dev/null; then
	echo $$ > %[1]q/pid
	%[2]q "$@"
	code=$?
	: < %[1]q/go-on
	exit $code
fi
exec %[2]q "$@"
`
	err = errors.Join(
		os.Mkdir(h.dir, 0o700),
		os.WriteFile(filepath.Join(h.dir, "terraform"), fmt.Appendf(nil, program, h.dir, real), 0o700),
		unix.Mkfifo(filepath.Join(h.dir, "go-on"), 0o600),
	)
	if err != nil {
		p.t.Fatal(err)
	}
	for i, v := range p.Env {
		if path, ok := strings.CutPrefix(v, "PATH="); ok {
			p.Env[i] = "PATH=" + h.dir + ":" + path
		}
	}
	return h
}

// release waits until terraform has done its work, and lets it end.
func (h heldApply) release() {
	h.t.Helper()
	f, err := os.OpenFile(filepath.Join(h.dir, "go-on"), os.O_WRONLY, 0) // returns when it waits
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		h.t.Fatal(err)
	}
	pid, err := os.ReadFile(filepath.Join(h.dir, "pid"))
	if err != nil {
		h.t.Fatal(err)
	}
	waitFor(h.t, "end of terraform", func() bool {
		stat, err := os.ReadFile(filepath.Join("/proc", strings.TrimSpace(string(pid)), "stat"))
		return err != nil || strings.Contains(string(stat), ") Z ")
	})
}

func (p production) wantAppliedOnce() {
	p.t.Helper()
	started := 0
	for line := range strings.Lines(p.journal()) {
		if strings.Contains(line, `"command.started"`) && strings.Contains(line, applyStep) {
			started++
		}
	}
	if started != 1 {
		p.t.Errorf("terraform apply was started %d times, want once", started)
	}
}

// killWhen runs the checklist and kills runbook, and runbook alone, as soon as
// it shows a text.
func (p production) killWhen(text string) {
	p.t.Helper()
	cmd := p.command(unattended()...)
	progress, err := cmd.StderrPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	var shown strings.Builder
	for in := bufio.NewReader(progress); ; {
		line, err := in.ReadString('\n')
		shown.WriteString(line)
		if strings.Contains(line, text) {
			break
		}
		if errors.Is(err, io.EOF) {
			p.t.Fatalf("runbook ended without showing %q:\n%s", text, shown.String())
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
	_ = cmd.Wait() // always "killed"
}
