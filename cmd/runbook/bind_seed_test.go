package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"runbook/executor/executortest/world"
)

// TestTheDraftOfTheSeed drafts the seed's sidecar in the world's repository.
// The draft stands beside the one that a person has completed, so that what the
// text alone gives can be told from what had to be known.
func TestTheDraftOfTheSeed(t *testing.T) {
	t.Parallel()
	p := newProcess(t)
	repo := filepath.Join(world.Repository(t), "testdata", "world")
	if err := os.CopyFS(p.dir, os.DirFS(filepath.Join(repo, "repo"))); err != nil {
		t.Fatal(err)
	}
	seed, err := os.ReadFile(world.Seed(t))
	if err != nil {
		t.Fatal(err)
	}
	p.write(t, "checklist.md", string(seed))
	out, err := p.command(t.Context(), "bind", "--stdout", "checklist.md").Output()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(repo, "seed.drafted.yaml")
	if *updateDocs {
		if err := os.WriteFile(name, out, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if was, err := os.ReadFile(name); err != nil || !bytes.Equal(was, out) {
		t.Errorf("%s is stale (%v): run TestTheDraftOfTheSeed with -update-docs", name, err)
	}
}
