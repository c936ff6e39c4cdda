package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
	"go.yaml.in/yaml/v3"

	"runbook/executor/executortest/world"
)

// TestTheDraftOfTheSeed drafts the seed's sidecar in the world's repository.
// The draft stands beside the one that a person has completed, so that what the
// text alone gives can be told from what had to be known.
func TestTheDraftOfTheSeed(t *testing.T) {
	t.Parallel()
	out := draftInWorld(t, "")
	name := filepath.Join(world.Repository(t), "testdata", "world", "seed.drafted.yaml")
	if *updateDocs {
		if err := os.WriteFile(name, out, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if was, err := os.ReadFile(name); err != nil || !bytes.Equal(was, out) {
		t.Errorf("%s is stale (%v): run TestTheDraftOfTheSeed with -update-docs", name, err)
	}
}

// draftInWorld drafts the seed's sidecar in the world's repository, beside one
// that is there already, if any.
func draftInWorld(t *testing.T, sidecar string) []byte {
	t.Helper()
	p := newProcess(t)
	if err := os.CopyFS(p.dir, os.DirFS(filepath.Join(world.Repository(t), "testdata", "world", "repo"))); err != nil {
		t.Fatal(err)
	}
	seed, err := os.ReadFile(world.Seed(t))
	if err != nil {
		t.Fatal(err)
	}
	p.write(t, "checklist.md", string(seed))
	if sidecar != "" {
		p.write(t, "checklist.runbook.yaml", sidecar)
	}
	out, err := p.command(t.Context(), "bind", "--stdout", "checklist.md").Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestTheCompletedSidecarIsTheDraft holds the sidecar with which the seed is
// completed to what was drafted: bind has nothing to add to it, all that the
// draft sets is in it, and what is otherwise says that a person completed it.
func TestTheCompletedSidecarIsTheDraft(t *testing.T) {
	t.Parallel()
	read := func(name string) (string, map[string]*yaml.Node, map[string]string) {
		src, err := os.ReadFile(filepath.Join(world.Repository(t), "testdata", "world", name))
		if err != nil {
			t.Fatal(err)
		}
		var top yaml.Node
		if err := yaml.Unmarshal(src, &top); err != nil {
			t.Fatal(err)
		}
		values, comments := map[string]*yaml.Node{}, map[string]string{}
		for i, key := range top.Content[0].Content {
			if i%2 == 1 || !slices.Contains([]string{"steps", "items", "fields"}, key.Value) {
				continue
			}
			section := top.Content[0].Content[i+1].Content
			for j := 0; j < len(section); j += 2 {
				id := key.Value + " " + section[j].Value
				values[id], comments[id] = section[j+1], section[j].HeadComment
			}
		}
		return string(src), values, comments
	}
	_, drafted, _ := read("seed.drafted.yaml")
	text, completed, comments := read("seed.runbook.yaml")
	if got := draftInWorld(t, text); string(got) != text {
		t.Errorf("bind adds to it:\n%s", diff.Diff("completed", []byte(text), "with additions", got))
	}
	plain := func(n *yaml.Node) string {
		var v any
		if err := n.Decode(&v); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(v)
	}
	for id, value := range drafted {
		switch is := completed[id]; {
		case is == nil:
			t.Errorf("%s is drafted and not there", id)
		case plain(is) != plain(value) && !strings.Contains(comments[id], "#   completed: "):
			t.Errorf("%s is %s, and %s was drafted, without a word why", id, plain(is), plain(value))
		}
	}
}
