package runbook

import (
	"fmt"
	"slices"
)

// A Span is a half-open range of byte offsets, [Start, End), into a document's
// source. An empty span is a point between two bytes: a place to insert.
type Span struct{ Start, End int }

// Len returns the number of bytes that the span covers.
func (s Span) Len() int { return s.End - s.Start }

// Of returns the bytes that the span covers, sharing src's memory.
func (s Span) Of(src []byte) []byte { return src[s.Start:s.End] }

// Contains reports whether every byte of t lies within s.
func (s Span) Contains(t Span) bool { return s.Start <= t.Start && t.End <= s.End }

// Overlaps reports whether s and t share a byte. Two insertions at one point
// do not overlap; an insertion strictly inside a span does.
func (s Span) Overlaps(t Span) bool {
	return s.Start < t.End && t.Start < s.End
}

// An Edit replaces the bytes of Span by Text.
type Edit struct {
	Span Span
	Text string
}

// Splice returns src with the edits made; src itself is left alone. Edits may
// come in any order, must lie within src and must not overlap: a violation is
// an error that names the offsets, and then nothing is returned. Insertions at
// the same point keep the order they were given in.
func Splice(src []byte, edits []Edit) ([]byte, error) {
	sorted := slices.Clone(edits)
	slices.SortStableFunc(sorted, func(a, b Edit) int {
		if a.Span.Start != b.Span.Start {
			return a.Span.Start - b.Span.Start
		}
		return a.Span.End - b.Span.End
	})
	size := len(src)
	end := 0
	for _, e := range sorted {
		if e.Span.Start < 0 || e.Span.End > len(src) || e.Span.Start > e.Span.End {
			return nil, fmt.Errorf("edit [%d,%d) lies outside a source of %d bytes", e.Span.Start, e.Span.End, len(src))
		}
		if e.Span.Start < end {
			return nil, fmt.Errorf("edit [%d,%d) overlaps one that ends at %d", e.Span.Start, e.Span.End, end)
		}
		end = e.Span.End
		size += len(e.Text) - e.Span.Len()
	}
	out := make([]byte, 0, size)
	at := 0
	for _, e := range sorted {
		out = append(out, src[at:e.Span.Start]...)
		out = append(out, e.Text...)
		at = e.Span.End
	}
	return append(out, src[at:]...), nil
}
