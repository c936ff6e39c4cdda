package check

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"runbook/executor"
	"runbook/runbook"
)

// asked is the time of every question in these tests.
var asked = time.Date(2026, 3, 4, 15, 16, 17, 0, time.UTC)

// question is a query with these arguments, in a directory of its own unless
// the test gives one.
func question(root string, args map[string]string) executor.Query {
	return executor.Query{
		Args: args, Root: root, Env: os.Environ(), Now: asked,
		Document: &runbook.Document{Name: filepath.Join(root, "checklist.md")}, State: runbook.NewState(),
	}
}

// An outcome is what a check must come to: a verdict and what the evidence
// says, or, without a verdict, what the error says.
type outcome struct {
	verdict runbook.Verdict
	says    string // a regular expression
}

func passes(says string) outcome  { return outcome{runbook.Pass, says} }
func fails(says string) outcome   { return outcome{runbook.Fail, says} }
func unknown(says string) outcome { return outcome{"", says} }

// expect asks a check and compares. Every piece of evidence is one line that
// ends with the time of the question; an error is never a verdict.
func expect(t *testing.T, c executor.Check, q executor.Query, want outcome) {
	t.Helper()
	expectWithin(t.Context(), t, c, q, want)
}

func expectWithin(ctx context.Context, t *testing.T, c executor.Check, q executor.Query, want outcome) {
	t.Helper()
	f, err := c.Check(ctx, q)
	said := f.Evidence
	if err != nil {
		said = err.Error()
		if f != (executor.Finding{}) {
			t.Errorf("an error comes with the finding %+v", f)
		}
	} else if !strings.HasSuffix(said, "; 2026-03-04T15:16:17Z") || strings.ContainsAny(said, "\n\x1b") {
		t.Errorf("evidence %q is no line that ends with the time", said)
	}
	if f.Verdict != want.verdict {
		t.Errorf("verdict %q (%s), want %q", f.Verdict, said, want.verdict)
	}
	if ok, rerr := regexp.MatchString(want.says, said); rerr != nil || !ok {
		t.Errorf("it says %q, want %q (%v)", said, want.says, rerr)
	}
	for name := range q.Args {
		if _, known := c.Info().Args[name]; !known {
			t.Errorf("Info does not name the argument %q", name)
		}
	}
}

func write(t *testing.T, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// tool runs a program that a test needs, and fails the test with it.
func tool(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestWild(t *testing.T) {
	for _, tt := range []struct {
		pattern, s string
		want       bool
	}{
		{"a", "a", true}, {"a", "ab", false}, {"", "", true}, {"", "a", false}, {"*", "", true}, {"*", "a/b", true},
		{"a*", "abc", true}, {"a*c", "abc", true}, {"a*c", "ab", false}, {"*b*", "abc", true}, {"a*b*c", "acb", false},
		{"ab*ba", "aba", false}, {"*a*a", "a", false}, {"a**b", "ab", true},
	} {
		if got := wild(tt.pattern, tt.s); got != tt.want {
			t.Errorf("wild(%q, %q) = %v", tt.pattern, tt.s, got)
		}
	}
}

func TestEvidenceIsOneShortLine(t *testing.T) {
	f, err := decided(question(t.TempDir(), nil), true, "a\nb \x1b[2J%s", quote(strings.Repeat("x", 1000)))
	if err != nil || strings.ContainsAny(f.Evidence, "\n\x1b") || len(f.Evidence) > 200 {
		t.Errorf("evidence %q, %v", f.Evidence, err)
	}
}
