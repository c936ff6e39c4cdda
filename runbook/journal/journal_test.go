package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// texts makes lines comparable.
func texts(lines [][]byte) []string {
	var out []string
	for _, l := range lines {
		out = append(out, string(l))
	}
	return out
}

func TestAppendedLinesAreThereAfterwards(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	j, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	big := strings.Repeat("x", 5<<20)
	if err := errors.Join(j.Append([]byte("one")), j.Append(), j.Append([]byte("two"), []byte(big)), j.Close()); err != nil {
		t.Fatal(err)
	}
	if read(t, path) != "one\ntwo\n"+big+"\n" {
		t.Fatal("the file is not the lines, each with its newline")
	}
	j, lines, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(j.Append([]byte("three")), j.Close()); err != nil {
		t.Fatal(err)
	}
	if want := []string{"one", "two", big}; !slices.Equal(texts(lines.Whole), want) || len(lines.Torn) > 0 {
		t.Errorf("opened with %d lines and %q torn", len(lines.Whole), lines.Torn)
	}
	lines, err = Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"one", "two", big, "three"}; !slices.Equal(texts(lines.Whole), want) || len(lines.Torn) > 0 {
		t.Errorf("read %d lines and %q torn", len(lines.Whole), lines.Torn)
	}
}

func TestCreateDisplacesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	write(t, path, "kept\n")
	if _, err := Create(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("error %v, want one that the file exists", err)
	}
	if got := read(t, path); got != "kept\n" {
		t.Errorf("the journal became %q", got)
	}
}

func TestAppendRefusesWhatIsNotOneLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	j, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for _, bad := range []string{"", "\n", "a\nb", "a\n"} {
		if err := j.Append([]byte("good"), []byte(bad)); err == nil {
			t.Errorf("%q was taken for a line", bad)
		}
	}
	if got := read(t, path); got != "" {
		t.Errorf("a refused call wrote %q", got)
	}
	if err := j.Append([]byte("good")); err != nil {
		t.Errorf("a refused line broke the journal: %v", err)
	}
}

func TestClosedJournalRefuses(t *testing.T) {
	j, err := Create(filepath.Join(t.TempDir(), "journal.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := j.Append([]byte("late")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("error %v, want one that the file is closed", err)
	}
}

// A journal cut at any byte gives back every whole line; the rest is set aside.
func TestOpenRecoversFromEveryCut(t *testing.T) {
	const whole = "{\"seq\":1}\n{\"seq\":2,\"é\":\"\x00\"}\n{\"seq\":3}\n"
	for cut := range len(whole) + 1 {
		end := strings.LastIndexByte(whole[:cut], '\n') + 1
		torn := whole[end:cut]
		want := strings.Split(whole[:end], "\n")
		want = want[:len(want)-1]

		path := filepath.Join(t.TempDir(), "journal.jsonl")
		write(t, path, whole[:cut])
		seen, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, path); got != whole[:cut] {
			t.Fatalf("cut at %d: reading made it %q", cut, got)
		}
		j, lines, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range []Lines{seen, lines} {
			if !slices.Equal(texts(l.Whole), want) || string(l.Torn) != torn {
				t.Errorf("cut at %d: %q and torn %q, want %q and %q", cut, l.Whole, l.Torn, want, torn)
			}
		}
		if err := errors.Join(j.Append([]byte("next")), j.Close()); err != nil {
			t.Fatal(err)
		}
		if got := read(t, path); got != whole[:end]+"next\n" {
			t.Errorf("cut at %d: the journal became %q", cut, got)
		}
		aside, err := os.ReadFile(path + ".torn")
		if torn == "" {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("cut at %d: a file for torn lines, though none is torn: %v", cut, err)
			}
		} else if string(aside) != torn+"\n" {
			t.Errorf("cut at %d: set aside %q, want %q (%v)", cut, aside, torn+"\n", err)
		}
	}
}

func TestTornLinesAreKeptTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	for _, text := range []string{"a\nfirst", "a\nsecond"} {
		write(t, path, text)
		j, _, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(t, path+".torn"); got != "first\nsecond\n" {
		t.Errorf("torn lines %q", got)
	}
}

func TestJournalsAreOnlyRegularFiles(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	write(t, path("elsewhere"), "half")
	write(t, path("journal"), "half")
	if err := errors.Join(
		os.Symlink("elsewhere", path("link")),
		os.Symlink("elsewhere", path("journal.torn")),
		os.Mkdir(path("dir"), 0o755),
		unix.Mkfifo(path("pipe"), 0o644),
	); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"link", "dir", "pipe", "journal", "absent"} {
		if j, _, err := Open(path(name)); err == nil {
			t.Errorf("%s was opened: %v", name, j.Close())
		}
	}
	for _, name := range []string{"link", "dir", "pipe", "absent"} {
		if _, err := Read(path(name)); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	if got := read(t, path("elsewhere")); got != "half" {
		t.Errorf("what the links lead to became %q", got)
	}
}

// faultyFile fails where it is told to. A sync that fails cannot be had from a
// real file without root and a device made for it.
type faultyFile struct {
	bytes.Buffer
	room            int // bytes that it takes, at most
	writeErr        error
	syncErr         error
	writes, syncs   int
	closed          bool
	syncedUpToBytes int
}

func (f *faultyFile) Write(p []byte) (int, error) {
	f.writes++
	if f.writeErr != nil {
		n, _ := f.Buffer.Write(p[:min(len(p), f.room)])
		return n, f.writeErr
	}
	return f.Buffer.Write(p)
}

func (f *faultyFile) Sync() error {
	f.syncs++
	if f.syncErr == nil {
		f.syncedUpToBytes = f.Len()
	}
	return f.syncErr
}

