package engine

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

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
// is taken for one. Those that have ended are reaped.
//
// The kernel's lists of children may miss one while another ends, so those that
// have been seen once are looked up themselves.
func (s *shell) family() []process {
	own, _ := unix.Getsid(0) // nobody of the shell's can be in this session
	if s.alive() {
		for _, c := range children(s.pid) {
			s.see(c)
		}
	}
	for _, pid := range children(os.Getpid()) {
		p := lookAt(pid)
		if pid != s.pid && p.session != own && (p.session == s.pid || hasMarker(p, s.marker)) {
			s.see(pid)
		}
	}
	var all []process
	for pid, was := range s.seen {
		p := lookAt(pid)
		switch {
		case p.start != was.start || p.session == own: // gone, its number perhaps another's
			delete(s.seen, pid)
		case p.ended:
			// By its own number, never any child: others belong to whoever
			// started them. Its parent may also be another.
			_, _ = unix.Wait4(pid, nil, unix.WNOHANG, nil)
			delete(s.seen, pid)
		default:
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b process) int { return a.pid - b.pid })
	return all
}

// alone reports, for the price of two small files, that family would find
// nothing: most commands leave nothing behind, and looking at every thread of
// this process costs more than a short step. It is for a shell that waits for
// its next message or has ended, and so cannot be a program with threads of its
// own. False means only that family must look.
//
// The order counts: what loses its parent between the two looks is in the
// second list.
func (s *shell) alone() bool {
	if len(s.seen) > 0 || !listsChildren() || !leaderAdopts() {
		return false
	}
	if s.alive() {
		if list, err := childrenOf(s.pid, s.pid); err != nil || len(list) > 0 {
			return false
		}
	}
	self := os.Getpid()
	list, err := childrenOf(self, self)
	return err == nil && !slices.ContainsFunc(list, func(pid int) bool { return pid != s.pid })
}

// leaderAdopts says whether this kernel gives an orphan to the first living
// thread of the process that adopts it, which is the leader: Go never ends that
// one. Kernels before 4.0 may prefer the thread that started the family.
var leaderAdopts = sync.OnceValue(func() bool {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return false
	}
	major, _, _ := strings.Cut(unix.ByteSliceToString(u.Release[:]), ".")
	n, err := strconv.Atoi(major)
	return err == nil && n >= 4
})

// see notes a process and what descends from it.
func (s *shell) see(pid int) {
	if p := lookAt(pid); p.start != "" {
		s.seen[pid] = p
	}
	for _, c := range children(pid) {
		s.see(c)
	}
}

// listsChildren says whether this kernel keeps lists of children, which not
// all are built to.
var listsChildren = sync.OnceValue(func() bool {
	_, err := os.Stat("/proc/thread-self/children")
	return err == nil
})

func children(pid int) []int {
	if !listsChildren() {
		return searchChildren(pid)
	}
	threads, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task")
	if err != nil {
		return nil // it has ended
	}
	var all []int
	for _, t := range threads {
		if thread, err := strconv.Atoi(t.Name()); err == nil {
			list, _ := childrenOf(pid, thread) // an error: the thread has ended
			all = append(all, list...)
		}
	}
	return all
}

// childrenOf lists the children of one thread.
func childrenOf(pid, thread int) ([]int, error) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/task/" + strconv.Itoa(thread) + "/children")
	if err != nil {
		return nil, err
	}
	var all []int
	for _, w := range strings.Fields(string(data)) {
		if n, err := strconv.Atoi(w); err == nil {
			all = append(all, n)
		}
	}
	return all, nil
}

// searchChildren looks at every process there is.
func searchChildren(parent int) []int {
	procs, err := os.ReadDir("/proc")
	if err != nil {
		return nil // no /proc: the shell's process group is all that can be reached
	}
	var all []int
	for _, d := range procs {
		if pid, err := strconv.Atoi(d.Name()); err == nil && lookAt(pid).parent == parent {
			all = append(all, pid)
		}
	}
	return all
}

// lookAt reads what is known of a process; without a start there is none.
func lookAt(pid int) process {
	p := process{pid: pid}
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	open, end := bytes.IndexByte(data, '('), bytes.LastIndexByte(data, ')')
	if err != nil || open < 0 || end < open {
		return p
	}
	f := strings.Fields(string(data[end+1:])) // state ppid pgrp session …; the 20th is the start
	if len(f) < 20 {
		return p
	}
	p.name = string(data[open+1 : end])
	p.ended = f[0] == "Z" || f[0] == "X"
	p.parent, _ = strconv.Atoi(f[1]) // the kernel prints numbers
	p.group, _ = strconv.Atoi(f[2])
	p.session, _ = strconv.Atoi(f[3])
	p.start = f[19]
	return p
}

// hasMarker looks for the marker in a process's environment, which is empty
// while it changes from one program to another: then it looks again.
func hasMarker(p process, marker string) bool {
	for range 50 {
		env, err := os.ReadFile("/proc/" + strconv.Itoa(p.pid) + "/environ")
		if err != nil || len(env) > 0 {
			return bytes.Contains(env, []byte(markerName+"="+marker+"\x00"))
		}
		if now := lookAt(p.pid); now.ended || now.start != p.start {
			return false
		}
		time.Sleep(200 * time.Microsecond)
	}
	return false
}
