package engine

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// stateFile is the snapshot's name in Job.State.
const stateFile = "shell"

// A snapshot is what a shell must be told to stand where another one stood.
type snapshot struct {
	step   string // whose commands have left the directory in which it starts; empty: none has
	dir    string // working directory
	script string // restores the rest; what equals a pristine shell is not in it
}

// volatile variables belong to a process or to a moment: they are neither kept
// nor restored. PWD follows from the directory.
var volatile = words(`BASH BASHOPTS BASHPID BASH_ALIASES BASH_ARGC BASH_ARGV BASH_ARGV0 BASH_CMDS
	BASH_COMMAND BASH_EXECUTION_STRING BASH_LINENO BASH_LOADABLES_PATH BASH_MONOSECONDS BASH_REMATCH
	BASH_SOURCE BASH_SUBSHELL BASH_TRAPSIG BASH_VERSINFO BASH_VERSION COLUMNS COMP_WORDBREAKS COPROC
	COPROC_PID DIRSTACK EPOCHREALTIME EPOCHSECONDS EUID FUNCNAME GROUPS HISTCMD HOSTNAME HOSTTYPE
	LINENO LINES MACHTYPE OSTYPE PIPESTATUS PPID PWD RANDOM SECONDS SHELLOPTS SHLVL SRANDOM UID _ ` + markerName)

func words(s string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(s) {
		set[w] = true
	}
	return set
}

func kept(name string) bool {
	return !volatile[name] && !strings.HasPrefix(name, "__runbook_")
}

// A pristine is a shell before its first command: what it has by itself and
// from the environment, which therefore need not, and must not, be stored.
type pristine struct {
	vars  map[string]declaration
	shopt string // BASHOPTS
	set   string // SHELLOPTS
	funcs string
	umask string
}

func newPristine(f *frame) *pristine {
	p := &pristine{vars: map[string]declaration{}, shopt: f.shopt, set: f.set, funcs: f.funcs, umask: f.umask}
	for _, d := range declarations(f.vars) {
		if kept(d.name) {
			p.vars[d.name] = d
		}
	}
	return p
}

// snapshot gives what of f differs from p, in the order in which it must be
// restored: options that decide how the rest is read come first, and those
// that could make the restoring itself fail come last.
func (p *pristine) snapshot(f *frame) snapshot {
	var b strings.Builder
	if len(f.vars) > usualAnswer {
		b.Grow(len(f.vars) + usualAnswer) // what grows step by step is held twice
	}
	options(&b, "shopt -s ", "shopt -u ", f.shopt, p.shopt)
	b.WriteString(strings.Replace(f.funcs, p.funcs, "", 1))
	for l := range strings.Lines(f.names) {
		if strings.HasPrefix(l, "declare -fx") {
			b.WriteString(l)
		}
	}
	p.variables(&b, f.vars)
	b.WriteString(f.aliases)
	if f.umask != p.umask {
		b.WriteString("umask " + f.umask)
	}
	if len(f.args) > 0 {
		b.WriteString("set --")
		for _, a := range f.args {
			b.WriteString(" " + quote(a))
		}
		b.WriteByte('\n')
	}
	options(&b, "set -o ", "set +o ", f.set, p.set)
	for _, o := range "vx" { // the driver switches them off while it works
		if strings.ContainsRune(f.flags, o) {
			b.WriteString("set -" + string(o) + "\n")
		}
	}
	return snapshot{dir: f.dir, script: b.String()}
}

// options writes what switches the options of before to those of now, both
// lists of names with colons between them.
func options(b *strings.Builder, on, off, now, before string) {
	if now == before {
		return
	}
	is, was := strings.Split(now, ":"), strings.Split(before, ":")
	for _, o := range is {
		if !slices.Contains(was, o) {
			b.WriteString(on + o + "\n")
		}
	}
	for _, o := range was {
		if !slices.Contains(is, o) {
			b.WriteString(off + o + "\n")
		}
	}
}

