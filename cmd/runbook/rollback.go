package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"runbook/runbook"
)

// A declaration is what rollback says to put a contingency in force.
type declaration struct {
	decisionMaker string
	section       string
	contingency   runbook.ID // found in the document
}

func newRollback(env *environment) *cobra.Command {
	o, d := &execOptions{}, &declaration{}
	cmd := &cobra.Command{
		Use:   "rollback FILE",
		Short: "Run the contingency section: never part of exec",
		Long: `rollback declares the checklist's contingency and runs its steps, in the newest
run of FILE, or in a new one. Who decided and why is recorded, and every
placeholder of the section must have its value before the first command. While
steps may move the git work tree, the record and its run are kept out of it.`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			d.section, o.section = o.section, ""
			if len(o.steps) > 0 || o.from != "" {
				return usagef("", "rollback runs all of a contingency: it has no --step and no --from")
			}
			if o.dryRun {
				return planRollback(env, o, d, args[0])
			}
			return runRollback(cmd.Context(), env, o, d, args[0])
		},
	}
	o.registerRun(cmd)
	cmd.Flags().StringVar(&d.decisionMaker, "decision-maker", "", "the `name` of who decided to roll back")
	cmd.Flags().Lookup("section").Usage = "the contingency, by `ID or title`, where there are several"
	cmd.Flags().Lookup("reason").Usage = "why: of the rollback, and for --resolve and --accept-drift"
	return cmd
}

// find names the contingency that is meant.
func (d *declaration) find(doc *runbook.Document) error {
	var all, named []*runbook.Section
	for i := range doc.Sections {
		s := &doc.Sections[i]
		if s.Contingency != s.ID || s.ID == "" || !holdsSteps(doc, s.ID) {
			continue
		}
		all = append(all, s)
		if d.section != "" && (string(s.ID) == d.section || strings.EqualFold(s.Title, d.section)) {
			d.contingency = s.ID
			return nil
		}
		title := strings.ToLower(s.Title)
		if strings.Contains(title, "rollback") || strings.Contains(title, "roll back") || strings.Contains(title, "back-out") || strings.Contains(title, "backout") {
			named = append(named, s)
		}
	}
	switch {
	case len(all) == 0:
		return usagef("sections headed Rollback, Back-out, Abort and the like are", "%s has no contingency with steps", doc.Name)
	case d.section != "":
		return usagef("it has "+sectionIDs(all), "--section: %s has no contingency %q with steps", doc.Name, d.section)
	case len(all) == 1:
		d.contingency = all[0].ID
	case len(named) == 1:
		d.contingency = named[0].ID
	default:
		return usagef("name one with --section: "+sectionIDs(all), "%s has %d contingencies with steps", doc.Name, len(all))
	}
	return nil
}

func holdsSteps(doc *runbook.Document, contingency runbook.ID) bool {
	return slices.ContainsFunc(doc.Slots, func(s runbook.Slot) bool {
		return s.Kind == runbook.StepSlot && doc.Sections[s.Section].Contingency == contingency
	})
}

func sectionIDs(sections []*runbook.Section) string {
	ids := make([]string, len(sections))
	for i, s := range sections {
		ids[i] = string(s.ID)
	}
	return strings.Join(ids, ", ")
}

// blanks gives the declaration's own facts to the blanks of the contingency
// that ask for them.
func (d *declaration) blanks(doc *runbook.Document, at time.Time) []runbook.GivenFor {
	var given []runbook.GivenFor
	for i := range doc.Slots {
		slot := &doc.Slots[i]
		if slot.Kind != runbook.FieldSlot || doc.Sections[slot.Section].Contingency != d.contingency {
			continue
		}
		g := runbook.Given{Source: "rollback"}
		switch label := strings.ToLower(strings.TrimSpace(slot.Label)); label {
		case "decision maker", "decision-maker", "decided by", "declared by", "rollback decision maker":
			g.Value, g.By, g.Note = d.decisionMaker, d.decisionMaker, "who declared the contingency"
		case "rollback time", "time of rollback", "declared at", "rollback date", "decision time":
			g.Value, g.Note = at.UTC().Format("2006-01-02 15:04:05 UTC"), "when the contingency was declared"
			if strings.HasSuffix(label, "date") {
				g.Value = at.UTC().Format("2006-01-02")
			}
		}
		if g.Value != "" {
			given = append(given, runbook.GivenFor{Key: string(slot.ID), Kind: runbook.FieldSlot, Where: "--decision-maker", Given: g})
		}
	}
	return given
}

