package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"runbook/runbook"
)

var updateDocs = flag.Bool("update-docs", false, "rewrite docs/catalog.md")

// The catalog's page is made from what is registered.
func TestDocsCatalogIsCurrent(t *testing.T) {
	var page bytes.Buffer
	page.WriteString("# Catalog\n\nGenerated from what is registered, by `go test ./cmd/runbook -run TestDocsCatalog -update-docs`; `runbook catalog` prints the same.\nA binding in a sidecar names a source or a check with `use:` and gives it these arguments.\nBesides, every one but ask takes `timeout`, as in `timeout: 90s`: how long it has to answer, repetitions included. Where it is not given that is 20 seconds, unless the entry says otherwise.\n")
	c := builtin(nil).Catalog()
	catalogPart(&page, "Engines", c.Engines)
	catalogPart(&page, "Sources: what fills a blank", c.Sources)
	catalogPart(&page, "Checks: what settles an item", c.Checks)
	name := filepath.Join(repositoryRoot, "docs", "catalog.md")
	if *updateDocs {
		if err := os.WriteFile(name, page.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := readPage(t, "docs/catalog.md"); got != page.String() {
		t.Errorf("docs/catalog.md is stale: run this test with -update-docs")
	}
}

func catalogPart(w *bytes.Buffer, title string, infos []runbook.Info) {
	fmt.Fprintf(w, "\n## %s\n", title)
	for _, in := range infos {
		fmt.Fprintf(w, "\n### %s\n\n%s\n", in.Name, in.Summary)
		if text := bounded(in); text != "" {
			fmt.Fprintf(w, "\nBounds: %s.\n", text)
		}
		if len(in.Args) == 0 {
			continue
		}
		fmt.Fprint(w, "\n| Argument | Needed | Meaning |\n|---|---|---|\n")
		for _, a := range sortedKeys(in.Args) {
			need := "no"
			if slices.Contains(in.Require, a) {
				need = "yes"
			}
			fmt.Fprintf(w, "| `%s` | %s | %s |\n", a, need, strings.ReplaceAll(in.Args[a], "|", `\|`))
		}
	}
}
