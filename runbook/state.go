package runbook

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// A State is what a run's events add up to. Fold makes it; Apply moves it on.
type State struct {
	Start     *RunStarted // nil before the first event
	Began     time.Time
	Latest    time.Time   // of the last event
	Ended     time.Time   // of the first stop with no step left; zero before
	Stopped   *RunStopped // nil while a run, or its resumption, is under way
	Operators []string    // in order of appearance
	Operator  string      // of this part of the run
	Resumed   int         // how often
	Fresh     int         // how often without the shell's state of the part before

	Steps        map[ID]*StepState
	Fields       map[ID]*FieldFilled
	Items        map[ID]*ItemSettled
	Settled      map[ID]time.Time // when a field, item or choice was last settled
	Choices      map[ID]*ChoiceSettled
	Placeholders map[string]*PlaceholderGiven
	Open         map[ID]string // slots that were tried and left open, with the reason
	Deviations   []Entry       // of Deviation and StepResolved
	Declared     []Entry       // of ContingencyDeclared
	Drift        []Entry       // of DriftAccepted
	Notes        []*Noted
	Files        map[string]*FileState // by path, those whose content matters
	Pins         []Entry               // of PinChecked, oldest first
	Attested     map[ID][]*Attested    // of items that take several persons' words
	Signed       map[ID]*SignedOff     // sign-offs by signature
	Sealed       bool                  // the last entry is run.sealed
	Waived       []*ShapeWaived
	Sidecar      Digest           // that the run follows now; empty: there is none
	Sidecars     []Entry          // of SidecarChanged
	Swept        []Entry          // of SecretsSwept
	Void         map[Digest]Entry // of SecretsSwept, by the statement whose signature it made void

	Entries int
	Head    Digest // of the last entry

	// behind counts the plan's first tasks that Ready has found nothing left to
	// do for: a run of thousands of steps need not look at them each time.
	behind int
	// again holds the items that a check failed before the run was resumed: the
	// world may have been mended since, and the check is asked anew.
	again map[ID]bool
}

// StepStatus is where a step stands.
type StepStatus string

// The statuses of a step. StepUnknown is a command that was started and has no
// end in the journal: nothing runs it again without a person's word.
const (
	StepPending     StepStatus = "pending"
	StepRunning     StepStatus = "running"
	StepPassed      StepStatus = "passed"
	StepContinued   StepStatus = "continued" // ended after a person went on past a failed command
	StepFailed      StepStatus = "failed"
	StepInterrupted StepStatus = "interrupted"
	StepSkippedOver StepStatus = "skipped"
	StepUnknown     StepStatus = "unknown"
)

// Fold adds up a journal's entries.
func Fold(entries []Entry) (*State, error) {
	s := NewState()
	for i := range entries {
		if err := s.Apply(entries[i]); err != nil {
			return nil, fmt.Errorf("entry %d: %w", entries[i].Seq, err)
		}
	}
	return s, nil
}

// NewState is the state before any event.
func NewState() *State {
	return &State{
		Steps:        map[ID]*StepState{},
		Fields:       map[ID]*FieldFilled{},
		Items:        map[ID]*ItemSettled{},
		Settled:      map[ID]time.Time{},
		Choices:      map[ID]*ChoiceSettled{},
		Placeholders: map[string]*PlaceholderGiven{},
		Open:         map[ID]string{},
		Files:        map[string]*FileState{},
		Attested:     map[ID][]*Attested{},
		Signed:       map[ID]*SignedOff{},
		Void:         map[Digest]Entry{},
		again:        map[ID]bool{},
	}
}

// Step returns the state of a step; one that has not started is pending.
func (s *State) Step(id ID) *StepState {
	if st := s.Steps[id]; st != nil {
		return st
	}
	return &StepState{Status: StepPending}
}

// Apply moves the state on by one entry. An event that cannot follow from what
// came before is an error, and the state must then be thrown away.
func (s *State) Apply(e Entry) error {
	if e.Event == nil {
		return errors.New("an entry without an event")
	}
	if start, ok := e.Event.(*RunStarted); ok != (s.Start == nil) {
		if ok {
			return fmt.Errorf("a second %s", start.EventType())
		}
		return fmt.Errorf("%s before run.started", e.Event.EventType())
	}
	if err := s.apply(e); err != nil {
		return err
	}
	_, s.Sealed = e.Event.(*RunSealed)
	s.Entries, s.Head, s.Latest = s.Entries+1, e.Digest, e.Time
	return nil
}

