package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// At a terminal, sign shows what it covers and asks; a passphrase is asked for
// without echo, and a no, or another key, leaves nothing behind.
func TestAttendedSign(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("skipped: no ssh-keygen")
	}
	p := newProcess(t)
	p.write(t, "list.md", "```bash\ntrue\n```\n\n- [ ] Lead: ____ Date: ____\n")
	const passphrase = "correct horse"
	keygen := exec.CommandContext(t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", filepath.Join(p.dir, "key"))
	if out, err := keygen.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if code, out := p.run(t, "exec", "--yes", "--no-input", "list.md"); code != exitOK {
		t.Fatalf("exit code %d: %s", code, out)
	}
	before := p.read(t, "list.md") + p.journal(t)
	unsigned := func(why string) {
		t.Helper()
		left, err := filepath.Glob(filepath.Join(p.dir, "list.runs/*/signatures/*"))
		if err != nil || len(left) > 0 || p.read(t, "list.md")+p.journal(t) != before {
			t.Errorf("%s: the record has changed, or there are signatures: %v, %v", why, left, err)
		}
	}
	args := []string{"sign", "list.md", "--as", "Lead", "--key", "key", "--name", "Ada"}

	tt := p.terminal(t, args...)
	tt.see("Passphrase of key: ")
	tt.say("wrong horse\n")
	if code := tt.end(); code != exitUsage {
		t.Errorf("a wrong passphrase: exit code %d:\n%s", code, tt.all)
	}
	unsigned("a wrong passphrase")

	for answer, code := range map[string]int{"n\n": exitHeld, "\x04": exitHeld} {
		tt = p.terminal(t, args...)
		tt.see("Passphrase of key: ")
		tt.say(passphrase + "\n")
		tt.see("to be signed as Lead, line 5 of list.md:")
		tt.see("Covers    list.md sha256:")
		tt.see("Signer    Ada, as ")
		tt.see("Sign? [y]es [n]o")
		tt.say(answer)
		if got := tt.end(); got != code || !strings.Contains(tt.all, "not signed") {
			t.Errorf("answer %q: exit code %d, want %d:\n%s", answer, got, code, tt.all)
		}
		unsigned("answer " + answer)
	}

	tt = p.terminal(t, args...)
	tt.see("Passphrase of key: ")
	tt.say(passphrase + "\n")
	tt.see("Sign? [y]es [n]o")
	tt.say("y\n")
	if code := tt.end(); code != exitOK {
		t.Errorf("exit code %d:\n%s", code, tt.all)
	}
	if strings.Contains(tt.all, "horse") {
		t.Errorf("the terminal shows the passphrase:\n%s", tt.all)
	}
	if record := p.read(t, "list.md"); !strings.Contains(record, "- [x] Lead: Ada Date: 20") || strings.Contains(record+p.journal(t), "horse") {
		t.Errorf("the record:\n%s", record)
	}
}
