package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"

	"runbook/executor"
	"runbook/runbook"
)

// A terminalConsole is the operator at the terminal: it asks before steps,
// about failures, items and blanks. Answers are single letters, or lines.
type terminalConsole struct {
	in     *bufio.Reader
	tty    *os.File
	out    io.Writer
	editor string
	plan   *runbook.Plan
	// interrupted is closed when the operator wants the run to stop.
	interrupted <-chan struct{}
}

func newTerminalConsole(in *os.File, out io.Writer, editor string) *terminalConsole {
	if editor == "" {
		editor = "vi"
	}
	return &terminalConsole{in: bufio.NewReader(in), tty: in, out: out, editor: editor}
}

func (c *terminalConsole) say(format string, args ...any) {
	fmt.Fprintf(c.out, format, args...)
}

// line reads one answer. The end of input and an interrupt are the wish to
// stop; the read that an interrupt leaves behind ends with the program.
func (c *terminalConsole) line(prompt string) (string, error) {
	c.say("%s ", prompt)
	type answer struct {
		text string
		err  error
	}
	read := make(chan answer, 1)
	go func() {
		text, err := c.in.ReadString('\n')
		read <- answer{text, err}
	}()
	select {
	case a := <-read:
		if a.err != nil {
			c.say("\n")
			return "", fmt.Errorf("%w: the terminal is gone", executor.ErrStop)
		}
		return strings.TrimSpace(a.text), nil
	case <-c.interrupted:
		return "", fmt.Errorf("%w: interrupted", executor.ErrStop)
	}
}

// letter asks until the answer starts with one of the letters; an empty answer
// is asked again, so that nothing is decided by an accident.
func (c *terminalConsole) letter(prompt, letters string) (byte, error) {
	for {
		text, err := c.line(prompt)
		if err != nil {
			return 0, err
		}
		if text = strings.ToLower(text); text != "" && strings.IndexByte(letters, text[0]) >= 0 {
			return text[0], nil
		}
		c.say("  please answer with one of: %s\n", strings.Join(strings.Split(letters, ""), ", "))
	}
}

// reason asks until there is one: it enters the record.
func (c *terminalConsole) reason() (string, error) {
	for {
		text, err := c.line("  Reason, for the record:")
		if err != nil || text != "" {
			return text, err
		}
	}
}

// Section implements executor.Console.
func (c *terminalConsole) Section(s *runbook.Section, prose string) error {
	title := s.Title
	if s.Level == 0 && c.plan != nil {
		title = cmp.Or(c.plan.Document.Title, c.plan.Document.Name)
	}
	c.say("\n== %s ==\n", runbook.Visible(title))
	for line := range strings.Lines(proseOnly(prose)) {
		c.say("  %s\n", runbook.Visible(strings.TrimRight(line, "\r\n")))
	}
	return nil
}

// proseOnly leaves out what is shown when its turn comes: fences and items.
func proseOnly(prose string) string {
	var out strings.Builder
	fence := ""
	blank := true
	for line := range strings.Lines(prose) {
		text := strings.TrimSpace(line)
		switch {
		case fence != "":
			if strings.HasPrefix(text, fence) {
				fence = ""
			}
			continue
		case strings.HasPrefix(text, "```"), strings.HasPrefix(text, "~~~"):
			fence = text[:3]
			continue
		case strings.HasPrefix(text, "- ["), strings.HasPrefix(text, "* ["), strings.HasPrefix(text, "---"):
			continue
		case text == "" && blank:
			continue
		}
		blank = text == ""
		out.WriteString(line)
	}
	return strings.TrimRight(out.String(), "\r\n ") + "\n"
}

// Confirm implements executor.Console.
func (c *terminalConsole) Confirm(t *runbook.Task, commands []runbook.Command, dir string) (executor.Decision, error) {
	c.say("\nStep %d, line %d, in %s:\n", t.Number, t.Slot.Line, runbook.Visible(dir))
	for _, cmd := range commands {
		for line := range strings.Lines(cmd.Comment) {
			c.say("    # %s\n", runbook.Visible(strings.TrimRight(line, "\n")))
		}
		c.say("%s", shown(cmd.Text))
	}
	key, err := c.letter("Run? [y]es [s]kip [e]dit [a]ll [q]uit", "yseaq")
	if err != nil {
		return executor.Decision{}, err
	}
	switch key {
	case 's':
		why, err := c.reason()
		return executor.Decision{Do: executor.SkipIt, Reason: why}, err
	case 'e':
		return c.edit(commands)
	case 'a':
		return executor.Decision{Do: executor.RunAll}, nil
	case 'q':
		return executor.Decision{Do: executor.Quit}, nil
	}
	return executor.Decision{Do: executor.RunIt}, nil
}

