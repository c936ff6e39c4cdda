package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"runbook/runbook"
	"runbook/runbook/seal"
)

// verdictJSON is what verify --format json prints: a contract.
type verdictJSON struct {
	Verdict seal.Verdict `json:"verdict"`
	Reasons []string     `json:"reasons"`
	Signers []string     `json:"signers"`
}

func newVerify(env *environment) *cobra.Command {
	o := &execOptions{}
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Is this record exactly what its template and journal produce",
		Long: `verify checks the journal's chain of digests, renders the record again from
the template and the journal, and compares the bytes. It works offline. Without
signatures it proves only that nothing was changed by accident: whoever can
write all the files can also write a journal that fits.`,
		Args: oneFile,
		RunE: func(_ *cobra.Command, args []string) error {
			return runVerify(env, o, args[0])
		},
	}
	cmd.Flags().StringVar(&o.format, "format", "text", "text or json")
	cmd.Flags().StringVarP(&o.record, "record", "o", "", "where the record is, if not in FILE")
	return cmd
}

func runVerify(env *environment, o *execOptions, file string) error {
	s, err := findSession(file, o.record)
	if err != nil {
		return err
	}
	v, err := s.judge()
	if err != nil {
		return err
	}
	if err := env.verdict(file, o.format, v); err != nil {
		return err
	}
	switch v.Verdict {
	case seal.Valid, seal.ValidUnsigned:
		return nil
	case seal.Incomplete:
		return &exitError{Code: exitHeld}
	case seal.CannotCheck:
		return &exitError{Code: exitUsage}
	}
	return &exitError{Code: exitFalse}
}

// verdict prints a judgement as text or JSON.
func (e *environment) verdict(file, format string, v *seal.Judgement) error {
	if format == "json" {
		return e.json(verdictJSON{v.Verdict, append([]string{}, v.Reasons...), []string{}})
	}
	w := &lines{w: e.stdout}
	w.printf("%s: %s\n", file, v.Verdict)
	for _, r := range v.Reasons {
		w.printf("  %s\n", runbook.Visible(r))
	}
	if w.err != nil {
		return fmt.Errorf("writing the verdict: %w", w.err)
	}
	return nil
}
