package engine

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	ossignal "os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Descriptors inside the shell, high enough that scripts do not use them.
// Those of ends that the engine reads are held open so that a step whose
// runner has died does not die of SIGPIPE: terraform would leave its state locked.
const (
	fdReady = 189 // one byte says that a frame is there
	fdText  = 190 // the message
	fdBell  = 191 // one newline says that a message is there
	fdFrame = 192 // the frame
	fdFail  = 193
	fdIn    = 194 // standard input and output as they were at the start
	fdOut   = 195
	fdHold  = 196 // and the next two
	fdCount = 199
)

// driver is evaluated once by a new shell.
//
//go:embed bash/driver.sh
var driver string

// loop runs the messages. It is a single line, so that a command's lines count
// from 1, and stands at top level, so that `declare` in a command is global.
const loop = `builtin mapfile -d "" -t -u 190 __runbook_in; builtin eval "${__runbook_in[0]}"; ` +
	`while { __runbook_turn "$?" "$-" "$@" && builtin trap - DEBUG RETURN && builtin trap "$__runbook_trap" ERR; } >/dev/null 2>&1; ` +
	`do if __runbook_before; then builtin eval "${__runbook_in[3]}"; else builtin eval "${__runbook_in[3]}"; fi; done; ` +
	`{ __runbook_leave "$-"; } >/dev/null 2>&1; builtin exit "$__runbook_last"`

// answerTime bounds what the engine asks of the shell for itself; only a shell
// that a command has broken takes longer.
const answerTime = 30 * time.Second

// A shell is one bash process and the pipes to it. One goroutine uses it.
type shell struct {
	pid      int
	marker   string
	lost     string   // the file in which the shell says that its descriptors have gone
	text     *os.File // messages to the shell
	bell     pipe
	frames   *os.File // the shell's answers
	ready    pipe
	fails    pipe
	out      pipe
	dead     pipe // its write end is closed when the shell has been waited for
	done     chan syscall.WaitStatus
	ended    bool
	wait     syscall.WaitStatus
	base     *pristine
	restored map[string]bool // functions that come from a snapshot
	seen     map[int]process // the family, as far as it has not been seen to end

	onErr   string // the trap that commands have set, as `trap -p ERR` prints it
	flags   string // $- after the last command
	onExit  bool   // commands have set an EXIT trap of their own
	failBuf []byte
	answer  []byte
	chunk   []byte
}

// A process is one that the shell has brought about.
type process struct {
	pid, parent, group, session int
	name                        string
	start                       string // when, in the kernel's words: a number may be used again
	ended                       bool   // but not waited for yet
}

// String is how a person is told of it.
func (p process) String() string { return fmt.Sprintf("%s (process %d)", p.name, p.pid) }

// startShell starts bash as document, in dir, and waits until it is ready.
func startShell(path, document, dir, stateDir string, env []string, in *os.File) (*shell, error) {
	s := &shell{marker: newMarker(stateDir), seen: map[int]process{}, answer: make([]byte, usualAnswer), chunk: make([]byte, 256<<10)}
	for _, p := range []*pipe{&s.bell, &s.ready, &s.fails, &s.out, &s.dead} {
		*p = pipe{-1, -1}
	}
	stateDir, err := filepath.Abs(stateDir) // the shell will be elsewhere
	if err != nil {
		return nil, fmt.Errorf("start a shell: %w", err)
	}
	s.lost = filepath.Join(stateDir, "lost-"+s.marker)
	err = s.open(stateDir)
	if err == nil {
		err = s.exec(path, document, dir, shellEnv(env, s.marker), in)
	}
	if err != nil {
		s.release()
		return nil, err
	}
	f, err := s.await(&watch{limit: time.Now().Add(answerTime)}, func([]byte) {})
	if err == nil && (f == nil || !f.complete || f.kind != frameTurn) {
		err = fmt.Errorf("%s ended with %s before its first command", path, describe(s.wait))
	}
	if err != nil {
		s.close()
		return nil, fmt.Errorf("start a shell: %w", err)
	}
	s.base = newPristine(f)
	return s, nil
}

