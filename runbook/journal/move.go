package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// CopyRun copies the directory of a run from one runs directory to another,
// which it makes if need be. A run that is there already gets the files of the
// other, each whole or not at all; one that is not there appears whole. Files
// that only the destination has stay. Call it under the locks of both.
func CopyRun(from, to, id string) error {
	src, err := OpenRun(from, id)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return errors.Join(err, src.Close())
	}
	runs, err := makeRunsDir(to)
	if err != nil {
		return errors.Join(err, src.Close())
	}
	err = copyRun(src.root, runs, id)
	if err := errors.Join(err, runs.Close(), src.Close()); err != nil {
		return fmt.Errorf("copying run %s to %s: %w", id, to, err)
	}
	return nil
}

func copyRun(src, runs *os.Root, id string) error {
	if _, err := runs.Lstat(id); err == nil {
		dst, err := runs.OpenRoot(id)
		if err != nil {
			return err
		}
		return errors.Join(copyTree(src, dst), dst.Close())
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := removeTemps(runs, "run"); err != nil {
		return err
	}
	temp, err := tempName("run")
	if err != nil {
		return err
	}
	if err := runs.Mkdir(temp, 0o755); err != nil {
		return err
	}
	dst, err := runs.OpenRoot(temp)
	if err == nil {
		err = errors.Join(copyTree(src, dst), dst.Close())
	}
	if err == nil {
		err = runs.Rename(temp, id)
	}
	if err != nil {
		return errors.Join(err, runs.RemoveAll(temp))
	}
	return syncRoot(runs)
}

// copyTree copies regular files and directories; a run has nothing else.
func copyTree(src, dst *os.Root) error {
	entries, err := fs.ReadDir(src.FS(), ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := copyEntry(src, dst, e); err != nil {
			return err
		}
	}
	return syncRoot(dst)
}

func copyEntry(src, dst *os.Root, e fs.DirEntry) error {
	switch {
	case e.Type().IsRegular():
		data, err := readFile(src, e.Name())
		if err != nil {
			return err
		}
		return putFile(dst, e.Name(), data)
	case !e.IsDir():
		return nil
	}
	if err := dst.Mkdir(e.Name(), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	from, err := src.OpenRoot(e.Name())
	if err != nil {
		return err
	}
	into, err := dst.OpenRoot(e.Name())
	if err != nil {
		return errors.Join(err, from.Close())
	}
	return errors.Join(copyTree(from, into), into.Close(), from.Close())
}