func shown(text string) string {
	var out strings.Builder
	for i, l := range strings.Split(strings.TrimRight(runbook.Visible(text), "\n"), "\n") {
		mark := "  $ "
		if i > 0 {
			mark = "    "
		}
		out.WriteString(mark + l + "\n")
	}
	return out.String()
}

// edit opens each command in the operator's editor.
func (c *terminalConsole) edit(commands []runbook.Command) (executor.Decision, error) {
	d := executor.Decision{Do: executor.EditIt}
	for _, cmd := range commands {
		text, err := editText(c.editor, cmd.Text+"\n", c.tty, c.tty)
		if err != nil {
			return d, err
		}
		d.Text = append(d.Text, strings.TrimRight(text, "\n"))
	}
	var err error
	d.Reason, err = c.reason()
	return d, err
}

// Failed implements executor.Console.
func (c *terminalConsole) Failed(t *runbook.Task, command int, why string) (executor.Decision, error) {
	key, err := c.letter("[r]etry [c]ontinue from the next command [s]kip [q]uit", "rcsq")
	if err != nil {
		return executor.Decision{}, err
	}
	reason, err := c.reason()
	return executor.Decision{Do: map[byte]executor.Choice{'r': executor.RetryIt, 'c': executor.Continue, 's': executor.SkipIt, 'q': executor.Quit}[key], Reason: reason}, err
}

// Unknown implements executor.Console.
func (c *terminalConsole) Unknown(t *runbook.Task, command int) (executor.Decision, error) {
	cmd := t.Script.Commands[command]
	c.say("\nStep %d, line %d was started, and the journal does not know how it ended:\n%s", t.Number, cmd.Line, shown(cmd.Text))
	key, err := c.letter("What became of it? [d]one [f]ailed run [a]gain [q]uit", "dfaq")
	if err != nil || key == 'q' {
		return executor.Decision{Do: executor.Quit}, err
	}
	reason, err := c.reason()
	return executor.Decision{Do: map[byte]executor.Choice{'d': executor.Done, 'f': executor.Bad, 'a': executor.Again}[key], Reason: reason}, err
}

// Placeholder implements executor.Console.
func (c *terminalConsole) Placeholder(text string, t *runbook.Task) (string, error) {
	for _, s := range runbook.Offers(text) {
		c.say("  (could be %s: %s)\n", call(s.Use, s.Args), s.Why)
	}
	for {
		value, err := c.line(fmt.Sprintf("Step %d needs a value for %s:", t.Number, runbook.Visible(text)))
		if err != nil || value == "" {
			return "", err
		}
		if err := runbook.CheckValue(value); err == nil {
			return value, nil
		}
		c.say("  that value cannot stand in a record\n")
	}
}

// Item implements check.Prompter.
func (c *terminalConsole) Item(slot *runbook.Slot, operator string) (runbook.Verdict, string, error) {
	prompt := "  [ ] " + runbook.Visible(slot.Label)
	if slot.Item == runbook.SignOff {
		prompt += " — sign as " + runbook.Visible(operator) + "?"
	}
	key, err := c.letter(prompt+"  [y]es [n]o [l]ater n/[a] [q]uit", "ynlaq")
	if err != nil {
		return "", "", err
	}
	switch key {
	case 'y':
		return runbook.Pass, "", nil
	case 'n':
		note, err := c.reason()
		return runbook.Fail, note, err
	case 'a':
		note, err := c.reason()
		return runbook.NotApplicable, note, err
	case 'q':
		return "", "", fmt.Errorf("%w", executor.ErrStop)
	}
	return "", "", nil
}

// Field implements source.Prompter.
func (c *terminalConsole) Field(slot *runbook.Slot, hint string, suggest []runbook.Suggestion) (string, error) {
	label := slot.Label
	if slot.Hint != "" {
		label += " " + slot.Hint
	}
	if hint != "" {
		c.say("  (%s)\n", runbook.Visible(hint))
	}
	for _, o := range slot.Options {
		c.say("  ( ) %s\n", runbook.Visible(o.Label))
	}
	for _, s := range suggest {
		c.say("  (could be %s %v: %s)\n", s.Use, s.Args, runbook.Visible(s.Why))
	}
	for {
		value, err := c.line("  " + runbook.Visible(label) + " (Enter leaves it open):")
		if err != nil || value == "" {
			return "", err
		}
		if err := runbook.CheckValue(value); err == nil {
			return value, nil
		}
		c.say("  that value cannot stand in a record\n")
	}
}
