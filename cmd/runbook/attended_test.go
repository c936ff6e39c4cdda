package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// An exchange is what an operator sees and then types.
type exchange struct{ see, say string }

const attendedList = "# Attended\n\n**Ticket:** ____\n\n## One\n\nOne comes first.\n\n```bash\nledger one\n```\n\n- [ ] It ran\n\n" +
	"## Two\n\n```bash\nledger two\n```\n\n**Seen by:** ____\n"

const failingList = "# Failing\n\n```bash\nledger one\nledger two; test -e healed\nledger three\n```\n\n## After\n\n```bash\nledger four\n```\n"

// TestAttended runs lists at a terminal: what is asked, what each answer does,
// and that reasons enter the journal.
func TestAttended(t *testing.T) {
	t.Parallel()
	const run, reason = "Run? [y]es [s]kip [e]dit [a]ll [q]uit", "Reason, for the record:"
	tests := []struct {
		name    string
		list    string
		talk    []exchange
		code    int
		calls   []string
		record  []string
		journal []string
	}{
		{
			name: "each step is shown and confirmed, each blank and item asked", list: attendedList,
			talk: []exchange{
				{"Ticket (Enter leaves it open):", "CHG-7"},
				{"One comes first.", ""}, {"$ ledger one", ""}, {run, "y"},
				{"[ ] It ran  [y]es [n]o [l]ater n/[a] [q]uit", "y"},
				{run, "y"}, {"Seen by", ""}, {"leaves it open):", "Ada"},
			},
			calls:  []string{"ledger one", "ledger two"},
			record: []string{"**Ticket:** CHG-7\n", "- [x] It ran\n", "**Seen by:** Ada\n"},
		},
		{
			name: "an empty or foreign answer is asked again; Enter leaves a blank open; later leaves an item open", list: attendedList,
			talk: []exchange{
				{"Ticket", "\n"}, {run, "\n"}, {"please answer with one of: y, s, e, a, q", ""}, {run, "x"}, {"please answer", ""}, {run, "a"},
				{"[ ] It ran", "l"}, {"Seen by", "\n"},
			},
			calls:  []string{"ledger one", "ledger two"},
			record: []string{"**Ticket:** ____\n", "- [ ] It ran\n", "**Seen by:** ____\n"},
		},
		{
			name: "a value that could not stand in a record is asked again", list: attendedList,
			talk: []exchange{
				{"Ticket", "a\x1b[31mb"}, {"that value cannot stand in a record", ""}, {"Ticket", "CHG-8"},
				{run, "a"}, {"[ ] It ran", "l"}, {"Seen by", "\n"},
			},
			calls:  []string{"ledger one", "ledger two"},
			record: []string{"**Ticket:** CHG-8\n"},
		},
		{
			name: "a skipped step and a failed item say why, and the run has not passed", list: attendedList,
			talk: []exchange{
				{"Ticket", "\n"}, {run, "s"}, {reason, "\n"}, {reason, "done by hand"},
				{"[ ] It ran", "n"}, {reason, "nobody looked"}, {run, "y"}, {"Seen by", "\n"},
			},
			code: exitFailed, calls: []string{"ledger two"},
			record:  []string{"- [ ] It ran\n", "done by hand", "nobody looked"},
			journal: []string{`"done by hand"`, `"nobody looked"`},
		},
		{
			name: "n/a says why as well", list: attendedList,
			talk: []exchange{
				{"Ticket", "\n"}, {run, "a"}, {"[ ] It ran", "a"}, {reason, "not here"}, {"Seen by", "\n"},
			},
			calls: []string{"ledger one", "ledger two"}, record: []string{"- [ ] It ran\n", "not here"},
		},
		{
			name: "an edited step runs as edited, with the reason", list: attendedList,
			talk: []exchange{
				{"Ticket", "\n"}, {run, "e"}, {reason, "other name"}, {"$ ledger edited", ""}, {run, "y"},
				{"[ ] It ran", "l"}, {run, "y"}, {"Seen by", "\n"},
			},
			calls: []string{"ledger edited", "ledger two"}, record: []string{"ledger edited", "(edited)", "other name"},
			journal: []string{`"kind":"edit"`, `"other name"`},
		},
		{
			name: "quitting stops before the step", list: attendedList,
			talk: []exchange{{"Ticket", "\n"}, {run, "q"}}, code: exitInterrupted, record: []string{"interrupted"},
		},
		{
			name: "quitting at an item stops there", list: attendedList,
			talk: []exchange{{"Ticket", "\n"}, {run, "a"}, {"[ ] It ran", "q"}}, code: exitInterrupted, calls: []string{"ledger one"},
		},
		{
			name: "a failed command is retried", list: failingList,
			talk: []exchange{
				{run, "a"}, {"[r]etry [c]ontinue", "r"}, {reason, "try again"}, {"[r]etry [c]ontinue", "q"}, {reason, "look first"},
			},
			code: exitFailed, calls: []string{"ledger one", "ledger two"},
			record:  []string{": retry of command 3 in `step`, by Ada Moreno: try again\n", ": quit of command 3 in `step`, by Ada Moreno: look first\n"},
			journal: []string{`"kind":"retry"`, `"try again"`, `"kind":"quit"`},
		},
		{
			name: "going on from the next command is a deviation", list: failingList,
			talk: []exchange{{run, "a"}, {"[r]etry [c]ontinue", "c"}, {reason, "harmless"}},
			code: exitFailed, calls: []string{"ledger one", "ledger two", "ledger three", "ledger four"},
			record: []string{": continue of command 3 in `step`, by Ada Moreno: harmless\n"}, journal: []string{`"kind":"continue"`, `"harmless"`},
		},
		{
			name: "skipping the rest of the step goes on with the next one", list: failingList,
			talk: []exchange{{run, "a"}, {"[r]etry [c]ontinue", "s"}, {reason, "by hand"}},
			code: exitFailed, calls: []string{"ledger one", "ledger two", "ledger four"},
			record: []string{": skip of command 3 in `step`, by Ada Moreno: by hand\n"},
		},
		{
			name: "a placeholder is asked for before its step is", list: "# Ask\n\n```bash\nledger <ticket>\n```\n",
			talk:  []exchange{{"needs a value for <ticket>:", "CHG 9"}, {"$ ledger 'CHG 9'", ""}, {run, "y"}},
			calls: []string{"ledger CHG 9"}, record: []string{"CHG 9"},
		},
		{
			name: "what was deployed before may be the tag before, and is asked for all the same", list: "# Ask\n\n```bash\nledger <previous-version>\n```\n",
			talk: []exchange{{"could be git get=previous-tag", ""}, {"needs a value for <previous-version>:", "\n"}},
			code: exitHeld,
		},
		{
			name: "a sign-off is the operator's own", list: "# Sign\n\n```bash\ntrue\n```\n\n- [ ] Security Review: ________ Date: ________\n",
			talk:   []exchange{{run, "y"}, {"sign as Ada Moreno?", "y"}},
			record: []string{"- [x] Security Review: Ada Moreno Date: 20"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newProcess(t)
			p.env = append(p.env, "EDITOR=sed -i s/one/edited/")
			p.write(t, "list.md", test.list)
			tt := p.terminal(t, "exec", "--operator", "Ada Moreno", "list.md")
			for _, x := range test.talk {
				tt.see(x.see)
				if x.say != "" {
					tt.say(strings.TrimSuffix(x.say, "\n") + "\n")
				}
			}
			if code := tt.end(); code != test.code {
				t.Errorf("exit code %d, want %d; the terminal shows:\n%s", code, test.code, tt.all)
			}
			if got := p.calls(t); !slices.Equal(got, test.calls) {
				t.Errorf("the ledger has %q, want %q", got, test.calls)
			}
			wantTexts(t, "the record", p.read(t, "list.md"), test.record)
			wantTexts(t, "the journal", p.journal(t), test.journal)
		})
	}
}

