package executor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"runbook/runbook"
)

// observe settles what can be settled now. Machines are asked side by side and
// journaled in document order; people one question at a time.
func (x *Executor) observe(ctx context.Context, tasks []*runbook.Task) (runbook.Result, string, error) {
	changed, err := x.scriptsOf(ctx, tasks)
	if err != nil {
		return "", "", err
	}
	answers := x.askMachines(ctx, tasks, changed)
	if err := x.queue(x.changedBy(tasks)...); err != nil {
		return "", "", err
	}
	for i, t := range tasks {
		if ctx.Err() != nil {
			return runbook.Interrupted, "interrupted", nil
		}
		if waits(t, answers[i]) {
			if x.Console != nil { // a person may take any time
				if err := x.flush(); err != nil {
					return "", "", err
				}
			}
			if err := x.show(t); err != nil {
				return stopped(err)
			}
			x.askPerson(ctx, t, answers[i])
		}
		a := together(t, answers[i])
		if errors.Is(a.err, ErrStop) {
			return stopped(a.err)
		}
		if err := x.queue(x.settle(t, a)...); err != nil {
			return "", "", err
		}
	}
	return "", "", x.flush()
}

// stopped turns a person's wish to stop into a result.
func stopped(err error) (runbook.Result, string, error) {
	if errors.Is(err, ErrStop) {
		return runbook.Interrupted, "stopped by the operator", nil
	}
	return "", "", err
}

// An answer is what came back for a task: a value or a finding, or why not.
type answer struct {
	value   Value
	finding Finding
	seen    []runbook.Event // what else became known: files that were judged, words of single persons
	err     error
}

// askMachines asks the sources and checks of all tasks, side by side. What a
// person has to be asked is nil in the answer.
func (x *Executor) askMachines(ctx context.Context, tasks []*runbook.Task, changed map[*runbook.Binding]string) [][]*answer {
	answers := make([][]*answer, len(tasks))
	var wg sync.WaitGroup
	slots := make(chan struct{}, 8)
	for i, t := range tasks {
		if t.Signed {
			answers[i] = []*answer{{err: fmt.Errorf("only a signature settles it: runbook sign --as %q", t.Slot.Label)}}
			continue
		}
		parts := t.Binding.Parts()
		if g := t.Binding.Given; g != nil && !t.Binding.Attested() {
			answers[i] = []*answer{x.given(&t.Binding, g)}
			x.attest(t, &t.Binding, answers[i][0])
			continue
		}
		answers[i] = make([]*answer, len(parts))
		for n, b := range parts {
			if b.Use == "ask" {
				continue
			}
			if why := changed[b]; why != "" {
				answers[i][n] = &answer{err: errors.New(why)}
				continue
			}
			wg.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				answers[i][n] = x.ask(ctx, t, b)
			})
		}
	}
	wg.Wait()
	return answers
}

// ask puts one question to the source or check that the plan names. Machines
// are bounded; people are not.
func (x *Executor) ask(ctx context.Context, t *runbook.Task, b *runbook.Binding) *answer {
	if b.Use == "ask" {
		return x.put(ctx, t, b)
	}
	return x.within(ctx, b, func(ctx context.Context) *answer { return x.put(ctx, t, b) })
}

func (x *Executor) put(ctx context.Context, t *runbook.Task, b *runbook.Binding) (a *answer) {
	q := x.query(t)
	q.Args = maps.Clone(b.Args)
	delete(q.Args, "timeout")
	a = &answer{}
	// One that breaks off has not answered; it must not take the run with it.
	defer func() {
		if cause := recover(); cause != nil {
			a.err = fmt.Errorf("%s broke off: %v", b.Use, cause)
		}
	}()
	if t.Slot.Kind == runbook.ItemSlot {
		check, ok := x.Registry.Checks[b.Use]
		if !ok {
			a.err = fmt.Errorf("there is no check %q", b.Use)
			return a
		}
		a.finding, a.err = check.Check(ctx, q)
		x.judged(a)
		return a
	}
	source, ok := x.Registry.Sources[b.Use]
	if !ok {
		a.err = fmt.Errorf("there is no source %q", b.Use)
		return a
	}
	a.value, a.err = source.Value(ctx, q)
	return a
}

// given is what the operator supplied, as an answer to the binding.
func (x *Executor) given(b *runbook.Binding, g *runbook.Given) *answer {
	by := g.By
	if by == "" {
		by = x.Identity.Operator
	}
	if b.Args["not"] == "operator" && x.isOperator(by) {
		return &answer{err: errors.New("someone other than the operator must settle it: answer it with by: and their name")}
	}
	return &answer{
		value:   Value{Text: g.Value, Detail: g.Note, By: by},
		finding: Finding{Verdict: g.Verdict, By: by, Note: g.Note},
	}
}

func (x *Executor) query(t *runbook.Task) Query {
	return Query{
		Task: t, Args: t.Binding.Args, Document: x.Plan.Document, State: x.State,
		Operator: x.Identity.Operator, Root: x.Root, Env: x.environment(), Epoch: x.epoch, Now: x.Clock(), Output: x.outputOf,
	}
}

