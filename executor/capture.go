package executor

import (
	"bytes"

	"runbook/runbook"
)

// Bounds of what is kept of a command's output, in bytes. A command may print
// any amount; memory and the record stay bounded, and the true size is told.
const (
	keepHead = 2 << 20  // from the start, for the run directory
	keepTail = 64 << 10 // from the end
	showAll  = 16 << 10 // up to this the journal holds the output whole
	showHead = 4 << 10  // else its first lines
	showTail = 8 << 10  // and its last ones
)

// A Capture collects a bounded part of one command's output, and its true size.
// The zero value is ready. It is exported for engines whose commands outlive
// the process that runs them: what they keep meanwhile is what a run keeps.
type Capture struct {
	head  []byte
	tail  []byte // ring of the latest keepTail bytes that head does not hold
	at    int    // next place in a full ring
	bytes int64
	lines int64
	last  byte
}

// Write takes the next part of the output.
func (c *Capture) Write(p []byte) {
	if len(p) == 0 {
		return
	}
	c.bytes += int64(len(p))
	c.lines += int64(lineEnds(p))
	c.last = p[len(p)-1]
	if room := keepHead - len(c.head); room > 0 {
		n := min(room, len(p))
		c.head = append(c.head, p[:n]...)
		p = p[n:]
	}
	if len(p) > keepTail {
		p = p[len(p)-keepTail:]
	}
	if room := keepTail - len(c.tail); room > 0 {
		n := min(room, len(p))
		c.tail = append(c.tail, p[:n]...)
		p = p[n:]
	}
	for len(p) > 0 {
		n := copy(c.tail[c.at:], p)
		c.at = (c.at + n) % keepTail
		p = p[n:]
	}
}

// Skip counts output that comes next and was not kept, by a Capture elsewhere.
func (c *Capture) Skip(bytes, lines int64) { c.bytes, c.lines = c.bytes+bytes, c.lines+lines }

// Retained returns the beginning and, where something is missing between the
// two, the end of the output, unmasked, and how many bytes and line ends are
// missing. They are valid up to the next Write.
func (c *Capture) Retained() (head, tail []byte, missing, lines int64) {
	tail = append(append([]byte(nil), c.tail[c.at:]...), c.tail[:c.at]...)
	ends := int64(lineEnds(c.head) + lineEnds(tail))
	return c.head, tail, c.bytes - int64(len(c.head)+len(tail)), c.lines - ends
}

func lineEnds(p []byte) int { return bytes.Count(p, []byte{'\n'}) }

// lineCount counts a last line without a line end too.
func (c *Capture) lineCount() int64 {
	if c.bytes > 0 && c.last != '\n' {
		return c.lines + 1
	}
	return c.lines
}

// raw returns what was kept, in order and as it was printed. Where nothing is
// missing between the two, tail is nil.
func (c *Capture) raw() (head, tail []byte) {
	tail = append(append([]byte(nil), c.tail[c.at:]...), c.tail[:c.at]...)
	if c.bytes == int64(len(c.head)+len(tail)) {
		return append(c.head[:len(c.head):len(c.head)], tail...), nil
	}
	return c.head, tail
}

// hold makes of it what quarantine keeps.
func (c *Capture) hold() *heldOutput {
	head, tail := c.raw()
	return &heldOutput{Head: head, Tail: tail, Bytes: c.bytes, Lines: c.lineCount()}
}

// masked returns head and tail of a held output, masked. Where something is
// missing between the two, both are cut back after masking: to whole lines, or
// by more than any secret is long, so that no half of one escapes there.
func (h *heldOutput) masked(mask *Mask) (head, tail []byte) {
	head = Withhold(mask.Apply(h.Head), mask.waived)
	if len(h.Tail) > 0 {
		tail = Withhold(mask.Apply(h.Tail), mask.waived)
	}
	if len(h.Tail) == 0 {
		return head, nil
	}
	if i := bytes.LastIndexByte(head, '\n'); i >= 0 {
		head = head[:i+1]
	} else {
		head = head[:max(0, len(head)-keepTail)]
	}
	if i := bytes.IndexByte(tail, '\n'); i >= 0 {
		return head, tail[i+1:]
	}
	return head, nil
}

// leftOut stands where a part of an output is missing.
const leftOut = "[… left out …]\n"

// excerpt is what the journal shows of a held output; full is what goes into a
// file of the run directory when the journal does not hold it all.
func (h *heldOutput) excerpt(mask *Mask) (out runbook.Output, full []byte) {
	head, tail := h.masked(mask)
	whole := len(h.Tail) == 0
	if whole && len(head) <= showAll {
		out.Head = runbook.Visible(string(head))
		return out, nil
	}
	full = head
	if whole {
		tail = head
	} else {
		full = append(append(bytes.Clone(head), "\n"+leftOut...), tail...)
	}
	out.Head = runbook.Visible(firstLines(head, showHead))
	if out.Tail = runbook.Visible(lastLines(tail, showTail)); out.Tail == "" {
		out.Tail = leftOut // without an end the record would pass the beginning off as all
	}
	return out, full
}

// firstLines returns whole lines of at most n bytes; a longer first line is cut.
func firstLines(b []byte, n int) string {
	if len(b) <= n {
		return string(b)
	}
	if i := bytes.LastIndexByte(b[:n], '\n'); i >= 0 {
		return string(b[:i+1])
	}
	return string(b[:n])
}

func lastLines(b []byte, n int) string {
	if len(b) <= n {
		return string(b)
	}
	b = b[len(b)-n:]
	if i := bytes.IndexByte(b, '\n'); i >= 0 && i+1 < len(b) {
		return string(b[i+1:])
	}
	return string(b)
}