// TestAttendedUnknown asks what became of a command that was under way when the
// supervisor was killed, and takes the operator's word for it.
func TestAttendedUnknown(t *testing.T) {
	t.Parallel()
	const list = "# Unknown\n\n```bash\n{ ledger one; test -e healed || kill -9 $PPID; }\nledger two\n```\n"
	tests := []struct {
		name, key string
		code      int
		calls     []string
	}{
		{"done", "d", exitOK, []string{"ledger one", "ledger two"}},
		{"run again", "a", exitOK, []string{"ledger one", "ledger one", "ledger two"}},
		{"failed", "f", exitFailed, []string{"ledger one"}},
		{"not known yet", "q", exitHeld, []string{"ledger one"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newProcess(t)
			p.write(t, "list.md", list)
			if code, out := p.run(t, "exec", "--yes", "--no-input", "list.md"); code != exitHeld {
				t.Fatalf("exit code %d, want %d:\n%s", code, exitHeld, out)
			}
			p.write(t, "healed", "")
			tt := p.terminal(t, "exec", "--yes", "list.md")
			tt.see("the journal does not know how it ended")
			tt.see("What became of it? [d]one [f]ailed run [a]gain [q]uit")
			tt.say(test.key + "\n")
			if test.key != "q" {
				tt.see("Reason, for the record:")
				tt.say("the console shows it\n")
			}
			if code := tt.end(); code != test.code {
				t.Errorf("exit code %d, want %d; the terminal shows:\n%s", code, test.code, tt.all)
			}
			if got := p.calls(t); !slices.Equal(got, test.calls) {
				t.Errorf("the ledger has %q, want %q", got, test.calls)
			}
			if test.key != "q" {
				wantTexts(t, "the record", p.read(t, "list.md"), []string{"the console shows it"})
			}
		})
	}
}

