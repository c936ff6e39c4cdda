package check

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// An iamRoleIs is a role that fakeIAM has.
type iamRoleIs struct {
	trust    string
	inline   map[string]string // documents by name
	attached map[string]string
}

// fakeIAM has roles, and lists whatever it lists one on a page. findings are
// what the analyzer finds in any policy.
func fakeIAM(t *testing.T, roles map[string]iamRoleIs, findings ...string) *awsFake {
	t.Helper()
	return fakeAWS(t, func(operation, sent string) reply {
		form, _ := url.ParseQuery(sent)
		role, known := roles[form.Get("RoleName")]
		if form.Has("RoleName") && !known {
			return reply{status: 404, code: "NoSuchEntity"}
		}
		onePage := func(list string, items []string, member func(string) string) reply {
			n := 0
			fmt.Sscan(form.Get("Marker"), &n)
			body := "<" + list + "></" + list + "><IsTruncated>false</IsTruncated>"
			if n < len(items) {
				body = fmt.Sprintf("<%[1]s><member>%[2]s</member></%[1]s><IsTruncated>%[3]v</IsTruncated><Marker>%[4]d</Marker>", list, member(items[n]), n+1 < len(items), n+1)
			}
			return reply{body: queryAnswer(operation, body)}
		}
		switch operation {
		case "ListRoles":
			return onePage("Roles", slices.Sorted(maps.Keys(roles)), func(name string) string { return "<RoleName>" + name + "</RoleName>" })
		case "GetRole":
			return reply{body: queryAnswer(operation, "<Role><Arn>arn:aws:iam::123456789012:role/"+form.Get("RoleName")+"</Arn><AssumeRolePolicyDocument>"+url.QueryEscape(role.trust)+"</AssumeRolePolicyDocument></Role>")}
		case "ListRolePolicies":
			return onePage("PolicyNames", slices.Sorted(maps.Keys(role.inline)), func(name string) string { return name })
		case "ListAttachedRolePolicies":
			return onePage("AttachedPolicies", slices.Sorted(maps.Keys(role.attached)), func(name string) string {
				return "<PolicyName>" + name + "</PolicyName><PolicyArn>" + form.Get("RoleName") + "/" + name + "</PolicyArn>"
			})
		case "GetRolePolicy":
			return reply{body: queryAnswer(operation, "<PolicyDocument>"+url.QueryEscape(role.inline[form.Get("PolicyName")])+"</PolicyDocument>")}
		case "GetPolicy":
			return reply{body: queryAnswer(operation, "<Policy><DefaultVersionId>v7</DefaultVersionId></Policy>")}
		case "GetPolicyVersion":
			of, name, _ := strings.Cut(form.Get("PolicyArn"), "/")
			text, ok := roles[of].attached[name]
			if !ok || form.Get("VersionId") != "v7" {
				return reply{status: 404, code: "NoSuchEntity"}
			}
			return reply{body: queryAnswer(operation, "<PolicyVersion><Document>"+url.QueryEscape(text)+"</Document></PolicyVersion>")}
		case "POST /policy/validation":
			if findings == nil {
				return reply{status: 403, body: `{"__type":"AccessDeniedException","message":"not you"}`}
			}
			return reply{body: `{"findings":[` + strings.Join(findings, ",") + `]}`}
		}
		return reply{status: 400, code: "InvalidAction"}
	})
}

// trusts is a trust policy of one statement for GitHub's tokens with this
// condition.
func trusts(condition string) string {
	return statementsAre(`{"Effect":"Allow","Principal":{"Federated":"` + githubProvider + `"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":` + condition + `}`)
}

