package engine

import "os"

const fionread = 0x4004667f // FIONREAD of sys/filio.h

// widen does nothing: a pipe's size is the kernel's affair here.
func widen(int) {}

// scratch is a file in dir that has lost its name; this system has no file in
// memory alone. Its blocks are on the disk until it is closed.
func scratch(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "shell-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}