func (p *pristine) variables(b *strings.Builder, dump string) {
	seen := make(map[string]bool, len(p.vars))
	for _, d := range declarations(dump) {
		if !kept(d.name) {
			continue
		}
		seen[d.name] = true
		was, had := p.vars[d.name]
		if had && was.text == d.text {
			continue
		}
		if had && was.flags != d.flags {
			fmt.Fprintf(b, "unset -v %s\n", d.name) // declare adds attributes and takes none away
		}
		b.WriteString(d.text)
		b.WriteByte('\n')
	}
	for name := range p.vars {
		if !seen[name] {
			fmt.Fprintf(b, "unset -v %s\n", name)
		}
	}
}

// maxSet is the size in bytes from which a value is left out of Result.Set:
// whatever a secret is, it is no such heap, and each is kept as long as the run.
const maxSet = 64 << 10

// changed gives the scalar variables that have another value in the dump now
// than in the one before, or had none; nil if there are none.
func changed(before, now string) map[string]string {
	was := map[string]declaration{}
	for _, d := range declarations(before) {
		was[d.name] = d
	}
	var set map[string]string
	for _, d := range declarations(now) {
		old, had := was[d.name]
		if had && old.text == d.text || !told(d.name) {
			continue
		}
		value, ok := d.value()
		if !ok || len(value) > maxSet {
			continue
		}
		if v, ok := old.value(); ok && v == value {
			continue // only its attributes have changed
		}
		if set == nil {
			set = map[string]string{}
		}
		set[d.name] = value
	}
	return set
}

// told reports whether a variable is a command's doing: OLDPWD only follows
// from the directory.
func told(name string) bool { return kept(name) && name != "OLDPWD" }

// exported gives the exported variables of dump whose values are not in env.
func exported(dump string, env []string) map[string]string {
	was := make(map[string]string, len(env))
	for _, kv := range env {
		name, value, _ := strings.Cut(kv, "=")
		was[name] = value
	}
	out := map[string]string{}
	for _, d := range declarations(dump) {
		if !told(d.name) || !strings.Contains(d.flags, "x") {
			continue
		}
		value, ok := d.value()
		if old, had := was[d.name]; ok && (!had || old != value) {
			out[d.name] = value
		}
	}
	return out
}

// stateHead precedes a snapshot's digest in its file. The number is the
// format's: another one is refused rather than guessed at.
const stateHead = "runbook shell state 1 sha256:"

// loadSnapshot reads the last snapshot in dir; nil if there is none.
func loadSnapshot(dir string) (*snapshot, error) {
	path := filepath.Join(dir, stateFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the shell's state: %w", err)
	}
	head, body, _ := strings.Cut(string(data), "\n")
	sum, ok := strings.CutPrefix(head, stateHead)
	if !ok || sum != digest(body) {
		return nil, fmt.Errorf("the shell's state in %s is damaged or of another version", path)
	}
	step, body, _ := strings.Cut(body, "\x00")
	where, script, _ := strings.Cut(body, "\x00")
	return &snapshot{step: step, dir: where, script: script}, nil
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// save replaces the snapshot in dir. It is on the disk when save returns: the
// journal is about to say that the command which led to it has finished.
func (s snapshot) save(dir string) error {
	sum := sha256.New()
	for _, w := range s.body() {
		_, _ = io.WriteString(sum, w) // a hash takes everything
	}
	tmp := filepath.Join(dir, stateFile+".new")
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("keep the shell's state: %w", err)
	}
	w := bufio.NewWriter(f)
	for _, text := range append([]string{stateHead, hex.EncodeToString(sum.Sum(nil)), "\n"}, s.body()...) {
		_, _ = w.WriteString(text) // Flush tells
	}
	err = w.Flush()
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(tmp, filepath.Join(dir, stateFile))
	}
	if err != nil {
		return fmt.Errorf("keep the shell's state: %w", err)
	}
	return nil
}

// body is what the file holds behind its first line, in pieces.
func (s snapshot) body() []string { return []string{s.step, "\x00", s.dir, "\x00", s.script} }
