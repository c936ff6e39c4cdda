package main

import (
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"runbook/runbook"
	"runbook/runbook/journal"
)

// lines writes formatted text and keeps the first error.
type lines struct {
	w   io.Writer
	err error
}

func (l *lines) printf(format string, args ...any) {
	if l.err == nil {
		_, l.err = l.w.Write(harmless(fmt.Sprintf(format, args...)))
	}
}

// journal is the path of the run's journal.
func (s *session) journal() string { return filepath.Join(s.runs, s.id, "journal.jsonl") }

func newStatus(env *environment) *cobra.Command {
	o := &execOptions{}
	cmd := &cobra.Command{
		Use:   "status FILE",
		Short: "What is done, open, failed, unknown or deferred",
		Args:  oneFile,
		RunE: func(_ *cobra.Command, args []string) error {
			return runStatus(env, o, args[0])
		},
	}
	o.register(cmd)
	cmd.Flags().StringVarP(&o.record, "record", "o", "", "where the record is, if not in FILE")
	return cmd
}

func runStatus(env *environment, o *execOptions, file string) error {
	if err := o.check(); err != nil {
		return err
	}
	s, err := openEdited(file, o.record)
	if err != nil {
		return err
	}
	if s.id == "" {
		return usagef("`runbook exec "+file+"` begins one", "%s is a template: no run of it is under way", file)
	}
	r := &runner{env: env, o: o, registry: builtin(nil), session: s, standing: true}
	if r.plan, err = o.plan(s, r.registry); err != nil {
		return err
	}
	r.heldBack = env.heldBack(s.place, s.state)
	if s.state.Stopped == nil {
		s.state.Stopped = &runbook.RunStopped{Result: "under way", Reason: whereItWas(r.plan, s.state)}
	}
	if text := s.byHand(); text != "" {
		env.say("runbook: %s: %s\n", file, text)
	}
	return r.summary(s.state)
}

func newReset(env *environment) *cobra.Command {
	return &cobra.Command{
		Use:   "reset FILE",
		Short: "Turn a record back into its template",
		Long: `reset puts the template's exact bytes back into FILE. The run's directory stays:
it is the evidence of what was done. A run that is not finished is given up.`,
		Args: oneFile,
		RunE: func(_ *cobra.Command, args []string) error { return runReset(env, args[0]) },
	}
}

// runReset needs no readable record: that is when it is wanted most.
func runReset(env *environment, file string) error {
	current, err := readDocument(file)
	if err != nil {
		return err
	}
	p, err := locate(file)
	if err != nil {
		return err
	}
	runs := journal.RunsDir(p.path)
	if _, ok := sheltered(p.path); ok {
		return usagef("`runbook rollback "+file+"` puts it back", "%s: a rollback of it was cut off, and its run is still in its shelter", file)
	}
	ids, err := journal.List(runs)
	if err != nil {
		return &exitError{exitUsage, err, ""}
	}
	if len(ids) == 0 {
		return usagef("", "%s has no run, so there is no template to go back to", file)
	}
	id := ids[len(ids)-1]
	lock, err := journal.Acquire(runs, journal.Holder{Run: id})
	if err != nil {
		return &exitError{exitHeld, err, ""}
	}
	defer lock.Close()
	dir, err := journal.OpenRun(runs, id)
	if err != nil {
		return &exitError{exitUsage, err, ""}
	}
	defer dir.Close()
	template, err := dir.Template()
	if err != nil {
		return &exitError{exitUsage, err, ""}
	}
	if err := giveUp(dir); err != nil {
		return err
	}
	kept := fmt.Sprintf("before-reset-%s.md", time.Now().UTC().Format("20060102T150405Z"))
	if err := dir.WriteOutput(kept, current); err != nil {
		return &exitError{exitRecording, err, ""}
	}
	if err := journal.Replace(p.path, current, template); err != nil {
		return &exitError{exitRecording, err, ""}
	}
	if err := env.dropAll(p, runs); err != nil {
		env.say("runbook: removing the run's private state: %v\n", err)
	}
	env.say("runbook: %s is its template again; run %s stays in %s, and the file as it was in out/%s there\n", file, id, runs, kept)
	return nil
}

// giveUp closes a run that is not finished, so that the next exec begins a new
// one.
func giveUp(dir *journal.RunDir) error {
	file, lines, err := journal.Open(dir.JournalPath())
	if err != nil {
		return &exitError{exitRecording, err, ""}
	}
	defer file.Close()
	entries, err := runbook.DecodeJournal(lines.Whole, runbook.EventTypes())
	if err != nil {
		return nil // nothing can go on from it anyway; it stays as evidence
	}
	state, err := runbook.Fold(entries)
	if err != nil || state.Stopped != nil && (state.Stopped.Left == 0 || state.Stopped.Result == runbook.Abandoned) {
		return nil
	}
	if err := add(file, state, &runbook.RunStopped{Result: runbook.Abandoned, Reason: "reset"}); err != nil {
		return &exitError{exitRecording, err, ""}
	}
	return nil
}
