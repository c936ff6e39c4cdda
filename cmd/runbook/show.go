package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/spf13/cobra"

	"runbook/executor"
	"runbook/runbook"
)

func newShow(env *environment) *cobra.Command {
	var asHTML, asJSON bool
	cmd := &cobra.Command{
		Use:   "show FILE",
		Short: "Read a checklist or record in the terminal, as HTML or as JSON",
		Args:  oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if asJSON {
				return runPlan(env, &planFlags{format: "json", dirs: string(runbook.DirAuto)}, args[0], "")
			}
			return runShow(cmd, env, args[0], asHTML)
		},
	}
	cmd.Flags().BoolVar(&asHTML, "html", false, "print HTML")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what the document holds: the plan as JSON")
	cmd.MarkFlagsMutuallyExclusive("html", "json")
	return cmd
}

// runShow hands the file to runbook-show, a program of its own: the renderer's
// initialisation would make every other command start eight times slower.
func runShow(cmd *cobra.Command, env *environment, file string, asHTML bool) error {
	src, err := readDocument(file)
	if err != nil {
		return err
	}
	text := presentable(env, file, src)
	helper, err := showProgram()
	if err != nil {
		if asHTML {
			return usagef("install it with: go install ./cmd/runbook-show", "runbook-show is not installed")
		}
		fmt.Fprintln(env.stderr, "runbook: runbook-show is not installed; this is the plain text")
		if _, err := fmt.Fprint(env.stdout, runbook.Visible(string(text))); err != nil {
			return fmt.Errorf("writing: %w", err)
		}
		return nil
	}
	args := []string{"-"}
	if asHTML {
		args = []string{"--html", "-"}
	}
	child := exec.CommandContext(cmd.Context(), helper, args...)
	child.Stdin, child.Stdout, child.Stderr = bytes.NewReader(text), behind(env.stdout), behind(env.stderr)
	if err := child.Run(); err != nil {
		return &exitError{exitUsage, fmt.Errorf("runbook-show: %w", err), ""}
	}
	return nil
}

// presentable is a document as it may be shown: without known secrets, and without
// lines that look like one and are not waived, by its sidecar or its run.
func presentable(env *environment, file string, src []byte) []byte {
	var waived []runbook.Waiver
	if s, err := openEdited(file, ""); err == nil { // else it is shown all the same
		if car, _, err := readSidecar(s.place.path); err == nil && car != nil {
			waived = car.Waivers
		}
		if s.state != nil {
			for _, w := range s.state.Waived {
				waived = append(waived, runbook.Waiver{Shape: w.Shape, Match: w.Match})
			}
		}
	}
	// A fence ends what looks like a key and has no end: the rest is no part of it.
	var out, part []byte
	for line := range bytes.Lines(env.known.mask().Apply(src)) {
		if mark := bytes.TrimLeft(line, " \t>"); bytes.HasPrefix(mark, []byte("```")) || bytes.HasPrefix(mark, []byte("~~~")) {
			out = append(append(out, executor.Withhold(part, waived)...), line...)
			part = part[:0]
			continue
		}
		part = append(part, line...)
	}
	return append(out, executor.Withhold(part, waived)...)
}

// showProgram finds runbook-show beside this program, then in PATH.
func showProgram() (string, error) {
	self, err := os.Executable()
	if err == nil {
		beside := filepath.Join(filepath.Dir(self), "runbook-show")
		if _, serr := os.Stat(beside); serr == nil {
			return beside, nil
		}
	}
	found, lerr := exec.LookPath("runbook-show")
	return found, errors.Join(lerr)
}