func (s *shell) open(stateDir string) (err error) {
	if s.text, err = scratch(stateDir); err != nil {
		return fmt.Errorf("start a shell: %w", err)
	}
	if s.frames, err = scratch(stateDir); err != nil {
		return fmt.Errorf("start a shell: %w", err)
	}
	for _, p := range []*pipe{&s.bell, &s.ready, &s.fails, &s.out, &s.dead} {
		if *p, err = newPipe(); err != nil {
			return fmt.Errorf("start a shell: %w", err)
		}
	}
	widen(s.out.w)
	if err := unix.SetNonblock(s.bell.r, false); err != nil { // the shell waits on it
		return fmt.Errorf("start a shell: %w", err)
	}
	_, err = s.text.WriteAt([]byte("__runbook_lost="+quote(s.lost)+"\n"+driver+"\x00"), 0)
	return err
}

func (s *shell) exec(path, document, dir string, env []string, in *os.File) error {
	files := make([]uintptr, fdCount)
	for i := range files {
		files[i] = ^uintptr(0) // closed
	}
	files[0], files[fdIn] = in.Fd(), in.Fd()
	files[1], files[2], files[fdOut] = uintptr(s.out.w), uintptr(s.out.w), uintptr(s.out.w)
	files[fdText], files[fdBell] = s.text.Fd(), uintptr(s.bell.r)
	files[fdFrame], files[fdReady], files[fdFail] = s.frames.Fd(), uintptr(s.ready.w), uintptr(s.fails.w)
	files[fdHold], files[fdHold+1], files[fdHold+2] = uintptr(s.out.r), uintptr(s.ready.r), uintptr(s.fails.r)
	unignore()
	pid, err := syscall.ForkExec(path, []string{"bash", "--noprofile", "--norc", "-c", loop, document}, &syscall.ProcAttr{
		Dir: dir, Env: env, Files: files,
		Sys: &syscall.SysProcAttr{Setsid: true}, // a Ctrl-C at the terminal does not reach it by itself
	})
	if errors.Is(err, unix.E2BIG) {
		return fmt.Errorf("start %s: the environment, %d bytes, is larger than this system passes to a program: %w", path, size(env), err)
	}
	if err != nil {
		return fmt.Errorf("start %s: %w", path, err)
	}
	s.pid, s.done = pid, make(chan syscall.WaitStatus, 1)
	closeFD(&s.bell.r)
	closeFD(&s.ready.w)
	closeFD(&s.fails.w)
	closeFD(&s.out.w)
	go func(w int) {
		var ws syscall.WaitStatus
		for {
			if _, err := syscall.Wait4(pid, &ws, 0, nil); !errors.Is(err, unix.EINTR) {
				break
			}
		}
		s.done <- ws
		closeFD(&w)
	}(s.dead.w)
	s.dead.w = -1
	return nil
}

// heard are the signals that a step must be able to hear, or to die of: whoever
// starts bash with one of them ignored takes it away from every command, for
// bash can neither trap it nor reset it. Without PIPE `yes | head -1` fails.
var heard = []os.Signal{
	unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGPIPE, unix.SIGALRM, unix.SIGTERM, unix.SIGUSR1, unix.SIGUSR2,
}

// unignore makes programs that are started from now on see the signals that
// this process ignores, because it was told to or because it was started so, as
// `runbook &` in a script and nohup do. The process itself still does not mind
// them: they go to a channel that nobody reads, and what is caught is reset
// when another program starts. Taking that back would race with the rest of
// the program, so it lasts.
func unignore() {
	for _, sig := range heard {
		if ossignal.Ignored(sig) {
			ossignal.Notify(make(chan os.Signal, 1), sig)
		}
	}
}

func size(env []string) (n int) {
	for _, kv := range env {
		n += len(kv) + 1
	}
	return n
}

func (s *shell) alive() bool { return s.pid != 0 && !s.ended }

