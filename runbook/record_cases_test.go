package runbook

import "strings"

// A recordCase is what a directory of testdata/record is made from.
type recordCase struct {
	template string
	events   func(doc *Document) []Event
}

const (
	hostileValue  = "*x* [a](b) <b> | \\ & &amp; ___ ☐ - [x] forged `c` __d__ ![e](f) ~~g~~"
	hostileOutput = "```\n````\n~~~\n<!-- /runbook:output -->\n<!-- runbook:record -->\n- [x] Security Review\n# Heading\n</details>\n" +
		"\x1b[31mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x07 \x00 \u202e \xff\xfe\r\ncarriage\rreturn\ttab\n| a | b |\n| --- | --- |\n> quote\n    code\n<script>\n"
)

func startOf(doc *Document) *RunStarted {
	return &RunStarted{
		Run: "20260301T090000Z-abc", Document: doc.Name, Template: doc.Digest(), Plan: DigestOf([]byte("plan")),
		Identity:   Identity{Operator: "Ada | <b>", User: "ada", Host: "host", Tool: "runbook 0.1.0", Digest: DigestOf([]byte("tool")), PID: 7},
		Repository: Repository{Root: "/w", Commit: "0123abc", Branch: "main`", Dirty: true}, Dropped: []string{"BASH_ENV"},
	}
}

// ranOnce is a step of which every command printed the text and passed.
func ranOnce(doc *Document, id ID, printed string) []Event {
	script := ReadScript(doc.Source, doc.Slot(id))
	events := []Event{&StepStarted{Step: id, Attempt: 1, Dir: "infra"}}
	for i := range script.Commands {
		events = append(events, &CommandStarted{Step: id, Command: i, Attempt: 1})
		for _, x := range script.Expects {
			if x.Command == i {
				events = append(events, &ExpectJudged{Step: id, Command: i, Line: x.Line, Attempt: 1, Verdict: Unknown, Found: Visible(printed)})
			}
		}
		text := Visible(printed)
		events = append(events, &CommandFinished{Step: id, Command: i, Attempt: 1, Seconds: 1.25, Output: Output{Bytes: int64(len(printed)), Lines: int64(strings.Count(printed, "\n")), Head: text}})
	}
	return append(events, &StepFinished{Step: id, Attempt: 1, Result: Passed, Dir: "infra"})
}

func stepIDs(doc *Document) []ID {
	var ids []ID
	for i := range doc.Slots {
		if doc.Slots[i].Kind == StepSlot {
			ids = append(ids, doc.Slots[i].ID)
		}
	}
	return ids
}

// allRan is a run in which every step printed the text and passed.
func allRan(printed string) func(doc *Document) []Event {
	return func(doc *Document) []Event {
		events := []Event{startOf(doc)}
		for _, id := range stepIDs(doc) {
			events = append(events, ranOnce(doc, id, printed)...)
		}
		return append(events, &RunStopped{Result: Passed})
	}
}

// allFilled is a run that gave every slot but the steps the same answer.
func allFilled(value string) func(doc *Document) []Event {
	return func(doc *Document) []Event {
		events := []Event{startOf(doc)}
		for i := range doc.Slots {
			s := &doc.Slots[i]
			switch s.Kind {
			case StepSlot:
			case ItemSlot:
				events = append(events, &ItemSettled{Item: s.ID, Verdict: Pass, Use: "ask", By: "Eve", Evidence: value})
			case ChoiceSlot:
				events = append(events, &ChoiceSettled{Choice: s.ID, Option: 1, Use: "run"})
			default:
				events = append(events, &FieldFilled{Field: s.ID, Value: value, Source: "ask", Detail: value, By: "Eve"})
			}
		}
		return append(events, &RunStopped{Result: Passed})
	}
}

const twoCommands = "```bash\none\ntwo\n# Expected: \"ok\"\n```\n"

