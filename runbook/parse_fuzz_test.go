package runbook

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// filled ticks every item and fills every field with a plain word.
func filled(t testing.TB, doc *Document) []byte {
	t.Helper()
	var edits []Edit
	for i := range doc.Slots {
		s := &doc.Slots[i]
		switch {
		case s.Kind == FieldSlot:
			edits = append(edits, Edit{s.Mark, "word"})
		case s.Kind == ItemSlot && isSymbol(s.Mark.Of(doc.Source)):
			edits = append(edits, Edit{s.Mark, "☑"})
		case s.Kind == ItemSlot:
			edits = append(edits, Edit{s.Mark, "x"})
		}
	}
	out, err := Splice(doc.Source, edits)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func isSymbol(mark []byte) bool {
	return string(mark) == "☐" || string(mark) == "⬜" || string(mark) == "☑"
}

// skeleton lists what must be the same after filling: sections, steps and
// items, with their IDs unless a value is part of the text that an ID is made
// from. Items of a form are left out: without its blanks it is no form.
func skeleton(doc *Document, ids bool) []string {
	var lines []string
	for _, s := range doc.Sections {
		line := fmt.Sprintf("section line %d level %d parent %d", s.Line, s.Level, s.Parent)
		if ids {
			line += " " + string(s.ID)
		}
		lines = append(lines, line)
	}
	for i := range doc.Slots {
		s := &doc.Slots[i]
		if s.Kind != StepSlot && (s.Kind != ItemSlot || s.Zone == Code) {
			continue
		}
		line := fmt.Sprintf("%s line %d %s", s.Kind, s.Line, s.Lang)
		if ids {
			line += " " + string(s.ID)
		}
		lines = append(lines, line)
	}
	return lines
}

// valuesEnterIDs reports whether a field stands in a heading or an item, whose
// text gives an ID, or an item in a form is lost, which shifts suffixes.
func valuesEnterIDs(doc *Document) bool {
	headings := map[int]bool{}
	for _, s := range doc.Sections {
		headings[s.Line] = true
	}
	for i := range doc.Slots {
		s := &doc.Slots[i]
		if s.Kind == FieldSlot && (s.Owner != "" || headings[s.Line] || s.Zone != Prose) || s.Kind == ItemSlot && s.Zone == Code {
			return true
		}
	}
	return false
}

func checkFilling(t testing.TB, doc *Document) {
	t.Helper()
	src := filled(t, doc)
	again, err := Parse(doc.Name, src)
	if err != nil {
		t.Fatalf("after filling: %v", err)
	}
	ids := !valuesEnterIDs(doc)
	want, got := strings.Join(skeleton(doc, ids), "\n"), strings.Join(skeleton(again, ids), "\n")
	if got != want {
		t.Errorf("filling changed the structure of %q\nto %q\ngot:\n%s\nwant:\n%s", doc.Source, src, got, want)
	}
}

func TestFillingKeepsStructure(t *testing.T) {
	t.Run("seed", func(t *testing.T) {
		doc := mustParse(t, string(seed(t)))
		checkFilling(t, doc)
	})
	files, err := filepath.Glob("testdata/parse/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			checkFilling(t, mustParse(t, string(src)))
		})
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/parse/*.md")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
		for part := range strings.SplitSeq(string(src), "\n\n") {
			f.Add([]byte(part))
		}
	}
	for _, src := range []string{
		"", "\ufeff", "# T\n## [ ] A ____\n- [ ] b ____\n", "[]([ ] )", "* [ ][ ]", "- [ ]\tx\n\n\t```sh\n\t> a\n", "> - [ ] a\n> ```sh\n> b\n",
		"| a | b |\n|--|--|\n| [ ] | ___ |\n", "a:\n______\n", "GO ☐ / NO-GO ☐ ____", "-[ ] a\n- [] b ****\\_\\_\\_****",
		"<!-- runbook:output x -->\n- [ ] a\n<!-- /runbook:output -->\n", "---\na: b\n---\n- [ ] x: __/__/____ `____`",
	} {
		f.Add([]byte(src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		doc, err := Parse("fuzz.md", src)
		if err != nil {
			return
		}
		checkDocument(t, doc)
		checkFilling(t, doc)
	})
}