// send gives the shell its next message. Kind "run" asks for a whole frame
// afterwards, "do" for a short one; "quit" lets the shell end. Status is what
// `$?` shall be for text.
func (s *shell) send(kind string, status int, text string) error {
	msg := kind + "\x00" + strconv.Itoa(status) + "\x00" + s.onErr + "\x00" + text + "\x00"
	err := errors.Join(rewind(s.text), rewind(s.frames))
	if err == nil {
		_, err = s.text.WriteAt([]byte(msg), 0)
	}
	if err == nil {
		err = writeAll(s.bell.w, []byte("\n"))
	}
	if err != nil && !errors.Is(err, unix.EPIPE) { // a shell that has ended says so itself
		return fmt.Errorf("send to the shell: %w", err)
	}
	return nil
}

// ask lets the shell run text for the engine itself. It fails when text does,
// with what was printed.
func (s *shell) ask(kind, text string) (*frame, error) {
	var printed []byte
	if err := s.send(kind, 0, text); err != nil {
		return nil, err
	}
	f, err := s.await(&watch{limit: time.Now().Add(answerTime)}, func(p []byte) {
		printed = append(printed, p[:min(len(p), 4096)]...)
	})
	if err != nil {
		return nil, err
	}
	if f == nil || f.kind != frameTurn || f.status != 0 {
		return nil, errors.New(strings.TrimSpace("the shell refuses: " + string(printed)))
	}
	return f, nil
}

// signal sends sig to one process group or process of the shell's.
func signal(pid int, sig unix.Signal) {
	_ = unix.Kill(pid, sig) // it may have ended meanwhile, which is as good
}

// interrupt sends INT once to each process group in the shell's session, as a
// terminal does for the one in its foreground.
func (s *shell) interrupt() {
	groups := map[int]bool{s.pid: true}
	signal(-s.pid, unix.SIGINT)
	for _, p := range s.family() {
		if p.session == s.pid && !groups[p.group] {
			groups[p.group] = true
			signal(-p.group, unix.SIGINT)
		}
	}
}

// terminate sends TERM to all that the shell has started; the shell itself
// waits for them, and gets it only when it is alone.
func (s *shell) terminate() {
	family := s.family()
	for _, p := range family {
		signal(p.pid, unix.SIGTERM)
		signal(p.pid, unix.SIGCONT) // a stopped process does not see TERM
	}
	if len(family) == 0 {
		signal(s.pid, unix.SIGTERM)
	}
}

// kill ends the shell and all that it has started.
func (s *shell) kill() {
	for _, p := range s.family() {
		signal(p.pid, unix.SIGKILL)
	}
	if s.alive() {
		signal(-s.pid, unix.SIGKILL)
	}
}

// stop ends the shell alone, and waits for it.
func (s *shell) stop() {
	if s.alive() {
		signal(s.pid, unix.SIGKILL)
		s.wait, s.ended = <-s.done, true
	}
}

// close ends the shell with all its group and gives back what it holds.
func (s *shell) close() {
	if s.alive() {
		signal(-s.pid, unix.SIGKILL)
	}
	s.stop()
	s.release()
}

func (s *shell) release() {
	for _, p := range []*pipe{&s.bell, &s.ready, &s.fails, &s.out, &s.dead} {
		p.close()
	}
	for _, f := range []*os.File{s.text, s.frames} {
		if f != nil {
			_ = f.Close() // nothing in it is wanted any more
		}
	}
	s.text, s.frames = nil, nil
}

// rewind empties f. The shell shares its offset.
func rewind(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.Seek(0, io.SeekStart)
	return err
}

// exitStatus is a wait status as the shell's own `$?` would give it.
func exitStatus(ws syscall.WaitStatus) int {
	if ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return ws.ExitStatus()
}

func describe(ws syscall.WaitStatus) string {
	if ws.Signaled() {
		return "signal " + ws.Signal().String()
	}
	return "exit status " + strconv.Itoa(ws.ExitStatus())
}
