package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/spf13/cobra"

	"runbook/runbook"
	"runbook/runbook/journal"
)

type bindOptions struct {
	planFlags
	preview   bool
	stdout    bool
	noInput   bool
	terraform bool
}

func newBind(env *environment) *cobra.Command {
	o := &bindOptions{planFlags: planFlags{suggest: true}}
	cmd := &cobra.Command{
		Use:   "bind FILE",
		Short: "Draft or refresh FILE's sidecar from what the text says",
		Long: `bind writes down, in the file beside the checklist, how its slots would be
completed: the directories of steps, the sources of blanks, and the checks that
rules propose for items. What is certain is set; what is likely, or lacks an
argument, is a comment with its reason. At a terminal it asks for arguments
that nothing tells. A person reviews it like code.

Done again it adds what is new and leaves the rest as it is, byte for byte. It
runs and contacts nothing, unless --terraform is given.`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runBind(cmd.Context(), env, o, args[0])
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.stdout, "stdout", false, "print the sidecar as it would be, and write nothing")
	f.BoolVarP(&o.preview, "dry-run", "n", false, "the same as --stdout")
	f.BoolVar(&o.noInput, "no-input", false, "never prompt: an argument that nothing tells stays for you to write")
	f.BoolVar(&o.terraform, "terraform", false, "ask terraform what is deployed: runs `workspace show`, `workspace list` and `show -json` in the directories of the steps that use it, which reads their state wherever it is kept")
	f.StringVar(&o.dirs, "dir", string(runbook.DirAuto), "where a step without a directory starts: auto, root or carry")
	f.StringVar(&o.rules, "rules", "", "YAML `file` of rules that propose checks (default: .runbook.rules.yaml beside FILE, or in the root)")
	f.StringVar(&o.format, "format", "text", "text or json: what the summary looks like")
	return cmd
}

func runBind(ctx context.Context, env *environment, o *bindOptions, name string) error {
	if err := o.check(); err != nil {
		return err
	}
	s, err := openSession(name, "")
	if err != nil {
		return err
	}
	car, faults, err := readSidecar(s.place.path)
	if err != nil {
		return err
	}
	if len(faults) > 0 {
		return env.problems(s.doc.Name, faults)
	}
	registry := builtin(nil)
	plan, err := o.plan(s, registry)
	if err == nil && o.terraform {
		o.deployed = deployed(ctx, env, plan)
		plan, err = o.plan(s, registry)
	}
	if err != nil {
		return err
	}
	in := runbook.DraftInput{Catalog: registry.Catalog(), Rules: o.known, Root: s.place.root, Sidecar: car}
	draft := runbook.NewDraft(plan, in)
	if !o.stdout && !o.preview {
		if err := o.asks(ctx, env, draft, registry); err != nil {
			return err
		}
	}
	file := sidecarOf(s.place.path)
	text, err := draft.SidecarText(plan, in)
	if err != nil {
		return usagef("it is left as it is", "%s: %w", filepath.Base(file), err)
	}
	for _, p := range draft.Gone {
		env.say("runbook: %s; it is kept\n", runbook.Visible(p.Message))
	}
	if o.stdout || o.preview {
		if _, err := env.stdout.Write(text); err != nil {
			return fmt.Errorf("writing the sidecar: %w", err)
		}
		return nil
	}
	if err := writeSidecar(file, car, text); err != nil {
		return err
	}
	return env.bound(o.format, file, draft)
}

// writeSidecar puts the text in the place of the sidecar that was read, unless
// somebody has changed it meanwhile.
func writeSidecar(file string, car *runbook.Sidecar, text []byte) error {
	var err error
	switch {
	case car == nil:
		err = journal.WriteNew(file, text)
	case !bytes.Equal(car.Bytes, text):
		err = journal.Replace(file, car.Bytes, text)
	}
	var changed *journal.ChangedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &changed), errors.Is(err, fs.ErrExist):
		return &exitError{exitRecording, fmt.Errorf("%s was changed by somebody else meanwhile, and is left as it is", file), "run bind again"}
	}
	return &exitError{exitRecording, err, ""}
}

// A bindJSON is a contract with people's scripts: fields are added, never renamed.
type bindJSON struct {
	Sidecar   string          `json:"sidecar"`
	Set       []bindEntryJSON `json:"set"`
	Suggested []bindEntryJSON `json:"suggested"`
	Gone      []string        `json:"gone"`
}

type bindEntryJSON struct {
	Key    string              `json:"key"` // "steps", "items" or "fields"
	ID     runbook.ID          `json:"id"`
	Line   int                 `json:"line"`
	Checks []runbook.CheckCall `json:"checks"`
	Why    string              `json:"why,omitempty"`
}

// bound says what bind has added.
func (e *environment) bound(format, file string, draft *runbook.Draft) error {
	view := bindJSON{Sidecar: file, Set: []bindEntryJSON{}, Suggested: []bindEntryJSON{}, Gone: []string{}}
	for _, d := range draft.Entries {
		entry := bindEntryJSON{Key: d.Key, ID: d.ID, Line: d.Line, Checks: d.Of}
		if d.Set != nil {
			entry.Checks = []runbook.CheckCall{*d.Set}
		}
		if entry.Checks != nil {
			view.Set = append(view.Set, entry)
		}
		for _, m := range d.Maybe {
			entry.Checks, entry.Why = m.Calls, m.Why
			view.Suggested = append(view.Suggested, entry)
		}
	}
	for _, p := range draft.Gone {
		view.Gone = append(view.Gone, p.Message)
	}
	if format == "json" {
		return encodeIndented(e.stdout, view)
	}
	said := "nothing to add"
	if len(draft.Entries) > 0 {
		said = fmt.Sprintf("added %d that are set and %s as comments; review it like code", len(view.Set), plural(len(view.Suggested), "suggestion"))
	}
	_, err := fmt.Fprintf(e.stdout, "%s: %s\n", runbook.Visible(filepath.Base(file)), said)
	return err
}
