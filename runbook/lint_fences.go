package runbook

import (
	"bytes"
	"strings"
)

// fences notes the executable fences that a reader of the page does not see:
// in an HTML comment, where they never run, and folded into <details>, where
// they do. It notes the boxes as well that stand where none is an item.
func (l *linter) fences() {
	steps := map[int]*Task{} // by the line of their fence
	for _, t := range l.plan.Steps() {
		steps[t.Slot.Line] = t
	}
	f := fenceScanner{linter: l, steps: steps, boxes: map[int]bool{}}
	for _, s := range l.doc.Slots {
		f.boxes[s.Line] = f.boxes[s.Line] || s.Kind == ItemSlot || s.Kind == ChoiceSlot
	}
	for _, p := range l.problems {
		f.boxes[p.Line] = true // it has been told what is wrong with that line
	}
	f.start = bytes.Count(l.doc.Source[:frontMatter(l.doc.Source)], []byte{'\n'})
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
	region  string       // the line that ends the program's own output; empty outside
	folded  int          // how many <details> are open
	boxes   map[int]bool // the lines of items, choices and of boxes with a problem of their own
	text    bool         // the open fence is one of text
	start   int          // how many lines are front matter
	told    bool         // of the boxes in the open fence or comment
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
		} else if f.text {
			f.box(text, number, "a fence")
		}
		return
	}
	if r := opens(text); r != nil {
		f.region = r.close
		return
	}
	if run := fenceRun(text); len(run) >= 3 {
		f.fence, f.told = run, false
		f.text = isListed(fenceLang(strings.TrimSpace(string(text[len(run):]))), textLangs) || len(bytes.TrimSpace(text)) == len(run)
		if t := f.steps[number]; t != nil && f.folded > 0 {
			f.report(Note, "folded-step", number, "the step is folded away (<details>), and it runs as any other",
				"unfold it, or mark it {skip} if it is only for reading")
		}
		return
	}
	f.markup(text)
	f.told = false
	if !f.comment {
		f.box(text, number, "indented text or HTML")
	}
}

// textLangs are the languages of fences in which people write checklists.
const textLangs = "text txt plain plaintext markdown md"

// box notes the first box of a place in which none is an item.
func (f *fenceScanner) box(text []byte, number int, place string) {
	if f.told || f.boxes[number] || number <= f.start || !isBoxLine(text) {
		return
	}
	f.told = true
	f.report(Note, "unsettleable-item", number, "the box stands in "+place+": it is no item, and no run ticks it",
		"if it is an item, write it as a list item of the page; if it is an example, leave it")
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
	f.box(text, number, "an HTML comment")
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
