package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"runbook/executor"
)

var errNUL = errors.New("a command holds a NUL byte, which no shell can read")

// prepare readies the shell for a new job: standard descriptors as at the
// start, the job's directory.
func (b *Bash) prepare(job executor.Job) error {
	if job.State == "" {
		return errors.New("the job names no directory for the shell's state")
	}
	for i := job.First; i < len(job.Commands); i++ {
		if strings.ContainsRune(job.Commands[i].Text, 0) {
			return fmt.Errorf("%s:%d: %w", job.Document, job.Commands[i].Line, errNUL)
		}
	}
	state, err := b.lastState(job.State)
	if err != nil {
		return err
	}
	if state != nil && (b.state == nil || b.key.state != job.State) {
		b.dir = state.dir
	}
	if job.First >= len(job.Commands) {
		return nil
	}
	if job.First > 0 && state != nil && state.step == string(job.Step) {
		job.Dir = "" // in the midst of a step its own commands have said where
	}
	dir := job.Dir
	if dir == "" && state != nil {
		dir = b.dir
	}
	if err := isDir(dir); err != nil {
		return err
	}
	if err := b.ready(job); err != nil {
		return err
	}
	return b.reset(dir)
}

// isDir says in plain words what is wrong with a start directory, before a
// shell says it in its own. The empty one is the shell's.
func isDir(dir string) error {
	if dir == "" {
		return nil
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("start directory %s does not exist", dir)
	case err != nil:
		return fmt.Errorf("start directory: %w", err)
	case !info.IsDir():
		return fmt.Errorf("start directory %s is not a directory", dir)
	}
	return nil
}

// reset gives the shell its standard descriptors and EXIT trap again, and
// brings it to dir, which may have been made anew under the shell's feet.
func (b *Bash) reset(dir string) error {
	// Not `builtin exec`, whose redirections do not last.
	text := "exec <&194 >&195 2>&195; builtin trap \"$__runbook_ending\" EXIT"
	if dir != "" {
		text += "; [[ . -ef " + quote(dir) + " && ${PWD-} == " + quote(dir) + " ]] || builtin cd -- " + quote(dir)
	}
	f, err := b.shell.ask("do", text)
	if err != nil {
		b.retire()
		return fmt.Errorf("start directory %s: %w", dir, err)
	}
	b.dir = f.dir
	return nil
}

// ready makes sure that a shell for job is there: the one that there is, or a
// new one brought to where the last snapshot stood.
func (b *Bash) ready(job executor.Job) error {
	key := shellKey{env: job.Env, document: job.Document, state: job.State, tty: job.TTY}
	if b.shell != nil && b.key.equal(key) && !b.shell.hasEnded() {
		return nil
	}
	b.retire()
	state, err := b.lastState(job.State)
	if err != nil {
		return err
	}
	b.state, b.key = state, key
	b.key.env = append([]string(nil), job.Env...)
	in, err := b.openInput(job.TTY)
	if err != nil {
		return fmt.Errorf("standard input: %w", err)
	}
	defer in.Close()
	s, err := startShell(b.path, job.Document, firstDir(job.Dir, b.state), job.State, job.Env, in)
	if err != nil {
		return err
	}
	if err := b.restore(s, job.Dir != ""); err != nil {
		s.close()
		return fmt.Errorf("restore the shell's state from %s: %w", job.State, err)
	}
	b.shell = s
	return nil
}

// lastState is the snapshot to go on from, nil where there is none.
func (b *Bash) lastState(dir string) (*snapshot, error) {
	if b.state != nil && b.key.state == dir {
		return b.state, nil
	}
	return loadSnapshot(dir)
}

// firstDir is where a new shell starts, so that PWD is right from the first;
// empty is this process's own directory.
func firstDir(dir string, state *snapshot) string {
	if dir == "" && state != nil {
		dir = state.dir
	}
	if _, err := os.Stat(dir); err != nil {
		return ""
	}
	return dir
}

func (b *Bash) openInput(tty bool) (*os.File, error) {
	if tty {
		return b.terminal()
	}
	return os.Open(os.DevNull)
}

// openTerminal opens the terminal of this process.
func openTerminal() (*os.File, error) {
	return os.OpenFile("/dev/tty", os.O_RDWR|unix.O_NOCTTY, 0)
}

// restore brings s to the last snapshot. A directory that is gone matters only
// if the job does not say where it starts.
func (b *Bash) restore(s *shell, elsewhere bool) error {
	text := ":"
	if b.state != nil {
		text = b.state.script
		if _, err := os.Stat(b.state.dir); err == nil || !elsewhere {
			text = "builtin cd -- " + quote(b.state.dir) + "\n" + text
		}
	}
	f, err := s.ask("run", text)
	if err != nil {
		return err
	}
	if !f.complete {
		return errors.New("the shell does not tell its state")
	}
	s.flags, s.restored = f.flags, functions(f.names)
	b.dir, b.vars = f.dir, f.vars
	return nil
}

// functions gives the names in what `declare -F` prints.
func functions(list string) map[string]bool {
	names := map[string]bool{}
	for l := range strings.Lines(list) {
		if f := strings.Fields(l); len(f) == 3 {
			names[f[2]] = true
		}
	}
	return names
}

// hasEnded looks, without waiting, whether the shell is still there.
func (s *shell) hasEnded() bool {
	if s.ended {
		return true
	}
	select {
	case s.wait = <-s.done:
		s.ended = true
	default:
	}
	return s.ended
}

// lingering is Bash.lingering outside of tests.
const lingering = 100 * time.Millisecond

// wrapUp ends a step's last command: an EXIT trap that the step has set runs
// now, and what still runs behind a pipe may finish its output.
func (b *Bash) wrapUp(w *watch, r *executor.Result, sink func([]byte)) error {
	s := b.shell
	if !s.ended && s.onExit {
		if err := s.send("quit", 0, ""); err != nil {
			return err
		}
		if _, err := s.await(w, sink); err != nil {
			return err
		}
		r.Ended = w.ended
		if s.ended && r.Exit == 0 {
			r.Exit = exitStatus(s.wait)
		}
	}
	return s.linger(b.lingering, sink)
}

// sweep ends what outlives the step, names it, and gives up a shell that had
// such company: its job table would name the dead.
func (b *Bash) sweep() []string {
	s := b.shell
	if s == nil || s.alone() {
		return nil
	}
	left := s.family()
	if len(left) == 0 {
		return nil
	}
	var names []string
	for _, p := range left {
		names = append(names, p.String())
	}
	s.stop()
	for _, p := range s.family() {
		signal(p.pid, unix.SIGTERM)
		signal(p.pid, unix.SIGCONT)
	}
	if !s.gone(b.opts.KillAfter) {
		s.kill()
		s.gone(b.opts.KillAfter)
	}
	b.retire()
	return names
}

// gone waits until no process of the shell's is left, for at most d.
func (s *shell) gone(d time.Duration) bool {
	pause := time.Millisecond
	for limit := time.Now().Add(d); len(s.family()) > 0; {
		if time.Now().After(limit) {
			return false
		}
		time.Sleep(pause)
		pause = min(2*pause, 20*time.Millisecond)
	}
	return true
}
