package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// lintHere writes the files into a repository of the test's own, makes it the
// working directory, and runs lint there.
func lintHere(t *testing.T, files map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	var out, errs bytes.Buffer
	code = run(t.Context(), append([]string{"lint"}, args...), nil, &out, &errs)
	return code, out.String(), errs.String()
}

const (
	lintClean   = "- [ ] Asked\n\n```bash\necho hello\n```\n"
	lintWarning = "```bash\nmkdir out\n```\n"
	lintError   = "```bash\nmkdir out\nread -r answer\n```\n"
)

// TestLintExitCodes: 0 without errors, 1 with, 2 where nothing could be linted.
func TestLintExitCodes(t *testing.T) {
	for _, c := range []struct {
		name, text string
		args       []string
		code       int
		stderr     string
	}{
		{"nothing found", lintClean, nil, 0, ""},
		{"warnings only", lintWarning, nil, 0, ""},
		{"an error", lintError, nil, 1, ""},
		{"a step that bash cannot read", "```bash\nif\n```\n", nil, 1, ""},
		{"binary data", "a\x00b", nil, 2, "runbook: checklist.md:1: binary data: a NUL byte\n"},
		{"an unknown format", lintClean, []string{"--format", "xml"}, 2, "runbook: --format is text, json or sarif, not \"xml\"\n"},
		{"no file", lintClean, []string{"other.md"}, 2, "runbook: lint takes one file, and 2 were given\n  for example: runbook lint checklist.md\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, _, stderr := lintHere(t, map[string]string{"checklist.md": c.text}, append([]string{"checklist.md"}, c.args...)...)
			if code != c.code || stderr != c.stderr {
				t.Errorf("exit %d, stderr %q; want exit %d, stderr %q", code, stderr, c.code, c.stderr)
			}
		})
	}
}

func TestLintText(t *testing.T) {
	const want = `checklist.md:2: warning: mkdir fails where the directory exists  [not-repeatable]
    use ` + "`mkdir -p`" + `
    see docs/lint.md#not-repeatable
checklist.md:3: error: read waits for a line from a person  [interactive]
    give it all that it would ask for, or let the step have the terminal: ` + "```bash {tty}" + `
    see docs/lint.md#interactive
checklist.md: 1 error, 1 warning, 0 notes
`
	if _, got, _ := lintHere(t, map[string]string{"checklist.md": lintError}, "checklist.md"); got != want {
		t.Errorf("printed\n%s\nwant\n%s", got, want)
	}
}

// What a check refuses of its arguments is told with the sidecar's line, and a
// step that a comment names and that does not exist is told as well.
func TestLintBindings(t *testing.T) {
	files := map[string]string{
		"checklist.md":           "- [ ] One\n\n<!-- runbook: use=output step=no expect=\"len(lines) == 1\" -->\n- [ ] Two\n",
		"checklist.runbook.yaml": "items:\n  one: {use: step, run: \"true\", expect: \"exit ==\"}\n",
	}
	code, out, _ := lintHere(t, files, "checklist.md")
	for _, want := range []string{
		"checklist.md:1: error: checklist.runbook.yaml:2: one: step: expect \"exit ==\": ",
		"checklist.md:3: error: the comment for two: output: step: there is no step \"no\"  [attribute]\n",
	} {
		if code != 1 || !strings.Contains(out, want) {
			t.Errorf("exit %d, without %q:\n%s", code, want, out)
		}
	}
}

// What a document holds cannot drive the terminal that lint prints to.
func TestLintTextIsVisible(t *testing.T) {
	_, out, _ := lintHere(t, map[string]string{"checklist.md": "```bash\n\x1b[31mfrob\u202e a\n```\n"}, "checklist.md")
	if strings.ContainsAny(out, "\x1b\u202e") {
		t.Errorf("printed %q", out)
	}
}

func TestLintJSON(t *testing.T) {
	_, out, _ := lintHere(t, map[string]string{"checklist.md": lintError}, "checklist.md", "--format", "json")
	var got struct {
		Document                struct{ Path, SHA256 string }
		Errors, Warnings, Notes int
		Findings                []struct {
			Severity, Code, Message, Hint, Docs string
			Line                                int
		}
	}
	dec := json.NewDecoder(strings.NewReader(out))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&got); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	if got.Document.Path != "checklist.md" || len(got.Document.SHA256) != 64 || got.Errors != 1 || got.Warnings != 1 || got.Notes != 0 || len(got.Findings) != 2 {
		t.Fatalf("printed\n%s", out)
	}
	f := got.Findings[1]
	if f.Severity != "error" || f.Code != "interactive" || f.Line != 3 || f.Docs != "docs/lint.md#interactive" || f.Message == "" || f.Hint == "" {
		t.Errorf("the finding is %+v", f)
	}
	if _, out, _ := lintHere(t, map[string]string{"checklist.md": lintClean}, "checklist.md", "--format", "json"); !strings.Contains(out, `"findings": []`) {
		t.Errorf("without findings it prints\n%s", out)
	}
}

// TestLintSARIF holds what SARIF 2.1.0 requires of what is written.
func TestLintSARIF(t *testing.T) {
	const name = "a checklist.md"
	_, out, _ := lintHere(t, map[string]string{name: lintError}, name, "--format", "sarif", "--set", "Nothing=1")
	var log sarifLog
	dec := json.NewDecoder(strings.NewReader(out))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&log); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	if log.Version != "2.1.0" || len(log.Runs) != 1 || log.Runs[0].Tool.Driver.Name != "runbook" {
		t.Fatalf("printed\n%s", out)
	}
	rules := log.Runs[0].Tool.Driver.Rules
	var codes []string
	for _, r := range log.Runs[0].Results {
		codes = append(codes, r.RuleID)
		if rules[r.RuleIndex].ID != r.RuleID || rules[r.RuleIndex].Short.Text == "" || !strings.Contains(rules[r.RuleIndex].Help.Text, "docs/lint.md#"+r.RuleID) {
			t.Errorf("%s has the rule %+v", r.RuleID, rules[r.RuleIndex])
		}
		if !slices.Contains([]string{"note", "warning", "error"}, r.Level) || r.Message.Text == "" || len(r.Locations) != 1 {
			t.Errorf("the result is %+v", r)
		}
		place := r.Locations[0].Physical
		if place.Artifact.URI != "a%20checklist.md" {
			t.Errorf("the URI is %q", place.Artifact.URI)
		}
		if hasLine := r.RuleID != "given"; hasLine != (place.Region != nil) || hasLine && place.Region.StartLine < 1 {
			t.Errorf("%s has the region %+v", r.RuleID, place.Region)
		}
	}
	if want := []string{"given", "not-repeatable", "interactive"}; !slices.Equal(codes, want) {
		t.Errorf("the results are %q, want %q", codes, want)
	}
}

// lint writes nothing.
func TestLintWritesNothing(t *testing.T) {
	lintHere(t, map[string]string{"checklist.md": lintError}, "checklist.md")
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 2 {
		t.Errorf("the directory holds %v", entries)
	}
	if src, err := os.ReadFile("checklist.md"); err != nil || string(src) != lintError {
		t.Errorf("the document is %q, %v", src, err)
	}
}
