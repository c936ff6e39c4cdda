package engine

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"runbook/executor"
	"runbook/runbook"
)

// frameEnd closes a frame. The shell writes nothing behind it until it is
// asked to, so a buffer that ends with it holds a whole frame.
var (
	frameBegin = []byte("\x00\x00B")
	frameEnd   = []byte("\x00\x00E")
)

// A frameKind says on what occasion the shell tells its state.
type frameKind string

// Only a turn is followed by another message.
const (
	frameTurn  frameKind = "turn"  // the command has ended
	frameExit  frameKind = "exit"  // the shell ends because it was told to, or under errexit
	frameFault frameKind = "fault" // the shell ends because an expansion failed
	frameLost  frameKind = "lost"  // the command has ended, and the loop around it too
)

// A frame is what the shell says of itself after a command, or at its end.
type frame struct {
	kind     frameKind
	status   int
	flags    string // $-
	onExit   string // what `trap -p EXIT` prints
	onErr    string
	dir      string
	size     int64 // in bytes, of one that is too large to be taken over
	complete bool  // the fields below are there
	umask    string
	shopt    string // BASHOPTS
	set      string // SHELLOPTS
	vars     string
	names    string // of functions, as `declare -F` prints them
	funcs    string
	aliases  string
	args     []string
}

// parseFrame reads the last frame in buf; nil if there is none that is whole.
// A frame before it was cut short by the shell's end.
func parseFrame(buf []byte) (*frame, error) {
	if !bytes.HasSuffix(buf, frameEnd) {
		return nil, nil
	}
	begin := lastFrame(buf)
	if begin < 0 {
		return nil, fmt.Errorf("the shell's answer has no beginning: %.40q", buf)
	}
	fields := strings.Split(string(buf[begin+len(frameBegin):len(buf)-len(frameEnd)]), "\x00=")
	if n := len(fields); n != 6 && n < 13 {
		return nil, fmt.Errorf("the shell's answer has %d fields: %.40q", n, buf)
	}
	status, err := strconv.Atoi(fields[1])
	if err != nil {
		return nil, fmt.Errorf("the shell's answer: status: %w", err)
	}
	f := &frame{
		kind: frameKind(fields[0]), status: status, flags: fields[2],
		onExit: fields[3], onErr: fields[4], dir: strings.TrimSuffix(fields[5], "\n"),
	}
	if len(fields) > 6 {
		f.complete = true
		f.umask, f.shopt, f.set, f.vars = fields[6], fields[7], fields[8], fields[9]
		f.names, f.funcs, f.aliases, f.args = fields[10], fields[11], fields[12], fields[13:]
	}
	return f, nil
}

// lastFrame is where the last frame begins; -1: there is none. Nearly always it
// is the only one, and looking forward is many times faster than back.
func lastFrame(buf []byte) int {
	begin := -1
	for at := 0; ; {
		n := bytes.Index(buf[at:], frameBegin)
		if n < 0 {
			return begin
		}
		begin = at + n
		at = begin + len(frameBegin)
	}
}

// parseHead reads the fields that every frame has from the beginning of a large
// one; nil if there are none.
func parseHead(buf []byte) (*frame, error) {
	rest, ok := bytes.CutPrefix(buf, frameBegin)
	fields := bytes.SplitN(rest, []byte("\x00="), 7)
	if !ok || len(fields) < 7 {
		return nil, nil
	}
	whole := append(append([]byte(nil), frameBegin...), bytes.Join(fields[:6], []byte("\x00="))...)
	return parseFrame(append(whole, frameEnd...))
}

// exited reports that the command has ended the shell by its own word, given
// what the shell said last, f or nil, and what the ERR trap saw. A signal, a
// failure under errexit, an expansion that fails, the loss of the descriptors
// are no such word. `exec` and an EXIT trap of the command's own leave no frame.
func exited(f *frame, r executor.Result, seen []misfortune) bool {
	if f != nil && (f.kind == frameTurn || f.kind == frameLost) {
		return false
	}
	if r.Exit == 0 {
		return !r.Failed()
	}
	errexit := slices.ContainsFunc(seen, func(m misfortune) bool { return !m.cut && m.depth == 0 })
	return r.Ended == "" && !errexit && (f == nil || f.kind != frameFault)
}

// endsItself reports that a command has set an EXIT trap of its own, which
// runs when the step ends.
func (f *frame) endsItself() bool {
	return f.onExit != "" && !strings.Contains(f.onExit, "__runbook_exit")
}

// A misfortune is what the ERR trap reported.
type misfortune struct {
	cut     bool
	depth   int // of subshells
	status  int
	line    int
	command string
	parts   []string // exit statuses of the pipeline's parts
	within  string   // the function, if any
}

// parseMisfortunes reads what the ERR trap wrote: seven fields each, in one
// write, so that they arrive whole from any number of subshells.
func parseMisfortunes(buf []byte) []misfortune {
	fields := strings.Split(string(buf), "\x00")
	var all []misfortune
	for ; len(fields) > 7; fields = fields[7:] {
		depth, err1 := strconv.Atoi(fields[1])
		status, err2 := strconv.Atoi(fields[2])
		line, err3 := strconv.Atoi(fields[3])
		if err1 != nil || err2 != nil || err3 != nil {
			continue // a command has written to the descriptor
		}
		all = append(all, misfortune{fields[0] == "cut", depth, status, line, fields[4], strings.Fields(fields[5]), fields[6]})
	}
	return all
}

// tell completes r by what the ERR trap saw. One failure is told once, where
// it happened: the assignment around a failed substitution, or the subshell
// around a failed command, only passes the status on. A command that is
// itself the failure is told by its exit status alone. Functions that were
// restored have lost their place in the document: their failures stand where
// the command does.
func tell(r *executor.Result, c runbook.Command, seen []misfortune, restored map[string]bool) {
	var last *misfortune
	for i := range seen {
		m := &seen[i]
		passedOn := last != nil && last.depth > m.depth && last.status == m.status && len(m.parts) < 2
		last = m
		if restored[m.within] {
			m.line = c.Line
		}
		switch {
		case m.cut:
			r.Cut = true
		case passedOn:
		case m.depth == 0 && m.status == r.Exit && len(m.parts) < 2 && sameWords(m.command, c.Text):
		default:
			r.Failures = append(r.Failures, runbook.Failure{Line: m.line, Command: m.text(), Exit: m.status})
		}
	}
	if r.Cut && r.Exit == 128+13 && (last == nil || last.cut) {
		r.Exit = 0
	}
}

// text is bash's own words; of a pipeline bash only keeps the last part, so
// the statuses say which part failed.
func (m *misfortune) text() string {
	if len(m.parts) < 2 {
		return m.command
	}
	return "… | " + m.command + " (" + strings.Join(m.parts, ", ") + ")"
}

// sameWords reports whether a and b differ in white space only, which bash sets
// in its own way.
func sameWords(a, b string) bool {
	return strings.Join(strings.Fields(a), "") == strings.Join(strings.Fields(b), "")
}
