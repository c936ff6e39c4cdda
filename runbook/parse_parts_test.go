package runbook

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// A document parsed in parts is the document parsed in one, wherever the parts
// begin: in fences, lists, quotes and raw HTML too.
func TestPartsAreTheWhole(t *testing.T) {
	fixtures, err := filepath.Glob("testdata/parse/*.md")
	if err != nil || len(fixtures) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, name := range fixtures {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		comparePartsWithWhole(t, name, strings.Repeat(string(src)+"\n\n## Again\n\n", 3))
	}
	for _, open := range []string{"```bash\necho\n\n## comment\n\ntrue\n```\n", "<!-- a\n\n## hidden\n\n- [ ] no\n-->\n", "<pre>\n\n## raw\n\n- [ ] no\n</pre>\n", "> ```bash\n> x\n\n## out\n", "- a\n\n  ```bash\n\n## out\n\n- [ ] yes\n"} {
		comparePartsWithWhole(t, open, "# T\n\n"+open+"\n\n## After\n\n- [ ] item\n")
	}
}

func TestPartsOfRandomDocumentsAreTheWhole(t *testing.T) {
	pieces := []string{"\n\n## H\n", "\n\n##x\n", "\n\n### `c`\n\n", "```bash\n", "```\n", "~~~\n", "  ```sh\n", "- [ ] a\n", "> - [ ] q\n", "<!--\n", "-->\n", "<div>\n", "</div>\n", "<script>\n", "</script>\n", "echo 1\n", "\n", "\n\n", "**L:** ____\n", "| a | b |\n|---|---|\n| [ ] | ____ |\n", "[x]: /u\n", "text\n", "    code\n", "1. [x] n\n", "---\n", "<?php\n", "?>\n"}
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		var s strings.Builder
		for range 5 + r.IntN(30) {
			s.WriteString(pieces[r.IntN(len(pieces))])
		}
		comparePartsWithWhole(t, "random", s.String())
	}
}

func comparePartsWithWhole(t *testing.T, name, src string) {
	t.Helper()
	whole, err := parseInParts(name, []byte(src), 1, 1)
	parts, perr := parseInParts(name, []byte(src), 7, 1)
	if (err == nil) != (perr == nil) {
		t.Fatalf("%s: in one: %v; in parts: %v\n%s", name, err, perr, src)
	}
	if err != nil {
		return
	}
	if !reflect.DeepEqual(whole.Sections, parts.Sections) || !reflect.DeepEqual(whole.Slots, parts.Slots) || !reflect.DeepEqual(whole.Problems, parts.Problems) {
		t.Fatalf("%s: parts differ from the whole\n%q", name, src)
	}
}
