package journal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// A Quarantine is a directory outside the repository for what commands have
// printed while it is not yet known what in it is secret. Only the account that
// runs the checklist can read it. It is made when something is first kept.
type Quarantine struct{ dir string }

// NewQuarantine keeps things in dir, which need not be there yet.
func NewQuarantine(dir string) *Quarantine { return &Quarantine{dir} }

// Put keeps data under that name, in the place of what was there, whole or not
// at all. The name is one path element and begins with no dot.
func (q *Quarantine) Put(name string, data []byte) error {
	if err := checkOutputName(name); err != nil {
		return err
	}
	if err := os.MkdirAll(q.dir, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(q.dir)
	if err != nil {
		return err
	}
	temp := "." + name
	f, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err == nil {
		err = writeSynced(f, data)
	}
	if err == nil {
		err = root.Rename(temp, name)
	}
	return errors.Join(err, root.Close())
}

// Get returns what Put kept; fs.ErrNotExist, wrapped, where there is nothing.
func (q *Quarantine) Get(name string) ([]byte, error) {
	if err := checkOutputName(name); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(q.dir, name))
}

// Remove forgets what Put kept; that there is nothing is no error.
func (q *Quarantine) Remove(name string) error {
	if err := checkOutputName(name); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(q.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Destroy removes the directory and all that is in it.
func (q *Quarantine) Destroy() error { return os.RemoveAll(q.dir) }
