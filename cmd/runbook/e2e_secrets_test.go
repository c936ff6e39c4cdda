package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"runbook/executor/executortest/world"
)

// leaks print each secret in many ways. Between two marks, a command reveals by
// nature: its output is the terminal's alone.
const (
	leakOfVariables = `
### Leak What Is Known

` + "```bash" + `
for name in DEPLOY_TOKEN SERVICE_CREDENTIALS DB_LOGIN; do echo "$name is ${!name}"; done
for name in DEPLOY_TOKEN SERVICE_CREDENTIALS DB_LOGIN; do printf %s "${!name}" | base64; printf 'x%s' "${!name}" | base64 -w0; printf 'xy%s' "${!name}" | base64 -w0; done
for name in DEPLOY_TOKEN SERVICE_CREDENTIALS DB_LOGIN; do printf '%q\n' "${!name}"; printf %s "${!name}" | od -An -v -tx1 | tr -d ' \n' | fold -w 60; echo; done
node scripts/say.js
node scripts/say.js wrong || true
for name in DEPLOY_TOKEN SERVICE_CREDENTIALS DB_LOGIN; do ls "/nowhere/${!name}" || true; cat "/nowhere/${!name}" || true; done
bash -xc ': "$DEPLOY_TOKEN" "$SERVICE_CREDENTIALS" "$DB_LOGIN"'
( cd "$(mktemp -d)" && touch "a $DB_LOGIN" "b $SERVICE_CREDENTIALS" && ls && ls -1 | cat && rm -r "$PWD" )
seq 6000 | while read -r n; do echo "$n $DB_LOGIN $SERVICE_CREDENTIALS"; done
./scripts/peek.sh
./scripts/peek.sh | base64
touch "$HOME/leaked"
` + "```" + `

`
	leakOfEverything = `
### Leak What Was Learned

` + "```bash" + `
echo revealing-begins
env
aws ssm get-parameter --name /guardian/production/redaction_nonce_v1 --with-decryption
echo revealing-ends
./scripts/peek.sh
./scripts/peek.sh salt
./scripts/peek.sh salt | base64
node -p 'JSON.stringify({salt: process.argv[1]})' "$(./scripts/peek.sh salt)"
ls "/nowhere/$(./scripts/peek.sh salt)" || true
false "$(./scripts/peek.sh)" || echo "failed on $(./scripts/peek.sh)"
` + "```" + `

`
	// A command that names process.env would be withheld.
	say = `const e = process.env, all = [e.DEPLOY_TOKEN, e.SERVICE_CREDENTIALS, e.DB_LOGIN];
if (process.argv[2]) throw new Error("cannot log in with " + all.join(" and "));
console.log([JSON.stringify(all), JSON.stringify({all: JSON.stringify(all)}), all.map(encodeURIComponent).join("&"), ...all].join("\n"));
`
	peek = `#!/bin/sh
case $1 in
salt) cd infra/terraform && terraform output -raw redaction_salt && echo ;;
*) aws ssm get-parameter --name /guardian/production/redaction_nonce_v1 --with-decryption --query Parameter.Value --output text ;;
esac
`
)

// secretVariables are random secrets of three shapes, and of each what a search
// looks for: whatever form the whole is in holds these as they are or encoded.
func secretVariables() (env []string, parts map[string][]string) {
	random := func(n int) string {
		raw := make([]byte, n)
		_, _ = rand.Read(raw) // never fails
		return base64.StdEncoding.EncodeToString(raw)
	}
	parts = map[string][]string{}
	var lines []string
	for range 4 {
		lines = append(lines, random(48))
	}
	parts["DEPLOY_TOKEN"] = lines
	pem := "-----BEGIN PRIVATE KEY-----\n" + strings.Join(lines, "\n") + "\n-----END PRIVATE KEY-----\n"
	word := strings.NewReplacer("/", "-") // it is to stand in a file's name
	one, two := word.Replace(random(24)), word.Replace(random(24))
	parts["SERVICE_CREDENTIALS"] = []string{one, two}
	document := fmt.Sprintf(`{"user": "deploy", "password": %q, "nested": {"api_key": [%q]}}`, one, two)
	one, two = word.Replace(random(18)), word.Replace(random(18))
	parts["DB_LOGIN"] = []string{one, two}
	login := fmt.Sprintf(`it's "%s" & <%s> $5 \n`, one, two)
	return []string{"DEPLOY_TOKEN=" + pem, "SERVICE_CREDENTIALS=" + document, "DB_LOGIN=" + login}, parts
}

