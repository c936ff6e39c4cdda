package runbook

import (
	"slices"
	"strings"
	"testing"
)

// withOutput inserts below each step what a record would, made to look like
// all that Parse recognises.
func withOutput(t testing.TB, doc *Document) []byte {
	t.Helper()
	var edits []Edit
	for i := range doc.Slots {
		s := &doc.Slots[i]
		if s.Kind != StepSlot {
			continue
		}
		var w strings.Builder
		if s.Mark.Start > 0 && doc.Source[s.Mark.Start-1] != '\n' {
			w.WriteByte('\n')
		}
		for _, line := range []string{
			"<!-- runbook:output " + string(s.ID) + " -->", "<details>", "", "## [ ] evil ____", "- [ ] evil", "> ```bash", "> evil", "---",
			"````", "```bash", "</details>", "<!-- /runbook:output -->",
		} {
			w.WriteString(s.Prefix + line + "\n")
		}
		edits = append(edits, Edit{s.Mark, w.String()})
	}
	out, err := Splice(doc.Source, edits)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// identities lists what a record must still be read as.
func identities(doc *Document) []string {
	var all []string
	for _, s := range doc.Sections {
		all = append(all, "section "+string(s.ID))
	}
	for i := range doc.Slots {
		s := &doc.Slots[i]
		all = append(all, s.Kind.String()+" "+string(s.ID)+" "+string(s.Script(doc.Source)))
	}
	return all
}

// hasError reports whether a document has a problem that keeps it from running.
func hasError(doc *Document) bool {
	return slices.ContainsFunc(doc.Problems, func(p Problem) bool { return p.Severity == Error })
}

func checkOutputIsInvisible(t testing.TB, doc *Document) {
	t.Helper()
	src := withOutput(t, doc)
	again, err := Parse(doc.Name, src)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := identities(again), identities(doc); !slices.Equal(got, want) {
		t.Errorf("output below the steps of %q changed what is read\ngot:  %q\nwant: %q", doc.Source, got, want)
	}
}

func TestFrontMatter(t *testing.T) {
	for _, test := range []struct {
		name, src string
		items     int
	}{
		{"YAML", "---\na: 1\nb:\n- [ ] c\n---\n- [ ] d\n", 1},
		{"YAML ended by dots", "---\na: 1\n...\n- [ ] d\n", 1},
		{"TOML", "+++\na = 1\n+++\n- [ ] d\n", 1},
		{"after a byte order mark and comments", "\ufeff---\r\n# c\r\na: 1\r\n---\r\n- [ ] d\r\n", 1},
		{"a rule", "---\n\n- [ ] c\n\n---\n- [ ] d\n", 2},
		{"a rule above a heading", "---\n## a: 1\n- [ ] c\n\n---\n- [ ] d\n", 2},
		{"not closed", "---\na: 1\n\n- [ ] d\n", 1},
		{"not at the top", "\n---\na: 1\n\n- [ ] c\n\n---\n- [ ] d\n", 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			if doc := mustParse(t, test.src); len(doc.Slots) != test.items {
				t.Errorf("%d items, want %d", len(doc.Slots), test.items)
			}
		})
	}
}

func TestOutputIsInvisible(t *testing.T) {
	for _, test := range []struct{ name, src string }{
		{"plain", "```sh\na\n```\n- [ ] b\n"},
		{"end of file", "- [ ] b\n\n```sh\na\n```"},
		{"list", "1. x\n\n   ```sh\n   a\n   ```\n   - [ ] b\n2. [ ] c\n"},
		{"quote", "> ## Q\n>\n> ```sh\n> a\n> ```\n> - [ ] b\n\n- [ ] c\n"},
		{"quote in a list", "- x\n  > ```sh\n  > a\n  > ```\n  > - [ ] b\n- [ ] c\n"},
		{"list in a quote", "> - x\n>   ```sh\n>   a\n>   ```\n>   - [ ] b\n> - [ ] c\n"},
		{"a key below a rule", "---\nkey: a\n\n```sh\na\n```\n- [ ] b\n"},
		{"details", "<details>\n\n```sh\na\n```\n\n- [ ] b\n\n</details>\n"},
	} {
		t.Run(test.name, func(t *testing.T) { checkOutputIsInvisible(t, mustParse(t, test.src)) })
	}
	t.Run("seed", func(t *testing.T) { checkOutputIsInvisible(t, mustParse(t, string(seed(t)))) })
}
