package runbook

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
)

// minPart is the size, in bytes, below which parsing side by side costs more
// than it saves.
const minPart = 64 << 10

// parseParts parses a document from start on, a long one in parts side by
// side. A part begins at a line that starts with "##" in the first column after
// a blank line: whatever is open there, but a fence or raw HTML at the top
// level, ends before it. Whether one of those was open shows once the part
// before has been parsed; the document is then parsed in one.
func parseParts(visible []byte, start, want, size int) []part {
	bounds := partBounds(visible, start, want, size)
	parts := make([]part, len(bounds)-1)
	SideBySide(len(parts), func(i int) { parts[i].parse(visible, bounds[i], bounds[i+1]) })
	for i := range parts[:len(parts)-1] {
		if parts[i].open(bounds[i+1]) {
			whole := make([]part, 1)
			whole[0].parse(visible, start, len(visible))
			return whole
		}
	}
	return parts
}

// partBounds returns where parts of at least size bytes begin, and the end of
// the document.
func partBounds(visible []byte, start, want, size int) []int {
	bounds := []int{start}
	want = min(want, (len(visible)-start)/size)
	for i := 1; i < want; i++ {
		from := max(start+(len(visible)-start)/want*i, bounds[len(bounds)-1])
		at := bytes.Index(visible[from:], []byte("\n\n##"))
		if at < 0 {
			break
		}
		bounds = append(bounds, from+at+len("\n\n"))
	}
	return append(bounds, len(visible))
}

// open reports whether something that a heading does not end was open at the
// part's end.
func (p *part) open(end int) bool {
	for _, f := range p.fences {
		if !f.closed && f.end >= end {
			return true
		}
	}
	html, ok := p.root.LastChild().(*ast.HTMLBlock)
	return ok && !html.HasClosure() && html.HTMLBlockType < ast.HTMLBlockType6
}
