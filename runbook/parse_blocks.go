package runbook

import (
	"bytes"
	"fmt"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// goldmark finds the blocks; their text is scanned here, because marks need
// exact bytes and because a scanner of our own stays linear on hostile lines.

// blocks parses the visible source from b.start on into a tree of blocks.
// It is parsed in at most want parts of at least size bytes.
func (b *builder) blocks(visible []byte, want, size int) (ast.Node, error) {
	b.view = visible
	parts := parseParts(visible, b.start, want, size)
	root := parts[0].root
	for i := range parts {
		p := &parts[i]
		if p.limit.broken != "" {
			return nil, fmt.Errorf("%s:%d: %s", b.doc.Name, b.line(p.limit.at), p.limit.broken)
		}
		for _, label := range p.labels {
			b.refs.add(label)
		}
		b.fences = append(b.fences, p.fences...)
		for child := p.root.FirstChild(); i > 0 && child != nil; {
			next := child.NextSibling()
			root.AppendChild(root, child)
			child = next
		}
	}
	return root, nil
}

// A part is a stretch of a document that goldmark has parsed.
type part struct {
	root   ast.Node
	fences []fence
	labels [][]byte // of its link definitions
	limit  limits
}

// parse parses visible[start:end] into p; positions count from visible's start.
func (p *part) parse(visible []byte, start, end int) {
	visible = visible[:end]
	p.fences = make([]fence, 0, min(bytes.Count(visible[start:], []byte("\n```"))/2+1, (end-start)/32+1))
	md := parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(parser.NewSetextHeadingParser(), 100),
			util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(limited{parser.NewListParser(), &p.limit}, 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewCodeBlockParser(), 500),
			util.Prioritized(headingParser{parser.NewATXHeadingParser()}, 600),
			util.Prioritized(fenceParser{parser.NewFencedCodeBlockParser(), &p.fences}, 700),
			util.Prioritized(limited{parser.NewBlockquoteParser(), &p.limit}, 800),
			util.Prioritized(parser.NewHTMLBlockParser(), 900),
			util.Prioritized(parser.NewParagraphParser(), 1000),
		),
		parser.WithParagraphTransformers(
			util.Prioritized(references{&p.limit}, 100),
			util.Prioritized(tables{}, 200),
		),
	)
	r := text.NewReader(visible)
	r.SetPosition(-1, text.NewSegment(start, start))
	r.AdvanceLine()
	pc := parser.NewContext()
	p.root = md.Parse(r, parser.WithContext(pc))
	for _, ref := range pc.References() {
		p.labels = append(p.labels, ref.Label())
	}
}

// stateRefs are the box states whose brackets are a link in this document:
// those that it defines, and all of them if it defines "[x]", what any box
// becomes.
type stateRefs map[byte]bool

// yourRef stands among them for a definition of "[Your …]".
const yourRef = 'Y'

func (r stateRefs) add(label []byte) {
	switch string(label) {
	case "x", "X":
		for _, state := range []byte(" xX-~v") {
			r[state] = true
		}
	case "-", "~":
		r[label[0]] = true
	}
	if hasYour(label) {
		r[yourRef] = true
	}
}

// limits are the bounds within which goldmark is linear; the first that a
// document breaks is noted, and from there on nothing more is opened.
type limits struct {
	visits int // of open lists and quotes by lines
	broken string
	at     int
}

func (l *limits) fail(at text.Segment, format string, bound int) {
	if l.broken == "" {
		l.broken, l.at = fmt.Sprintf(format, bound), at.Start
	}
}

// limited holds lists and quotes to the limits.
type limited struct {
	parser.BlockParser
	limit *limits
}

func (l limited) Open(parent ast.Node, r text.Reader, pc parser.Context) (ast.Node, parser.State) {
	if len(pc.OpenedBlocks()) > 2*maxDepth {
		_, at := r.Position()
		l.limit.fail(at, "lists and quotes are nested more than %d deep", maxDepth)
	}
	if l.limit.broken != "" {
		return nil, parser.NoChildren
	}
	return l.BlockParser.Open(parent, r, pc)
}

func (l limited) Continue(node ast.Node, r text.Reader, pc parser.Context) parser.State {
	if l.limit.visits++; l.limit.visits > maxVisits {
		_, at := r.Position()
		l.limit.fail(at, "more than %d lines stand in lists and quotes, each counted as often as it is nested", maxVisits)
		return parser.Close
	}
	return l.BlockParser.Continue(node, r, pc)
}

// A fence is what goldmark's tree leaves out of a fenced code block.
type fence struct {
	node   ast.Node
	start  int // of its opening characters
	end    int // after the closing line, or after the last line it has
	closed bool
}

// An atxHeading is a heading whose text goldmark leaves alone: it is scanned
// here, and a node for each piece of it would be made for nothing.
type atxHeading struct{ *ast.Heading }

func (atxHeading) IsRaw() bool { return true }

type headingParser struct{ parser.BlockParser }

func (p headingParser) Open(parent ast.Node, r text.Reader, pc parser.Context) (ast.Node, parser.State) {
	node, state := p.BlockParser.Open(parent, r, pc)
	if h, ok := node.(*ast.Heading); ok {
		return atxHeading{h}, state
	}
	return node, state
}

