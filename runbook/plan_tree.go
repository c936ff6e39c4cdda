package runbook

import (
	"fmt"
	"strings"
)

// Where a step of the main path has git move the work tree that the record
// stands in, git may refuse, carry the record along or take it away. A rollback
// gets the record out of the way by itself; exec says it beforehand.

// TreeMoves lists the commands that do, of the steps that are still to run: by
// step, line and text.
func (p *Plan) TreeMoves(s *State) []string {
	var moves []string
	for _, t := range p.Steps() {
		for i := range t.Script.Commands {
			if p.TreeNote(t, i) != "" && (s == nil || !s.Step(t.Slot.ID).Over()) {
				c := &t.Script.Commands[i]
				moves = append(moves, fmt.Sprintf("step %d, line %d: %s", t.Number, c.Line, firstLine(c.Text)))
			}
		}
	}
	return moves
}

// TreeNote says of a command that it moves the work tree that the record stands
// in; empty if not.
func (p *Plan) TreeNote(t *Task, command int) string {
	if !p.InTree || !t.Script.Commands[command].MovesTree || t.Contingency != "" || !t.Selected || t.Skip {
		return ""
	}
	return "moves the git work tree that the record stands in; " + TreeHint
}

// TreeHint says what to do about it.
const TreeHint = "git may refuse, carry the record along or take it away: write it outside of the work tree, with --record"

// MovedTree is the note for the record of a run that has such commands; nil
// where there are none, or the record has it.
func (p *Plan) MovedTree(s *State) *Noted {
	const what = "Moves the work tree that the record stands in"
	moves := p.TreeMoves(nil)
	if len(moves) == 0 {
		return nil
	}
	for _, n := range s.Notes {
		if n.What == what {
			return nil
		}
	}
	return &Noted{What: what, Value: strings.Join(moves, "; ")}
}
