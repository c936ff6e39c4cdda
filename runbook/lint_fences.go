package runbook

import (
	"bytes"
	"strings"
)

// fences notes the executable fences that a reader of the page does not see:
// in an HTML comment, where they never run, and folded into <details>, where
// they do.
func (l *linter) fences() {
	steps := map[int]*Task{} // by the line of their fence
	for _, t := range l.plan.Steps() {
		steps[t.Slot.Line] = t
	}
	f := fenceScanner{linter: l, steps: steps}
	number := 0
	for line := range bytes.Lines(l.doc.Source) {
		number++
		f.line(bytes.TrimSpace(line[len(containerPrefix(line)):]), number)
	}
}

// A fenceScanner goes through a document's lines, keeping what encloses them.
type fenceScanner struct {
	*linter
	steps   map[int]*Task
	fence   string // the run of characters that opened the fence; empty outside
	comment bool
	region  string // the line that ends the program's own output; empty outside
	folded  int    // how many <details> are open
}

func (f *fenceScanner) line(text []byte, number int) {
	if f.region != "" {
		if string(text) == f.region {
			f.region = ""
		}
		return
	}
	if f.comment {
		f.commented(text, number)
		return
	}
	if f.fence != "" {
		if run := fenceRun(text); strings.HasPrefix(run, f.fence) && len(run) == len(text) {
			f.fence = ""
		}
		return
	}
	if r := opens(text); r != nil {
		f.region = r.close
		return
	}
	if run := fenceRun(text); len(run) >= 3 {
		f.fence = run
		if t := f.steps[number]; t != nil && f.folded > 0 {
			f.report(Note, "folded-step", number, "the step is folded away (<details>), and it runs as any other",
				"unfold it, or mark it {skip} if it is only for reading")
		}
		return
	}
	f.markup(text)
}

// fenceRun returns the run of three or more backticks or tildes that a line
// starts with.
func fenceRun(text []byte) string {
	if len(text) < 3 || text[0] != '`' && text[0] != '~' {
		return ""
	}
	run := fenceChars(text)
	if len(run) < 3 {
		return ""
	}
	return string(run)
}

// commented looks at a line of an HTML comment.
func (f *fenceScanner) commented(text []byte, number int) {
	if run := fenceRun(text); run != "" && executable[fenceLang(strings.TrimSpace(string(text[len(run):])))] {
		f.report(Note, "commented-step", number, "the step stands in an HTML comment: it is not shown, and it never runs",
			"delete it, or take it out of the comment")
	}
	if i := bytes.Index(text, []byte("-->")); i >= 0 {
		f.comment = false
		f.markup(text[i:])
	}
}

// markup follows comments and <details> through a line outside fences.
func (f *fenceScanner) markup(text []byte) {
	lower := bytes.ToLower(text)
	if i := bytes.Index(lower, []byte("<!--")); i >= 0 {
		end := bytes.Index(lower[i:], []byte("-->"))
		if end < 0 {
			f.comment = bytes.HasPrefix(lower, []byte("<!--"))
			return
		}
		lower = append(bytes.Clone(lower[:i]), lower[i+end:]...)
	}
	if bytes.HasPrefix(lower, []byte("<details")) {
		f.folded++
	}
	f.folded = max(0, f.folded-bytes.Count(lower, []byte("</details>")))
}