// TestE2ESecrets runs the seed, with steps that print every secret in every way
// they can, at a terminal; kills runbook in the middle and goes on to the end;
// and searches all that is left, and the terminal's transcript.
func TestE2ESecrets(t *testing.T) {
	t.Parallel()
	w := world.Start(t, leakingSeed(t))
	env, parts := secretVariables()
	w.Env = append(w.Env, append(env, "TERM=xterm")...)
	for name, text := range map[string]string{"peek.sh": peek, "say.js": say} {
		if err := os.WriteFile(filepath.Join(w.Dir, "scripts", name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	p := production{w, t}
	exec := []string{"exec", "--yes", "--operator", "Ada Moreno", "--secret", "DB_LOGIN", "checklist.md"}

	first := p.terminal(exec...)
	first.converse("Creating...")
	if err := first.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	first.end()
	parts["nonce"] = []string{p.Nonce()}
	p.wantHeldPrivately()
	p.wantNowhere(parts, func(path string) bool { return strings.HasPrefix(path, "home/.local/state/runbook/") })

	second := p.terminal(append(exec, "--commit", "--set", "Store in="+strings.TrimPrefix(env[2], "DB_LOGIN="))...)
	second.converse("")
	if code := second.end(); code != exitOK {
		t.Errorf("exit code %d; the terminal shows:\n%s", code, second.all)
	}
	parts["salt"] = []string{p.Salt()}
	p.wantNowhere(parts, func(string) bool { return false })
	if left, _ := filepath.Glob(filepath.Join(p.Base, "home/.local/state/runbook/*")); len(left) > 0 {
		t.Errorf("the finished run left %q", left)
	}
	record := p.record()
	for _, name := range []string{"DEPLOY_TOKEN", "SERVICE_CREDENTIALS", "DB_LOGIN", "redaction_salt", "/guardian/production/redaction_nonce_v1"} {
		if !strings.Contains(record, "[masked:"+name+"]") {
			t.Errorf("the record masks no %s: it was not tried", name)
		}
	}
	said := map[string][]byte{
		"status": []byte(p.exec(exitOK, "status", "--format", "json", "checklist.md")),
		"verify": []byte(p.exec(exitOK, "verify", "--format", "json", "checklist.md")),
		"commit": []byte(p.exec(exitOK, "commit", "checklist.md")),
		"plan":   []byte(p.exec(exitOK, "plan", "--format", "json", "checklist.md")),
		"exec":   []byte(p.exec(exitOK, unattended("--secret", "DB_LOGIN", "--format", "json", "-v")...)),
		"show":   []byte(p.exec(exitOK, "show", "checklist.md")),
		"lint":   []byte(p.exec(exitOK, "lint", "--format", "sarif", "checklist.md")),
	}
	wantNone(t, said, parts)
	known := maps.Clone(parts)
	delete(known, "nonce") // the terminal shows it live: nobody knew of it at first, and the smoke test reveals it
	wantNone(t, map[string][]byte{"the first terminal": withoutRevealing(first.all), "the second terminal": withoutRevealing(second.all)}, known)
}

// leakingSeed is the seed with what leaks: early, before anyone knows of the
// nonce, and late.
func leakingSeed(t *testing.T) string {
	t.Helper()
	src, err := os.ReadFile(world.Seed(t))
	if err != nil {
		t.Fatal(err)
	}
	text := string(src)
	for before, leak := range map[string]string{
		"### 3. Review Production Configuration\n": leakOfVariables,
		"### Monitoring Verification\n":            leakOfEverything,
	} {
		if strings.Count(text, before) != 1 {
			t.Fatalf("the seed has no heading %q", before)
		}
		text = strings.Replace(text, before, leak+before, 1)
	}
	path := filepath.Join(t.TempDir(), "checklist.md")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// terminal starts runbook in the world, at a terminal.
func (p production) terminal(args ...string) *terminalTest {
	p.t.Helper()
	self, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	bin := p.t.TempDir()
	if err := os.Symlink(self, filepath.Join(bin, "runbook")); err != nil {
		p.t.Fatal(err)
	}
	return (&process{dir: p.Dir, bin: bin, env: p.Env}).terminal(p.t, args...)
}

// questions are what runbook asks of a person, and the answer that leaves it
// open.
var questions = regexp.MustCompile(`\(Enter leaves it open\): $|\[y\]es \[n\]o \[l\]ater n/\[a\] \[q\]uit:? ?$|leave open\)?:? $`)

// converse leaves open whatever is asked, until the terminal shows a text; ""
// is its end.
func (tt *terminalTest) converse(until string) {
	tt.t.Helper()
	late := time.After(10 * patience)
	for {
		select {
		case more, ok := <-tt.output:
			if !ok {
				if until != "" {
					tt.t.Fatalf("the program ended without showing %q; the terminal shows:\n%s", until, tt.all)
				}
				return
			}
			tt.all += more
		case <-late:
			tt.t.Fatalf("the terminal does not go on:\n%s", tt.all)
		}
		if until != "" && strings.Contains(tt.all[tt.seen:], until) {
			return
		}
		if asked := questions.FindString(tt.all[tt.seen:]); asked != "" {
			tt.seen = len(tt.all)
			if strings.Contains(asked, "[l]ater") {
				tt.say("l")
			}
			tt.say("\r")
		}
	}
}

// wantHeldPrivately asserts that what a killed run has kept is this account's
// alone.
func (p production) wantHeldPrivately() {
	p.t.Helper()
	kept := 0
	err := filepath.WalkDir(filepath.Join(p.Base, "home/.local/state/runbook"), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 && !strings.HasSuffix(path, "state/runbook") {
			p.t.Errorf("%s has mode %v", path, info.Mode())
		}
		if strings.HasSuffix(filepath.Dir(path), held) {
			kept++
		}
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
	if kept == 0 {
		p.t.Error("nothing is held: the search would prove nothing")
	}
}

// wantNowhere asserts that no file, file name or git object holds a secret.
func (p production) wantNowhere(parts map[string][]string, except func(path string) bool) {
	p.t.Helper()
	places := map[string][]byte{"git objects": p.GitObjects()}
	for path, data := range p.Files() {
		name := filepath.Base(path)
		if except(path) || strings.HasSuffix(name, ".tfplan") || strings.Contains(name, ".tfstate") {
			continue
		}
		places[path] = append([]byte(path+"\n"), data...)
	}
	wantNone(p.t, places, parts)
}

// wantNone searches texts for each part of each secret, in every form, also
// where lines are wrapped.
func wantNone(t *testing.T, texts map[string][]byte, parts map[string][]string) {
	t.Helper()
	wraps := strings.NewReplacer("\r", "", "\n", "", `\r`, "", `\n`, "")
	for _, where := range slices.Sorted(maps.Keys(texts)) {
		text := texts[where]
		whole := []byte(wraps.Replace(string(text)))
		for name, values := range parts {
			for i, value := range values {
				for _, in := range [][]byte{text, whole} {
					if form, at := firstForm(in, value); at >= 0 {
						t.Errorf("%s holds part %d of %s as %q: …%q…", where, i, name, form, in[max(0, at-200):min(len(in), at+len(form)+100)])
						break
					}
				}
			}
		}
	}
}

// firstForm finds a value in a text; -1 if it is not there.
func firstForm(text []byte, value string) (form string, at int) {
	for _, form := range searched(value) {
		if at := bytes.Index(text, []byte(form)); at >= 0 {
			return form, at
		}
	}
	return "", -1
}

// searched are the forms of a value: the world's, those of its escapes, and
// of each half: a secret that is cut in two is not hidden.
func searched(value string) []string {
	escaped, _ := json.Marshal(value)
	return append(world.Forms(value),
		strings.Trim(string(escaped), `"`), strings.ReplaceAll(value, "/", `\/`),
		strings.NewReplacer("+", "%2B", "/", "%2F", "=", "%3D").Replace(value),
		value[:len(value)/2], value[len(value)/2:])
}

// withoutRevealing is a transcript without what commands that reveal have shown
// live.
func withoutRevealing(transcript string) []byte {
	return regexp.MustCompile(`(?s)revealing-begins.*?revealing-ends`).ReplaceAll([]byte(transcript), nil)
}
