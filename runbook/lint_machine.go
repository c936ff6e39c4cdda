package runbook

import (
	"fmt"
	"slices"
	"strings"
)

// shellWords are what bash itself knows, and what the tools of every POSIX
// system are sure to include.
const shellWords = ". : [ [[ alias bg bind break builtin caller case cd command compgen complete compopt continue coproc declare dirs " +
	"disown do done echo elif else enable esac eval exec exit export false fc fg fi for function getopts hash help history if in jobs " +
	"kill let local logout mapfile popd printf pushd pwd read readarray readonly return select set shift shopt source suspend test " +
	"then time times trap true type typeset ulimit umask unalias unset until wait while { } !"

// tools reports the programs that commands run for certain and that are not
// installed, each where it is first run. What an earlier command defines,
// looks for or installs is not asked for.
func (l *linter) tools() {
	known := map[string]bool{}
	l.brought = known
	for name := range strings.FieldsSeq(shellWords) {
		known[name] = true
	}
	for i := range l.steps {
		s := &l.steps[i]
		for j, r := range s.readings {
			if r == nil {
				continue
			}
			for _, name := range append(r.defined, r.asked...) {
				known[name] = true
			}
			if r.opaque || r.sets["PATH"] {
				l.broughtAll = true
				return // what comes after may have programs that nothing here shows
			}
			for k := range r.calls {
				l.tool(&r.calls[k], known)
			}
			if installs(r) {
				for word := range strings.FieldsFuncSeq(s.Script.Commands[j].Text, isNoToolName) {
					known[word] = true
				}
			}
		}
	}
}

func (l *linter) tool(c *shellCall, known map[string]bool) {
	if c.place.maybe || c.place.handled {
		return
	}
	for _, a := range [...][]shellArg{c.all, c.words} {
		if len(a) == 0 || c.isRemote() && len(a) < len(c.all) || !a[0].known || a[0].value == "" || strings.Contains(a[0].value, "/") {
			continue
		}
		name := a[0].value
		if known[name] {
			continue
		}
		known[name] = true
		if !l.in.Machine.Installed(name) {
			l.report(Warning, "missing-tool", c.line, name+" is not installed here", "install it where the checklist is run, correct the name, or tag the fence as text if the line is only to be read")
		}
	}
}

// installs reports whether a command brings programs along.
func installs(r *shellReading) bool {
	return slices.ContainsFunc(r.calls, func(c shellCall) bool {
		return isListed(c.program(), "curl wget ln cp mv install chmod unzip tar go cargo make snap") ||
			slices.ContainsFunc(c.words, func(a shellArg) bool { return isListed(a.value, "install add i enable") })
	})
}

func isNoToolName(r rune) bool {
	return !strings.ContainsRune("-_.+", r) && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

// givenVariables are set by shells, by CI systems, or by the run itself.
const givenVariables = "HOME USER LOGNAME SHELL PATH PWD OLDPWD TERM LANG TZ TMPDIR EDITOR VISUAL PAGER HOSTNAME HOSTTYPE OSTYPE " +
	"MACHTYPE UID EUID PPID RANDOM SRANDOM SECONDS LINENO FUNCNAME IFS OPTARG OPTIND OPTERR REPLY PIPESTATUS DIRSTACK GROUPS COLUMNS LINES " +
	"SHLVL DISPLAY EPOCHSECONDS EPOCHREALTIME SHELLOPTS PS1 PS2 PS3 PS4 MAIL CI WORKSPACE BUILD_NUMBER BUILD_ID BUILD_URL JOB_NAME " +
	"AWS_PAGER GIT_PAGER TF_IN_AUTOMATION TF_CLI_ARGS"

// unset reports the variables that commands use and that neither they, nor a
// step before, nor the sidecar, nor the environment sets. Only names in
// capitals count: those that people mean to be set from outside.
func (l *linter) unset() {
	set := map[string]bool{}
	for i := range l.steps {
		reported := map[string]bool{}
		for _, r := range l.steps[i].readings {
			if r == nil {
				continue
			}
			if r.opaque {
				return // what it sets, the text does not tell
			}
			for _, u := range r.names {
				if u.set {
					set[u.name] = true
					continue
				}
				if !set[u.name] && !reported[u.name] && !l.isGiven(u.name) {
					reported[u.name] = true
					l.report(Warning, "unset-variable", u.line, fmt.Sprintf("%s is used, and nothing sets it: it is empty", u.name),
						fmt.Sprintf("set it in a step before, in the sidecar's env, or say what holds without it: ${%s:?not set}", u.name))
				}
			}
		}
	}
}

func (l *linter) isGiven(name string) bool {
	if strings.ToUpper(name) != name || len(name) < 2 || name[0] < 'A' || name[0] > 'Z' {
		return true
	}
	for _, prefix := range [...]string{"BASH", "LC_", "SSH_", "GITHUB_", "GITLAB_", "CI_", "RUNNER_", "JENKINS_", "BUILDKITE_", "CIRCLE_", "COMP_", "HIST"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	_, sidecar := l.plan.Env[name]
	return sidecar || isListed(name, givenVariables) || l.in.Machine.IsSet(name)
}
