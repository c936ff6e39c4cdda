// Package executortest holds what every source and every check must be able to
// do, whoever wrote it.
package executortest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"runbook/executor"
	"runbook/runbook"
)

// An Adapter is a source or a check under test.
type Adapter struct {
	// Query is one that the adapter can answer.
	Query executor.Query
	// Contacts says that the adapter asks something outside this process; it
	// must then give up when its context has ended.
	Contacts bool
	// Free names the arguments that may have any value.
	Free []string
}

// Source checks that s describes itself, answers the query, gives no value
// together with an error, none that a record would refuse, and none for
// arguments that it does not know.
func Source(t *testing.T, s executor.Source, a Adapter) {
	t.Helper()
	a.run(t, s.Info(), func(ctx context.Context, q executor.Query) (bool, error) {
		v, err := s.Value(ctx, q)
		if err != nil && (v.Text != "" || v.Detail != "" || v.By != "" || v.Notes != nil) {
			t.Errorf("a value together with the error %v: %+v", err, v)
		}
		if err == nil {
			if refused := runbook.CheckValue(v.Text); refused != nil {
				t.Errorf("the value %q, which %v", v.Text, refused)
			}
		}
		return err == nil, err
	})
}

// Check is Source for a check: a finding is a verdict with evidence or a
// person behind it, and never comes with an error.
func Check(t *testing.T, c executor.Check, a Adapter) {
	t.Helper()
	a.run(t, c.Info(), func(ctx context.Context, q executor.Query) (bool, error) {
		f, err := c.Check(ctx, q)
		if err != nil && f != (executor.Finding{}) {
			t.Errorf("a finding together with the error %v: %+v", err, f)
		}
		if err == nil && f.Evidence == "" && f.By == "" {
			t.Errorf("%s with nothing behind it", f.Verdict)
		}
		if err == nil && (f.Verdict == "" || f.Verdict == runbook.Unknown) {
			t.Errorf("no error and no conclusion: %+v", f)
		}
		return err == nil, err
	})
}

func (a Adapter) run(t *testing.T, info runbook.Info, ask func(context.Context, executor.Query) (bool, error)) {
	t.Helper()
	t.Run("info", func(t *testing.T) { checkInfo(t, info) })
	t.Run("answer", func(t *testing.T) {
		if ok, err := ask(t.Context(), a.Query); !ok {
			t.Errorf("no answer: %v", err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		q := a.Query
		q.Epoch++ // what was learned before may be answered without asking
		if _, err := ask(ctx, q); a.Contacts && !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	})
	for _, name := range slices.Sorted(maps.Keys(info.Args)) {
		t.Run("unknown "+name, func(t *testing.T) {
			q := a.Query
			q.Args = maps.Clone(q.Args)
			if q.Args == nil {
				q.Args = map[string]string{}
			}
			q.Args[name] = "no such value"
			if ok, _ := ask(t.Context(), q); ok && !slices.Contains(a.Free, name) {
				t.Errorf("an answer for %s %q", name, q.Args[name])
			}
		})
	}
	for _, name := range info.Require {
		t.Run("without "+name, func(t *testing.T) {
			q := a.Query
			q.Args = maps.Clone(q.Args)
			delete(q.Args, name)
			if ok, _ := ask(t.Context(), q); ok {
				t.Errorf("an answer without %s, which is required", name)
			}
		})
	}
}

// checkInfo holds what the catalog and a plan rely on.
func checkInfo(t *testing.T, info runbook.Info) {
	if info.Name == "" || strings.ToLower(info.Name) != info.Name || strings.ContainsAny(info.Name, " \t\n") {
		t.Errorf("the name %q is not one word in lower case", info.Name)
	}
	if info.Summary == "" || strings.HasSuffix(info.Summary, ".") || strings.Contains(info.Summary, "\n") {
		t.Errorf("the summary %q is not a clause in one line", info.Summary)
	}
	for name, what := range info.Args {
		if name == "" || what == "" || strings.Contains(what, "\n") {
			t.Errorf("the argument %q is explained by %q", name, what)
		}
		// A sidecar may give it as a list only where Lists says so.
		if several := strings.Contains(what, "commas"); several != slices.Contains(info.Lists, name) {
			t.Errorf("the argument %q is explained by %q, and Lists is %q", name, what, info.Lists)
		}
	}
	for _, name := range info.Require {
		if info.Args[name] == "" {
			t.Errorf("the argument %q is required and not explained", name)
		}
	}
}
