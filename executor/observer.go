package executor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"runbook/runbook"
)

// An observer journals one attempt at a step while the engine performs it.
type observer struct {
	x        *Executor
	t        *runbook.Task
	commands []runbook.Command
	ctx      context.Context
	out      Capture
	failed   *failure
	exited   bool  // the last command ended the shell: nothing after it runs
	err      error // a failure to record; nothing further may start
}

var errStep = errors.New("the step has failed")

// Started makes the intent durable before the command has any effect.
func (o *observer) Started(i int) error {
	o.out = Capture{}
	if o.failed != nil {
		return errStep
	}
	events, why := o.x.use(o.ctx, o.t, o.commands, i)
	if why != "" {
		o.hold(i, why)
		return errStep
	}
	for _, abs := range o.x.applied(o.t, o.commands, i) {
		digest, why := o.x.compare(o.ctx, abs)
		if why != "" {
			o.hold(i, why)
			return errStep
		}
		if digest != "" {
			events = append(events, &runbook.FileSeen{Path: o.x.rel(abs), Digest: digest, As: "applied", Step: o.t.Slot.ID, Command: i})
		}
	}
	if o.err == nil {
		o.err = o.x.commit(append(events, &runbook.CommandStarted{Step: o.t.Slot.ID, Command: i, Attempt: o.attempt()})...)
	}
	if o.err == nil {
		o.x.Progress.CommandStarted(o.t, i)
	}
	return o.err
}

// hold keeps a command from starting.
func (o *observer) hold(i int, why string) {
	o.failed = &failure{command: i, held: true, why: fmt.Sprintf("step %d, line %d, does not start: %s", o.t.Number, o.commands[i].Line, why)}
}

func (o *observer) attempt() int { return o.x.State.Step(o.t.Slot.ID).Attempt }

// Output shows what the command prints, live, and keeps a bounded part of it.
func (o *observer) Output(_ int, p []byte) {
	o.out.Write(p)
	o.x.Progress.Output(p)
}

// Skipped implements Skipper.
func (o *observer) Skipped(_ int, bytes, lines int64) {
	o.out.Skip(bytes, lines)
	o.x.Progress.Message("%d bytes were printed meanwhile and are not kept", bytes)
}

// Finished records how the command ended, with its output masked, and judges
// the expectations that belong to it.
func (o *observer) Finished(i int, r Result) error {
	if o.err != nil {
		return o.err
	}
	if o.err = o.record(i, r); o.err != nil {
		return o.err
	}
	if o.failed != nil {
		return errStep
	}
	return nil
}

func (o *observer) record(i int, r Result) error {
	x := o.x
	x.epoch++
	withheld := o.withheld(i, r.Dir, r.Set)
	if err := x.remember(); err != nil {
		return err
	}
	event := &runbook.CommandFinished{
		Step: o.t.Slot.ID, Command: i, Attempt: o.attempt(), Exit: r.Exit, Seconds: r.Duration.Seconds(),
		Failures: r.Failures, Cut: r.Cut, Ended: r.Ended,
		Output: runbook.Output{Bytes: o.out.bytes, Lines: o.out.lineCount(), Withheld: withheld, Held: withheld == "" && o.out.bytes > 0},
	}
	if dir := x.rel(r.Dir); r.Dir != "" && dir != o.t.Start.Path {
		event.Dir = dir
	}
	x.Progress.CommandFinished(o.t, i, r)
	o.exited = r.Exited
	if r.Failed() && !o.foretold(i, r) {
		o.failed = &failure{command: i, why: o.why(i, r), interrupted: r.Ended == "interrupt"}
	}
	// Judged first: were the end durable without the judgement, a crash between
	// the two would make a pass of a promise that was not kept.
	found, err := o.judge(i, r, &event.Output)
	if err != nil {
		return err
	}
	seen := x.changed(o.t, o.commands, i)
	if !r.Failed() {
		seen = append(seen, x.made(o.t, i)...)
	}
	if err := x.queue(seen...); err != nil {
		return err
	}
	if event.Output.Held {
		h := o.out.hold()
		h.Found = found
		if err := x.hold(x.heldName(o.t, i, o.attempt()), h); err != nil {
			return err
		}
	}
	return x.queue(event)
}

// withheld decides whether the output may be recorded, and learns what in it
// is secret before it is.
func (o *observer) withheld(i int, dir string, set map[string]string) string {
	x, c := o.x, &o.commands[i]
	if c.Terraform != runbook.PrintsOutputs {
		clear(x.secrets) // any command may change what the outputs are
	}
	if c.Terraform != runbook.NoTerraform && !o.learned(i, dir) && c.Terraform == runbook.PrintsOutputs {
		return "it prints terraform outputs, and which of them are sensitive could not be told"
	}
	head, tail := o.out.raw()
	secrets, sure := revealed(c.Text, head)
	more, also := revealed(c.Text, tail)
	secrets, sure = append(secrets, more...), sure && also
	for name, value := range set {
		// What a revealing command is assigned to is as secret as its output.
		named := SecretName(name) && !isOrdinary(value)
		if revealing := c.Sensitive != "" && name != "PWD" && name != "OLDPWD"; named || revealing {
			secrets = append(secrets, Secret{name, value})
		}
	}
	if !x.Mask.Learn(secrets...) {
		sure = false
	}
	switch {
	case c.Sensitive != "":
		return c.Sensitive
	case o.t.Sensitive != "":
		return o.t.Sensitive
	case !sure:
		return "it may print a secret's value"
	}
	if name := x.Mask.Blind(c.Text); name != "" {
		return "it may print " + name + ", whose value is too short or too common to be masked"
	}
	return ""
}

