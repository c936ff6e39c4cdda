package source

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

// question is a query with these arguments about a directory.
func question(root string, args map[string]string) executor.Query {
	return executor.Query{
		Task: &runbook.Task{Slot: &runbook.Slot{Kind: runbook.FieldSlot, Label: "Blank"}}, Args: args, Root: root,
		Env: os.Environ(), Now: asked, Operator: "Ada", State: runbook.NewState(), Document: &runbook.Document{},
	}
}

// gives asks a source for a value; want is a regular expression for its text.
func gives(t *testing.T, s executor.Source, q executor.Query, want string) executor.Value {
	t.Helper()
	v, err := s.Value(t.Context(), q)
	if err != nil || !matched(t, want, v.Text) {
		t.Errorf("%v: %q, %v; want %q", q.Args, v.Text, err, want)
	}
	if err == nil && v.Detail == "" && v.By == "" {
		t.Errorf("%v: %q comes from nowhere", q.Args, v.Text)
	}
	explained(t, s, q)
	return v
}

// refuses asks a source that must have no value; want is a regular expression
// for its reason.
func refuses(t *testing.T, s executor.Source, q executor.Query, want string) {
	t.Helper()
	refusesWithin(t.Context(), t, s, q, want)
}

func refusesWithin(ctx context.Context, t *testing.T, s executor.Source, q executor.Query, want string) {
	t.Helper()
	v, err := s.Value(ctx, q)
	if err == nil || !matched(t, want, err.Error()) {
		t.Errorf("%v: %q, %v; want an error %q", q.Args, v.Text, err, want)
	}
	explained(t, s, q)
}

// explained holds that Info names every argument in use.
func explained(t *testing.T, s executor.Source, q executor.Query) {
	t.Helper()
	for name := range q.Args {
		if s.Info().Args[name] == "" {
			t.Errorf("Info does not explain the argument %q", name)
		}
	}
}

func matched(t *testing.T, pattern, s string) bool {
	t.Helper()
	ok, err := regexp.MatchString(pattern, s)
	if err != nil {
		t.Fatal(err)
	}
	return ok
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

func tool(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}