// TestAttendedAfterFailed offers the same after a person's word that a command
// has failed as after a failure that was seen.
func TestAttendedAfterFailed(t *testing.T) {
	t.Parallel()
	const list = "# Unknown\n\n```bash\n{ ledger one; test -e healed || kill -9 $PPID; }\nledger two\n```\n\n## After\n\n```bash\nledger three\n```\n"
	tests := []struct {
		name, key, kind string
		code            int
		calls           []string
	}{
		{"retry", "r", "retry", exitOK, []string{"ledger one", "ledger one", "ledger two", "ledger three"}},
		{"continue", "c", "continue", exitFailed, []string{"ledger one", "ledger two", "ledger three"}},
		{"skip", "s", "skip", exitFailed, []string{"ledger one", "ledger three"}},
		{"quit", "q", "quit", exitFailed, []string{"ledger one"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newProcess(t)
			p.write(t, "list.md", list)
			if code, out := p.run(t, "exec", "--yes", "--no-input", "list.md"); code != exitHeld {
				t.Fatalf("exit code %d, want %d:\n%s", code, exitHeld, out)
			}
			if code, out := p.run(t, "exec", "--yes", "--no-input", "--resolve", "step=failed", "--reason", "it hung", "list.md"); code != exitFailed {
				t.Fatalf("exit code %d, want %d:\n%s", code, exitFailed, out)
			}
			p.write(t, "healed", "")
			tt := p.terminal(t, "exec", "--yes", "--operator", "Ada", "list.md")
			tt.see("it hung")
			tt.see("[r]etry [c]ontinue from the next command [s]kip [q]uit")
			tt.say(test.key + "\n")
			tt.see("Reason, for the record:")
			tt.say("looked\n")
			if code := tt.end(); code != test.code {
				t.Errorf("exit code %d, want %d; the terminal shows:\n%s", code, test.code, tt.all)
			}
			if got := p.calls(t); !slices.Equal(got, test.calls) {
				t.Errorf("the ledger has %q, want %q", got, test.calls)
			}
			wantTexts(t, "the record", p.read(t, "list.md"), []string{": " + test.kind + " of command 1 in `step`, by Ada: looked\n"})
		})
	}
}

func wantTexts(t *testing.T, where, text string, wanted []string) {
	t.Helper()
	for _, want := range wanted {
		if !strings.Contains(text, want) {
			t.Errorf("%s does not hold %q:\n%s", where, want, text)
		}
	}
}

const waitingList = "# Waiting\n\n```bash\nledger one\nwaiting\nledger two\n```\n"

