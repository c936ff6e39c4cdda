package runbook

import (
	"sort"

	"github.com/yuin/goldmark/text"
)

// A passage is the text of one leaf block, its lines joined without their
// container's prefixes, and what was found in it.
type passage struct {
	text  []byte
	lines []passageLine
	marks []mark
	codes []Span // contents of code spans, within text

	ticks  map[int]int     // length of a backtick run to the last offset where one starts
	parens map[int]int     // offset of a "(" after "]" to the offset after its ")"
	quiet  int             // no mark counts before this offset
	url    int             // the offset after the last bare URL, as far as the next "<", 0 if none
	closed map[string]bool // names of the closing tags; nil until one is asked for
	linked int             // the offset after the first box that a defined reference makes a link, 0 if none
	gt     int             // the offset of the first ">" after the last "<" looked at
	inTag  bool            // a "<" stands before that a value without "<" could make a tag of
	noTag  bool            // no ">" stands ahead
	noNote bool            // no "-->" stands ahead
	noCode int             // the last offset to which no "}}" or "%}" stands
}

// A passageLine says where a line of a passage starts, in its text and in the source.
type passageLine struct{ at, src int }

type markKind uint8

const (
	boxMark markKind = iota
	blankMark
	holderMark
	offerMark // a blank of the second class that has a label
)

// A mark is something in a passage that a run may complete.
type mark struct {
	kind  markKind
	span  Span // what is rewritten, within the text
	outer Span // with the brackets of a box
	state byte
	line  int // index of its line in the passage
	// second says that a placeholder is of the second class, and label names an
	// offer.
	second bool
	label  string
}

// load fills the passage with the lines of a block.
func (p *passage) load(src []byte, lines *text.Segments) {
	p.reset()
	if lines.Len() == 1 {
		seg := lines.At(0)
		p.lines = append(p.lines, passageLine{0, seg.Start})
		p.text = src[seg.Start:seg.Stop:seg.Stop]
		return
	}
	joined := make([]byte, 0, lines.At(lines.Len()-1).Stop-lines.At(0).Start)
	for i := range lines.Len() {
		seg := lines.At(i)
		p.lines = append(p.lines, passageLine{len(joined), seg.Start})
		joined = append(joined, src[seg.Start:seg.Stop]...)
	}
	p.text = joined
}

// loadSpan fills the passage with one range of the source.
func (p *passage) loadSpan(src []byte, s Span) {
	p.reset()
	p.lines = append(p.lines, passageLine{0, s.Start})
	p.text = src[s.Start:s.End:s.End]
}

func (p *passage) reset() {
	*p = passage{lines: p.lines[:0], marks: p.marks[:0], codes: p.codes[:0]}
}

// source maps a span within one line of the text to the source.
func (p *passage) source(s Span) Span {
	l := p.lines[p.lineOf(s.Start)]
	return Span{s.Start - l.at + l.src, s.End - l.at + l.src}
}

func (p *passage) lineOf(at int) int {
	return sort.Search(len(p.lines), func(i int) bool { return p.lines[i].at > at }) - 1
}

// lineSpan returns the range of a line of the passage, its ending left out.
func (p *passage) lineSpan(line int) Span {
	end := len(p.text)
	if line+1 < len(p.lines) {
		end = p.lines[line+1].at
	}
	start := p.lines[line].at
	for end > start && (p.text[end-1] == '\n' || p.text[end-1] == '\r') {
		end--
	}
	return Span{start, end}
}

// without returns the text of a range with its marks left out.
func (p *passage) without(s Span) []byte {
	out := make([]byte, 0, s.Len())
	at := s.Start
	first := sort.Search(len(p.marks), func(i int) bool { return p.marks[i].outer.Start >= s.Start })
	for _, m := range p.marks[first:] {
		if m.outer.Start >= s.End {
			break
		}
		if m.kind == holderMark || m.kind == offerMark || m.outer.Start < at || m.outer.End > s.End {
			continue
		}
		out = append(append(out, p.text[at:m.outer.Start]...), ' ')
		at = m.outer.End
	}
	return append(out, p.text[at:s.End]...)
}
