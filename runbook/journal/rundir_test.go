package journal

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/iotest"
	"time"
)

const runA, runB = "20260102T150405.000Z-aaaaaaaa", "20260102T150405.001Z-00000000"

func TestRunsDirIsBesideTheRecord(t *testing.T) {
	for record, want := range map[string]string{
		"/x/checklist.md":       "/x/checklist.runs",
		"/x/checklist.txt":      "/x/checklist.txt.runs",
		"/x/checklist.markdown": "/x/checklist.markdown.runs",
		"/x/checklist":          "/x/checklist.runs",
		"/x/v1.2.md":            "/x/v1.2.runs",
		"/x/.md":                "/x/.md.runs",
		"checklist.md":          "checklist.runs",
		"../x.md/checklist.md":  "../x.md/checklist.runs",
	} {
		if got := RunsDir(record); got != want {
			t.Errorf("RunsDir(%q) = %q, want %q", record, got, want)
		}
	}
}

func TestRunIDsSortByTimeAndDiffer(t *testing.T) {
	at := time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)
	id := func(at time.Time) string {
		t.Helper()
		id, err := NewRunID(at, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if !runID.MatchString(id) {
			t.Fatalf("%q has not the form of an ID", id)
		}
		return id
	}
	var ids []string
	for _, later := range []time.Duration{0, time.Millisecond, time.Second, time.Minute, 24 * time.Hour, 24 * 365 * time.Hour} {
		ids = append(ids, id(at.Add(later)))
	}
	if !slices.IsSorted(ids) {
		t.Errorf("not in order: %q", ids)
	}
	seen := map[string]bool{}
	for range 10_000 {
		seen[id(at)] = true
	}
	if len(seen) != 10_000 {
		t.Errorf("%d IDs of 10000 differ", len(seen))
	}
}

func TestNewRunIDStatesItsForm(t *testing.T) {
	at := time.Date(2026, 1, 2, 16, 4, 5, 678_900_000, time.FixedZone("CET", 3600))
	id, err := NewRunID(at, bytes.NewReader([]byte{0, 9, 10, 31, 32, 63, 255, 18}))
	if err != nil || id != "20260102T150405.678Z-09az0zzj" {
		t.Errorf("%q, %v", id, err)
	}
	for name, fail := range map[string]func() (string, error){
		"no random bytes": func() (string, error) { return NewRunID(at, iotest.ErrReader(errors.New("dry"))) },
		"few":             func() (string, error) { return NewRunID(at, bytes.NewReader([]byte{1, 2})) },
		"five-digit year": func() (string, error) { return NewRunID(at.AddDate(9000, 0, 0), rand.Reader) },
	} {
		if id, err := fail(); err == nil {
			t.Errorf("%s: ID %q without an error", name, id)
		}
	}
}

