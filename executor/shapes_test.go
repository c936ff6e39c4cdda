package executor

import (
	"slices"
	"strings"
	"testing"

	"runbook/runbook"
)

// The values are made up; each is put together here so that nobody takes this
// file for one that leaks.
func TestLinesThatLookLikeSecretsAreWithheld(t *testing.T) {
	rep := func(s string, n int) string { return strings.Repeat(s, n) }
	for shape, lines := range map[string][]string{
		"AWS access key ID":     {"key AKIA" + rep("Q7", 8)},
		"AWS secret access key": {`"SecretAccessKey": "` + rep("aB3/", 10) + `"`, "aws_secret_access_key = " + rep("aB3+", 10)},
		"GitHub token":          {"ghp_" + rep("aB3", 12), "t=github_pat_" + rep("a1", 41)},
		"GitLab token":          {"glpat-" + rep("aB3-", 6)},
		"Slack token":           {"xoxb-" + rep("12345-", 5)},
		"Stripe key":            {"sk_" + "live_" + rep("aB3d", 6)},
		"npm token":             {"npm npm_" + rep("aB3", 12)},
		"Google API key":        {"AIza" + rep("aB3_-", 7)},
		"JSON web token":        {"Bearer eyJ" + rep("a1", 10) + ".eyJ" + rep("b2", 10) + "." + rep("c3", 12)},
		"URL with a password":   {"postgres://app:" + "hunter2-hunter2@db.example/x"},
		"password":              {"password=" + "hunter2-hunter2", `"Password": "` + `hunter2-hunter2"`, "API_KEY: " + "0a1b2c3d4e"},
	} {
		for _, line := range lines {
			got := string(Withhold([]byte("before\n"+line+"\nafter\n"), nil))
			if want := "before\n[withheld: looks like a " + shape + "]\nafter\n"; got != want {
				t.Errorf("%q became %q, want %q", line, got, want)
			}
			if got := string(Withhold([]byte(line), []runbook.Waiver{{Shape: shape}})); got != line {
				t.Errorf("waived, %q became %q", line, got)
			}
		}
	}
	key := "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabcd\n-----END RSA PRIVATE KEY-----\nb"
	if got := string(Withhold([]byte(key), nil)); got != "a\n[withheld: looks like a private key]\nb" {
		t.Errorf("a key became %q", got)
	}
	if got := string(Withhold([]byte(key[:50]), nil)); got != "a\n[withheld: looks like a private key]\n" {
		t.Errorf("the beginning of a key became %q", got)
	}
}

func TestLinesThatHoldNoSecretStay(t *testing.T) {
	for _, line := range []string{
		"AKIAIOSFODNN7EXAMPLE", "arn:aws:iam::123456789012:role/x", "db_password = (sensitive value)", "password: <redacted>", "password=$DB_PASSWORD",
		`password = "${var.password}"`, "https://example.com:8443/x@y", "git@github.com:a/b.git", "ssh://git@github.com/a", "password=[masked:DB]",
		"7b0c1a52-9f1e-4c3f-8e76-0f3a6f6f2d11", "sha256:" + strings.Repeat("0a", 32), "pwd: /home/ada/project", "monkey: bananas-and-more", "enter a password", "password=production",
	} {
		if got := string(Withhold([]byte(line), nil)); got != line {
			t.Errorf("%q became %q", line, got)
		}
	}
}

// Whatever is recorded passes: outputs, values, evidence.
func TestARecordedEventHasNothingThatLooksLikeASecret(t *testing.T) {
	token := "ghp_" + strings.Repeat("aB3", 12)
	m := &Mask{}
	e := m.Event(&runbook.ItemSettled{Item: "i", Use: "ask", Evidence: "saw " + token})
	if got := e.(*runbook.ItemSettled).Evidence; got != "[withheld: looks like a GitHub token]" {
		t.Errorf("%q", got)
	}
	out, full := digest(captured("x\n"+token+"\n"), m)
	if strings.Contains(out.Head+string(full), token) || !strings.Contains(out.Head, "x\n[withheld") {
		t.Errorf("%+v", out)
	}
}

// The names that waivers go by are known without compiling the shapes.
func TestShapeNames(t *testing.T) {
	var names []string
	for _, s := range Shapes() {
		names = append(names, s.Name)
	}
	if !slices.Equal(names, ShapeNames()) {
		t.Errorf("the shapes are %q, and their names %q", names, ShapeNames())
	}
}

func BenchmarkWithhold(b *testing.B) {
	text := []byte(strings.Repeat("aws_dynamodb_table.runs[\"mirror-dissonance-production\"]: Still creating... [id=7b0c1a52, 10s elapsed]\n", 20000))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Withhold(text, nil)
	}
}
