package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// lockName is the lock's file. It stays when the lock is given back: removing
// it would let two processes hold two files of that name.
const lockName = ".lock"

// A Holder says who holds a lock, for the message to whoever comes second.
type Holder struct {
	Host  string    `json:"host"`
	User  string    `json:"user"`
	PID   int       `json:"pid"`
	Run   string    `json:"run"`
	Since time.Time `json:"since"`
	// Record is the path of the record, where the lock is not beside it.
	Record string `json:"record,omitempty"`
}

// A HeldError says that another process, or another part of this one, holds
// the lock.
type HeldError struct {
	Dir string
	// Holder is what the lock's file said. It is zero when the other had just
	// taken the lock and not yet said anything, and may name the holder before
	// if that one was killed.
	Holder Holder
}

func (e *HeldError) Error() string {
	h := e.Holder
	if h.PID == 0 {
		return fmt.Sprintf("%s is in use by another process", e.Dir)
	}
	what, run := e.Dir, h.Run
	if h.Record != "" {
		what = h.Record
	}
	if run == "" {
		run = "that begins"
	}
	return fmt.Sprintf("%s is in use by %s on %s: process %d, run %s, since %s",
		what, h.User, h.Host, h.PID, run, h.Since.Format(time.RFC3339))
}

// ErrLockLost says that the lock's file was removed or replaced, so that
// somebody else may now hold the lock as well.
var ErrLockLost = errors.New("lock lost: its file was removed or replaced")

// A Lock is held on a runs directory by one run at a time. It ends with the
// process, however that ends, and child processes do not inherit it.
//
// It is flock(2) on an open file. The descriptor is our own, and not a lock
// library's, because the holder's name is written through it and it is compared
// with what the path names.
type Lock struct {
	file *os.File
	root *os.Root
	name string // of the file in root
	runs bool   // root is a runs directory
}

// Acquire takes the lock of a runs directory, which it makes if need be, or
// returns a *HeldError at once. Pass the directory of the record's real path:
// two paths to one record are one lock only if they lead to one directory.
func Acquire(runsDir string, who Holder) (*Lock, error) {
	root, err := makeRunsDir(runsDir)
	if err != nil {
		return nil, err
	}
	l := &Lock{root: root, name: lockName, runs: true}
	if err := l.take(); err != nil {
		return nil, errors.Join(err, l.root.Close())
	}
	if err := errors.Join(l.Describe(who), ignore(root, hiddenText)); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// AcquireFile takes a lock that is a file of its own, in a directory that is
// there, as Acquire does that of a runs directory.
func AcquireFile(path string, who Holder) (*Lock, error) {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	l := &Lock{root: root, name: filepath.Base(path)}
	if err := l.take(); err != nil {
		return nil, errors.Join(err, l.root.Close())
	}
	if err := l.Describe(who); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func (l *Lock) take() error {
	f, err := l.root.OpenFile(l.name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	err = flock(f, unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = &HeldError{Dir: l.root.Name(), Holder: readHolder(f)}
	}
	l.file = f
	if err == nil {
		// The file may be a link to another one, or gone since it was opened.
		err = l.Check()
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	return nil
}

// Check returns an error that wraps ErrLockLost unless the lock's file is still
// the one that is held. Ask before an effect: `git clean -x` removes the file.
func (l *Lock) Check() error {
	held, err := l.file.Stat()
	if err != nil {
		return err
	}
	named, err := l.root.Lstat(l.name)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err != nil || !os.SameFile(held, named) {
		return fmt.Errorf("%s: %w", filepath.Join(l.root.Name(), l.name), ErrLockLost)
	}
	return nil
}

// Describe writes into the lock's file who holds it.
func (l *Lock) Describe(who Holder) error {
	b, err := json.Marshal(who)
	if err != nil {
		return err
	}
	if err := l.file.Truncate(0); err != nil {
		return err
	}
	_, err = l.file.WriteAt(append(b, '\n'), 0)
	return err
}

// show lets git see the runs again, unless the directory is somebody else's by
// now.
func (l *Lock) show() error {
	if !l.runs || l.Check() != nil {
		return nil
	}
	return ignore(l.root, ignoreText)
}

// Close gives the lock back.
func (l *Lock) Close() error {
	// Unlocking acts on every copy of the descriptor: also on one that a child
	// holds for the moment between its fork and its exec.
	return errors.Join(l.show(), l.file.Truncate(0), flock(l.file, unix.LOCK_UN), l.file.Close(), l.root.Close())
}

// readHolder reads what a lock's file says. What cannot be read is no name:
// the holder may be writing at this moment.
func readHolder(f *os.File) Holder {
	var who Holder
	b, err := io.ReadAll(io.NewSectionReader(f, 0, 4096))
	if err != nil || json.Unmarshal(b, &who) != nil {
		return Holder{}
	}
	for _, s := range []*string{&who.Host, &who.User, &who.Run, &who.Record} {
		*s = strings.Map(printable, *s)
	}
	return who
}

// printable replaces what could draw on the terminal that a message goes to.
func printable(r rune) rune {
	if strconv.IsPrint(r) {
		return r
	}
	return '?'
}

func flock(f *os.File, how int) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var locked error
	err = conn.Control(func(fd uintptr) {
		for {
			if locked = unix.Flock(int(fd), how); locked != unix.EINTR {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	return os.NewSyscallError("flock", locked)
}
