package runbook

import (
	"bytes"
	"strings"
)

// table finds the slots in a table's cells. A cell that is exactly a box is an
// item named by its row; it owns the row's blanks.
func (b *builder) table(n *tableNode, c context) {
	var columns []string
	signed := false
	for i, row := range n.rows {
		cells := splitRow(b.view, row)
		if i == 0 {
			for _, cell := range cells {
				columns = append(columns, b.cellName(cell))
			}
			signed = signsBelow(columns)
		} else if len(cells) > len(columns) {
			cells = cells[:len(columns)]
		}
		text := b.view[row.Start:row.Stop]
		if mayMark(text) || i > 0 && (signed || bytes.Contains(text, []byte(tbd))) {
			b.row(cells, columns, c, i == 0)
		}
	}
}

// row finds the slots of one row.
func (b *builder) row(cells []Span, columns []string, c context, header bool) {
	name := ""
	boxes := 0
	for _, cell := range cells {
		if _, inner := b.cellBox(cell.Of(b.view)); inner.Len() > 0 {
			boxes++
		} else if name == "" {
			name = b.cellName(cell)
		}
	}
	owner := -1
	if boxes == 1 && !header {
		owner = rowItem
	}
	signs := boxes > 0 && !header && b.rowSigns(cells, columns)
	first := len(b.slots)
	verdict := boxes > 1 && !header && b.rowChoice(cells, columns, name)
	for i, cell := range cells {
		column := ""
		if !header {
			if column = columns[i]; b.offerIn(cell, i, name, columns) {
				continue
			}
		}
		if state, inner := b.cellBox(cell.Of(b.view)); inner.Len() > 0 && !header {
			if verdict {
				continue
			}
			label := name
			if boxes > 1 || label == "" {
				label = joinLabels(name, column)
			}
			b.cellItem(cell, inner, state, label, c, signs)
			continue
		}
		at := place{zone: Table, context: context{lead: c.lead, criterion: c.criterion}, owner: owner, label: column}
		if owner != rowItem && i > 0 {
			at.label = joinLabels(name, column)
		}
		p := &b.passage
		p.loadSpan(b.view, cell)
		if mayMark(p.text) {
			p.scan(b.refs)
			b.passageSlots(p, at)
		}
	}
	if owner == rowItem {
		b.ownRow(first)
	}
}

// outcomes are the columns that exclude one another: a box below one of them
// says what became of the row.
var outcomes = map[string]bool{
	"pass": true, "passed": true, "fail": true, "failed": true, "success": true, "failure": true, "yes": true, "no": true, "n a": true, "na": true,
	"ok": true, "not ok": true, "nok": true, "go": true, "no go": true, "met": true, "not met": true, "skip": true, "skipped": true, "blocked": true,
	"approve": true, "approved": true, "reject": true, "rejected": true, "true": true, "false": true, "not applicable": true,
}

// rowChoice adds the boxes of a row as one choice where its columns exclude
// one another, as Pass and Fail do. It reports whether they do.
func (b *builder) rowChoice(cells []Span, columns []string, name string) bool {
	s := Slot{Kind: ChoiceSlot, Zone: Table, Label: name}
	seen := map[string]bool{}
	ticked := 0
	for i, cell := range cells {
		state, inner := b.cellBox(cell.Of(b.view))
		if inner.Len() == 0 {
			continue
		}
		column := strings.Join(words(columns[i]), " ")
		if !outcomes[column] || seen[column] {
			return false
		}
		seen[column] = true
		if state != ' ' {
			ticked++
		}
		s.Options = append(s.Options, Option{Label: columns[i], Mark: Span{cell.Start + inner.Start, cell.Start + inner.End}, Ticked: state != ' '})
	}
	s.Mark = s.Options[0].Mark
	s.Line = b.line(s.Mark.Start)
	if ticked > 1 {
		b.problem(Note, "choice-ticks", s.Line, "more than one box of the row is ticked: not taken as a choice", "")
		return false
	}
	s.nameByOptions()
	b.add(s, -1, false)
	return true
}

// rowItem stands for the item of a table's row until its index is known.
const rowItem = -2

// ownRow gives the blanks of a row, whose slots start at first, to its item.
func (b *builder) ownRow(first int) {
	item := first
	for b.doc.Slots[item].Kind != ItemSlot {
		item++
	}
	taken := false
	for i := first; i < len(b.slots); i++ {
		if b.slots[i].owner == rowItem {
			b.slots[i] = slotFacts{item, !taken}
			taken = true
		}
	}
}

// cellName returns a cell's text as a row's name; a cell of blanks and boxes
// names nothing.
func (b *builder) cellName(cell Span) string {
	p := &b.passage
	p.loadSpan(b.view, cell)
	if !mayMark(p.text) {
		return plain(p.text)
	}
	p.scan(b.refs)
	return trimLabel(plain(p.without(Span{0, len(p.text)})))
}

// cellBox reads a cell that is exactly a box.
func (b *builder) cellBox(cell []byte) (state byte, inner Span) {
	switch string(cell) {
	case "[ ]", "[x]", "[X]":
		if b.refs[cell[1]] {
			return 0, Span{}
		}
		return cell[1], Span{1, 2}
	case "☐", "⬜":
		return ' ', Span{0, 3}
	case "☑":
		return 'v', Span{0, 3}
	}
	return 0, Span{}
}

func (b *builder) cellItem(cell, inner Span, state byte, label string, c context, signs bool) {
	s := Slot{
		Kind: ItemSlot, Line: b.line(cell.Start), Zone: Table, State: state, Label: label,
		Mark: Span{cell.Start + inner.Start, cell.Start + inner.End},
	}
	s.Item = b.itemKind(s, place{context: c}, signs)
	b.add(s, -1, false)
}

// rowSigns reports whether a row has a blank for a name or signature.
func (b *builder) rowSigns(cells []Span, columns []string) bool {
	for i, cell := range cells {
		if bytes.IndexByte(cell.Of(b.view), '_') < 0 {
			continue
		}
		for _, w := range words(columns[i]) {
			if w == "name" || w == "signature" || w == "signed" || w == "signoff" {
				return true
			}
		}
	}
	return false
}

// joinLabels names a cell by its row and its column.
func joinLabels(row, column string) string {
	switch {
	case row == "":
		return column
	case column == "" || row == column:
		return row
	}
	return row + " / " + column
}
