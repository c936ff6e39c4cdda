package journal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// A Quarantine is a directory outside the repository for what commands have
// printed while it is not yet known what in it is secret. Only the account that
// runs the checklist can read it. It is made when something is first kept.
//
// What Put keeps is a file of its own. What comes with every command would cost
// most of a short command's time that way, and goes to one file.
type Quarantine struct {
	dir string

	mu   sync.Mutex
	pile *pile // nil: not opened
}

// NewQuarantine keeps things in dir, which need not be there yet.
func NewQuarantine(dir string) *Quarantine { return &Quarantine{dir: dir} }

// Put keeps data under that name, in the place of what was there, whole or not
// at all. The name is one path element and begins with no dot. Data is durable
// once Put has returned.
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

// Hold is Put for many small things: data outlives the process once Hold has
// returned, and a loss of power once Sync has.
func (q *Quarantine) Hold(name string, data []byte) error {
	if err := checkOutputName(name); err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.open(true); err != nil {
		return err
	}
	return q.pile.add(name, data)
}

// Sync makes durable what Hold was given. After a failure nobody knows what the
// disk holds: every later Sync and Hold returns the same error.
func (q *Quarantine) Sync() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.pile == nil {
		return nil
	}
	return q.pile.sync()
}

// open opens the pile, which an earlier process may have left, and makes it if
// it has to be there.
func (q *Quarantine) open(create bool) error {
	if q.pile != nil {
		return nil
	}
	if create {
		if err := os.MkdirAll(q.dir, 0o700); err != nil {
			return err
		}
	}
	root, err := os.OpenRoot(q.dir)
	if err != nil {
		return err
	}
	p, err := openPile(root, create)
	if err == nil {
		q.pile = p
	}
	return errors.Join(err, root.Close())
}

// Get returns what Put or Hold kept; fs.ErrNotExist, wrapped, where there is
// nothing.
func (q *Quarantine) Get(name string) ([]byte, error) {
	if err := checkOutputName(name); err != nil {
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.open(false); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if data, ok, err := q.pile.get(name); ok {
		return data, err
	}
	return os.ReadFile(filepath.Join(q.dir, name))
}

// Remove forgets what Put or Hold kept; that there is nothing is no error.
func (q *Quarantine) Remove(name string) error {
	if err := checkOutputName(name); err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	err := q.open(false)
	if err == nil {
		err = q.pile.remove(name)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Remove(filepath.Join(q.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Destroy removes the directory and all that is in it.
func (q *Quarantine) Destroy() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	var err error
	if q.pile != nil {
		err = q.pile.file.Close()
		q.pile = nil
	}
	return errors.Join(err, os.RemoveAll(q.dir))
}
