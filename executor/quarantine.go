package executor

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"

	"runbook/runbook"
)

// A Quarantine keeps what commands have printed until the run stops, where only
// this account can read it and no commit takes it up: what in it is secret may
// show only later.
type Quarantine interface {
	// Put keeps data in the place of what has that name. It is durable then.
	Put(name string, data []byte) error
	// Hold is Put for what comes with every command: data outlives the process,
	// and is durable once Sync has returned, which may be called while other
	// files are synced.
	Hold(name string, data []byte) error
	Sync() error
	// Get returns fs.ErrNotExist, wrapped, where there is nothing.
	Get(name string) ([]byte, error)
	Remove(name string) error
}

// memoryQuarantine serves a run that has no place for a real one: its outputs
// are lost with the process.
type memoryQuarantine struct {
	mu   sync.Mutex
	kept map[string][]byte
}

func (q *memoryQuarantine) Put(name string, data []byte) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.kept == nil {
		q.kept = map[string][]byte{}
	}
	q.kept[name] = data
	return nil
}

// Hold implements Quarantine.
func (q *memoryQuarantine) Hold(name string, data []byte) error { return q.Put(name, data) }

// Sync implements Quarantine.
func (*memoryQuarantine) Sync() error { return nil }

func (q *memoryQuarantine) Get(name string) ([]byte, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if data, ok := q.kept[name]; ok {
		return data, nil
	}
	return nil, &fs.PathError{Op: "get", Path: name, Err: fs.ErrNotExist}
}

func (q *memoryQuarantine) Remove(name string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.kept, name)
	return nil
}

// A heldOutput is one command's output as it is kept in quarantine: as it was
// printed, because masking it piece by piece would leave what a longer secret,
// learned later, has beside a shorter one.
type heldOutput struct {
	Head  []byte         `json:"head"`
	Tail  []byte         `json:"tail,omitempty"` // where something is missing between the two
	Bytes int64          `json:"bytes"`
	Lines int64          `json:"lines"`
	Found map[int][]byte `json:"found,omitempty"` // excerpts in judgements, by line
}

// heldName names a try at a command, in quarantine and in the run directory.
func (x *Executor) heldName(t *runbook.Task, command, attempt int) string {
	return fmt.Sprintf("%03d-%03d-%d", t.Number, command+1, attempt)
}

// hold keeps an output in quarantine. The next flush makes it durable.
func (x *Executor) hold(name string, h *heldOutput) error {
	data, err := json.Marshal(h)
	if err == nil {
		err = x.Quarantine.Hold(name+".json", data)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRecording, err)
	}
	x.unsynced = true
	if len(h.Head)+len(h.Tail) <= showAll {
		x.printed[name] = h // most are small, and some are asked about
	}
	return nil
}

// held returns what hold has kept; nil where it is gone.
func (x *Executor) held(name string) (*heldOutput, error) {
	if h := x.printed[name]; h != nil {
		return h, nil
	}
	data, err := x.Quarantine.Get(name + ".json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	h := &heldOutput{}
	if err == nil {
		err = json.Unmarshal(data, h)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the output kept as %s: %w", ErrRecording, name, err)
	}
	return h, nil
}

// outputOf returns what a command of a step printed the last time, masked by
// all that is known now, and whether that is the whole.
func (x *Executor) outputOf(step runbook.ID, command int) (text string, whole bool) {
	c := x.State.Step(step).Commands[command]
	if c == nil || c.Finished == nil {
		return "", false
	}
	o := &c.Finished.Output
	if !o.Held {
		return o.Head, o.Withheld == "" && o.Tail == "" && o.File == ""
	}
	t := x.Plan.StepNamed(string(step))
	if t == nil {
		return "", false
	}
	h, err := x.held(x.heldName(t, command, c.Finished.Attempt))
	if err != nil || h == nil || h.Tail != nil || len(h.Head) > showAll {
		return "", false
	}
	head, _ := h.masked(x.Mask)
	return runbook.Visible(string(head)), true
}

// lostOutput is why an output that was held cannot be shown.
const lostOutput = "it was kept on the machine that ran the command, and is not there any more"

// release brings what was held into the record, masked by all that is known
// now.
func (x *Executor) release() error {
	x.fresh = map[string]bool{}
	for _, t := range x.Plan.Steps() {
		st := x.State.Step(t.Slot.ID)
		for _, i := range slices.Sorted(maps.Keys(st.Commands)) {
			c := st.Commands[i]
			for _, f := range append(slices.Clone(c.Earlier), c.Finished) {
				if f == nil || !f.Output.Held {
					continue
				}
				name := x.heldName(t, i, f.Attempt)
				if err := x.releaseOne(name, f); err != nil {
					return err
				}
				x.released = append(x.released, name)
			}
		}
	}
	return nil
}

func (x *Executor) releaseOne(name string, f *runbook.CommandFinished) error {
	h, err := x.held(name)
	if err != nil {
		return err
	}
	out := &runbook.OutputReleased{Step: f.Step, Command: f.Command, Attempt: f.Attempt}
	if h == nil {
		out.Withheld = lostOutput
		return x.queue(out)
	}
	shown, full := h.excerpt(x.Mask)
	out.Head, out.Tail = shown.Head, shown.Tail
	if full != nil {
		out.File, out.Digest = "out/"+name+".txt", runbook.DigestOf(full)
		x.fresh[out.File] = true
		if err := x.Outputs.WriteOutput(name+".txt", full); err != nil {
			return fmt.Errorf("%w: %w", ErrRecording, err)
		}
	}
	for _, line := range slices.Sorted(maps.Keys(h.Found)) {
		out.Found = append(out.Found, runbook.Excerpt{Line: line, Text: runbook.Visible(string(Withhold(x.Mask.Apply(h.Found[line]), x.Mask.waived)))})
	}
	return x.queue(out)
}

// forget removes what was released from quarantine, once that is durable.
func (x *Executor) forget() error {
	for _, name := range x.released {
		delete(x.printed, name)
		if err := x.Quarantine.Remove(name + ".json"); err != nil {
			return fmt.Errorf("removing an output from quarantine: %w", err)
		}
	}
	return nil
}

// knownSecrets is what quarantine calls the secrets that the run has learned.
const knownSecrets = "secrets.json"

// recall learns again what earlier parts of the run have learned. What the
// environment holds is never kept.
func (x *Executor) recall() error {
	x.before = len(x.Mask.Secrets(0))
	data, err := x.Quarantine.Get(knownSecrets)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var secrets []keptSecret
	if err == nil {
		err = json.Unmarshal(data, &secrets)
	}
	if err != nil {
		return fmt.Errorf("%w: the secrets learned before: %w", ErrRecording, err)
	}
	for _, s := range secrets {
		x.Mask.Learn(Secret{s.Name, string(s.Value)})
	}
	x.recalled = len(secrets)
	return nil
}

// A keptSecret need not be text.
type keptSecret struct {
	Name  string `json:"name"`
	Value []byte `json:"value"`
}

// remember keeps what the run has learned since it last did, so that it is
// masked also when the run goes on in another process.
func (x *Executor) remember() error {
	learned := x.Mask.Secrets(x.before)
	if len(learned) <= x.recalled {
		return nil
	}
	secrets := make([]keptSecret, 0, len(learned))
	for _, s := range learned {
		secrets = append(secrets, keptSecret{s.Name, []byte(s.Value)})
	}
	data, err := json.Marshal(secrets)
	if err == nil {
		err = x.Quarantine.Put(knownSecrets, data)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRecording, err)
	}
	x.recalled = len(secrets)
	return nil
}