// TestAttendedInterrupt presses Ctrl-C once: the step hears exactly one
// SIGINT, for terraform loses data on two; the record is written, the exit code
// is 130, and the same exec goes on.
func TestAttendedInterrupt(t *testing.T) {
	t.Parallel()
	p := newWaiting(t)
	tt := p.terminal(t, "exec", "--yes", "list.md")
	tt.see("waiting: begun")
	tt.say("\x03")
	tt.see("stopping")
	tt.see("waiting: interrupted")
	p.release(t)
	p.wantStopped(t, tt)
}

// TestAttendedClosed takes the terminal away, as a lost connection does. The
// record is written, and a command under way is left to itself.
func TestAttendedClosed(t *testing.T) {
	t.Parallel()
	t.Run("during a step", func(t *testing.T) {
		t.Parallel()
		p := newLasting(t)
		tt := p.terminal(t, "exec", "--yes", "list.md")
		tt.see("lasting: begun")
		tt.close()
		p.wantLeft(t, tt)
	})
	t.Run("at a question", func(t *testing.T) {
		t.Parallel()
		p := newProcess(t)
		p.write(t, "list.md", attendedList)
		tt := p.terminal(t, "exec", "list.md")
		tt.see("Ticket")
		tt.close()
		if code := tt.end(); code != exitInterrupted {
			t.Errorf("exit code %d, want %d", code, exitInterrupted)
		}
		wantTexts(t, "the record", p.read(t, "list.md"), []string{"<!-- runbook:record -->", "interrupted"})
		if code, out := p.run(t, "exec", "--yes", "--no-input", "list.md"); code != exitOK {
			t.Errorf("going on: exit code %d:\n%s", code, out)
		}
	})
}

// TestSignals stops a run without a terminal by each signal that means so.
func TestSignals(t *testing.T) {
	t.Parallel()
	for _, sig := range []os.Signal{unix.SIGINT, unix.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			p := newWaiting(t)
			tt := p.start(t, "exec", "--yes", "--no-input", "list.md")
			tt.see("waiting: begun")
			tt.signal(sig)
			tt.see("waiting: interrupted")
			p.release(t)
			p.wantStopped(t, tt)
		})
	}
	t.Run("hangup", func(t *testing.T) {
		t.Parallel()
		p := newLasting(t)
		tt := p.start(t, "exec", "--yes", "--no-input", "list.md")
		tt.see("lasting: begun")
		tt.signal(unix.SIGHUP)
		p.wantLeft(t, tt)
	})
}

