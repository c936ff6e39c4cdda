package runbook

import (
	"path"
	"strings"
)

const packageManagers = "apt apt-get yum dnf"

const interactiveHint = "give it all that it would ask for, or let the step have the terminal: ```bash {tty}"

// judgeInteractive finds the programs that want a person at a terminal. A
// step's standard input is empty unless it asks for the terminal.
func judgeInteractive(s *lintStep, c *shellCall) *commandFault {
	if s.TTY || c.place.background {
		return nil
	}
	what := ""
	if c.isRemote() {
		what = wantsTerminal(path.Base(c.all[0].value), c.all)
	} else {
		what = wantsPerson(c)
	}
	if what != "" {
		sev := Error
		if isListed(c.program(), packageManagers) {
			sev = Warning // it asks only where there is more to install than was named
		}
		return &commandFault{sev, "interactive", what, interactiveHint}
	}
	return nil
}

// wantsPerson says what the call would ask a person for; empty if nothing.
func wantsPerson(c *shellCall) string {
	name := c.program()
	if what := wantsEditing(name, c); what != "" {
		return what
	}
	if c.place.fed {
		return ""
	}
	switch name {
	case "ssh":
		return wantsShell(c)
	case "terraform", "tofu":
		return wantsApproval(name, c)
	case "docker", "podman", "docker-compose", "kubectl", "oc":
		return wantsTerminal(name, c.words)
	case "aws":
		if c.arg(1) == "configure" && (len(c.words) == 2 || len(operandsOf(c.words, "--profile")) == 1 || c.arg(2) == "sso") {
			return "aws configure asks for credentials"
		}
	case "gcloud":
		if c.arg(1) == "init" {
			return "gcloud init asks for a project and an account"
		}
	case "read":
		if c.words[0].value == "read" && !hasFlag(c.words, "-u") && !hasFlag(c.words, "-t") {
			return "read waits for a line from a person"
		}
	case "apt", "apt-get", "yum", "dnf":
		return wantsYes(name, c)
	}
	return wantsInput(name, c)
}

// wantsEditing finds editors, and what opens one.
func wantsEditing(name string, c *shellCall) string {
	words := c.words
	switch name {
	case "vi", "vim", "nvim":
		if hasFlag(words, "-es") || hasFlag(words, "-Es") || hasFlag(words, "--headless") || hasFlag(words, "--version") {
			return ""
		}
	case "nano", "pico", "micro", "joe", "mcedit", "visudo", "vipw":
	case "emacs":
		if hasFlag(words, "--batch") || hasFlag(words, "-batch") || hasFlag(words, "--version") {
			return ""
		}
	case "crontab":
		if !hasFlag(words, "-e") {
			return ""
		}
	case "kubectl", "oc":
		if ops := operandsOf(words, kubectlValued); len(ops) == 0 || ops[0].value != "edit" {
			return ""
		}
		name += " edit"
	case "git":
		if name = gitEditing(c); name == "" {
			return ""
		}
	default:
		return ""
	}
	return name + " opens an editor"
}

// gitEditing returns the subcommand of git that would open an editor.
func gitEditing(c *shellCall) string {
	switch rest := c.words[1:]; c.arg(1) {
	case "commit":
		for _, flag := range [...]string{"--message", "--file", "--no-edit", "--reuse-message", "--fixup", "--squash", "--dry-run"} {
			if hasFlag(rest, flag) {
				return ""
			}
		}
		if hasShort(rest, 'm') || hasShort(rest, 'F') || hasShort(rest, 'C') {
			return ""
		}
		return "git commit without a message"
	case "rebase":
		if hasFlag(rest, "-i") || hasFlag(rest, "--interactive") {
			return "git rebase -i"
		}
	}
	return ""
}

// wantsShell finds an ssh that only logs in.
func wantsShell(c *shellCall) string {
	hosts := operandsOf(c.words, "-B -b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w")
	if len(hosts) != 1 {
		return ""
	}
	for _, flag := range [...]byte{'N', 'T', 'V', 'Q', 'O', 'W', 'G', 'f'} {
		if hasShort(c.words, flag) {
			return ""
		}
	}
	return "ssh without a command opens a shell on the other machine; what follows would run on this one"
}

