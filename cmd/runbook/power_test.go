package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A loopDisk is a file system in a file, of which a command can take a copy as
// the disk has it: what was written and not synced is not in it, as after a
// loss of power.
type loopDisk struct{ image, dir string }

func newLoopDisk(t *testing.T) *loopDisk {
	t.Helper()
	d := &loopDisk{filepath.Join(t.TempDir(), "disk"), t.TempDir()}
	for _, command := range [][]string{{"truncate", "-s", "48M", d.image}, {"mkfs.ext4", "-q", "-F", d.image}} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Skipf("skipped: no file system can be made here: %v: %s", err, out)
		}
	}
	if out, err := exec.Command("mount", "-o", "loop", d.image, d.dir).CombinedOutput(); err != nil {
		t.Skipf("skipped: no file can be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() { d.unmount(t) })
	return d
}

func (d *loopDisk) unmount(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("umount", d.dir).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// becomes puts a copy in the disk's place.
func (d *loopDisk) becomes(t *testing.T, image string) {
	t.Helper()
	d.unmount(t)
	if out, err := exec.Command("mount", "-o", "loop", image, d.dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// The power fails while a command runs: what the disk has then says that it was
// started, nobody starts it again, and the rest follows once a person has said
// what became of it.
func TestThePowerFailsDuringACommand(t *testing.T) {
	t.Parallel()
	disk := newLoopDisk(t)
	p := newProcess(t)
	cuts := t.TempDir()
	const list = "```bash\nledger one\ncut 1\nledger two\n```\n\n- [ ] Half way\n\n```bash\ncut 2\nledger three\n```\n"
	const cut = "#!/bin/sh\n[ -e \"$CUTS/$1\" ] || cp --sparse=always \"$DISK\" \"$CUTS/$1\"\n"
	home := filepath.Join(disk.dir, "home")
	p.dir = filepath.Join(disk.dir, "work")
	p.env = append(p.env, "HOME="+home, "DISK="+disk.image, "CUTS="+cuts)
	for _, dir := range []string{home, p.dir} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(p.bin, "cut"), []byte(cut), 0o755); err != nil {
		t.Fatal(err)
	}
	p.write(t, "list.md", list)
	if out, err := exec.Command("sync", "-f", p.dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if code, out := p.run(t, "exec", "--yes", "--no-input", "list.md"); code != exitOK {
		t.Fatalf("exit code %d:\n%s", code, out)
	}

	for at, called := range []string{"ledger one", "ledger one, ledger two"} {
		t.Run(fmt.Sprintf("cut %d", at+1), func(t *testing.T) {
			disk.becomes(t, filepath.Join(cuts, fmt.Sprint(at+1)))
			if err := os.RemoveAll(p.ledger); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(p.ledger, 0o700); err != nil {
				t.Fatal(err)
			}
			code, out := p.run(t, "exec", "--yes", "--no-input", "list.md")
			if code != exitHeld || !strings.Contains(out, "--resolve") {
				t.Errorf("exit code %d:\n%s", code, out)
			}
			if calls := p.calls(t); len(calls) > 0 {
				t.Errorf("called %q", calls)
			}
			id := []string{"step", "step-2"}[at]
			if code, out := p.run(t, "exec", "--yes", "--no-input", "--resolve", id+"=done", "--reason", "the power failed", "list.md"); code != exitOK {
				t.Errorf("with a person's word: exit code %d:\n%s", code, out)
			}
			all := []string{"ledger one", "ledger two", "ledger three"}
			if rest := all[len(strings.Split(called, ", ")):]; !slices.Equal(p.calls(t), rest) {
				t.Errorf("with a person's word, it called %q, want %q", p.calls(t), rest)
			}
			if code, out := p.run(t, "verify", "list.md"); code != exitOK {
				t.Errorf("verify: exit code %d:\n%s", code, out)
			}
		})
	}
}
