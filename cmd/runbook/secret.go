package main

import (
	"fmt"
	"slices"
	"strings"

	"runbook/executor"
	"runbook/runbook"
)

// secrets returns the values of the secrets that --secret and the sidecar name:
// the environment's, or what the operator types, which is not echoed. They are
// asked for again when a run goes on: nothing of them is kept.
func (r *runner) secrets() ([]executor.Secret, error) {
	var secrets []executor.Secret
	var missing []string
	for _, name := range r.secretNames() {
		value := r.env.get(name)
		if value == "" && r.person != nil {
			var err error
			if value, err = r.person.hidden(fmt.Sprintf("%s (not shown):", name)); err != nil {
				return nil, err
			}
		}
		if value == "" {
			missing = append(missing, name)
		}
		secrets = append(secrets, executor.Secret{Name: name, Value: value})
	}
	if len(missing) > 0 {
		return nil, usagef("set the variable of that name, or run it at a terminal, which asks for it", "no value for the secret %s", strings.Join(missing, ", "))
	}
	return secrets, nil
}

// secretNames are those that --secret names, then the sidecar's, each once.
func (r *runner) secretNames() []string {
	names := slices.Clone(r.o.secrets)
	for _, name := range r.plan.Secrets {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// hidden asks for a line that the terminal does not show.
func (c *terminalConsole) hidden(prompt string) (string, error) {
	text, err := readHidden(c.tty, c.out, prompt+" ")
	if err != nil {
		return "", fmt.Errorf("%w: the terminal is gone", executor.ErrStop)
	}
	return text, nil
}

// checkSecretNames refuses what cannot be a variable's name.
func checkSecretNames(names []string) error {
	for _, name := range names {
		if !runbook.IsVariableName(name) {
			return usagef("give the name; the value is taken from the variable of that name, or asked for", "--secret %q is not the name of a variable", strings.SplitN(name, "=", 2)[0])
		}
	}
	return nil
}

// checkWaivers refuses shapes that there are not, and waivers without a reason.
func (o *execOptions) checkWaivers() error {
	for _, shape := range o.waive {
		if names := executor.ShapeNames(); !slices.Contains(names, shape) {
			return usagef("there are: "+strings.Join(names, ", "), "--waive: there is no shape %q", shape)
		}
	}
	if len(o.waive) > 0 && strings.TrimSpace(o.reason) == "" {
		return usagef("the record keeps it", "--waive needs --reason")
	}
	return nil
}

// waivers lets through what the sidecar, this part of the run and those before
// it waive, and returns the events of what is new.
func (r *runner) waivers(mask *executor.Mask, by string) []runbook.Event {
	known := slices.Clone(r.session.state.Waived)
	var events []runbook.Event
	add := func(ev *runbook.ShapeWaived) {
		if !slices.ContainsFunc(known, func(o *runbook.ShapeWaived) bool { return o.Shape == ev.Shape && o.Match == ev.Match }) {
			known, events = append(known, ev), append(events, ev)
		}
	}
	for _, w := range r.plan.Waivers {
		add(&runbook.ShapeWaived{Shape: w.Shape, Match: w.Match, By: "the sidecar", Reason: w.Reason})
	}
	for _, shape := range r.o.waive {
		add(&runbook.ShapeWaived{Shape: shape, By: by, Reason: r.o.reason})
	}
	for _, w := range known {
		mask.Waive(runbook.Waiver{Shape: w.Shape, Match: w.Match})
	}
	return events
}
