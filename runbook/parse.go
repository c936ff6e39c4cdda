package runbook

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
)

// MaxSource is the size, in bytes, beyond which Parse refuses a document.
const MaxSource = 32 << 20

// Bounds within which parsing takes time and memory in proportion to the size.
const (
	// maxDepth is how many lists and block quotes may stand in one another.
	maxDepth = 50
	// maxVisits is how many lines may stand in lists and quotes, each counted
	// as often as it is nested: each visit costs memory until the list ends.
	maxVisits = 2 << 20
	// maxDefinitions is how many lines of link definitions may stand together.
	maxDefinitions = 1000
)

// Parse finds the slots of a Markdown document; name is for messages. The
// source is kept, not copied, and never changed. What is doubtful in it is
// listed in Problems; an error means that no slot can be placed safely: binary
// data, a file that ends its lines by CR alone, one beyond MaxSource, lists and
// quotes nested deeper than anyone reads.
func Parse(name string, src []byte) (*Document, error) {
	return parseInParts(name, src, runtime.GOMAXPROCS(0), minPart)
}

func parseInParts(name string, src []byte, want, size int) (*Document, error) {
	if err := refuse(name, src); err != nil {
		return nil, err
	}
	b := newBuilder(name, src)
	visible := b.hide(src)
	root, err := b.blocks(visible, want, size)
	if err != nil {
		return nil, err
	}
	b.document(root)
	b.attach()
	b.name()
	if err := b.checkSpans(); err != nil {
		return nil, err
	}
	return b.doc, nil
}

// refuse tells what cannot be a checklist from what can.
func refuse(name string, src []byte) error {
	if len(src) > MaxSource {
		return fmt.Errorf("%s: %d bytes are more than the %d that a checklist may have", name, len(src), MaxSource)
	}
	if i := bytes.IndexByte(src, 0); i >= 0 {
		return fmt.Errorf("%s:%d: binary data: a NUL byte", name, 1+bytes.Count(src[:i], []byte{'\n'}))
	}
	if cr := bytes.IndexByte(src, '\r'); cr >= 0 && cr < len(src)-1 && bytes.IndexByte(src, '\n') < 0 {
		return fmt.Errorf("%s:1: lines end by CR alone; Markdown needs LF or CRLF", name)
	}
	return nil
}

// checkSpans holds the promise that every record rests on: marks lie within
// the source and none overlaps another.
func (b *builder) checkSpans() error {
	marks := make([]Span, 0, len(b.doc.Slots))
	for i := range b.doc.Slots {
		s := &b.doc.Slots[i]
		if s.Kind != ChoiceSlot {
			marks = append(marks, s.Mark)
		}
		for _, o := range s.Options {
			marks = append(marks, o.Mark)
		}
	}
	inOrder := func(x, y Span) int {
		if x.Start != y.Start {
			return x.Start - y.Start
		}
		return x.End - y.End
	}
	if !slices.IsSortedFunc(marks, inOrder) {
		slices.SortFunc(marks, inOrder)
	}
	end := 0
	for _, m := range marks {
		if m.Start < end || m.End < m.Start || m.End > len(b.src) {
			return fmt.Errorf("%s:%d: slots overlap at bytes %d to %d", b.doc.Name, b.line(m.Start), m.Start, m.End)
		}
		end = m.End
	}
	return nil
}
