package check

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestFile(t *testing.T) {
	const helloDigest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" // of "hello"
	root := t.TempDir()
	write(t, root, "docs/a.md", "hello")
	write(t, root, "docs/b.md", "hello you")
	write(t, root, "empty", "")
	write(t, root, "odd [1]\n.md", "x")
	outside := t.TempDir()
	write(t, outside, "secret", "hello")
	for link, to := range map[string]string{"out": filepath.Join(outside, "secret"), "away": outside, "in": "docs/a.md", "dead": "nowhere"} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(root, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		path, contains, sha256 string
		want                   outcome
	}{
		"it exists":                      {"docs/a.md", "", "", passes(`^"docs/a.md" exists, 5 bytes;`)},
		"it does not":                    {"docs/c.md", "", "", fails(`"docs/c.md" does not exist`)},
		"a directory exists":             {"docs", "", "", passes("is a directory")},
		"a directory has no text":        {"docs", "x", "", unknown("no regular file")},
		"it is empty":                    {"empty", "", "", unknown(`"empty" is empty`)},
		"it contains":                    {"docs/a.md", "ell", "", passes(`contains "ell"`)},
		"it does not contain":            {"docs/a.md", "you", "", fails(`does not contain "you"`)},
		"a text is no pattern":           {"docs/a.md", "h.llo", "", fails("does not contain")},
		"its digest":                     {"docs/a.md", "", helloDigest, passes("sha256 " + helloDigest)},
		"its digest, as runbook says it": {"docs/a.md", "", "sha256:" + strings.ToUpper(helloDigest), passes("")},
		"another digest":                 {"docs/b.md", "", helloDigest, fails("sha256 [0-9a-f]{64};")},
		"both":                           {"docs/a.md", "ell", helloDigest, passes("sha256 .*contains")},
		"no digest":                      {"docs/a.md", "", "abc", unknown("64 hex digits")},
		"no digest either":               {"docs/a.md", "", strings.Repeat("x", 64), unknown("64 hex digits")},
		"a pattern":                      {"docs/*.md", "", "", passes(`"docs/a.md" exists.*"docs/b.md" exists`)},
		"a pattern and a text":           {"docs/*.md", "hello", "", passes("")},
		"one that matches lacks it":      {"docs/*.md", "you", "", fails(`"docs/a.md".*does not contain "you"`)},
		"a pattern without a match":      {"docs/*.txt", "", "", fails("does not exist")},
		"a pattern in no directory":      {"none/*.txt", "", "", fails("does not exist")},
		"a pattern across directories":   {"**/a.md", "", "", unknown(`\*\* is not understood`)},
		"a pattern that is none":         {"docs/[", "", "", unknown("syntax error")},
		"a name that is hostile":         {"odd*", "", "", passes(`"odd \[1\]\\n\.md" exists`)},
		"above the root":                 {"../x", "", "", unknown("not below the root")},
		"above, in a roundabout way":     {"docs/../../x", "", "", unknown("not below the root")},
		"absolute":                       {"/etc/passwd", "root", "", unknown("not below the root")},
		"a link that leads out":          {"out", "", "", unknown("escapes")},
		"a directory that leads out":     {"away/secret", "hello", "", unknown("escapes")},
		"a pattern that leads out":       {"away/*", "", "", unknown("escapes")},
		"a link within":                  {"in", "hello", "", passes("")},
		"a link to nothing":              {"dead", "", "", fails("does not exist")},
		"a named pipe does not hang":     {"pipe", "x", "", unknown("no regular file")},
		"a file as a directory":          {"docs/a.md/x", "", "", unknown("not a directory")},
	} {
		t.Run(name, func(t *testing.T) {
			args := map[string]string{"path": tt.path}
			if tt.contains != "" {
				args["contains"] = tt.contains
			}
			if tt.sha256 != "" {
				args["sha256"] = tt.sha256
			}
			expect(t, File{}, question(root, args), tt.want)
		})
	}
}

func TestFileThatMayNotBeRead(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("skipped: root may read every file")
	}
	root := t.TempDir()
	write(t, root, "a", "hello")
	if err := os.Chmod(filepath.Join(root, "a"), 0); err != nil {
		t.Fatal(err)
	}
	expect(t, File{}, question(root, map[string]string{"path": "a", "contains": "hello"}), unknown("permission denied"))
}

func TestFileTooLargeToSearch(t *testing.T) {
	root := t.TempDir()
	write(t, root, "a", "x")
	if err := os.Truncate(filepath.Join(root, "a"), maxFile+1); err != nil {
		t.Fatal(err)
	}
	expect(t, File{}, question(root, map[string]string{"path": "a", "contains": "x"}), unknown("too large"))
	expect(t, File{}, question(root, map[string]string{"path": "a"}), passes("16777217 bytes"))
}

func TestFileStopsReadingWhenAskedTo(t *testing.T) {
	root := t.TempDir()
	write(t, root, "a", "hello")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	expectWithin(ctx, t, File{}, question(root, map[string]string{"path": "a", "contains": "hello"}), unknown("canceled"))
	expect(t, File{}, question(filepath.Join(root, "none"), map[string]string{"path": "a"}), unknown("no such file"))
}
