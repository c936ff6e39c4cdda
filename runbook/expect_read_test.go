package runbook

import (
	"slices"
	"strings"
	"testing"
)

func TestExpectationsAreClassified(t *testing.T) {
	tests := []struct {
		name, comment string
		kind          ExpectKind
		values        []string
		advisory      bool
	}{
		{"one word", "# Expected output: production", ExpectLiteral, []string{"production"}, false},
		{"short form", "# Expected: ENABLED", ExpectLiteral, []string{"ENABLED"}, false},
		{"output", "# Output: v1.2.3", ExpectLiteral, []string{"v1.2.3"}, false},
		{"arrow", "# => 42-a", ExpectLiteral, []string{"42-a"}, false},
		{"a quoted sentence", "# Expected: \"all is well\"", ExpectLiteral, []string{"all is well"}, false},
		{"a code span", "# Expected: `the end`", ExpectLiteral, []string{"the end"}, false},
		{"JSON", "# Expected: {\"status\": \"ok\"}", ExpectLiteral, []string{`{"status": "ok"}`}, false},
		{"should return", "# Should return ENABLED.", ExpectLiteral, []string{"ENABLED"}, false},
		{"this should print", "# This should print true", ExpectLiteral, []string{"true"}, false},
		{"should show, in capitals", "# You should see ACTIVE", ExpectLiteral, []string{"ACTIVE"}, false},
		{"should show, a plain word", "# Should show pods", ExpectLiteral, []string{"pods"}, true},
		{"a vague word", "# Expected: success", ExpectLiteral, []string{"success"}, true},
		{"a remark behind", "# Expected: ENABLED (for every table)", ExpectLiteral, []string{"ENABLED"}, true},
		{"the wildcard X", "# Expected: \"Apply complete! Resources: X added, 0 changed.\"", ExpectPattern, []string{"Apply complete! Resources: X added, 0 changed."}, false},
		{"an ellipsis", "# Expected: arn:aws:sns:...:topic", ExpectPattern, []string{"arn:aws:sns:...:topic"}, false},
		{"a version", "# Output: Terraform vx.x.x", ExpectPattern, []string{"Terraform vx.x.x"}, false},
		{"a word that holds an x", "# Output: max.xml", ExpectLiteral, []string{"max.xml"}, false},
		{"a version's digits", "# Output: Terraform x.x.x", ExpectPattern, []string{"Terraform x.x.x"}, false},
		{"a version's last part", "# Expected output: v1.2.x", ExpectPattern, []string{"v1.2.x"}, false},
		{"a version's second part", "# Output: Terraform v1.x", ExpectPattern, []string{"Terraform v1.x"}, false},
		{"a version in capitals", "# Expected: vX.Y.Z", ExpectPattern, []string{"vX.Y.Z"}, false},
		{"a version after a name", "# Output: python3.x", ExpectPattern, []string{"python3.x"}, false},
		{"a version of letters alone", "# Output: N.N.N", ExpectProse, nil, true},
		{"a file's name", "# Output: main.x", ExpectLiteral, []string{"main.x"}, false},
		{"a host's name", "# Output: x.example.org", ExpectLiteral, []string{"x.example.org"}, false},
		{"an angle bracket", "# Expected: id=<id>", ExpectPattern, []string{"id=<id>"}, false},
		{"nothing but a wildcard", "# Expected: <url>", ExpectProse, nil, true},
		{"failure", "# Should fail with AccessDenied", ExpectFailure, nil, false},
		{"an error", "# Expected: an error", ExpectFailure, nil, false},
		{"no error is prose", "# Expected: no errors in the output", ExpectProse, nil, true},
		{"empty", "# Expected: no output", ExpectEmpty, nil, false},
		{"empty in quotes", "# Expected output: \"\"", ExpectEmpty, nil, false},
		{"should be empty", "# Should be empty", ExpectEmpty, nil, false},
		{"nothing", "# Should return nothing", ExpectEmpty, nil, false},
		{"HTTP status", "# Expected: HTTP 200", ExpectStatus, []string{"http", "200"}, false},
		{"status with its name", "# Expected: HTTP/1.1 200 OK", ExpectStatus, []string{"http", "200"}, false},
		{"a bare status", "# Should return 204", ExpectStatus, []string{"http", "204"}, false},
		{"exit code", "# Expected exit code: 0", ExpectStatus, []string{"exit", "0"}, false},
		{"exit in the text", "# Expected: exit code 1", ExpectStatus, []string{"exit", "1"}, false},
		{"a return code", "# Expected return code: 2", ExpectStatus, []string{"exit", "2"}, false},
		{"a status too low for HTTP", "# Expected status: 2", ExpectStatus, []string{"exit", "2"}, false},
		{"an HTTP status by its name", "# Expected status: 200", ExpectStatus, []string{"http", "200"}, false},
		{"exits with", "# exits with 1", ExpectStatus, []string{"exit", "1"}, false},
		{"this exits with a code", "# This exits with code 3.", ExpectStatus, []string{"exit", "3"}, false},
		{"should exit", "# Should exit 1", ExpectStatus, []string{"exit", "1"}, false},
		{"should exit with a status", "# It should exit with status 1", ExpectStatus, []string{"exit", "1"}, false},
		{"exit status alone", "# Exit status: 2", ExpectStatus, []string{"exit", "2"}, false},
		{"expected to exit", "# Expected to exit with 4", ExpectStatus, []string{"exit", "4"}, false},
		{"exits in the text", "# Expected: exits with 5", ExpectStatus, []string{"exit", "5"}, false},
		{"exits otherwise", "# Should exit non-zero", ExpectFailure, nil, false},
		{"no exit status is 300", "# Expected exit code: 300", ExpectProse, nil, true},
		{"greater", "# Expected: > 0", ExpectComparison, []string{">", "0"}, false},
		{"at least", "# Expected: at least 3", ExpectComparison, []string{">=", "3"}, false},
		{"a unit", "# Expected: < 50ms", ExpectComparison, []string{"<", "50"}, false},
		{"between", "# Expected: between 5 and 7", ExpectComparison, []string{"..", "5", "7"}, false},
		{"a range", "# Expected value: 5-7", ExpectComparison, []string{"..", "5", "7"}, false},
		{"a count", "# Expected: 3 tables", ExpectCount, []string{"3", "3", "tables"}, true},
		{"a range of things", "# Should list 5-7 alarms", ExpectCount, []string{"5", "7", "alarms"}, true},
		{"either", "# Expected: ENABLED or ENABLING", ExpectEither, []string{"ENABLED", "ENABLING"}, false},
		{"either, quoted", "# Expected: \"a b\" or \"c d\"", ExpectEither, []string{"a b", "c d"}, false},
		{"a list", "# Expected tables:\n# - a-1\n# - b-2", ExpectList, []string{"a-1", "b-2"}, false},
		{"a list of settings", "# Expected values:\n# - a = \"b\"\n# - c = true", ExpectList, []string{`a = "b"`, "c = true"}, false},
		{"a list in words", "# Expected:\n# - all of the pods are running\n# - b", ExpectList, []string{"all of the pods are running", "b"}, true},
		{"lines", "# Expected output:\n# NAME READY\n# web 1/1", ExpectLines, []string{"NAME READY", "web 1/1"}, true},
		{"at least so many things", "# Expected: at least 3 pods", ExpectComparison, []string{">=", "3"}, true}, // was compared as it is written
		{"a sign and things", "# Expected: >= 3 replicas", ExpectComparison, []string{">=", "3"}, true},
		{"a range in words", "# Expected: 5 to 7", ExpectComparison, []string{"..", "5", "7"}, false},
		{"a range with a dash", "# Expected: 5–7 alarms", ExpectCount, []string{"5", "7", "alarms"}, true},
		{"a number in words", "# Expected: three tables", ExpectCount, []string{"3", "3", "tables"}, true},
		{"one of several", "# Expected: one of these", ExpectProse, nil, true},
		{"either of two", "# Expected: either ON or OFF", ExpectEither, []string{"ON", "OFF"}, false},
		{"one of three", "# Should return A1, B1, or C1", ExpectEither, []string{"A1", "B1", "C1"}, false},
		{"an empty string", "# Expected: empty string", ExpectEmpty, nil, false},
		{"an empty list is not no output", "# Expected: empty list", ExpectProse, nil, true},
		{"what is not to be", "# Expected: not \"default\"", ExpectProse, nil, true},
		{"what should not be", "# Should NOT contain errors", ExpectProse, nil, true},
		{"expected to fail", "# Expected to fail", ExpectFailure, nil, false},
		{"this command should fail", "# This command should fail", ExpectFailure, nil, false},
		{"no output expected", "# No output expected.", ExpectEmpty, nil, false},
		{"the output's own sentence", "# The output should contain \"all is well\"", ExpectLiteral, []string{"all is well"}, false},
		{"prose", "# Expected: all pods are running", ExpectProse, nil, true},
		{"a sentence", "# Should show the list of tables", ExpectProse, nil, true},
		{"a noun of its own", "# Expected behavior: the service restarts", ExpectProse, nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := readText(t, "cmd\n"+tt.comment+"\n")
			if len(s.Expects) != 1 {
				t.Fatalf("expects %+v", s.Expects)
			}
			e := s.Expects[0]
			if e.Kind != tt.kind || !slices.Equal(e.Values, tt.values) || e.Advisory != tt.advisory {
				t.Errorf("got %s %q advisory %v; want %s %q advisory %v", e.Kind, e.Values, e.Advisory, tt.kind, tt.values, tt.advisory)
			}
			if e.Command != 0 || e.Line != 3 {
				t.Errorf("command %d, line %d", e.Command, e.Line)
			}
		})
	}
}

