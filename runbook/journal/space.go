package journal

import (
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// A SpaceError says that a file system has not the room that a run wants
// before it starts.
type SpaceError struct {
	Dir        string
	Free, Want uint64 // bytes
}

func (e *SpaceError) Error() string {
	return fmt.Sprintf("%s has %d KiB left, and a run wants %d", e.Dir, e.Free>>10, e.Want>>10)
}

// CheckSpace returns a *SpaceError where the file system of a directory, or of
// the nearest one above it that exists, has less room than want bytes for us.
// One that does not say how much it has passes.
func CheckSpace(dir string, want uint64) error {
	var fs unix.Statfs_t
	for unix.Statfs(dir, &fs) != nil {
		up := filepath.Dir(dir)
		if up == dir {
			return nil
		}
		dir = up
	}
	if fs.Blocks == 0 {
		return nil // such as a file system of a network or the kernel's own
	}
	if free := uint64(fs.Bavail) * uint64(fs.Bsize); free < want {
		return &SpaceError{dir, free, want}
	}
	return nil
}
