package runbook

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// A builder turns a tree of blocks into a Document.
type builder struct {
	doc     *Document
	src     []byte // the document's bytes
	view    []byte // what Markdown sees of them
	start   int    // where Markdown starts
	fences  []fence
	refs    stateRefs
	passage passage

	stack      []int // open sections, outermost first
	base       int   // stack index that headings of the current container stay above
	pending    []int // sections whose container has just been left
	facts      []sectionFacts
	sectionIDs idSet
	slots      []slotFacts // beside doc.Slots
	steps      map[int]int // section to the number of its steps

	notes  []note
	linked bool // a box that is a link was reported
	awaits int  // the step that a sample of its output may still follow, -1 if none

	lineAt, lineNo int // a place whose line number is known
}

// slotFacts is what naming a slot needs beyond the slot itself.
type slotFacts struct {
	owner int  // index of the owning item or choice, -1 if none
	first bool // the first field of its owner
}

// A context is what the containers of a block say about it.
type context struct {
	lead      *lead
	first     bool // the block is the first of a list item
	criterion bool
}

// A lead is the line that introduces a list; it is read only when an item
// asks for it.
type lead struct {
	before ast.Node
	known  bool
	text   string
	item   int // the one that is visited, from 1
}

func newBuilder(name string, src []byte) *builder {
	return &builder{
		doc:    &Document{Name: name, Source: src},
		src:    src,
		refs:   stateRefs{},
		facts:  []sectionFacts{{}},
		steps:  map[int]int{},
		lineNo: 1,
		awaits: -1,
	}
}

// line returns the number of the line that holds an offset. Offsets come
// almost in order, so each call counts from the last one.
func (b *builder) line(at int) int {
	at = min(at, len(b.src))
	if at >= b.lineAt {
		b.lineNo += bytes.Count(b.src[b.lineAt:at], []byte{'\n'})
	} else {
		b.lineNo -= bytes.Count(b.src[at:b.lineAt], []byte{'\n'})
	}
	b.lineAt = at
	return b.lineNo
}

func (b *builder) problem(sev Severity, code string, line int, message, hint string) {
	b.doc.Problems = append(b.doc.Problems, Problem{Severity: sev, Code: code, Line: line, Message: message, Hint: hint})
}

// section returns the index of the section that is open.
func (b *builder) section() int { return b.stack[len(b.stack)-1] }

// add appends a slot to the open section and returns its index.
func (b *builder) add(s Slot, owner int, first bool) int {
	s.Section = b.section()
	b.doc.Slots = append(b.doc.Slots, s)
	b.slots = append(b.slots, slotFacts{owner, first})
	return len(b.doc.Slots) - 1
}

// block visits a block and what it contains.
func (b *builder) block(n ast.Node, c context) {
	if len(b.pending) > 0 {
		b.endPending(lineStart(b.src, min(max(n.Pos(), 0), len(b.src))))
	}
	b.endAwait(n)
	switch n := n.(type) {
	case *ast.Heading, atxHeading:
		b.heading(headingOf(n), c)
	case *ast.Paragraph, *ast.TextBlock:
		b.leaf(n, n.Lines(), c, false)
	case *ast.Blockquote:
		b.container(n, context{criterion: c.criterion})
	case *ast.List:
		b.list(n, c)
	case *ast.FencedCodeBlock:
		b.fence(n)
	case *ast.CodeBlock:
		b.indented(n)
	case *ast.HTMLBlock:
		b.html(n)
	case *ast.ThematicBreak:
		b.ruled(n, c)
	case *tableNode:
		b.table(n, c)
	}
}

func (b *builder) list(n *ast.List, c context) {
	lead := &lead{before: b.introduction(n)}
	criterion := c.criterion || isCriterion(words(plain(b.lastLine(lead.before))))
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		b.awaits = -1
		lead.item++
		b.container(item, context{lead: lead, first: true, criterion: criterion})
	}
}

// leadText returns the line that introduces the list, if one does: it ends
// with a colon or says what a tick would trigger.
func (b *builder) leadText(l *lead) string {
	if l == nil {
		return ""
	}
	if !l.known {
		l.known = true
		text := plain(b.lastLine(l.before))
		if strings.HasSuffix(text, ":") || isCriterion(words(text)) {
			l.text = text
		}
	}
	return l.text
}

// leaf finds the slots in the text of a paragraph or heading.
func (b *builder) leaf(n ast.Node, lines *text.Segments, c context, heading bool) {
	offers := !heading && mayOffer(b.view, lines)
	if lines.Len() == 0 || !offers && !mayHold(b.view, lines) {
		return
	}
	p := &b.passage
	p.load(b.view, lines)
	p.scan(b.refs)
	if offers {
		p.offers(func() bool { return b.endsWith(n) })
	}
	if p.linked > 0 && !b.linked {
		b.linked = true
		b.problem(Warning, "linked-box", b.line(p.source(Span{p.linked - 1, p.linked}).Start),
			"boxes are not taken as check items: the document defines [x] as a link", "rename the link's label")
	}
	if len(p.marks) > 0 {
		b.passageSlots(p, place{context: c, heading: heading, owner: -1})
	}
}