func TestCommentsThatExpectNothing(t *testing.T) {
	for _, comment := range []string{
		"# Monitor output for errors", "# Check metrics:\n# - DynamoDB capacity\n# - Alarm status", "# Key outputs:", "# Review plan output carefully",
		"# Expected duration: 5 minutes", "# Expected downtime: none", "# Get all outputs", "# This should only be done once", "# Should you need more, ask",
		"# Returns the list", "# Expected", "# Expected:", "# expectations differ", "# Store in: ____", "# it works", "# Output goes to a file",
		"# exit 1", "# exit", "# Exit 1 if it is missing", "# Exits early", "# returns 1", "# Exit code: 300",
		"# Must not be run twice", "# Should not take long", "# Output", "# No output", "# Expected to take a minute", "# Nothing expected",
	} {
		if s := readText(t, "cmd\n"+comment+"\n"); len(s.Expects) != 0 {
			t.Errorf("%q: %+v", comment, s.Expects)
		}
	}
}

func TestExpectationsBelongToACommand(t *testing.T) {
	tests := []struct {
		name, script string
		command      int
		advisory     bool
		comments     string // of all commands, joined by "|"
	}{
		{"the one above", "a\n# Expected: X1\nb\n", 0, false, "|"},
		{"the one above, across a blank line", "a\n\n# Expected: X1\n\n# Then\nb\n", 0, false, "|Then"},
		{"the one on its line", "a\nb # Expected: X1\nc\n", 1, false, "||"},
		{"the one below, when none stands above", "# Expected: X1\na\nb\n", 0, false, "|"},
		{"the last", "a\nb\n# Watch it\n# Expected: X1\n", 1, false, "|"},
		{"a comment under it stays with the next", "a\n# Expected: X1\n# Then\nb\n", 0, false, "|Then"},
		{"set off above and tight below is not certain", "a\n\n# Expected: X1\nb\n", 0, true, "|"},
		{"within a loop it is not certain", "a\nfor i in 1; do\n  x\n  # Expected: X1\ndone\n", 1, true, "|"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := readText(t, tt.script)
			var comments []string
			for _, c := range s.Commands {
				comments = append(comments, c.Comment)
			}
			if got := strings.Join(comments, "|"); got != tt.comments {
				t.Errorf("comments %q, want %q", got, tt.comments)
			}
			if len(s.Expects) != 1 || s.Expects[0].Command != tt.command || s.Expects[0].Advisory != tt.advisory {
				t.Errorf("got %+v, want command %d, advisory %v", s.Expects, tt.command, tt.advisory)
			}
		})
	}
}

