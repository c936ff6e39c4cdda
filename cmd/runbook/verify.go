package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"runbook/runbook"
)

// verdictJSON is what verify --format json prints: a contract.
type verdictJSON struct {
	Verdict string   `json:"verdict"` // valid, valid-unsigned, incomplete, invalid, cannot-check
	Reasons []string `json:"reasons"`
	Signers []string `json:"signers"`
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
	src, err := readDocument(file)
	if err != nil {
		return err
	}
	v := judgeRecord(file, o.record, src)
	if o.format == "json" {
		if err := env.json(v); err != nil {
			return err
		}
	} else {
		w := &lines{w: env.stdout}
		w.printf("%s: %s\n", file, v.Verdict)
		for _, r := range v.Reasons {
			w.printf("  %s\n", runbook.Visible(r))
		}
		if w.err != nil {
			return fmt.Errorf("writing the verdict: %w", w.err)
		}
	}
	switch v.Verdict {
	case "valid-unsigned":
		return nil
	case "incomplete":
		return &exitError{Code: exitHeld}
	case "cannot-check":
		return &exitError{Code: exitUsage}
	}
	return &exitError{Code: exitFalse}
}

func judgeRecord(file, record string, src []byte) verdictJSON {
	v := verdictJSON{Reasons: []string{}, Signers: []string{}}
	if record == "" && !isRecord(src) {
		v.Verdict, v.Reasons = "cannot-check", append(v.Reasons, "it is a template: no run has been recorded in it")
		return v
	}
	s, err := openSession(file, record)
	switch {
	case errors.Is(err, errNoRun):
		v.Verdict, v.Reasons = "cannot-check", append(v.Reasons, err.Error())
		return v
	case err != nil:
		v.Verdict, v.Reasons = "invalid", append(v.Reasons, err.Error())
		return v
	case s.id == "":
		v.Verdict, v.Reasons = "cannot-check", append(v.Reasons, "no run belongs to it")
		return v
	case s.aside:
		v.Verdict, v.Reasons = "incomplete", append(v.Reasons, "the journal goes on after what the record holds: exec completes it")
		return v
	case !s.finished():
		v.Verdict, v.Reasons = "incomplete", append(v.Reasons, "the run is not finished")
	default:
		v.Verdict = "valid-unsigned"
	}
	v.Reasons = append(v.Reasons,
		fmt.Sprintf("the chain of %d entries holds, and the record is what it produces, byte for byte", len(s.entries)),
		"nobody has signed it: this proves that nothing was changed by accident, and no more")
	return v
}
