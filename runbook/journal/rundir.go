package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// The names in a run directory.
const (
	templateName = "template.md"
	journalName  = "journal.jsonl"
	outputsName  = "out"
)

// ignoreName keeps what only this machine needs out of git, itself included:
// a clone gets its own as soon as it runs something.
const (
	ignoreName = ".gitignore"
	ignoreText = "# What only this machine needs. Runs are kept.\n.gitignore\n.lock\n.*.runbook-*.tmp\n"
	// While a run is under way git sees nothing of it: a step's `git clean` or
	// `git stash -u` would take the journal away from under the runner.
	hiddenText = "# A run is under way. It shows once the run has stopped.\n*\n"
)

// RunsDir returns where the runs of a record are kept: beside it, for
// "/x/checklist.md" in "/x/checklist.runs". Pass the record's real path, so
// that every link to a record leads to the same runs.
func RunsDir(record string) string {
	dir, base := filepath.Split(record)
	// Only .md goes: checklist.md and checklist.txt are two records.
	if name, ok := strings.CutSuffix(base, ".md"); ok && name != "" {
		base = name
	}
	return dir + base + ".runs"
}

var runID = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}\.[0-9]{3}Z-[0-9a-hjkmnp-tv-z]{8}$`)

// NewRunID returns a run's ID, as in "20260102T150405.000Z-4k7m0q2x": the time
// in UTC, so that names sort as the runs began, and 40 bits from random, so
// that no two are equal. Pass crypto/rand.Reader. Runs of one millisecond sort
// in no particular order.
func NewRunID(t time.Time, random io.Reader) (string, error) {
	suffix, err := randomName(random)
	if err != nil {
		return "", err
	}
	id := t.UTC().Format("20060102T150405.000Z") + "-" + suffix
	if !runID.MatchString(id) {
		return "", fmt.Errorf("time %v has no four-digit year", t)
	}
	return id, nil
}

// List returns the IDs of the runs in a runs directory, the newest last. Other
// names and links are passed over; a directory that does not exist holds none.
func List(runsDir string) ([]string, error) {
	entries, err := os.ReadDir(runsDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, e := range entries {
		if e.IsDir() && runID.MatchString(e.Name()) {
			ids = append(ids, e.Name())
		}
	}
	return ids, nil
}

// A RunDir is the directory of one run: the template as it was when the run
// began, the journal, and the output that was kept.
type RunDir struct {
	path string
	root *os.Root
}

// CreateRun makes the directory of a new run with its template, no output, and
// a journal of the given lines, under the Lock of runsDir. After a crash there
// is either no such run or a whole one; what a crash left half made goes at the
// next CreateRun.
func CreateRun(runsDir, id string, template []byte, lines ...[]byte) (*RunDir, error) {
	if !runID.MatchString(id) {
		return nil, fmt.Errorf("%q is not the ID of a run", id)
	}
	runs, err := makeRunsDir(runsDir)
	if err != nil {
		return nil, err
	}
	err = createRun(runs, id, template, lines)
	if err := errors.Join(err, runs.Close()); err != nil {
		return nil, fmt.Errorf("creating run %s: %w", id, err)
	}
	return OpenRun(runsDir, id)
}

func createRun(runs *os.Root, id string, template []byte, lines [][]byte) error {
	if err := removeTemps(runs, "run"); err != nil {
		return err
	}
	// A rename would put the new run in the place of an empty directory.
	if _, err := runs.Lstat(id); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, fmt.Errorf("%s: %w", id, fs.ErrExist))
	}
	temp, err := tempName("run")
	if err != nil {
		return err
	}
	if err := fillRun(runs, temp, template, lines); err != nil {
		return errors.Join(err, runs.RemoveAll(temp))
	}
	if err := runs.Rename(temp, id); err != nil {
		return errors.Join(err, runs.RemoveAll(temp))
	}
	return syncRoot(runs)
}

// fillRun makes a run under a temporary name.
func fillRun(runs *os.Root, temp string, template []byte, lines [][]byte) error {
	if err := runs.Mkdir(temp, 0o755); err != nil {
		return err
	}
	if err := runs.Mkdir(filepath.Join(temp, outputsName), 0o755); err != nil {
		return err
	}
	journal, err := joinLines(lines)
	if err != nil {
		return err
	}
	root, err := runs.OpenRoot(temp)
	if err != nil {
		return err
	}
	err = createFile(root, templateName, template)
	if err == nil {
		err = createFile(root, journalName, journal)
	}
	if err == nil {
		err = syncRoot(root)
	}
	return errors.Join(err, root.Close())
}

// OpenRun opens the directory of a run that CreateRun made. A link in its
// place is refused.
func OpenRun(runsDir, id string) (*RunDir, error) {
	if !runID.MatchString(id) {
		return nil, fmt.Errorf("%q is not the ID of a run", id)
	}
	path := filepath.Join(runsDir, id)
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("not a directory")}
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	return &RunDir{path: path, root: root}, nil
}

// Path returns the directory itself.
func (d *RunDir) Path() string { return d.path }

// JournalPath returns the path for Open and Read.
func (d *RunDir) JournalPath() string { return filepath.Join(d.path, journalName) }

// Template returns the template's bytes as they were when the run began.
func (d *RunDir) Template() ([]byte, error) { return readFile(d.root, templateName) }

// WriteOutput keeps data under that name in the run's out directory, in the
// place of what was there. The name is one path element and begins with no
// dot, wherever it came from; others are refused.
func (d *RunDir) WriteOutput(name string, data []byte) error {
	if err := checkOutputName(name); err != nil {
		return err
	}
	out, err := d.outputs()
	if err != nil {
		return err
	}
	return errors.Join(putFile(out, name, data), out.Close())
}

// ReadOutput returns what WriteOutput kept under that name.
func (d *RunDir) ReadOutput(name string) ([]byte, error) {
	if err := checkOutputName(name); err != nil {
		return nil, err
	}
	out, err := d.outputs()
	if err != nil {
		return nil, err
	}
	data, err := readFile(out, name)
	return data, errors.Join(err, out.Close())
}

// outputs opens the out directory. Git keeps no empty directories, so that a
// clone may have to make it.
func (d *RunDir) outputs() (*os.Root, error) {
	if err := d.root.Mkdir(outputsName, 0o755); err == nil {
		if err := syncRoot(d.root); err != nil {
			return nil, err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return d.root.OpenRoot(outputsName)
}

func checkOutputName(name string) error {
	if name == "" || name[0] == '.' || strings.ContainsAny(name, "/\\\x00") {
		return fmt.Errorf("%q cannot be an output's name", name)
	}
	return nil
}

// Close lets go of the directory.
func (d *RunDir) Close() error { return d.root.Close() }

// makeRunsDir opens a runs directory and makes it if it is missing.
func makeRunsDir(path string) (*os.Root, error) {
	if err := os.Mkdir(path, 0o755); err == nil {
		if err := syncPath(filepath.Dir(path)); err != nil {
			return nil, err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.OpenRoot(path)
}

// ignore writes the runs directory's .gitignore.
func ignore(runs *os.Root, text string) error {
	return putFile(runs, ignoreName, []byte(text))
}
