package main

import (
	"strings"
	"testing"
)

// TestAttendedSecret asks for a secret without echo. The terminal shows what
// reveals by nature, as it is but unable to drive the terminal; all else is
// masked there too.
func TestAttendedSecret(t *testing.T) {
	t.Parallel()
	p := newProcess(t)
	p.write(t, "list.md", "```bash\necho \"known $DEPLOY_PW\"\nprintf '\\033]0;owned\\a\\033[31mred\\033[2J\\n'\n```\n\n```bash {sensitive}\necho \"shown $DEPLOY_PW\"\n```\n")
	tt := p.terminal(t, "exec", "--yes", "--secret", "DEPLOY_PW", "list.md")
	tt.see("DEPLOY_PW (not shown):")
	tt.say("swordfish-at-dawn\n")
	tt.see("known [masked:DEPLOY_PW]")
	tt.see("␛]0;owned␇red␛[2J")
	tt.see("shown swordfish-at-dawn")
	if code := tt.end(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	if n := strings.Count(tt.all, "swordfish"); n != 1 {
		t.Errorf("the terminal shows the secret %d times:\n%s", n, tt.all)
	}
	if strings.Contains(tt.all, "\x1b]0;") || strings.Contains(tt.all, "\x1b[2J") {
		t.Errorf("the output drives the terminal: %q", tt.all)
	}
	if record := p.read(t, "list.md") + p.journal(t); strings.Contains(record, "swordfish") || !strings.Contains(record, "known [masked:DEPLOY_PW]") {
		t.Errorf("the record and the journal:\n%s", record)
	}
}
