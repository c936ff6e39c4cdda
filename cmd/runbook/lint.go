package main

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"runbook/runbook"
)

// lintFlags are those of plan that change what would go wrong. The plan's own
// format stays text.
type lintFlags struct {
	planFlags
	format string
}

func newLint(env *environment) *cobra.Command {
	flags := &lintFlags{planFlags: planFlags{format: "text", suggest: true}}
	cmd := &cobra.Command{
		Use:   "lint FILE",
		Short: "Find what would go wrong, before production does",
		Long: `lint looks closely at every step: at what bash would make of it, at the files,
programs, variables and terraform outputs that it relies on, at commands that
wait for a person, never end, destroy, fail when run again or hide that they
fail. It runs nothing, contacts nothing, writes nothing.

It ends with 1 if there are errors, with 0 if there are only warnings and
notes. docs/lint.md explains each code, with an example.`,
		Args: oneFile,
		RunE: func(_ *cobra.Command, args []string) error {
			return runLint(env, flags, args[0])
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&flags.sets, "set", nil, "`LABEL=VALUE` for a blank or a placeholder, as exec would be given it")
	f.StringVar(&flags.answers, "answers", "", "YAML `file` of values and attestations, as exec would be given it")
	f.StringVar(&flags.dirs, "dir", string(runbook.DirAuto), "where a step without a directory starts: auto, root or carry")
	f.StringVar(&flags.rules, "rules", "", "YAML `file` of rules that propose checks (default: .runbook.rules.yaml beside FILE, or in the root)")
	f.StringVar(&flags.format, "format", "text", "text, json or sarif")
	return cmd
}

func runLint(env *environment, flags *lintFlags, name string) error {
	write, ok := map[string]func(io.Writer, *runbook.Document, []runbook.Problem) error{
		"text": writeLint, "json": writeLintJSON, "sarif": writeSARIF,
	}[flags.format]
	if !ok {
		return usagef("", "--format is text, json or sarif, not %q", flags.format)
	}
	if err := flags.check(); err != nil {
		return err
	}
	s, err := openSession(name, "")
	if err != nil {
		return err
	}
	plan, err := flags.plan(s, builtin(nil))
	if err != nil {
		return err
	}
	plan.Problems = slices.Concat(plan.Problems, s.secretsInText(environmentMask(stepEnvironment(env, plan))), s.shapesInText(plan.Waivers))
	found := runbook.Lint(plan, runbook.LintInput{Machine: diskMachine{newDiskTree(), diskFiles{}, env}, Root: s.place.root, DocDir: s.place.dir})
	if err := write(env.stdout, s.doc, found); err != nil {
		return fmt.Errorf("writing the findings: %w", err)
	}
	if slices.ContainsFunc(found, func(p runbook.Problem) bool { return p.Severity == runbook.Error }) {
		return &exitError{Code: exitFailed}
	}
	return nil
}

// writeLint writes the findings for a person. What comes from the document is
// made visible, so that it cannot drive the terminal.
func writeLint(to io.Writer, doc *runbook.Document, found []runbook.Problem) error {
	w := bufio.NewWriter(to)
	for _, p := range found {
		fmt.Fprintf(w, "%s  [%s]\n", runbook.Visible(p.In(doc.Name)), p.Code)
		if p.Hint != "" {
			fmt.Fprintf(w, "    %s\n", runbook.Visible(p.Hint))
		}
		fmt.Fprintf(w, "    see %s\n", runbook.LintDocs(p.Code))
	}
	counts := severities(found)
	fmt.Fprintf(w, "%s: %s, %s, %s\n", runbook.Visible(doc.Name),
		plural(counts[runbook.Error], "error"), plural(counts[runbook.Warning], "warning"), plural(counts[runbook.Note], "note"))
	return w.Flush()
}

func severities(found []runbook.Problem) map[runbook.Severity]int {
	counts := map[runbook.Severity]int{}
	for _, p := range found {
		counts[p.Severity]++
	}
	return counts
}

func plural(n int, word string) string {
	if n != 1 {
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, word)
}

// lintJSON is a contract with people's scripts: fields are added, never renamed.
type lintJSON struct {
	Document struct {
		Path   string `json:"path"`
		SHA256 string `json:"sha256"`
	} `json:"document"`
	Errors   int               `json:"errors"`
	Warnings int               `json:"warnings"`
	Notes    int               `json:"notes"`
	Findings []lintFindingJSON `json:"findings"`
}

// A lintFindingJSON is a finding as plans have it, and where it is explained.
type lintFindingJSON struct {
	runbook.Problem
	Docs string `json:"docs"`
}

func writeLintJSON(w io.Writer, doc *runbook.Document, found []runbook.Problem) error {
	counts := severities(found)
	view := lintJSON{
		Errors: counts[runbook.Error], Warnings: counts[runbook.Warning], Notes: counts[runbook.Note],
		Findings: make([]lintFindingJSON, len(found)),
	}
	view.Document.Path = doc.Name
	view.Document.SHA256 = strings.TrimPrefix(string(doc.Digest()), "sha256:")
	for i, p := range found {
		view.Findings[i] = lintFindingJSON{p, runbook.LintDocs(p.Code)}
	}
	return encodeIndented(w, view)
}

// diskMachine answers lint's questions by this machine's files, PATH and
// environment.
type diskMachine struct {
	*diskTree
	diskFiles
	env *environment
}

// IsExecutable implements runbook.Machine.
func (m diskMachine) IsExecutable(path string) bool {
	mode, ok := m.mode(path)
	return ok && mode&0o111 != 0
}

// Installed implements runbook.Machine.
func (diskMachine) Installed(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// IsSet implements runbook.Machine.
func (m diskMachine) IsSet(variable string) bool {
	return slices.ContainsFunc(m.env.vars, func(pair string) bool { return strings.HasPrefix(pair, variable+"=") })
}
