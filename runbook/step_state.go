package runbook

import (
	"fmt"
	"time"
)

// A StepState is where a step stands, and what its commands did last.
type StepState struct {
	Status  StepStatus
	Attempt int
	// Underway says that the attempt has begun and not ended, though its runner
	// may have: who goes on with it begins no new one.
	Underway bool
	Dir      string // where the last attempt started
	EndDir   string
	Began    time.Time // of the first attempt
	Ended    time.Time // of the last
	Reason   string
	By       string // who skipped it
	Shell    bool   // the shell's state at its end is kept on the machine that ran it
	// Leftovers are the processes that outlived the last attempt and were ended.
	Leftovers []string
	Commands  map[int]*CommandState
	Expects   map[int]*ExpectJudged // by line, the last judgement

	started int // the command that started last: only this one can be under way
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
	// Bad is a person's word, with its reason, that a command whose outcome was
	// unknown has failed. It is not run again unless told.
	Bad string
	// Foretold says that the command failed as the step's text said it would.
	Foretold bool
	Edited   string // what ran instead of the template's text
	// Repeats are its repetitions by itself, Repeated how many of them there
	// were since a person last decided on it, Due when the next one begins; zero
	// when none is announced.
	Repeats  []*CommandRepeats
	Repeated int
	Due      time.Time
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
	if c := st.Commands[st.started]; c != nil && c.Running {
		return st.started, true
	}
	return 0, false
}

// goesOn notes that an attempt which another part of the run began is running
// again: its command was adopted, or the next one starts.
func (st *StepState) goesOn() {
	if st.Underway {
		st.Status = StepRunning
	}
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

// release puts an output in the place that was held for it. The entries' own
// events are not changed: other states are made of them too.
func (st *StepState) release(ev *OutputReleased) error {
	c, err := st.command(ev.Command)
	if err != nil {
		return err
	}
	f := c.try(ev.Attempt)
	if f == nil || *f == nil || !(*f).Output.Held {
		return fmt.Errorf("output of command %d, attempt %d, is released, and none is held", ev.Command, ev.Attempt)
	}
	shown := **f
	held := shown.Output
	shown.Output = Output{Bytes: held.Bytes, Lines: held.Lines, Head: ev.Head, Tail: ev.Tail, Withheld: ev.Withheld, File: ev.File, Digest: ev.Digest}
	*f = &shown
	for _, x := range ev.Found {
		if j := st.Expects[x.Line]; j != nil && j.Attempt == ev.Attempt && j.Command == ev.Command {
			found := *j
			found.Found = x.Text
			st.Expects[x.Line] = &found
		}
	}
	return nil
}

// try returns where the end of an attempt at the command is kept; nil if it
// has none.
func (c *CommandState) try(attempt int) **CommandFinished {
	if c.Finished != nil && c.Finished.Attempt == attempt {
		return &c.Finished
	}
	for i := range c.Earlier {
		if c.Earlier[i].Attempt == attempt {
			return &c.Earlier[i]
		}
	}
	return nil
}

func (st *StepState) deviate(ev *Deviation) error {
	c, err := st.command(ev.Command)
	if err != nil {
		return err
	}
	switch ev.Kind {
	case "retry":
		c.Repeated = 0
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
	st.Underway = false
	st.EndDir, st.Reason, st.Ended, st.Leftovers, st.Shell = ev.Dir, ev.Reason, at, ev.Leftovers, ev.Shell
	switch ev.Result {
	case Passed:
		st.Status = StepPassed
		for _, c := range st.Commands {
			if c.Finished != nil && c.Finished.Failed() && !c.Foretold || c.Bad != "" {
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
	c.Running, st.Underway = false, false
	c.Repeated = 0
	c.Settled = ev.Outcome == "done"
	st.Status, st.Reason = StepInterrupted, ev.text()
	if ev.Outcome == "failed" {
		st.Status, c.Bad = StepFailed, ev.text()
	}
	return nil
}

func (ev *StepResolved) text() string {
	return fmt.Sprintf("%s, by the word of %s: %s", ev.Outcome, ev.By, ev.Reason)
}
