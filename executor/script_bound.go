package executor

import (
	"context"

	"runbook/runbook"
)

// The commands of checks and sources execute scripts too. Whoever's script is not
// the one that was reviewed is not asked, and what such commands change is
// followed as that of steps is.

// asked lists the bindings of machines that are about to be asked for tasks.
func asked(tasks []*runbook.Task) (bindings []*runbook.Binding, of []*runbook.Task) {
	for _, t := range tasks {
		if g := t.Binding.Given; t.Signed || g != nil && !t.Binding.Attested() {
			continue
		}
		for _, b := range t.Binding.Parts() {
			if len(b.Runs) > 0 || b.Changes {
				bindings, of = append(bindings, b), append(of, t)
			}
		}
	}
	return bindings, of
}

// scriptsOf compares the scripts of what is about to be asked, and says for which
// bindings they are not what is known.
func (x *Executor) scriptsOf(ctx context.Context, tasks []*runbook.Task) (changed map[*runbook.Binding]string, err error) {
	bindings, of := asked(tasks)
	if len(bindings) == 0 || len(x.Plan.Scripts) == 0 {
		return nil, nil
	}
	changed = map[*runbook.Binding]string{}
	var events []runbook.Event
	for i, b := range bindings {
		for _, abs := range b.Runs {
			f := x.Plan.ScriptFile(abs)
			if f == nil {
				continue
			}
			digest, why := x.compareScript(ctx, f)
			if why != "" {
				changed[b] = why
				break
			}
			if digest != "" && !x.used(f.Path, digest) {
				events = append(events, &runbook.FileSeen{Path: f.Path, Digest: digest, As: "run", Step: of[i].Slot.ID, Check: true})
			}
		}
	}
	x.foreign = map[string]bool{}
	for _, f := range x.Plan.Scripts {
		if known := x.State.Files[f.Path]; known != nil {
			digest, err := x.scripts.glance(ctx, f.Abs)
			x.foreign[f.Path] = err != nil || digest != known.Digest
		}
	}
	return changed, x.queue(events...)
}

// changedBy are the events on the scripts that the commands of what was asked
// have changed.
func (x *Executor) changedBy(tasks []*runbook.Task) []runbook.Event {
	bindings, of := asked(tasks)
	var events []runbook.Event
	for i, b := range bindings {
		if !b.Changes {
			continue
		}
		for _, f := range x.Plan.Scripts {
			if digest, changed := x.isChanged(f); changed {
				events = append(events, &runbook.FileSeen{Path: f.Path, Digest: digest, As: "changed", Step: of[i].Slot.ID, Check: true})
			}
		}
		return events
	}
	return nil
}
