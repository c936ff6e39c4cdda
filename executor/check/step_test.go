package check

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestStep(t *testing.T) {
	for name, tt := range map[string]struct {
		run, expect string
		want        outcome
	}{
		"exit 0 by default":              {"true", "", passes(`^true: exit 0; expected exit == 0`)},
		"another exit fails by default":  {"exit 3", "", fails(`exit 3`)},
		"an exit can be expected":        {"exit 3", "exit == 3", passes(`exit 3`)},
		"a pipeline's middle counts":     {"false | true", "", fails(`exit 1`)},
		"stdout":                         {"echo ' one '", `stdout == "one"`, passes("")},
		"stderr":                         {"echo oops >&2", `stderr contains "oops" && stdout == ""`, passes("")},
		"lines":                          {"printf 'a\\nb\\n'", `lines == ["a", "b"]`, passes("")},
		"no output has no lines":         {"true", `len(lines) == 0`, passes("")},
		"json":                           {`echo '{"a": {"b": [1, 2]}}'`, `json.a.b[1] == 2`, passes("")},
		"json that says no":              {`echo '{"status": "DISABLED"}'`, `json.status == "ENABLED"`, fails("")},
		"json is nil without JSON":       {"echo hello", `json == nil`, passes("")},
		"a field of no JSON":             {"echo hello", `json.status == "ENABLED"`, unknown("expect ")},
		"json that is cut short":         {`echo '{"a": 1'`, `json == nil`, passes("")},
		"an expression of another type":  {`echo '{"ready": "yes"}'`, `json.ready`, unknown("expect ")},
		"an unknown name":                {"true", "exti == 0", unknown("unknown name exti")},
		"a number is no truth":           {"true", "exit", unknown("expect ")},
		"an expression without end":      {"true", "exit ==", unknown("expect ")},
		"killed":                         {"kill -9 $$", "", unknown("signal: killed")},
		"more output than can be judged": {"head -c 40000000 /dev/zero", "", unknown("more than can be judged")},
		"evidence leaves out the output": {"echo hunter22", `stdout != ""`, passes(`^echo hunter22: exit 0; expected stdout != "";`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := map[string]string{"run": tt.run}
			if tt.expect != "" {
				args["expect"] = tt.expect
			}
			expect(t, Step{}, question(t.TempDir(), args), tt.want)
		})
	}
}

// A wrong expression is found before the command has any effect.
func TestStepReadsTheExpressionFirst(t *testing.T) {
	root := t.TempDir()
	expect(t, Step{}, question(root, map[string]string{"run": "touch made", "expect": "nonsense"}), unknown("expect "))
	expect(t, File{}, question(root, map[string]string{"path": "made"}), fails("does not exist"))
}

func TestStepRunsInItsDirectoryWithTheStepsEnvironment(t *testing.T) {
	root := t.TempDir()
	write(t, root, "sub/here", "x")
	q := question(root, map[string]string{"run": `test -f here && test "$WORD" = given`, "dir": "sub"})
	q.Env = append(q.Env, "WORD=given")
	expect(t, Step{}, q, passes(""))
	expect(t, Step{}, question(root, map[string]string{"run": "true", "dir": "nowhere"}), unknown("no such file"))
}

// What the command leaves behind is ended, and a question that is withdrawn
// comes back at once, whatever holds its output.
func TestStepDoesNotHang(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	q := question(t.TempDir(), map[string]string{"run": "trap '' TERM; sleep 300 & sleep 300"})
	f, err := Step{}.Check(ctx, q)
	if !errors.Is(err, context.DeadlineExceeded) || f.Verdict != "" {
		t.Errorf("%+v, %v; want the context's error alone", f, err)
	}
	expect(t, Step{}, question(t.TempDir(), map[string]string{"run": "sleep 300 & echo done"}), unknown("WaitDelay"))
}