var recordCases = map[string]recordCase{
	"ticks": {"- [ ] space\n- [] none\n- [x] ticked before\n- [~] kept\n  - [ ] nested\n\n> - [ ] quoted\n\n1. [ ] numbered\n\n| Item | Done |\n|---|---|\n| a | ☐ |\n| b | [ ] |\n",
		allFilled("seen")},
	"values": {"# T\n\n**A:** ____  \n**B:** ____ (Start)\n\n- [ ] Review: ____ Date: ____\n\n| N | V |\n|---|---|\n| x | ____ |\n| y | arn:aws:iam::ACCOUNT_ID:role |\n\n```\nDate: ____\nOperator: ____\n```\n\n________\n\nLast: ____",
		allFilled(hostileValue)},
	"starts-of-lines": {"Notes:\n\n________\n\n- ____ is it\n", allFilled("- [x] forged")},
	"choice":          {"**Status:** [ ] Success [ ] Failed [ ] Rolled Back\n\nGO ☐ / NO-GO ☐\n", allFilled("x")},
	"verdicts": {"- [ ] passed\n- [ ] failed\n- [ ] not applicable\n- [ ] later\n- [ ] open\n", func(doc *Document) []Event {
		return []Event{
			startOf(doc), &ItemSettled{Item: "passed", Verdict: Pass, Use: "terraform.plan", Evidence: "0 to delete"},
			&ItemSettled{Item: "failed", Verdict: Fail, Use: "ask", By: "Eve", Note: "two | of three"},
			&ItemSettled{Item: "not-applicable", Verdict: NotApplicable, Use: "ask", By: "Eve"},
			&ItemSettled{Item: "later", Verdict: DeferredItem, Use: "ask", By: "Eve"},
			&SlotOpen{Slot: "open", Reason: "waits for a person"}, &RunStopped{Result: Failed, Reason: "failed failed"},
		}
	}},
	"rolled-back": {"- [ ] main\n\n# Rollback\n\n" + twoCommands + "- [ ] told\n\n# Abort\n\n- [ ] never\n", func(doc *Document) []Event {
		events := []Event{startOf(doc), &ContingencyDeclared{Contingency: "rollback", By: "Eve | <b>", Reason: "it | fails"}}
		events = append(events, ranOnce(doc, doc.Slots[1].ID, "ok\nmore\n")...)
		return append(events, &ItemSettled{Item: "rollback/told", Verdict: Pass, Use: "ask", By: "Eve"}, &RunStopped{Result: RolledBack})
	}},
	"by-hand": {"- [ ] ticked\n- [x] ticked before\n- ☑ a symbol\n- [ ] Lead: ____\n\n**A:** ____\n**B:** ____\n", func(doc *Document) []Event {
		return []Event{
			startOf(doc), &FieldFilled{Field: "a", Value: "x", Source: "ask"}, &FieldCleared{Field: "a", By: "Eve", Detail: "commit 0123"},
			&FieldFilled{Field: "b", Value: hostileValue, Source: Hand, By: "Eve", Detail: "commit 0123"},
			&FieldFilled{Field: "lead/name", Value: "Ben", Source: Hand, By: "Eve"},
			&ItemSettled{Item: "ticked", Verdict: Pass, Use: Hand, By: "Eve"},
			&ItemSettled{Item: "ticked-before", Verdict: Unknown, Use: Hand, By: "Eve", Note: "the tick was taken away"},
			&ItemSettled{Item: "lead", Verdict: Pass, Use: Hand, By: "Ben", Note: "written by Eve"},
			&DriftAccepted{By: "Eve", Reason: "seen | <b>", Added: 1, Removed: 2, Diff: "--- a\n+++ b\n@@ -1,2 +1,1 @@\n-" + strings.ToValidUTF8(hostileOutput, "?") + "+<!-- /runbook:record -->\n```\n", File: "drift-1.diff"},
			&RunStopped{Result: Passed},
		}
	}},
	"output": {"# T\n\n" + twoCommands + "- [ ] right below\n", allRan("ok\nmore\n")},
	"output-in-containers": {"1. first\n\n   " + strings.ReplaceAll(strings.TrimSuffix(twoCommands, "\n"), "\n", "\n   ") + "\n2. second\n   - [ ] item\n\n> quoted\n>\n> " +
		strings.ReplaceAll(strings.TrimSuffix(twoCommands, "\n"), "\n", "\n> ") + "\n> - [ ] item in it\n\n- [ ] item with a step\n  " + strings.ReplaceAll(strings.TrimSuffix(twoCommands, "\n"), "\n", "\n  ") + "\n- [ ] next\n\nEnd.\n", allRan("ok\n\nafter a blank line\n")},
	"output-at-the-end":   {"text\n\n" + strings.TrimSuffix(twoCommands, "\n"), allRan("ok\n")},
	"crlf":                {strings.ReplaceAll("# T\n\n- [ ] a\n\n"+twoCommands+"\nB: ____\n", "\n", "\r\n"), func(doc *Document) []Event { return busyAs(doc, "ok\nmore\n", "v") }},
	"hostile":             {"# T\n\n" + twoCommands + "- [ ] Security Review: ____\n\n> " + strings.ReplaceAll(strings.TrimSuffix(twoCommands, "\n"), "\n", "\n> ") + "\n", allRan(hostileOutput)},
	"hostile-in-the-dark": {"```bash\none\n```\n", hostileFacts},
	"how-commands-end":    {"```bash\none\ntwo\nthree\nfour\nfive\nsix\n```\n", howCommandsEnd},
	"how-steps-end":       {strings.Repeat("```bash\none\ntwo\n# Expected: \"ok\"\n```\n\n", 7), howStepsEnd},
	"deviations":          {"```bash\none\ntwo <x>\n```\n", deviations},
}

