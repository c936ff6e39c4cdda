package runbook

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// A note is an HTML comment of one line that speaks to runbook:
// "<!-- runbook: use=file path=x -->" above an item, a blank or a step.
type note struct {
	line  int
	attrs string
}

// noteText reads a line as such a comment. colon tells whether "runbook" has
// the colon without which it is a comment like any other.
func noteText(line []byte) (attrs string, colon, ok bool) {
	text := bytes.TrimSpace(line[len(containerPrefix(line)):])
	text, ok = bytes.CutPrefix(text, []byte("<!--"))
	if !ok || !bytes.HasSuffix(text, []byte("-->")) {
		return "", false, false
	}
	text, ok = bytes.CutPrefix(bytes.TrimSpace(text[:len(text)-3]), []byte("runbook"))
	if !ok || bytes.Contains(text, []byte("-->")) {
		return "", false, false
	}
	text, colon = bytes.CutPrefix(text, []byte{':'})
	if !colon && (len(text) == 0 || !isSpace(text[0])) {
		return "", false, false
	}
	return string(bytes.TrimSpace(text)), colon, true
}

// isNote reports whether a block is one comment that speaks to runbook.
func (b *builder) isNote(n ast.Node) bool {
	_, _, ok := b.noteOf(n)
	return ok
}

func (b *builder) noteOf(n ast.Node) (attrs string, colon, ok bool) {
	h, isHTML := n.(*ast.HTMLBlock)
	if !isHTML || h.Lines().Len() != 1 || h.HasClosure() {
		return "", false, false
	}
	seg := h.Lines().At(0)
	return noteText(b.view[seg.Start:min(seg.Stop, len(b.view))])
}

// html keeps a comment that speaks to runbook for the slot on the line below.
func (b *builder) html(n *ast.HTMLBlock) {
	attrs, colon, ok := b.noteOf(n)
	if !ok {
		return
	}
	line := b.line(n.Lines().At(0).Start)
	if !colon {
		if words, err := splitAttrs(attrs); err == nil && slices.ContainsFunc(words, func(w attr) bool { return w.given }) {
			b.problem(Warning, "attribute", line, `a comment that starts with "runbook" and no colon says nothing to runbook`, "write <!-- runbook: "+attrs+" -->")
		}
		return
	}
	b.notes = append(b.notes, note{line: line, attrs: attrs})
}

// introduction returns the block that a list follows, past comments that speak
// to runbook and what such a comment has cut off from the same list.
func (b *builder) introduction(list ast.Node) ast.Node {
	before := list.PreviousSibling()
	for before != nil && b.isNote(before) {
		before = before.PreviousSibling()
		if _, cut := before.(*ast.List); cut {
			before = before.PreviousSibling()
		}
	}
	return before
}

// attach gives each note to the slot on the line below it: the item or choice
// that stands there, else the only blank.
func (b *builder) attach() {
	for i := range b.notes {
		n := &b.notes[i]
		var steps, boxes, blanks, offers []int
		first, _ := slices.BinarySearchFunc(b.doc.Slots, n.line+1, func(s Slot, line int) int { return s.Line - line })
		for j := first; j < len(b.doc.Slots) && b.doc.Slots[j].Line == n.line+1; j++ {
			s := &b.doc.Slots[j]
			switch {
			case s.Kind == StepSlot:
				steps = append(steps, j)
			case s.Zone == Code || s.Zone == Table:
			case s.Kind == ItemSlot || s.Kind == ChoiceSlot:
				boxes = append(boxes, j)
			case s.Second:
				offers = append(offers, j)
			default:
				blanks = append(blanks, j)
			}
		}
		slots := boxes
		if len(boxes) == 0 {
			slots = blanks
		}
		if len(slots) == 0 {
			slots = offers
		}
		switch {
		case len(steps) > 0: // it has read the comment itself
		case len(slots) == 0:
			b.problem(Warning, "attribute", n.line, "a comment for runbook stands above no step, item or blank, and counts for nothing", "put it on the line above")
		case len(slots) > 1:
			b.problem(Error, "attribute", n.line, "a comment for runbook stands above several slots", "name the one that is meant in the sidecar")
		default:
			b.doc.Slots[slots[0]].Attrs = n.attrs
		}
	}
}

// An attr is one attribute: key=value, key="a value with spaces", or a key alone.
type attr struct {
	key, value string
	given      bool // has a value
}

// splitAttrs reads attributes, separated by spaces.
func splitAttrs(text string) ([]attr, error) {
	var list []attr
	for text = strings.TrimLeft(text, " \t"); text != ""; text = strings.TrimLeft(text, " \t") {
		end := strings.IndexAny(text, "= \t")
		if end < 0 {
			return append(list, attr{key: text}), nil
		}
		a := attr{key: text[:end]}
		if text = text[end:]; text[0] == '=' {
			a.given = true
			text = text[1:]
			if text != "" && (text[0] == '"' || text[0] == '\'') {
				value, rest, closed := strings.Cut(text[1:], text[:1])
				if !closed {
					return list, errors.New(a.key + " has a quote that is not closed")
				}
				if rest != "" && rest[0] != ' ' && rest[0] != '\t' {
					return list, errors.New("between attributes there is a space; none follows " + a.key)
				}
				a.value, text = value, rest
			} else {
				end = strings.IndexAny(text, " \t")
				if end < 0 {
					end = len(text)
				}
				a.value, text = text[:end], text[end:]
			}
		}
		list = append(list, a)
	}
	return list, nil
}

// bareAttributes warns of attributes in an info string that no braces enclose:
// they look as if they counted.
func (b *builder) bareAttributes(info string, line int) {
	outside, _, _ := strings.Cut(info, "{")
	for _, word := range strings.Fields(outside)[min(1, len(strings.Fields(outside))):] {
		key, _, _ := strings.Cut(word, "=")
		if slices.Contains(stepArgs, key) {
			b.problem(Warning, "attribute", line, "the attribute "+word+" stands outside of braces and counts for nothing", "write {"+word+"}")
		}
	}
}
