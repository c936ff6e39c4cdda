package runbook

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Repeat says which commands of a step may be run again by themselves: those
// that the checklist, or its sidecar, marks idempotent. Running one twice does
// what running it once does, so that nobody has to be asked.
type Repeat struct {
	Times    int           // at most, for each command, after its first run
	Pause    time.Duration // before each
	Commands map[int]bool  // by index in the script
}

// What a step has that says only which commands are idempotent, and the most
// that it may say.
const (
	defaultRepeats = 2
	mostRepeats    = 10
	defaultPause   = 5 * time.Second
	longestPause   = 10 * time.Minute
)

// Repeats tells how often a command may be run again by itself; 0 is never.
func (t *Task) Repeats(command int) int {
	if !t.Repeat.Commands[command] {
		return 0
	}
	return t.Repeat.Times
}

// repeat reads a step's attributes on repetition.
func (t *Task) repeat(idempotent, times, pause *string) []error {
	var errs []error
	if idempotent == nil {
		if times != nil || pause != nil {
			errs = append(errs, errors.New("retry and pause are for commands that idempotent names"))
		}
		return errs
	}
	t.Repeat = Repeat{defaultRepeats, defaultPause, map[int]bool{}}
	on, err := parseSwitch("idempotent", *idempotent)
	for i, c := range t.Script.Commands {
		if err == nil && on || err != nil && match(*idempotent, strings.TrimSpace(c.Text)) {
			t.Repeat.Commands[i] = true
		}
	}
	if err != nil && len(t.Repeat.Commands) == 0 && len(t.Script.Commands) > 0 {
		errs = append(errs, fmt.Errorf("idempotent: no command of the step is %q; it is true, or a command's text, in which * stands for anything", *idempotent))
	}
	if times != nil {
		if t.Repeat.Times, err = strconv.Atoi(*times); err != nil || t.Repeat.Times < 1 || t.Repeat.Times > mostRepeats {
			errs = append(errs, fmt.Errorf("retry is a number from 1 to %d, not %q", mostRepeats, *times))
		}
	}
	if pause != nil {
		if t.Repeat.Pause, err = time.ParseDuration(*pause); err != nil || t.Repeat.Pause < 0 || t.Repeat.Pause > longestPause {
			errs = append(errs, fmt.Errorf("pause %q is not a duration such as 30s, of at most %s", *pause, longestPause))
		}
	}
	return errs
}

// RepeatNote says of a command that it may be run again by itself; empty if not.
func (t *Task) RepeatNote(command int) string {
	n := t.Repeats(command)
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("idempotent: run again by itself, up to %s, %s apart, where it fails or nobody knows how it ended", plural(n, "time"), t.Repeat.Pause)
}

// CommandRepeats says that a command which is marked idempotent is run again by
// itself, after a pause: it has failed, or its outcome is unknown. It is durable
// before the pause begins.
type CommandRepeats struct {
	Step    ID      `json:"step"`
	Command int     `json:"command"`
	Repeat  int     `json:"repeat"` // from 1, since a person last decided on the command
	Of      int     `json:"of"`
	Pause   float64 `json:"pause"` // seconds
}

// EventType implements Event.
func (*CommandRepeats) EventType() string { return "command.repeats" }

// repeats notes that a command is about to be run again by itself.
func (st *StepState) repeats(e Entry, ev *CommandRepeats) error {
	c, err := st.command(ev.Command)
	switch {
	case err != nil:
		return err
	case c.Running:
		return fmt.Errorf("command %d is to run again, and it is under way", ev.Command)
	case c.Settled:
		return fmt.Errorf("command %d is to run again, and it is settled", ev.Command)
	}
	c.Repeats, c.Due = append(c.Repeats, ev), e.Time.Add(time.Duration(ev.Pause*float64(time.Second)))
	c.Repeated = ev.Repeat
	return nil
}
