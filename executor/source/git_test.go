package source

import (
	"path/filepath"
	"testing"
)

func TestGit(t *testing.T) {
	root := t.TempDir()
	tool(t, root, "git", "init", "-q", "-b", "main")
	get := func(what string) (q map[string]string) { return map[string]string{"get": what} }
	ask := func(what string) {
		t.Helper()
		refuses(t, Git{}, question(root, get(what)), "git (rev-parse|describe): fatal")
	}
	ask("commit")
	ask("previous-tag")
	commit := func() {
		tool(t, root, "git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-q", "--allow-empty", "-m", "x")
	}
	commit()
	tool(t, root, "git", "tag", "v1.0")
	gives(t, Git{}, question(root, get("tag")), `^v1\.0$`)
	ask("previous-tag") // the first commit has none before it
	commit()
	commit()
	tool(t, root, "git", "tag", "v1.1")
	head := tool(t, root, "git", "rev-parse", "HEAD")
	gives(t, Git{}, question(root, get("commit")), "^"+head+"$")
	short := gives(t, Git{}, question(root, get("short")), "^[0-9a-f]{7,}$")
	if len(short.Text) >= len(head) || head[:len(short.Text)] != short.Text {
		t.Errorf("%q is no short form of %q", short.Text, head)
	}
	gives(t, Git{}, question(root, get("branch")), "^main$")
	gives(t, Git{}, question(root, get("tag")), `^v1\.1$`)
	if v := gives(t, Git{}, question(root, get("previous-tag")), `^v1\.0$`); v.Detail != "git describe --tags --abbrev=0 HEAD^" {
		t.Errorf("detail %q", v.Detail)
	}
	commit()
	ask("tag")
	gives(t, Git{}, question(root, get("previous-tag")), `^v1\.1$`)
	tool(t, root, "git", "checkout", "-q", "--detach")
	refuses(t, Git{}, question(root, get("branch")), "git symbolic-ref: fatal")
	refuses(t, Git{}, question(root, get("author")), `git gives no "author"`)
}

func TestGitWithoutARepository(t *testing.T) {
	for _, what := range []string{"commit", "short", "branch", "tag", "previous-tag"} {
		q := question(t.TempDir(), map[string]string{"get": what})
		q.Env = append(q.Env, "GIT_CEILING_DIRECTORIES="+filepath.Dir(q.Root))
		refuses(t, Git{}, q, "not a git repository")
		q.Env = []string{"PATH=" + q.Root}
		refuses(t, Git{}, q, "git: executable file not found")
	}
}