// wantsApproval finds the terraform subcommands that ask "yes?".
func wantsApproval(name string, c *shellCall) string {
	rest := c.words[1:]
	for len(rest) > 0 && strings.HasPrefix(rest[0].lead(), "-chdir") {
		rest = rest[1:]
	}
	if len(rest) == 0 || hasFlag(rest, "-auto-approve") || hasFlag(rest, "--auto-approve") || hasFlag(rest, "-help") {
		return ""
	}
	switch rest[0].value {
	case "apply":
		if len(operandsOf(rest, terraformValued)) > 0 {
			return ""
		}
		return name + " apply without a plan file asks for approval of a plan that nobody has reviewed"
	case "destroy":
		return name + " destroy asks for approval"
	case "console":
		return name + " console waits for expressions"
	}
	return ""
}

// wantsTerminal finds containers that are given the terminal.
func wantsTerminal(name string, words []shellArg) string {
	ops := operandsOf(words, kubectlValued+" --file -f -p --project-name -H")
	if len(ops) > 0 && ops[0].value == "compose" {
		ops = ops[1:]
	}
	if len(ops) == 0 || ops[0].value != "run" && ops[0].value != "exec" {
		return ""
	}
	words = words[:ownWords(words, ops)]
	for _, w := range words {
		switch w.value {
		case "-it", "-ti", "-itd", "-dit":
			if strings.Contains(w.value, "d") {
				return ""
			}
			return name + " " + ops[0].value + " " + w.value + " needs a terminal"
		}
	}
	if hasFlag(words, "--tty") && hasFlag(words, "--interactive") || hasWord(words, "-t") && hasWord(words, "-i") {
		return name + " " + ops[0].value + " -i -t needs a terminal"
	}
	return ""
}

// ownWords returns how many of the words are the client's own: what stands
// after "--" or the container's name is the command in it, with its own flags.
func ownWords(words, ops []shellArg) int {
	for i, w := range words {
		if w.known && w.value == "--" {
			return i
		}
		isName := len(ops) > 1 && w.word == ops[1].word
		if isName && !strings.HasPrefix(words[i-1].value, "-") {
			return i
		}
	}
	return len(words)
}

// wantsYes finds the package managers that ask before they go on.
func wantsYes(name string, c *shellCall) string {
	switch c.arg(1) {
	case "install", "remove", "purge", "upgrade", "dist-upgrade", "full-upgrade", "autoremove", "update":
	default:
		return ""
	}
	if c.arg(1) == "update" && strings.HasPrefix(name, "apt") || hasShort(c.words, 'y') || hasFlag(c.words, "--yes") ||
		hasFlag(c.words, "--assume-yes") || hasFlag(c.words, "--assumeyes") || hasFlag(c.words, "-qq") {
		return ""
	}
	return name + " " + c.arg(1) + " may ask before it goes on"
}

// wantsInput finds the shells, interpreters and clients that read commands
// from a person when they are given none.
func wantsInput(name string, c *shellCall) string {
	none := len(c.words) == 1
	given := func(short string, long ...string) bool {
		for i := range len(short) {
			if hasShort(c.words, short[i]) {
				return true
			}
		}
		for _, flag := range long {
			if hasFlag(c.words, flag) {
				return true
			}
		}
		return hasFlag(c.words, "--version") || hasFlag(c.words, "--help")
	}
	asks := false
	switch name {
	case "bash", "sh", "zsh", "fish", "python", "python3", "node", "irb", "ipython", "ghci", "ftp", "sftp", "passwd", "bc":
		asks = none
	case "psql":
		asks = !given("cflV", "--command", "--file", "--list")
	case "mysql", "mariadb":
		asks = !given("eV", "--execute")
	case "sqlite3":
		asks = len(operandsOf(c.words, "-cmd -init -separator -nullvalue")) <= 1 && !given("", "-version", "-cmd", "-init")
	case "redis-cli":
		asks = len(operandsOf(c.words, "-h -p -a -n -u -s -r -i --user --pass -X -x")) == 0 && !given("v", "--scan", "--bigkeys", "--stat", "--eval", "--latency", "--pipe", "--rdb", "--cluster", "--memkeys", "--hotkeys")
	case "mongosh", "mongo":
		asks = !given("f", "--eval", "--file") && len(operandsOf(c.words, "--host --port -u -p --username --password --authenticationDatabase")) <= 1
	case "su":
		asks = !given("c", "--command")
	}
	if !asks {
		return ""
	}
	return name + " without anything to run waits for a person"
}
