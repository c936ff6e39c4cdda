package executor

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"runbook/runbook"
)

// What was reviewed is what runs: the digest of each script that steps execute
// is kept from the plan, and compared before a command executes it. What the
// run's own commands change is followed: after each that may have changed a
// script, as its text tells, the script is read anew. Everything else that
// changed was somebody else, and holds the step.

// findScripts keeps what the plan has read, and tells what has changed since.
func (x *Executor) findScripts() error {
	for _, f := range x.Plan.Scripts {
		seen := &runbook.FileSeen{Path: f.Path, Digest: f.Digest}
		switch known := x.State.Files[f.Path]; {
		case known == nil && f.Digest == "", known != nil && known.Digest == f.Digest:
			continue
		case known == nil && x.State.Resumed == 0:
			seen.As = "reviewed"
		case known == nil:
			seen.As = "resumed"
		case x.AcceptDrift:
			seen.As, seen.By, seen.Reason = "accepted", x.Identity.Operator, x.Reason
			x.Progress.Message("%s, and it is accepted", notWhat(f.Path, f.Digest, known))
		default:
			if step := x.needs(f); step > 0 {
				x.Progress.Message("%s; step %d will not start", notWhat(f.Path, f.Digest, known), step)
			} else if x.asks(f) {
				x.Progress.Message("%s; what asks it is not asked", notWhat(f.Path, f.Digest, known))
			}
			continue
		}
		if err := x.queue(seen); err != nil {
			return err
		}
	}
	return x.flush()
}

// needs is the number of the first step still to do that executes the script; 0
// if there is none.
func (x *Executor) needs(f *runbook.ScriptFile) int {
	for _, t := range x.Plan.Steps() {
		if t.Selected && !t.Skip && !x.State.Step(t.Slot.ID).Over() && slices.Contains(f.Steps, t.Number) {
			return t.Number
		}
	}
	return 0
}

// asks reports whether the script is that of a check or a source which is still
// to be asked.
func (x *Executor) asks(f *runbook.ScriptFile) bool {
	for _, id := range f.Slots {
		if x.State.Items[id] == nil && x.State.Fields[id] == nil {
			return true
		}
	}
	return false
}

// executed lists the scripts that a command executes as it would run now.
func (x *Executor) executed(t *runbook.Task, commands []runbook.Command, i int) []*runbook.ScriptFile {
	var files []*runbook.ScriptFile
	for _, abs := range t.Runs[i] {
		f := x.Plan.ScriptFile(abs)
		if f != nil && strings.Contains(commands[i].Text, path.Base(abs)) { // not so once it was edited to run another
			files = append(files, f)
		}
	}
	return files
}

// changedScript says why a step must not start: a script that it executes, and
// that no command of it before may change, is not the one that is known.
func (x *Executor) changedScript(ctx context.Context, t *runbook.Task, commands []runbook.Command) string {
	first := x.State.Step(t.Slot.ID).Next()
	for i := first; i < len(commands); i++ {
		for _, f := range x.executed(t, commands, i) {
			own := false
			for n := first; n < i; n++ {
				own = own || mayChange(t, commands, n, f)
			}
			if own {
				continue
			}
			if _, why := x.compareScript(ctx, f); why != "" {
				return fmt.Sprintf("step %d, line %d, does not start: %s", t.Number, commands[i].Line, why)
			}
		}
	}
	return ""
}

// compareScript holds a script against what is known of it. why is empty if it
// is the same, or nothing is known.
func (x *Executor) compareScript(ctx context.Context, f *runbook.ScriptFile) (digest runbook.Digest, why string) {
	digest, err := x.scripts.read(ctx, f.Abs)
	known := x.State.Files[f.Path]
	switch {
	case known == nil:
		return digest, "" // it was not there, or cannot be compared: the plan said so
	case err != nil:
		return "", fmt.Sprintf("%s cannot be compared with what %s: %v", f.Path, asScript(known), err)
	case digest != known.Digest:
		return "", notWhat(f.Path, digest, known) + "; put that file back, or go on with --accept-drift, which the record will say"
	}
	return digest, ""
}

