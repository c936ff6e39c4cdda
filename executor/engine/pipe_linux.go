package engine

import (
	"os"

	"golang.org/x/sys/unix"
)

const fionread = unix.TIOCINQ // the same number as FIONREAD

// widen makes a pipe as large as an unprivileged process may, 1 MiB: a writer
// then rarely waits for the reader. A kernel that refuses costs speed only.
func widen(fd int) {
	_, _ = unix.FcntlInt(uintptr(fd), unix.F_SETPIPE_SZ, 1<<20)
}

// scratch is a file that has no name and no place on a disk.
func scratch(string) (*os.File, error) {
	fd, err := unix.MemfdCreate("runbook", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), "memfd:runbook"), nil
}
