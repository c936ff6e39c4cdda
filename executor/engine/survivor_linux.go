package engine

import (
	"bytes"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Survivors names the processes of a step that has outlived its runner: those
// that carry the mark of a shell which another process has started for the
// state in that directory, the shell itself among them, and what shares a
// session with them or descends from them. Without one it gives nil, and so it
// does where this process may not look. Those of its own engines are left out.
func (b *Bash) Survivors(state string) []string { return survivors(state) }

func survivors(state string) []string {
	procs := everyProcess()
	ours := markedBefore(procs, stateMark(state))
	sessions := map[int]bool{}
	for _, p := range procs {
		if ours[p.pid] {
			sessions[p.session] = true
		}
	}
	for grown := true; grown; {
		grown = false
		for _, p := range procs {
			if !ours[p.pid] && p.pid != os.Getpid() && (sessions[p.session] || ours[p.parent]) {
				ours[p.pid], grown = true, true
			}
		}
	}
	var names []string
	for _, p := range procs {
		if ours[p.pid] {
			names = append(names, p.String())
		}
	}
	return names
}

// markedBefore finds the processes whose environment holds a marker that
// begins with mark and was not given by this process.
func markedBefore(procs []process, mark string) map[int]bool {
	found := map[int]bool{}
	for _, p := range procs {
		env, err := os.ReadFile("/proc/" + strconv.Itoa(p.pid) + "/environ")
		if err != nil || p.pid == os.Getpid() {
			continue // it has ended, or is another user's
		}
		for kv := range bytes.SplitSeq(env, []byte{0}) {
			rest, ok := strings.CutPrefix(string(kv), markerName+"="+mark)
			if ok && !strings.HasPrefix(rest, thisProcess()) {
				found[p.pid] = true
			}
		}
	}
	return found
}

// everyProcess lists the processes that live, by their numbers.
func everyProcess() []process {
	dirs, err := os.ReadDir("/proc")
	if err != nil {
		return nil // no /proc: nothing can be known
	}
	var all []process
	for _, d := range dirs {
		pid, err := strconv.Atoi(d.Name())
		if err != nil {
			continue
		}
		if p := lookAt(pid); p.start != "" && !p.ended {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b process) int { return a.pid - b.pid })
	return all
}
