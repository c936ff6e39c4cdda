package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"runbook/runbook"
)

// What a run of three days ago waits for, and whom.
func TestStandingDaysLater(t *testing.T) {
	const text = "# T\n\n```bash\ntrue\n```\n\n- [ ] now\n\n## Sign-off\n\n- [ ] Lead: ____ Date: ____\n\n## Within 24 hours\n\n- [ ] soon\n\n## Within 1 week\n\n- [ ] later\n"
	doc, err := runbook.Parse("t.md", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	end := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	s := runbook.NewState()
	s.Ended, s.Latest, s.Stopped = end, end, &runbook.RunStopped{Result: runbook.Passed}
	id := doc.Slots[0].ID
	s.Steps[id] = &runbook.StepState{Status: runbook.StepPassed}
	now := end.Add(72 * time.Hour)
	got := map[string]bool{}
	for _, o := range openSlots(doc, s, now) {
		if o.Due != nil {
			got[o.Label+" "+o.Due.Sub(end).String()] = o.Overdue
		}
	}
	if d := cmp.Diff(map[string]bool{"soon 24h0m0s": true, "later 168h0m0s": false}, got); d != "" {
		t.Errorf("due (-want +got):\n%s", d)
	}
	r := &runner{session: &session{file: "t.md", doc: doc}, plan: runbook.NewPlan(doc, runbook.PlanInput{Tree: newDiskTree(), Root: "/", DocDir: "/"})}
	want := []nextJSON{
		{"Lead", "sign, line 11"}, {"operator", "settle 1 item, overdue"},
		{"operator", "settle 1 item, the first by 2026-03-08 09:00 UTC"}, {"operator", "settle 1 open places"},
	}
	if d := cmp.Diff(want, r.next(s, openSlots(doc, s, now))); d != "" {
		t.Errorf("next (-want +got):\n%s", d)
	}
	delete(s.Steps, id)
	s.Stopped = &runbook.RunStopped{Result: runbook.Held, Left: 1}
	if next := r.next(s, nil); len(next) != 1 || next[0] != (nextJSON{"operator", "runbook exec t.md (step 1 is next)"}) {
		t.Errorf("next is %v", next)
	}
}

func TestAge(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 1400 * time.Millisecond: "1s", 90 * time.Second: "2m", 26 * time.Hour: "26h0m", 75 * time.Hour: "3 days",
	} {
		if got := age(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}
