package check

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"runbook/executor"
)

// What the IAM checks say of arguments that they share.
const (
	iamRolesArg  = "the roles, by name, " + awsNamesArg
	iamRegionArg = "a region of the partition, as in us-gov-west-1: IAM is the same in all of one"
)

// askRoles looks at each of the roles that an argument names, and leaves it to
// conclude what that comes to. A role that does not exist is none that is as
// it should be; a pattern that nothing fits proves nothing.
func askRoles(ctx context.Context, q executor.Query,
	look func(ctx context.Context, a *awsAPI, client *iam.Client, role string) (sight, error),
	conclude func(*awsAPI, survey) (executor.Finding, error)) (executor.Finding, error) {
	return askGlobalAWS(ctx, q, func(ctx context.Context, a *awsAPI) (executor.Finding, error) {
		client := iam.NewFromConfig(a.Config)
		found, err := expandAll(list(q.Args["roles"]), "roles", func() ([]string, error) { return iamRoles(ctx, client) })
		if err != nil {
			return executor.Finding{}, err
		}
		seen, err := each(ctx, found, func(ctx context.Context, role string) (sight, error) {
			one, err := look(ctx, a, client, role)
			if iamMissing(err) {
				return sight{fact: role + " does not exist"}, nil
			}
			return one, err
		})
		if err != nil {
			return executor.Finding{}, err
		}
		return conclude(a, seen)
	})
}

// iamRoles lists the names of all roles of the account.
func iamRoles(ctx context.Context, client iam.ListRolesAPIClient) ([]string, error) {
	return everyPage(ctx, iam.NewListRolesPaginator(client, &iam.ListRolesInput{}), func(page *iam.ListRolesOutput) []string {
		return namesOf(page.Roles, func(r types.Role) *string { return r.RoleName })
	})
}

// A roleReader is the part of IAM that iamRole asks.
type roleReader interface {
	GetRole(context.Context, *iam.GetRoleInput, ...func(*iam.Options)) (*iam.GetRoleOutput, error)
}

// iamRole describes one role.
func iamRole(ctx context.Context, client roleReader, name string) (*types.Role, error) {
	out, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if err != nil {
		return nil, err
	}
	if out.Role == nil || aws.ToString(out.Role.Arn) == "" {
		return nil, fmt.Errorf("iam get-role: nothing is said about %s", name)
	}
	return out.Role, nil
}

// iamMissing reports whether an error is the service's word that there is no
// such thing.
func iamMissing(err error) bool { return awsCode(err) == "NoSuchEntity" }

// A policy is an IAM policy document.
type policy struct {
	Version   string
	ID        string `json:"Id"`
	Statement statements
}

// statements is one statement or a list of them.
type statements []statement

// A statement is one of a policy. Of the elements that may be one text or a
// list it always has a list, which is nil where the element is not there.
type statement struct {
	Sid          string
	Effect       string
	Principal    principals
	NotPrincipal principals
	Action       texts
	NotAction    texts
	Resource     texts
	NotResource  texts
	Condition    map[string]map[string]texts
}

// principals are who a statement is about, by kind ("AWS", "Federated"). The
// one text that stands for all is the kind "*".
type principals map[string]texts

// texts is one text or a list of them; truths and numbers count as texts.
type texts []string

// UnmarshalJSON implements json.Unmarshaler.
func (s *statements) UnmarshalJSON(text []byte) error {
	var many []statement
	if bytes.HasPrefix(text, []byte("{")) {
		many = make([]statement, 1)
		if err := strictly(text, &many[0]); err != nil {
			return err
		}
	} else if err := strictly(text, &many); err != nil {
		return err
	}
	*s = many
	return nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *principals) UnmarshalJSON(text []byte) error {
	var all string
	if json.Unmarshal(text, &all) == nil {
		if all != "*" {
			return fmt.Errorf("the principal %s is none", quote(all))
		}
		*p = principals{"*": {"*"}}
		return nil
	}
	var kinds map[string]texts
	err := strictly(text, &kinds)
	*p = kinds
	return err
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *texts) UnmarshalJSON(text []byte) error {
	var values []any
	if bytes.HasPrefix(text, []byte("[")) {
		if err := strictly(text, &values); err != nil {
			return err
		}
	} else {
		values = make([]any, 1)
		if err := strictly(text, &values[0]); err != nil {
			return err
		}
	}
	*t = texts{}
	for _, v := range values {
		switch v := v.(type) {
		case string:
			*t = append(*t, v)
		case bool, json.Number:
			*t = append(*t, fmt.Sprint(v))
		default:
			return fmt.Errorf("%s is no text and no list of texts", quote(string(text)))
		}
	}
	return nil
}

// strictly decodes JSON, and refuses what it does not know: a statement that
// is half understood must not be judged.
func strictly(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("there is more after its end")
	}
	return nil
}

// readPolicy reads a document as IAM gives it, URL-encoded.
func readPolicy(encoded *string) (text string, p policy, err error) {
	if text, err = url.PathUnescape(aws.ToString(encoded)); err != nil {
		return "", p, err
	}
	if text == "" {
		return "", p, errors.New("there is no document")
	}
	if err := strictly([]byte(text), &p); err != nil {
		return "", p, err
	}
	if len(p.Statement) == 0 {
		return "", p, errors.New("there is no statement")
	}
	for _, s := range p.Statement {
		if s.Effect != "Allow" && s.Effect != "Deny" {
			return "", p, fmt.Errorf("the effect %s is neither Allow nor Deny", quote(s.Effect))
		}
	}
	return text, p, nil
}
