package source

import "testing"

func TestEnv(t *testing.T) {
	for name, tt := range map[string]struct{ value, want string }{
		"REGION":      {"eu-west-1", "^eu-west-1$"},
		"KEYBOARD":    {"de", "^de$"},
		"PWD":         {"/srv", "^/srv$"},
		"AUTHOR_NAME": {"Ada", "^Ada$"},
		"ENDPOINT":    {"https://example.org:8443/x", "^https://example.org"},
	} {
		q := question("", map[string]string{"name": name})
		q.Env = []string{name + "=old", name + "=" + tt.value}
		if v := gives(t, Env{}, q, tt.want); v.Detail != "variable "+name {
			t.Errorf("%s: detail %q", name, v.Detail)
		}
	}
}

func TestEnvRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ value, want string }{
		"NONE":                  {"", "NONE is empty"},
		"BLANK":                 {" ", "BLANK is empty"},
		"AWS_SECRET_ACCESS_KEY": {"x", "the name says that it is secret"},
		"AWS_SESSION_TOKEN":     {"x", "the name says"},
		"AWS_ACCESS_KEY_ID":     {"x", "the name says"},
		"DB_PASSWORD":           {"x", "the name says"},
		"db_pwd":                {"x", "the name says"},
		"MYSQL_PASS":            {"x", "the name says"},
		"ApiKey":                {"x", "the name says"},
		"SENTRY_DSN":            {"x", "the name says"},
		"REDACTION_NONCE":       {"x", "the name says"},
		"DATABASE_URL":          {"postgres://ada:hunter22@db/x", "an address with a password, and it is not recorded$"},
		"BROKER":                {"amqp://ada:%zz@db/x", "an address with a password"},
	} {
		q := question("", map[string]string{"name": name})
		q.Env = []string{name + "=" + tt.value}
		refuses(t, Env{}, q, tt.want)
	}
	refuses(t, Env{}, question("", map[string]string{"name": "NO_SUCH_VARIABLE"}), "NO_SUCH_VARIABLE is not set")
}
