package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"runbook/executor"
	"runbook/runbook"
)

// AWSTrust looks at whom roles trust on GitHub's word.
type AWSTrust struct{}

// githubIssuer is who signs GitHub's OIDC tokens; an enterprise's own has a
// path after it.
const githubIssuer = "token.actions.githubusercontent.com"

// Info implements executor.Check.
func (AWSTrust) Info() runbook.Info {
	return runbook.Info{
		Name: "aws.iam.trust",
		Summary: "in the trust policies of IAM roles, every statement that lets GitHub's OIDC tokens in is limited to one repository by sub, and by aud; none lets anybody in. " +
			"A role that is named must trust GitHub; of those that fit a pattern, at least one. Other principals are not judged",
		Args: map[string]string{
			"roles":      iamRolesArg,
			"repository": "the repository, as owner/name, in the letters' case that GitHub shows",
			"audience":   `the only value that aud may have; "sts.amazonaws.com" by default`,
			"region":     iamRegionArg,
		},
		Require: []string{"roles", "repository"},
		Lists:   []string{"roles"},
	}
}

// Validate implements executor.Validator.
func (AWSTrust) Validate(args map[string]string) error {
	var bad faults
	bad.note(validNames(args, "roles"))
	if _, _, err := ownerAndName(args["repository"]); err != nil {
		bad.note(err)
	}
	if strings.ContainsAny(args["audience"], "*?$ ") {
		bad.note(fmt.Errorf("audience: %s is no single one", quote(args["audience"])))
	}
	return bad.err()
}

// Check implements executor.Check.
func (c AWSTrust) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	if err := c.Validate(q.Args); err != nil {
		return executor.Finding{}, err
	}
	want := trust{repository: q.Args["repository"], audience: cmp.Or(q.Args["audience"], "sts.amazonaws.com")}
	named := list(q.Args["roles"])
	return askRoles(ctx, q,
		func(ctx context.Context, _ *awsAPI, client *iam.Client, role string) (sight, error) {
			return want.look(ctx, client, role, slices.Contains(named, role))
		},
		func(a *awsAPI, seen survey) (executor.Finding, error) {
			trusting := slices.DeleteFunc(slices.Clone(seen), func(s sight) bool { return s == sight{} })
			if len(trusting) == 0 {
				return executor.Finding{}, fmt.Errorf("%s: none of the %d roles trusts GitHub", a.from("iam get-role"), len(seen))
			}
			return trusting.decide(q, a, "iam get-role")
		})
}

// A trust is what GitHub's tokens must be limited to.
type trust struct{ repository, audience string }

// look judges one role. One that does not trust GitHub at all is nothing to
// look at, unless it was named.
func (want trust) look(ctx context.Context, client roleReader, role string, named bool) (sight, error) {
	described, err := iamRole(ctx, client, role)
	if err != nil {
		return sight{}, err
	}
	_, p, err := readPolicy(described.AssumeRolePolicyDocument)
	if err != nil {
		return sight{}, fmt.Errorf("the trust policy of %s cannot be read: %w", role, err)
	}
	s := sight{arn: aws.ToString(described.Arn)}
	lets := 0
	for i, one := range p.Statement {
		applies, err := want.judge(one)
		if err != nil {
			s.fact = fmt.Sprintf("%s: statement %d %v", role, i+1, err)
			return s, nil
		}
		if applies {
			lets++
		}
	}
	if lets == 0 && !named {
		return sight{}, nil
	}
	s.ok, s.fact = lets > 0, role+" trusts GitHub for "+want.repository+" alone"
	if lets == 0 {
		s.fact = role + " does not trust GitHub"
	}
	return s, nil
}

// judge says whether a statement lets GitHub's tokens in, and if so, what is
// wrong with it. A statement that denies lets nobody in.
func (want trust) judge(s statement) (applies bool, wrong error) {
	if s.Effect != "Allow" {
		return false, nil
	}
	if s.NotPrincipal != nil {
		return false, errors.New("lets all in but some")
	}
	for _, who := range s.Principal {
		if slices.Contains(who, "*") {
			return false, errors.New("lets anybody in")
		}
	}
	for _, provider := range s.Principal["Federated"] {
		issuer := issuerOf(provider)
		if issuer == "" {
			continue
		}
		applies = true
		if err := want.limited(s, issuer); err != nil {
			return true, err
		}
	}
	return applies, nil
}

// issuerOf is GitHub's issuer in the ARN of an OIDC provider, or empty.
func issuerOf(provider string) string {
	_, issuer, _ := strings.Cut(provider, ":oidc-provider/")
	if host, _, _ := strings.Cut(issuer, "/"); strings.EqualFold(host, githubIssuer) {
		return issuer
	}
	return ""
}

// limited asks for conditions on both claims.
func (want trust) limited(s statement, issuer string) error {
	ofRepository := func(v string) bool { return strings.HasPrefix(v, "repo:"+want.repository+":") }
	if err := condition(s, issuer+":sub", ofRepository); err != nil {
		return err
	}
	return condition(s, issuer+":aud", func(v string) bool { return v == want.audience })
}

// condition asks that a statement holds only where the claim key has a value
// that is allowed. All conditions of a statement must hold, so one is enough;
// its values are alternatives, so all of them must be allowed. What begins with
// an allowed text cannot get out of it by a wildcard after that.
func condition(s statement, key string, allowed func(string) bool) error {
	claim := key[strings.LastIndex(key, ":")+1:]
	wrong := fmt.Errorf("has no condition on %s", claim)
	for _, operator := range slices.Sorted(maps.Keys(s.Condition)) {
		for _, k := range slices.Sorted(maps.Keys(s.Condition[operator])) {
			if !strings.EqualFold(k, key) {
				continue
			}
			values := s.Condition[operator][k]
			beyond := slices.IndexFunc(values, func(v string) bool { return !allowed(v) })
			switch {
			case !restricts(operator):
				wrong = fmt.Errorf("has a condition on %s, but %s does not limit it", claim, operator)
			case len(values) == 0:
				wrong = fmt.Errorf("has a condition on %s without a value", claim)
			case beyond >= 0:
				wrong = fmt.Errorf("allows %s %s", claim, quote(values[beyond]))
			default:
				return nil
			}
		}
	}
	return wrong
}

// restricts reports whether a condition with this operator holds only where
// the claim is there and has one of the values. ForAllValues and IfExists also
// hold where it is not there.
func restricts(operator string) bool {
	switch strings.TrimPrefix(operator, "ForAnyValue:") {
	case "StringEquals", "StringLike", "StringEqualsIgnoreCase":
		return true
	}
	return false
}
