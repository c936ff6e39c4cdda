package engine

import (
	"net"
	"os"
)

// dial connects to the supervisor that listens in dir; nil: none does.
func dial(dir string) *net.UnixConn {
	path, done, err := shortPath(dir)
	if err != nil {
		return nil
	}
	defer done()
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil // no such file, or nobody behind it
	}
	return conn
}

// maxSocketPath is what fits into a Unix socket's address on all systems.
const maxSocketPath = 100

// ownProgram is the program that this process runs: the same file, even if
// another stands in its place by now.
func ownProgram() string {
	path, err := os.Executable()
	if err != nil {
		return procSelf
	}
	was, err1 := os.Stat(procSelf)
	is, err2 := os.Stat(path)
	if err1 == nil && (err2 != nil || !os.SameFile(was, is)) {
		return procSelf
	}
	return path
}