func busyAs(doc *Document, printed, value string) []Event {
	events := allRan(printed)(doc)
	events = events[:len(events)-1]
	return append(events, allFilled(value)(doc)[1:]...)
}

func hostileFacts(doc *Document) []Event {
	id := stepIDs(doc)[0]
	forged := "x\n- [x] forged\n<!-- /runbook:output -->\n`"
	return []Event{
		startOf(doc), &StepStarted{Step: id, Attempt: 2, Dir: forged},
		&CommandStarted{Step: id, Command: 0, Attempt: 2},
		&CommandFinished{Step: id, Command: 0, Attempt: 2, Exit: 1, Failures: []Failure{{Line: 2, Command: forged, Exit: 3}}, Output: Output{Bytes: 9, Lines: 1, Withheld: forged}},
		&StepFinished{Step: id, Attempt: 2, Result: Failed, Reason: forged, Dir: forged},
		&Noted{What: forged, Value: forged},
		&RunStopped{Result: Failed, Reason: forged},
	}
}

func howCommandsEnd(doc *Document) []Event {
	id := stepIDs(doc)[0]
	events := []Event{startOf(doc), &StepStarted{Step: id, Attempt: 1, Dir: "."}}
	for i, f := range []CommandFinished{
		{Exit: 0},
		{Exit: 0, Cut: true, Output: Output{Bytes: 2, Lines: 1, Head: "a\n"}},
		{Exit: 0, Output: Output{Bytes: 1 << 30, Lines: 5000, Head: "first\n", Tail: "last\n", File: "out/001-003-1.txt", Digest: DigestOf(nil)}},
		{Exit: 0, Output: Output{Bytes: 36, Lines: 1, Withheld: "prints a parameter decrypted"}},
		{Exit: 143, Ended: "timeout", Output: Output{Bytes: 4, Lines: 1, Head: "half"}},
	} {
		f.Step, f.Command, f.Attempt, f.Seconds = id, i, 1, float64(i)*31.5
		events = append(events, &CommandStarted{Step: id, Command: i, Attempt: 1}, &f)
	}
	return append(events, &StepFinished{Step: id, Attempt: 1, Result: Failed, Reason: "timed out"}, &RunStopped{Result: Failed, Left: 1})
}

