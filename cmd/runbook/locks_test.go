package main

import (
	"os"
	"path/filepath"
	"testing"
)

// One repository has many addresses.
func TestRepositoryName(t *testing.T) {
	tests := map[string]string{
		"https://example.com/org/repo.git":             "example.com/org/repo",
		"https://token:x@example.com/org/repo":         "example.com/org/repo",
		"ssh://git@example.com/org/repo.git/":          "example.com/org/repo",
		"git@example.com:org/repo.git":                 "example.com/org/repo",
		"example.com:/org/repo":                        "example.com/org/repo",
		"file:///srv/repo.git":                         "/srv/repo",
		"/srv/repo.git/":                               "/srv/repo",
		"../repo.git":                                  "/srv/repo",
		"https://example.com/org/a@b":                  "example.com/org/a@b",
		"https://example.com/another/repo":             "example.com/another/repo",
		"https://git-codecommit.eu-west-1.x/v1/repo/a": "git-codecommit.eu-west-1.x/v1/repo/a",
	}
	for origin, want := range tests {
		if got := repositoryName("/srv/one", origin); got != want {
			t.Errorf("%s: %s, want %s", origin, got, want)
		}
	}
}

func TestCommonDir(t *testing.T) {
	dir := t.TempDir()
	linked := filepath.Join(dir, ".git", "worktrees", "tree")
	if err := os.MkdirAll(linked, 0o755); err != nil {
		t.Fatal(err)
	}
	if got := commonDir(filepath.Join(dir, ".git")); got != filepath.Join(dir, ".git") {
		t.Errorf("of the main work tree: %s", got)
	}
	if err := os.WriteFile(filepath.Join(linked, "commondir"), []byte("../..\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := commonDir(linked); got != filepath.Join(dir, ".git") {
		t.Errorf("of a linked work tree: %s", got)
	}
	if got := commonDir(""); got != "" {
		t.Errorf("of no checkout: %s", got)
	}
}
