package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"runbook/runbook"
)

func newPlan(env *environment) *cobra.Command {
	flags := &planFlags{}
	cmd := &cobra.Command{
		Use:   "plan FILE",
		Short: "The dry run: what exec would do, and why",
		Long: `plan shows every step with its start directory and commands as written, how
each item would be settled, where each blank's value would come from, and all
that is wrong or doubtful. It runs nothing, contacts nothing, writes nothing.`,
		Args: oneFile,
		RunE: func(_ *cobra.Command, args []string) error {
			return runPlan(env, flags, args[0], "")
		},
	}
	flags.register(cmd)
	return cmd
}

// runPlan prints what exec would do with FILE: of a record whose run can go on,
// the plan of its template, and what is behind it.
func runPlan(env *environment, flags *planFlags, name, record string) error {
	if err := flags.check(); err != nil {
		return err
	}
	flags.suggest = true
	s, err := openEdited(name, record)
	if err != nil {
		return err
	}
	return showPlan(env, flags, s)
}

// showPlan prints a session's plan, in the form that the flags want.
func showPlan(env *environment, flags *planFlags, s *session) error {
	plan, err := flags.plan(s, builtin(nil))
	if err != nil {
		return err
	}
	if s.id == "" {
		plan.Problems = append(plan.Problems, s.secretsInText(environmentMask(stepEnvironment(env, plan)))...)
	}
	if flags.format == "json" {
		b, err := plan.JSON(s.state)
		if err != nil {
			return err
		}
		if err := writeJSON(env.stdout, b); err != nil {
			return fmt.Errorf("writing the plan: %w", err)
		}
	} else if err := writePlan(env.stdout, plan, s.state); err != nil {
		return fmt.Errorf("writing the plan: %w", err)
	}
	if text := s.byHand(); text != "" {
		env.say("runbook: %s: %s\n", s.file, text)
	}
	return planError(env, plan)
}

// planError fails a plan whose document, sidecar or flags are wrong. What is
// wrong with the directory that it would run in is in the plan as well and
// stops exec, but the plan itself has been made.
func planError(env *environment, plan *runbook.Plan) error {
	errs := plan.Errors()
	if len(errs) > 0 {
		env.say("runbook: exec would refuse this: see the errors among the findings\n")
	}
	for _, p := range errs {
		if p.Code != "start-directory" {
			return &exitError{Code: exitUsage}
		}
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
