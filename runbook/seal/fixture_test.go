package seal

import (
	"bytes"
	"testing"
	"time"

	"runbook/runbook"
)

const template = "# T\n\n- [ ] so\n\n```bash\ntrue\n```\n\n## Sign-off\n\n- [ ] Lead: ____ Date: ____ Time: ____\n- [ ] Security: ____ Date: ____\n"

var began = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// chain writes a journal of events, a second apart. A *runbook.RunSealed gets
// what it must say.
func chain(t testing.TB, events ...runbook.Event) []byte {
	t.Helper()
	var out bytes.Buffer
	head := runbook.Head(nil)
	for i, e := range events {
		if _, ok := e.(*runbook.RunSealed); ok {
			e = &runbook.RunSealed{Entries: i, Head: head}
		}
		line, digest, err := runbook.EncodeEntry(i+1, head, began.Add(time.Duration(i)*time.Second), e)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(append(line, '\n'))
		head = digest
	}
	return out.Bytes()
}

// ran are the events of a run of the template that passed, the seal included.
func ran() []runbook.Event {
	return []runbook.Event{
		&runbook.RunStarted{Run: "R", Document: "t.md", Template: runbook.DigestOf([]byte(template)), Identity: runbook.Identity{Operator: "Olga", Tool: "t"}, Seals: true},
		&runbook.StepStarted{Step: "step", Attempt: 1},
		&runbook.CommandStarted{Step: "step", Attempt: 1},
		&runbook.CommandFinished{Step: "step", Attempt: 1, Output: runbook.Output{Bytes: 3, Lines: 1, Head: "hi\n", File: "out/1", Digest: runbook.DigestOf([]byte("hi\n"))}},
		&runbook.StepFinished{Step: "step", Attempt: 1, Result: runbook.Passed},
		&runbook.RunStopped{Result: runbook.Passed},
		&runbook.RunSealed{},
	}
}

// bundle is what a run with these events leaves.
func bundle(t testing.TB, events ...runbook.Event) *Bundle {
	t.Helper()
	b := &Bundle{Name: "t.md", Runs: "t.runs/R", Template: []byte(template), Journal: chain(t, events...), Outputs: map[string]runbook.Digest{"out/1": runbook.DigestOf([]byte("hi\n"))}}
	remake(t, b)
	return b
}

// remake writes record and statement as they follow from template and journal.
func remake(t testing.TB, b *Bundle) {
	t.Helper()
	c := read(t, b)
	var err error
	if b.Record, err = runbook.Render(c.Doc, c.Entries); err != nil {
		t.Fatal(err)
	}
	b.Statement, _ = c.Statement() // a journal that is not sealed has none
}

func read(t testing.TB, b *Bundle) *Chain {
	t.Helper()
	doc, err := runbook.Parse(b.Name, b.Template)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSuffix(b.Journal, []byte("\n")), []byte("\n"))
	entries, err := runbook.DecodeJournal(lines, runbook.EventTypes())
	if err != nil {
		t.Fatal(err)
	}
	return &Chain{Doc: doc, Lines: lines, Entries: entries}
}
