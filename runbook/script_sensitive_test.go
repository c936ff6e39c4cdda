package runbook

import (
	"fmt"
	"strings"
	"testing"
)

func TestSensitiveCommands(t *testing.T) {
	tests := []struct {
		name, script string
		want         []bool // for each command
	}{
		{"decryption", "aws ssm get-parameter --name x --with-decryption", []bool{true}},
		{"decryption elsewhere", "ssh h 'aws ssm get-parameter --name x --with-decryption'\nbash -s <<'EOF'\naws secretsmanager get-secret-value\nEOF", []bool{true, true}},
		{"without decryption", "aws ssm get-parameter --name x --no-with-decryption", []bool{false}},
		{"secrets manager", "aws secretsmanager get-secret-value --secret-id x", []bool{true}},
		{"secrets manager writes", "aws --region r secretsmanager put-secret-value --secret-id x", []bool{true}},
		{"secrets manager lists", "aws secretsmanager list-secrets", []bool{false}},
		{"a SecureString", "aws ssm put-parameter --type SecureString --value x", []bool{true}},
		{"a String", "aws ssm put-parameter --type String --value x", []bool{false}},
		{"credentials", "aws sts assume-role --role-arn x", []bool{true}},
		{"identity", "aws sts get-caller-identity", []bool{false}},
		{"configured key", "aws configure get aws_secret_access_key; aws configure get region", []bool{true, false}},
		{"terraform show", "terraform show -json p; terraform show p", []bool{true, false}},
		{"the environment", "printenv; env; env | sort; env A=b; set", []bool{true, true, true, true, true}},
		{"not the environment", "env A=b ls; set -e; set -x; export A=b", []bool{false, false, false, false}},
		{"declarations", "export -p; export; declare -p; declare -x A=b", []bool{true, true, true, false}},
		{"the environment of a container", "kubectl exec p -- env; docker exec c printenv", []bool{true, true}},
		{"kubernetes secrets", "kubectl -n a get secret x -o yaml; kubectl get secrets -ojson; kubectl get secret/x -o jsonpath='{.data}'", []bool{true, true, true}},
		{"kubernetes without values", "kubectl get secrets; kubectl get secret x -o name; kubectl get pods -o yaml", []bool{false, false, false}},
		{"tools that print secrets", "gh auth token; vault read a; vault kv get a; op read x; pass show x; security find-generic-password -w", []bool{true, true, true, true, true, true}},
		{"decrypting", "sops -d f; sops decrypt f; gpg --decrypt f; ansible-vault view f; kubectl config view --raw", []bool{true, true, true, true, true}},
		{"tools that do not", "gh auth status; vault status; gh pr list", []bool{false, false, false}},
		{"generators", "openssl rand -hex 32; uuidgen; openssl x509 -in a", []bool{true, true, false}},
		{"key files", "cat a/server.pem; cat .env; cat ~/.ssh/id_rsa; head -n 1 .env.production", []bool{true, true, true, true}},
		{"other files", "cat .env.example; cat id_rsa.pub; cat README.md", []bool{false, false, false}},
		{"scripts by their names", "./scripts/bootstrap-nonce.sh x; bash rotate_tokens.sh; node getSecret.js; sudo ./create-credentials", []bool{true, true, true, true}},
		{"other scripts", "./tokenize.sh; ./announce.sh; ./passwordless.sh", []bool{false, false, false}},
		{"through wrappers", "sudo -E env A=b aws secretsmanager get-secret-value; time printenv; ls | xargs printenv", []bool{true, true, true}},
		{"in a text for the shell", "bash -c 'uuidgen | tee x'; bash -lc 'ls'", []bool{true, false}},
		{"in a substitution", "echo $(uuidgen)", []bool{true}},
		{"in a loop", "for i in 1; do uuidgen; done", []bool{true}},
		{"a captured value", "X=$(uuidgen)\nls\necho \"${X}\"", []bool{true, false, true}},
		{"a value captured from another", "export X=$(uuidgen); Y=\"a-$X\"; curl -d \"$Y\" u; echo $Z", []bool{true, true, true, false}},
		{"a file that holds a secret", "uuidgen > id.txt\nls\njq . id.txt", []bool{true, false, true}},
		{"a captured value, in quotes", "N=$(./nonce.sh)\necho \"got $N\"\necho $M", []bool{true, true, false}},
		{"a captured value, as an argument", "N=`uuidgen`; ./x.sh \"$N\"; ls ${#N} ${N:+set}", []bool{true, true, false}},
		{"a captured list", "A=($(uuidgen)); echo ${A[0]}", []bool{true, true}},
		{"a value that is read", "read -r N < <(uuidgen); echo $N; read -p name M; echo $M", []bool{true, true, false, false}},
		{"a value that is printed into another", "N=$(uuidgen); printf -v M x%s \"$N\"; cat <<<\"$M\"", []bool{true, true, true}},
		{"a function that reveals", "get() { uuidgen; }\nget\nN=$(get)\necho $N\nother", []bool{true, true, true, true, false}},
		{"a loop's variable", "for n in $(uuidgen); do :; done; echo $n", []bool{true, true}},
		{"a captured value in a text for the shell", "export N=$(uuidgen); bash -c 'echo $N'", []bool{true, true}},
		{"a variable named as a secret, printed", "DB_PASSWORD=hunter2; echo $DB_PASSWORD; cat <<<$DB_PASSWORD; cat <<EOF\n$DB_PASSWORD\nEOF\nprintf %s \"${DB_PASSWORD}\"", []bool{false, true, true, true, true}},
		{"a variable named as a secret, captured", "export api_key=$(cat x); echo k=$api_key", []bool{false, true}},
		{"a variable named as a secret, passed on", "TOKEN=$(cat x); curl -H \"a: $TOKEN\" u; H=\"b $TOKEN\"; echo $H", []bool{false, false, false, true}},
		{"a name that says where a secret is", "SECRET_NAME=a; TOKEN_FILE=b; PASSWORD=/run/p; echo $SECRET_NAME $TOKEN_FILE $PASSWORD", []bool{false, false, false, false}},
		{"another file than the one with a secret", "uuidgen > id.txt\ncat grid.txt id.txt.example\ncat ./id.txt", []bool{true, false, true}},
		{"tracing", "set -x; ls", []bool{false, false}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := readText(t, tt.script+"\n")
			if len(s.Commands) != len(tt.want) {
				t.Fatalf("commands %q, problems %v", commandTexts(s), s.Problems)
			}
			for i, c := range s.Commands {
				if (c.Sensitive != "") != tt.want[i] {
					t.Errorf("%q: sensitive %q, want %v", c.Text, c.Sensitive, tt.want[i])
				}
			}
		})
	}
}

