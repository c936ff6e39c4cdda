package engine

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// adoptOrphans makes this process the parent of every descendant whose own
// parent ends, so that a daemon cannot leave the engine's sight. It holds for
// the whole process and lasts.
func adoptOrphans() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("become the parent of orphans: %w", err)
	}
	return nil
}

// family lists the processes that descend from the shell and live, the shell
// itself left out: its children, and what this process has adopted from it. An
// adopted one is known by the shell's session or by the marker in its
// environment, so that no child that another part of the program has started
// is taken for one. Adopted ones that have ended are reaped.
func (s *shell) family() []process {
	var all []process
	var add func(pid int)
	add = func(pid int) {
		p, alive := lookAt(pid)
		if alive {
			all = append(all, p)
			s.seen[pid] = true
		}
		for _, c := range children(pid) {
			add(c)
		}
	}
	if s.alive() {
		for _, c := range children(s.pid) {
			add(c)
		}
	}
	for _, pid := range children(os.Getpid()) {
		if pid == s.pid {
			continue
		}
		p, alive := lookAt(pid)
		if p.session != s.pid && !hasMarker(pid, s.marker) {
			continue
		}
		s.seen[pid] = true
		if alive {
			add(pid)
		}
	}
	s.reap()
	return all
}

// reap waits for those of the family that have ended and are this process's
// children by now; each by its own number, never for any child: others belong
// to whoever started them. Those are in this process's session, where nobody
// of the shell's can be.
func (s *shell) reap() {
	own, _ := unix.Getsid(0)
	for pid := range s.seen {
		p, alive := lookAt(pid)
		if alive && p.session != own {
			continue
		}
		if p.session != 0 && p.session != own {
			_, _ = unix.Wait4(pid, nil, unix.WNOHANG, nil) // its parent may be another
		}
		delete(s.seen, pid)
	}
}

func children(pid int) []int {
	dir := "/proc/" + strconv.Itoa(pid) + "/task"
	threads, err := os.ReadDir(dir)
	if err != nil {
		return nil // it has ended
	}
	var all []int
	for _, t := range threads {
		data, err := os.ReadFile(dir + "/" + t.Name() + "/children")
		if err != nil {
			continue // the thread has ended
		}
		for _, w := range strings.Fields(string(data)) {
			if n, err := strconv.Atoi(w); err == nil {
				all = append(all, n)
			}
		}
	}
	return all
}

// lookAt reads a process's name, group and session; alive is false for one
// that has ended, reaped or not.
func lookAt(pid int) (p process, alive bool) {
	p.pid = pid
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	open, end := bytes.IndexByte(data, '('), bytes.LastIndexByte(data, ')')
	if err != nil || open < 0 || end < open {
		return p, false
	}
	p.name = string(data[open+1 : end])
	f := strings.Fields(string(data[end+1:])) // state ppid pgrp session
	if len(f) < 4 {
		return p, false
	}
	p.group, _ = strconv.Atoi(f[2])
	p.session, _ = strconv.Atoi(f[3])
	return p, f[0] != "Z" && f[0] != "X"
}

func hasMarker(pid int, marker string) bool {
	env, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	return err == nil && bytes.Contains(env, []byte(markerName+"="+marker+"\x00"))
}
