package runbook

import (
	"slices"
	"strings"
)

// A commandFault is what is wrong with one call.
type commandFault struct {
	sev           Severity
	code          string
	message, hint string
}

// commands reports what single commands of a step do to a run.
func (l *linter) commands(s *lintStep) {
	s.eachCall(func(_ int, c *shellCall) {
		for _, judge := range [...]func(*lintStep, *shellCall) *commandFault{judgeEndless, judgeInteractive, judgePager, judgeRepeat, judgeDestructive} {
			if f := judge(s, c); f != nil {
				sev := f.sev
				if c.place.maybe || s.TTY {
					sev = min(sev, Warning) // it may not be reached, or the operator can end it
				}
				l.report(sev, f.code, c.line, f.message, f.hint)
				return
			}
		}
	})
	for i, r := range s.readings {
		if r == nil {
			continue
		}
		for _, line := range r.loops {
			l.report(Error, "never-ending", line, "the loop never ends: nothing in it leaves it", "bound it: count the turns, or break")
		}
		l.hiddenFailures(s, i)
	}
}

// hiddenFailures reports where a command can fail and the shell goes on.
func (l *linter) hiddenFailures(s *lintStep, i int) {
	r := s.readings[i]
	l.pipefail = l.pipefail || r.options["pipefail"]
	for _, h := range r.hidden {
		sev, message, hint := Note, "", "runbook sees it; a person who pastes the command does not"
		switch h.kind {
		case hiddenByDeclaration:
			message = h.what + " succeeds even where the command in it fails"
			hint = "assign first and export after; " + hint
		case hiddenByTrue:
			sev, message = Warning, "a failure of "+h.what+" is ignored, by runbook as well"
			hint = "name the failure that is meant, or leave the || out"
		case hiddenByPipe:
			if l.pipefail {
				continue
			}
			message = "the pipeline succeeds even where " + h.what + " fails"
		case hiddenByArgument:
			message = "where " + h.what + " fails, the command runs all the same, without what it would have printed"
		}
		l.report(sev, "hidden-failure", h.line, message, hint)
	}
	l.closingTrue(s, i)
	l.errexitOff(s, i)
}

// errexitOff reports a `set +e` of the step itself; in a subshell or a function
// it does what it says.
func (l *linter) errexitOff(s *lintStep, i int) {
	words := strings.Fields(s.Script.Commands[i].Text)
	if len(words) == 0 || words[0] != "set" {
		return
	}
	for _, w := range words[1:] {
		if strings.HasPrefix(w, "+") && strings.Contains(w, "e") || w == "errexit" && slices.Contains(words, "+o") {
			l.report(Warning, "errexit-off", s.Script.Commands[i].Line, "after "+strings.Join(words, " ")+" a shell goes on past a failure, and a run does not: it stops at the first command that fails",
				"write || true behind the command that may fail, or put the commands into ( … )")
			return
		}
	}
}

// closingTrue reports `cmd; true`, which a shell takes for success.
func (l *linter) closingTrue(s *lintStep, i int) {
	if i == 0 {
		return
	}
	c, before := &s.Script.Commands[i], &s.Script.Commands[i-1]
	if (c.Text == "true" || c.Text == ":") && c.Line == before.Line+strings.Count(before.Text, "\n") {
		l.report(Note, "hidden-failure", c.Line, "the line succeeds even where the command before "+c.Text+" fails",
			"runbook sees it; a person who pastes the line does not")
	}
}

// judgeEndless finds the programs that run until somebody stops them.
func judgeEndless(_ *lintStep, c *shellCall) *commandFault {
	if c.place.background || c.place.cut || c.isTimed() || !isEndlessCall(c) {
		return nil
	}
	name := c.program()
	hint, ok := endlessHints[name]
	if !ok {
		hint = "let it end by itself, or bound it with timeout"
	}
	return &commandFault{Error, "never-ending", name + " never ends by itself: nothing after it would run", hint}
}

var endlessHints = map[string]string{
	"watch":   "run the command itself once, or wait for a state in a bounded loop",
	"tail":    "print the last lines only: tail -n 50",
	"ping":    "say how often: ping -c 3",
	"kubectl": "leave out what makes it follow or watch, run it in the background, or use kubectl wait",
	"ssh":     "put the tunnel into the background: ssh -f -N",
}

