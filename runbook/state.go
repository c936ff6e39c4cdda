package runbook

import (
	"errors"
	"fmt"
	"time"
)

// A State is what a run's events add up to. Fold makes it; Apply moves it on.
type State struct {
	Start     *RunStarted // nil before the first event
	Began     time.Time
	Latest    time.Time   // of the last event
	Stopped   *RunStopped // nil while a run, or its resumption, is under way
	Operators []string    // in order of appearance
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
	Notes        []*Noted

	Entries int
	Head    Digest // of the last entry

	// behind counts the plan's first tasks that Ready has found nothing left to
	// do for: a run of thousands of steps need not look at them each time.
	behind int
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

// A StepState is where a step stands, and what its commands did last.
type StepState struct {
	Status  StepStatus
	Attempt int
	Dir     string // where the last attempt started
	EndDir  string
	Began   time.Time // of the first attempt
	Ended   time.Time // of the last
	Reason  string
	By      string // who skipped it
	Shell   bool   // the shell's state at its end is kept on the machine that ran it
	// Leftovers are the processes that outlived the last attempt and were ended.
	Leftovers []string
	Commands  map[int]*CommandState
	Expects   map[int]*ExpectJudged // by line, the last judgement
}

// A CommandState is what is known of one command of a step.
type CommandState struct {
	Running  bool // started, and not finished as far as the journal knows
	Finished *CommandFinished
	// Earlier holds the ends of attempts before the last one, oldest first.
	Earlier []*CommandFinished
	// Settled says that the command is behind the run: it passed, or a person
	// went on past it or vouched for it. It is never run again.
	Settled bool
	// Foretold says that the command failed as the step's text said it would.
	Foretold bool
	Edited   string // what ran instead of the template's text
}

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
	}
}

// Step returns the state of a step; one that has not started is pending.
func (s *State) Step(id ID) *StepState {
	if st := s.Steps[id]; st != nil {
		return st
	}
	return &StepState{Status: StepPending}
}

// Next is the index of the first command of the step that is not settled.
func (st *StepState) Next() int {
	for i := 0; ; i++ {
		if c := st.Commands[i]; c == nil || !c.Settled {
			return i
		}
	}
}

// Over reports whether the step is behind the run: nothing of it is left to do.
func (st *StepState) Over() bool {
	switch st.Status {
	case StepPassed, StepContinued, StepSkippedOver:
		return true
	}
	return false
}

// Unknown returns the index of the command whose outcome is unknown.
func (st *StepState) Unknown() (command int, ok bool) {
	for i, c := range st.Commands {
		if c.Running {
			return i, true
		}
	}
	return 0, false
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
	s.Entries, s.Head, s.Latest = s.Entries+1, e.Digest, e.Time
	return nil
}

func (s *State) apply(e Entry) error {
	switch ev := e.Event.(type) {
	case *RunStarted:
		s.Start, s.Began = ev, e.Time
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
		s.lose()
	case *RunStopped:
		s.Stopped = ev
		s.lose()
	case *FieldFilled:
		s.Fields[ev.Field], s.Settled[ev.Field] = ev, e.Time
		delete(s.Open, ev.Field)
	case *ItemSettled:
		s.Items[ev.Item], s.Settled[ev.Item] = ev, e.Time
		delete(s.Open, ev.Item)
	case *ChoiceSettled:
		s.Choices[ev.Choice], s.Settled[ev.Choice] = ev, e.Time
		delete(s.Open, ev.Choice)
	case *PlaceholderGiven:
		s.Placeholders[ev.Text] = ev
	case *SlotOpen:
		s.Open[ev.Slot] = ev.Reason
	case *Noted:
		s.note(ev)
	default:
		return s.applyStep(e)
	}
	return nil
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
		return nil
	case *StepSkipped:
		st := s.Steps[ev.Step]
		if st == nil {
			st = &StepState{Began: e.Time, Commands: map[int]*CommandState{}, Expects: map[int]*ExpectJudged{}}
			s.Steps[ev.Step] = st
		}
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
			c.Running, c.Finished = true, nil
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
			c.Foretold = ev.Failed() && st.foretold(ev.Command, ev.Attempt)
			c.Settled = (!ev.Failed() || c.Foretold) && !st.unmet(ev.Command, ev.Attempt)
			return nil
		})
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

// command returns what is known of the command with that index.
func (st *StepState) command(i int) (*CommandState, error) {
	if i < 0 {
		return nil, fmt.Errorf("there is no command %d", i)
	}
	c := st.Commands[i]
	if c == nil {
		c = &CommandState{}
		st.Commands[i] = c
	}
	return c, nil
}

func (st *StepState) deviate(ev *Deviation) error {
	c, err := st.command(ev.Command)
	if err != nil {
		return err
	}
	switch ev.Kind {
	case "continue":
		if c.Running {
			return fmt.Errorf("the outcome of command %d is unknown", ev.Command)
		}
		c.Settled = true
	case "edit":
		c.Edited = ev.Text
	}
	return nil
}

// unmet reports whether the command broke a promise of the step's text in that
// attempt. Promises are judged before the command's end is journaled, so that a
// crash between the two leaves the command unknown, never passed.
func (st *StepState) unmet(command, attempt int) bool {
	for _, x := range st.Expects {
		if x.Command == command && x.Attempt == attempt && x.Verdict == Fail && !x.Advisory {
			return true
		}
	}
	return false
}

// foretold reports whether the step's text said that the command would fail.
func (st *StepState) foretold(command, attempt int) bool {
	for _, x := range st.Expects {
		if x.Command == command && x.Attempt == attempt && x.Verdict == Pass && x.Failure {
			return true
		}
	}
	return false
}

func (st *StepState) finish(ev *StepFinished, at time.Time) error {
	if i, unknown := st.Unknown(); unknown {
		return fmt.Errorf("it ends, and the outcome of its command %d is unknown", i)
	}
	st.EndDir, st.Reason, st.Ended, st.Leftovers, st.Shell = ev.Dir, ev.Reason, at, ev.Leftovers, ev.Shell
	switch ev.Result {
	case Passed:
		st.Status = StepPassed
		for _, c := range st.Commands {
			if c.Finished != nil && c.Finished.Failed() && !c.Foretold {
				st.Status = StepContinued
			}
		}
		for _, x := range st.Expects {
			if x.Verdict == Fail && !x.Advisory {
				st.Status = StepContinued
			}
		}
	case Interrupted:
		st.Status = StepInterrupted
	default:
		st.Status = StepFailed
	}
	return nil
}

func (st *StepState) resolve(ev *StepResolved) error {
	c, err := st.command(ev.Command)
	if err != nil {
		return err
	}
	if !c.Running {
		return fmt.Errorf("the outcome of command %d is not unknown", ev.Command)
	}
	c.Running = false
	c.Settled = ev.Outcome == "done"
	st.Status, st.Reason = StepInterrupted, ev.text()
	if ev.Outcome == "failed" {
		st.Status = StepFailed
	}
	return nil
}

func (ev *StepResolved) text() string {
	return fmt.Sprintf("%s, by the word of %s: %s", ev.Outcome, ev.By, ev.Reason)
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