func statementsAre(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

const (
	githubProvider = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
	githubAud      = `"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"`
	githubSub      = `"token.actions.githubusercontent.com:sub":`
)

func TestAWSTrust(t *testing.T) {
	const to = `arn:aws:iam::123456789012:root`
	limited := func(sub string) string {
		return trusts(`{"StringEquals":{` + githubAud + `},"StringLike":{` + githubSub + sub + `}}`)
	}
	only := func(operator, sub string) string {
		return trusts(`{"StringEquals":{` + githubAud + `},"` + operator + `":{` + githubSub + sub + `}}`)
	}
	account := `{"Effect":"Allow","Principal":{"AWS":"` + to + `"},"Action":"sts:AssumeRole"}`
	good := strings.TrimSuffix(strings.TrimPrefix(limited(`"repo:o/r:*"`), `{"Version":"2012-10-17","Statement":[`), `]}`)
	for name, tt := range map[string]struct {
		trust string
		want  outcome
	}{
		"any of the repository":               {limited(`"repo:o/r:*"`), passes(`^iam get-role in us-east-1, account 123456789012: so for all 1: a trusts GitHub for o/r alone;`)},
		"one branch":                          {trusts(`{"StringLike":{` + githubAud + `},"StringEquals":{` + githubSub + `"repo:o/r:ref:refs/heads/main"}}`), passes("")},
		"all in one operator":                 {trusts(`{"StringEquals":{` + githubAud + `,` + githubSub + `"repo:o/r:environment:prod"}}`), passes("")},
		"lists":                               {trusts(`{"StringLike":{"token.actions.githubusercontent.com:aud":["sts.amazonaws.com"],` + githubSub + `["repo:o/r:ref:*","repo:o/r:pull_request"]}}`), passes("")},
		"the key in other letters":            {trusts(`{"StringLike":{"Token.Actions.GithubUserContent.com:AUD":"sts.amazonaws.com","token.actions.githubusercontent.com:Sub":"repo:o/r:*"}}`), passes("")},
		"any of several values":               {only("ForAnyValue:StringLike", `["repo:o/r:*"]`), passes("")},
		"one statement, no list":              {`{"Statement":` + good + `}`, passes("")},
		"others beside it":                    {statementsAre(account, good), passes("")},
		"a denial beside it":                  {statementsAre(good, `{"Effect":"Deny","Principal":"*","Action":"*"}`), passes("")},
		"an enterprise's own issuer":          {strings.ReplaceAll(limited(`"repo:o/r:*"`), "githubusercontent.com", "githubusercontent.com/octo"), passes("")},
		"the wrong issuer's claim":            {strings.Replace(limited(`"repo:o/r:*"`), "githubusercontent.com\"", "githubusercontent.com/octo\"", 1), fails("statement 1 has no condition on sub")},
		"two conditions, one is enough":       {trusts(`{"StringEquals":{` + githubAud + `},"StringEqualsIgnoreCase":{` + githubSub + `"repo:o/r:ref:a"},"StringLike":{` + githubSub + `"repo:o/*"}}`), passes("")},
		"all of an owner":                     {limited(`"repo:o/*"`), fails(`^iam get-role in us-east-1, .*: not so for 1 of 1: a: statement 1 allows sub "repo:o/\*";`)},
		"anything":                            {limited(`"*"`), fails(`allows sub "\*"`)},
		"one that begins alike":               {limited(`"repo:o/r*"`), fails(`allows sub "repo:o/r\*"`)},
		"a wildcard for the owner":            {limited(`"repo:?/r:*"`), fails(`allows sub "repo:\?/r:\*"`)},
		"another repository":                  {limited(`"repo:o/r2:*"`), fails(`allows sub "repo:o/r2:\*"`)},
		"another beside it":                   {limited(`["repo:o/r:*","repo:o/x:*"]`), fails(`allows sub "repo:o/x:\*"`)},
		"other letters":                       {limited(`"repo:O/R:*"`), fails(`allows sub "repo:O/R:\*"`)},
		"no condition":                        {trusts(`{}`), fails("statement 1 has no condition on sub")},
		"no value":                            {limited(`[]`), fails("has a condition on sub without a value")},
		"no condition on sub":                 {trusts(`{"StringEquals":{` + githubAud + `}}`), fails("statement 1 has no condition on sub")},
		"no condition on aud":                 {trusts(`{"StringLike":{` + githubSub + `"repo:o/r:*"}}`), fails("statement 1 has no condition on aud")},
		"any aud":                             {trusts(`{"StringLike":{"token.actions.githubusercontent.com:aud":"*",` + githubSub + `"repo:o/r:*"}}`), fails(`allows aud "\*"`)},
		"holds where there is no sub":         {only("StringLikeIfExists", `"repo:o/r:*"`), fails("has a condition on sub, but StringLikeIfExists does not limit it")},
		"holds for no values":                 {only("ForAllValues:StringLike", `"repo:o/r:*"`), fails("ForAllValues:StringLike does not limit it")},
		"all but one":                         {only("StringNotLike", `"repo:o/r:*"`), fails("StringNotLike does not limit it")},
		"the second statement is open":        {statementsAre(good, strings.Replace(good, "repo:o/r:", "repo:o/", 1)), fails(`a: statement 2 allows sub "repo:o/\*"`)},
		"anybody":                             {statementsAre(good, `{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRoleWithWebIdentity"}`), fails("statement 2 lets anybody in")},
		"anybody of AWS":                      {statementsAre(good, `{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":"sts:AssumeRole"}`), fails("statement 2 lets anybody in")},
		"any provider":                        {statementsAre(`{"Effect":"Allow","Principal":{"Federated":"*"},"Action":"sts:AssumeRoleWithWebIdentity"}`), fails("lets anybody in")},
		"all but one principal":               {statementsAre(good, `{"Effect":"Allow","NotPrincipal":{"AWS":"`+to+`"},"Action":"sts:AssumeRole"}`), fails("statement 2 lets all in but some")},
		"several providers, one claim":        {strings.Replace(limited(`"repo:o/r:*"`), `"`+githubProvider+`"`, `["`+githubProvider+`","`+githubProvider+`/octo"]`, 1), fails("statement 1 has no condition on sub")},
		"it does not trust GitHub":            {statementsAre(account), fails("a does not trust GitHub")},
		"only a denial":                       {statementsAre(strings.Replace(good, "Allow", "Deny", 1)), fails("a does not trust GitHub")},
		"no document":                         {"", unknown(`^the trust policy of a cannot be read: there is no document$`)},
		"no JSON":                             {"{", unknown("cannot be read: unexpected EOF")},
		"no statement":                        {`{"Version":"2012-10-17","Statement":[]}`, unknown("cannot be read: there is no statement")},
		"an element that is not known":        {strings.Replace(limited(`"repo:o/r:*"`), `"Action"`, `"Acton"`, 1), unknown(`cannot be read: .*unknown field "Acton"`)},
		"an effect that is none":              {strings.Replace(limited(`"repo:o/r:*"`), "Allow", "allow", 1), unknown(`the effect "allow" is neither Allow nor Deny`)},
		"more after the end":                  {limited(`"repo:o/r:*"`) + "{}", unknown("there is more after its end")},
		"a condition of another shape":        {limited(`{"a":"b"}`), unknown("no text and no list of texts")},
		"a value that is a number is no repo": {limited(`1`), fails(`allows sub "1"`)},
	} {
		t.Run(name, func(t *testing.T) {
			f := fakeIAM(t, map[string]iamRoleIs{"a": {trust: tt.trust}})
			expect(t, AWSTrust{}, awsAsks(t, f.URL, "roles", "a", "repository", "o/r", "region", "us-east-1"), tt.want)
		})
	}
}

func TestAWSTrustOfRoles(t *testing.T) {
	good := trusts(`{"StringEquals":{` + githubAud + `},"StringLike":{` + githubSub + `"repo:o/r:*"}}`)
	lambda := statementsAre(`{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}`)
	f := fakeIAM(t, map[string]iamRoleIs{
		"p-deploy": {trust: good}, "p-run": {trust: good}, "p-lambda": {trust: lambda},
		"q-lambda": {trust: lambda}, "open": {trust: strings.Replace(good, "repo:o/r:", "repo:o/", 1)},
	})
	for roles, want := range map[string]outcome{
		"p-deploy,p-run":    passes("so for all 2: p-deploy trusts GitHub for o/r alone, p-run trusts"),
		"p-*":               passes("so for all 2: p-deploy trusts"),
		"p-*,q-*":           passes("so for all 2"),
		"*":                 fails(`not so for 1 of 3: open: statement 1 allows sub "repo:o/\*"`),
		"p-deploy,p-lambda": fails("not so for 1 of 2: p-lambda does not trust GitHub"),
		"p-*,p-lambda":      fails("p-lambda does not trust GitHub"),
		"p-deploy,gone":     fails("not so for 1 of 2: gone does not exist"),
		"q-*":               unknown("^iam get-role in eu-west-1: none of the 1 roles trusts GitHub$"),
		"x-*":               unknown(`^no roles fit "x-\*"$`),
		"p-deploy,x-*":      unknown(`^no roles fit "x-\*"$`),
	} {
		expect(t, AWSTrust{}, awsAsks(t, f.URL, "roles", roles, "repository", "o/r"), want)
	}
	expect(t, AWSTrust{}, awsAsks(t, f.URL, "roles", "p-run", "repository", "o/r", "audience", "https://github.com/o"), fails(`allows aud "sts.amazonaws.com"`))
	expect(t, AWSTrust{}, awsAsks(t, fakeIAM(t, nil).URL, "roles", "p-*", "repository", "o/r"), unknown("there are no roles at all"))
}

func TestAWSPolicies(t *testing.T) {
	allow := func(action, resource string) string {
		return `{"Effect":"Allow","Action":` + action + `,"Resource":` + resource + `}`
	}
	const table = `"arn:aws:dynamodb:eu-west-1:123456789012:table/p-*"`
	for name, tt := range map[string]struct {
		statements []string
		args       []string
		want       outcome
	}{
		"narrow":                       {[]string{allow(`["dynamodb:GetItem","dynamodb:Put*"]`, table)}, nil, passes(`^iam get-policy-version, get-role-policy in eu-west-1, account 123456789012: so for all 1: a has 1 policies;`)},
		"all actions":                  {[]string{allow(`"*"`, table)}, nil, fails(`not so for 1 of 1: a: the policy p allows the actions "\*";`)},
		"all actions of a service":     {[]string{allow(`"dynamodb:*"`, table)}, nil, fails(`allows the actions "dynamodb:\*"`)},
		"in other words":               {[]string{allow(`"dynamodb:?*"`, table)}, nil, fails(`allows the actions "dynamodb:\?\*"`)},
		"all actions of all services":  {[]string{allow(`"*:*"`, table)}, nil, fails(`allows the actions "\*:\*"`)},
		"some actions of all services": {[]string{allow(`"*:Get*"`, table)}, nil, fails(`allows the actions "\*:Get\*"`)},
		"one in a list":                {[]string{allow(`["dynamodb:GetItem","s3:*"]`, table)}, nil, fails(`allows the actions "s3:\*"`)},
		"the second statement":         {[]string{allow(`"dynamodb:GetItem"`, table), allow(`"s3:*"`, table)}, nil, fails(`allows the actions "s3:\*"`)},
		"all resources":                {[]string{allow(`"dynamodb:GetItem"`, `"*"`)}, nil, fails(`allows dynamodb:GetItem on the resources "\*"`)},
		"all resources in a list":      {[]string{allow(`"dynamodb:GetItem"`, `[`+table+`,"*"]`)}, nil, fails(`on the resources "\*"`)},
		"all of a service":             {[]string{allow(`"s3:GetObject"`, `"arn:aws:s3:::*"`)}, nil, fails(`on the resources "arn:aws:s3:::\*"`)},
		"all objects of a service":     {[]string{allow(`"s3:GetObject"`, `"arn:aws:s3:::*/*"`)}, nil, fails(`on the resources "arn:aws:s3:::\*/\*"`)},
		"a short ARN":                  {[]string{allow(`"s3:GetObject"`, `"arn:aws:*"`)}, nil, fails(`on the resources "arn:aws:\*"`)},
		"all actions but some":         {[]string{`{"Effect":"Allow","NotAction":"iam:*","Resource":` + table + `}`}, nil, fails("allows all actions but some")},
		"all resources but some":       {[]string{`{"Effect":"Allow","Action":"s3:GetObject","NotResource":` + table + `}`}, nil, fails("allows all resources but some")},
		"a condition does not matter":  {[]string{`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":true}}}`}, nil, fails(`"s3:\*"`)},
		"what is denied is not":        {[]string{allow(`"dynamodb:GetItem"`, table), `{"Effect":"Deny","Action":"*","Resource":"*"}`}, nil, passes("")},
		"an action that needs it":      {[]string{allow(`["cloudwatch:PutMetricData","ec2:DescribeVpcs"]`, `"*"`)}, []string{"allow_actions", "cloudwatch:PutMetricData,ec2:Describe*"}, passes("")},
		"letters do not count":         {[]string{allow(`"CloudWatch:putMetricData"`, `"*"`)}, []string{"allow_actions", "cloudwatch:PutMetricData"}, passes("")},
		"an action beside it":          {[]string{allow(`["cloudwatch:PutMetricData","s3:GetObject"]`, `"*"`)}, []string{"allow_actions", "cloudwatch:PutMetricData"}, fails(`on the resources "\*"`)},
		"an exception of less":         {[]string{allow(`"s3:*"`, table)}, []string{"allow_actions", "s3:Get*"}, fails(`"s3:\*"`)},
		"an exception as written":      {[]string{allow(`"logs:*"`, table)}, []string{"allow_actions", "logs:*"}, passes("")},
		"a resource that may be":       {[]string{allow(`"logs:PutLogEvents"`, `"arn:aws:logs:*:*:*"`)}, []string{"allow_resources", "arn:aws:logs:*:*:*"}, passes("")},
		"another resource may not":     {[]string{allow(`"logs:PutLogEvents"`, `"*"`)}, []string{"allow_resources", "arn:aws:logs:*:*:*"}, fails(`on the resources "\*"`)},
		"no resource":                  {[]string{`{"Effect":"Allow","Action":"s3:GetObject"}`}, nil, unknown("^the policy p of a, statement 1: it has no action or no resource$")},
		"cannot be read":               {[]string{`{"Effect":"Allow","Action":{"a":1},"Resource":"*"}`}, nil, unknown("^the policy p of a cannot be read: .*no text and no list of texts$")},
	} {
		text := statementsAre(tt.statements...)
		for kind, role := range map[string]iamRoleIs{"inline": {inline: map[string]string{"p": text}}, "attached": {attached: map[string]string{"p": text}}} {
			t.Run(name+" "+kind, func(t *testing.T) {
				f := fakeIAM(t, map[string]iamRoleIs{"a": role})
				expect(t, AWSPolicies{}, awsAsks(t, f.URL, append([]string{"roles", "a"}, tt.args...)...), tt.want)
			})
		}
	}
}

func TestAWSPoliciesOfRoles(t *testing.T) {
	narrow := statementsAre(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`)
	wide := strings.Replace(narrow, "s3:GetObject", "s3:*", 1)
	roles := map[string]iamRoleIs{
		"p-a":   {inline: map[string]string{"one": narrow, "two": narrow}, attached: map[string]string{"three": narrow}},
		"p-b":   {},
		"late":  {inline: map[string]string{"one": narrow, "two": wide}},
		"later": {attached: map[string]string{"one": narrow, "two": wide}},
	}
	f := fakeIAM(t, roles)
	for names, want := range map[string]outcome{
		"p-*":      passes("so for all 2: p-a has 3 policies, p-b has 0 policies"),
		"p-b":      unknown("the 1 roles have no policies$"),
		"late":     fails(`late: the policy two allows the actions "s3:\*"`),
		"later":    fails(`later: the policy two allows the actions "s3:\*"`),
		"*":        fails("not so for 2 of 4"),
		"p-a,gone": fails("not so for 1 of 2: gone does not exist"),
		"x*":       unknown(`no roles fit "x\*"`),
	} {
		expect(t, AWSPolicies{}, awsAsks(t, f.URL, "roles", names), want)
	}
	if f.count("POST /policy/validation") > 0 {
		t.Error("the analyzer was asked without need")
	}
}

// The analyzer is asked only where that is wanted, and then must answer.
func TestAWSPoliciesValidated(t *testing.T) {
	roles := map[string]iamRoleIs{"a": {inline: map[string]string{"p": statementsAre(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`)}}}
	finding := func(kind string) string {
		return fmt.Sprintf(`{"findingType":%q,"issueCode":"CODE","findingDetails":"d","learnMoreLink":"l","locations":[]}`, kind)
	}
	for name, tt := range map[string]struct {
		findings []string
		want     outcome
	}{
		"nothing is found":    {[]string{}, passes("a has 1 policies, which the analyzer accepts")},
		"a suggestion":        {[]string{finding("SUGGESTION"), finding("WARNING")}, passes("which the analyzer accepts")},
		"an error":            {[]string{finding("SUGGESTION"), finding("ERROR")}, fails("a: the policy p: ERROR CODE")},
		"a security warning":  {[]string{finding("SECURITY_WARNING")}, fails("a: the policy p: SECURITY_WARNING CODE")},
		"it may not be asked": {nil, unknown("AccessAnalyzer ValidatePolicy in eu-west-1: AccessDeniedException")},
	} {
		t.Run(name, func(t *testing.T) {
			f := fakeIAM(t, roles, tt.findings...)
			expect(t, AWSPolicies{}, awsAsks(t, f.URL, "roles", "a", "validate", "true"), tt.want)
			expect(t, AWSPolicies{}, awsAsks(t, f.URL, "roles", "a"), passes(""))
		})
	}
}

