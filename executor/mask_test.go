package executor

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"runbook/runbook"
)

func learned(secrets ...Secret) *Mask {
	m := &Mask{}
	m.Learn(secrets...)
	return m
}

// Each case is a form in which a program may print the value.
func TestMaskFindsEveryForm(t *testing.T) {
	values := map[string]string{
		"a UUID":          "7b0c1a52-9f1e-4c3f-8e76-0f3a6f6f2d11",
		"markup and more": `pä<ss>&"wörd"/+ ?%\`,
		"beyond 16 bits":  "correct \U0001F40E horse",
		"a quoted value":  `"quoted value"`,
	}
	printed := map[string]func(v string) string{
		"raw":  func(v string) string { return v },
		"JSON": func(v string) string { return jsonForms(v)[0] },
		"JSON by Go": func(v string) string {
			b, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			return string(b[1 : len(b)-1])
		},
		"JSON in ASCII": func(v string) string { return jsonForms(v)[2] },
		"a URL's query": url.QueryEscape,
		"a URL's path":  url.PathEscape,
		"hex":           func(v string) string { return hex.EncodeToString([]byte(v)) },
		"HEX":           func(v string) string { return strings.ToUpper(hex.EncodeToString([]byte(v))) },
	}
	for what, value := range values {
		m := learned(Secret{"pw", value})
		for form, print := range printed {
			t.Run(what+", "+form, func(t *testing.T) {
				got := string(m.Apply([]byte("before " + print(value) + " after")))
				if got != "before [masked:pw] after" {
					t.Errorf("%q", got)
				}
			})
		}
		for shift := range 3 {
			for tail := range 3 {
				t.Run(fmt.Sprintf("%s, base64 with %d before and %d after", what, shift, tail), func(t *testing.T) {
					whole := strings.Repeat("x", shift) + value + strings.Repeat("y", tail)
					for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
						text := enc.EncodeToString([]byte(whole))
						got := string(m.Apply([]byte(text)))
						// At most three characters at either end depend on the neighbours.
						if left := strings.Replace(strings.TrimRight(got, "="), "[masked:pw]", "", 1); left == got || len(left) > 8 {
							t.Errorf("%q of %q", got, text)
						}
					}
				})
			}
		}
	}
}

func TestMaskFindsAMultiLineValueByItsLines(t *testing.T) {
	m := learned(Secret{"key", "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----\n"})
	got := string(m.Apply([]byte("  | MIIEvQIBADANBg\n  | kqhkiG9w0BAQEF\n")))
	if got != "  | [masked:key]\n  | [masked:key]\n" {
		t.Errorf("%q", got)
	}
	m = learned(Secret{"key", "first/line+of=it\n'second' & last"})
	for _, line := range []string{"first/line+of=it", "'second' & last"} {
		for form, text := range map[string]string{"hex": hex.EncodeToString([]byte(line)), "a URL": url.QueryEscape(line), "HTML": html.EscapeString(line), "JSON": jsonForms(line)[1]} {
			if got := string(m.Apply([]byte("<" + text + ">"))); got != "<[masked:key]>" {
				t.Errorf("%s of a line: %q", form, got)
			}
		}
	}
}

// The first match alone once left the tail of a longer secret standing.
func TestMaskTakesOverlappingFindsAsOne(t *testing.T) {
	m := learned(Secret{"short", "correct-horse"}, Secret{"long", "correct-horse-battery"}, Secret{"across", "battery-staple"})
	for text, want := range map[string]string{
		"correct-horse-battery":               "[masked:",
		"correct-horse-battery-staple":        "[masked:",
		"x correct-horse y battery-staple":    "x [masked:short] y [masked:across]",
		"correct-horsecorrect-horse":          "[masked:short][masked:short]",
		"nothing of the kind":                 "nothing of the kind",
		"correct-hors e and battery - staple": "correct-hors e and battery - staple",
	} {
		got := string(m.Apply([]byte(text)))
		if !strings.HasPrefix(got, want) || strings.Contains(got, "staple]") || strings.HasPrefix(want, "[masked:") && (strings.Contains(got, "-battery") || strings.Contains(got, "-staple")) {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestWhatIsTooShortToMaskIsReported(t *testing.T) {
	m := &Mask{}
	for value, want := range map[string]bool{"": true, "   ": true, "hunter2": false, "pin\n\n\n\n\n\n\n\n": false, "hunter2-": true} {
		if got := m.Learn(Secret{"pw", value}); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
	if got := string(m.Apply([]byte("hunter2"))); got != "hunter2" {
		t.Errorf("masked a value that is too short: %q", got)
	}
}

func TestMaskLeavesWhatIsNoSecret(t *testing.T) {
	m := learned(Secret{"nonce", "7b0c1a52-9f1e-4c3f-8e76-0f3a6f6f2d11"})
	for _, text := range []string{
		"123456789012", "arn:aws:iam::123456789012:role/mirror-dissonance-production-github-deploy", "us-east-1",
		"9c8d2f10-1111-4c3f-8e76-0f3a6f6f2d12", "7b0c1a52-9f1e-4c3f-8e76", "",
	} {
		if got := string(m.Apply([]byte(text))); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

// A variable that is named like a secret can hold what a record is made of.
func TestOrdinaryValuesStayWhateverTheirNameSays(t *testing.T) {
	for value, stays := range map[string]bool{
		"true": true, "null": true, "production": true, "Production": true, "us-east-1": true, "ap-southeast-2b": true, "europe-west3": true,
		"123456789012": true, "arn:aws:kms:us-east-1:123456789012:key/7b0c1a52-9f1e": true, "192.168.100.17": true, "localhost": true,
		"/home/ada/.config/token": true, "/var/run/secrets/token": true, "/keys/deploy.pem": true, "~/.netrc-of-mine": true, "./secrets/token": true,
		"ada lovelace": true, "Ada Lovelace": true, "ci-runner-17": true, "(sensitive value)": true,
		"hunter2-hunter2": false, "1234567890123": false, "wJalrXUtnFEMI/K7MDENG/bPxRfiCY": false, "/wJalrXUtnFEMI/K7MDENG/bPxRfiCY": false,
		"correct horse battery": false, "production-7f3a": false, "7b0c1a52-9f1e-4c3f-8e76-0f3a6f6f2d11": false,
	} {
		m := &Mask{}
		m.Ordinary("Ada Lovelace", "ci-runner-17", "")
		text := "it says " + value + ", and more"
		m.Learn(Secret{"API_TOKEN", value})
		if got := string(m.Apply([]byte(text))); (got == text) != stays {
			t.Errorf("%q: %q", value, got)
		}
	}
}

// Only what is secret in a value of several parts is masked where it stands
// alone.
func TestPartsOfAValueThatAreNoSecretsStay(t *testing.T) {
	m := learned(Secret{"DB", `{"engine":"postgres","user":"application","region":"us-east-1","password":"correct horse","id":"AIDA5XK3QJ7W2ABC1"}`},
		Secret{"KEY", "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----"})
	for text, want := range map[string]string{
		"the application in us-east-1 on postgres": "the application in us-east-1 on postgres",
		"pw correct horse":                         "pw [masked:DB]",
		"id AIDA5XK3QJ7W2ABC1":                     "id [masked:DB]",
		"-----BEGIN PRIVATE KEY-----":              "-----BEGIN PRIVATE KEY-----",
		"| MIIEvQIBADANBg":                         "| [masked:KEY]",
	} {
		if got := string(m.Apply([]byte(text))); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// What cannot be masked by value is withheld where a command names it.
func TestABlindSecretIsFoundByItsName(t *testing.T) {
	m := learned(Secret{"PIN", "4711"}, Secret{"LONG_TOKEN", "correct-horse"}, Secret{"A_PIN", "production"}, Secret{"PIN_FILE", "/etc/pin"})
	for command, want := range map[string]string{
		"echo $PIN": "PIN", "echo ${PIN}": "PIN", `curl -H "x: ${PIN:-1}"`: "PIN", "printenv PIN": "PIN", "echo $A_PIN;": "A_PIN",
		"echo PIN": "", "echo $PINS": "", "cat $PIN_FILE": "", "echo $LONG_TOKEN": "", "echo $PINS $PIN": "PIN",
	} {
		if got := m.Blind(command); got != want {
			t.Errorf("%q: %q, want %q", command, got, want)
		}
	}
}

// The name comes from a program's output: it once broke the journal's line, and
// it can hold the secret itself.
func TestAHostileNameStandsForNothing(t *testing.T) {
	const value = "correct-horse"
	for name, want := range map[string]string{
		"/prod/nonce_v1":         "[masked:/prod/nonce_v1]",
		"":                       "[masked:secret]",
		"a\"b":                   "[masked:secret]",
		"a\n- [x] done":          "[masked:secret]",
		"x] y [":                 "[masked:secret]",
		value + "-name":          "[masked:secret]",
		strings.Repeat("n", 200): "[masked:secret]",
	} {
		if got := string(learned(Secret{name, value}).Apply([]byte(value))); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// A secret that is also a word of the checklist once made a step's ID unknown
// to the plan, and the step ran for ever.
func TestMaskingAnEventLeavesWhatSteersTheRun(t *testing.T) {
	m := learned(Secret{"env", "prod-blue"}, Secret{"word", "interrupt"}, Secret{"tool", "terragrunt"}, Secret{"kind", "contingency"})
	events := []struct{ in, want runbook.Event }{
		{&runbook.CommandStarted{Step: "steps/1-prod-blue", Attempt: 1}, &runbook.CommandStarted{Step: "steps/1-prod-blue", Attempt: 1}},
		{&runbook.CommandFinished{Step: "1-prod-blue", Ended: "interrupt", Failures: []runbook.Failure{{Command: "cat prod-blue"}}, Output: runbook.Output{Head: "is prod-blue\n"}},
			&runbook.CommandFinished{Step: "1-prod-blue", Ended: "interrupt", Failures: []runbook.Failure{{Command: "cat [masked:env]"}}, Output: runbook.Output{Head: "is [masked:env]\n"}}},
		{&runbook.FieldFilled{Field: "prod-blue", Value: "x-prod-blue", Source: "terragrunt", Detail: "prod-blue"},
			&runbook.FieldFilled{Field: "prod-blue", Value: "x-[masked:env]", Source: "terragrunt", Detail: "[masked:env]"}},
		{&runbook.Deviation{Step: "prod-blue", Kind: "contingency", Reason: "prod-blue", Text: "terragrunt"},
			&runbook.Deviation{Step: "prod-blue", Kind: "contingency", Reason: "[masked:env]", Text: "[masked:tool]"}},
	}
	for _, tt := range events {
		before := fmt.Sprintf("%+v", tt.in)
		if got := m.Event(tt.in); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%+v became %+v", tt.in, got)
		}
		if after := fmt.Sprintf("%+v", tt.in); after != before {
			t.Errorf("the event itself was changed: %s", after)
		}
	}
}

// A line that was cut off may end within a secret.
func TestCutHidesTheBeginningOfASecretAtTheEnd(t *testing.T) {
	m := &Mask{}
	m.Learn(Secret{"NONCE", "6f1a0f3e-5b1d-4c9a"})
	for _, c := range []struct{ name, text, want string }{
		{"whole", "it is 6f1a0f3e-5b1d-4c9a now", "it is [masked:NONCE] now"},
		{"cut within", "it is 6f1a0f3e-5b", "it is "},
		{"cut after", "it is 6f1a0f3e-5b1d-4c9a", "it is [masked:NONCE]"},
		{"short enough to be anything", "it is 6f", "it is 6f"},
		{"nothing", "it is so", "it is so"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := string(m.Cut([]byte(c.text))); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// "SECRET_NAME=prod-db" says where a secret is; masking it hides an ordinary word.
func TestNamesOfSecretsAreNoSecrets(t *testing.T) {
	for _, name := range []string{"DB_PASSWORD", "GITHUB_TOKEN", "SECRET_ID", "TOKEN_URL", "secret", "<api-token>", "PASSWORDFILE", "SECRETNAME"} {
		if !SecretName(name) {
			t.Errorf("SecretName(%q) = false; want true", name)
		}
	}
	for _, name := range []string{"SECRET_NAME", "TOKEN_PATH", "db.password.file", "SECRET_ARN", "<secret-name>", "TOKEN_TTL", "REGION"} {
		if SecretName(name) {
			t.Errorf("SecretName(%q) = true; want false", name)
		}
	}
}
