package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"runbook/runbook"
)

// A lintExample is a section of docs/lint.md: the files of its example, and
// how the program is called if not by `runbook lint checklist.md`.
type lintExample struct {
	code  string
	files map[string]string
	args  []string
}

func lintExamples(t *testing.T) []lintExample {
	t.Helper()
	page, err := os.ReadFile("../../docs/lint.md")
	if err != nil {
		t.Fatal(err)
	}
	var list []lintExample
	fence := regexp.MustCompile("(?ms)^<!-- file: ([\\w.-]+) -->\n(```+)\\w*\n(.*?\n)(```+)$")
	typed := regexp.MustCompile(`(?m)^\$ runbook (.+)$`)
	for _, section := range strings.Split("\n"+string(page), "\n## ")[1:] {
		code, text, _ := strings.Cut(section, "\n")
		e := lintExample{code: code, files: map[string]string{}, args: []string{"lint", "checklist.md"}}
		for text != "" {
			m := fence.FindStringSubmatchIndex(text)
			if m == nil {
				break
			}
			// A fence ends at the first line of exactly its own run.
			marks, body := text[m[4]:m[5]], text[m[6]:]
			end := strings.Index("\n"+body, "\n"+marks+"\n")
			if end < 0 {
				t.Fatalf("docs/lint.md: %s: an example has no end", code)
			}
			e.files[text[m[2]:m[3]]] = body[:end]
			text = body[end:]
		}
		if m := typed.FindStringSubmatch(section); m != nil {
			e.args = strings.Fields(m[1])
		}
		list = append(list, e)
	}
	return list
}

// Every example in docs/lint.md yields the code that it is an example of.
func TestLintExamples(t *testing.T) {
	for _, e := range lintExamples(t) {
		t.Run(e.code, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, ".git"), 0o755); err != nil {
				t.Fatal(err)
			}
			for name, text := range e.files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			t.Chdir(dir)
			codes := foundCodes(t, append(e.args, "--format", "json"))
			if !slices.Contains(codes, e.code) {
				t.Errorf("found %q in\n%s", codes, e.files["checklist.md"])
			}
		})
	}
}

// foundCodes runs the program and returns the codes of its findings; each that
// lint reports has a hint.
func foundCodes(t *testing.T, args []string) []string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	run(t.Context(), args, nil, &stdout, &stderr)
	var out struct{ Findings []struct{ Code, Hint string } }
	if err := json.Unmarshal(stdout.Bytes(), &out); err != nil {
		t.Fatalf("%v: %v\n%s%s", args, err, stdout.String(), stderr.String())
	}
	var codes []string
	for _, f := range out.Findings {
		if f.Hint == "" && args[0] == "lint" {
			t.Errorf("%s has no hint", f.Code)
		}
		codes = append(codes, f.Code)
	}
	return codes
}

// The rules, the sections of docs/lint.md and the codes in the program's
// sources are the same.
func TestLintCodes(t *testing.T) {
	var rules, sections []string
	for _, r := range runbook.LintRules() {
		rules = append(rules, r.Code)
	}
	for _, e := range lintExamples(t) {
		sections = append(sections, e.code)
	}
	if !slices.IsSorted(rules) || !slices.Equal(rules, sections) {
		t.Errorf("the rules are\n%q\nand the sections are\n%q", rules, sections)
	}
	emitted := emittedCodes(t)
	if !slices.Equal(emitted, rules) {
		t.Errorf("the sources hold the codes\n%q\nand the rules are\n%q", emitted, rules)
	}
}

// emittedCodes finds the codes in the sources: a string in kebab case that
// follows a severity, or the name of the field.
func emittedCodes(t *testing.T) []string {
	t.Helper()
	code := regexp.MustCompile(`(?:\b(?:Error|Warning|Note|sev), |Code:\s+)"([a-z]+(?:-[a-z]+)*)"`)
	var found []string
	for _, glob := range []string{"../../runbook/*.go", "*.go"} {
		files, err := filepath.Glob(glob)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			src, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range code.FindAllSubmatch(src, -1) {
				found = append(found, string(m[1]))
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}
