package check

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	analyzer "github.com/aws/aws-sdk-go-v2/service/accessanalyzer/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"runbook/executor"
	"runbook/runbook"
)

// AWSPolicies looks for wildcards in what roles are allowed.
type AWSPolicies struct{}

// Info implements executor.Check.
func (AWSPolicies) Info() runbook.Info {
	return runbook.Info{
		Name: "aws.iam.policies",
		Summary: "no policy of IAM roles, attached or inline, allows all actions of a service, or anything on all resources; NotAction and NotResource count as such. " +
			"Conditions and permissions boundaries are not judged",
		Args: map[string]string{
			"roles":           iamRolesArg,
			"allow_actions":   `actions that may be allowed as they are written there, and on all resources, as in "ec2:Describe*", ` + awsNamesArg,
			"allow_resources": `resources that may be allowed as they are written there, as in "arn:aws:logs:*:*:*", ` + awsNamesArg,
			"validate":        `"true": that IAM Access Analyzer finds no errors and no security warnings as well`,
			"region":          iamRegionArg + "; the analyzer is asked there",
		},
		Require: []string{"roles"},
		Lists:   []string{"roles", "allow_actions", "allow_resources"},
	}
}

// Validate implements executor.Validator.
func (AWSPolicies) Validate(args map[string]string) error {
	var bad faults
	bad.note(validNames(args, "roles"))
	for _, exception := range list(args["allow_actions"]) {
		if everything(exception) {
			bad.note(fmt.Errorf("allow_actions: %s excepts all, and nothing is left to check", quote(exception)))
		}
	}
	_, err := truth(args, "validate")
	bad.note(err)
	return bad.err()
}

// Check implements executor.Check. Roles without any policy prove nothing.
func (c AWSPolicies) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	if err := c.Validate(q.Args); err != nil {
		return executor.Finding{}, err
	}
	judge := wildcards{actions: list(q.Args["allow_actions"]), resources: list(q.Args["allow_resources"])}
	validate, request := q.Args["validate"] == "true", "iam get-policy-version, get-role-policy"
	if validate {
		request += " and accessanalyzer validate-policy"
	}
	var policies atomic.Int64
	return askRoles(ctx, q,
		func(ctx context.Context, a *awsAPI, client *iam.Client, role string) (sight, error) {
			described, err := iamRole(ctx, client, role)
			if err != nil {
				return sight{}, err
			}
			documents, err := policiesOf(ctx, client, role)
			if err != nil {
				return sight{}, err
			}
			policies.Add(int64(len(documents)))
			s := sight{arn: aws.ToString(described.Arn)}
			s.ok, s.fact, err = judge.role(role, documents)
			if err == nil && s.ok && validate {
				s.ok, s.fact, err = validated(ctx, accessanalyzer.NewFromConfig(a.Config), role, documents)
			}
			return s, err
		},
		func(a *awsAPI, seen survey) (executor.Finding, error) {
			f, err := seen.decide(q, a, request)
			if err == nil && f.Verdict == runbook.Pass && policies.Load() == 0 {
				return executor.Finding{}, fmt.Errorf("%s: the %d roles have no policies", a.from(request, seen.arns()...), len(seen))
			}
			return f, err
		})
}

// A document is a policy of a role.
type document struct {
	name, text string
	policy     policy
}

// A policyReader is the part of IAM that policiesOf asks.
type policyReader interface {
	iam.ListAttachedRolePoliciesAPIClient
	iam.ListRolePoliciesAPIClient
	GetPolicy(context.Context, *iam.GetPolicyInput, ...func(*iam.Options)) (*iam.GetPolicyOutput, error)
	GetPolicyVersion(context.Context, *iam.GetPolicyVersionInput, ...func(*iam.Options)) (*iam.GetPolicyVersionOutput, error)
	GetRolePolicy(context.Context, *iam.GetRolePolicyInput, ...func(*iam.Options)) (*iam.GetRolePolicyOutput, error)
}

// policiesOf reads all policies of a role, attached ones as they are in force.
func policiesOf(ctx context.Context, client policyReader, role string) ([]document, error) {
	attached, err := everyPage(ctx, iam.NewListAttachedRolePoliciesPaginator(client, &iam.ListAttachedRolePoliciesInput{RoleName: &role}),
		func(page *iam.ListAttachedRolePoliciesOutput) []types.AttachedPolicy { return page.AttachedPolicies })
	if err != nil {
		return nil, err
	}
	inline, err := everyPage(ctx, iam.NewListRolePoliciesPaginator(client, &iam.ListRolePoliciesInput{RoleName: &role}),
		func(page *iam.ListRolePoliciesOutput) []string { return page.PolicyNames })
	if err != nil {
		return nil, err
	}
	var all []document
	add := func(name string, encoded *string, err error) error {
		if iamMissing(err) {
			return fmt.Errorf("the policy %s of %s has gone meanwhile", name, role) // not the role, as the caller would take it
		}
		if err != nil {
			return err
		}
		d := document{name: name}
		if d.text, d.policy, err = readPolicy(encoded); err != nil {
			return fmt.Errorf("the policy %s of %s cannot be read: %w", name, role, err)
		}
		all = append(all, d)
		return nil
	}
	for _, p := range attached {
		encoded, err := attachedPolicy(ctx, client, p.PolicyArn)
		if err := add(aws.ToString(p.PolicyName), encoded, err); err != nil {
			return nil, err
		}
	}
	for _, name := range inline {
		out, err := client.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &role, PolicyName: &name})
		if err != nil {
			out = &iam.GetRolePolicyOutput{}
		}
		if err := add(name, out.PolicyDocument, err); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// attachedPolicy is the document of a managed policy's version in force.
