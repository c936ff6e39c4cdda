package runbook

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// everywhere is a Tree in which all there can be is there.
type everywhere struct{}

func (everywhere) IsDir(string) bool       { return true }
func (everywhere) Exists(string) bool      { return true }
func (everywhere) Has(string, string) bool { return true }

func completeSteps(n int) []byte {
	var s strings.Builder
	s.WriteString("# Many\n\n")
	for i := range n {
		fmt.Fprintf(&s, "## Step %d\n\nWhat it is for.\n\n```bash\necho %d\n```\n\n- [ ] done %d\n\n**Value:** ____\n\n", i, i, i)
	}
	return []byte(s.String())
}

// BenchmarkPlan is the plan alone, for growing documents: what a step costs must
// not depend on how many there are.
func BenchmarkPlan(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			doc, err := Parse("many.md", completeSteps(n))
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				NewPlan(doc, PlanInput{Tree: everywhere{}, Root: "/r", DocDir: "/r", Dirs: DirAuto})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/step")
		})
	}
}

// BenchmarkRender makes the record of a document in which every step has run,
// every item is settled and every blank is filled.
func BenchmarkRender(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			doc, err := Parse("many.md", completeSteps(n))
			if err != nil {
				b.Fatal(err)
			}
			s := NewState()
			seq := 0
			apply := func(e Event) {
				seq++
				if err := s.Apply(Entry{Seq: seq, Time: time.Unix(int64(seq), 0), Event: e}); err != nil {
					b.Fatal(err)
				}
			}
			apply(&RunStarted{Run: "r", Template: doc.Digest()})
			for i := range doc.Slots {
				switch slot := &doc.Slots[i]; slot.Kind {
				case StepSlot:
					apply(&StepStarted{Step: slot.ID, Attempt: 1, Dir: "."})
					apply(&CommandStarted{Step: slot.ID, Attempt: 1})
					apply(&CommandFinished{Step: slot.ID, Attempt: 1, Output: Output{Bytes: 3, Lines: 1, Head: "ok\n"}})
					apply(&StepFinished{Step: slot.ID, Attempt: 1, Result: Passed})
				case ItemSlot:
					apply(&ItemSettled{Item: slot.ID, Verdict: Pass, Use: "ask", By: "Ada"})
				case FieldSlot:
					apply(&FieldFilled{Field: slot.ID, Value: "42", Source: "set"})
				}
			}
			for b.Loop() {
				if _, err := RenderState(doc, s); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/step")
		})
	}
}