// headingOf returns the heading that a node is, or nil.
func headingOf(n ast.Node) *ast.Heading {
	switch n := n.(type) {
	case atxHeading:
		return n.Heading
	case *ast.Heading:
		return n
	}
	return nil
}

// fenceParser notes where fences open and close.
type fenceParser struct {
	parser.BlockParser
	fences *[]fence
}

func (f fenceParser) Open(parent ast.Node, r text.Reader, pc parser.Context) (ast.Node, parser.State) {
	node, state := f.BlockParser.Open(parent, r, pc)
	if node != nil {
		_, seg := r.PeekLine()
		*f.fences = append(*f.fences, fence{node: node, start: seg.Start + pc.BlockOffset() - seg.Padding, end: seg.Stop})
	}
	return node, state
}

func (f fenceParser) Continue(node ast.Node, r text.Reader, pc parser.Context) parser.State {
	_, seg := r.PeekLine()
	state := f.BlockParser.Continue(node, r, pc)
	last := &(*f.fences)[len(*f.fences)-1]
	last.end = seg.Stop
	last.closed = state&parser.Close != 0
	return state
}

// references takes link reference definitions out of paragraphs; goldmark's
// own transformer sets up a reader for every paragraph, few of which have one.
type references struct{ limit *limits }

func (t references) Transform(p *ast.Paragraph, r text.Reader, pc parser.Context) {
	first := p.Lines().At(0)
	src, at := r.Source(), first.Start
	for at < first.Stop && (src[at] == ' ' || src[at] == '\t') {
		at++
	}
	if at == first.Stop || src[at] != '[' {
		return
	}
	if p.Lines().Len() > maxDefinitions {
		t.limit.fail(first, "more than %d lines of link definitions without a blank line", maxDefinitions)
		return
	}
	parser.LinkReferenceParagraphTransformer.Transform(p, r, pc)
}

var kindTable = ast.NewNodeKind("Table")

// A tableNode is a table: its header, then its rows; the delimiter row is left
// out. Cells are split later. (goldmark's own extension package compiles URL
// patterns at every start of the program.)
type tableNode struct {
	ast.BaseBlock
	rows []text.Segment
}

func (*tableNode) Kind() ast.NodeKind       { return kindTable }
func (*tableNode) IsRaw() bool              { return true }
func (n *tableNode) Dump(s []byte, lvl int) { ast.DumpHelper(n, s, lvl, nil, nil) }

// tables splits a table from the end of a paragraph.
type tables struct{}

func (tables) Transform(p *ast.Paragraph, r text.Reader, _ parser.Context) {
	lines, src := p.Lines(), r.Source()
	for i := 1; i < lines.Len(); i++ {
		delim := lines.At(i)
		columns := delimiterColumns(delim.Value(src))
		if columns == 0 {
			continue
		}
		header := lines.At(i - 1)
		if len(splitRow(src, header)) != columns {
			return
		}
		table := &tableNode{rows: []text.Segment{header}}
		table.rows = append(table.rows, lines.Sliced(i+1, lines.Len())...)
		table.SetPos(header.Start)
		up := p.Parent()
		if i > 1 {
			up.InsertBefore(up, p, paragraphOf(lines.Sliced(0, i-1), src))
		}
		up.InsertBefore(up, p, table)
		up.RemoveChild(up, p) // so that an underline below makes no heading of it
		return
	}
}

// paragraphOf returns a paragraph of the lines that stand before a table.
func paragraphOf(lines []text.Segment, src []byte) *ast.Paragraph {
	p := ast.NewParagraph()
	for _, line := range lines {
		p.Lines().Append(line.TrimLeftSpace(src))
	}
	p.SetPos(lines[0].Start)
	return p
}

// delimiterColumns counts the columns of a delimiter row ("|---|:-:|"), 0 if
// the line is none.
func delimiterColumns(line []byte) int {
	line = bytes.TrimSpace(line)
	if bytes.IndexByte(line, '|') < 0 && bytes.IndexByte(line, ':') < 0 {
		return 0
	}
	line = bytes.TrimSuffix(bytes.TrimPrefix(line, []byte{'|'}), []byte{'|'})
	n := 0
	for cell := range bytes.SplitSeq(line, []byte{'|'}) {
		cell = bytes.TrimSpace(cell)
		cell = bytes.TrimSuffix(bytes.TrimPrefix(cell, []byte{':'}), []byte{':'})
		if len(cell) == 0 || len(bytes.Trim(cell, "-")) != 0 {
			return 0
		}
		n++
	}
	return n
}

// splitRow returns the spans of a row's cells, their outer white space left out.
func splitRow(src []byte, row text.Segment) []Span {
	start, end := trimSpan(src, row.Start, row.Stop)
	if start < end && src[start] == '|' {
		start++
	}
	if start < end && src[end-1] == '|' && src[end-2] != '\\' {
		end--
	}
	var cells []Span
	for start <= end {
		stop := start
		for stop < end && (src[stop] != '|' || stop > 0 && src[stop-1] == '\\') {
			stop++
		}
		a, z := trimSpan(src, start, stop)
		cells = append(cells, Span{a, z})
		start = stop + 1
	}
	return cells
}

// trimSpan narrows a range to what stands between its outer white space.
func trimSpan(src []byte, start, end int) (int, int) {
	for start < end && isSpace(src[start]) {
		start++
	}
	for end > start && isSpace(src[end-1]) {
		end--
	}
	return start, end
}