func TestE2EAWSIAM(t *testing.T) {
	t.Parallel()
	client := iam.NewFromConfig(motoConfig(t))
	const deploy, open = "TestE2EAWSIAM-deploy", "TestE2EAWSIAM-open"
	trust := trusts(`{"StringEquals":{` + githubAud + `},"StringLike":{` + githubSub + `"repo:o/r:*"}}`)
	make := func(role, trust, action string) {
		t.Helper()
		if !json.Valid([]byte(trust)) {
			t.Fatal(trust)
		}
		if _, err := client.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &role, AssumeRolePolicyDocument: &trust}); err != nil {
			t.Fatal(err)
		}
		text := statementsAre(`{"Effect":"Allow","Action":"` + action + `","Resource":"arn:aws:s3:::b/*"}`)
		_, err := client.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: &role, PolicyName: aws.String("inline"), PolicyDocument: &text})
		if err != nil {
			t.Fatal(err)
		}
		made, err := client.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: aws.String(role + "-attached"), PolicyDocument: &text})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: &role, PolicyArn: made.Policy.Arn}); err != nil {
			t.Fatal(err)
		}
	}
	make(deploy, trust, "s3:GetObject")
	make(open, strings.Replace(trust, "repo:o/r:", "repo:o/", 1), "s3:*")
	expect(t, AWSTrust{}, motoAsks(t, "roles", deploy, "repository", "o/r"), passes("account 123456789012: so for all 1"))
	expect(t, AWSTrust{}, motoAsks(t, "roles", deploy, "repository", "o/x"), fails(`allows sub "repo:o/r:\*"`))
	expect(t, AWSTrust{}, motoAsks(t, "roles", "TestE2EAWSIAM-*", "repository", "o/r"), fails(`not so for 1 of 2: `+open))
	expect(t, AWSTrust{}, motoAsks(t, "roles", "TestE2EAWSIAM-gone", "repository", "o/r"), fails("does not exist"))
	expect(t, AWSPolicies{}, motoAsks(t, "roles", deploy), passes("has 2 policies"))
	expect(t, AWSPolicies{}, motoAsks(t, "roles", "TestE2EAWSIAM-*"), fails(open+`: the policy .* allows the actions "s3:\*"`))
	expect(t, AWSPolicies{}, motoAsks(t, "roles", "TestE2EAWSIAM-o*", "allow_actions", "s3:*"), passes("has 2 policies"))
	// Moto has no analyzer.
	expect(t, AWSPolicies{}, motoAsks(t, "roles", deploy, "validate", "true"), unknown("AccessAnalyzer ValidatePolicy in eu-west-1: "))
}