// A step went on after exit 1 only where it was "expected to fail", not where its
// exit code was foretold; and a foretold 1 must not excuse a 2.
func TestForetells(t *testing.T) {
	tests := []struct {
		name, comment string
		exit          int
		want          bool
	}{
		{"a failure of any kind", "# Should fail", 7, true},
		{"the exit code", "# Expected exit code: 1", 1, true},
		{"another exit code", "# Expected exit code: 1", 2, false},
		{"success is no failure", "# Expected exit code: 0", 0, false},
		{"failure where success is foretold", "# Expected exit code: 0", 1, false},
		{"success where failure is foretold", "# Should fail", 0, false},
		{"an HTTP code", "# Expected: HTTP 200", 200, false},
		{"an output", "# Expected output: 1", 1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := expectation(t, tt.comment).Foretells(tt.exit); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	doubtful := expectation(t, "# Should fail")
	doubtful.Advisory = true
	if doubtful.Foretells(1) {
		t.Error("what is in doubt excuses a failure")
	}
}

// A fence tagged output below a step was shown and never compared.
func TestSamplesOfOutputAreExpected(t *testing.T) {
	tests := []struct {
		name, sample string
		kind         ExpectKind
		values       []string
		advisory     bool
	}{
		{"one line", "production\n", ExpectLiteral, []string{"production"}, false},
		{"lines", "a  b\n\n  c\r\n", ExpectLines, []string{"a  b", "c"}, false},
		{"what reads as a status is data", "200\n", ExpectLiteral, []string{"200"}, false},
		{"what reads as empty is data", "no output\n", ExpectLiteral, []string{"no output"}, false},
		{"a wildcard", "id: <id>\n", ExpectPattern, []string{"id: <id>"}, false},
		{"wildcards in lines", "Terraform v1.x\n...\n", ExpectLines, []string{"Terraform v1.x", "..."}, false},
		{"nothing but wildcards", "...\n", ExpectProse, nil, true},
		{"with what was typed", "$ pwd\n/root\n", ExpectLines, []string{"$ pwd", "/root"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := mustParse(t, "```sh\ncmd\ncmd\n```\n\nprints:\n\n```output\n"+tt.sample+"```\n")
			s := ReadScript(doc.Source, &doc.Slots[0])
			if len(s.Expects) != 1 {
				t.Fatalf("expects %+v", s.Expects)
			}
			e := s.Expects[0]
			if e.Kind != tt.kind || !slices.Equal(e.Values, tt.values) || e.Advisory != tt.advisory {
				t.Errorf("got %s %q advisory %v; want %s %q advisory %v", e.Kind, e.Values, e.Advisory, tt.kind, tt.values, tt.advisory)
			}
			if e.Command != -1 || e.Line != 8 {
				t.Errorf("command %d, line %d", e.Command, e.Line)
			}
		})
	}
}

func TestSamplesThatExpectNothing(t *testing.T) {
	for name, src := range map[string]string{
		"an empty sample":  "```sh\ncmd\n```\n```output\n\n```\n",
		"a manual step":    "```sh\n# look\n```\n```output\nx\n```\n",
		"no step above it": "```output\nx\n```\n\n```sh\ncmd\n```\n",
	} {
		doc := mustParse(t, src)
		for i := range doc.Slots {
			if s := ReadScript(doc.Source, &doc.Slots[i]); len(s.Expects) != 0 {
				t.Errorf("%s: %+v", name, s.Expects)
			}
		}
	}
}

func TestSamplesAreJudged(t *testing.T) {
	doc := mustParse(t, "```sh\na\nb\n```\n```output\nv1.x\n...\ndone in <n> s\n```\n")
	e := &ReadScript(doc.Source, &doc.Slots[0]).Expects[0]
	for out, want := range map[string]Verdict{
		"v1.7\nmore\ndone  in 3 s\n": Pass, "v1.7\ndone in 3 s\n": Pass, "done in 3 s\nv1.7\n": Fail, "v2.7\ndone in 3 s\n": Fail, "": Fail,
	} {
		if got, why := e.Judge(out, 0); got != want {
			t.Errorf("%q: %s, %s; want %s", out, got, why, want)
		}
	}
}