func TestTerraformUse(t *testing.T) {
	tests := []struct {
		script string
		want   TerraformUse
	}{
		{"terraform version", NoTerraform},
		{"terraform workspace show", NoTerraform},
		{"terraform plan -out=p", TouchesOutputs},
		{"terraform apply p", TouchesOutputs},
		{"terraform refresh", TouchesOutputs},
		{"terraform destroy", TouchesOutputs},
		{"terraform show p", TouchesOutputs},
		{"terraform output", TouchesOutputs},
		{"terraform output > f", TouchesOutputs},
		{"terraform output url", PrintsOutputs},
		{"terraform output -raw url", PrintsOutputs},
		{"terraform output -json", PrintsOutputs},
		{"tofu -chdir=a output -raw url", PrintsOutputs},
		{"aws x $(terraform output -raw url)", PrintsOutputs},
		{"bash -c 'terraform output url'", PrintsOutputs},
		{"echo terraform output url", NoTerraform},
	}
	for _, tt := range tests {
		if got := readText(t, tt.script+"\n").Commands[0].Terraform; got != tt.want {
			t.Errorf("%q: %d, want %d", tt.script, got, tt.want)
		}
	}
}

// A nonce captured in one step was printed into the record by the next.
func TestTaintReachesLaterSteps(t *testing.T) {
	read := func(text string) *Script { return readText(t, text+"\n") }
	scripts := []*Script{
		read("echo $N\ncat out/id.txt"), nil,
		read("N=$(./nonce.sh)\nuuidgen > id.txt\nADMIN_PASSWORD=$1"),
		read("M=\"a-$N\""),
		read("ls\n./send.sh \"$M\"\ncat out/id.txt\ncurl -u \"$ADMIN_PASSWORD\" u\necho \"$ADMIN_PASSWORD\""),
	}
	Taint(scripts)
	Taint(scripts) // saying it again changes nothing
	want := [][]string{
		{"", ""}, nil,
		{"nonce.sh is named after a nonce", "uuidgen generates what may be a secret", ""},
		{"prints a value of $N"},
		{"", "prints a value of $M", "may print id.txt, which holds what was withheld", "", "prints a value of $ADMIN_PASSWORD"},
	}
	for i, s := range scripts {
		if s == nil {
			continue
		}
		for j, c := range s.Commands {
			if c.Sensitive != want[i][j] {
				t.Errorf("step %d, %q: %q, want %q", i, c.Text, c.Sensitive, want[i][j])
			}
		}
	}
	if got := fmt.Sprint(scripts[2].Secrets, scripts[3].Secrets, scripts[4].Secrets); got != "[N ADMIN_PASSWORD] [M] []" {
		t.Errorf("secrets %s", got)
	}
}

// Assignments within one another were each looked through twice: 2^40 times here.
func TestTaintIsLinear(t *testing.T) {
	s := readText(t, strings.Repeat("A=$(", 40)+"uuidgen"+strings.Repeat(")", 40)+"\necho $A\n")
	if len(s.Commands) != 2 || s.Commands[1].Sensitive == "" {
		t.Errorf("commands %+v", s.Commands)
	}
}

func TestPlansWithholdWhatEarlierStepsTaint(t *testing.T) {
	doc := mustParse(t, "```sh\nN=$(./nonce.sh)\n```\n\n```sh\necho $N\n```\n")
	plan := NewPlan(doc, PlanInput{})
	if c := plan.Steps()[1].Script.Commands[0]; c.Sensitive == "" {
		t.Errorf("%q is recorded", c.Text)
	}
}
