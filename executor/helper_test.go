package executor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"runbook/executor"
	"runbook/executor/check"
	"runbook/executor/source"
	"runbook/runbook"
)

// A reply is what the fake engine makes of one command.
type reply struct {
	out      string
	exit     int
	failures []runbook.Failure
	ended    string
	lost     bool // the engine loses sight of the command: no end is seen
	waits    bool // until it is interrupted
	dir      string
}

// A fakeEngine performs commands by a table of replies. Replies for a command
// are used up in order; the last one stays.
type fakeEngine struct {
	replies map[string][]reply
	calls   []string
	envs    [][]string
	closed  int
	onRun   func() // nil: nothing
}

func (*fakeEngine) Info() runbook.Info { return runbook.Info{Name: "fake", Summary: "for tests"} }

func (e *fakeEngine) Close() error {
	e.closed++
	return nil
}

func (e *fakeEngine) next(text string) reply {
	list := e.replies[text]
	if len(list) == 0 {
		return reply{}
	}
	if len(list) > 1 {
		e.replies[text] = list[1:]
	}
	return list[0]
}

func (e *fakeEngine) Run(ctx context.Context, job executor.Job, obs executor.Observer) (executor.Outcome, error) {
	out := executor.Outcome{Next: job.First, Dir: job.Dir, Exported: map[string]string{"FROM_STEP": "1"}}
	for i := job.First; i < len(job.Commands); i++ {
		if err := obs.Started(i); err != nil {
			return out, fmt.Errorf("%w: %w", executor.ErrStopped, err)
		}
		e.calls = append(e.calls, job.Commands[i].Text)
		e.envs = append(e.envs, job.Env)
		if e.onRun != nil {
			e.onRun()
		}
		r := e.next(job.Commands[i].Text)
		if r.lost {
			return out, errors.New("the shell is gone")
		}
		if r.waits {
			<-ctx.Done()
			r.ended, r.exit = "interrupt", 130
		}
		for chunk := range strings.SplitAfterSeq(r.out, "\n") {
			obs.Output(i, []byte(chunk))
		}
		dir := r.dir
		if dir == "" {
			dir = job.Dir
		}
		result := executor.Result{Exit: r.exit, Duration: time.Second, Failures: r.failures, Ended: r.ended, Dir: dir}
		if err := obs.Finished(i, result); err != nil {
			return out, fmt.Errorf("%w: %w", executor.ErrStopped, err)
		}
		out.Next, out.Dir = i+1, dir
		if result.Failed() {
			return out, nil
		}
	}
	return out, nil
}

// A memoryJournal keeps lines as a file would. failAt is the Append, counted
// from 1, that fails; every one after it fails too.
type memoryJournal struct {
	lines  [][]byte
	calls  int
	failAt int
	probe  func() error // nil: all is well
}

// Probe implements executor.Prober.
func (j *memoryJournal) Probe() error {
	if j.probe == nil {
		return nil
	}
	return j.probe()
}

var errDisk = errors.New("no space left on device")

func (j *memoryJournal) Append(lines ...[]byte) error {
	j.calls++
	if j.failAt > 0 && j.calls >= j.failAt {
		return errDisk
	}
	j.lines = append(j.lines, lines...)
	return nil
}

func (j *memoryJournal) Lines() [][]byte { return j.lines }

func (j *memoryJournal) Revise(lines [][]byte) error {
	j.calls++
	if j.failAt > 0 && j.calls >= j.failAt {
		return errDisk
	}
	j.lines = lines
	return nil
}

type memoryOutputs map[string][]byte

func (o memoryOutputs) WriteOutput(name string, data []byte) error {
	o[name] = append([]byte(nil), data...)
	return nil
}

func (o memoryOutputs) ReadOutput(name string) ([]byte, error) {
	if data, ok := o[name]; ok {
		return data, nil
	}
	return nil, fs.ErrNotExist
}

// A memoryQuarantine outlives the process that a test lets crash.
type memoryQuarantine map[string][]byte

func (q memoryQuarantine) Put(name string, data []byte) error {
	q[name] = data
	return nil
}

func (q memoryQuarantine) Hold(name string, data []byte) error { return q.Put(name, data) }

func (memoryQuarantine) Sync() error { return nil }

func (q memoryQuarantine) Get(name string) ([]byte, error) { return memoryOutputs(q).ReadOutput(name) }

func (q memoryQuarantine) Remove(name string) error {
	delete(q, name)
	return nil
}