// learned learns the secrets of every directory in which command i may have
// used terraform; dir is where it ended. It reports whether that was all.
func (o *observer) learned(i int, dir string) bool {
	dirs := append([]string{dir}, o.t.Terraform[i]...)
	all := true
	for _, e := range o.t.Script.Effects {
		// A directory left within the command is no longer seen at its end.
		if e.Command == i && (e.Kind == runbook.Enters || e.Kind == runbook.Leaves) && len(dirs) == 1 {
			all = false
		}
	}
	for _, d := range dirs {
		if d == "" || !o.x.learn(d) {
			all = false
		}
	}
	return all
}

// learn asks every learner for the secrets that a command in dir could have
// printed. It reports whether all of them can be masked.
func (x *Executor) learn(dir string) bool {
	if known, asked := x.secrets[dir]; asked {
		return known
	}
	ctx := context.Background()
	if x.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, x.Timeout)
		defer cancel()
	}
	all := true
	for _, name := range sortedNames(x.Registry.Sources) {
		learner, ok := x.Registry.Sources[name].(Learner)
		if !ok {
			continue
		}
		secrets, err := learner.Secrets(ctx, dir, x.environment())
		if err != nil || !x.Mask.Learn(secrets...) {
			all = false
		}
	}
	x.secrets[dir] = all
	return all
}

// foretold reports whether the step's text says that the command fails. Being
// stopped from outside is never foretold.
func (o *observer) foretold(i int, r Result) bool {
	return r.Ended == "" && slices.ContainsFunc(o.t.Script.Expects, func(e runbook.Expect) bool { return e.Command == i && e.Foretells(r.Exit) })
}

// why says in a line what failed.
func (o *observer) why(i int, r Result) string {
	where := fmt.Sprintf("step %d, line %d", o.t.Number, o.commands[i].Line)
	switch {
	case r.Ended == "timeout":
		return fmt.Sprintf("%s: timed out after %s", where, o.t.Timeout)
	case r.Ended != "":
		return where + ": interrupted"
	case r.Exit == 0 && len(r.Failures) > 0:
		f := r.Failures[0]
		return fmt.Sprintf("step %d, line %d: exit %d inside a command that itself exited 0", o.t.Number, f.Line, f.Exit)
	}
	return fmt.Sprintf("%s: exit %d", where, r.Exit)
}

// before returns what the step's commands before i have printed, masked, and
// whether that is all of it.
func (o *observer) before(i int) (text string, whole bool) {
	var all strings.Builder
	for n := range i {
		text, whole := o.x.outputOf(o.t.Slot.ID, n)
		if !whole {
			return "", false
		}
		all.WriteString(text)
	}
	return all.String(), true
}

// judge compares the output with what the step's text says of it. Excerpts of
// output that is held are returned, by the expectation's line, to be held too;
// of output that is withheld none is kept.
func (o *observer) judge(i int, r Result, out *runbook.Output) (held map[int][]byte, err error) {
	last := i == len(o.commands)-1 || r.Exited
	head, tail := o.out.raw()
	printed := string(append(head[:len(head):len(head)], tail...))
	for n := range o.t.Script.Expects {
		e := &o.t.Script.Expects[n]
		if e.Command != i && !(e.Command < 0 && last) {
			continue
		}
		text, whole := printed, true
		if e.Command < 0 {
			text, whole = o.before(i)
			text += printed
		}
		verdict, found := e.Judge(text, r.Exit)
		if !whole {
			verdict, found = runbook.Unknown, "not all of the step's output is recorded"
		}
		foretold := r.Ended == "" && e.Foretells(r.Exit)
		if r.Failed() && verdict == runbook.Pass && !foretold {
			continue // it did not get as far as it promised
		}
		if out.Withheld != "" {
			found = ""
		}
		o.x.Progress.Expectation(o.t, e, verdict, string(o.x.Mask.Apply([]byte(found))))
		if found != "" && out.Held {
			if held == nil {
				held = map[int][]byte{}
			}
			held[e.Line], found = []byte(found), ""
		}
		event := &runbook.ExpectJudged{Step: o.t.Slot.ID, Command: i, Line: e.Line, Attempt: o.attempt(), Verdict: verdict, Advisory: e.Advisory, Failure: foretold, Found: runbook.Visible(found)}
		if err := o.x.queue(event); err != nil {
			return nil, err
		}
		if verdict == runbook.Fail && !e.Advisory && o.failed == nil {
			o.failed = &failure{command: i, why: fmt.Sprintf("step %d, line %d: expected %q, and it was not so", o.t.Number, e.Line, e.Text)}
		}
	}
	return held, nil
}
