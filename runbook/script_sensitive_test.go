package runbook

import "testing"

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
