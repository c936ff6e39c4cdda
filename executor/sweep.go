package executor

import (
	"fmt"
	"reflect"
	"strings"

	"runbook/runbook"
)

// A Reviser is a journal out of which lines can be taken: what turns out to be
// secret may have been recorded before anyone could know.
type Reviser interface {
	Journal
	// Lines returns all that the journal holds.
	Lines() [][]byte
	// Revise replaces all of it, in one piece.
	Revise(lines [][]byte) error
}

// A sweep is what has to change in what was recorded before.
type sweep struct {
	events map[int]runbook.Event // by the line's index
	files  map[string][]byte     // by the name in the run directory's out
	names  []string
}

// sweep masks anew what the journal and the outputs of earlier stops hold, by
// all that is known now. The journal's change is durable before the files': a
// crash in between leaves files that the next sweep finds.
func (x *Executor) sweep() error {
	journal, ok := x.Journal.(Reviser)
	if err := x.flush(); err != nil || !ok || x.Mask.automaton() == nil {
		return err
	}
	lines := journal.Lines()
	found, err := x.search(lines)
	if err != nil || len(found.events) == 0 {
		return err
	}
	revised, state, void, err := x.revise(lines, found)
	if err == nil {
		err = journal.Revise(revised)
	}
	if err != nil {
		return fmt.Errorf("%w: masking what was recorded before: %w", ErrRecording, err)
	}
	*x.State = *state
	for name, data := range found.files {
		if err := x.Outputs.WriteOutput(name, data); err != nil {
			return fmt.Errorf("%w: %w", ErrRecording, err)
		}
	}
	x.Progress.Message("what was recorded before held %s; it is masked now. Where the record was committed or shared before, change the secret", strings.Join(found.names, ", "))
	for _, v := range void {
		x.Progress.Message("the signature of %s as %s covered what is masked now: it is void, and is to be given anew", v.Name, v.Role)
	}
	return nil
}

// search finds the entries that hold secrets, themselves or by their files.
func (x *Executor) search(lines [][]byte) (*sweep, error) {
	found := &sweep{events: map[int]runbook.Event{}, files: map[string][]byte{}}
	for i, line := range lines {
		names := x.Mask.Finds(line)
		if len(names) == 0 && !strings.Contains(string(line), `"file":"`) {
			continue
		}
		entry, err := runbook.DecodeEntry(line, eventTypes)
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrRecording, i+1, err)
		}
		event := x.Mask.Event(entry.Event)
		changed := !reflect.DeepEqual(event, entry.Event)
		if file, digest := outputFile(event); file != "" && !x.fresh[file] {
			name := strings.TrimPrefix(file, "out/")
			data, err := x.Outputs.ReadOutput(name)
			if held := x.Mask.Finds(data); err == nil && len(held) > 0 {
				found.files[name] = x.Mask.Apply(data)
				*digest = runbook.DigestOf(found.files[name])
				names, changed = append(names, held...), true
			}
		}
		if changed {
			found.events[i] = event
			found.add(names)
		}
	}
	return found, nil
}

func (s *sweep) add(names []string) {
	for _, n := range names {
		if !strings.Contains(" "+strings.Join(s.names, " ")+" ", " "+n+" ") {
			s.names = append(s.names, n)
		}
	}
}

// outputFile returns the file that an event's output is in, and where the event
// has its digest; the event is a copy that may be changed.
func outputFile(e runbook.Event) (string, *runbook.Digest) {
	switch e := e.(type) {
	case *runbook.CommandFinished:
		return e.Output.File, &e.Output.Digest
	case *runbook.OutputReleased:
		return e.File, &e.Digest
	case *runbook.SidecarChanged:
		return e.File, &e.Digest
	case *runbook.DriftAccepted:
		return e.File, &e.Digest
	}
	return "", nil
}

// revise makes the journal's lines again, from the first that changes on, adds
// one that says so, and folds them. It returns the signatures that this makes
// void, too.
func (x *Executor) revise(lines [][]byte, found *sweep) ([][]byte, *runbook.State, []runbook.VoidSignature, error) {
	entries, err := runbook.DecodeJournal(lines, eventTypes)
	if err != nil {
		return nil, nil, nil, err
	}
	swept := &runbook.SecretsSwept{Entries: len(found.events), Files: len(found.files), Names: found.names}
	revised := make([][]byte, 0, len(lines)+1)
	prev := runbook.Head(nil)
	for i, e := range entries {
		line, digest := lines[i], e.Digest
		event, changed := found.events[i]
		if changed && swept.First == 0 {
			swept.First = i + 1
		}
		if !changed {
			event = e.Event
		}
		if swept.First > 0 {
			if signed, ok := event.(*runbook.SignedOff); ok && signed.Entries >= swept.First {
				swept.Void = append(swept.Void, runbook.VoidSignature{Item: signed.Item, Role: signed.Role, Name: signed.Name, File: signed.File, Statement: signed.Statement})
			}
			event = rebound(event, i, prev, swept.First)
			if line, digest, err = runbook.EncodeEntry(e.Seq, prev, e.Time, event); err != nil {
				return nil, nil, nil, err
			}
		}
		revised, prev = append(revised, line), digest
	}
	last, _, err := runbook.EncodeEntry(len(lines)+1, prev, x.Clock(), x.Mask.Event(swept))
	if err != nil {
		return nil, nil, nil, err
	}
	revised = append(revised, last)
	if entries, err = runbook.DecodeJournal(revised, eventTypes); err != nil {
		return nil, nil, nil, err
	}
	state, err := runbook.Fold(entries)
	return revised, state, swept.Void, err
}

// rebound makes events that name an earlier head fit the chain as it is now.
// prev is the head of the i entries before; first is the first that changed.
func rebound(e runbook.Event, i int, prev runbook.Digest, first int) runbook.Event {
	switch e := e.(type) {
	case *runbook.RunSealed:
		return &runbook.RunSealed{Entries: i, Head: prev}
	case *runbook.SignedOff:
		if e.Entries >= first {
			return &runbook.SlotOpen{Slot: e.Item, Reason: fmt.Sprintf("the signature of %s covered entries that have been masked since: it must be given again", e.Name)}
		}
	}
	return e
}
