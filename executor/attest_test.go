package executor_test

import (
	"strings"
	"testing"

	"runbook/runbook"
)

// An item that takes two persons' words gets them one after the other, over
// several invocations; one person counts once.
func TestTheWordsOfSeveralPersons(t *testing.T) {
	p := newTape(t, "- [ ] Cutover agreed\n")
	p.sidecar = "items:\n  cutover-agreed: {use: ask, min: 2}\n"
	say := func(by, open string) {
		t.Helper()
		p.givens = nil
		p.answer("Cutover agreed", runbook.Pass, by)
		p.mustRun(runbook.Passed)
		if got := p.fold().Open["cutover-agreed"]; got != open {
			t.Errorf("open because of %q, want %q", got, open)
		}
		if ticked := strings.HasPrefix(p.record(), "- [x]"); ticked != (open == "") {
			t.Errorf("ticked %v", ticked)
		}
	}
	say("Grace Hopper", "1 of 2 persons have said so: Grace Hopper")
	say("grace  hopper", "1 of 2 persons have said so: Grace Hopper")
	say("GraceHopper ", "1 of 2 persons have said so: Grace Hopper")
	say("Ben Okafor", "")
	if n := len(events[*runbook.Attested](p)); n != 2 {
		t.Errorf("%d attestations are journaled, want 2", n)
	}
	if want := "Grace Hopper, Ben Okafor"; p.fold().Items["cutover-agreed"].By != want || !strings.Contains(p.record(), want) {
		t.Errorf("settled by %q:\n%s", p.fold().Items["cutover-agreed"].By, p.record())
	}
}

// One person's no is enough.
func TestOneNoOfSeveralPersons(t *testing.T) {
	p := newTape(t, "- [ ] Cutover agreed\n").answer("Cutover agreed", runbook.Fail, "Grace")
	p.sidecar = "items:\n  cutover-agreed: {use: ask, min: 2}\n"
	p.mustRun(runbook.Failed)
}

// What a second engineer is asked for, nobody settles who has run a part.
func TestAnotherPersonThanTheOperator(t *testing.T) {
	for by, settled := range map[string]bool{"Ada": false, " ADA": false, "a da": false, "Grace": true, "": false} {
		p := newTape(t, "- [ ] Plan reviewed by second engineer\n").answer("Plan reviewed by second engineer", runbook.Pass, by)
		p.mustRun(runbook.Passed)
		if f := p.fold().Items["plan-reviewed-by-second-engineer"]; (f != nil) != settled {
			t.Errorf("%q: settled by %+v", by, f)
		}
	}
}
