package runbook

import (
	"fmt"
	"regexp"
	"slices"
)

// foreignPrompts are what looks like the prompt of a shell or a device that is
// not known as one: "root@host:/#", "switch#", "host%". In a session "host>" is
// one as well; in a script that is a redirection.
var (
	foreignSign = regexp.MustCompile(`^(?:\[[\w@.:~/ -]+\]|[\w@.:~/()-]*[\w~/)])[#%]\s+\S`)
	sessionSign = regexp.MustCompile(`^[\w@.:~/\[\]()-]+>\s+\S`)
)

var sessionLangs = []string{"console", "shell-session", "terminal"}

// prompts reports commands that start with a prompt which is not recognised:
// the shell would run it as a program.
func (l *linter) prompts(s *lintStep) {
	for i := range s.Script.Commands {
		c := &s.Script.Commands[i]
		text := firstLine(c.Text)
		if foreignSign.MatchString(text) || slices.Contains(sessionLangs, s.Slot.Lang) && sessionSign.MatchString(text) {
			l.report(Error, "unknown-prompt", c.Line, fmt.Sprintf("%s starts with what looks like a prompt, and would be run as it stands", text),
				"write the prompt as $, or leave it out; tag the fence as text if it is not meant to run")
		}
	}
}
