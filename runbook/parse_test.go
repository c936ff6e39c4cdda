package runbook

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var updateParse = flag.Bool("update-parse", false, "rewrite the listings in testdata/parse")

// listing writes what Parse found, one line a section, slot and problem, in
// the form that the files in testdata/parse keep.
func listing(doc *Document) string {
	var w strings.Builder
	if doc.Title != "" {
		fmt.Fprintf(&w, "title %q\n", doc.Title)
	}
	for _, s := range doc.Sections[1:] {
		fmt.Fprintf(&w, "%d section %s", s.Line, s.ID)
		if s.Contingency != "" {
			fmt.Fprintf(&w, " contingency=%s", s.Contingency)
		}
		if s.Due != "" {
			fmt.Fprintf(&w, " due=%q", s.Due)
		}
		w.WriteByte('\n')
	}
	for i := range doc.Slots {
		listSlot(&w, doc, &doc.Slots[i])
	}
	for _, p := range doc.Problems {
		fmt.Fprintf(&w, "%d %s %s\n", p.Line, p.Severity, p.Code)
	}
	return w.String()
}

func listSlot(w *strings.Builder, doc *Document, s *Slot) {
	fmt.Fprintf(w, "%d %s %s", s.Line, s.Kind, s.ID)
	if s.Zone != Prose && s.Kind != StepSlot {
		fmt.Fprintf(w, " in %s", s.Zone)
	}
	switch s.Kind {
	case StepSlot:
		fmt.Fprintf(w, " %s script=%q", s.Lang, s.Script(doc.Source))
	case ItemSlot:
		fmt.Fprintf(w, " %s state=%q label=%q", s.Item, s.State, s.Label)
	case FieldSlot:
		fmt.Fprintf(w, " mark=%q label=%q", s.Mark.Of(doc.Source), s.Label)
	case ChoiceSlot:
		fmt.Fprintf(w, " label=%q", s.Label)
	}
	for _, o := range s.Options {
		fmt.Fprintf(w, " option=%q", o.Label)
		if o.Ticked {
			w.WriteString(" ticked")
		}
	}
	for _, note := range []struct{ name, value string }{
		{"attrs", s.Attrs}, {"prefix", s.Prefix}, {"lead", s.Lead}, {"offered", s.Offered}, {"owner", string(s.Owner)}, {"hint", s.Hint},
	} {
		if note.value != "" {
			fmt.Fprintf(w, " %s=%q", note.name, note.value)
		}
	}
	if s.SampleLine > 0 {
		fmt.Fprintf(w, " sample=%q line=%d", (&Slot{Body: s.Sample}).Script(doc.Source), s.SampleLine)
	}
	if s.Part != Whole {
		w.WriteString(map[Part]string{Done: " done", Total: " total"}[s.Part])
	}
	w.WriteByte('\n')
}

// Each file of testdata/parse holds the positives and negatives of one rule of
// the format; the listing beside it says what Parse makes of them.
func TestParseFixtures(t *testing.T) {
	files, err := filepath.Glob("testdata/parse/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".md"), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			doc, err := Parse(file, src)
			if err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(file, ".md") + ".golden"
			got := listing(doc)
			if *updateParse {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
			checkDocument(t, doc)
		})
	}
}

func seed(t testing.TB) []byte {
	t.Helper()
	src, err := os.ReadFile("../../shared/seed/checklist.md")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("skipped: no ../shared/seed/checklist.md")
	}
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func mustParse(t testing.TB, src string) *Document {
	t.Helper()
	doc, err := Parse("test.md", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestParseSeedCounts(t *testing.T) {
	doc := mustParse(t, string(seed(t)))
	got := map[string]int{}
	for i := range doc.Slots {
		s := &doc.Slots[i]
		got[s.Kind.String()]++
		if s.Kind == ItemSlot {
			got[s.Item.String()]++
		}
		if s.Kind == StepSlot && doc.Sections[s.Section].Contingency != "" {
			got["step in "+string(doc.Sections[s.Section].Contingency)]++
		}
	}
	want := map[string]int{
		"step": 12, "step in rollback-plan": 1, "field": 47, "choice": 1, "placeholder": 2,
		"item": 117, "claim": 89, "criterion": 5, "deferred": 15, "sign-off": 8,
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if len(doc.Problems) != 0 {
		t.Errorf("problems: %v", doc.Problems)
	}
	checkDocument(t, doc)
}

func TestParseSeedFields(t *testing.T) {
	doc := mustParse(t, string(seed(t)))
	var got strings.Builder
	for i := range doc.Slots {
		if s := &doc.Slots[i]; s.Kind != ItemSlot && s.Kind != StepSlot {
			fmt.Fprintf(&got, "%d %s %s", s.Line, s.Zone, s.ID)
			if s.Hint != "" {
				fmt.Fprintf(&got, " %s", s.Hint)
			}
			fmt.Fprintln(&got, map[Part]string{Done: " done", Total: " total"}[s.Part])
		}
	}
	if got.String() != seedFields {
		t.Errorf("got:\n%s\nwant:\n%s", got.String(), seedFields)
	}
}
