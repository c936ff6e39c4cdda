package check

import (
	"fmt"
	"testing"
)

func TestAWSCaller(t *testing.T) {
	const assumed = "arn:aws:sts::123456789012:assumed-role/deployer-prod/ada"
	const user = "arn:aws:iam::123456789012:user/ada"
	for name, tt := range map[string]struct {
		arn  string
		args []string
		want outcome
	}{
		"the account":                    {assumed, []string{"account", "123456789012"}, passes("^sts get-caller-identity: account 123456789012, " + assumed + "; expected account 123456789012;")},
		"another account":                {assumed, []string{"account", "210987654321"}, fails("account 123456789012, .*; expected account 210987654321;")},
		"the role":                       {assumed, []string{"role", "deployer-prod"}, passes("expected role deployer-prod;")},
		"a pattern of roles":             {assumed, []string{"role", "deployer-*"}, passes("")},
		"another role":                   {assumed, []string{"role", "deployer"}, fails("expected role deployer;")},
		"a user has no role":             {user, []string{"role", "*"}, fails("user/ada; expected role")},
		"the region":                     {assumed, []string{"region", "eu-west-1"}, passes("region eu-west-1; expected region eu-west-1;")},
		"another region":                 {assumed, []string{"region", "us-east-1"}, fails("region eu-west-1; expected region us-east-1;")},
		"all of them":                    {assumed, []string{"account", "123456789012", "role", "deployer-prod", "region", "eu-west-1"}, passes("")},
		"all of them, one is not so":     {assumed, []string{"account", "123456789012", "role", "deployer-prod", "region", "us-east-1"}, fails("")},
		"nothing":                        {assumed, nil, unknown("give account, role or region")},
		"an account that is none":        {assumed, []string{"account", "production"}, unknown("12 digits")},
		"a role's ARN":                   {assumed, []string{"role", "arn:aws:iam::123456789012:role/x"}, unknown("not a role's name")},
		"no ARN, and the account is all": {"", []string{"account", "123456789012"}, passes("")},
		"no ARN, and the role is asked":  {"", []string{"role", "*"}, unknown("the role is not known")},
	} {
		t.Run(name, func(t *testing.T) {
			f := awsAnswers(t, map[string]string{"GetCallerIdentity": callerIs("123456789012", tt.arn)})
			expect(t, AWSCaller{}, awsAsks(t, f.URL, tt.args...), tt.want)
		})
	}
	f := awsAnswers(t, map[string]string{"GetCallerIdentity": callerIs("", "")})
	expect(t, AWSCaller{}, awsAsks(t, f.URL, "account", "123456789012"), unknown(`STS answered ""`))
}

func callerIs(account, arn string) string {
	return fmt.Sprintf(`<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>%s</Arn><UserId>x</UserId><Account>%s</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`, arn, account)
}

func TestE2EAWSCaller(t *testing.T) {
	t.Parallel()
	motoConfig(t)
	expect(t, AWSCaller{}, motoAsks(t, "account", "123456789012", "region", "eu-west-1"), passes(""))
	expect(t, AWSCaller{}, motoAsks(t, "account", "210987654321"), fails(""))
}