func (s *State) apply(e Entry) error {
	switch ev := e.Event.(type) {
	case *RunStarted:
		s.Start, s.Began, s.Sidecar = ev, e.Time, ev.Sidecar
		s.operator(ev.Identity.Operator)
	case *RunResumed:
		s.Stopped = nil
		s.Resumed++
		if ev.Fresh {
			s.Fresh++
		}
		s.operator(ev.Identity.Operator)
		clear(s.Open)
		s.behind = 0
		for id, f := range s.Items {
			if f.Verdict == Fail && f.By == "" {
				s.again[id] = true
			}
		}
		s.lose()
	case *RunStopped:
		s.Stopped = ev
		if s.Ended.IsZero() && ev.Left == 0 && ev.Result != Held {
			s.Ended = e.Time
		}
		s.lose()
	case *FieldFilled:
		s.Fields[ev.Field], s.Settled[ev.Field] = ev, e.Time
		delete(s.Open, ev.Field)
	case *FieldCleared:
		delete(s.Fields, ev.Field)
		delete(s.Settled, ev.Field)
	case *ContingencyDeclared:
		s.Declared = append(s.Declared, e)
		s.behind = 0
	case *DriftAccepted:
		s.Drift = append(s.Drift, e)
	case *ItemSettled:
		s.Items[ev.Item], s.Settled[ev.Item] = ev, e.Time
		delete(s.Signed, ev.Item)
		delete(s.Open, ev.Item)
		delete(s.again, ev.Item)
	case *ChoiceSettled:
		s.Choices[ev.Choice], s.Settled[ev.Choice] = ev, e.Time
		delete(s.Open, ev.Choice)
	case *PlaceholderGiven:
		s.Placeholders[ev.Text] = ev
	case *SlotOpen:
		s.Open[ev.Slot] = ev.Reason
	case *Noted:
		s.note(ev)
	case *SignedOff:
		s.applySignedOff(e, ev)
	case *RunSealed:
		if ev.Entries != s.Entries || ev.Head != s.Head {
			return fmt.Errorf("the seal counts %d entries up to %s, and there are %d up to %s", ev.Entries, ev.Head, s.Entries, s.Head)
		}
	case *SecretsSwept:
		s.Swept = append(s.Swept, e)
		for _, v := range ev.Void {
			s.Void[v.Statement] = e
		}
	case *ShapeWaived:
		s.Waived = append(s.Waived, ev)
	case *SidecarChanged:
		if ev.Was != s.Sidecar {
			return fmt.Errorf("the sidecar is said to have been %q, and it was %q", ev.Was, s.Sidecar)
		}
		s.Sidecar, s.Sidecars = ev.Is, append(s.Sidecars, e)
	default:
		if !s.applyClaim(e) {
			return s.applyStep(e)
		}
	}
	return nil
}

// Contingency is the ID of the contingency that was declared last; empty while
// the run is on its main path.
func (s *State) Contingency() ID {
	if n := len(s.Declared); n > 0 {
		if d, ok := s.Declared[n-1].Event.(*ContingencyDeclared); ok {
			return d.Contingency
		}
	}
	return ""
}

// inForce reports whether what stands in a section counts: it is no part of a
// contingency, or of one that was declared.
func (s *State) inForce(section *Section) bool {
	if section.Contingency == "" {
		return true
	}
	return slices.ContainsFunc(s.Declared, func(e Entry) bool {
		d, ok := e.Event.(*ContingencyDeclared)
		return ok && d.Contingency == section.Contingency
	})
}

// lose turns what was under way when the run stopped, or the runner
// disappeared, into unknown.
func (s *State) lose() {
	for _, st := range s.Steps {
		if _, ok := st.Unknown(); ok {
			st.Status = StepUnknown
		} else if st.Status == StepRunning {
			st.Status = StepInterrupted
		}
	}
}

func (s *State) operator(name string) {
	s.Operator = name
	for _, o := range s.Operators {
		if o == name {
			return
		}
	}
	s.Operators = append(s.Operators, name)
}

