package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A ChangedError says that a record is not what the caller took it for:
// somebody else wrote it meanwhile. Nothing was written.
type ChangedError struct {
	Path    string
	Current []byte // what it holds now
}

func (e *ChangedError) Error() string {
	return fmt.Sprintf("%s was changed by somebody else meanwhile", e.Path)
}

// ErrReadOnly says that a record's permission bits let nobody write it. Renaming
// over it would work all the same, but somebody meant them.
var ErrReadOnly = errors.New("read-only")

// Replace puts updated in the place of old as the content of the file at path:
// readers see the one or the other, also after a crash. If the file holds
// something else than old, it stays as it is and the error is a *ChangedError;
// if it holds updated already, it is left alone. A link at path stays one, and
// its target is replaced. Mode, and owner where the system lets us, are kept;
// access lists, extended attributes and other hard links to the file are not.
//
// A write by somebody else in the instant between the last look and the rename
// is lost. The Lock keeps other runs out of it; nothing can keep an editor out.
func Replace(path string, old, updated []byte) error {
	t, err := openTarget(path)
	if err != nil {
		return err
	}
	return errors.Join(t.replace(old, updated), t.root.Close())
}

// WriteNew makes the file at path with data, whole or not at all. One that is
// there already, even a link to nothing, is an error that wraps fs.ErrExist.
// The file system must have hard links, by which alone a file can appear
// finished and without displacing another.
func WriteNew(path string, data []byte) error {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(placeFile(root, filepath.Base(path), data, root.Link), root.Close())
}

// CheckWritable finds out, before anything runs, whether Replace could write
// path, or WriteNew if there is no such file: whether the file's permission
// bits let anybody write it (ErrReadOnly if not, for root as well), whether we
// may, and whether its directory takes new files. It leaves no trace.
func CheckWritable(path string) error {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		root, err := os.OpenRoot(filepath.Dir(path))
		if err != nil {
			return err
		}
		return errors.Join(probe(root, filepath.Base(path)), root.Close())
	}
	t, err := openTarget(path)
	if err != nil {
		return err
	}
	return errors.Join(t.checkWritable(), t.root.Close())
}

// A target is the file that a path leads to, by way of the directory that it
// lies in.
type target struct {
	root *os.Root
	name string
}

// openTarget follows the links of path, once and for all.
func openTarget(path string) (*target, error) {
	end, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(filepath.Dir(end))
	if err != nil {
		return nil, err
	}
	return &target{root: root, name: filepath.Base(end)}, nil
}

func (t *target) path() string { return filepath.Join(t.root.Name(), t.name) }

func (t *target) replace(old, updated []byte) error {
	if err := removeTemps(t.root, t.name); err != nil {
		return err
	}
	current, err := readFile(t.root, t.name)
	if err != nil {
		return err
	}
	if bytes.Equal(current, updated) {
		return syncRoot(t.root) // a crash may have come just after the rename
	}
	if !bytes.Equal(current, old) {
		return &ChangedError{Path: t.path(), Current: current}
	}
	info, err := t.info()
	if err != nil {
		return err
	}
	temp, err := tempName(t.name)
	if err != nil {
		return err
	}
	if err := t.swap(temp, info, old, updated); err != nil {
		return errors.Join(err, removeIfThere(t.root, temp))
	}
	return syncRoot(t.root)
}

// swap writes updated to the file temp, looks once more whether the target
// still holds old, and puts the one in the other's place.
func (t *target) swap(temp string, info fs.FileInfo, old, updated []byte) error {
	f, err := t.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := inherit(f, info); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := writeSynced(f, updated); err != nil {
		return err
	}
	current, err := readFile(t.root, t.name)
	if err != nil {
		return err
	}
	if !bytes.Equal(current, old) {
		return &ChangedError{Path: t.path(), Current: current}
	}
	return t.root.Rename(temp, t.name)
}

// info returns what the target is, and refuses one that nobody may write.
func (t *target) info() (fs.FileInfo, error) {
	info, err := t.root.Lstat(t.name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "write", Path: t.path(), Err: errNotRegular}
	}
	if info.Mode().Perm()&0o222 == 0 {
		return nil, &fs.PathError{Op: "write", Path: t.path(), Err: ErrReadOnly}
	}
	return info, nil
}

func (t *target) checkWritable() error {
	if _, err := t.info(); err != nil {
		return err
	}
	f, err := t.root.OpenFile(t.name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return probe(t.root, t.name)
}

// probe makes and removes an unfinished form of name.
func probe(root *os.Root, name string) error {
	temp, err := tempName(name)
	if err != nil {
		return err
	}
	f, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), root.Remove(temp))
}
