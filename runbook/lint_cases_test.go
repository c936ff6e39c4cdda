package runbook

import "strings"

// lintCases are scripts that have a problem, and scripts that come close to it
// and have none.
type lintCases struct{ found, clean []string }

var lintCommandCases = map[string]lintCases{
	"not-repeatable": {
		found: []string{
			"terraform workspace new production",
			"aws sns subscribe --topic-arn x --protocol email --notification-endpoint a@example.com",
			"aws ssm put-parameter --name /a --value b",
			"aws dynamodb create-table --table-name a",
			"aws --region us-east-1 dynamodb create-table --table-name a",
			"aws s3 mb s3://bucket",
			"kubectl create namespace web",
			"sudo kubectl -n web create configmap a --from-literal=b=c",
			"git tag -a v1 -m one",
			"git tag \"$VERSION\"",
			"git clone https://example.com/a.git",
			"git checkout -b release",
			"createdb ledger",
			"mkdir out",
			"helm install web ./chart",
			`psql -c "CREATE TABLE a (b int)"`,
			"echo one\nmkdir out",
		},
		clean: []string{
			"terraform workspace new production || terraform workspace select production",
			"terraform workspace select production",
			"aws ssm put-parameter --name /a --value b --overwrite",
			"aws ec2 create-tags --resources i-1 --tags Key=a,Value=b",
			"aws dynamodb describe-table --table-name a",
			"kubectl create namespace web --dry-run=client -o yaml | kubectl apply -f -",
			"kubectl apply -f docs/a.md",
			"git tag", "git tag -l", "git tag --list 'v*'", "git tag -d v1", "git tag -f v1",
			"if ! kubectl get ns web; then\n  kubectl create ns web\nfi",
			"[ -d out ] || mkdir out",
			"mkdir -p out", "mkdir -pv out",
			"helm upgrade --install web ./chart",
			`psql -c "CREATE TABLE IF NOT EXISTS a (b int)"`,
			"echo mkdir out",
		},
	},
	"unknown-prompt": {
		found: []string{"root@h:/# ls", "[root@h ~]# ls -l", "switch# show run", "host% ls"},
		clean: []string{"ls # all", "date> out.txt", "echo 5%", "true #", "a=1 # ls", "kill %1", "curl https://a/#b c"},
	},
	"interactive": {
		found: []string{
			"vi notes.txt", "sudo nano notes.txt", "crontab -e", "kubectl edit deploy web", "git commit", "git rebase -i HEAD~3",
			"ssh db1.example.com", "ssh -p 22 -i key admin@db1", "psql -h db ledger", "mysql -u root -p", "python3", "node", "bash", "sudo su -",
			"read -p 'Continue? ' answer", "docker run -it alpine", "docker exec -ti web sh", "kubectl exec -it web -- sh", "docker run -i -t alpine", "kubectl exec -it web -- ls",
			"terraform apply", "terraform apply -var-file=a.tfvars", "terraform destroy", "terraform -chdir=infra apply", "aws configure", "aws configure sso",
			"apt-get install jq", "sqlite3 a.db", "redis-cli -h cache", "mongosh mongodb://db",
		},
		clean: []string{
			"ssh db1 uptime", "ssh -N -f -L 1:2:3 db1", "ssh -T git@github.com", "ssh db1 <<EOF\nuptime\nEOF", "echo uptime | ssh db1",
			"psql -c 'select 1'", "psql ledger -f notes.txt", "psql ledger < notes.txt", "psql --command='select 1'", "mysql -e 'select 1'",
			"python3 -c 'print(1)'", "python3 -m json.tool < notes.txt", "echo 1 | python3", "bash run.sh", "bash -c 'ls'", "curl -s https://example.com | bash",
			"while read -r line; do echo \"$line\"; done < notes.txt", "cat notes.txt | while read -r l; do echo \"$l\"; done", "read -r a <<< \"b\"",
			"docker run alpine ls", "docker run -i alpine cat < notes.txt", "kubectl exec web -- ls -it", "kubectl exec web -- psql", "docker exec web ls -it",
			"docker run -d --name a alpine",
			"terraform apply a.tfplan", "terraform apply -auto-approve", "terraform apply \"$PLAN\"", "terraform destroy -auto-approve",
			"aws configure set region us-east-1", "aws configure list", "git commit -m one", "git commit -am one", "git commit --amend --no-edit",
			"apt-get install -y jq", "apt-get update", "apt-get -yq install jq", "sqlite3 a.db 'select 1'", "redis-cli ping", "mongosh --eval 1",
			"which vi", "echo vi", "vim --version", "su -c ls postgres", "redis-cli -h cache ping",
		},
	},
	"never-ending": {
		found: []string{
			"tail -f app.log", "tail -n 5 -F app.log", "tail -f app.log | grep error", "kubectl logs -f deploy/web", "kubectl -n web logs --follow web",
			"kubectl port-forward svc/web 8080:80", "kubectl get pods -w", "docker logs -f web", "docker compose logs -f", "docker compose up",
			"docker-compose -f notes.txt up", "journalctl -fu web", "watch kubectl get pods", "top", "ping example.com", "aws logs tail /a --follow",
			"while true; do curl https://example.com; sleep 1; done", "sleep infinity", "python3 -m http.server", "ssh -N -L 1:2:3 db1",
		},
		clean: []string{
			"tail -n 50 app.log", "tail -f app.log | head -5", "tail -f app.log | grep -m1 ready", "timeout 30 tail -f app.log", "tail -f app.log &",
			"kubectl logs web", "kubectl port-forward svc/web 8080:80 &", "kubectl get pods", "kubectl rollout status deploy/web", "kubectl logs web -c front",
			"docker logs web", "docker compose up -d", "docker compose -f notes.txt ps", "journalctl -u web", "watch -g ls", "top -b -n 1", "top -bn1",
			"ping -c 3 example.com", "while true; do curl https://example.com && break; sleep 1; done", "while ! curl https://example.com; do sleep 1; done",
			"ssh -f -N -L 1:2:3 db1", "sleep 10",
		},
	},
	"pager": {
		found: []string{"less notes.txt", "git log | less", "man bash", "more notes.txt"},
		clean: []string{"git log --oneline", "git diff", "less notes.txt > copy.txt", "cat notes.txt", "man bash | head"},
	},
	"destructive": {
		found: []string{
			"terraform destroy -auto-approve", "terraform apply -destroy -auto-approve", "rm -rf /var/lib/ledger", "rm -rf \"$DIR\"", "rm -fr $AWS_PROFILE/x", "sudo rm -r ~/data",
			"kubectl delete ns web", "kubectl -n web delete pod a", "aws s3 rm s3://a --recursive", "aws s3 rb s3://a --force", "aws dynamodb delete-table --table-name a",
			"psql -c 'DROP TABLE a'", `mysql -e "drop database a"`, "git push --force origin main", "git push -f", "git reset --hard HEAD~1", "git clean -fdx",
			"dd if=a.img of=/dev/sda", "mkfs.ext4 /dev/sdb1", "dropdb ledger", "true && git reset --hard",
		},
		clean: []string{
			"rm -rf build", "rm -rf \"${DIR:?}\"", "rm -rf ./out", "rm -rf /tmp/work", "rm notes.txt", "rm -f /var/run/a.pid", "kubectl delete ns web --dry-run=client", "kubectl get pods",
			"aws s3 rm s3://a/b", "aws s3 ls", "psql -c 'select 1'", "git push", "git push --force-with-lease", "git reset HEAD~1", "git clean -n",
			"dd if=a of=b", "dd if=/dev/sda of=/dev/null", "echo terraform destroy", "git commit -m 'drop table a'",
		},
	},
	"hidden-failure": {
		found: []string{
			"export A=$(terraform output -raw topic_arn)", "declare -r A=$(cat notes.txt)", "readonly A=\"$(aws sts get-caller-identity)\"",
			"terraform plan || true", "terraform plan || :", "make test; true", "aws sts get-caller-identity | jq .Account", "terraform output | sort | head",
			"curl -s https://example.com | bash", "aws sns publish --topic-arn $(terraform output -raw topic_arn)",
		},
		clean: []string{
			"A=$(terraform output -raw topic_arn)", "export A=b", "export TODAY=$(date +%F)", "terraform show > plan-$(date +%Y%m%d).txt",
			"grep debug notes.txt || true", "pkill -f web || true", "timeout 9 tail -f app.log || true", "aws dynamodb list-tables | grep ledger", "aws dynamodb list-tables | sort | grep ledger",
			"echo hello | tr a-z A-Z", "set -o pipefail\naws sts get-caller-identity | jq .Account", "echo \"$(terraform output -raw topic_arn)\"",
			"aws sts get-caller-identity | jq -e .Account", "if terraform plan || true; then echo ok; fi", "make test || echo failed",
		},
	},
	"errexit-off": {
		found: []string{"set +e\nfalse", "set -u +e", "set +eu", "set +o errexit"},
		clean: []string{"set -e", "set +x", "set -o pipefail", "( set +e; false; true )", "f() { set +e; false; true; }", "echo set +e"},
	},
	"unset-variable": {
		found: []string{"echo $RELEASE", "curl https://example.com/${RELEASE}/x", "export A_DIR=\"$A_DIR:x\"", "echo \"${RELEASE%%.*}\"", "cat <<EOF\n$RELEASE\nEOF"},
		clean: []string{
			"RELEASE=1\necho $RELEASE", "export RELEASE=1; echo $RELEASE", "echo ${RELEASE:-1}", "echo ${RELEASE:?}", "echo ${RELEASE:=1}; echo $RELEASE",
			"echo '$RELEASE'", "echo $release", "echo $AWS_PROFILE $HOME $CI $GITHUB_SHA $BASH_VERSION", "read -r RELEASE < notes.txt; echo $RELEASE",
			"for RELEASE in 1 2; do echo $RELEASE; done", "source run.sh\necho $RELEASE", "cat <<'EOF'\n$RELEASE\nEOF", "awk '{print $NF}' notes.txt",
			"printf -v RELEASE %s 1; echo $RELEASE", "((COUNT = 1)); echo $COUNT", "if [ -n \"${RELEASE+x}\" ]; then echo set; fi",
			"if [ -z \"$RELEASE\" ]; then exit 1; fi\necho $RELEASE", "[[ -n $RELEASE ]] || exit 1\necho $RELEASE", ": \"${RELEASE:?}\"\necho $RELEASE",
			"mapfile -t LINES_READ < notes.txt; echo ${LINES_READ[0]}",
		},
	},
	"undefined-output": {
		found: []string{"cd infra\nterraform output topicarn", "terraform -chdir=infra output -raw missing", "cd infra\necho \"$(terraform output -raw topic_arns)\""},
		clean: []string{"cd infra\nterraform output topic_arn", "cd infra\nterraform output", "cd infra\nterraform output -json", "terraform -chdir=infra output -raw bucket_name",
			"cd infra\nterraform output \"$NAME\"", "echo terraform output missing", "cd infra\nterraform output -state=a.tfstate missing"},
	},
	"missing-path": {
		found: []string{"cd docs\n./deploy.sh", "cd infra\ncat a.tfvars", "cd docs\ncd further", "cd infra\ncd ../docs\ncat b.md"},
		clean: []string{"cd docs\ncat a.md", "cd docs\ndate > b.md\ncat b.md", "cd docs\nmkdir new\ncd new\ncat x", "cd \"$AWS_PROFILE\"\ncat a", "cd docs\n[ -f x ] && cat x",
			"(cd docs && cat a.md)", "cd docs\ngit clone https://example.com/a.git\ncat a/README.md"},
	},
	"not-executable": {
		found: []string{"./plain.sh"},
		clean: []string{"./run.sh", "bash plain.sh", "echo 'echo a' > new.sh\nchmod +x new.sh\n./new.sh"},
	},
	"empty-expectation": {
		found: []string{"./run.sh\n# Expected output: <url>", "./run.sh\n# Expected: ...", "./run.sh\n# Output: \"X\""},
		clean: []string{"./run.sh\n# Expected output: production", "./run.sh\n# Expected: X added, 0 changed", "./run.sh\n# Expected: the URL of the dashboard"},
	},
	"unmeetable-expectation": {
		found: []string{"# Expected output: production", "./run.sh > out.txt\n# Expected output: production", "./run.sh > /dev/null\n# Expected: > 3", "./run.sh > out.txt 2>&1\n# Expected: HTTP 200",
			"./run.sh &> out.txt\n# Expected: A1 or B1", "cd infra\n# Expected output: production", "export A=$(./run.sh)\n# Expected output: production", "A=1\n# Expected output: production",
			"./run.sh\n# Expected output: production\n# Expected: no output", "./run.sh\n# Expected: no output\n# Expected output: production", "./run.sh\n# Should fail\n# Expected exit code: 0",
			"./run.sh\n# Expected exit code: 1\n# Expected exit code: 2", "./run.sh\n# Expected: HTTP 200\n# Expected: HTTP 404", "./run.sh\n# Expected: > 5\n# Expected: < 3", "./run.sh\n# Expected: 5-7\n# Expected: > 7"},
		clean: []string{"./run.sh > >(tee out.txt)\n# Expected output: production", "./run.sh 2>&1 > out.txt\n# Expected output: production", "./run.sh > /dev/stderr\n# Expected output: production",
			"cd -\n# Expected output: production", "export -p\n# Expected output: production", "cd infra && ./run.sh\n# Expected output: production", "cd infra\n# Should fail", "A=1 ./run.sh\n# Expected output: production",
			"./run.sh\n# Should fail\n# Expected exit code: 3", "./run.sh\n# Expected exit code: 0\n# Expected: HTTP 200", "./run.sh\n# Expected: > 3\n# Expected: < 5", "./run.sh\n# Expected: >= 3\n# Expected: <= 3",
			"./run.sh\n# Expected output: A1\n# Expected output: B1", "./run.sh > out.txt\n# Expected exit code: 1",
			"./run.sh\n# Expected output: production", "./run.sh 2> err.txt\n# Expected output: production", "./run.sh | tee out.txt\n# Expected output: production", "# Call the operator",
			"./run.sh > out.txt\n# Expected: no output"},
	},
	"hidden-character": {
		found: []string{"echo a\u200bb", "echo\u00a0a", "echo a # \u202eb", "ls \ufeffa"},
		clean: []string{"echo 'Prêt\u00a0: oui'", "echo a # b\u00a0c", "echo 'é ü 漢字'", "echo '👩\u200d🚀'", "echo 'می\u200cخواهم'"},
	},
	"mixed-script": {
		found: []string{"t\u0435rraform plan", "echo $P\u0410TH", "curl 'https://p\u0430ypal.com/'", "cat <<EOF\nt\u0435rraform\nEOF"},
		clean: []string{"echo привет", "echo 'PDFки'", "echo t # t\u0435rraform", "echo 10µs", "echo naïve", "grep привет-world notes.txt"},
	},
	"typographic": {
		found: []string{"echo “a”", "grep –c a notes.txt", "echo ‘a b’"},
		clean: []string{"echo \"“a”\"", "echo 'it’s'", "echo a–b", "# “quoted”\necho a"},
	},
	"pushed-code": {
		found: []string{"echo a;" + strings.Repeat(" ", 130) + "echo b", strings.Repeat("\t", 20) + "echo b"},
		clean: []string{"echo a" + strings.Repeat(" ", 130), "aws a \\\n" + strings.Repeat(" ", 40) + "--b c"},
	},
	"alternatives": {
		found: []string{"a b\n# Or\nc d", "a b\n# Or: use c\nc d", "a b\n\n# Alternatively, by hand\nc d", "# Option A: x\na b\n# Option B: y\nc d", "# macOS\na b\n# Linux\nc d", "# On macOS:\na b\n# On Ubuntu/Debian:\nc d"},
		clean: []string{"a b\n# Order the rows\nc d", "# Option A: x\na b\n# then\nc d", "# Linux kernel version\na b\n# macOS is not used\nc d", "# Or\na b", "a b\n# Orchestrate\nc d"},
	},
}