type quiet struct{}

func (quiet) StepStarted(*runbook.Task, string, int)                                {}
func (quiet) CommandStarted(*runbook.Task, int)                                     {}
func (quiet) Output([]byte)                                                         {}
func (quiet) CommandFinished(*runbook.Task, int, executor.Result)                   {}
func (quiet) Expectation(*runbook.Task, *runbook.Expect, runbook.Verdict, string)   {}
func (quiet) StepFinished(*runbook.Task, runbook.StepStatus, time.Duration, string) {}
func (quiet) Settled(*runbook.Task, string)                                         {}
func (quiet) Left(*runbook.Task, string)                                            {}
func (quiet) Message(string, ...any)                                                {}

// emptyTree is a file system with nothing in it but the root.
type emptyTree struct{}

func (emptyTree) IsDir(path string) bool  { return path == "/w" }
func (emptyTree) Exists(path string) bool { return path == "/w" }
func (emptyTree) Has(string, string) bool { return false }

// everywhere is a file system that has all that is asked for.
type everywhere struct{}

func (everywhere) IsDir(string) bool       { return true }
func (everywhere) Exists(string) bool      { return true }
func (everywhere) Has(string, string) bool { return true }

// A tape is one run, or a stretch of one, of a small document.
type tape struct {
	t        testing.TB
	doc      *runbook.Document
	givens   []runbook.GivenFor
	sidecar  string
	strict   bool
	tree     runbook.Tree
	registry *executor.Registry
	engine   *fakeEngine
	journal  *memoryJournal
	outputs  memoryOutputs
	held     memoryQuarantine
	console  executor.Console
	confirm  bool
	mask     *executor.Mask
	resolve  map[runbook.ID]executor.Decision
	after    func(time.Duration) <-chan time.Time
	state    *runbook.State
	plan     *runbook.Plan

	mu  sync.Mutex
	now time.Time
}

func newTape(t testing.TB, text string) *tape {
	t.Helper()
	doc, err := runbook.Parse("release.md", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return &tape{
		t: t, doc: doc, engine: &fakeEngine{replies: map[string][]reply{}}, journal: &memoryJournal{}, outputs: memoryOutputs{}, held: memoryQuarantine{},
		registry: &executor.Registry{
			Sources: map[string]executor.Source{
				"ask": source.Ask{}, "clock": source.Clock{}, "count": source.Count{}, "operator": source.Operator{}, "run": source.Run{},
			},
			Checks: map[string]executor.Check{"ask": check.Ask{}},
		},
		tree: emptyTree{}, mask: &executor.Mask{}, now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC),
	}
}

// clock ticks a second a look.
func (p *tape) clock() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = p.now.Add(time.Second)
	return p.now
}

func (p *tape) set(key, value string) *tape {
	p.givens = append(p.givens, runbook.GivenFor{Key: key, Where: "--set", Given: runbook.Given{Value: value, Source: "set"}})
	return p
}

func (p *tape) answer(key string, v runbook.Verdict, by string) *tape {
	p.givens = append(p.givens, runbook.GivenFor{Key: key, Kind: runbook.ItemSlot, Where: "answers.yaml:1", Given: runbook.Given{Verdict: v, By: by, Source: "answers"}})
	return p
}

func (p *tape) makePlan() *runbook.Plan {
	p.t.Helper()
	in := runbook.PlanInput{Catalog: p.registry.Catalog(), Givens: p.givens, Tree: p.tree, Root: "/w", DocDir: "/w", Dirs: runbook.DirAuto, Strict: p.strict}
	if p.sidecar != "" {
		car, problems := runbook.ParseSidecar("release.runbook.yaml", []byte(p.sidecar))
		if len(problems) > 0 {
			p.t.Fatal(problems)
		}
		in.Sidecar = car
	}
	plan := runbook.NewPlan(p.doc, in)
	if errs := plan.Errors(); len(errs) > 0 {
		p.t.Fatalf("the plan: %v", errs)
	}
	return plan
}

func (p *tape) identity() runbook.Identity {
	return runbook.Identity{Operator: "Ada", User: "ada", Host: "h", Tool: "runbook test"}
}

// run performs the document, from where the journal stands.
func (p *tape) run() (runbook.Result, error) {
	p.t.Helper()
	return p.runCtx(context.Background())
}

