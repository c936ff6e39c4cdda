package check_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"runbook/executor"
	"runbook/executor/check"
	"runbook/executor/executortest"
	"runbook/runbook"
)

func query(t testing.TB, id runbook.ID, args map[string]string) executor.Query {
	t.Helper()
	doc, err := runbook.Parse("t.md", []byte("- [ ] a\n\n## Within 1 week\n\n- [ ] later\n"))
	if err != nil {
		t.Fatal(err)
	}
	return executor.Query{
		Task: &runbook.Task{Slot: doc.Slot(id)}, Args: args, Document: doc, State: runbook.NewState(), Operator: "Ada", Root: t.TempDir(), Env: os.Environ(),
	}
}

type person struct {
	verdict runbook.Verdict
	err     error
}

func (p person) Item(*runbook.Slot, string) (runbook.Verdict, string, error) {
	return p.verdict, "", p.err
}

func TestAsk(t *testing.T) {
	executortest.Check(t, check.Ask{Prompter: person{verdict: runbook.Pass}}, executortest.Adapter{Query: query(t, "a", nil), Free: []string{"role"}})
	stop := fmt.Errorf("%w: end of input", executor.ErrStop)
	tests := map[string]struct {
		ask  check.Ask
		q    executor.Query
		want string
	}{
		"nobody there":                      {check.Ask{}, query(t, "a", nil), "waits for a person"},
		"left for later":                    {check.Ask{Prompter: person{}}, query(t, "a", nil), "left for later"},
		"stopped":                           {check.Ask{Prompter: person{err: stop}}, query(t, "a", nil), "stopped by the operator"},
		"due after the run":                 {check.Ask{Prompter: person{verdict: runbook.Pass}}, query(t, "within-1-week/later", nil), "due after the run: Within 1 week"},
		"the operator cannot settle it":     {check.Ask{Prompter: person{verdict: runbook.Pass}}, query(t, "a", map[string]string{"not": "operator"}), "someone other than the operator"},
		"a word for nobody once let all in": {check.Ask{Prompter: person{verdict: runbook.Pass}}, query(t, "a", map[string]string{"not": "oprator"}), "not is operator"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, err := tt.ask.Check(t.Context(), tt.q)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%+v, %v; want %q", f, err, tt.want)
			}
		})
	}
	if _, err := (check.Ask{}).Check(t.Context(), query(t, "a", nil)); !errors.Is(err, executor.ErrUnanswered) {
		t.Errorf("%v", err)
	}
}

func TestStep(t *testing.T) {
	executortest.Check(t, check.Step{}, executortest.Adapter{Query: query(t, "a", map[string]string{"run": "true"}), Contacts: true})
	tests := map[string]struct {
		run, expect string
		verdict     runbook.Verdict
		err         string
	}{
		"it exits 0":                                {"true", "", runbook.Pass, ""},
		"it does not":                               {"exit 3", "", runbook.Fail, ""},
		"a part of a pipeline fails":                {"false | true", "", runbook.Fail, ""},
		"what it printed":                           {"echo 5 alarms", `exit == 0 && stdout contains "5 alarms"`, runbook.Pass, ""},
		"what it printed, but not that":             {"echo 4 alarms", `stdout contains "5 alarms"`, runbook.Fail, ""},
		"what it complained about":                  {"echo no >&2; exit 1", `exit == 1 && stderr == "no"`, runbook.Pass, ""},
		"an expression that is none":                {"true", "exit ==", "", "expect "},
		"an unknown name":                           {"true", "status == 0", "", "expect "},
		"an expression of no yes or no":             {"true", "exit", "", "expect "},
		"a command that is not there once was a no": {"no-such-command-here", "", "", "it could not be run"},
		"unless that is expected":                   {"no-such-command-here", "exit == 127", runbook.Pass, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, err := check.Step{}.Check(t.Context(), query(t, "a", map[string]string{"run": tt.run, "expect": tt.expect}))
			if f.Verdict != tt.verdict || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%+v, %v", f, err)
			}
		})
	}
}
