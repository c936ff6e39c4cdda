package runbook

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the golden files of records and plans")

// chainEvents makes the journal of some events, a second apart.
func chainEvents(t testing.TB, events ...Event) [][]byte {
	t.Helper()
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	var lines [][]byte
	prev := Head(nil)
	for i, e := range events {
		line, digest, err := EncodeEntry(i+1, prev, at.Add(time.Duration(i)*time.Second), e)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
		prev = digest
	}
	return lines
}

func decoded(t testing.TB, lines [][]byte) []Entry {
	t.Helper()
	entries, err := DecodeJournal(lines, EventTypes())
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func parsed(t testing.TB, name string, src []byte) *Document {
	t.Helper()
	doc, err := Parse(name, src)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func rendered(t testing.TB, doc *Document, entries []Entry) []byte {
	t.Helper()
	record, err := Render(doc, entries)
	if err != nil {
		t.Fatal(err)
	}
	return record
}

// Each directory of testdata/record is a template, a journal, and the record
// that the two produce. What makes them stands in recordCases.
func TestRecordFixtures(t *testing.T) {
	for name, c := range recordCases {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join("testdata", "record", name)
			if *update {
				writeRecordCase(t, dir, c)
			}
			template, journal, want := readFile(t, dir, "template.md"), readFile(t, dir, "journal.jsonl"), readFile(t, dir, "record.md")
			doc := parsed(t, "template.md", template)
			entries := decoded(t, bytes.Split(bytes.TrimSuffix(journal, []byte("\n")), []byte("\n")))
			if err := Verify(doc, entries, want); err != nil {
				t.Errorf("record.md: %v; got:\n%s", err, rendered(t, doc, entries))
			}
			if string(template) != c.template {
				t.Error("template.md is not the case's; run with -update")
			}
		})
	}
}