func (p *tape) runCtx(ctx context.Context) (runbook.Result, error) {
	p.t.Helper()
	p.plan = p.makePlan()
	opening := []runbook.Event{&runbook.RunStarted{Run: "r1", Document: "release.md", Template: p.doc.Digest(), Plan: p.doc.Digest(), Identity: p.identity()}}
	p.state = runbook.NewState()
	if len(p.journal.lines) > 0 {
		p.state = p.fold()
		opening = []runbook.Event{&runbook.RunResumed{Identity: p.identity()}}
	}
	x := &executor.Executor{
		Plan: p.plan, State: p.state, Journal: p.journal, Outputs: p.outputs, Registry: p.registry, Engine: p.engine,
		Console: p.console, Confirm: p.confirm, Progress: quiet{}, Clock: p.clock, Identity: p.identity(), Root: "/w",
		Env: []string{"HOME=/home/ada"}, Mask: p.mask, Resolve: p.resolve, Quarantine: p.held, After: p.after,
	}
	return x.Run(ctx, opening...)
}

// mustRun runs and expects a result.
func (p *tape) mustRun(want runbook.Result) {
	p.t.Helper()
	got, err := p.run()
	if err != nil {
		p.t.Fatalf("run: %v", err)
	}
	if got != want {
		p.t.Fatalf("result %s (%s), want %s", got, p.reason(), want)
	}
}

func (p *tape) reason() string {
	if p.state.Stopped == nil {
		return ""
	}
	return p.state.Stopped.Reason
}

func (p *tape) entries() []runbook.Entry {
	p.t.Helper()
	entries, err := runbook.DecodeJournal(p.journal.lines, runbook.EventTypes())
	if err != nil {
		p.t.Fatal(err)
	}
	return entries
}

func (p *tape) fold() *runbook.State {
	p.t.Helper()
	s, err := runbook.Fold(p.entries())
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}

func (p *tape) record() string {
	p.t.Helper()
	b, err := runbook.Render(p.doc, p.entries())
	if err != nil {
		p.t.Fatal(err)
	}
	return string(b)
}

// journalText is all that the journal's lines hold.
func (p *tape) journalText() string {
	var b strings.Builder
	for _, l := range p.journal.lines {
		b.Write(l)
		b.WriteByte('\n')
	}
	return b.String()
}

// events returns the events of one type.
func events[E runbook.Event](p *tape) []E {
	p.t.Helper()
	var found []E
	for _, e := range p.entries() {
		if ev, ok := e.Event.(E); ok {
			found = append(found, ev)
		}
	}
	return found
}

func (p *tape) status(n int) runbook.StepStatus {
	p.t.Helper()
	return p.fold().Step(p.plan.Steps()[n-1].Slot.ID).Status
}

// output is what the journal shows of a command's output; both count from 1.
func (p *tape) output(step, command int) runbook.Output {
	p.t.Helper()
	c := p.fold().Step(p.plan.Steps()[step-1].Slot.ID).Commands[command-1]
	if c == nil || c.Finished == nil {
		p.t.Fatalf("command %d of step %d has not ended", command, step)
	}
	return c.Finished.Output
}

// A script answers for the person at the terminal. What it has no answer for
// ends the run.
type script struct {
	confirm, failed, unknown []executor.Decision
	values                   map[string]string
	asked                    []string
}

func take(list *[]executor.Decision) (executor.Decision, error) {
	if len(*list) == 0 {
		return executor.Decision{}, fmt.Errorf("%w: %w", executor.ErrStop, io.EOF)
	}
	d := (*list)[0]
	*list = (*list)[1:]
	return d, nil
}

func (s *script) Section(*runbook.Section, string) error { return nil }

func (s *script) Confirm(t *runbook.Task, commands []runbook.Command, _ string) (executor.Decision, error) {
	s.asked = append(s.asked, fmt.Sprintf("confirm %d: %d", t.Number, len(commands)))
	return take(&s.confirm)
}

func (s *script) Failed(t *runbook.Task, command int, _ string) (executor.Decision, error) {
	s.asked = append(s.asked, fmt.Sprintf("failed %d: %d", t.Number, command))
	return take(&s.failed)
}

func (s *script) Unknown(t *runbook.Task, command int) (executor.Decision, error) {
	s.asked = append(s.asked, fmt.Sprintf("unknown %d: %d", t.Number, command))
	return take(&s.unknown)
}

func (s *script) Placeholder(text string, _ *runbook.Task) (string, error) {
	s.asked = append(s.asked, "placeholder "+text)
	return s.values[text], nil
}