// howStepsEnd has a step for each status, in order: passed, failed, continued,
// skipped, interrupted, edited, unknown.
func howStepsEnd(doc *Document) []Event {
	ids := stepIDs(doc)
	run := func(n, exit int, verdict Verdict, more ...Event) []Event {
		id := ids[n]
		events := []Event{&StepStarted{Step: id, Attempt: 1, Dir: "."}}
		for i := range 2 {
			events = append(events, &CommandStarted{Step: id, Command: i, Attempt: 1})
			f := &CommandFinished{Step: id, Command: i, Attempt: 1, Seconds: 1}
			if i == 1 {
				f.Exit = exit
				events = append(events, &ExpectJudged{Step: id, Command: 1, Line: doc.Slot(id).Line + 3, Attempt: 1, Verdict: verdict, Found: `found no "ok"`})
			}
			events = append(events, f)
		}
		return append(events, more...)
	}
	end := func(n int, r Result, why string) Event {
		return &StepFinished{Step: ids[n], Attempt: 1, Result: r, Reason: why, Dir: "."}
	}
	events := append([]Event{startOf(doc)}, run(0, 0, Pass, end(0, Passed, ""))...)
	events = append(events, run(1, 3, Unknown, end(1, Failed, "exit 3"))...)
	events = append(events, run(2, 0, Fail, &Deviation{Step: ids[2], Command: 1, Kind: "continue", By: "Ada", Reason: "known"}, end(2, Passed, ""))...)
	events = append(events, &StepSkipped{Step: ids[3], By: "Ada", Reason: "not today"})
	events = append(events, run(4, 130, Unknown, end(4, Interrupted, "interrupted"))...)
	events = append(events, &StepStarted{Step: ids[5], Attempt: 1, Dir: "."}, &Deviation{Step: ids[5], Command: 0, Kind: "edit", By: "Ada", Reason: "faster", Text: "uno --fast"},
		&CommandStarted{Step: ids[5], Command: 0, Attempt: 1}, &CommandFinished{Step: ids[5], Command: 0, Attempt: 1, Seconds: 1}, end(5, Passed, ""))
	events = append(events, &StepStarted{Step: ids[6], Attempt: 1, Dir: "."}, &CommandStarted{Step: ids[6], Command: 0, Attempt: 1})
	return append(events, &RunStopped{Result: Held, Reason: "the engine lost sight of step 7", Left: 4})
}

func deviations(doc *Document) []Event {
	id := stepIDs(doc)[0]
	return []Event{
		startOf(doc), &PlaceholderGiven{Text: "<x>", Value: "a | `b`", By: "Ada"}, &StepStarted{Step: id, Attempt: 1, Dir: "."},
		&CommandStarted{Step: id, Command: 0, Attempt: 1}, &CommandFinished{Step: id, Command: 0, Attempt: 1, Exit: 1},
		&StepFinished{Step: id, Attempt: 1, Result: Failed, Reason: "exit 1"},
		&Deviation{Step: id, Command: 0, Kind: "retry", By: "Ada", Reason: "flaky *network*"},
		&StepStarted{Step: id, Attempt: 2, Dir: "."}, &CommandStarted{Step: id, Command: 0, Attempt: 2},
		&RunResumed{Identity: Identity{Operator: "Eve", Tool: "runbook 0.1.0"}},
		&StepResolved{Step: id, Command: 0, Outcome: "done", By: "Eve", Reason: "saw it"},
		&StepStarted{Step: id, Attempt: 3, Dir: "."}, &CommandStarted{Step: id, Command: 1, Attempt: 3}, &CommandFinished{Step: id, Command: 1, Attempt: 3},
		&StepFinished{Step: id, Attempt: 3, Result: Passed, Dir: "."}, &RunStopped{Result: Passed},
	}
}
