//go:build unix

package journal

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// inherit gives f the owner, where the system lets us, and the mode of the file
// that it is to replace.
func inherit(f *os.File, from fs.FileInfo) error {
	owner, ok := from.Sys().(*syscall.Stat_t)
	if ok {
		// Only root may give files away. A group that we are in can be kept even
		// where the owner cannot.
		err := f.Chown(int(owner.Uid), int(owner.Gid))
		if notOurs(err) {
			err = f.Chown(-1, int(owner.Gid))
		}
		if err != nil && !notOurs(err) {
			return err
		}
	}
	return f.Chmod(from.Mode().Perm())
}

// notOurs reports whether a change of owner was refused. Owners that a user
// namespace does not know are EINVAL.
func notOurs(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EINVAL)
}
