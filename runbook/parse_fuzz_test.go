package runbook

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// filled ticks every item and fills every field and placeholder with a plain word.
func filled(t testing.TB, doc *Document) []byte {
	t.Helper()
	var edits []Edit
	for i := range doc.Slots {
		s := &doc.Slots[i]
		switch {
		case s.Kind == FieldSlot || s.Kind == PlaceholderSlot:
			edits = append(edits, Edit{s.Mark, s.spaced(s.Mark.Of(doc.Source), "word")})
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
// text gives an ID, or a placeholder may, or an item in a form is lost, which shifts suffixes.
func valuesEnterIDs(doc *Document) bool {
	for i := range doc.Slots {
		s := &doc.Slots[i]
		in := doc.Sections[s.Section]
		heading := in.Level > 0 && s.Mark.Start < in.Prose.Start
		if s.Kind == PlaceholderSlot || s.Kind == FieldSlot && (s.Owner != "" || heading || s.Zone != Prose) || s.Kind == ItemSlot && s.Zone == Code {
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
	tags := !slices.ContainsFunc(doc.Slots, func(s Slot) bool { return s.Kind == PlaceholderSlot && s.Label[0] == '<' })
	if want, got := second(t, doc.Source, tags), second(t, src, tags); !slices.Equal(got, want) {
		t.Errorf("for another parser, filling changed %q\nto %q\ngot:\n%s\nwant:\n%s", doc.Source, src, got, want)
	}
}

// second lists the blocks, links and tags that a complete Markdown parser with
// GitHub's extensions sees: a tick or a word must make none and lose none, but
// for the tags that placeholders are to it.
func second(t testing.TB, src []byte, tags bool) []string {
	t.Helper()
	kept := map[string]bool{
		"Heading": true, "ListItem": true, "Blockquote": true, "FencedCodeBlock": true, "CodeBlock": true,
		"HTMLBlock": true, "Table": true, "TableRow": true, "TableCell": true, "Link": true, "Image": true,
		"AutoLink": true, "RawHTML": tags, "LinkReferenceDefinition": true,
	}
	var kinds []string
	b := newBuilder("second.md", src)
	src = b.hide(src)[b.start:]
	root := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(src))
	err := ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if kind := n.Kind().String(); entering && kept[kind] {
			kinds = append(kinds, kind)
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return kinds
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
		if !hasError(doc) {
			checkOutputIsInvisible(t, doc)
		}
	})
}

// soup are the pieces from which TestRandomDocuments makes documents: what is
// recognised, what is close to it, and what changes the meaning of both.
var soup = []string{
	"- ", "* ", "1. ", "2) ", "> ", "# ", "## ", "### ", "    ", "\t", "  ", " ", "\n", "\n", "\n\n", "\n\n", "\r\n",
	"[ ] ", "[x] ", "[]", "[ ]", "[-] ", "☐ ", "☑", "⬜", "-[ ] ", "____", "___", "__", "_", "______\n", "________________\n",
	`\_\_\_`, `****\_\_\_****`, "`____`", "`", "``", "```\n", "```bash\n", "~~~sh\n", "```text\n", "~~~\n",
	"Label: ", "**Label:** ", "**", "*", "word", "(", ")", "](", "]", "[", "[a]", "[x]: u\n", "[a]: u\n", "<", ">", "<b>", "</b>",
	"<!--", "-->", "<div>\n", "</div>\n", "<details>\n", "https://a/", "{{", "}}", "|", "| a | b |\n|---|---|\n", "|-|-|\n", "---\n", "===\n",
	"Rollback if:\n", "Within 1 hour", " / ", "/", ":", "-", "ACCOUNT_ID", "<a_b>", "<host>", "</host>", "TBD", "Owner: TBD\n", "**Owner:**\n", "**Owner**: ", "[Your Name]", "[your-x]: u\n", "| Role | Signature | Date |\n|---|---|---|\n| a |  | TBD |\n", `\`, "&", "!", "# c: ____\n", "é", "\xff",
	"```sh\na\n```\n", "  ```sh\n  a\n  ```\n", "<!-- runbook:output a -->\n", "<!-- /runbook:output -->\n", "<!-- runbook: dir=a -->\n",
}

func TestRandomDocuments(t *testing.T) {
	documents := 3000
	if n, err := strconv.Atoi(os.Getenv("RUNBOOK_RANDOM_DOCUMENTS")); err == nil {
		documents = n
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range documents {
		var w strings.Builder
		for range 1 + random.IntN(25) {
			w.WriteString(soup[random.IntN(len(soup))])
		}
		doc, err := Parse("soup.md", []byte(w.String()))
		if err != nil {
			continue // a CR alone
		}
		checkDocument(t, doc)
		checkFilling(t, doc)
		if !hasError(doc) {
			checkOutputIsInvisible(t, doc)
		}
		if t.Failed() {
			return
		}
	}
}
