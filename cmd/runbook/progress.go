package main

import (
	"cmp"
	"fmt"
	"io"
	"time"

	"runbook/executor"
	"runbook/runbook"
)

// A progress shows a run on standard error while it goes on.
type progress struct {
	w       io.Writer
	quiet   bool
	verbose bool
	colour  bool
	doc     *runbook.Document
	state   *runbook.State
	midline bool // the last output did not end its line
	mask    *executor.Mask
	live    *live // of the command under way; nil: its output is not shown
}

func newProgress(env *environment, o *execOptions, s *session, mask *executor.Mask) *progress {
	_, tty := terminal(env.stderr)
	colour := tty && !o.noColor && env.get("NO_COLOR") == "" && env.get("TERM") != "dumb"
	return &progress{w: env.stderr, quiet: o.quiet, verbose: o.verbose, colour: colour, doc: s.doc, state: s.state, mask: mask}
}

// tint colours text where colours are wanted; code is an SGR parameter.
func (p *progress) tint(code, text string) string {
	if !p.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (p *progress) line(format string, args ...any) {
	p.endLine()
	fmt.Fprintf(p.w, format+"\n", args...)
}

// StepStarted implements executor.Progress.
func (p *progress) StepStarted(t *runbook.Task, dir string, first int) {
	if p.quiet {
		return
	}
	where := ""
	if dir != "" {
		where = " in " + runbook.Visible(dir)
	}
	from := ""
	if first > 0 {
		from = fmt.Sprintf(", from command %d", first+1)
	}
	p.line("%s", p.tint("1", fmt.Sprintf("▶ step %d, line %d: %s%s%s", t.Number, t.Slot.Line, runbook.Visible(cmp.Or(p.doc.Sections[t.Slot.Section].Title, p.doc.Name)), where, from)))
}

// CommandStarted implements executor.Progress.
func (p *progress) CommandStarted(t *runbook.Task, command int) {
	if p.quiet {
		return
	}
	p.endLine()
	text := t.Script.Commands[command].Text
	if c := p.state.Step(t.Slot.ID).Commands[command]; c != nil && c.Edited != "" {
		text = c.Edited
	}
	fmt.Fprint(p.w, p.tint("36", shown(text)))
	running := t.Script.Commands[command]
	running.Text = text
	why := ""
	if p.live, why = newLive(p.w, p.mask, t, &running); why != "" {
		fmt.Fprintf(p.w, "  (its output is shown at a terminal only: %s)\n", runbook.Visible(why))
	}
}

// endLine shows the rest of a command's output and ends its last line.
func (p *progress) endLine() {
	if p.live != nil {
		p.midline = p.live.end() || p.midline
		p.live = nil
	}
	if p.midline {
		fmt.Fprintln(p.w)
		p.midline = false
	}
}

// Output implements executor.Progress.
func (p *progress) Output(b []byte) {
	if p.quiet || len(b) == 0 || p.live == nil {
		return
	}
	// A terminal that is gone must not stop the step; the record has it all.
	_, _ = p.live.to.Write(b)
	if p.live.screen == nil {
		p.midline = b[len(b)-1] != '\n'
	}
}

// CommandFinished implements executor.Progress.
func (p *progress) CommandFinished(t *runbook.Task, command int, r executor.Result) {
	if p.live != nil {
		p.midline = p.live.end() || p.midline
		p.live = nil
	}
	switch {
	case r.Failed():
		p.line("%s", p.tint("31", fmt.Sprintf("  line %d: exit %d", t.Script.Commands[command].Line, r.Exit)))
		for _, f := range r.Failures {
			p.line("    line %d: %s: exit %d", f.Line, runbook.Visible(f.Command), f.Exit)
		}
	case r.Cut && !p.quiet:
		p.line("  line %d: producer cut", t.Script.Commands[command].Line)
	}
}

// Expectation implements executor.Progress.
func (p *progress) Expectation(_ *runbook.Task, e *runbook.Expect, verdict runbook.Verdict, found string) {
	switch {
	case verdict == runbook.Fail && e.Advisory:
		p.line("  line %d: expected %q: not met, advisory only", e.Line, e.Text)
	case verdict == runbook.Fail:
		p.line("%s", p.tint("31", fmt.Sprintf("  line %d: expected %q: not met: %s", e.Line, e.Text, runbook.Visible(found))))
	case verdict == runbook.Pass && !p.quiet:
		p.line("  line %d: expected %q: met", e.Line, e.Text)
	}
}

// StepFinished implements executor.Progress.
func (p *progress) StepFinished(t *runbook.Task, status runbook.StepStatus, took time.Duration, reason string) {
	if p.quiet && status == runbook.StepPassed {
		return
	}
	code := "32"
	if status != runbook.StepPassed {
		code = "31"
	}
	text := fmt.Sprintf("  step %d %s in %s", t.Number, status, took.Round(100*time.Millisecond))
	if reason != "" {
		text += ": " + runbook.Visible(reason)
	}
	p.line("%s", p.tint(code, text))
}

// Settled implements executor.Progress. What the operator has just typed is on
// the screen already.
func (p *progress) Settled(t *runbook.Task, text string) {
	if typed := t.Binding.Use == "ask" && t.Binding.Given == nil; !p.quiet && !typed {
		p.line("  line %d: %s: %s", t.Slot.Line, runbook.Visible(t.Slot.Label), runbook.Visible(text))
	}
}

// Left implements executor.Progress.
func (p *progress) Left(t *runbook.Task, reason string) {
	if p.verbose {
		p.line("  line %d: %s: open: %s", t.Slot.Line, runbook.Visible(t.Slot.Label), runbook.Visible(reason))
	}
}

// Message implements executor.Progress.
func (p *progress) Message(format string, args ...any) {
	p.line("runbook: %s", runbook.Visible(fmt.Sprintf(format, args...)))
}