func (s *State) note(n *Noted) {
	for i, old := range s.Notes {
		if old.What == n.What {
			s.Notes[i] = n
			return
		}
	}
	s.Notes = append(s.Notes, n)
}

func (s *State) applyStep(e Entry) error {
	switch ev := e.Event.(type) {
	case *StepStarted:
		st := s.Steps[ev.Step]
		if st == nil {
			st = &StepState{Began: e.Time, Commands: map[int]*CommandState{}, Expects: map[int]*ExpectJudged{}}
			s.Steps[ev.Step] = st
		}
		if i, unknown := st.Unknown(); unknown {
			return fmt.Errorf("step %s starts, and the outcome of its command %d is unknown", ev.Step, i)
		}
		st.Status, st.Attempt, st.Dir, st.Reason, st.By = StepRunning, ev.Attempt, ev.Dir, "", ""
		st.Underway = true
		return nil
	case *StepSkipped:
		st := s.Steps[ev.Step]
		if st == nil {
			st = &StepState{Began: e.Time, Commands: map[int]*CommandState{}, Expects: map[int]*ExpectJudged{}}
			s.Steps[ev.Step] = st
		}
		st.Underway = false
		st.Status, st.Reason, st.By, st.Ended = StepSkippedOver, ev.Reason, ev.By, e.Time
		return nil
	case *StepFinished:
		return s.within(ev.Step, func(st *StepState) error { return st.finish(ev, e.Time) })
	case *CommandStarted:
		return s.within(ev.Step, func(st *StepState) error {
			c, err := st.command(ev.Command)
			if err != nil {
				return err
			}
			if i, unknown := st.Unknown(); unknown {
				return fmt.Errorf("command %d starts, and the outcome of command %d is unknown", ev.Command, i)
			}
			if c.Settled {
				return fmt.Errorf("command %d starts, and it is settled", ev.Command)
			}
			if c.Finished != nil {
				c.Earlier = append(c.Earlier, c.Finished)
			}
			c.Running, c.Finished, c.Bad, c.Due = true, nil, "", time.Time{}
			st.started = ev.Command
			st.goesOn()
			return nil
		})
	case *CommandFinished:
		return s.within(ev.Step, func(st *StepState) error {
			c, err := st.command(ev.Command)
			if err != nil {
				return err
			}
			if !c.Running {
				return fmt.Errorf("command %d ends, and it has not started", ev.Command)
			}
			c.Running, c.Finished = false, ev
			st.goesOn()
			c.Foretold = ev.Failed() && st.foretold(ev.Command, ev.Attempt)
			c.Settled = (!ev.Failed() || c.Foretold) && !st.unmet(ev.Command, ev.Attempt)
			return nil
		})
	case *CommandRepeats:
		return s.within(ev.Step, func(st *StepState) error { return st.repeats(e, ev) })
	case *OutputReleased:
		return s.within(ev.Step, func(st *StepState) error { return st.release(ev) })
	case *ExpectJudged:
		return s.within(ev.Step, func(st *StepState) error {
			st.Expects[ev.Line] = ev
			return nil
		})
	case *StepResolved:
		s.Deviations = append(s.Deviations, e)
		return s.within(ev.Step, func(st *StepState) error { return st.resolve(ev) })
	case *Deviation:
		s.Deviations = append(s.Deviations, e)
		return s.within(ev.Step, func(st *StepState) error { return st.deviate(ev) })
	}
	return fmt.Errorf("unknown event %s", e.Event.EventType())
}

func (s *State) within(id ID, do func(*StepState) error) error {
	st := s.Steps[id]
	if st == nil {
		return fmt.Errorf("step %s has not started", id)
	}
	if err := do(st); err != nil {
		return fmt.Errorf("step %s: %w", id, err)
	}
	return nil
}

// Shell tells what going on with the run needs of what its last step left on
// the machine that ran it. kept says that the shell's state was kept there;
// midway that the step was cut off after some of its commands, and nobody knows.
func (s *State) Shell() (kept, midway bool) {
	var last *StepState
	for _, st := range s.Steps {
		if len(st.Commands) > 0 && (last == nil || st.Began.After(last.Began)) {
			last = st
		}
	}
	if last == nil {
		return false, false
	}
	return last.Shell, last.Ended.IsZero() && last.Next() > 0
}
