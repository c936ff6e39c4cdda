package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"runbook/runbook"
)

// A page without events is its own record, as every template is.
func TestDocsIdentity(t *testing.T) {
	for _, page := range append(pages(t), "testdata/example/checklist.md", "testdata/world/checklist.md") {
		src := readPage(t, page)
		doc, err := runbook.Parse(page, []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		if record, err := runbook.Render(doc, nil); err != nil || string(record) != src {
			t.Errorf("%s: without events the record is not the template: %v", page, err)
		}
	}
}

var (
	codeSpan   = regexp.MustCompile("`[^`\\n]*`")
	linkTarget = regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	testName   = regexp.MustCompile("`((?:Test|Fuzz|Benchmark|Example)[A-Z]\\w*)")
	goFile     = regexp.MustCompile("`((?:cmd|runbook|executor|testdata|docs)/[\\w./-]+\\.(?:go|sh|md|yaml))`")
)

// A page names only what is there: files, other pages, tests.
func TestDocsNameWhatIsThere(t *testing.T) {
	tests := map[string]bool{}
	err := filepath.WalkDir(repositoryRoot, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		src, err := os.ReadFile(path)
		for _, m := range regexp.MustCompile(`(?m)^func (\w+)\(`).FindAllSubmatch(src, -1) {
			tests[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages(t) {
		text := readPage(t, page)
		for _, m := range testName.FindAllStringSubmatch(text, -1) {
			if !tests[m[1]] {
				t.Errorf("%s: there is no test %s", page, m[1])
			}
		}
		for _, m := range goFile.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(repositoryRoot, m[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
		for _, f := range fencesOf(text) {
			text = strings.Replace(text, f.text, "", 1)
		}
		for _, m := range linkTarget.FindAllStringSubmatch(codeSpan.ReplaceAllString(text, ""), -1) {
			if _, err := os.Stat(filepath.Join(repositoryRoot, filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}
