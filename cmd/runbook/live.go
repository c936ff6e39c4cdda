package main

import (
	"io"

	"runbook/executor"
	"runbook/runbook"
)

// live shows one command's output while it comes. It never colours or moves
// anything on the terminal, and masks what is known to be secret; what a
// command reveals by nature the operator's own terminal shows as it is, and
// nothing else does: standard error that is no terminal is kept by somebody.
type live struct {
	screen *screen
	stream *executor.Stream
	to     io.Writer
}

// newLive decides how a command's output is shown on w. why says that it is
// not shown.
func newLive(w io.Writer, mask *executor.Mask, t *runbook.Task, c *runbook.Command) (l *live, why string) {
	file, tty := terminal(w)
	reveals := executor.Reveals(t, c)
	switch {
	case t.TTY && tty:
		return &live{to: file}, "" // the step has the terminal, and draws on it
	case reveals != "" && !tty:
		return nil, reveals
	case reveals != "":
		s := &screen{w: file}
		return &live{screen: s, to: s}, ""
	}
	s := &screen{w: behind(w)}
	stream := mask.Stream(s)
	return &live{screen: s, stream: stream, to: stream}, ""
}

// end shows what was held back, and reports whether the last line is open.
func (l *live) end() (midline bool) {
	// A terminal that is gone must not stop the step; the record has it all.
	if l.stream != nil {
		_ = l.stream.Close()
	}
	if l.screen == nil {
		return false
	}
	_ = l.screen.Close()
	return l.screen.midline
}
