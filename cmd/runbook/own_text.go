package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"runbook/executor"
	"runbook/runbook"
)

// secretsInText reports where the checklist or its sidecar hold a value that is
// known to be secret: a record repeats their bytes, and cannot mask them.
func (s *session) secretsInText(mask *executor.Mask) []runbook.Problem {
	var problems []runbook.Problem
	for _, name := range slices.Compact([]string{filepath.Base(s.place.path), filepath.Base(s.target)}) {
		if names := mask.Finds([]byte(name)); len(names) > 0 {
			problems = append(problems, runbook.Problem{Severity: runbook.Error, Code: "secret-in-text",
				Message: name + ": the file's name holds the value of " + strings.Join(names, ", ") + ", and the record would repeat it", Hint: "rename it"})
		}
	}
	s.eachLine(func(where string, number int, line []byte) {
		if names := mask.Finds(line); len(names) > 0 {
			problems = append(problems, runbook.Problem{Severity: runbook.Error, Code: "secret-in-text", Line: number,
				Message: where + "the text holds the value of " + strings.Join(names, ", ") + ", and the record would repeat it",
				Hint:    "take it out, and change the secret if the file was shared; if it is none, take the variable out of runbook's environment (env -u NAME runbook …)"})
		}
	})
	return problems
}

// unmaskable reports, before a run begins, the secrets that its record could not
// be kept free of.
func (r *runner) unmaskable() []runbook.Problem {
	if r.session.id != "" {
		return nil
	}
	mask := environmentMask(stepEnvironment(r.env, r.plan))
	mask.Learn(r.given...)
	return r.session.secretsInText(mask)
}

// tellInText says at a stop what exec would have refused to begin, had it been
// known then.
func (r *runner) tellInText() {
	for _, p := range r.session.secretsInText(r.env.known.mask()) {
		r.env.say("runbook: %s: it is not masked there; change the secret\n", problemText(r.session.file, p))
	}
}

// shapesInText reports lines that look like secrets nobody has told of.
func (s *session) shapesInText(waived []runbook.Waiver) []runbook.Problem {
	var problems []runbook.Problem
	s.eachLine(func(where string, number int, line []byte) {
		for i := range executor.Shapes() {
			shape := &executor.Shapes()[i]
			let := func(w runbook.Waiver) bool { return w.Shape == shape.Name && w.Lets(string(bytes.TrimSpace(line))) }
			if !slices.ContainsFunc(waived, let) && shape.In(line) {
				problems = append(problems, runbook.Problem{Severity: runbook.Warning, Code: "secret-in-text", Line: number,
					Message: fmt.Sprintf("%sthe text holds what looks like a %s, and the record would repeat it", where, shape.Name)})
				return
			}
		}
	})
	return problems
}

// eachLine visits the lines of checklist and sidecar; those of the sidecar have
// their place in words.
func (s *session) eachLine(visit func(where string, number int, line []byte)) {
	number := 0
	for line := range bytes.Lines(s.template) {
		number++
		visit("", number, line)
	}
	number = 0
	for line := range bytes.Lines(s.sidecar) {
		number++
		visit(fmt.Sprintf("%s:%d: ", filepath.Base(sidecarOf(s.place.path)), number), 0, line)
	}
}
