package journal

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// errNotRegular is what checkRegular wraps.
var errNotRegular = errors.New("not a regular file")

func checkRegular(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return &fs.PathError{Op: "open", Path: f.Name(), Err: errNotRegular}
	}
	return nil
}

// syncPath makes the names in a directory durable: those that were added to it
// and those that were taken away.
func syncPath(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return syncDir(d)
}

// syncRoot is syncPath for a root.
func syncRoot(root *os.Root) error {
	d, err := root.Open(".")
	if err != nil {
		return err
	}
	return syncDir(d)
}

// syncDir syncs and closes a directory. Some file systems, network ones mostly,
// cannot sync directories and answer EINVAL: their names are as durable as they
// get, and no reason to refuse a run.
func syncDir(d *os.File) error {
	err := d.Sync()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) {
		err = nil
	}
	return errors.Join(err, d.Close())
}

// createFile makes a new file with data, and syncs it; the directory is left to
// the caller. On an error there may be a part of the file.
func createFile(root *os.Root, name string, data []byte) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	return writeSynced(f, data)
}

// writeSynced writes data to f, syncs it and closes it.
func writeSynced(f *os.File, data []byte) error {
	_, err := f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// putFile writes data to the file name, in the place of what was there: whole
// or not at all, and without following a link.
func putFile(root *os.Root, name string, data []byte) error {
	return placeFile(root, name, data, root.Rename)
}

// placeFile writes data under a temporary name and has place bring that file to
// its own, whole or not at all.
func placeFile(root *os.Root, name string, data []byte, place func(temp, name string) error) error {
	if err := removeTemps(root, name); err != nil {
		return err
	}
	temp, err := tempName(name)
	if err != nil {
		return err
	}
	err = createFile(root, temp, data)
	if err == nil {
		err = place(temp, name)
	}
	if err := errors.Join(err, removeIfThere(root, temp)); err != nil {
		return err
	}
	return syncRoot(root)
}

// readFile reads a regular file below root; links in its last place are not
// followed.
func readFile(root *os.Root, name string) ([]byte, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: filepath.Join(root.Name(), name), Err: errNotRegular}
	}
	return root.ReadFile(name)
}

// Crockford's digits in lower case: no two look alike, and their order is that
// of their bytes.
const base32Digits = "0123456789abcdefghjkmnpqrstvwxyz"

// randomLen digits are 40 bits.
const randomLen = 8

// randomName returns random base 32 digits.
func randomName(random io.Reader) (string, error) {
	b := make([]byte, randomLen)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("reading random bytes: %w", err)
	}
	for i := range b {
		b[i] = base32Digits[b[i]%32]
	}
	return string(b), nil
}

// tempName returns a name for the unfinished form of name, beside it.
func tempName(name string) (string, error) {
	id, err := randomName(rand.Reader)
	if err != nil {
		return "", err
	}
	return tempPrefix(name) + id + tempSuffix, nil
}

const tempSuffix = ".tmp"

// tempPrefix starts the names of all unfinished forms of name, and of nothing
// else's.
func tempPrefix(name string) string { return "." + name + ".runbook-" }

// removeTemps removes the unfinished forms of name that crashes left.
func removeTemps(root *os.Root, name string) error {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		id, ok := strings.CutPrefix(e.Name(), tempPrefix(name))
		if !ok || len(id) != randomLen+len(tempSuffix) || !strings.HasSuffix(id, tempSuffix) {
			continue
		}
		if err := root.RemoveAll(e.Name()); err != nil {
			return err
		}
	}
	return nil
}

func removeIfThere(root *os.Root, name string) error {
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
