package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"runbook/runbook"
	"runbook/runbook/seal"
)

// verdictJSON is what verify --format json prints: a contract.
type verdictJSON struct {
	Verdict seal.Verdict `json:"verdict"`
	Reasons []string     `json:"reasons"`
	Signers []signerJSON `json:"signers"`
}

type signerJSON struct {
	Role     string `json:"role"`
	Name     string `json:"name"`     // as the signer wrote it
	Identity string `json:"identity"` // whom the key stands for in the allowed signers
	Key      string `json:"key"`
	Time     string `json:"time"`    // by the signer's clock
	Entries  int    `json:"entries"` // how much of the journal is signed; 0: template and sidecar alone
	File     string `json:"file"`
	DSSE     string `json:"dsse,omitempty"` // the same statement in an envelope
}

// verifyOptions are the flags of verify.
type verifyOptions struct {
	format  string
	record  string
	allowed string
	signed  bool
}

func newVerify(env *environment) *cobra.Command {
	o := &verifyOptions{}
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Is this record exactly what its template and journal produce, and who signed it",
		Long: `verify checks the signatures, the journal's chain of digests, the seal, the
files of the run, and the sidecar's rules for sign-offs; it renders the record
again from the template and the journal, and compares the bytes. It works
offline. Whose keys are believed comes from outside the record. Without
signatures it proves only that nothing was changed by accident: whoever can
write all the files can also write a journal that fits.

The verdict is valid, valid-unsigned (both exit 0), incomplete (3), invalid (4)
or cannot-check (2).`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runVerify(cmd.Context(), env, o, args[0])
		},
	}
	cmd.Flags().StringVar(&o.format, "format", "text", "text or json")
	cmd.Flags().StringVarP(&o.record, "record", "o", "", "where the record is, if not in FILE")
	cmd.Flags().StringVar(&o.allowed, "allowed-signers", "", "the `file` that says whose keys are believed (default: git's gpg.ssh.allowedSignersFile)")
	cmd.Flags().BoolVar(&o.signed, "require-signature", false, "a record that is valid-unsigned is not enough: exit 4")
	return cmd
}

func runVerify(ctx context.Context, env *environment, o *verifyOptions, file string) error {
	s, err := findSession(file, o.record)
	if err != nil {
		return err
	}
	allowed, err := env.allowedSigners(ctx, s.place.root, o.allowed)
	if err != nil {
		return err
	}
	v, err := s.judge(allowed)
	if err != nil {
		return err
	}
	if dir := env.heldBack(s.place, v.State); dir != "" {
		v.Reasons = append(v.Reasons, dir+": "+heldBackText)
	}
	if err := env.verdict(file, o.format, v); err != nil {
		return err
	}
	switch {
	case v.Verdict == seal.Valid, v.Verdict == seal.ValidUnsigned && !o.signed:
		return nil
	case v.Verdict == seal.Incomplete:
		return &exitError{Code: exitHeld}
	case v.Verdict == seal.CannotCheck:
		return &exitError{Code: exitUsage}
	}
	return &exitError{Code: exitFalse}
}

// verdict prints a judgement as text or JSON.
func (e *environment) verdict(file, format string, v *seal.Judgement) error {
	signers := []signerJSON{}
	for _, s := range v.Signers {
		o := &s.SignOff
		if !s.Known() {
			continue
		}
		signer := signerJSON{o.Role, o.Name, o.Identity, o.Key, o.Time, o.Entries, "signatures/" + s.File, ""}
		if s.Source().Envelope != nil {
			signer.DSSE = signer.File + ".dsse"
		}
		signers = append(signers, signer)
	}
	if format == "json" {
		return e.json(verdictJSON{v.Verdict, append([]string{}, v.Reasons...), signers})
	}
	w := &lines{w: e.stdout}
	w.printf("%s: %s\n", file, v.Verdict)
	for _, s := range signers {
		what := fmt.Sprintf("entries 1 to %d", s.Entries)
		if s.Entries == 0 {
			what = "the checklist, before the run"
		}
		w.printf("  %s\n", runbook.Visible(fmt.Sprintf("%s: signed by %s, as %s, %s, over %s; %s", s.Role, s.Name, s.Identity, s.Time, what, s.Key)))
	}
	for _, r := range v.Reasons {
		w.printf("  %s\n", runbook.Visible(r))
	}
	if w.err != nil {
		return fmt.Errorf("writing the verdict: %w", w.err)
	}
	return nil
}
