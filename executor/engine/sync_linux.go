package engine

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// syncData makes f's content durable, with as much about the file as is needed
// to read it back.
func syncData(f *os.File) error {
	for {
		err := unix.Fdatasync(int(f.Fd()))
		if !errors.Is(err, unix.EINTR) {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
