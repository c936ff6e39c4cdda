// Package journal keeps what a run leaves on disk: the journal itself, the run
// directory around it, the lock that makes a run the only one of its record,
// and the record, which it replaces in one piece. It stores lines and bytes;
// what they mean is for package runbook.
//
// Whatever returns without an error is durable: files and the directories that
// name them have been synced.
package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// A Journal is a file of lines that grows at its end; only Revise changes what
// is there. It is used by one goroutine, under the run's Lock.
type Journal struct {
	file   file
	name   string
	broken error // the first failure; nothing is appended after it
}

// file is what a Journal needs of its file. It is an interface only because no
// portable test can make a real disk fail a sync.
type file interface {
	io.WriteCloser
	Sync() error
}

// Lines is what a journal's file holds.
type Lines struct {
	Whole [][]byte // the whole lines, without newlines
	Torn  []byte   // what stands after the last newline: a write that was cut off, never acknowledged
}

// Create makes an empty journal at path. One that is there already is an error
// that wraps fs.ErrExist.
func Create(path string) (*Journal, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(f.Sync(), syncPath(filepath.Dir(path))); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Journal{file: dataFile{f}, name: path}, nil
}

// Open opens the journal at path for appending and returns the lines that it
// holds, durable from now on. It looks at nothing but newlines. A torn last line is added, with a
// newline of its own, to the file path+".torn" and cut off the journal; a crash
// in between may leave it there twice.
func Open(path string) (*Journal, Lines, error) {
	f, err := openRegular(path, os.O_RDWR|os.O_APPEND)
	if err != nil {
		return nil, Lines{}, err
	}
	lines, err := recoverLines(f)
	if err != nil {
		return nil, Lines{}, errors.Join(fmt.Errorf("opening journal %s: %w", path, err), f.Close())
	}
	return &Journal{file: dataFile{f}, name: path}, lines, nil
}

// Read returns the lines of the journal at path and changes nothing, for those
// who only look. While a run appends, its last line may be seen as torn.
func Read(path string) (Lines, error) {
	f, err := openRegular(path, os.O_RDONLY)
	if err != nil {
		return Lines{}, err
	}
	defer f.Close() // nothing was written: closing cannot lose anything
	return readLines(f)
}

// ErrMoved says that the journal's file was removed or replaced while it was
// open: what is appended to it now, nobody will find.
var ErrMoved = errors.New("the journal's file was removed or replaced")

// Check returns an error that wraps ErrMoved unless the journal's path still
// leads to the open file. Ask before an effect.
func (j *Journal) Check() error {
	f, ok := j.file.(interface{ Stat() (os.FileInfo, error) })
	if !ok {
		return nil
	}
	held, err := f.Stat()
	if err != nil {
		return err
	}
	named, err := os.Lstat(j.name)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err != nil || !os.SameFile(held, named) {
		return fmt.Errorf("%s: %w", j.name, ErrMoved)
	}
	return nil
}

// Append adds lines, in order, by one write and one sync for all. A crash in
// between keeps the first of them, or all, or none. A line that is empty or
// holds a newline is refused before anything is written. After a failed write
// or sync nobody knows what the disk holds, and asking again may be answered
// with a false yes: the journal is then broken and every later Append returns
// the same error. The next Open finds what is there.
func (j *Journal) Append(lines ...[]byte) error {
	if j.broken != nil {
		return j.broken
	}
	data, err := joinLines(lines)
	if err != nil || len(data) == 0 {
		return err
	}
	if _, err := j.file.Write(data); err != nil {
		return j.fail(err)
	}
	if err := j.file.Sync(); err != nil {
		return j.fail(err)
	}
	return nil
}