func isEndlessCall(c *shellCall) bool {
	words := c.words
	switch c.program() {
	case "htop", "btop", "atop", "iotop", "iftop", "nethogs", "k9s", "stern":
		return true
	case "watch":
		return !hasFlag(words, "-g") && !hasFlag(words, "--chgexit") && !hasFlag(words, "-e") && !hasFlag(words, "--errexit")
	case "top":
		return !hasShort(words, 'n') && !hasFlag(words, "-l")
	case "tail":
		return hasShort(words, 'f') || hasShort(words, 'F') || hasFlag(words, "--follow")
	case "journalctl":
		return hasShort(words, 'f') || hasFlag(words, "--follow")
	case "ping":
		return !hasShort(words, 'c') && !hasShort(words, 'w') && !hasFlag(words, "--help")
	case "kubectl", "oc":
		return isEndlessKubectl(words)
	case "docker", "docker-compose", "podman":
		return isEndlessDocker(words)
	case "aws":
		return c.arg(1) == "logs" && c.arg(2) == "tail" && hasFlag(words, "--follow")
	case "ssh":
		return hasShort(words, 'N') && !hasShort(words, 'f')
	case "sleep":
		return c.arg(1) == "infinity" || c.arg(1) == "inf"
	case "python", "python3":
		return c.arg(1) == "-m" && c.arg(2) == "http.server"
	}
	return false
}

func isEndlessKubectl(words []shellArg) bool {
	ops := operandsOf(words, kubectlValued)
	if len(ops) == 0 {
		return false
	}
	switch ops[0].value {
	case "port-forward", "proxy", "attach":
		return true
	case "logs":
		return hasShort(words, 'f') || hasFlag(words, "--follow") && !hasFlag(words, "--follow=false")
	case "get":
		return hasFlag(words, "-w") || hasFlag(words, "--watch") || hasFlag(words, "--watch-only")
	}
	return false
}

// kubectlValued are kubectl's flags that may take the next word.
const kubectlValued = "-n --namespace --context --kubeconfig --cluster --user -l --selector -o --output -c --container -s --server --token --as"

func isEndlessDocker(words []shellArg) bool {
	ops := operandsOf(words, "--context -H -f --file -p --project-name --profile --env-file")
	if len(ops) > 0 && ops[0].value == "compose" {
		ops = ops[1:]
	}
	if len(ops) == 0 {
		return false
	}
	switch ops[0].value {
	case "logs":
		return hasFlagAfter(words, "logs", "-f") || hasFlagAfter(words, "logs", "--follow")
	case "up":
		for _, flag := range [...]string{"-d", "--detach", "--wait", "--abort-on-container-exit", "--exit-code-from", "--no-start"} {
			if hasFlag(words, flag) {
				return false
			}
		}
		return true
	case "events":
		return !hasFlag(words, "--until")
	case "stats":
		return !hasFlag(words, "--no-stream")
	}
	return false
}

// hasFlagAfter reports whether the flag stands after the subcommand.
func hasFlagAfter(words []shellArg, sub, flag string) bool {
	for i, w := range words {
		if w.known && w.value == sub {
			return hasFlag(words[i+1:], flag)
		}
	}
	return false
}

// hasShort reports whether one of the words is a group of one-letter flags
// that holds this one: "-xf", and "-n5" for n.
func hasShort(words []shellArg, flag byte) bool {
	for _, w := range words[min(1, len(words)):] {
		v := w.value
		if !w.known {
			v = w.lead()
		}
		if v == "--" {
			return false
		}
		if len(v) > 1 && v[0] == '-' && v[1] != '-' && strings.IndexByte(v, flag) > 0 {
			return true
		}
	}
	return false
}

// judgePager finds the programs that show their input page by page.
func judgePager(s *lintStep, c *shellCall) *commandFault {
	if c.place.piped || s.TTY {
		return nil
	}
	switch name := c.program(); name {
	case "less", "more", "most", "man":
		return &commandFault{Warning, "pager", name + " waits for a key at a terminal, and shows its input to nobody elsewhere",
			"print it with cat, or leave the pager out"}
	}
	return nil
}