func createRunT(t *testing.T, runsDir, id, template string, lines ...[]byte) *RunDir {
	t.Helper()
	d, err := CreateRun(runsDir, id, []byte(template), lines...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func TestCreateRunMakesAWholeRun(t *testing.T) {
	runs := filepath.Join(t.TempDir(), "checklist.runs")
	d := createRunT(t, runs, runA, "# T\r\n", []byte("one"), []byte("two"))
	template, err := d.Template()
	if err != nil || string(template) != "# T\r\n" {
		t.Errorf("template %q, %v", template, err)
	}
	if d.Path() != filepath.Join(runs, runA) || d.JournalPath() != filepath.Join(runs, runA, "journal.jsonl") {
		t.Errorf("paths %s and %s", d.Path(), d.JournalPath())
	}
	j, lines, err := Open(d.JournalPath())
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
	if !slices.Equal(texts(lines.Whole), []string{"one", "two"}) || len(lines.Torn) > 0 {
		t.Errorf("journal %q", lines)
	}
	if names := list(t, runs); !slices.Equal(names, []string{runA}) {
		t.Errorf("the runs directory holds %q", names)
	}
	if names := list(t, d.Path()); !slices.Equal(names, []string{"journal.jsonl", "out", "template.md"}) {
		t.Errorf("the run directory holds %q", names)
	}
}

// list returns the names in a directory.
func list(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestCreateRunDisplacesNothing(t *testing.T) {
	runs := t.TempDir()
	createRunT(t, runs, runA, "first")
	if err := os.Mkdir(filepath.Join(runs, runB), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{runA, runB} {
		if _, err := CreateRun(runs, id, []byte("second")); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: error %v, want one that it exists", id, err)
		}
	}
	if got := read(t, filepath.Join(runs, runA, "template.md")); got != "first" {
		t.Errorf("the template became %q", got)
	}
}

func TestCreateRunRefuses(t *testing.T) {
	base := t.TempDir()
	write(t, filepath.Join(base, "file"), "")
	tests := []struct {
		name, runs, id string
		line           string
	}{
		{"an ID that is a path", base, "../" + runA, "line"},
		{"an ID of another form", base, "latest", "line"},
		{"no ID", base, "", "line"},
		{"a line that is two", base, runA, "a\nb"},
		{"an empty line", base, runA, ""},
		{"a runs directory that is a file", filepath.Join(base, "file"), runA, "line"},
		{"a runs directory nowhere", filepath.Join(base, "no", "where"), runA, "line"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d, err := CreateRun(tt.runs, tt.id, nil, []byte(tt.line)); err == nil {
				t.Errorf("made %s", d.Path())
			}
			if names := list(t, base); !slices.Equal(names, []string{"file"}) {
				t.Errorf("left %q", names)
			}
		})
	}
}

func TestListPassesOverForeignNames(t *testing.T) {
	runs := t.TempDir()
	createRunT(t, runs, runB, "")
	createRunT(t, runs, runA, "")
	write(t, filepath.Join(runs, "20260102T150405.000Z-ffffffff"), "a file")
	if err := errors.Join(
		os.Mkdir(filepath.Join(runs, "notes"), 0o755),
		os.Mkdir(filepath.Join(runs, runA+"x"), 0o755),
		os.Mkdir(filepath.Join(runs, ".run.runbook-00000000.tmp"), 0o755),
		os.Symlink(runA, filepath.Join(runs, "20260102T150405.000Z-eeeeeeee")),
	); err != nil {
		t.Fatal(err)
	}
	ids, err := List(runs)
	if err != nil || !slices.Equal(ids, []string{runA, runB}) {
		t.Errorf("%q, %v", ids, err)
	}
	ids, err = List(filepath.Join(runs, "absent"))
	if err != nil || ids != nil {
		t.Errorf("no runs directory: %q, %v", ids, err)
	}
}

func TestOpenRunRefuses(t *testing.T) {
	runs := t.TempDir()
	createRunT(t, runs, runA, "")
	if err := os.Symlink(runA, filepath.Join(runs, runB)); err != nil {
		t.Fatal(err)
	}
	for name, id := range map[string]string{
		"a link": runB, "nothing": "20260102T150405.000Z-ffffffff", "a path": "./" + runA, "no ID": "",
	} {
		if d, err := OpenRun(runs, id); err == nil {
			t.Errorf("%s: opened %s", name, d.Path())
		}
	}
}

func TestOutputIsKeptByName(t *testing.T) {
	d := createRunT(t, t.TempDir(), runA, "")
	for _, text := range []string{"first, longer", "second", ""} {
		if err := d.WriteOutput("5-apply.log", []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := d.ReadOutput("5-apply.log"); err != nil || string(got) != text {
			t.Errorf("%q, %v, want %q", got, err, text)
		}
	}
	if names := list(t, filepath.Join(d.Path(), "out")); !slices.Equal(names, []string{"5-apply.log"}) {
		t.Errorf("out holds %q", names)
	}
}

func TestOutputIsKeptInAClone(t *testing.T) {
	d := createRunT(t, t.TempDir(), runA, "")
	if err := os.Remove(filepath.Join(d.Path(), "out")); err != nil { // git keeps no empty directory
		t.Fatal(err)
	}
	if err := d.WriteOutput("1.log", []byte("x")); err != nil {
		t.Error(err)
	}
}

func TestOutputCannotEscape(t *testing.T) {
	base := t.TempDir()
	runs := filepath.Join(base, "runs")
	d := createRunT(t, runs, runA, "template", []byte("line"))
	outside := filepath.Join(base, "outside")
	write(t, outside, "kept")
	for _, name := range []string{
		"", ".", "..", "../journal.jsonl", "../../../outside", outside, "a/b", `..\x`, ".hidden", "nul\x00", "../out/../template.md",
	} {
		if err := d.WriteOutput(name, []byte("bad")); err == nil {
			t.Errorf("%q was written", name)
		}
		if b, err := d.ReadOutput(name); err == nil {
			t.Errorf("%q was read: %q", name, b)
		}
	}
	t.Run("through a link in a name's place", func(t *testing.T) {
		if err := os.Symlink(outside, filepath.Join(d.Path(), "out", "link.log")); err != nil {
			t.Fatal(err)
		}
		if b, err := d.ReadOutput("link.log"); err == nil {
			t.Errorf("read %q", b)
		}
		if err := d.WriteOutput("link.log", []byte("new")); err != nil {
			t.Errorf("a link is replaced, but: %v", err)
		}
	})
	t.Run("through a link in out's place", func(t *testing.T) {
		out := filepath.Join(d.Path(), "out")
		if err := errors.Join(os.RemoveAll(out), os.Symlink(base, out)); err != nil {
			t.Fatal(err)
		}
		if err := d.WriteOutput("outside", []byte("bad")); err == nil {
			t.Error("written")
		}
	})
	for _, target := range []string{outside, "journal.jsonl"} {
		t.Run("by a template that is a link to "+filepath.Base(target), func(t *testing.T) {
			template := filepath.Join(d.Path(), "template.md")
			if err := errors.Join(os.Remove(template), os.Symlink(target, template)); err != nil {
				t.Fatal(err)
			}
			if b, err := d.Template(); err == nil {
				t.Errorf("read %q", b)
			}
		})
	}
	if got := read(t, outside); got != "kept" {
		t.Errorf("the file outside became %q", got)
	}
	if got := read(t, d.JournalPath()); got != "line\n" {
		t.Errorf("the journal became %q", got)
	}
}