func attachedPolicy(ctx context.Context, client policyReader, arn *string) (*string, error) {
	out, err := client.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: arn})
	if err != nil {
		return nil, err
	}
	if out.Policy == nil {
		return nil, fmt.Errorf("iam get-policy: nothing is said about %s", aws.ToString(arn))
	}
	version, err := client.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: arn, VersionId: out.Policy.DefaultVersionId})
	if err != nil || version.PolicyVersion == nil {
		return nil, err
	}
	return version.PolicyVersion.Document, nil
}

// wildcards is what is looked for, but for these exceptions.
type wildcards struct{ actions, resources []string }

// role judges a role's policies; the first that allows too much is named.
func (w wildcards) role(role string, documents []document) (ok bool, fact string, err error) {
	for _, d := range documents {
		for i, s := range d.policy.Statement {
			wrong, err := w.judge(s)
			if err != nil {
				return false, "", fmt.Errorf("the policy %s of %s, statement %d: %w", d.name, role, i+1, err)
			}
			if wrong != "" {
				return false, fmt.Sprintf("%s: the policy %s allows %s", role, d.name, wrong), nil
			}
		}
	}
	return true, fmt.Sprintf("%s has %d policies", role, len(documents)), nil
}

// judge says what a statement allows that it should not, if anything.
func (w wildcards) judge(s statement) (wrong string, err error) {
	switch {
	case s.Effect != "Allow":
		return "", nil
	case s.NotAction != nil:
		return "all actions but some", nil
	case s.NotResource != nil:
		return "all resources but some", nil
	case len(s.Action) == 0 || len(s.Resource) == 0:
		return "", errors.New("it has no action or no resource")
	}
	excepted := true
	for _, action := range s.Action {
		allowed := fitsAny(lower(w.actions), strings.ToLower(action))
		if !allowed && everyAction(action) {
			return "the actions " + quote(action), nil
		}
		excepted = excepted && allowed
	}
	for _, resource := range s.Resource {
		if !excepted && everyResource(resource) && !fitsAny(w.resources, resource) {
			return some(s.Action) + " on the resources " + quote(resource), nil
		}
	}
	return "", nil
}

func lower(list []string) []string {
	all := make([]string, len(list))
	for i, s := range list {
		all[i] = strings.ToLower(s)
	}
	return all
}

// everything reports whether a pattern of IAM's is one of any text.
func everything(pattern string) bool {
	return strings.Contains(pattern, "*") && strings.Trim(pattern, "*?/:") == ""
}

// everyAction reports whether an action stands for all of a service, or for
// some of many services.
func everyAction(action string) bool {
	service, name, ok := strings.Cut(action, ":")
	return !ok && strings.ContainsAny(action, "*?") || everything(name) || strings.ContainsAny(service, "*?")
}

// everyResource reports whether a resource stands for all there are, or for
// all of a service.
func everyResource(resource string) bool {
	parts := strings.SplitN(resource, ":", 6)
	return everything(resource) || len(parts) < 6 && strings.ContainsAny(resource, "*?") || len(parts) == 6 && everything(parts[5])
}

// validated asks the access analyzer about each policy.
func validated(ctx context.Context, client accessanalyzer.ValidatePolicyAPIClient, role string, documents []document) (ok bool, fact string, err error) {
	for _, d := range documents {
		findings, err := everyPage(ctx, accessanalyzer.NewValidatePolicyPaginator(client, &accessanalyzer.ValidatePolicyInput{
			PolicyDocument: &d.text, PolicyType: analyzer.PolicyTypeIdentityPolicy,
		}), func(page *accessanalyzer.ValidatePolicyOutput) []analyzer.ValidatePolicyFinding { return page.Findings })
		if err != nil {
			return false, "", err
		}
		for _, f := range findings {
			if f.FindingType == analyzer.ValidatePolicyFindingTypeError || f.FindingType == analyzer.ValidatePolicyFindingTypeSecurityWarning {
				return false, fmt.Sprintf("%s: the policy %s: %s %s", role, d.name, f.FindingType, aws.ToString(f.IssueCode)), nil
			}
		}
	}
	return true, fmt.Sprintf("%s has %d policies, which the analyzer accepts", role, len(documents)), nil
}
