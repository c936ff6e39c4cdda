package engine

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"runbook/executor"
	"runbook/runbook"
)

// A kind says what a message between runner and supervisor is. A message is
// its kind, its length in four bytes, and that much payload.
type kind byte

// What the runner says.
const (
	sayRun    kind = 'R' // a job; the terminal's descriptor comes with it
	sayAdopt  kind = 'A' // a start, of which it wants to know
	sayGo     kind = 'G' // the command's start is durable in the journal
	sayRefuse kind = 'N' // the command shall not start
	sayEnd    kind = 'E' // stop the job with that number, and why
	sayPress  kind = 'P' // one more INT
	sayQuit   kind = 'Q'
)

// What the supervisor says.
const (
	tellReady    kind = 'r' // a command is about to start: its index
	tellOutput   kind = 'o' // what the command printed
	tellSkipped  kind = 's' // what it printed and nobody has kept
	tellFinished kind = 'f'
	tellDone     kind = 'd' // the job has ended
	tellKnown    kind = 'k' // the answer to sayAdopt
)

// A start names one start of one command of the run.
type start struct {
	Step    runbook.ID
	Attempt int
	Command int
}

func startOf(job executor.Job, i int) start { return start{job.Step, job.Attempt, i} }

// The payloads. Text that need not be UTF-8 is bytes, which JSON keeps.
type (
	wireJob struct {
		Number   int // of the job on its connection
		Step     runbook.ID
		Attempt  int
		Document []byte
		Dir      []byte
		Lines    []int // of the commands
		Texts    [][]byte
		First    int
		SameEnv  bool // as the job before on this connection
		Env      [][]byte
		State    []byte
		Timeout  int64
		TTY      bool
	}
	wireEnd struct {
		Number int
		Late   bool // for lack of time, not by a person
	}
	wireResult struct {
		Command  int
		Result   executor.Result // without the four below
		Dir      []byte
		Set      map[string][]byte
		Failures []wireFailure
	}
	wireFailure struct {
		Line, Exit int
		Command    []byte
	}
	wireOutcome struct {
		Next      int
		Dir       []byte
		Exported  map[string][]byte
		Leftovers []string
		Error     string
		Stopped   bool // the error is an executor.ErrStopped
	}
	wireSkipped struct{ Bytes, Lines int64 }
)

// Knowledge is what a supervisor, or what it has left on the disk, can tell of
// a command's start.
type knowledge string

const (
	knowsNothing  knowledge = ""
	knowsRunning  knowledge = "running"
	knowsFinished knowledge = "finished"
	knowsDeclined knowledge = "declined" // it never began: the word to was not given
)

func toBytes(m map[string]string) map[string][]byte {
	if m == nil {
		return nil
	}
	out := make(map[string][]byte, len(m))
	for k, v := range m {
		out[k] = []byte(v)
	}
	return out
}

func toStrings(m map[string][]byte) map[string]string {
	if m == nil {
		return nil
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[k] = string(v)
	}
	return out
}

func wireOfJob(job executor.Job, number int, sameEnv bool) *wireJob {
	w := &wireJob{
		Number: number, Step: job.Step, Attempt: job.Attempt, Document: []byte(job.Document), Dir: []byte(job.Dir), First: job.First,
		SameEnv: sameEnv, State: []byte(job.State), Timeout: int64(job.Timeout), TTY: job.TTY,
	}
	for _, c := range job.Commands {
		w.Lines, w.Texts = append(w.Lines, c.Line), append(w.Texts, []byte(c.Text))
	}
	if !sameEnv {
		for _, kv := range job.Env {
			w.Env = append(w.Env, []byte(kv))
		}
	}
	return w
}

func wireOfResult(i int, r executor.Result) *wireResult {
	w := &wireResult{Command: i, Result: r, Dir: []byte(r.Dir), Set: toBytes(r.Set)}
	for _, f := range r.Failures {
		w.Failures = append(w.Failures, wireFailure{f.Line, f.Exit, []byte(f.Command)})
	}
	w.Result.Dir, w.Result.Set, w.Result.Failures = "", nil, nil
	return w
}

func (w *wireResult) result() executor.Result {
	r := w.Result
	r.Dir, r.Set = string(w.Dir), toStrings(w.Set)
	for _, f := range w.Failures {
		r.Failures = append(r.Failures, runbook.Failure{Line: f.Line, Exit: f.Exit, Command: string(f.Command)})
	}
	return r
}

