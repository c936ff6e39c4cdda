package journal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestReplaceSwapsTheContent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "checklist.md")
	write(t, path, "old")
	if err := Replace(path, []byte("old"), []byte("new")); err != nil {
		t.Fatal(err)
	}
	if got := read(t, path); got != "new" {
		t.Errorf("content %q", got)
	}
	if names := list(t, filepath.Dir(path)); !slices.Equal(names, []string{"checklist.md"}) {
		t.Errorf("left %q", names)
	}
}

func TestReplaceNoticesOtherPeoplesChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "checklist.md")
	write(t, path, "edited")
	err := Replace(path, []byte("old"), []byte("new"))
	var changed *ChangedError
	if !errors.As(err, &changed) || string(changed.Current) != "edited" || !strings.Contains(err.Error(), path) {
		t.Fatalf("error %v, want a ChangedError with path and content", err)
	}
	if got := read(t, path); got != "edited" {
		t.Errorf("content %q", got)
	}
	if names := list(t, filepath.Dir(path)); !slices.Equal(names, []string{"checklist.md"}) {
		t.Errorf("left %q", names)
	}
}

// An edit that comes while the new content is being written is noticed too.
func TestReplaceLooksAgainBeforeTheRename(t *testing.T) {
	path := filepath.Join(t.TempDir(), "checklist.md")
	write(t, path, "old")
	target, err := openTarget(path)
	if err != nil {
		t.Fatal(err)
	}
	defer target.root.Close()
	info, err := target.info()
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, "edited")
	var changed *ChangedError
	if err := target.swap("temp", info, []byte("old"), []byte("new")); !errors.As(err, &changed) {
		t.Errorf("error %v, want a ChangedError", err)
	}
	if got := read(t, path); got != "edited" {
		t.Errorf("content %q", got)
	}
}

func TestReplaceByTheSameTouchesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "checklist.md")
	write(t, path, "new")
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	// Also where old is outdated: a crash may have come after the rename.
	for _, old := range []string{"new", "old"} {
		if err := Replace(path, []byte(old), []byte("new")); err != nil {
			t.Error(err)
		}
	}
	after, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if !os.SameFile(before, after) || !before.ModTime().Equal(after.ModTime()) {
		t.Error("the file was written")
	}
}

func TestReplaceKeepsMode(t *testing.T) {
	for _, mode := range []fs.FileMode{0o600, 0o644, 0o664, 0o755, 0o666} {
		path := filepath.Join(t.TempDir(), "checklist.md")
		write(t, path, "old")
		if err := errors.Join(os.Chmod(path, mode), Replace(path, []byte("old"), []byte("new"))); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != mode {
			t.Errorf("mode %v, want %v", info.Mode(), mode)
		}
	}
}

func TestReplaceKeepsOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("skipped: only root can give a file away")
	}
	path := filepath.Join(t.TempDir(), "checklist.md")
	write(t, path, "old")
	if err := errors.Join(os.Chown(path, 1234, 4321), Replace(path, []byte("old"), []byte("new"))); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if owner := info.Sys().(*syscall.Stat_t); owner.Uid != 1234 || owner.Gid != 4321 {
		t.Errorf("owner %d:%d", owner.Uid, owner.Gid)
	}
}

func TestReplaceFollowsLinks(t *testing.T) {
	base := t.TempDir()
	path := func(name string) string { return filepath.Join(base, name) }
	if err := errors.Join(
		os.Mkdir(path("real"), 0o755),
		os.Symlink("real/checklist.md", path("second")),
		os.Symlink("second", path("first")),
	); err != nil {
		t.Fatal(err)
	}
	write(t, path("real/checklist.md"), "old")
	if err := errors.Join(CheckWritable(path("first")), Replace(path("first"), []byte("old"), []byte("new"))); err != nil {
		t.Fatal(err)
	}
	if got := read(t, path("real/checklist.md")); got != "new" {
		t.Errorf("the target holds %q", got)
	}
	for _, link := range []string{"first", "second"} {
		if info, err := os.Lstat(path(link)); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("%s is no link any more: %v, %v", link, info, err)
		}
	}
}

func TestReplaceRemovesItsOwnLeftoversOnly(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	kept := []string{
		".checklist.md.runbook-0123.tmp",      // not our form
		".checklist.md.runbook-01234567.tmp~", // an editor's
		".other.md.runbook-01234567.tmp",      // another record's, perhaps under way
		"checklist.md",
		"notes.tmp",
	}
	for _, name := range append([]string{".checklist.md.runbook-01234567.tmp", ".checklist.md.runbook-zzzzzzzz.tmp"}, kept...) {
		write(t, path(name), "old")
	}
	if err := Replace(path("checklist.md"), []byte("old"), []byte("new")); err != nil {
		t.Fatal(err)
	}
	if names := list(t, dir); !slices.Equal(names, kept) {
		t.Errorf("the directory holds\n%q, want\n%q", names, kept)
	}
}

func TestWriteNewDisplacesNothing(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	write(t, path("there"), "kept")
	if err := errors.Join(os.Symlink("nowhere", path("dangling")), os.Mkdir(path("dir"), 0o755)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"there", "dangling", "dir"} {
		if err := WriteNew(path(name), []byte("new")); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: error %v, want one that it exists", name, err)
		}
	}
	if err := errors.Join(CheckWritable(path("new")), WriteNew(path("new"), []byte("new"))); err != nil {
		t.Fatal(err)
	}
	if got := read(t, path("new")); got != "new" {
		t.Errorf("content %q", got)
	}
	if names := list(t, dir); !slices.Equal(names, []string{"dangling", "dir", "new", "there"}) || read(t, path("there")) != "kept" {
		t.Errorf("the directory holds %q", names)
	}
}

func TestCheckWritableFindsOutBeforehand(t *testing.T) {
	base := t.TempDir()
	path := func(name string) string { return filepath.Join(base, name) }
	write(t, path("good.md"), "x")
	write(t, path("read-only.md"), "x")
	long := strings.Repeat("n", 250) + ".md" // leaves no room for a temporary name
	write(t, path(long), "x")
	if err := errors.Join(
		os.Chmod(path("read-only.md"), 0o444),
		os.Mkdir(path("dir"), 0o755),
		os.Symlink("nowhere", path("dangling")),
		os.Symlink("read-only.md", path("link")),
	); err != nil {
		t.Fatal(err)
	}
	before := list(t, base)
	tests := []struct {
		name string
		want error
	}{
		{"good.md", nil},
		{"new.md", nil},
		{"read-only.md", ErrReadOnly},
		{"link", ErrReadOnly},
		{"dir", errNotRegular},
		{"dangling", fs.ErrNotExist},
		{"no/where.md", fs.ErrNotExist},
		{long, syscall.ENAMETOOLONG},
	}
	for _, tt := range tests {
		t.Run(tt.name[:min(len(tt.name), 20)], func(t *testing.T) {
			if err := CheckWritable(path(tt.name)); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
	if after := list(t, base); !slices.Equal(after, before) {
		t.Errorf("looking changed %q to %q", before, after)
	}
	if err := Replace(path("read-only.md"), []byte("x"), []byte("y")); !errors.Is(err, ErrReadOnly) {
		t.Errorf("replacing: error %v, want ErrReadOnly", err)
	}
}

func TestCheckWritableAsksTheSystem(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("skipped: root may write everywhere")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "checklist.md")
	write(t, path, "x")
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o755)
	for _, p := range []string{path, filepath.Join(dir, "new.md")} {
		if err := CheckWritable(p); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s: error %v, want one about permission", p, err)
		}
	}
}
