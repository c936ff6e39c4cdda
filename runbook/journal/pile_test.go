package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// hold keeps things as one process would; a later one finds them.
func hold(t *testing.T, dir string, names ...string) *Quarantine {
	t.Helper()
	q := NewQuarantine(dir)
	for _, name := range names {
		if err := q.Hold(name, []byte("output of "+name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.Sync(); err != nil {
		t.Fatal(err)
	}
	return q
}

// wantHeld says what a process that comes later finds.
func wantHeld(t *testing.T, dir string, there, gone []string) {
	t.Helper()
	q := NewQuarantine(dir)
	for _, name := range there {
		if got, err := q.Get(name); err != nil || string(got) != "output of "+name {
			t.Errorf("%s is %q, %v", name, got, err)
		}
	}
	for _, name := range gone {
		if got, err := q.Get(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there: %q, %v", name, got, err)
		}
	}
}

func TestWhatIsHeldIsFoundByALaterProcess(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "run.held")
	q := hold(t, dir, "a.json", "b.json", "c.json")
	if got, err := q.Get("b.json"); err != nil || string(got) != "output of b.json" {
		t.Errorf("%q, %v", got, err)
	}
	wantHeld(t, dir, []string{"a.json", "b.json", "c.json"}, []string{"d.json"})
	hold(t, dir, "d.json")
	wantHeld(t, dir, []string{"a.json", "d.json"}, nil)
	for path, want := range map[string]fs.FileMode{dir: 0o700, filepath.Join(dir, pileFile): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, want %v; %v", path, info.Mode().Perm(), want, err)
		}
	}
	if q.Hold("../x", nil) == nil {
		t.Error("../x was taken for a name")
	}
}

func TestTheLastThingOfANameCounts(t *testing.T) {
	dir := t.TempDir()
	q := NewQuarantine(dir)
	for _, text := range []string{"first, and longer", "second"} {
		if err := q.Hold("a.json", []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	for _, q := range []*Quarantine{q, NewQuarantine(dir)} {
		if got, err := q.Get("a.json"); err != nil || string(got) != "second" {
			t.Errorf("%q, %v", got, err)
		}
	}
	if bytes.Contains(pileOf(t, dir), []byte("first")) {
		t.Error("the one before is still in the file")
	}
}

func pileOf(t *testing.T, dir string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, pileFile))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// What was released is on the disk no more, whatever stays.
func TestWhatIsRemovedIsGoneFromTheFile(t *testing.T) {
	dir := t.TempDir()
	q := hold(t, dir, "a.json", "b.json")
	if err := q.Hold("empty.json", nil); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(q.Remove("a.json"), q.Remove("empty.json"), q.Remove("nothing.json")); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(pileOf(t, dir), []byte("output of a.json")) {
		t.Error("the file still holds what was removed")
	}
	wantHeld(t, dir, []string{"b.json"}, []string{"a.json", "empty.json"})
	if err := NewQuarantine(dir).Remove("b.json"); err != nil { // another process
		t.Fatal(err)
	}
	if left := pileOf(t, dir); len(left) != 0 {
		t.Errorf("%d bytes are left of nothing", len(left))
	}
}

// A crash leaves any part of what was being written, or zeros in its place.
func TestAPileThatWasCutOffGoesOn(t *testing.T) {
	whole := t.TempDir()
	hold(t, whole, "a.json")
	one := pileOf(t, whole)
	for cut := range one {
		for _, rest := range [][]byte{one[:cut], append(bytes.Clone(one[:cut]), make([]byte, len(one)-cut)...)} {
			t.Run(fmt.Sprint(cut, len(rest)), func(t *testing.T) {
				dir := t.TempDir()
				hold(t, dir, "b.json")
				data := append(pileOf(t, dir), rest...)
				if err := os.WriteFile(filepath.Join(dir, pileFile), data, 0o600); err != nil {
					t.Fatal(err)
				}
				wantHeld(t, dir, []string{"b.json"}, []string{"a.json"})
				hold(t, dir, "c.json")
				wantHeld(t, dir, []string{"b.json", "c.json"}, []string{"a.json"})
			})
		}
	}
}

// A sync that has failed says nothing about the next one.
func TestAPileIsBrokenByAFailedSync(t *testing.T) {
	q := hold(t, t.TempDir(), "a.json")
	if err := q.pile.file.Close(); err != nil {
		t.Fatal(err)
	}
	first := q.Sync()
	if err := q.Hold("b.json", nil); first == nil || !errors.Is(err, first) {
		t.Errorf("sync: %v; then: %v", first, err)
	}
}