// notWhat tells how a script differs from what is known of it.
func notWhat(name string, digest runbook.Digest, known *runbook.FileState) string {
	switch {
	case digest == "":
		return fmt.Sprintf("%s is gone, which %s, with %s", name, asScript(known), known.Digest)
	case known.Digest == "":
		return fmt.Sprintf("%s is back, with %s; it was gone when %s", name, digest, asScript(known))
	}
	return fmt.Sprintf("%s is not what %s: it has %s, and had %s", name, asScript(known), digest, known.Digest)
}

func asScript(f *runbook.FileState) string {
	switch f.As {
	case "resumed":
		return "was there when the run went on"
	case "changed":
		return "the commands of " + string(f.Step) + " left"
	case "accepted":
		return "was accepted"
	}
	return "was reviewed"
}

// use compares a command's scripts as it is about to start, and tells what it
// uses; each content of a script is told once.
func (x *Executor) use(ctx context.Context, t *runbook.Task, commands []runbook.Command, i int) (events []runbook.Event, why string) {
	for _, f := range x.executed(t, commands, i) {
		digest, why := x.compareScript(ctx, f)
		if why != "" {
			return nil, why
		}
		if digest != "" && !x.used(f.Path, digest) {
			events = append(events, &runbook.FileSeen{Path: f.Path, Digest: digest, As: "run", Step: t.Slot.ID, Command: i})
		}
	}
	x.foreign = map[string]bool{}
	for _, f := range x.Plan.Scripts {
		if known := x.State.Files[f.Path]; known != nil && mayChange(t, commands, i, f) {
			digest, err := x.scripts.glance(ctx, f.Abs)
			x.foreign[f.Path] = err != nil || digest != known.Digest
		}
	}
	return events, ""
}

func (x *Executor) used(name string, digest runbook.Digest) bool {
	known := x.State.Files[name]
	if known == nil {
		return false
	}
	for _, e := range known.Seen {
		if seen, ok := e.Event.(*runbook.FileSeen); ok && seen.As == "run" && seen.Digest == digest {
			return true
		}
	}
	return false
}

// changed are the events on the scripts that a command has changed. What had
// been changed before it started is not its work.
func (x *Executor) changed(t *runbook.Task, commands []runbook.Command, i int) []runbook.Event {
	var events []runbook.Event
	for _, f := range x.Plan.Scripts {
		if !mayChange(t, commands, i, f) {
			continue
		}
		if digest, changed := x.isChanged(f); changed {
			events = append(events, &runbook.FileSeen{Path: f.Path, Digest: digest, As: "changed", Step: t.Slot.ID, Command: i})
		}
	}
	return events
}

// isChanged reads a script anew, and reports whether it is another than is known
// and was not so before.
func (x *Executor) isChanged(f *runbook.ScriptFile) (runbook.Digest, bool) {
	if x.foreign[f.Path] {
		return "", false
	}
	digest, err := x.scripts.glance(context.Background(), f.Abs)
	known := x.State.Files[f.Path]
	if err != nil || known == nil && digest == "" || known != nil && known.Digest == digest {
		return "", false
	}
	return digest, true
}

// mayChange reports whether a command may change a script, as far as its text
// tells: it makes it, names it and does not only run it, has git move the work
// tree, or is a program that changes what its words do not name.
func mayChange(t *runbook.Task, commands []runbook.Command, i int, f *runbook.ScriptFile) bool {
	c := &commands[i]
	if c.Changes || c.MovesTree {
		return true
	}
	for _, made := range t.Makes[i] {
		if made == f.Abs || strings.HasPrefix(f.Abs, made+"/") {
			return true
		}
	}
	if !strings.Contains(c.Text, path.Base(f.Abs)) {
		return false
	}
	for _, abs := range t.Runs[i] {
		if abs == f.Abs {
			return false
		}
	}
	return true
}
