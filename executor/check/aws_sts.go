package check

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"runbook/executor"
	"runbook/executor/awsconfig"
	"runbook/runbook"
)

// AWSCaller compares whose credentials the steps use with whose they should be.
type AWSCaller struct{}

// Info implements executor.Check.
func (AWSCaller) Info() runbook.Info {
	return runbook.Info{
		Name:    "aws.sts",
		Summary: "the steps work in the expected AWS account, role and region; at least one of them must be given",
		Args: map[string]string{
			"account": "the account, 12 digits",
			"role":    `the name of the role that is assumed, with "*" for any run of characters`,
			"region":  "the region that the steps use",
		},
	}
}

// Validate implements executor.Validator.
func (AWSCaller) Validate(args map[string]string) error {
	if args["account"] == "" && args["role"] == "" && args["region"] == "" {
		return errors.New("nothing is expected of the caller: give account, role or region")
	}
	if account := args["account"]; account != "" && !accountID.MatchString(account) {
		return fmt.Errorf("account: %s is not a number of 12 digits", quote(account))
	}
	if strings.ContainsAny(args["role"], " /:") {
		return fmt.Errorf("role: %s is not a role's name", quote(args["role"]))
	}
	return validRegion(args)
}

// Check implements executor.Check. A caller without a role is none of the
// expected one; where no region is set, none is in use, and nothing is known.
func (c AWSCaller) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	if err := c.Validate(q.Args); err != nil {
		return executor.Finding{}, err
	}
	want := q.Args
	q.Args = nil // region is what is expected here, not where to ask
	return askGlobalAWS(ctx, q, func(ctx context.Context, a *awsAPI) (executor.Finding, error) {
		account, arn, err := a.caller(ctx)
		if err != nil {
			return executor.Finding{}, err
		}
		if arn == "" && want["role"] != "" {
			return executor.Finding{}, errors.New("STS answered without an ARN, so the role is not known")
		}
		said := fmt.Sprintf("sts get-caller-identity: account %s, %s", account, arn)
		role, err := awsconfig.AssumedRole(arn)
		fits := (want["account"] == "" || want["account"] == account) &&
			(want["role"] == "" || err == nil && wild(want["role"], role))
		if region := want["region"]; region != "" {
			if a.Own == "" {
				return executor.Finding{}, errors.New("no AWS region is set")
			}
			said += "; region " + a.Own
			fits = fits && region == a.Own
		}
		for _, name := range []string{"account", "role", "region"} {
			if want[name] != "" {
				said += fmt.Sprintf("; expected %s %s", name, want[name])
			}
		}
		return decided(q, fits, "%s", said)
	})
}
