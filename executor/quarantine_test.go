package executor_test

import (
	"fmt"
	"strings"
	"testing"

	"runbook/executor"
	"runbook/runbook"
)

const (
	nonce  = "6f1a0f3e-5b1d-4c9a-9d0e-7a2b8c4d5e6f"
	reveal = "aws ssm get-parameter --name /prod/nonce --with-decryption"
	answer = `{"Parameter":{"Name":"/prod/nonce","Type":"SecureString","Value":"` + nonce + `"}}` + "\n"
)

// nonceTape prints a nonce that nobody knows yet in its first step, and shows
// in its last that it is a secret.
func nonceTape(t *testing.T) *tape {
	p := newTape(t, "# T\n\n**Store in:** ________\n\n```bash\nmake it\n# Expected output: done\n```\n\n- [ ] It is there\n\n```bash\ngo on\n```\n\n```bash\n"+reveal+"\n```\n")
	p.engine.replies["make it"] = []reply{{out: "made " + nonce + "\ndone\n"}}
	p.engine.replies["go on"] = []reply{{}}
	p.engine.replies[reveal] = []reply{{out: answer}}
	return p
}

// wantNothingOf checks all that a run leaves where others see it.
func (p *tape) wantNothingOf(secret string) {
	p.t.Helper()
	for _, part := range []string{secret, secret[:20], secret[16:]} {
		if strings.Contains(p.journalText(), part) {
			p.t.Errorf("the journal holds %q:\n%s", part, p.journalText())
		}
		if strings.Contains(p.record(), part) {
			p.t.Errorf("the record holds %q", part)
		}
		for name, data := range p.outputs {
			if strings.Contains(name+string(data), part) {
				p.t.Errorf("output %s holds %q", name, part)
			}
		}
	}
}

func TestASecretLearnedLaterIsGoneFromWhatCameBefore(t *testing.T) {
	p := nonceTape(t)
	p.mustRun(runbook.Passed)
	p.wantNothingOf(nonce)
	if got := p.output(1, 1).Head; got != "made [masked:/prod/nonce]\ndone\n" {
		t.Errorf("output %q", got)
	}
	if len(events[*runbook.SecretsSwept](p)) != 0 {
		t.Error("the journal was made again, and nothing in it had to change")
	}
	for name := range p.held {
		if name != "secrets.json" {
			t.Errorf("%s is still in quarantine after the stop", name)
		}
	}
}

// The operator pastes the nonce into a blank, a reason quotes it, an item's
// answer has a note with it: all of that is in the chain before anyone knows.
func TestASecretThatWasFilledInIsTakenOutOfTheChain(t *testing.T) {
	p := nonceTape(t).set("Store in", nonce)
	p.givens = append(p.givens, runbook.GivenFor{Key: "It is there", Kind: runbook.ItemSlot, Where: "answers.yaml:1",
		Given: runbook.Given{Verdict: runbook.Pass, By: "Eve", Value: nonce, Note: "saw " + nonce, Source: "answers"}})
	p.mustRun(runbook.Passed)
	p.wantNothingOf(nonce)
	swept := events[*runbook.SecretsSwept](p)
	if len(swept) != 1 || swept[0].Entries != 2 || strings.Join(swept[0].Names, " ") != "/prod/nonce" {
		t.Errorf("swept %+v", swept)
	}
	record := p.record()
	for _, want := range []string{`**Store in:** \[masked:/prod/nonce\]`, "### Masked afterwards", "2 journal entries, from entry 2 on"} {
		if !strings.Contains(record, want) {
			t.Errorf("the record lacks %q:\n%s", want, record)
		}
	}
}

// A stop brings the first step's output into the record; only the next part of
// the run shows that it held a secret.
func TestASecretLearnedAfterAStopIsTakenOutOfTheEarlierPart(t *testing.T) {
	p := nonceTape(t)
	var long strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&long, "%d %s\n", i, nonce)
	}
	long.WriteString("done\n")
	p.engine.replies["make it"] = []reply{{out: long.String()}}
	p.engine.replies["go on"] = []reply{{exit: 1}, {}}
	p.mustRun(runbook.Failed)
	if !strings.Contains(p.journalText(), nonce) || len(p.outputs) != 1 {
		t.Fatal("the first part does not show what it printed")
	}
	p.mask = &executor.Mask{} // another process
	p.mustRun(runbook.Passed)
	p.wantNothingOf(nonce)
	swept := events[*runbook.SecretsSwept](p)
	if len(swept) != 1 || swept[0].Files != 1 {
		t.Errorf("swept %+v", swept)
	}
	out := p.output(1, 1)
	if data := p.outputs[strings.TrimPrefix(out.File, "out/")]; runbook.DigestOf(data) != out.Digest {
		t.Error("the digest is not that of the file")
	}
}

