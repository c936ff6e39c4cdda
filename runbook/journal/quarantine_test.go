package journal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestQuarantineIsForThisAccountAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "run.held")
	q := NewQuarantine(dir)
	if _, err := q.Get("a.json"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is something before anything was kept: %v", err)
	}
	for _, text := range []string{"first", "second, and longer"} {
		if err := q.Put("a.json", []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := q.Get("a.json"); err != nil || string(got) != text {
			t.Errorf("%q, %v", got, err)
		}
	}
	for path, want := range map[string]fs.FileMode{dir: 0o700, filepath.Join(dir, "a.json"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, want %v; %v", path, info.Mode().Perm(), want, err)
		}
	}
	for _, name := range []string{"", ".x", "../x", "a/b"} {
		if q.Put(name, nil) == nil || q.Remove(name) == nil {
			t.Errorf("%q was taken for a name", name)
		}
	}
	if err := errors.Join(q.Remove("a.json"), q.Remove("a.json"), q.Destroy(), q.Destroy()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory is still there: %v", err)
	}
}

func TestAJournalGoesOnAfterItWasRevised(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	j, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	steps := []func() error{
		func() error { return j.Append([]byte("one"), []byte("two")) },
		func() error { return j.Revise([][]byte{[]byte("uno"), []byte("two"), []byte("three")}) },
		j.Check,
		func() error { return j.Append([]byte("four")) },
		j.Close,
	}
	for i, step := range steps {
		if err := step(); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil || string(data) != "uno\ntwo\nthree\nfour\n" {
		t.Errorf("%q, %v", data, err)
	}
	if err := j.Revise(nil); !errors.Is(err, os.ErrClosed) {
		t.Errorf("revised after it was closed: %v", err)
	}
}
