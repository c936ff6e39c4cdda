package engine

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// A pipe is owned by the engine, not by os/exec, whose Wait hangs for as long
// as a daemon holds the other end. Its read end does not block.
type pipe struct{ r, w int }

func newPipe() (pipe, error) {
	var fds [2]int
	syscall.ForkLock.RLock() // no other start may inherit them in between
	err := unix.Pipe(fds[:])
	if err == nil {
		unix.CloseOnExec(fds[0])
		unix.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return pipe{-1, -1}, fmt.Errorf("pipe: %w", err)
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		return pipe{-1, -1}, fmt.Errorf("pipe: %w", err)
	}
	return pipe{fds[0], fds[1]}, nil
}

func (p *pipe) close() {
	closeFD(&p.r)
	closeFD(&p.w)
}

// closeFD closes *fd once. What close(2) says of a pipe helps nobody.
func closeFD(fd *int) {
	if *fd >= 0 {
		_ = unix.Close(*fd)
		*fd = -1
	}
}

// read reads once; 0 and no error mean that there is nothing now.
func read(fd int, p []byte) (int, error) {
	for {
		n, err := unix.Read(fd, p)
		switch {
		case err == nil:
			return n, nil
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN):
			return 0, nil
		default:
			return 0, os.NewSyscallError("read", err)
		}
	}
}

// writeAll writes all of p to a descriptor that blocks.
func writeAll(fd int, p []byte) error {
	for len(p) > 0 {
		n, err := unix.Write(fd, p)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return os.NewSyscallError("write", err)
		}
		p = p[n:]
	}
	return nil
}

// buffered says how many bytes wait in a pipe.
func buffered(fd int) (int, error) {
	n, err := unix.IoctlGetInt(fd, fionread)
	if err != nil {
		return 0, os.NewSyscallError("ioctl FIONREAD", err)
	}
	return n, nil
}