// Probe reports that a further line could not be kept, without adding one: the
// disk has less than want bytes left, is read-only now, or does not sync what
// it has. After a failed sync the journal is broken, as after one of Append's.
func (j *Journal) Probe(want uint64) error {
	if j.broken != nil {
		return j.broken
	}
	if err := CheckSpace(filepath.Dir(j.name), want); err != nil {
		return err
	}
	if err := unix.Access(j.name, unix.W_OK); errors.Is(err, unix.EROFS) {
		return fmt.Errorf("journal %s: %w", j.name, err)
	}
	if err := j.file.Sync(); err != nil {
		return j.fail(err)
	}
	return nil
}

// Revise puts lines in the place of all that the journal holds, in one piece,
// and goes on appending after them. It is for taking out what must not stand
// there; the caller says in the lines that it was done.
func (j *Journal) Revise(lines [][]byte) error {
	if j.broken != nil {
		return j.broken
	}
	data, err := joinLines(lines)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(filepath.Dir(j.name))
	if err != nil {
		return err
	}
	if err := errors.Join(putFile(root, filepath.Base(j.name), data), root.Close()); err != nil {
		return j.fail(err)
	}
	f, err := openRegular(j.name, os.O_RDWR|os.O_APPEND)
	if err != nil {
		return j.fail(err)
	}
	old := j.file
	j.file = dataFile{f}
	return old.Close()
}

func (j *Journal) fail(err error) error {
	j.broken = fmt.Errorf("journal %s: %w", j.name, err)
	return j.broken
}

// Close closes the file; every line appended is durable already. Appending
// afterwards is an error that wraps os.ErrClosed.
func (j *Journal) Close() error {
	if j.broken == nil {
		j.broken = fmt.Errorf("journal %s: %w", j.name, os.ErrClosed)
	}
	return j.file.Close()
}

// joinLines returns the bytes that store lines.
func joinLines(lines [][]byte) ([]byte, error) {
	var buf bytes.Buffer
	for i, line := range lines {
		if len(line) == 0 || bytes.IndexByte(line, '\n') >= 0 {
			return nil, fmt.Errorf("line %d of %d is not one line of text", i+1, len(lines))
		}
		buf.Write(line)
		buf.WriteByte('\n')
	}
	return buf.Bytes(), nil
}

func readLines(f *os.File) (Lines, error) {
	data, err := io.ReadAll(f)
	if err != nil {
		return Lines{}, err
	}
	end := bytes.LastIndexByte(data, '\n') + 1
	lines := Lines{Torn: data[end:]}
	if end > 0 {
		lines.Whole = bytes.Split(data[:end-1], []byte("\n"))
	}
	return lines, nil
}

// recoverLines reads the lines of f and makes them durable: who wrote them may
// have been killed before the sync. A torn one is moved out: first the copy
// becomes durable, then the original goes.
func recoverLines(f *os.File) (Lines, error) {
	lines, err := readLines(f)
	if err != nil {
		return lines, err
	}
	if len(lines.Torn) > 0 {
		if err := setAside(f.Name()+tornEnd, lines.Torn); err != nil {
			return lines, err
		}
		size, err := f.Seek(0, io.SeekEnd)
		if err != nil {
			return lines, err
		}
		if err := f.Truncate(size - int64(len(lines.Torn))); err != nil {
			return lines, err
		}
	}
	return lines, f.Sync()
}

// tornEnd ends the name of the file that keeps a journal's torn lines.
const tornEnd = ".torn"

// setAside adds the torn line to the file at path.
func setAside(path string, torn []byte) error {
	f, err := openRegular(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE)
	if err != nil {
		return err
	}
	_, err = f.Write(append(bytes.Clone(torn), '\n'))
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return syncPath(filepath.Dir(path))
}

// openRegular opens a file that lies in a directory other people may have
// committed to: a link there would lead the program out of it, and a pipe would
// stop it.
func openRegular(path string, flag int) (*os.File, error) {
	f, err := os.OpenFile(path, flag|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o644)
	if err != nil {
		return nil, err
	}
	if err := checkRegular(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
