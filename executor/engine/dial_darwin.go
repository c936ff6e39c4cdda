package engine

import (
	"os"
	"path/filepath"
)

// procSelf does not exist here: a program that was replaced is another one.
const procSelf = ""

// shortPath gives a name of the socket in dir that fits into its address, for
// as long as done is not called: through a link with a short name.
func shortPath(dir string) (path string, done func(), err error) {
	if path = filepath.Join(dir, socketFile); len(path) <= maxSocketPath {
		return path, func() {}, nil
	}
	short, err := os.MkdirTemp("/tmp", "runbook-")
	if err != nil {
		return "", nil, err
	}
	done = func() { _ = os.RemoveAll(short) }
	link := filepath.Join(short, "l")
	if err := os.Symlink(dir, link); err != nil {
		done()
		return "", nil, err
	}
	return filepath.Join(link, socketFile), done, nil
}
