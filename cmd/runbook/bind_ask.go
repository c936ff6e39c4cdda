package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	"runbook/executor"
	"runbook/runbook"
)

// asks lets the person at the terminal say what nothing tells: arguments of
// checks that rules propose. Enter leaves one for later, the end of input all
// that are left; an interrupt ends bind.
func (o *bindOptions) asks(ctx context.Context, env *environment, draft *runbook.Draft, registry *executor.Registry) error {
	in, tty := terminal(env.stdin)
	questions := draft.Questions(registry.Catalog())
	if !tty || o.noInput || o.format != "text" || len(questions) == 0 {
		return nil
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	c := newTerminalConsole(in, env.stderr, "")
	c.interrupted = ctx.Done()
	c.say("%s could be settled by a check, once you say what nothing tells. Enter leaves it for later, Ctrl-D all that are left.\n", plural(len(questions), "item"))
	for i := range questions {
		err := c.complete(&questions[i], registry)
		if ctx.Err() != nil {
			return &exitError{exitInterrupted, errors.New("interrupted; nothing was written"), ""}
		}
		if err != nil {
			return nil // no more is wanted
		}
	}
	return nil
}

// complete asks for the arguments of one item's check, again if the check
// refuses them.
func (c *terminalConsole) complete(q *runbook.DraftQuestion, registry *executor.Registry) error {
	c.say("\nline %d: %s\n  %s\n", q.Line, runbook.Visible(q.Label), runbook.Visible(q.Why))
	for {
		values := map[string]string{}
		for _, a := range q.Args {
			text, err := c.line(fmt.Sprintf("  %s, %s (%s):", a.Use, a.Name, a.Meaning))
			if err != nil {
				return err
			}
			if text == "" {
				break
			}
			values[a.Name] = text
		}
		if len(values) == 0 {
			return nil
		}
		if err := refused(q, values, registry); err != nil {
			c.say("  %s\n", runbook.Visible(err.Error()))
			continue
		}
		if !q.Answer(values) {
			c.say("  it stays a suggestion, for you to review\n")
		}
		return nil
	}
}

// refused says what a check holds against its arguments, once all are there.
func refused(q *runbook.DraftQuestion, values map[string]string, registry *executor.Registry) error {
	if len(values) < len(q.Args) {
		return nil
	}
	for _, call := range q.With(values) {
		if v, ok := registry.Checks[call.Use].(executor.Validator); ok {
			if err := v.Validate(call.Args); err != nil {
				return err
			}
		}
	}
	return nil
}