// settle turns an answer into events. No answer is an event too: the record
// then says why the slot is open.
func (x *Executor) settle(t *runbook.Task, a *answer) []runbook.Event {
	err := a.err
	if err == nil && t.Slot.Kind == runbook.ItemSlot {
		return append(a.seen, x.settleItem(t, a.finding)...)
	}
	if err == nil {
		err = acceptable(t, a.value)
	}
	if err != nil {
		reason := err.Error()
		x.Progress.Left(t, reason)
		return append(a.seen, &runbook.SlotOpen{Slot: t.Slot.ID, Reason: reason})
	}
	use := t.Binding.Use
	if g := t.Binding.Given; g != nil {
		use = g.Source
	}
	var events []runbook.Event
	for _, n := range a.value.Notes {
		if !slices.ContainsFunc(x.State.Notes, func(old *runbook.Noted) bool { return *old == *n }) {
			events = append(events, n)
		}
	}
	x.Progress.Settled(t, a.value.Text)
	if t.Slot.Kind == runbook.ChoiceSlot {
		return append(events, &runbook.ChoiceSettled{Choice: t.Slot.ID, Option: t.Slot.Option(a.value.Text), Use: use, Detail: a.value.Detail, By: a.value.By})
	}
	return append(events, &runbook.FieldFilled{Field: t.Slot.ID, Value: a.value.Text, Source: use, Detail: a.value.Detail, By: a.value.By})
}

// acceptable refuses what may not stand in a record.
func acceptable(t *runbook.Task, v Value) error {
	if v.Sensitive {
		return errors.New("the value is sensitive and is not recorded")
	}
	if err := t.CheckSlot(v.Text); err != nil {
		return err
	}
	if t.Slot.Kind == runbook.ChoiceSlot && t.Slot.Option(v.Text) < 0 {
		return fmt.Errorf("%q is no option", v.Text)
	}
	return nil
}

// settleItem records a finding. A sign-off also fills its own blanks.
func (x *Executor) settleItem(t *runbook.Task, f Finding) []runbook.Event {
	use := t.Binding.Use
	if g := t.Binding.Given; g != nil && !t.Binding.Attested() {
		use = g.Source
	}
	if err := conclusive(t, f); err != nil {
		x.Progress.Left(t, err.Error())
		return []runbook.Event{&runbook.SlotOpen{Slot: t.Slot.ID, Reason: err.Error()}}
	}
	x.Progress.Settled(t, string(f.Verdict))
	settled := &runbook.ItemSettled{Item: t.Slot.ID, Verdict: f.Verdict, Use: use, By: f.By, Evidence: f.Evidence, Note: f.Note}
	if t.Slot.Item != runbook.SignOff || f.Verdict != runbook.Pass {
		return []runbook.Event{settled}
	}
	return append(x.signed(t, f.By, use), settled)
}

// conclusive says why a finding settles nothing: silence is not consent.
func conclusive(t *runbook.Task, f Finding) error {
	switch f.Verdict {
	case runbook.Fail, runbook.NotApplicable, runbook.DeferredItem:
	case runbook.Pass:
		if f.By == "" && f.Evidence == "" {
			return errors.New("passed without evidence and without a person's word")
		}
	default:
		return fmt.Errorf("no conclusion: %s", cmp.Or(f.Evidence, f.Note, "nothing was found"))
	}
	if f.By == "" && t.Slot.Item != runbook.SignOff {
		return nil
	}
	if err := runbook.CheckValue(f.By); err != nil {
		return fmt.Errorf("the name of the person %w", err)
	}
	return nil
}

// signed fills the blanks of a sign-off. They come before the item itself: a
// crash in between leaves the item open, and the blanks are then filled again.
func (x *Executor) signed(t *runbook.Task, by, use string) []runbook.Event {
	var events []runbook.Event
	now := x.Clock().UTC()
	for _, b := range runbook.SignOffBlanks(x.Plan.Document, t.Slot, by, now.Format("2006-01-02"), now.Format("15:04 UTC")) {
		events = append(events, &runbook.FieldFilled{Field: b.Field, Value: b.Value, Source: use, Detail: "sign-off", By: by})
	}
	return events
}

// sumUp settles a blank or choice that counts the run, if its value changed.
func (x *Executor) sumUp(t *runbook.Task, result runbook.Result) error {
	q := x.query(t)
	q.Result = result
	source, ok := x.Registry.Sources[t.Binding.Use]
	if !ok {
		return fmt.Errorf("there is no source %q", t.Binding.Use)
	}
	v, err := source.Value(context.Background(), q)
	if t.Slot.Kind == runbook.ChoiceSlot {
		option := -1
		if err == nil {
			option = t.Slot.Option(v.Text)
		}
		if old := x.State.Choices[t.Slot.ID]; old != nil && old.Use == runbook.Hand || old == nil && option < 0 || old != nil && old.Option == option || !t.Slot.Open() {
			return nil
		}
		return x.queue(&runbook.ChoiceSettled{Choice: t.Slot.ID, Option: option, Use: t.Binding.Use, Detail: v.Detail})
	}
	if err != nil {
		return x.queue(&runbook.SlotOpen{Slot: t.Slot.ID, Reason: err.Error()})
	}
	if old := x.State.Fields[t.Slot.ID]; old != nil && old.Value == v.Text {
		return nil
	}
	return x.queue(&runbook.FieldFilled{Field: t.Slot.ID, Value: v.Text, Source: t.Binding.Use, Detail: v.Detail})
}

// show presents the section that a question or a step belongs to, once.
func (x *Executor) show(t *runbook.Task) error {
	if x.Console == nil || t.Slot.Section == x.section {
		return nil
	}
	x.section = t.Slot.Section
	s := &x.Plan.Document.Sections[t.Slot.Section]
	return x.Console.Section(s, string(s.Prose.Of(x.Plan.Document.Source)))
}
