package check

import (
	"os"
	"testing"

	"runbook/runbook"
)

const outputTemplate = "# T\n\n## Apply\n\n```bash\none\ntwo\n```\n\n- [ ] Applied\n"

// ran is the state after a step whose commands printed this.
func ran(t *testing.T, result runbook.Result, outputs ...runbook.Output) (*runbook.Document, *runbook.State) {
	t.Helper()
	doc, err := runbook.Parse("t.md", []byte(outputTemplate))
	if err != nil {
		t.Fatal(err)
	}
	s := runbook.NewState()
	events := []runbook.Event{&runbook.RunStarted{}, &runbook.StepStarted{Step: "apply", Attempt: 1}}
	for i, o := range outputs {
		exit := 0
		if result == runbook.Failed && i == len(outputs)-1 {
			exit = 1
		}
		events = append(events, &runbook.CommandStarted{Step: "apply", Command: i, Attempt: 1},
			&runbook.CommandFinished{Step: "apply", Command: i, Attempt: 1, Exit: exit, Output: o})
	}
	if result != "" {
		events = append(events, &runbook.StepFinished{Step: "apply", Attempt: 1, Result: result})
	}
	for i, e := range events {
		if err := s.Apply(runbook.Entry{Seq: i + 1, Time: asked, Event: e}); err != nil {
			t.Fatal(err)
		}
	}
	return doc, s
}

func text(s string) runbook.Output { return runbook.Output{Bytes: int64(len(s)), Head: s} }

func TestOutput(t *testing.T) {
	two := []runbook.Output{text("Apply complete!"), text(`{"n": 2}` + "\n")}
	for name, tt := range map[string]struct {
		expect, command string
		result          runbook.Result
		outputs         []runbook.Output
		want            outcome
	}{
		"all commands in order":    {`lines == ["Apply complete!", "{\"n\": 2}"] && exit == 0`, "", runbook.Passed, two, passes(`^output of step apply: exit 0, 2 lines; expected lines ==`)},
		"it is not so":             {`text contains "Error"`, "", runbook.Passed, two, fails("output of step apply")},
		"one command":              {`json.n == 2`, "2", runbook.Passed, two, passes("step apply, command 2")},
		"no JSON":                  {`json.n == 2`, "1", runbook.Passed, two, unknown("expect ")},
		"a command it has not":     {`true`, "3", runbook.Passed, two, unknown("commands 1 to 2")},
		"no number of a command":   {`true`, "x", runbook.Passed, two, unknown("is not a number from 1")},
		"nothing printed":          {`text == "" && len(lines) == 0`, "", runbook.Passed, []runbook.Output{{}}, passes("0 lines")},
		"it has not run":           {`true`, "", "", nil, unknown("step apply: it is running")},
		"it failed":                {`!(text contains "Error")`, "", runbook.Failed, two, unknown("it is failed")},
		"it was interrupted":       {`true`, "", runbook.Interrupted, two, unknown("it is interrupted")},
		"withheld":                 {`true`, "", runbook.Passed, []runbook.Output{{Bytes: 9, Withheld: "it prints the environment"}}, unknown("withheld: it prints the environment")},
		"not whole":                {`true`, "", runbook.Passed, []runbook.Output{{Bytes: 99999, Head: "a", Tail: "b", File: "out/x"}}, unknown("99999 bytes is not held whole")},
		"the other one is whole":   {`text == "b"`, "2", runbook.Passed, []runbook.Output{{Bytes: 9, Withheld: "x"}, text("b")}, passes("")},
		"an expression of nothing": {`stdout == ""`, "", runbook.Passed, two, unknown("unknown name stdout")},
	} {
		t.Run(name, func(t *testing.T) {
			args := map[string]string{"step": "apply", "expect": tt.expect}
			if tt.command != "" {
				args["command"] = tt.command
			}
			q := question(t.TempDir(), args)
			q.Document, q.State = ran(t, tt.result, tt.outputs...)
			expect(t, Output{}, q, tt.want)
		})
	}
}

func TestOutputOfNoStep(t *testing.T) {
	for id, want := range map[string]string{"aply": `no step "aply"`, "apply/applied": "no step", "": "no step"} {
		q := question(t.TempDir(), map[string]string{"step": id, "expect": "true"})
		q.Document, q.State = ran(t, runbook.Passed, text("x"))
		expect(t, Output{}, q, unknown(want))
	}
	q := question(t.TempDir(), map[string]string{"step": "apply", "expect": "true"})
	q.Document, _ = ran(t, runbook.Passed)
	expect(t, Output{}, q, unknown("it has not run"))
}

// A command that a person vouched for has no output to judge.
func TestOutputByAPersonsWord(t *testing.T) {
	q := question(t.TempDir(), map[string]string{"step": "apply", "expect": "true"})
	doc, s := ran(t, "", text("x"))
	for i, e := range []runbook.Event{
		&runbook.CommandStarted{Step: "apply", Command: 1, Attempt: 1},
		&runbook.StepResolved{Step: "apply", Command: 1, Outcome: "done", By: "Ada", Reason: "seen"},
		&runbook.StepFinished{Step: "apply", Attempt: 1, Result: runbook.Passed},
	} {
		if err := s.Apply(runbook.Entry{Seq: 10 + i, Time: asked, Event: e}); err != nil {
			t.Fatal(err)
		}
	}
	q.Document, q.State = doc, s
	expect(t, Output{}, q, unknown("command 2: its output is not known"))
}

// The check writes and runs nothing.
func TestOutputHasNoEffect(t *testing.T) {
	root := t.TempDir()
	q := question(root, map[string]string{"step": "apply", "expect": "true"})
	q.Document, q.State = ran(t, runbook.Passed, text("x"))
	expect(t, Output{}, q, passes(""))
	if entries, err := os.ReadDir(root); err != nil || len(entries) > 0 {
		t.Errorf("%v, %v", entries, err)
	}
}
