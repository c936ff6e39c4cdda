package main

import (
	"cmp"
	"context"
	"errors"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"runbook/executor"
	"runbook/runbook"
)

// execOptions are the flags of exec beside those that decide the plan.
type execOptions struct {
	planFlags
	dryRun     bool
	yes        bool
	noInput    bool
	record     string
	operator   string
	resolve    []string
	reason     string
	freshShell bool
	commit     bool
	drift      bool
	noColor    bool
	quiet      bool
	verbose    bool
	secrets    []string
	expect     string
	waive      []string
}

func newExec(env *environment) *cobra.Command {
	o := &execOptions{}
	cmd := &cobra.Command{
		Use:   "exec FILE",
		Short: "Run a checklist and complete it",
		Long: `exec runs the checklist's steps in document order, settles its items, fills its
blanks, and writes all of it into the document, which becomes its own record.
A run that was stopped, for any reason, is continued by the same command.`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.dryRun {
				return runPlan(env, &o.planFlags, args[0], o.record)
			}
			return runExec(cmd.Context(), env, o, args[0])
		},
	}
	o.registerRun(cmd)
	return cmd
}

// registerRun adds the flags of the commands that run steps.
func (o *execOptions) registerRun(cmd *cobra.Command) {
	o.register(cmd)
	flags := cmd.Flags()
	flags.BoolVarP(&o.dryRun, "dry-run", "n", false, "print the plan; run nothing, contact nothing, write nothing")
	flags.BoolVarP(&o.yes, "yes", "y", false, "run steps without asking before each; never answers for a person")
	flags.BoolVar(&o.noInput, "no-input", false, "never prompt: what would be asked stays open")
	flags.StringVarP(&o.record, "record", "o", "", "write the record to this `file` and leave FILE untouched")
	flags.StringVar(&o.operator, "operator", "", "who runs it (default: the git identity, then the account's `name`)")
	flags.StringArrayVar(&o.resolve, "resolve", nil, "`ID=done|failed|again` for a step whose outcome is unknown; needs --reason")
	flags.BoolVar(&o.freshShell, "fresh-shell", false, "go on with a run without the variables and functions of its earlier part; recorded")
	flags.BoolVar(&o.drift, "accept-drift", false, "keep, as a diff, what was edited outside the open places of the record, and put its text back; run changed scripts as they are; recorded")
	flags.StringVar(&o.reason, "reason", "", "why, for --resolve, --accept-drift and --waive")
	flags.StringArrayVar(&o.waive, "waive", nil, "record lines that look like a secret of this `SHAPE`, as in \"JSON web token\"; needs --reason, and is recorded (repeatable)")
	flags.StringVar(&o.expect, "expect", "", "run only what was reviewed: the `sha256:…` that plan prints, of the document and its sidecar")
	flags.StringArrayVar(&o.secrets, "secret", nil, "a `NAME` whose value is secret: the variable's, or asked for without echo; given to the steps, masked everywhere (repeatable)")
	flags.BoolVar(&o.commit, "commit", false, "when the run stops, commit the record and its run's directory to git, and nothing else")
	flags.BoolVar(&o.noColor, "no-color", false, "no colours")
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "no progress: only problems and the summary")
	flags.BoolVarP(&o.verbose, "verbose", "v", false, "also show what stays open while it runs")
}

// runExec is exec without the dry run.
func runExec(ctx context.Context, env *environment, o *execOptions, file string) error {
	if err := o.check(); err != nil {
		return err
	}
	if err := errors.Join(checkSecretNames(o.secrets), o.checkWaivers()); err != nil {
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
	r := &runner{env: env, o: o, person: person, registry: builtin(person), resolve: resolutions}
	return o.committed(ctx, env, file, r.start(ctx, file))
}

// committed commits what the run has left, if --commit says so, however it
// ended; the run's own end outranks that of the commit.
func (o *execOptions) committed(ctx context.Context, env *environment, file string, ended error) error {
	var exit *exitError
	// An end that has been told is the run's own, and the record is written.
	stopped := ended == nil || errors.As(ended, &exit) && exit.Err == nil && exit.Code != exitUsage
	if !o.commit || !stopped {
		return ended
	}
	err := runCommit(context.WithoutCancel(ctx), env, &commitOptions{record: o.record}, file)
	if ended == nil || err == nil {
		return cmp.Or(ended, err)
	}
	env.say("runbook: %v\n", err)
	return ended
}

// start does what there is to do in FILE.
func (r *runner) start(ctx context.Context, file string) error {
	if err := r.prepare(ctx, file); err != nil {
		return err
	}
	if r.nothingLeft() {
		return r.alreadyComplete()
	}
	var err error
	if r.given, err = r.secrets(); err != nil {
		return err
	}
	if problems := r.unmaskable(); len(problems) > 0 {
		return r.env.problems(file, problems)
	}
	boundMemory(len(r.session.doc.Source))
	return r.run(ctx)
}

// boundMemory makes up for main's late collecting of garbage: a run is long, and
// its memory is bounded. The bound grows with the document, size bytes, for
// collecting garbage where little is would slow the run for nothing.
func boundMemory(size int) {
	debug.SetGCPercent(300)
	debug.SetMemoryLimit(max(112<<20, 32<<20+64*int64(size)))
}

// person opens the terminal for questions, or says why the run needs one.
func (o *execOptions) person(env *environment) (*terminalConsole, error) {
	in, tty := terminal(env.stdin)
	if !o.yes && (!tty || o.noInput) {
		return nil, usagef("look at `runbook plan FILE`, then add --yes",
			"there is no terminal to ask before each step, and --yes was not given")
	}
	if !tty || o.noInput {
		return nil, nil
	}
	return newTerminalConsole(in, env.stderr, env.get("EDITOR")), nil
}

// resolutions reads --resolve.
func (o *execOptions) resolutions() (map[runbook.ID]executor.Decision, error) {
	words := map[runbook.ID]executor.Decision{}
	for _, r := range o.resolve {
		i := strings.LastIndexByte(r, '=')
		if i < 0 {
			return nil, usagef("", "--resolve %q is not of the form ID=done|failed|again", r)
		}
		word := executor.Choice(r[i+1:])
		if !slices.Contains([]executor.Choice{executor.Done, executor.Bad, executor.Again}, word) {
			return nil, usagef("", "--resolve: %q is not done, failed or again", word)
		}
		if strings.TrimSpace(o.reason) == "" {
			return nil, usagef("the record keeps it", "--resolve needs --reason")
		}
		words[runbook.ID(r[:i])] = executor.Decision{Do: word, Reason: o.reason}
	}
	return words, nil
}
