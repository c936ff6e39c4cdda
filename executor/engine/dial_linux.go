package engine

import (
	"fmt"
	"os"
	"path/filepath"
)

// procSelf is this process's program, whatever has become of its file's name.
const procSelf = "/proc/self/exe"

// shortPath gives a name of the socket in dir that fits into its address, for
// as long as done is not called.
func shortPath(dir string) (path string, done func(), err error) {
	if path = filepath.Join(dir, socketFile); len(path) <= maxSocketPath {
		return path, func() {}, nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", d.Fd(), socketFile), func() { _ = d.Close() }, nil
}
