package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"runbook/executor"
)

// supervisorDir is the directory in Job.State that a supervisor uses.
const supervisorDir = "supervisor"

// Its files.
const (
	socketFile = "socket"
	keptFile   = "kept"
	errorsFile = "errors"
)

// What is kept of the last command is known whichever process dies: it is in
// the file before anybody is told. It holds output as the command printed it, so
// that a later runner masks and judges it as it would have live.
type memory struct {
	Finished *start // the last command that has ended
	Declined *start // one behind it that was not given the word to start, and never will be by this supervisor
	Result   *wireResult
	Outcome  *wireOutcome // of its job; nil: that has not ended

	Head, Tail     int // their lengths in bytes
	Missing, Lines int64
	capture        *executor.Capture
}

const keptHead = "runbook kept command 1 sha256:"

// keptRoom is what the file's first block holds: writing over it needs no new
// place on the disk, and costs less to sync.
const keptRoom = 4096

// A keeper is the file in which a supervisor keeps the last command. It is
// written over in place: what it held is in the journal by then. Torn by a loss
// of power it is as good as absent.
type keeper struct {
	file *os.File
	last memory
	size int
	lazy bool // what was written last a loss of power may still take
}

// openKeeper opens or makes the file in dir, and goes on from what it holds.
func openKeeper(dir string) (*keeper, error) {
	k := &keeper{}
	if last := loadKept(dir); last != nil {
		k.last = *last
	}
	f, err := os.OpenFile(filepath.Join(dir, keptFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("keep commands' results: %w", err)
	}
	k.file = f
	if info, err := f.Stat(); err == nil {
		k.size = int(info.Size())
	}
	if k.size > 0 {
		return k, nil
	}
	if _, err = f.WriteAt(make([]byte, keptRoom), 0); err == nil {
		k.size = keptRoom
		err = errors.Join(f.Sync(), syncDir(dir), syncDir(filepath.Dir(dir)))
	}
	return k, err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// save makes what is kept durable.
func (k *keeper) save() error {
	if err := k.write(); err != nil {
		return err
	}
	return k.sync()
}

// sync makes what was written durable.
func (k *keeper) sync() error {
	if err := syncData(k.file); err != nil {
		return fmt.Errorf("keep a command's result: %w", err)
	}
	k.lazy = false
	return nil
}

// write makes what is kept outlive this process and the runner, not a loss of
// power.
func (k *keeper) write() error {
	last := k.last
	var head, tail []byte
	if last.capture != nil {
		head, tail, last.Missing, last.Lines = last.capture.Retained()
	}
	last.Head, last.Tail = len(head), len(tail)
	meta, err := json.Marshal(last)
	if err != nil {
		return err
	}
	body := bytes.Join([][]byte{meta, {'\n'}, head, tail}, nil)
	text := []byte(keptHead + digest(string(body)) + " " + strconv.Itoa(len(body)) + "\n")
	text = append(text, body...)
	if _, err := k.file.WriteAt(text, 0); err != nil {
		return fmt.Errorf("keep a command's result: %w", err)
	}
	if was := k.size; len(text) < was && was > keptRoom {
		k.size = max(len(text), keptRoom)
		if err := k.file.Truncate(int64(k.size)); err != nil {
			return fmt.Errorf("keep a command's result: %w", err)
		}
	}
	k.size, k.lazy = max(k.size, len(text)), true
	return nil
}

// loadKept reads what a supervisor has left in dir; nil if there is nothing
// that is whole.
func loadKept(dir string) *memory {
	data, err := os.ReadFile(filepath.Join(dir, keptFile))
	if err != nil {
		return nil // what cannot be read is as good as absent: a person will be asked
	}
	head, rest, _ := bytes.Cut(data, []byte{'\n'})
	sum, ok := bytes.CutPrefix(head, []byte(keptHead))
	want, length, found := bytes.Cut(sum, []byte{' '})
	n, err := strconv.Atoi(string(length))
	if !ok || !found || err != nil || n < 0 || n > len(rest) || digest(string(rest[:n])) != string(want) {
		return nil
	}
	meta, output, _ := bytes.Cut(rest[:n], []byte{'\n'})
	k := &memory{capture: &executor.Capture{}}
	if json.Unmarshal(meta, k) != nil || k.Head < 0 || k.Tail < 0 || k.Head+k.Tail != len(output) {
		return nil
	}
	k.capture.Write(output[:k.Head])
	if k.Missing > 0 {
		k.capture.Skip(k.Missing, k.Lines)
	}
	k.capture.Write(output[k.Head:])
	return k
}

// tells says what is kept of a start.
func (k *memory) tells(s start) knowledge {
	switch {
	case k == nil:
		return knowsNothing
	case k.Finished != nil && *k.Finished == s && k.Result != nil:
		return knowsFinished
	case k.Declined != nil && *k.Declined == s:
		return knowsDeclined
	}
	return knowsNothing
}
