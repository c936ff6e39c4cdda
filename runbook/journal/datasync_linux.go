package journal

import (
	"os"

	"golang.org/x/sys/unix"
)

// A dataFile is synced without its times, which nobody reads. Every event waits
// for this.
type dataFile struct{ *os.File }

func (f dataFile) Sync() error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var synced error
	err = conn.Control(func(fd uintptr) {
		for {
			if synced = unix.Fdatasync(int(fd)); synced != unix.EINTR {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	return os.NewSyscallError("fdatasync", synced)
}
