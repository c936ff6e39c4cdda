package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// An environment is what a command may use of the process it runs in.
type environment struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	vars           []string // KEY=VALUE
	known          *knownSecrets
}

func (e *environment) get(name string) string {
	value := ""
	for _, pair := range e.vars {
		if k, v, _ := strings.Cut(pair, "="); k == name {
			value = v
		}
	}
	return value
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

func newRoot(env *environment) *cobra.Command {
	root := &cobra.Command{
		Use:   "runbook",
		Short: "Run the Markdown checklists that you have, and complete them",
		Long: `runbook executes a Markdown checklist: each fenced bash block is a step, boxes
are ticked when a check or a named person has settled them, blanks are filled
from their sources, and the document becomes its own record.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(env.stdin)
	root.SetOut(env.stdout)
	root.SetErr(env.stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("`runbook help "+cmd.Name()+"` lists the flags", "%v", err)
	})
	root.AddCommand(
		newSign(env), newCommit(env), newExec(env), newPlan(env), newLint(env), newBind(env), newStatus(env), newVerify(env), newRollback(env), newReset(env),
		newShow(env), newCatalog(env), newVersion(env),
	)
	root.InitDefaultHelpCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "help" {
			cmd.Run, cmd.RunE = nil, helpFor
		}
	}
	return root
}

// helpFor shows the help of the command that is named; none of that name is
// wrong usage, as it is without "help".
func helpFor(help *cobra.Command, args []string) error {
	cmd, rest, err := help.Root().Find(args)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("unknown command %q for %q", rest[0], cmd.CommandPath())
	}
	if err != nil {
		return usagef("`runbook help` lists the commands", "%v", err)
	}
	cmd.InitDefaultHelpFlag()
	return cmd.Help()
}

// oneFile accepts exactly one argument, a checklist.
func oneFile(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usagef("for example: runbook "+cmd.Name()+" checklist.md", "%s takes one file, and %d were given", cmd.Name(), len(args))
	}
	return nil
}
