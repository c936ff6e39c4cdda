package engine

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// adoptOrphans does nothing: this system has no such thing. A daemon that
// leaves the shell's process group leaves the engine's sight.
func adoptOrphans() error { return nil }

// alone is never sure: there is no cheaper way to look than family's.
func (s *shell) alone() bool { return false }

// family lists the processes that live in the shell's process group or descend
// from the shell, the shell itself left out.
func (s *shell) family() []process {
	procs, err := unix.SysctlKinfoProcSlice("kern.proc.all")
	if err != nil {
		return nil
	}
	ours := map[int]bool{s.pid: true}
	var all []process
	for grown := true; grown; {
		grown = false
		for i := range procs {
			p := describeProcess(&procs[i])
			if ours[p.pid] || p.ended || p.group != s.pid && !ours[p.parent] {
				continue
			}
			ours[p.pid], grown = true, true
			p.session = s.pid
			all = append(all, p)
		}
	}
	return all
}

func describeProcess(k *unix.KinfoProc) process {
	return process{
		pid: int(k.Proc.P_pid), parent: int(k.Eproc.Ppid), group: int(k.Eproc.Pgid),
		name:  unix.ByteSliceToString(k.Proc.P_comm[:]),
		start: fmt.Sprint(k.Proc.P_starttime), ended: k.Proc.P_stat == 5, // SZOMB of sys/proc.h
	}
}
