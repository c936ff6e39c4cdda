package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/ssh"

	"runbook/runbook"
	"runbook/runbook/journal"
	"runbook/runbook/seal"
)

// signOptions are the flags of sign.
type signOptions struct {
	role     string
	key      string
	name     string
	identity string
	allowed  string
	record   string
	yes      bool
	apart    bool
	fold     bool
	dsse     bool
}

func newSign(env *environment) *cobra.Command {
	o := &signOptions{}
	cmd := &cobra.Command{
		Use:   "sign FILE --as ROLE",
		Short: "Sign a record, or approve a checklist before it runs, with an SSH key",
		Long: `sign checks what is to be signed, shows it, and signs it for one of the
checklist's sign-offs, whose name, date and time it fills. Before a run it
approves the checklist and its sidecar; during and after one, the record as it
stands. The signature is an ordinary SSH signature (ssh-keygen -Y verify) in a
file of its own, in the run's signatures directory.

With --apart nothing else is written, so that several people can sign at the
same time in their clones and merge without a conflict; "runbook sign FILE
--fold", or the next exec, brings such signatures into the record.

With --dsse the key signs twice: the statement is also put into a DSSE envelope,
which in-toto's tools read. For a sign-off that is signed already, the envelope
alone is made, by the same key.`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runSign(cmd.Context(), env, o, args[0])
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.role, "as", "", "the sign-off, by its label or ID")
	flags.StringVar(&o.key, "key", "", "a private key, or a public one whose private half ssh-agent holds, by `path`; \"agent\" for the agent's only key; \"awskms:///alias/NAME\" or :///ID for one in AWS KMS (default: git's user.signingKey, else the agent)")
	flags.StringVar(&o.name, "name", "", "who signs (default: git's user.name)")
	flags.StringVar(&o.identity, "identity", "", "whom the key stands for in the allowed signers (default: what they say of the key, else git's user.email)")
	flags.StringVar(&o.allowed, "allowed-signers", "", "the `file` that says whose keys are believed (default: git's gpg.ssh.allowedSignersFile)")
	flags.StringVarP(&o.record, "record", "o", "", "where the record is, if not in FILE")
	flags.BoolVarP(&o.yes, "yes", "y", false, "sign without asking")
	flags.BoolVar(&o.apart, "apart", false, "write the signature alone; leave journal and record")
	flags.BoolVar(&o.dsse, "dsse", false, "write the signed statement as a DSSE envelope as well, beside it")
	flags.BoolVar(&o.fold, "fold", false, "bring signatures that lie apart into the record; sign nothing")
	return cmd
}

// A signing is one sign command under way, under the lock of its record.
type signing struct {
	env     *environment
	o       *signOptions
	s       *session
	allowed *seal.Allowed
	target  *seal.Target
	dir     *journal.RunDir // nil: no run has begun
	id      string
}

func runSign(ctx context.Context, env *environment, o *signOptions, file string) error {
	if o.fold == (o.role != "") {
		return usagef(`for example: runbook sign checklist.md --as "Lead Engineer"`, "sign takes either --as or --fold")
	}
	s, err := findSession(file, o.record)
	if err != nil {
		return err
	}
	g := &signing{env: env, o: o, s: s}
	if g.allowed, err = env.allowedSigners(ctx, s.place.root, o.allowed); err != nil {
		return err
	}
	return locked(s.runs, "runbook sign", "sign when the run has stopped", func() error {
		err := g.do(ctx)
		if g.dir != nil {
			err = errors.Join(err, g.dir.Close())
		}
		return err
	})
}

func (g *signing) do(ctx context.Context) error {
	if err := g.find(); err != nil {
		return err
	}
	if g.o.fold {
		return g.foldPending()
	}
	slot, err := g.slot()
	if err != nil {
		return err
	}
	earlier := g.earlier(slot)
	if earlier != nil && (!g.o.dsse || earlier.Source().Envelope != nil) {
		return &exitError{exitHeld, fmt.Errorf("%s:%d: %s has signed %s", g.s.file, slot.Line, earlier.SignOff.Name, slot.Label), ""}
	}
	key, err := g.key(ctx)
	if err != nil {
		return &exitError{exitUsage, err, ""}
	}
	defer key.Close() // nothing is written to it
	if g.o.dsse {
		if err := seal.CanEnclose(key.Public()); err != nil {
			return &exitError{exitUsage, fmt.Errorf("not signed: %w", err), "sign without --dsse, or with another key"}
		}
	}
	if earlier != nil {
		return g.enclose(slot, earlier, key)
	}
	return g.sign(ctx, slot, key)
}

