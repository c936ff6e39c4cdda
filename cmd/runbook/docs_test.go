package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// repository is the root, seen from this package's directory.
const repositoryRoot = "../.."

// A pageFence is a fenced block of a page, with what an HTML comment on the
// line above says about it.
type pageFence struct {
	line    int
	heading string
	lang    string
	note    string
	text    string
}

var (
	fenceLine   = regexp.MustCompile("^(```+|~~~+)([a-z]*)$")
	headingLine = regexp.MustCompile(`^#{1,6} (.*)$`)
	noteLine    = regexp.MustCompile(`^<!-- (.*) -->$`)
)

// fencesOf reads the pages of this repository, which are ours: fences start at
// the margin, and headings are written with "#".
func fencesOf(page string) []pageFence {
	var list []pageFence
	var open *pageFence
	marks, heading, note := "", "", ""
	for i, l := range strings.Split(page, "\n") {
		switch m := fenceLine.FindStringSubmatch(l); {
		case open != nil && l == marks:
			list = append(list, *open)
			open, note = nil, ""
		case open != nil:
			open.text += l + "\n"
		case m != nil:
			marks = m[1]
			open = &pageFence{line: i + 1, heading: heading, lang: m[2], note: note}
		case headingLine.MatchString(l):
			heading, note = headingLine.FindStringSubmatch(l)[1], ""
		case noteLine.MatchString(l):
			note = noteLine.FindStringSubmatch(l)[1]
		default:
			note = ""
		}
	}
	return list
}

func pages(t *testing.T) []string {
	t.Helper()
	list := []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md"}
	err := filepath.WalkDir(filepath.Join(repositoryRoot, "docs"), func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".md") {
			rel, rerr := filepath.Rel(repositoryRoot, path)
			list = append(list, rel)
			return errors.Join(err, rerr)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func readPage(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(repositoryRoot, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// buildRunbook builds the program into a directory and returns an environment
// in which scripts find it, and find nothing of the tester's own.
func buildRunbook(t *testing.T) []string {
	t.Helper()
	bin, home := t.TempDir(), t.TempDir()
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return []string{
		"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + home, "XDG_STATE_HOME=" + home, "LC_ALL=C.UTF-8",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com",
		"GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com", "DEPLOY_TOKEN=swordfish-swordfish",
	}
}

// Every example of the pages is run. A fence below "<!-- file: NAME -->" is
// written to that file; a console fence is a session in the same directory,
// which each heading begins anew; a fence below "<!-- quote: PATH -->" stands
// word for word in that file of the repository.
func TestDocsExamples(t *testing.T) {
	env := buildRunbook(t)
	for _, page := range pages(t) {
		t.Run(page, func(t *testing.T) {
			heading, dir := "", ""
			for _, f := range fencesOf(readPage(t, page)) {
				if dir == "" || f.heading != heading {
					heading, dir = f.heading, t.TempDir()
				}
				kind, name, _ := strings.Cut(f.note, ": ")
				switch {
				case kind == "file":
					if err := os.WriteFile(filepath.Join(dir, name), []byte(f.text), 0o755); err != nil {
						t.Fatal(err)
					}
				case kind == "quote":
					if !strings.Contains(readPage(t, name), f.text) {
						t.Errorf("%s:%d: this is not in %s", page, f.line, name)
					}
				case f.lang == "console":
					typed(t, fmt.Sprintf("%s:%d", page, f.line), dir, env, f.text)
				}
			}
		})
	}
}

// typed enters each line that starts with "$ " and compares what comes back.
// In what is expected "…" stands for anything, on its own line for any lines;
// "[exit 2]" is the exit code, where it is not 0.
func typed(t *testing.T, where, dir string, env []string, text string) {
	t.Helper()
	for _, turn := range strings.Split("\n"+text, "\n$ ")[1:] {
		line, want, _ := strings.Cut(turn, "\n")
		cmd := exec.Command("bash", "-c", line)
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil {
			t.Fatalf("%s: %v", where, err)
		}
		if code := cmd.ProcessState.ExitCode(); code != 0 {
			out = fmt.Appendf(out, "\n[exit %d]\n", code)
		}
		if !matchLines(want, string(out)) {
			t.Errorf("%s: $ %s\nprinted:\n%s\nnot:\n%s", where, line, out, want)
		}
	}
}

// matchLines compares texts line by line; empty lines and spaces at line ends
// do not count.
func matchLines(want, got string) bool {
	return regexp.MustCompile(`^` + linesPattern(want) + `$`).MatchString(tidy(got))
}

func linesPattern(want string) string {
	pattern := ""
	for l := range strings.Lines(tidy(want)) {
		if strings.TrimSpace(l) == "…" {
			pattern += `(?:[^\n]*\n)*?`
			continue
		}
		pattern += strings.ReplaceAll(regexp.QuoteMeta(l), "…", `[^\n]*`)
	}
	return pattern
}

func tidy(s string) string {
	var out strings.Builder
	for l := range strings.Lines(s) {
		if l = strings.TrimRight(l, " \t\r\n"); l != "" {
			out.WriteString(l + "\n")
		}
	}
	return out.String()
}
