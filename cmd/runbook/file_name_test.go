package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whoever clones a repository has not chosen what its files are called: no
// command lets a name, of the file or of its directory, drive the terminal.
func TestAFileNameDrivesNoTerminal(t *testing.T) {
	t.Parallel()
	const hostile = "\x1b]0;owned\a\x1b[2J\u202e"
	p := newProcess(t)
	p.dir = filepath.Join(p.dir, "dir"+hostile)
	if err := os.Mkdir(p.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	name := "list" + hostile + ".md"
	p.write(t, name, "# T\n\n```bash\ntrue\n```\n\n- [ ] Lead: ____ Date: ____\n\n## Rollback\n\n```bash\nfalse\n```\n")
	for _, args := range [][]string{
		{"plan"}, {"lint"}, {"bind"}, {"verify"}, {"status"}, {"commit"}, {"sign", "--fold"}, {"exec"},
		{"exec", "--yes", "--no-input", "-v"}, {"exec", "--yes", "--no-input"}, {"status"}, {"verify"}, {"verify", "--format", "json"}, {"show"},
		{"sign", "--fold"}, {"sign", "--as", "Lead", "--yes"}, {"sign", "--as", "Boss"}, {"commit"},
		{"rollback", "--yes", "--no-input"}, {"status", "--format", "json"}, {"reset"}, {"reset"}, {"no-command"},
	} {
		_, out := p.run(t, append(args, name)...)
		if strings.ContainsAny(out, "\x1b\a\u202e") {
			t.Errorf("runbook %s: %q", strings.Join(args, " "), out)
		}
	}
}
