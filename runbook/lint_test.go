package runbook

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A lintMachine is a machine of a test's own: files by their absolute path,
// those with a name in "executable", and what else is there.
type lintMachine struct {
	files      map[string]string
	executable []string
	programs   string // separated by spaces; "*" is every program
	variables  string
}

func (m lintMachine) Exists(p string) bool { _, ok := m.files[p]; return ok || m.IsDir(p) }

func (m lintMachine) IsDir(p string) bool {
	for name := range m.files {
		if strings.HasPrefix(name, strings.TrimSuffix(p, "/")+"/") {
			return true
		}
	}
	return false
}

func (m lintMachine) Names(dir, glob string) []string {
	var names []string
	for name := range m.files {
		rest, below := strings.CutPrefix(name, strings.TrimSuffix(dir, "/")+"/")
		base, _, _ := strings.Cut(rest, "/")
		if ok, _ := path.Match(glob, base); ok && below {
			names = append(names, base)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (m lintMachine) Has(dir, glob string) bool { return len(m.Names(dir, glob)) > 0 }

func (m lintMachine) ReadFile(p string) ([]byte, error) {
	text, ok := m.files[p]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return []byte(text), nil
}

func (m lintMachine) IsExecutable(p string) bool { return slices.Contains(m.executable, p) }
func (m lintMachine) Installed(program string) bool {
	return m.programs == "*" || isListed(program, m.programs)
}
func (m lintMachine) IsSet(variable string) bool { return isListed(variable, m.variables) }

// lintRepo is the machine that most tests lint on.
func lintRepo() lintMachine {
	return lintMachine{
		programs:  "*",
		variables: "AWS_PROFILE",
		files: map[string]string{
			"/repo/infra/main.tf":    `resource "terraform_data" "x" {}`,
			"/repo/infra/outputs.tf": "output \"topic_arn\" { value = 1 }\noutput \"bucket_name\" {\n  value = \"a\"\n}\n",
			"/repo/run.sh":           "", "/repo/plain.sh": "", "/repo/notes.txt": "", "/repo/docs/a.md": "",
		},
		executable: []string{"/repo/run.sh"},
	}
}

// lint plans and lints a document that lies at the root of m's repository.
func lint(t *testing.T, m lintMachine, text string, sidecar ...string) []Problem {
	t.Helper()
	doc, err := Parse("checklist.md", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	in := PlanInput{Tree: m, Root: "/repo", DocDir: "/repo", Dirs: DirAuto,
		Catalog: Catalog{
			Sources: []Info{{Name: "terraform", Args: map[string]string{"output": "", "dir": ""}}},
			Checks: []Info{{Name: "step", Args: map[string]string{"run": "", "dir": ""}}, {Name: "output", Args: map[string]string{"step": ""}, Steps: []string{"step"}},
				{Name: "terraform.plan", Args: map[string]string{"file": "", "dir": ""}}},
		}}
	for _, s := range sidecar {
		car, faults := ParseSidecar("checklist.runbook.yaml", []byte(s))
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		in.Sidecar = car
	}
	return Lint(NewPlan(doc, in), LintInput{Machine: m, Root: "/repo", DocDir: "/repo"})
}

// lintShown writes findings one a line, for comparison.
func lintShown(found []Problem) string {
	var b strings.Builder
	for _, p := range found {
		fmt.Fprintf(&b, "%d %s %s: %s\n", p.Line, p.Severity, p.Code, p.Message)
	}
	return b.String()
}

// TestLintCommands holds each code that a single command can have against
// commands that have it and commands that come close.
func TestLintCommands(t *testing.T) {
	for code, commands := range lintCommandCases {
		for _, command := range commands.found {
			t.Run(code+"/found/"+command, func(t *testing.T) { lintCommand(t, command, code, true) })
		}
		for _, command := range commands.clean {
			t.Run(code+"/clean/"+command, func(t *testing.T) { lintCommand(t, command, code, false) })
		}
	}
}

func lintCommand(t *testing.T, command, code string, want bool) {
	t.Helper()
	found := lint(t, lintRepo(), "```bash\n"+command+"\n```\n")
	got := slices.ContainsFunc(found, func(p Problem) bool { return p.Code == code })
	if got != want {
		t.Errorf("%s: reported %t, want %t; all findings:\n%s", code, got, want, lintShown(found))
	}
	for _, p := range found {
		if p.Code == code && p.Hint == "" {
			t.Errorf("%s has no hint", code)
		}
	}
}

// TestLintDocuments holds what depends on more than one command.
func TestLintDocuments(t *testing.T) {
	step := func(s string) string { return "```bash\n" + s + "\n```\n" }
	for _, c := range []struct {
		name, text, sidecar string
		machine             func(*lintMachine)
		want                string
	}{
		{name: "destructive in a contingency is what it is for", text: "## Rollback\n\n" + step("cd infra\nterraform destroy -auto-approve")},
		{name: "a skipped step is not judged", text: "```bash {skip}\nvi notes.txt\nfrobnicate\n```\n", machine: func(m *lintMachine) { m.programs = "" }},
		{name: "a step with the terminal may ask", text: "```bash {tty}\nvi notes.txt\nread -p x answer\n```\n"},
		{name: "a variable set by an earlier step", text: step("export RELEASE=1") + "\n" + step("echo $RELEASE")},
		{name: "a variable set by a later step", text: step("echo $RELEASE") + "\n" + step("export RELEASE=1"),
			want: "2 warning unset-variable: RELEASE is used, and nothing sets it: it is empty\n"},
		{name: "a variable set by the sidecar", text: step("echo $RELEASE"), sidecar: "defaults: {env: {RELEASE: \"1\"}}\n"},
		{name: "a tool that is not there, once", text: step("frob a\nfrob b") + "\n" + step("frob c"), machine: func(m *lintMachine) { m.programs = "" },
			want: "2 warning missing-tool: frob is not installed here\n"},
		{name: "tools that are defined, asked for or installed", machine: func(m *lintMachine) { m.programs = "npm" },
			text: step("greet() { echo hi; }\ngreet\nalias k=kubectl\nk get pods\ncommand -v jq\njq .\nnpm install -g frob\nfrob a")},
		{name: "a tool behind a wrapper", text: step("sudo frob a"), machine: func(m *lintMachine) { m.programs = "sudo" },
			want: "2 warning missing-tool: frob is not installed here\n"},
		{name: "a tool in a container", text: step("kubectl exec web -- frob a"), machine: func(m *lintMachine) { m.programs = "kubectl" }},
		{name: "a place that another machine may have", text: step("cd /srv/app\ncat a.txt"),
			want: "2 warning missing-path: there is no directory /srv/app\n"},
		{name: "after sourcing a file nothing is known of tools", text: step("source run.sh\nfrob a"), machine: func(m *lintMachine) { m.programs = "" }},
		{name: "an expectation of a skipped step", text: "```bash {skip}\n./run.sh\n# Expected output: production\n```\n",
			want: "3 note unmeetable-expectation: the step is skipped: nothing is compared with this\n"},
		{name: "a sample of what goes to files", text: step("date > a.txt\ncd infra") + "\n```output\nMonday\n```\n",
			want: "6 error unmeetable-expectation: no command of the step prints anything: what they print goes to files: no output can meet this\n"},
		{name: "a sample of what one command prints", text: step("date > a.txt\ndate") + "\n```output\nMonday\n```\n"},
		{name: "items that the template has settled", text: "- [x] One\n- [X] Two\n- [ ] Three\n", sidecar: "items:\n  two: {use: step, run: \"true\"}\n",
			want: "1 warning unsettleable-item: the template has ticked the item: every record has it done, and no run asks who did it\n" +
				"2 warning unsettleable-item: the template has marked the item already: what it is bound to (step) is never asked\n"},
		{name: "items about steps that do not run", text: "- [ ] One\n- [ ] Two\n- [ ] Three\n- [ ] Four\n\n```bash {skip}\necho a\n```\n\n" + step("# by hand") + "\n" + step("echo b") + "\n## Rollback\n\n- [ ] Five\n\n" + step("echo c"),
			sidecar: "items:\n  one: {use: output, step: step}\n  two: {use: output, step: step-2}\n  three: {use: output, step: rollback}\n  four: {use: output, step: step-3}\n  \"*/five\": {use: output, step: rollback}\n",
			want: "1 error unsettleable-item: the item waits for what step 1 does, which is skipped\n" +
				"2 error unsettleable-item: the item waits for what step 2 does, which holds no command\n" +
				"3 error unsettleable-item: the item waits for what step 4 does, which runs in a contingency only\n" +
				"11 note no-commands: the step holds no command\n"},
		{name: "checks whose commands cannot run", text: "- [ ] One\n- [ ] Two\n- [ ] Three\n- [ ] Four\n- [ ] Five\n", machine: func(m *lintMachine) { m.programs = "" },
			sidecar: "items:\n  one: {use: step, run: \"if true\"}\n  two: {use: step, run: frob a}\n  three: {use: step, run: ./no.sh}\n  four: {use: step, run: \"./run.sh && cd infra\"}\n  five: {use: step, run: ../run.sh, dir: infra}\n",
			want: "1 error unsettleable-item: bash cannot read the command of the item's check: if true\n" +
				"2 warning missing-tool: the item's check runs frob, which is not installed here\n" +
				"3 warning missing-path: the item's check runs ./no.sh, which does not exist\n"},
		{name: "a check's program that a step installs", text: "- [ ] One\n\n" + step("npm install -g frob"), machine: func(m *lintMachine) { m.programs = "npm" }, sidecar: "items: {one: {use: step, run: frob a}}\n"},
		{name: "saved plans that no step makes", text: "- [ ] One\n- [ ] Two\n\n" + step("cd infra\nterraform plan -out=a.tfplan"),
			sidecar: "items:\n  one: {use: terraform.plan, file: a.tfplan, dir: infra}\n  two: {use: terraform.plan, file: b.tfplan, dir: infra}\n",
			want:    "2 warning unsettleable-item: the item's check looks at the saved plan b.tfplan, which does not exist, and no step is seen to make it\n"},
		{name: "holds that nothing lets go", text: "## Go\n\n- [ ] One\n\n" + step("echo a") + "\n## Later\n\nWithin 24 hours:\n\n- [ ] Two\n\n## Rollback\n\n- [ ] Three\n\n" + step("echo b"),
			sidecar: "hold:\n  - {before: go, until: [go/one, later, rollback]}\n  - {before: rollback, until: [rollback/three]}\n",
			want: "13 warning unsettleable-item: go waits for the item, which is due after the run\n" +
				"17 warning unsettleable-item: go waits for the item, which is asked in a contingency only\n"},
		{name: "boxes where none is an item", text: "---\ntags:\n- [ ] a\n---\n\n- [ ] An item\n\n```text\n- [ ] One\n- [ ] Two\n```\n\n```markdown\n* [x] Three\n```\n\nText:\n\n    1. [ ] Four\n\n<!--\n- [ ] Five\n-->\n\n" +
			"```yaml\n- [ ] six\n```\n\n- [ ](a.md) link\n- `[ ]` code\n",
			want: "9 note unsettleable-item: the box stands in a fence: it is no item, and no run ticks it\n" +
				"14 note unsettleable-item: the box stands in a fence: it is no item, and no run ticks it\n" +
				"19 note unsettleable-item: the box stands in indented text or HTML: it is no item, and no run ticks it\n" +
				"22 note unsettleable-item: the box stands in an HTML comment: it is no item, and no run ticks it\n"},
		{name: "boxes of a form are items", text: "```\nName: ________\n- [ ] Checked\n```\n\n> - [ ] Quoted\n"},
		{name: "an output with a near name", text: step("cd infra\nterraform output -raw \\\n  topic_am"),
			want: "3 error undefined-output: terraform in infra declares no output \"topic_am\"; did you mean \"topic_arn\"?\n"},
		{name: "an output of a configuration that cannot be read", text: step("cd infra\nterraform output other"),
			machine: func(m *lintMachine) { m.files["/repo/infra/outputs.tf"] = "output \"x\" {" }},
		{name: "an output of a configuration in JSON", text: step("cd infra\nterraform output other"),
			machine: func(m *lintMachine) { m.files["/repo/infra/more.tf.json"] = "{}" }},
		{name: "an output that the sidecar names", text: "**Topic:** ________\n", sidecar: "fields:\n  topic: {use: terraform, output: topic, dir: infra}\n",
			want: "1 error undefined-output: terraform in infra declares no output \"topic\"\n"},
		{name: "a path that an earlier step makes", text: step("mkdir -p out\ndate > out/now.txt") + "\n" + step("cd docs\ncat ../out/now.txt")},
		{name: "a path that a script may make", text: step("./run.sh") + "\n" + step("cd docs\ncat made.txt"),
			want: "7 warning missing-path: made.txt does not exist in docs, and no command before makes it\n"},
		{name: "a path that nothing can make", text: step("cd docs\ncat made.txt"),
			want: "3 error missing-path: made.txt does not exist in docs, and no command before makes it\n"},
		{name: "a step with nowhere to start is told once", text: step("./no.sh\ncat no.txt"),
			want: "1 error start-directory: step 1 has nowhere to start: . has no ./no.sh\n"},
		{name: "a script that an item names", text: "- [ ] Smoke test (`./smoke.sh production`)\n- [ ] Other (`./run.sh`)\n",
			want: "1 warning missing-path: the item names ./smoke.sh, which does not exist\n"},
		{name: "steps with Or between them", text: step("a b") + "\nOr:\n\n" + step("c d"),
			want: "7 warning alternatives: after \"Or:\", step 2 reads as another way to do what step 1 does; both run\n"},
		{name: "steps introduced for systems", text: "**macOS:**\n\n" + step("a b") + "\n- Linux (apt)\n\n" + step("c d"),
			want: "9 warning alternatives: \"macOS\" and \"Linux\" read as alternatives; steps 1 and 2 both run\n"},
		{name: "steps with words of their own", text: "On macOS it is slow.\n\n" + step("a b") + "\nLinux is faster.\n\n" + step("c d")},
		{name: "sections that are options", text: "## Install\n\n### Option A: apt\n\n" + step("a b") + "\n### Option B: brew\n\n" + step("c d"),
			want: "9 warning alternatives: the sections \"Option A\" and \"Option B\" read as alternatives; the steps of both run\n"},
		{name: "sections for systems", text: "## Linux\n\n" + step("a b") + "\n## macOS\n\n" + step("c d") + "\n## Windows\n\nRead on.\n",
			want: "7 warning alternatives: the sections \"Linux\" and \"macOS\" read as alternatives; the steps of both run\n"},
		{name: "sections about systems", text: "## Linux\n\n" + step("a b") + "\n## Windows\n\nNothing to run.\n"},
		{name: "a shell option set by an earlier step", text: step("set -euo pipefail") + "\n" + step("aws sts get-caller-identity | jq .Account")},
		{name: "what never ends, where the operator can end it", text: "```bash {tty}\nhtop\n```\n",
			want: "2 warning never-ending: htop never ends by itself: nothing after it would run\n"},
		{name: "<details> in the text folds nothing", text: "Use `<details>` with care.\n\n" + step("echo a")},
		{name: "a step in a comment", text: "<!--\n" + step("echo a") + "-->\n\n<!-- one line -->\n\n" + step("echo b"),
			want: "2 note commented-step: the step stands in an HTML comment: it is not shown, and it never runs\n"},
		{name: "a folded step", text: "<details>\n<summary>More</summary>\n\n" + step("echo a") + "\n</details>\n\n" + step("echo b"),
			want: "4 note folded-step: the step is folded away (<details>), and it runs as any other\n"},
		{name: "the program's own output is folded and no step", text: step("echo a") + "\n<!-- runbook:output 1 -->\n<details>\n\n```\na\n```\n\n</details>\n<!-- /runbook:output -->\n\n" + step("echo b")},
		{name: "what bash cannot read is told once", text: step("if true; then\nvi x"),
			want: "2 error bash-syntax: bash cannot read this: `if` statement must end with `fi`\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := lintRepo()
			if c.machine != nil {
				c.machine(&m)
			}
			var sidecar []string
			if c.sidecar != "" {
				sidecar = append(sidecar, c.sidecar)
			}
			if got := lintShown(lint(t, m, c.text, sidecar...)); got != c.want {
				t.Errorf("found\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// A worldMachine is the repository of the test world, in which everything that
// the checklists need is installed.
type worldMachine struct{ lintMachine }

func newWorldMachine(t *testing.T) worldMachine {
	t.Helper()
	m := worldMachine{lintMachine{files: map[string]string{}, programs: "terraform aws git node pnpm cat grep date"}}
	root := filepath.Join("..", "testdata", "world", "repo")
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		info, ierr := d.Info()
		if err := errors.Join(err, ierr); err != nil {
			return err
		}
		at := "/repo" + filepath.ToSlash(strings.TrimPrefix(name, root))
		m.files[at] = string(text)
		if info.Mode()&0o111 != 0 {
			m.executable = append(m.executable, at)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestLintSeed holds all that lint says of the checklist that the project was
// built for, in the world that it is meant for.
func TestLintSeed(t *testing.T) {
	const want = `69 warning not-repeatable: terraform workspace new fails where the workspace exists
241 warning not-repeatable: aws sns subscribe, run again, asks once more for a confirmation that is still open
242 note hidden-failure: where terraform fails, the command runs all the same, without what it would have printed
362 note placeholder: step 12 does not start while <previous-working-commit> has no value
372 note hidden-failure: where terraform fails, the command runs all the same, without what it would have printed
`
	if got := lintShown(lint(t, newWorldMachine(t).lintMachine, string(scriptSeed(t)))); got != want {
		t.Errorf("found\n%s\nwant\n%s", got, want)
	}
}

// TestLintRenamedOutput breaks the world in one place: lint names that place
// wherever the seed relies on it, and nothing else is added.
func TestLintRenamedOutput(t *testing.T) {
	m := newWorldMachine(t).lintMachine
	const file = "/repo/infra/terraform/outputs.tf"
	m.files[file] = strings.Replace(m.files[file], `"ops_alerts_topic_arn"`, `"ops_alert_topic_arn"`, 1)
	var lines []int
	for _, p := range lint(t, m, string(scriptSeed(t))) {
		if p.Code == "undefined-output" && strings.Contains(p.Message, `did you mean "ops_alert_topic_arn"?`) {
			lines = append(lines, p.Line)
		}
	}
	if want := []int{162, 242, 372}; !slices.Equal(lines, want) {
		t.Errorf("reported on lines %d, want %d", lines, want)
	}
}

// TestLintWorld holds all that lint says of the test world's own checklist.
func TestLintWorld(t *testing.T) {
	src, err := os.ReadFile(filepath.Join("..", "testdata", "world", "checklist.md"))
	if err != nil {
		t.Fatal(err)
	}
	const want = `27 warning unsettleable-item: the template has ticked the item: every record has it done, and no run asks who did it
60 warning not-repeatable: terraform workspace new fails where the workspace exists
216 warning not-repeatable: aws sns subscribe, run again, asks once more for a confirmation that is still open
216 note hidden-failure: where terraform fails, the command runs all the same, without what it would have printed
219 note hidden-failure: where terraform fails, the command runs all the same, without what it would have printed
220 warning placeholder: step 9 does not start while <change-ticket> has no value
227 note commented-step: the step stands in an HTML comment: it is not shown, and it never runs
302 note placeholder: step 14 does not start while <last-good-commit> has no value
`
	if got := lintShown(lint(t, newWorldMachine(t).lintMachine, string(src))); got != want {
		t.Errorf("found\n%s\nwant\n%s", got, want)
	}
}

// FuzzLint holds that lint ends on any document, and that what it finds has a
// known code and a line of the document.
func FuzzLint(f *testing.F) {
	for _, cases := range lintCommandCases {
		for _, command := range append(cases.found, cases.clean...) {
			f.Add("```bash\n" + command + "\n```\n")
		}
	}
	f.Add("## Option A\n\n```sh\na\n```\n\n## Option B\n\n<details>\n\n```sh\nb\n```\n\n<!--\n```sh\nc\n```\n-->\n")
	known := map[string]bool{}
	for _, r := range LintRules() {
		known[r.Code] = true
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := Parse("checklist.md", []byte(text)); err != nil {
			t.Skip("skipped: not a document")
		}
		for _, p := range lint(t, lintRepo(), text) {
			if !known[p.Code] || p.Line < 0 || p.Line > 1+strings.Count(text, "\n") || p.Message == "" {
				t.Errorf("found %+v", p)
			}
		}
	})
}