// start starts runbook without a terminal.
func (p *process) start(t *testing.T, args ...string) *terminalTest {
	t.Helper()
	tt := &terminalTest{t: t, cmd: p.command(t.Context(), args...), output: make(chan string)}
	progress, err := tt.cmd.StderrPipe()
	if err == nil {
		err = tt.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	go tt.read(progress)
	return tt
}

func (tt *terminalTest) signal(sig os.Signal) {
	tt.t.Helper()
	if err := tt.cmd.Process.Signal(sig); err != nil {
		tt.t.Fatal(err)
	}
}

// newWaiting makes a place whose step waits for an interrupt, and then until it
// is released.
func newWaiting(t *testing.T) *process {
	t.Helper()
	p := newReleasing(t)
	p.write(t, "list.md", waitingList)
	return p
}

// newReleasing makes a place for steps that wait until they are released.
func newReleasing(t *testing.T) *process {
	t.Helper()
	p := newProcess(t)
	fifo := filepath.Join(p.dir, "release")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	p.env = append(p.env, "RELEASE="+fifo)
	return p
}

// release lets the waiting step end, once it waits for that.
func (p *process) release(t *testing.T) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(p.dir, "release"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// wantStopped wants a run that was stopped once, cleanly, and can go on.
func (p *process) wantStopped(t *testing.T, tt *terminalTest) {
	t.Helper()
	if code := tt.end(); code != exitInterrupted {
		t.Errorf("exit code %d, want %d; the terminal shows:\n%s", code, exitInterrupted, tt.all)
	}
	if got, want := p.calls(t), []string{"ledger one", "waiting", "waiting interrupted"}; !slices.Equal(got, want) {
		t.Errorf("the ledger has %q, want %q", got, want)
	}
	wantTexts(t, "the record", p.read(t, "list.md"), []string{"<!-- runbook:record -->", "interrupted"})
	p.write(t, "released", "")
	if code, out := p.run(t, "exec", "--yes", "--no-input", "list.md"); code != exitOK {
		t.Errorf("going on: exit code %d:\n%s", code, out)
	}
	if got, want := p.calls(t)[3:], []string{"waiting", "ledger two"}; !slices.Equal(got, want) {
		t.Errorf("going on called %q, want %q", got, want)
	}
}

// A terminalTest is runbook at a terminal of its own, and the person at it.
type terminalTest struct {
	t      *testing.T
	cmd    *exec.Cmd
	master *os.File
	output chan string // what the terminal shows, as it comes; closed at its end
	all    string
	seen   int // how much of all was matched
}

// patience bounds the wait for a text on a busy machine.
const patience = 30 * time.Second

func (p *process) terminal(t *testing.T, args ...string) *terminalTest {
	t.Helper()
	return atTerminal(t, p.command(t.Context(), args...))
}

func atTerminal(t *testing.T, cmd *exec.Cmd) *terminalTest {
	t.Helper()
	tt := &terminalTest{t: t, cmd: cmd, output: make(chan string)}
	master, err := pty.StartWithSize(tt.cmd, &pty.Winsize{Rows: 50, Cols: 200})
	if err != nil {
		t.Fatal(err)
	}
	tt.master = closable(t, master)
	go tt.read(tt.master)
	t.Cleanup(func() {
		tt.close()
		for range tt.output {
		}
	})
	return tt
}

// read passes on what the program shows, up to its end.
func (tt *terminalTest) read(from io.Reader) {
	defer close(tt.output)
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			tt.output <- string(buf[:n])
		}
		if err != nil {
			return // a terminal that nobody has open any more gives EIO
		}
	}
}

// closable returns the terminal as a file whose Close takes effect while
// somebody reads it, which the pty package's own, in blocking mode, does not.
func closable(t *testing.T, master *os.File) *os.File {
	t.Helper()
	fd, err := unix.FcntlInt(master.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err == nil {
		err = errors.Join(unix.SetNonblock(fd, true), master.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), "terminal")
}

// see waits until the terminal shows a text after those seen before.
func (tt *terminalTest) see(text string) {
	tt.t.Helper()
	late := time.After(patience)
	for {
		shown := strings.ReplaceAll(tt.all, "\r", "")
		if i := strings.Index(shown[tt.seen:], text); i >= 0 {
			tt.seen += i + len(text)
			return
		}
		select {
		case more, ok := <-tt.output:
			if !ok {
				tt.t.Fatalf("the program ended without showing %q; the terminal shows:\n%s", text, tt.all)
			}
			tt.all += more
		case <-late:
			tt.t.Fatalf("no %q within %v; the terminal shows:\n%s", text, patience, tt.all)
		}
	}
}

// say types a text.
func (tt *terminalTest) say(text string) {
	tt.t.Helper()
	if _, err := io.WriteString(tt.master, text); err != nil {
		tt.t.Fatal(err)
	}
}

// answer types, whenever the terminal shows one of the texts, what there is to
// be said to it, until the program ends; it returns how often each was shown.
func (tt *terminalTest) answer(talk []exchange) map[string]int {
	tt.t.Helper()
	shown := map[string]int{}
	for more := range tt.output {
		tt.all += more
		for {
			at, next := -1, exchange{}
			for _, x := range talk {
				if i := strings.Index(tt.all[tt.seen:], x.see); i >= 0 && (at < 0 || i < at) {
					at, next = i, x
				}
			}
			if at < 0 {
				break
			}
			tt.seen += at + len(next.see)
			shown[next.see]++
			tt.say(next.say + "\n")
		}
	}
	return shown
}

// close takes the terminal away.
func (tt *terminalTest) close() { _ = tt.master.Close() }

// end waits for the program and returns its exit code.
func (tt *terminalTest) end() int {
	tt.t.Helper()
	for more := range tt.output {
		tt.all += more
	}
	err := tt.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		tt.t.Fatal(err)
	}
	return tt.cmd.ProcessState.ExitCode()
}