// sign makes the statement, shows it, and signs it.
func (g *signing) sign(ctx context.Context, slot *runbook.Slot, key seal.Key) error {
	request := seal.Request{Slot: slot, Key: key.Public(), Time: time.Now()}
	request.Name, request.Identity = g.who(ctx, key)
	statement, err := g.target.Statement(request)
	if err != nil {
		return &exitError{exitHeld, err, ""}
	}
	draft, err := seal.Draft(statement, key.Public(), g.allowed)
	if err != nil {
		return &exitError{exitHeld, fmt.Errorf("not signed: %w", err), "--identity says whom the key stands for; --allowed-signers which file knows it"}
	}
	faults, err := g.target.Refuses(draft)
	if err != nil {
		return &exitError{exitUsage, err, ""}
	}
	if len(faults) > 0 {
		return &exitError{exitHeld, fmt.Errorf("not signed: %s", strings.Join(faults, "; ")), "the sidecar's sign section says who signs what, and when"}
	}
	g.show(draft, slot)
	if err := g.confirm(); err != nil {
		return err
	}
	file := journal.SignatureFile{Name: seal.FileName(slot.Label, statement), Statement: statement}
	file.Armored, err = key.Sign(statement)
	if err == nil && g.o.dsse {
		file.Envelope, err = seal.Enclose(key, statement)
	}
	if err != nil {
		return &exitError{exitUsage, fmt.Errorf("not signed: %w", err), ""}
	}
	return g.keep(file)
}

// enclose puts what was signed before into an envelope.
func (g *signing) enclose(slot *runbook.Slot, earlier *seal.Signed, key seal.Key) error {
	if fingerprint := ssh.FingerprintSHA256(key.Public()); fingerprint != earlier.SignOff.Key {
		return &exitError{exitHeld, fmt.Errorf("%s signed %s with %s, not with %s", earlier.SignOff.Name, slot.Label, earlier.SignOff.Key, fingerprint), "an envelope is made by who signed"}
	}
	g.show(earlier, slot)
	if err := g.confirm(); err != nil {
		return err
	}
	file := journal.SignatureFile(*earlier.Source())
	var err error
	if file.Envelope, err = seal.Enclose(key, file.Statement); err != nil {
		return &exitError{exitUsage, fmt.Errorf("not signed: %w", err), ""}
	}
	if g.dir == nil {
		err = journal.AddApproval(g.s.runs, file)
	} else {
		err = g.dir.AddSignature(file)
	}
	if err != nil {
		return &exitError{exitRecording, err, ""}
	}
	g.env.say("runbook: the envelope is written: %s\n", filepath.Join(g.folder(), file.Name+".dsse"))
	return nil
}

// show tells the signer what the signature will cover.
func (g *signing) show(d *seal.Signed, slot *runbook.Slot) {
	o := &d.SignOff
	say := func(format string, args ...any) {
		g.env.say(format+"\n", args...)
	}
	say("runbook: to be signed as %s, line %d of %s:", o.Role, slot.Line, g.s.file)
	if o.Entries == 0 {
		say("  Run       none yet: this approves the checklist before it runs")
	} else {
		say("  Run       %s, %s; entries 1 to %d of its journal", o.Run, o.Result, o.Entries)
		say("  Items     %s", runbook.Count(g.s.doc, g.s.state).Items)
		for _, open := range runbook.Open(g.s.doc, g.s.state) {
			if open.ID != slot.ID {
				say("  Open      line %d: %s %s", open.Line, open.Label, open.Why)
			}
		}
	}
	for _, subject := range d.Subjects() {
		say("  Covers    %s sha256:%s", subject.Name, subject.Digest.SHA256)
	}
	say("  Signer    %s, as %s", o.Name, o.Identity)
	say("  Key       %s", o.Key)
	if g.allowed == nil {
		say("  Nobody has said whose keys are believed: verify will want --allowed-signers")
	}
}

func (g *signing) confirm() error {
	if g.o.yes {
		return nil
	}
	in, tty := terminal(g.env.stdin)
	if !tty {
		return usagef("look at what is shown, then add --yes", "there is no terminal to ask, and --yes was not given")
	}
	key, err := newTerminalConsole(in, g.env.stderr, "").letter("Sign? [y]es [n]o", "yn")
	if err != nil || key == 'n' {
		return &exitError{exitHeld, errors.New("not signed"), ""}
	}
	return nil
}

// folder is where the signature goes.
func (g *signing) folder() string {
	if g.dir == nil {
		return filepath.Join(g.s.runs, "approvals")
	}
	return filepath.Join(g.dir.Path(), "signatures")
}

// keep checks what the key has made as verify will, stores it, and brings it
// into the record unless it stays apart.
func (g *signing) keep(file journal.SignatureFile) error {
	signed, errs := g.target.Open([]seal.Signature{seal.Signature(file)}, g.allowed, time.Now())
	if len(errs) > 0 {
		return &exitError{exitUsage, fmt.Errorf("not signed: %w", errors.Join(errs...)), ""}
	}
	path := filepath.Join(g.folder(), file.Name+".sig")
	if g.dir == nil {
		if err := journal.AddApproval(g.s.runs, file); err != nil {
			return &exitError{exitRecording, err, ""}
		}
		g.env.say("runbook: signed; the next exec takes it in: %s\n", path)
		return nil
	}
	if err := g.dir.AddSignature(file); err != nil {
		return &exitError{exitRecording, err, ""}
	}
	if g.o.apart {
		g.env.say("runbook: signed: %s\n  `runbook sign %s --fold` brings it into the record\n", path, g.s.file)
		return nil
	}
	if err := g.foldIn(signed); err != nil {
		return err
	}
	g.env.say("runbook: signed: %s\n", path)
	return nil
}