func (f *faultyFile) Close() error { f.closed = true; return nil }

func TestAppendIsOneWriteAndOneSync(t *testing.T) {
	f := &faultyFile{}
	j := &Journal{file: f, name: "j"}
	if err := j.Append([]byte("a"), []byte("b"), []byte("c")); err != nil {
		t.Fatal(err)
	}
	if f.writes != 1 || f.syncs != 1 || f.syncedUpToBytes != len("a\nb\nc\n") {
		t.Errorf("%d writes, %d syncs, %d bytes synced", f.writes, f.syncs, f.syncedUpToBytes)
	}
}

func TestBrokenJournalStaysBroken(t *testing.T) {
	tests := map[string]*faultyFile{
		"sync fails":  {syncErr: unix.EIO},
		"write fails": {writeErr: unix.EIO},
		"short write": {writeErr: unix.EIO, room: 2},
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) {
			j := &Journal{file: f, name: "j"}
			first := j.Append([]byte("line"))
			if !errors.Is(first, unix.EIO) {
				t.Fatalf("error %v, want EIO", first)
			}
			// The disk is well again: a second sync would succeed, and lie.
			f.writeErr, f.syncErr = nil, nil
			writes, syncs := f.writes, f.syncs
			for range 2 {
				if err := j.Append([]byte("line")); err != first {
					t.Errorf("error %v, want the first one", err)
				}
			}
			if f.writes != writes || f.syncs != syncs {
				t.Error("the file was touched again")
			}
			if err := j.Close(); err != nil || !f.closed {
				t.Errorf("close: %v", err)
			}
			if err := j.Append([]byte("line")); err != first {
				t.Errorf("error %v after Close, want the first one", err)
			}
		})
	}
}

// tornLines are what appendChild writes, by calls to Append.
var tornLines = [][][]byte{{[]byte("first")}, {[]byte("second"), []byte("third")}, {[]byte("fourth")}}

// appendChild appends tornLines to the journal args[0] while the system lets
// its files grow to args[1] bytes only, and prints how many calls succeeded.
func appendChild(args []string) error {
	limit, err := strconv.ParseUint(args[1], 10, 64)
	if err != nil {
		return err
	}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: limit, Max: limit}); err != nil {
		return err
	}
	j, _, err := Open(args[0])
	if err != nil {
		return err
	}
	var first error
	succeeded := 0
	for _, lines := range tornLines {
		err := j.Append(lines...)
		switch {
		case first != nil && err != first:
			return fmt.Errorf("after %v came %v", first, err)
		case err != nil:
			first = err
		default:
			succeeded++
		}
	}
	if first != nil && !errors.Is(first, unix.EFBIG) {
		return first
	}
	fmt.Println(succeeded)
	return j.Close()
}

// A write that the system cuts at any byte loses no line that was acknowledged
// and leaves no half line behind.
func TestOpenRecoversFromEveryTornWrite(t *testing.T) {
	whole := "first\nsecond\nthird\nfourth\n"
	ends := []int{0, len("first\n"), len("first\nsecond\nthird\n"), len(whole)}
	for limit := range len(whole) + 1 {
		path := filepath.Join(t.TempDir(), "journal.jsonl")
		write(t, path, "")
		out, err := child(t, nil, "append", path, strconv.Itoa(limit)).CombinedOutput()
		if err != nil {
			t.Fatalf("limit %d: %v\n%s", limit, err, out)
		}
		acknowledged, err := strconv.Atoi(strings.TrimSpace(string(out)))
		if err != nil {
			t.Fatal(err)
		}
		if ends[acknowledged] > limit || (acknowledged < len(tornLines) && ends[acknowledged+1] <= limit) {
			t.Errorf("limit %d: %d calls succeeded", limit, acknowledged)
		}
		j, lines, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		end := strings.LastIndexByte(whole[:limit], '\n') + 1
		if got := read(t, path); got != whole[:end] || string(lines.Torn) != whole[end:limit] {
			t.Errorf("limit %d: journal %q, torn %q", limit, got, lines.Torn)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, bench := range []struct {
		name string
		make func(*os.File) file
	}{
		{"fdatasync", func(f *os.File) file { return dataFile{f} }},
		{"fsync", func(f *os.File) file { return f }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			j, err := Create(filepath.Join(b.TempDir(), "journal.jsonl"))
			if err != nil {
				b.Fatal(err)
			}
			j.file = bench.make(j.file.(dataFile).File)
			line := bytes.Repeat([]byte("x"), 300)
			for b.Loop() {
				if err := j.Append(line); err != nil {
					b.Fatal(err)
				}
			}
			if err := j.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func TestProbeFindsOutBeforehand(t *testing.T) {
	broken := &faultyFile{syncErr: unix.EIO}
	j := &Journal{file: broken, name: filepath.Join(t.TempDir(), "j")}
	if err := j.Probe(0); !errors.Is(err, unix.EIO) {
		t.Errorf("the sync fails: %v, want EIO", err)
	}
	broken.syncErr = nil
	if err := j.Append([]byte("line")); !errors.Is(err, unix.EIO) {
		t.Errorf("append after a failed sync: %v, want EIO", err)
	}
	well := &faultyFile{}
	j = &Journal{file: well, name: filepath.Join(t.TempDir(), "j")}
	if err := j.Probe(0); err != nil || well.writes > 0 {
		t.Errorf("nothing is wrong: %v, %d writes", err, well.writes)
	}
	var space *SpaceError
	if err := j.Probe(1 << 62); !errors.As(err, &space) {
		t.Errorf("no room: %v, want a SpaceError", err)
	}
	if err := j.Append([]byte("line")); err != nil {
		t.Errorf("append with room again: %v", err)
	}
}