func readFile(t testing.TB, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func writeRecordCase(t *testing.T, dir string, c recordCase) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	doc := parsed(t, "template.md", []byte(c.template))
	lines := chainEvents(t, c.events(doc)...)
	for name, data := range map[string][]byte{
		"template.md":   []byte(c.template),
		"journal.jsonl": append(bytes.Join(lines, []byte("\n")), '\n'),
		"record.md":     rendered(t, doc, decoded(t, lines)),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// templates are all Markdown files that the tests have.
func templates(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, pattern := range []string{"testdata/*/*.md", "testdata/*/*/template.md", "../testdata/*/*.md", "../testdata/*/*/*.md", "../../shared/seed/checklist.md", "../*.md"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			all[f] = readFile(t, filepath.Dir(f), filepath.Base(f))
		}
	}
	for name, c := range recordCases {
		all["case "+name] = []byte(c.template)
	}
	for name, text := range map[string]string{
		"nothing": "", "a newline": "\n", "no newline": "text", "a mark": "\ufeff# a\r\n- [ ] b\r\n", "not UTF-8": "# \xff\xfe\n- [ ] \xc3(\n", "tabs": "-\t[ ]\ta\n\t-\t[ ]\tb\n",
	} {
		all[name] = []byte(text)
	}
	return all
}

// Law 1. Without entries the record is the template.
func TestNoEntriesChangeNothing(t *testing.T) {
	for name, src := range templates(t) {
		doc, err := Parse(name, src)
		if err != nil {
			continue // refused documents have no record
		}
		if got := rendered(t, doc, nil); !bytes.Equal(got, src) {
			t.Errorf("%s: changed", name)
		}
		if err := Verify(doc, nil, src); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// busy makes a journal in which all that can happen to a document has: every
// step ran and printed hostile text, every item passed, every blank is filled
// with hostile text.
func busy(doc *Document) []Event {
	events := []Event{startOf(doc)}
	for i := range doc.Slots {
		s := &doc.Slots[i]
		switch s.Kind {
		case StepSlot:
			events = append(events, ranOnce(doc, s.ID, hostileOutput)...)
		case ItemSlot:
			events = append(events, &ItemSettled{Item: s.ID, Verdict: Pass, Use: "ask", By: hostileValue, Evidence: hostileValue})
		case ChoiceSlot:
			events = append(events, &ChoiceSettled{Choice: s.ID, Option: len(s.Options) - 1, Use: "ask"})
		default:
			events = append(events, &FieldFilled{Field: s.ID, Value: hostileValue, Source: "ask", Detail: hostileValue})
		}
	}
	return append(events, &RunStopped{Result: Passed})
}

// unrendered takes a record back to its template: our sections go, the marks
// get their bytes back.
func unrendered(t testing.TB, doc *Document, s *State) []byte {
	t.Helper()
	edits := Project(doc, s)
	record, err := Splice(doc.Source, edits)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(edits, func(a, b Edit) int { return a.Span.Start - b.Span.Start })
	var back []Edit
	shift := 0
	for _, e := range edits {
		if e.Span.Len() == 0 && strings.Contains(e.Text, "<!-- runbook:") {
			for _, part := range []string{"<!-- /runbook:output -->", "<!-- /runbook:record -->"} {
				if strings.Count(e.Text, part) > 1 {
					t.Errorf("an addition can be taken for two: %q", e.Text)
				}
			}
		}
		back = append(back, Edit{Span{e.Span.Start + shift, e.Span.Start + shift + len(e.Text)}, string(e.Span.Of(doc.Source))})
		shift += len(e.Text) - e.Span.Len()
	}
	template, err := Splice(record, back)
	if err != nil {
		t.Fatal(err)
	}
	return template
}

// Laws 2 and 3, and what a second look at a record must see.
func TestLawsOfTheRecord(t *testing.T) {
	for name, src := range templates(t) {
		doc, err := Parse(name, src)
		if err != nil || slices.ContainsFunc(doc.Problems, func(p Problem) bool { return p.Severity == Error }) {
			continue // it never runs
		}
		t.Run(name, func(t *testing.T) {
			lines := chainEvents(t, busy(doc)...)
			entries := decoded(t, lines)
			record := rendered(t, doc, entries)
			live := NewState()
			for _, e := range entries {
				if err := live.Apply(e); err != nil {
					t.Fatal(err)
				}
			}
			again, err := RenderState(doc, live)
			if err != nil || !bytes.Equal(again, record) {
				t.Errorf("a live state renders something else (%v)", err)
			}
			if got := unrendered(t, doc, live); !bytes.Equal(got, src) {
				t.Error("more than marks and sections changed")
			}
			checkEdits(t, doc, live)
			if i := bytes.IndexFunc(bytes.TrimPrefix(record, []byte("\ufeff")), func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' && r != '\r' }); i >= 0 && !bytes.ContainsFunc(src, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' && r != '\r' }) {
				t.Errorf("a control character in the record: %q", record[i:i+1])
			}
			sameShapeAgain(t, doc, record)
		})
	}
}

// checkEdits holds law 2: an edit is within a slot's mark, an output section,
// or the appendix.
func checkEdits(t *testing.T, doc *Document, s *State) {
	t.Helper()
	marks := map[Span]bool{{len(doc.Source), len(doc.Source)}: true}
	for i := range doc.Slots {
		for _, m := range marksOf(&doc.Slots[i]) {
			marks[m] = true
		}
	}
	for _, e := range Project(doc, s) {
		if !marks[e.Span] {
			t.Errorf("an edit at %v is at no slot's mark", e.Span)
		}
	}
}

// sameShapeAgain parses a record: its steps, items and sections are the
// template's.
func sameShapeAgain(t *testing.T, doc *Document, record []byte) {
	t.Helper()
	again, err := Parse(doc.Name, record)
	if err != nil {
		t.Fatal(err)
	}
	shape := func(d *Document) []string {
		var list []string
		for _, s := range d.Sections {
			list = append(list, fmt.Sprintf("section %d parent %d", s.Level, s.Parent))
		}
		for i := range d.Slots {
			s := &d.Slots[i]
			if s.Kind == StepSlot {
				list = append(list, "step "+s.Lang+" "+string(s.Script(d.Source)))
			}
			// A form without its blanks is no form, and its boxes no items.
			if s.Kind == ItemSlot && s.Zone != Code {
				list = append(list, "item "+s.Item.String())
			}
		}
		return list
	}
	want, got := shape(doc), shape(again)
	for i := range max(len(want), len(got)) {
		if i >= len(want) || i >= len(got) || want[i] != got[i] && !(strings.HasPrefix(want[i], "step") && strings.Contains(want[i], "__")) && !strings.HasPrefix(want[i], "item sign-off") {
			t.Fatalf("place %d: the record has %q, the template %q", i, append(got, "-")[min(i, len(got))], append(want, "-")[min(i, len(want))])
		}
	}
}

// outline is what an independent parser sees of a document: its headings and
// task items with their depth, up to the appendix.
func outline(t testing.TB, src []byte) []string {
	t.Helper()
	cmd := exec.Command("cmark-gfm", "-e", "tasklist", "-e", "table", "-e", "strikethrough", "-t", "xml", "--unsafe")
	cmd.Stdin = bytes.NewReader(src)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	depth := 0
	for _, tag := range regexp.MustCompile(`<(/?)(\w+)([^>]*?)(/?)>([^<]*)`).FindAllStringSubmatch(string(out), -1) {
		closing, name, attrs, empty, text := tag[1] != "", tag[2], tag[3], tag[4] != "", tag[5]
		switch {
		case closing:
			depth--
			continue
		case name == "heading":
			list = append(list, "heading"+regexp.MustCompile(` level="\d"`).FindString(attrs))
		case name == "taskitem":
			list = append(list, fmt.Sprintf("task item at depth %d", depth))
		case name == "text" && text == "Run record" && strings.HasPrefix(list[len(list)-1], "heading"):
			list[len(list)-1] = "appendix"
		}
		if !empty {
			depth++
		}
	}
	return list
}

// A second Markdown parser sees the template's own headings and items in a
// record, and in what was added none but the appendix's headings.
func TestAnotherParserSeesTheSameItems(t *testing.T) {
	if _, err := exec.LookPath("cmark-gfm"); err != nil {
		t.Skip("skipped: no cmark-gfm")
	}
	for name, src := range templates(t) {
		doc, err := Parse(name, src)
		if err != nil || bytes.Contains(src, []byte("runbook:output")) || strings.HasPrefix(name, "testdata/parse") {
			continue // their boxes are odd on purpose
		}
		t.Run(name, func(t *testing.T) {
			want := outline(t, src)
			got := outline(t, rendered(t, doc, decoded(t, chainEvents(t, busy(doc)...))))
			for i, line := range want {
				if i >= len(got) || got[i] != line {
					t.Fatalf("place %d: the template has %q, the record %q", i, line, got[min(i, len(got)-1)])
				}
			}
			if len(got) <= len(want) || got[len(want)] != "appendix" {
				t.Fatalf("after the template's own comes %q", got[len(want):])
			}
			for _, line := range got[len(want)+1:] {
				if !strings.HasPrefix(line, "heading") {
					t.Errorf("the appendix adds a %s", line)
				}
			}
		})
	}
}

func TestVerifyNamesTheFirstLineThatDiffers(t *testing.T) {
	c := recordCases["values"]
	doc := parsed(t, "template.md", []byte(c.template))
	entries := decoded(t, chainEvents(t, c.events(doc)...))
	record := rendered(t, doc, entries)
	if err := Verify(doc, entries, record); err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(record, []byte("\n"))
	for n := range lines[:len(lines)-1] {
		changed := bytes.Clone(record)
		at := len(bytes.Join(lines[:n], nil))
		changed[at] ^= 1
		err := Verify(doc, entries, changed)
		if want := fmt.Sprintf("line %d is not", n+1); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Fatalf("%v, want %q", err, want)
		}
	}
	for what, other := range map[string][]byte{"cut short": record[:len(record)-1], "longer": append(bytes.Clone(record), "x\n"...), "empty": nil} {
		if Verify(doc, entries, other) == nil {
			t.Errorf("%s: verified", what)
		}
	}
	if err := Verify(doc, entries[:len(entries)-1], record); err == nil {
		t.Error("verified by a journal that ends early")
	}
}

// Whatever a value holds, the record shows it and reads nothing in it.
func FuzzRecordValue(f *testing.F) {
	for _, v := range []string{hostileValue, "a_b", "__init__", "1. x", "- [ ] y", "&amp;", "`", "\\", "[ ]", "☐", "___", "<b>", "![x](y)", "https://a_b/c_", "x |", "2) y", "~~~", "=", ":---"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		if CheckValue(v) != nil {
			t.Skip("such a value is refused")
		}
		for _, template := range []string{"**A:** ____\n\n- [ ] b: ____ c\n", "| A | B |\n|---|---|\n| x | ____ |\n", "A:\n\n________\n\ntext\n", "# A: ____\n\n> - B: ____\n", "- ____ b\n"} {
			doc := parsed(t, "t.md", []byte(template))
			var events []Event
			events = append(events, startOf(doc))
			for i := range doc.Slots {
				if doc.Slots[i].Kind == FieldSlot {
					events = append(events, &FieldFilled{Field: doc.Slots[i].ID, Value: v, Source: "ask"})
				}
			}
			record := rendered(t, doc, decoded(t, chainEvents(t, events...)))
			again := parsed(t, "t.md", record)
			items := func(d *Document) (n int) {
				for i := range d.Slots {
					switch s := &d.Slots[i]; s.Kind {
					case ItemSlot, StepSlot, ChoiceSlot, FieldSlot:
						n++
					}
				}
				return n
			}
			fields := 0
			for i := range doc.Slots {
				if doc.Slots[i].Kind == FieldSlot {
					fields++
				}
			}
			if got, want := items(again), items(doc)-fields; got != want || len(again.Sections) != len(doc.Sections) {
				t.Errorf("%q in %q: %d slots, want %d:\n%s", v, template, got, want, record)
			}
		}
	})
}

func TestEventsAreObjectsInTheJournal(t *testing.T) {
	for name, c := range recordCases {
		doc := parsed(t, name, []byte(c.template))
		for _, line := range chainEvents(t, c.events(doc)...) {
			if !json.Valid(line) {
				t.Errorf("%s: %s", name, line)
			}
		}
	}
}
