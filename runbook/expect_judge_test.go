package runbook

import (
	"strings"
	"testing"
)

// expectation reads one from its comment.
func expectation(t *testing.T, comment string) *Expect {
	t.Helper()
	s := readText(t, "cmd\n"+comment+"\n")
	if len(s.Expects) != 1 {
		t.Fatalf("%q: expects %+v", comment, s.Expects)
	}
	return &s.Expects[0]
}

func TestJudge(t *testing.T) {
	tests := []struct {
		name, comment, out string
		exit               int
		want               Verdict
	}{
		{"literal", "# Expected output: production", "production\n", 0, Pass},
		{"literal, starred", "# Expected output: production", "  default\n* production\n", 0, Pass},
		{"literal missing", "# Expected output: production", "default\n", 0, Fail},
		{"literal, nothing printed", "# Expected output: production", "", 0, Fail},
		{"within a longer word", "# Expected: active", "inactive\n", 0, Fail},
		{"within a longer number", "# Expected value: a=1", "a=10", 0, Fail},
		{"within a longer word and alone", "# Expected: active", "inactive active", 0, Pass},
		{"joined by a hyphen", "# Expected output: production", "pre-production\n", 0, Unknown},
		{"in other capitals", "# Expected: ENABLED", "enabled", 0, Unknown},
		{"white space collapsed", "# Expected: \"a b c\"", "a   b\n\tc", 0, Pass},
		{"colours ignored", "# Expected: \"Apply complete!\"", "\x1b[1m\x1b[32mApply\x1b[0m complete!\x1b[0m", 0, Pass},
		{"a title ignored", "# Expected: \"a b\"", "a\x1b]0;title\x07 b", 0, Pass},
		{"not a regular expression", "# Expected: \"a.c\"", "abc", 0, Fail},
		{"regular expression's signs", "# Expected: \"(a|b)+\"", "x (a|b)+ y", 0, Pass},

		{"pattern", "# Expected: \"Apply complete! Resources: X added, 0 changed, 0 destroyed.\"", "\n\x1b[32mApply complete! Resources: 42 added, 0 changed, 0 destroyed.\x1b[0m\n", 0, Pass},
		{"pattern not met", "# Expected: \"Apply complete! Resources: X added, 0 changed, 0 destroyed.\"", "Apply complete! Resources: 4 added, 0 changed, 10 destroyed.", 0, Fail},
		{"pattern, X is one word", "# Expected: \"a X b\"", "a 1 2 b", 0, Fail},
		{"pattern, second chance", "# Expected: \"a X b\"", "a 1 a 2 b", 0, Pass},
		{"pattern, ellipsis over lines", "# Expected: \"start ... end\"", "start\nx\ny\nend\n", 0, Pass},
		{"pattern, something", "# Expected: id=<id>", "id=7", 0, Pass},
		{"pattern, nothing for something", "# Expected: id=<id>;", "id=;", 0, Fail},
		{"pattern, version", "# Output: Terraform x.x.x", "Terraform 1.11.4", 0, Pass},

		{"pattern, the last part of a version", "# Output: v1.2.x", "v1.2.34\n", 0, Pass}, // was compared as it is written
		{"pattern, another version", "# Output: v1.2.x", "v1.3.0\n", 0, Fail},
		{"pattern, a version of letters", "# Expected: vX.Y.Z", "now v1.20.3-rc1.", 0, Pass},
		{"pattern, a version with more parts", "# Output: Terraform v1.x", "Terraform v1.11.4\non linux_amd64\n", 0, Pass},
		{"pattern, parts of a count", "# Output: build N.N", "build 3.14", 0, Pass},
		{"pattern, a version in a name", "# Output: app-1.x.tar.gz", "app-1.9.tar.gz", 0, Pass},

		{"list", "# Expected tables:\n# - a\n# - b", `["b", "a"]`, 0, Pass},
		{"list, one missing", "# Expected tables:\n# - a\n# - b", `["a"]`, 0, Fail},
		{"list, aligned settings", "# Expected values:\n# - env = \"p\"\n# - on = true", "env    = \"p\"\non     = true\n", 0, Pass},
		{"list, settings without spaces", "# Expected values:\n# - env = \"p\"", "env=\"p\"\n", 0, Pass},
		{"list, another value", "# Expected values:\n# - on = true", "on = false\n", 0, Fail},
		{"lines in order", "# Expected output:\n# a b\n# c", "a b\nx\nc\n", 0, Pass},
		{"lines out of order", "# Expected output:\n# a b\n# c", "c\na b\n", 0, Fail},

		{"list, as tools align it", "# Expected values:\n# - environment = \"production\"", "environment                   = \"production\"\n", 0, Pass},
		{"JSON in another spacing", "# Expected: {\"a\": [1, 2]}", "{ \"a\" : 0 }\n{\n  \"a\": [\n    1,\n    2\n  ]\n}\n", 0, Pass}, // was not met
		{"JSON of another value", "# Expected: {\"a\": [1, 2]}", "{\"a\":[1,3]}", 0, Fail},
		{"JSON and more", "# Expected: {\"a\": 1}", "{\"a\":10}", 0, Fail},
		{"the seed's apply, with a change", "# Expected: \"Apply complete! Resources: X added, 0 changed, 0 destroyed.\"", "Apply complete! Resources: 3 added, 1 changed, 0 destroyed.", 0, Fail},

		{"failure", "# Should fail", "", 1, Pass},
		{"no failure", "# Should fail", "", 0, Fail},
		{"empty", "# Expected: no output", "\x1b[0m \n", 0, Pass},
		{"not empty", "# Expected: no output", "x", 0, Fail},
		{"exit", "# Expected exit code: 0", "", 0, Pass},
		{"another exit", "# Expected exit code: 0", "", 2, Fail},
		{"exit foretold", "# exits with 1", "", 1, Pass},
		{"exit foretold, but none", "# exits with 1", "", 0, Fail},
		{"status alone", "# Expected: 200", "200\n", 0, Pass},
		{"another status alone", "# Expected: 200", "503\n", 0, Fail},
		{"status line", "# Expected: HTTP 200", "HTTP/2 200\ncontent-length: 503\n", 0, Pass},
		{"the last status line counts", "# Expected: HTTP 200", "HTTP/1.1 200 OK\n\nHTTP/1.1 500 Oops\n", 0, Fail},
		{"no status to see", "# Expected: HTTP 200", "<html>hello</html>", 0, Unknown},
		{"comparison", "# Expected: > 0", "3\n", 0, Pass},
		{"comparison not met", "# Expected: > 0", "0\n", 0, Fail},
		{"comparison of two numbers", "# Expected: > 0", "3 of 4\n", 0, Unknown},
		{"comparison of nothing", "# Expected: < 50ms", "null\n", 0, Unknown},
		{"range", "# Expected: 5-7", "total: 6", 0, Pass},
		{"range not met", "# Expected: 5-7", "total: 9", 0, Fail},
		{"at least so many things, by their number", "# Expected: at least 3 pods", "2 pods", 0, Fail}, // advisory
		{"at least so many things, unnumbered", "# Expected: at least 3 pods", "a\nb\nc", 0, Unknown},
		{"count of lines", "# Expected: 2 tables", "a\nb\n", 0, Pass},
		{"count in words", "# Expected: 2 tables", "found 2 tables today\nbye\nbye\n", 0, Pass},
		{"another count is not certain", "# Expected: 2 tables", "a\n", 0, Unknown},
		{"either", "# Expected: ON or OFF", "OFF", 0, Pass},
		{"neither", "# Expected: ON or OFF", "x", 0, Fail},
		{"either, joined by a hyphen", "# Expected: ON or OFF", "x-OFF", 0, Unknown},
		{"list, in other capitals", "# Expected tables:\n# - AB\n# - CD", "ab CD", 0, Unknown},
		{"lines, in other capitals", "# Expected output:\n# a b\n# c", "A b\nc\n", 0, Unknown},
		{"what should not be", "# Should not contain errors", "errors", 0, Unknown},
		{"prose", "# Expected: all pods are running", "all pods are running", 0, Unknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := expectation(t, tt.comment)
			got, why := e.Judge(tt.out, tt.exit)
			if got != tt.want || why == "" {
				t.Errorf("%s %q: %s, %q; want %s", e.Kind, e.Values, got, why, tt.want)
			}
		})
	}
}

// A matcher that goes back for every wildcard would not end on this.
func TestJudgeDoesNotBacktrack(t *testing.T) {
	e := expectation(t, "# Expected: \"a X a X a X a X b ... c <d> e\"")
	out := strings.Repeat("a ", 200_000)
	if got, _ := e.Judge(out, 0); got != Fail {
		t.Errorf("got %s", got)
	}
}