// planRollback is rollback's dry run.
func planRollback(env *environment, o *execOptions, d *declaration, file string) error {
	if err := o.check(); err != nil {
		return err
	}
	s, err := openEdited(file, o.record)
	if err != nil {
		return err
	}
	if err := d.find(s.doc); err != nil {
		return err
	}
	o.contingency = d.contingency
	return showPlan(env, &o.planFlags, s)
}

func runRollback(ctx context.Context, env *environment, o *execOptions, d *declaration, file string) error {
	if err := o.check(); err != nil {
		return err
	}
	resolutions, err := o.resolutions()
	if err != nil {
		return err
	}
	person, err := o.person(env)
	if err != nil {
		return err
	}
	r := &runner{env: env, o: o, person: person, registry: builtin(person), resolve: resolutions, declared: d}
	return r.start(ctx, file)
}

// prepare completes the declaration, before the plan is made.
func (d *declaration) prepare(r *runner) error {
	if err := d.find(r.session.doc); err != nil {
		return err
	}
	if err := r.askDeclaration(); err != nil {
		return err
	}
	r.o.contingency, r.o.planFlags.declared = d.contingency, nil
	if len(r.declare()) > 0 {
		r.o.planFlags.declared = d.blanks(r.session.doc, time.Now())
	}
	return nil
}

// declare makes the event that puts the contingency in force, once.
func (r *runner) declare() []runbook.Event {
	if r.declared == nil || r.session.state != nil && r.session.state.Contingency() == r.declared.contingency {
		return nil
	}
	return []runbook.Event{&runbook.ContingencyDeclared{Contingency: r.declared.contingency, By: r.declared.decisionMaker, Reason: r.o.reason}}
}

// askDeclaration completes what rollback must know before it declares anything.
func (r *runner) askDeclaration() error {
	d := r.declared
	if s := r.session.state; s != nil && s.Contingency() == d.contingency {
		return nil // it was said
	}
	ask := func(into *string, prompt string) error {
		for strings.TrimSpace(*into) == "" && r.person != nil {
			text, err := r.person.line(prompt)
			if err != nil {
				return &exitError{exitInterrupted, err, ""}
			}
			*into = text
		}
		return nil
	}
	if err := ask(&d.decisionMaker, "Who decided to roll back?"); err != nil {
		return err
	}
	if err := ask(&r.o.reason, "Why? (for the record)"); err != nil {
		return err
	}
	var missing []string
	for flag, value := range map[string]string{"--decision-maker": d.decisionMaker, "--reason": r.o.reason} {
		if strings.TrimSpace(value) == "" {
			missing = append(missing, flag)
		}
	}
	slices.Sort(missing)
	if len(missing) > 0 {
		return usagef("the record keeps who decided, and why", "a rollback needs %s", strings.Join(missing, " and "))
	}
	if err := runbook.CheckValue(d.decisionMaker); err != nil {
		return usagef("", "--decision-maker %v", err)
	}
	return nil
}

// mainPathEnded refuses to exec on where a rollback has begun.
func (r *runner) mainPathEnded() error {
	s := r.session
	if r.declared != nil || s.state == nil || s.state.Contingency() == "" || len(r.plan.Left(s.state)) == 0 {
		return nil
	}
	return &exitError{exitHeld, fmt.Errorf("%s: the contingency %s was declared, and is not done: %s", s.file, s.state.Contingency(), whereItWas(r.plan, s.state)),
		fmt.Sprintf("`runbook rollback %s` goes on with it", s.file)}
}
