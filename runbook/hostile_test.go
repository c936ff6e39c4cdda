package runbook

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// hostilePlaces are the events through which text of the world gets into a
// record, one place at a time. Line-valued places get text as CheckValue lets
// it through, because an executor would refuse the rest.
func hostilePlaces(doc *Document, text string) map[string][]Event {
	start := func() *RunStarted {
		s := startOf(doc)
		s.Identity.Operator, s.Repository.Branch = "Ada", "main"
		return s
	}
	stop := &RunStopped{Result: Passed}
	safe := strings.ToValidUTF8(text, "\ufffd") // the journal takes no other
	step := stepIDs(doc)[0]
	printed := ranOnce(doc, step, text)
	places := map[string][]Event{
		"output":       append(append([]Event{start()}, printed...), stop),
		"reason":       {start(), &StepStarted{Step: step, Attempt: 1, Dir: "."}, &StepFinished{Step: step, Attempt: 1, Result: Failed, Reason: safe}, &RunStopped{Result: Failed, Reason: safe}},
		"directory":    {start(), &StepStarted{Step: step, Attempt: 1, Dir: safe}, &StepFinished{Step: step, Attempt: 1, Result: Passed, Leftovers: []string{safe}}, stop},
		"failure":      {start(), &StepStarted{Step: step, Attempt: 1}, &CommandStarted{Step: step, Attempt: 1}, &CommandFinished{Step: step, Attempt: 1, Exit: 1, Failures: []Failure{{Line: 5, Command: safe, Exit: 1}}, Output: Output{Withheld: safe, Bytes: 1}}, stop},
		"skipped":      {start(), &StepSkipped{Step: step, By: safe, Reason: safe}, stop},
		"evidence":     {start(), &ItemSettled{Item: itemOf(doc), Verdict: Pass, Use: "ask", By: safe, Evidence: safe, Note: safe}, stop},
		"left open":    {start(), &SlotOpen{Slot: itemOf(doc), Reason: safe}, stop},
		"noted":        {start(), &Noted{What: safe, Value: safe}, stop},
		"edited":       {start(), &StepStarted{Step: step, Attempt: 1}, &Deviation{Step: step, Kind: "edit", By: safe, Reason: safe, Text: safe}, stop},
		"placeholder":  {start(), &PlaceholderGiven{Text: "<x>", Value: safe, By: safe}, stop},
		"swept":        {start(), &SecretsSwept{First: 1, Entries: 1, Names: []string{safe}, Void: []VoidSignature{{Role: safe, Name: safe, File: safe}}}, stop},
		"sidecar":      {start(), &SidecarChanged{By: safe, Is: "sha256:1", Diff: Visible(text), File: "out/" + safe}, stop},
		"waived":       {start(), &ShapeWaived{Shape: safe, Match: safe, By: safe, Reason: safe}, stop},
		"released":     append(append([]Event{start()}, held(printed)...), &OutputReleased{Step: step, Attempt: 1, Head: Visible(text), Tail: Visible(text)}, stop),
		"the operator": {&RunStarted{Run: "r", Document: safe, Template: doc.Digest(), Plan: doc.Digest(), Identity: Identity{Operator: safe, User: safe, Host: safe, Tool: safe}, Repository: Repository{Root: safe, Commit: safe, Branch: safe}, Dropped: []string{safe}}, stop},
	}
	if value := firstLine(Visible(safe)); CheckValue(value) == nil {
		fill := []Event{start()}
		for i := range doc.Slots {
			if s := &doc.Slots[i]; s.Kind == FieldSlot {
				fill = append(fill, &FieldFilled{Field: s.ID, Value: value, Source: "ask", Detail: safe, By: safe})
			}
		}
		places["value"] = append(fill, stop)
	}
	return places
}

// held makes of a step's events those of a run whose outputs are held.
func held(events []Event) []Event {
	for _, e := range events {
		if f, ok := e.(*CommandFinished); ok {
			f.Output = Output{Bytes: 9, Lines: 1, Held: true}
		}
	}
	return events
}

func itemOf(doc *Document) ID {
	for i := range doc.Slots {
		if doc.Slots[i].Kind == ItemSlot {
			return doc.Slots[i].ID
		}
	}
	return ""
}

const hostileTemplate = "# T\n\n```bash\none\n```\n\n- [ ] Checked\n- [ ] Security Review: ________ Date: ________\n\n**Name:** ________\n\n| Key | Value |\n|---|---|\n| A | ____ |\n\n" +
	"> quoted: ________\n\n1. numbered ________\n\n```text\nLabel: ________\n```\n"

// Whatever one hostile text does, in whatever place it gets into a record: our
// own parser sees the same slots, a second one the same items and headings, and
// no control or invisible character is in it.
func TestHostileTextChangesNothing(t *testing.T) {
	files, err := filepath.Glob("../testdata/hostile/*.txt")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d hostile texts: %v", len(files), err)
	}
	_, err = exec.LookPath("cmark-gfm")
	second := err == nil
	if !second {
		t.Log("skipped the second parser: no cmark-gfm")
	}
	doc := parsed(t, "template.md", []byte(hostileTemplate))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			for place, events := range hostilePlaces(doc, string(text)) {
				record := rendered(t, doc, decoded(t, chainEvents(t, events...)))
				wantTame(t, place, record)
				wantSameSlots(t, place, doc, record)
				if second {
					wantSameOutline(t, place, []byte(hostileTemplate), record)
				}
			}
		})
	}
}

// wantTame wants a text that shows all that it holds.
func wantTame(t *testing.T, place string, record []byte) {
	t.Helper()
	if !utf8.Valid(record) {
		t.Errorf("%s: the record is not UTF-8", place)
	}
	for i, r := range string(record) {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029') {
			t.Errorf("%s: %U at byte %d of the record", place, r, i)
			return
		}
	}
}

// wantSameSlots wants every item of the template in the record, and no other.
func wantSameSlots(t *testing.T, place string, doc *Document, record []byte) {
	t.Helper()
	again, err := Parse("record.md", record)
	if err != nil {
		t.Errorf("%s: the record cannot be read: %v", place, err)
		return
	}
	list := func(d *Document) (slots []string) { // an item's ID is made of its text, in which a value may stand
		for i := range d.Slots {
			if s := &d.Slots[i]; s.Kind == ItemSlot || s.Kind == StepSlot {
				slots = append(slots, fmt.Sprintf("%s %q", s.Kind, s.State))
			}
		}
		return slots
	}
	want, got := list(doc), list(again)
	if place == "evidence" {
		want[1] = fmt.Sprintf("%s %q", ItemSlot, 'x') // it was settled
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: the record has %q, the template %q", place, got, want)
	}
}

func wantSameOutline(t *testing.T, place string, template, record []byte) {
	t.Helper()
	want, got := outline(t, template), outline(t, record)
	if len(got) <= len(want) || !slices.Equal(got[:len(want)], want) || got[len(want)] != "appendix" {
		t.Errorf("%s: the second parser sees %q, in the template %q", place, got, want)
		return
	}
	for _, line := range got[len(want)+1:] {
		if !strings.HasPrefix(line, "heading") {
			t.Errorf("%s: the appendix adds a %s", place, line)
		}
	}
}