// What one part of a run has learned, the next one must know: its environment
// does not say it.
func TestWhatWasLearnedIsKnownInTheNextPart(t *testing.T) {
	p := newTape(t, "```bash\n"+reveal+"\n```\n\n```bash\ngo on\n```\n\n```bash\nprint it\n```\n")
	p.engine.replies[reveal] = []reply{{out: answer}}
	p.engine.replies["go on"] = []reply{{exit: 1}, {}}
	p.engine.replies["print it"] = []reply{{out: "it is " + nonce + "\n"}}
	p.mustRun(runbook.Failed)
	p.mask = &executor.Mask{}
	p.mustRun(runbook.Passed)
	p.wantNothingOf(nonce)
	if got := p.output(3, 1).Head; got != "it is [masked:/prod/nonce]\n" {
		t.Errorf("output %q", got)
	}
}

// What the environment holds is not written to the disk, not even in private.
func TestSecretsOfTheEnvironmentAreNotKept(t *testing.T) {
	p := nonceTape(t)
	p.mask.Learn(executor.Secret{Name: "TOKEN", Value: "correct-horse"})
	p.mustRun(runbook.Passed)
	if kept := string(p.held["secrets.json"]); strings.Contains(kept, "TOKEN") || !strings.Contains(kept, "/prod/nonce") {
		t.Errorf("kept %s", kept)
	}
}

// Until the run stops, no line holds anything that a command has printed.
func TestOutputStaysOutsideTheRecordUntilTheRunStops(t *testing.T) {
	p := newTape(t, "```bash\nmake it\n# Expected output: \"5 tables\"\n```\n")
	p.engine.replies["make it"] = []reply{{out: "made something\n"}}
	p.mustRun(runbook.Failed)
	all := p.journal.lines
	for n := 1; n < len(all); n++ {
		p.journal.lines = all[:n]
		released := len(events[*runbook.OutputReleased](p)) > 0
		if strings.Contains(p.journalText(), "made something") != released {
			t.Errorf("after %d entries, released %v:\n%s", n, released, p.journalText())
		}
		if !released && n > 5 && !strings.Contains(p.record(), "output held outside the record until the run stops: 1 line, 15 bytes") {
			t.Errorf("after %d entries the record says:\n%s", n, p.record())
		}
	}
	p.journal.lines = all
	if !strings.Contains(p.record(), "not met: found no \"5 tables\"") {
		t.Errorf("the judgement has lost what it found:\n%s", p.record())
	}
}

// Wherever the process ends, and whatever write fails, the next exec brings the
// outputs home, and no secret with them.
func TestACrashAnywhereLeavesNoSecretAndNoOutputBehind(t *testing.T) {
	fresh := func() *tape { return nonceTape(t).set("Store in", nonce) }
	whole := fresh()
	whole.mustRun(runbook.Passed)
	for n := 1; n <= whole.journal.calls; n++ {
		p := fresh()
		p.journal.failAt = n
		if _, err := p.run(); err == nil {
			t.Fatalf("write %d failed, and the run did not notice", n)
		}
		p.journal.failAt, p.mask = 0, &executor.Mask{}
		p.resolve = map[runbook.ID]executor.Decision{}
		for _, step := range p.plan.Steps() {
			p.resolve[step.Slot.ID] = executor.Decision{Do: executor.Again, Reason: "it was not recorded"}
		}
		p.mustRun(runbook.Passed)
		p.wantNothingOf(nonce)
		if got := p.output(1, 1).Head; !strings.HasPrefix(got, "made [masked:") {
			t.Errorf("write %d failed, and the output is %q", n, got)
		}
	}
}

func TestAnOutputThatIsLostIsSaidToBe(t *testing.T) {
	p := nonceTape(t)
	p.mustRun(runbook.Passed)
	for i, e := range p.entries() {
		if _, ok := e.Event.(*runbook.StepFinished); ok {
			p.journal.lines = p.journal.lines[:i+1]
			break
		}
	}
	clear(p.held) // another machine
	p.mustRun(runbook.Passed)
	if got := p.output(1, 1); !strings.Contains(got.Withheld, "not there any more") || got.Bytes == 0 {
		t.Errorf("output %+v", got)
	}
}
