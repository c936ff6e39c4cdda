package engine

import (
	"crypto/rand"
	"path/filepath"
	"strings"
	"sync"
)

// changesShell names the variables that change what a shell runs, or how,
// before the first command of a checklist: a file it sources, options it
// takes over, where `cd` goes.
var changesShell = map[string]bool{
	"BASH_ENV": true, "ENV": true, "SHELLOPTS": true, "BASHOPTS": true, "CDPATH": true,
}

// forced are set for every step: a pager waits for a key that nobody presses.
var forced = []string{"PAGER=cat", "GIT_PAGER=cat", "AWS_PAGER="}

// defaults are set unless the environment says otherwise: terraform asks
// questions and colours pipes without them.
var defaults = []string{"TF_IN_AUTOMATION=1", "TF_CLI_ARGS=-no-color"}

// markerName is the variable by which the engine knows the processes that its
// shell has left behind. The value says for which state directory, in which
// process, and which shell: see newMarker.
const markerName = "RUNBOOK_SHELL"

// thisProcess tells the shells of this process from those of one before it,
// whose number may be the same.
var thisProcess = sync.OnceValue(rand.Text)

// newMarker names one shell among all that there ever are.
func newMarker(stateDir string) string {
	return stateMark(stateDir) + thisProcess() + "." + rand.Text()
}

// stateMark is what the markers for one state directory begin with. It holds no
// path, for every program that a step starts sees it.
func stateMark(stateDir string) string {
	if path, err := filepath.Abs(stateDir); err == nil {
		stateDir = path
	}
	if path, err := filepath.EvalSymlinks(stateDir); err == nil {
		stateDir = path
	}
	return digest(stateDir)[:32] + "."
}

// Inherited is what of the operator's own environment the steps see. Dropped
// names the rest: TF_CLI_ARGS and TF_CLI_ARGS_…, by which terraform adds to its
// commands, and even destroys where the checklist says apply. Who wants them
// says so where a plan shows it.
func Inherited(env []string) (rest, dropped []string) {
	for _, kv := range env {
		name, _, _ := strings.Cut(kv, "=")
		if name == "TF_CLI_ARGS" || strings.HasPrefix(name, "TF_CLI_ARGS_") {
			dropped = append(dropped, name)
		} else {
			rest = append(rest, kv)
		}
	}
	return rest, dropped
}

// Dropped names the variables of env, KEY=VALUE each, that the engine does not
// pass to its shell, in env's order, so that a run can record that they were
// there. Exported functions are named as bash stores them, BASH_FUNC_name%%.
func Dropped(env []string) []string {
	var names []string
	for _, kv := range env {
		if name, _, _ := strings.Cut(kv, "="); drops(name) {
			names = append(names, name)
		}
	}
	return names
}

func drops(name string) bool {
	return changesShell[name] || strings.HasPrefix(name, "BASH_FUNC_")
}

// shellEnv is the environment that the shell starts with: env without what
// changes a shell, with what keeps tools from waiting, and the marker. Of two
// entries with one name the last counts.
func shellEnv(env []string, marker string) []string {
	values := make(map[string]string, len(env)+8)
	var order []string
	set := func(kv string) {
		name, value, ok := strings.Cut(kv, "=")
		if !ok || name == "" || drops(name) {
			return
		}
		if _, seen := values[name]; !seen {
			order = append(order, name)
		}
		values[name] = value
	}
	for _, kv := range env {
		set(kv)
	}
	for _, kv := range forced {
		set(kv)
	}
	for _, kv := range defaults {
		if name, _, _ := strings.Cut(kv, "="); values[name] == "" {
			set(kv)
		}
	}
	set(markerName + "=" + marker)
	out := make([]string, len(order))
	for i, name := range order {
		out[i] = name + "=" + values[name]
	}
	return out
}
