package executor

import (
	"slices"
	"testing"
)

func TestRevealed(t *testing.T) {
	const get = "aws ssm get-parameter --name /p"
	tests := map[string]struct {
		command, output string
		secrets         []string
		sure            bool
	}{
		"nothing to do with secrets": {"ls", "{\"a\": 1}\n", nil, true},
		"a SecureString":             {get, `{"Parameter": {"Name": "/p", "Type": "SecureString", "Value": "correct horse"}}`, []string{"correct horse"}, true},
		"undecrypted, with an alias as key": {get, `{"Parameter": {"Name": "/p", "Type": "SecureString", "Value": "kms:alias/aws/ssm:correct horse"}}`,
			[]string{"kms:alias/aws/ssm:correct horse", "alias/aws/ssm:correct horse", "correct horse"}, true},
		"undecrypted, a value with a colon": {get, `{"Parameter": {"Name": "/p", "Type": "SecureString", "Value": "kms:k:user-name:correct horse"}}`,
			[]string{"kms:k:user-name:correct horse", "k:user-name:correct horse", "user-name:correct horse", "correct horse"}, true},
		"decrypted, a value with a colon": {get, `{"Parameter": {"Name": "/p", "Type": "SecureString", "Value": "postgres://u:p@h:5432/d"}}`,
			[]string{"postgres://u:p@h:5432/d"}, true},
		"a String is no secret": {get, `{"Parameter": {"Name": "/p", "Type": "String", "Value": "us-east-1"}}`, nil, true},
		"several parameters": {"aws ssm get-parameters --names a b", `{"Parameters": [{"Type": "SecureString", "Value": "correct horse"}, {"Type": "String", "Value": "plain"}]}`,
			[]string{"correct horse"}, true},
		"an answer in text says nothing of its type":    {get + " --output text --query Parameter.Value", "correct horse\n", nil, false},
		"an answer reduced to its value":                {get + " --query Parameter.Value", "\"correct horse\"\n", nil, false},
		"a value without its type":                      {get + " --query 'Parameter.{V:Value}'", `{"V": "correct horse"}`, nil, false},
		"a bare value beside a typed answer":            {"for p in a b; do aws ssm get-parameter --name $p; done", "correct horse\n" + `{"Parameter": {"Type": "String", "Value": "x"}}`, nil, false},
		"options between the service and the operation": {"aws ssm --region us-east-1 get-parameter --name /p --output text", "correct horse\n", nil, false},
		"a call over several lines":                     {"aws ssm \\\n  get-parameter --name /p --output text", "correct horse\n", nil, false},
		"no output at all":                              {get, "\n", nil, true},
		"Secrets Manager": {"aws secretsmanager get-secret-value --secret-id s", `{"Name": "s", "SecretString": "correct horse"}`,
			[]string{"correct horse"}, true},
		"Secrets Manager, JSON within": {"aws secretsmanager get-secret-value --secret-id s", `{"Name": "s", "SecretString": "{\"user\": \"administrator\", \"keys\": [\"correct horse\"]}"}`,
			[]string{`{"user": "administrator", "keys": ["correct horse"]}`, "administrator", "correct horse"}, true},
		"Secrets Manager, binary": {"aws secretsmanager get-secret-value --secret-id s", `{"Name": "s", "SecretBinary": "Y29ycmVjdCBob3JzZQ=="}`,
			[]string{"Y29ycmVjdCBob3JzZQ=="}, true},
		"a script that prints an answer without being named for it": {"./show.sh", "checking\n" + `{"Parameter": {"Type": "SecureString", "Value": "correct horse"}}`,
			[]string{"correct horse"}, true},
		"a plan that only mentions the type":      {"terraform plan", "+ type = \"SecureString\"\n", nil, true},
		"an answer cut off in the middle":         {get, `{"Parameter": {"Type": "SecureString", "Value": "corr`, nil, false},
		"nested deeply and malformed: no failure": {get, "[[[[{{{{", nil, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			secrets, sure := revealed(tt.command, []byte(tt.output))
			var values []string
			for _, s := range secrets {
				values = append(values, s.Value)
			}
			slices.Sort(values)
			want := slices.Sorted(slices.Values(tt.secrets))
			if !slices.Equal(values, want) || sure != tt.sure {
				t.Errorf("%q, sure %v; want %q, %v", values, sure, want, tt.sure)
			}
		})
	}
}
