package engine

import (
	"golang.org/x/sys/unix"
)

// adoptOrphans does nothing: this system has no such thing. A daemon that
// leaves the shell's process group leaves the engine's sight.
func adoptOrphans() error { return nil }

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
			k := &procs[i]
			pid := int(k.Proc.P_pid)
			if ours[pid] || k.Proc.P_stat == 5 /* SZOMB */ {
				continue
			}
			if int(k.Eproc.Pgid) == s.pid || ours[int(k.Eproc.Ppid)] {
				ours[pid], grown = true, true
				all = append(all, process{
					pid: pid, group: int(k.Eproc.Pgid), session: s.pid,
					name: unix.ByteSliceToString(k.Proc.P_comm[:]),
				})
			}
		}
	}
	return all
}