// ruled recovers a blank that stands alone on its line, which Markdown reads
// as a rule: six underscores or more below a label, or alone in an item of a
// list that has one. Whatever is written there must leave the lines around it
// what they are.
func (b *builder) ruled(n ast.Node, c context) {
	at := min(max(n.Pos(), 0), len(b.src))
	for at > 0 && b.src[at-1] == '_' { // a tab before it shifts what goldmark says
		at--
	}
	run := bytes.TrimRight(b.src[at:lineEnd(b.src, at)], " \t\r\n")
	if !isFreeText(run) || run[0] != '_' {
		return
	}
	label := b.ruledBelow(n, at)
	if _, ok := n.Parent().(*ast.ListItem); ok && n.PreviousSibling() == nil && n.NextSibling() == nil {
		label = b.ruledItem(at, c.lead)
	}
	if label != "" {
		b.add(Slot{Kind: FieldSlot, Label: label, Line: b.line(at), Mark: Span{at, at + len(run)}}, -1, false)
	}
}

// ruledBelow names a blank by the line above it.
func (b *builder) ruledBelow(n ast.Node, at int) string {
	above := n.PreviousSibling()
	label := plain(b.lastLine(above))
	if !strings.HasSuffix(label, ":") || !b.safeBelow(b.src[lineStart(b.src, at):at], lineEnd(b.src, at)) ||
		bytes.IndexByte(b.src[above.Lines().At(0).Start:at], '|') >= 0 { // it may be a table to others
		return ""
	}
	return trimLabel(label)
}

// ruledItem names a blank that is all there is in an item of a list: by the
// line that introduces the list, and by its place in it.
func (b *builder) ruledItem(at int, l *lead) string {
	below := bytes.TrimLeft(b.src[lineEnd(b.src, at):lineEnd(b.src, lineEnd(b.src, at))], "> \t")
	if next := bytes.TrimLeft(below, "0123456789"); len(next) > 0 && bytes.IndexByte([]byte("-*+.)"), next[0]) >= 0 {
		below = next[1:]
	}
	label := trimLabel(b.leadText(l))
	if label == "" || len(bytes.TrimSpace(below)) > 0 && !isFreeText(below) {
		return "" // the text below would become part of what is written
	}
	return label + " " + strconv.Itoa(l.item)
}

// safeBelow reports whether the line at an offset stays what it is below a
// line of text: it is blank, or another such blank with the same prefix.
func (b *builder) safeBelow(prefix []byte, at int) bool {
	line := bytes.TrimRight(b.src[at:lineEnd(b.src, at)], " \t\r\n")
	if len(bytes.TrimLeft(line, "> \t")) == 0 {
		return true
	}
	run, ok := bytes.CutPrefix(line, prefix)
	return ok && len(run) >= 6 && len(bytes.Trim(run, "_")) == 0
}

// An idSet hands out IDs that it has not handed out before. The value is the
// last suffix given to an ID.
type idSet map[ID]int

func (s idSet) unique(id ID) ID {
	if _, taken := s[id]; !taken {
		s[id] = 1
		return id
	}
	for {
		s[id]++
		next := id + "-" + ID(strconv.Itoa(s[id]))
		if _, taken := s[next]; !taken {
			s[next] = 1
			return next
		}
	}
}

// name gives every slot its ID, in document order: first steps, items and
// choices, so that their IDs do not depend on blanks, which are gone once they
// are filled; then blanks, then placeholders, then those of the second class,
// which older versions did not know.
func (b *builder) name() {
	ids := make(idSet, len(b.doc.Slots))
	var later [3][]int
	for i := range b.doc.Slots {
		switch s := &b.doc.Slots[i]; {
		case s.Kind == FieldSlot:
			later[0] = append(later[0], i)
		case s.Kind == PlaceholderSlot && !s.Second:
			later[1] = append(later[1], i)
		case s.Kind == PlaceholderSlot:
			later[2] = append(later[2], i)
		default:
			b.nameSlot(ids, i)
		}
	}
	for _, list := range later {
		for _, i := range list {
			b.nameSlot(ids, i)
		}
	}
}

func (b *builder) nameSlot(ids idSet, i int) {
	s, facts := &b.doc.Slots[i], b.slots[i]
	section := b.doc.Sections[s.Section].ID
	id := join(section, slugOr(s.Label, s.Kind.String()))
	switch {
	case s.Kind == StepSlot:
		b.steps[s.Section]++
		if n := b.steps[s.Section]; n > 1 {
			id = join(section, "step-"+strconv.Itoa(n))
		} else if section != "" {
			id = section
		} else {
			id = "step"
		}
	case facts.owner >= 0:
		owner := &b.doc.Slots[facts.owner]
		s.Owner = owner.ID
		own := slugOr(s.Label, "field")
		if s.Kind == FieldSlot && owner.Kind == ItemSlot {
			if owner.Item == SignOff && facts.first {
				own = "name"
			} else if s.Label == owner.Label {
				own = "value"
			}
		}
		id = join(owner.ID, own)
	}
	s.ID = ids.unique(id)
}
