package runbook

import "github.com/yuin/goldmark/ast"

// endAwait ends the wait for a sample of a step's output at a block that parts
// the two: anything but prose, comments and the sample's fence itself.
func (b *builder) endAwait(n ast.Node) {
	switch n.Kind() {
	case ast.KindParagraph, ast.KindTextBlock, ast.KindHTMLBlock, ast.KindFencedCodeBlock:
	default:
		b.awaits = -1
	}
}

// sample gives a fence of output to the step that it follows, if it follows
// one. A fence that seems to end elsewhere than was meant is not compared.
func (b *builder) sample(step int, f fence, body []Span) {
	if step < 0 {
		return
	}
	line := b.line(f.start)
	broken := !f.closed
	for _, l := range body {
		broken = broken || opensFence(l.Of(b.src))
	}
	if broken {
		b.problem(Warning, "unbalanced-sample", line,
			"the expected output's fence is likely not closed: it is not compared", "close it where the output ends")
		return
	}
	b.doc.Slots[step].Sample, b.doc.Slots[step].SampleLine = body, line
}
