package runbook

import (
	"fmt"
	"path"
	"strings"
)

// A Digester reads the scripts that steps execute, when a plan is made: what
// was reviewed is compared with what is used.
type Digester interface {
	// Digest is that of a file's content. An error says why it is not compared.
	Digest(path string) (Digest, error)
}

// A ScriptFile is a script that steps execute, as it was when the plan was made.
type ScriptFile struct {
	Path   string `json:"path"`             // from the root where it lies below it
	Digest Digest `json:"digest,omitempty"` // empty: it is not compared
	Why    string `json:"why,omitempty"`    // why it is not
	Steps  []int  `json:"steps"`            // that execute it, by number
	Slots  []ID   `json:"slots,omitempty"`  // items and blanks whose checks and sources do
	Abs    string `json:"-"`
}

// maxScripts bounds how many scripts are compared: each of them is looked at
// around every command that may change it.
const maxScripts = 200

// scripts lists the scripts that the steps execute, and reads them.
func (b *planner) scripts() {
	if b.in.Digests == nil {
		return
	}
	for i := range b.plan.Tasks {
		t := &b.plan.Tasks[i]
		if t.Number == 0 {
			b.boundScripts(t)
			continue
		}
		for i := range t.Script.Commands {
			for _, abs := range t.Runs[i] {
				f := b.script(abs)
				if n := len(f.Steps); n == 0 || f.Steps[n-1] != t.Number {
					f.Steps = append(f.Steps, t.Number)
				}
			}
		}
	}
}

// boundScripts lists the scripts that the commands of a binding execute: those
// of the check step and of the source command.
func (b *planner) boundScripts(t *Task) {
	for _, part := range t.Binding.Parts() {
		run := part.Args["run"]
		if run == "" || part.Use != "step" && part.Use != "command" {
			continue
		}
		slot := &Slot{Kind: StepSlot, Lang: "bash"}
		for at := 0; at < len(run); {
			end := at + len(run[at:])
			if i := strings.IndexByte(run[at:], '\n'); i >= 0 {
				end = at + i + 1
			}
			slot.Body = append(slot.Body, Span{at, end})
			at = end
		}
		script := ReadScript([]byte(run), slot)
		walk := newDirWalk(b.in.Tree, b.in.Root, b.in.DocDir, DirRoot)
		found := walk.follow(0, script, path.Join(b.in.Root, part.Args["dir"]))
		for i, c := range script.Commands {
			part.Changes = part.Changes || c.Changes || c.MovesTree || len(c.Creates) > 0
			for _, abs := range found.runs[i] {
				f := b.script(abs)
				f.Slots = append(f.Slots, t.Slot.ID)
				part.Runs = append(part.Runs, abs)
			}
		}
	}
}

// script reads one, the first time that it is asked for.
func (b *planner) script(abs string) *ScriptFile {
	if f := b.plan.ScriptFile(abs); f != nil {
		return f
	}
	f := &ScriptFile{Path: b.walk.rel(abs), Abs: abs, Steps: []int{}}
	switch {
	case len(b.plan.Scripts) >= maxScripts:
		f.Why = fmt.Sprintf("only the first %d scripts are", maxScripts)
	case !b.in.Tree.Exists(abs):
		f.Why = "it is not there yet"
	case b.in.Tree.IsDir(abs):
		f.Why = "it is a directory"
	default:
		var err error
		if f.Digest, err = b.in.Digests.Digest(abs); err != nil {
			f.Digest, f.Why = "", err.Error()
		}
	}
	if b.plan.scriptFiles == nil {
		b.plan.scriptFiles = map[string]*ScriptFile{}
	}
	b.plan.scriptFiles[abs] = f
	b.plan.Scripts = append(b.plan.Scripts, f)
	return f
}

// ScriptFile returns what the plan knows of a script; nil if that is nothing.
func (p *Plan) ScriptFile(abs string) *ScriptFile { return p.scriptFiles[abs] }

// RunNote says what a command's scripts are compared with; empty if it executes
// none.
func (p *Plan) RunNote(t *Task, command int) string {
	c := &t.Script.Commands[command]
	var notes []string
	for _, abs := range t.Runs[command] {
		if f := p.ScriptFile(abs); f != nil && f.Digest != "" {
			notes = append(notes, fmt.Sprintf("runs %s only as it was reviewed", f.Path))
		} else if f != nil {
			notes = append(notes, fmt.Sprintf("runs %s, which is not compared: %s", f.Path, f.Why))
		}
	}
	if len(c.Runs) > len(t.Runs[command]) {
		notes = append(notes, "runs "+strings.Join(c.Runs, ", ")+": which file that is only the run will know, and it is not compared")
	}
	return strings.Join(notes, "; ")
}

// Review is the digest of what decides what runs, for `exec --expect`: the
// document's own, and where there is a sidecar, or scripts that steps execute,
// that of all of them. Of a run that goes on it is that of its beginning: the
// steps may have changed the scripts since.
func (p *Plan) Review() Digest {
	scripts := p.reviewed
	if scripts == nil {
		scripts = map[string]Digest{}
		for _, f := range p.Scripts {
			if f.Digest != "" {
				scripts[f.Path] = f.Digest
			}
		}
	}
	switch {
	case len(scripts) > 0:
		var text strings.Builder
		fmt.Fprintf(&text, "runbook.review.v2\n%s\n%s\n", p.Document.Digest(), p.Sidecar)
		for _, name := range sortedKeys(scripts) {
			fmt.Fprintf(&text, "%s %q\n", scripts[name], name)
		}
		return DigestOf([]byte(text.String()))
	case p.Sidecar != "":
		return DigestOf([]byte("runbook.review.v1\n" + string(p.Document.Digest()) + "\n" + string(p.Sidecar) + "\n"))
	}
	return p.Document.Digest()
}

// Reviewed are the digests of the scripts that the run began with, by path; nil
// of no run.
func (s *State) Reviewed() map[string]Digest {
	if s == nil {
		return nil
	}
	found := map[string]Digest{}
	for name, f := range s.Files {
		for _, e := range f.Seen {
			if seen, ok := e.Event.(*FileSeen); ok && seen.As == "reviewed" {
				found[name] = seen.Digest
			}
		}
	}
	return found
}