func wireOfOutcome(out executor.Outcome, err error) *wireOutcome {
	w := &wireOutcome{Next: out.Next, Dir: []byte(out.Dir), Exported: toBytes(out.Exported), Leftovers: out.Leftovers}
	if err != nil {
		w.Error, w.Stopped = err.Error(), errors.Is(err, executor.ErrStopped)
	}
	return w
}

func (w *wireOutcome) outcome() (executor.Outcome, error) {
	out := executor.Outcome{Next: w.Next, Dir: string(w.Dir), Exported: toStrings(w.Exported), Leftovers: w.Leftovers}
	if w.Error == "" {
		return out, nil
	}
	return out, &remoteError{w.Error, w.Stopped}
}

// A remoteError is an error of the engine in the supervisor.
type remoteError struct {
	text    string
	stopped bool
}

func (e *remoteError) Error() string { return e.text }

func (e *remoteError) Is(target error) bool { return e.stopped && target == executor.ErrStopped }

// A link is one end of a connection between runner and supervisor. One
// goroutine receives; any may send.
type link struct {
	conn *net.UnixConn
	in   *bufio.Reader
	buf  []byte
	mu   sync.Mutex // of sending
	gone bool       // for the supervisor: the runner has closed its end
	// Files are descriptors that came with what was received.
	files []*os.File
}

func newLink(conn *net.UnixConn) *link {
	l := &link{conn: conn}
	l.in = bufio.NewReaderSize(l, 64<<10)
	return l
}

// Read implements io.Reader for what receives: it also takes descriptors.
func (l *link) Read(p []byte) (int, error) {
	var oob [64]byte
	n, got, _, _, err := l.conn.ReadMsgUnix(p, oob[:])
	if got > 0 {
		l.take(oob[:got])
	}
	if n == 0 && err == nil && len(p) > 0 {
		return 0, io.EOF
	}
	return max(n, 0), err
}

func (l *link) take(oob []byte) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return // whoever wants a descriptor will miss it
	}
	for _, m := range messages {
		fds, err := unix.ParseUnixRights(&m)
		if err != nil {
			continue
		}
		for _, fd := range fds {
			unix.CloseOnExec(fd)
			l.files = append(l.files, os.NewFile(uintptr(fd), "terminal"))
		}
	}
}

// maxMessage bounds a message, in bytes: the largest is a job with its
// environment, which the system itself bounds, and its commands.
const maxMessage = 1 << 30

// receive waits for the next message. The payload is valid up to the next call.
func (l *link) receive() (kind, []byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(l.in, head[:]); err != nil {
		return 0, nil, err
	}
	n := int(binary.BigEndian.Uint32(head[1:]))
	if n > maxMessage {
		return 0, nil, fmt.Errorf("a message of %d bytes", n)
	}
	if n > cap(l.buf) {
		l.buf = make([]byte, n)
	}
	l.buf = l.buf[:n]
	_, err := io.ReadFull(l.in, l.buf)
	return kind(head[0]), l.buf, err
}

// send sends one message, payload in one piece with its head.
func (l *link) send(k kind, payload []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	head := [5]byte{byte(k)}
	binary.BigEndian.PutUint32(head[1:], uint32(len(payload)))
	buffers := net.Buffers{head[:], payload}
	if len(payload) == 0 {
		buffers = buffers[:1]
	}
	_, err := buffers.WriteTo(l.conn)
	return err
}

// sendValue sends a message whose payload is v as JSON.
func (l *link) sendValue(k kind, v any) error {
	payload, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return l.send(k, payload)
}

// sendFile sends a descriptor in front of the next message.
func (l *link) sendFile(f *os.File, k kind, v any) error {
	payload, err := json.Marshal(v)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	message := binary.BigEndian.AppendUint32([]byte{byte(k)}, uint32(len(payload)))
	if _, _, err := l.conn.WriteMsgUnix(message, unix.UnixRights(int(f.Fd())), nil); err != nil {
		return err
	}
	_, err = l.conn.Write(payload)
	return err
}

// sendCapture sends what a capture holds.
func (l *link) sendCapture(c *executor.Capture) error {
	head, tail, missing, lines := c.Retained()
	err := l.send(tellOutput, head)
	if err == nil && missing > 0 {
		err = l.sendValue(tellSkipped, wireSkipped{missing, lines})
	}
	if err == nil && len(tail) > 0 {
		err = l.send(tellOutput, tail)
	}
	return err
}
