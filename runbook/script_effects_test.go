package runbook

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

var effectNames = [...]string{"enters", "leaves", "runs", "reads", "makes", "needs", "needs"}

// effectList writes effects as "kind path", with "in " before those of a subshell.
func effectList(s *Script) []string {
	var out []string
	for _, e := range s.Effects {
		if e.Kind == Executes {
			continue // TestRuns
		}
		text := strings.TrimSpace(effectNames[e.Kind] + " " + e.Path)
		if e.Inside {
			text = "in " + text
		}
		out = append(out, text)
	}
	return out
}

func TestEffects(t *testing.T) {
	tests := []struct {
		name, script string
		want         []string
	}{
		{"cd", "cd infra/terraform", []string{"enters infra/terraform"}},
		{"cd quoted", "cd \"my dir\"/'x y'", []string{"enters my dir/x y"}},
		{"cd absolute", "cd /srv", []string{"enters /srv"}},
		{"pushd", "pushd a && popd", []string{"enters a", "leaves"}},
		{"cd to an expansion", "cd $DIR", []string{"leaves $DIR"}},
		{"cd to a substitution", "cd \"$(git rev-parse --show-toplevel)\"", []string{`leaves "$(git rev-parse --show-toplevel)"`}},
		{"cd back", "cd -", []string{"leaves -"}},
		{"cd home", "cd", []string{"leaves"}},
		{"cd to a home", "cd ~/x", []string{"leaves ~/x"}},
		{"cd to a placeholder", "cd <dir>", []string{"leaves <dir>"}},
		{"cd or give up", "cd a || exit 1", []string{"enters a"}},
		{"cd on a condition", "if [ -d a ]; then cd a; fi", []string{"leaves a"}},
		{"cd after a test", "[ -d a ] && cd a", []string{"leaves a"}},

		{"a program by its path", "./x.sh a", []string{"runs ./x.sh"}},
		{"a program in a directory", "scripts/x", []string{"runs scripts/x"}},
		{"a program by an absolute path", "/usr/bin/x", nil},
		{"through sudo and env", "sudo -u me env A=b ./x", []string{"runs ./x"}},
		{"an assignment before it", "A=b ./x", []string{"runs ./x"}},
		{"a script", "bash -eu x.sh y", []string{"reads x.sh"}},
		{"a python script", "python3 tools/x.py", []string{"reads tools/x.py"}},
		{"a python module", "python -m http.server", nil},
		{"a text for the shell", "bash -c 'cat x'", nil},
		{"a node script", "node dist/index.js a", []string{"reads dist/index.js"}},
		{"a node module without extension", "node dist/index", nil},
		{"source", "source .env; . lib.sh", []string{"reads .env", "reads lib.sh"}},

		{"cat", "cat a b /etc/c - \"$d\" *.txt ~/e", []string{"reads a", "reads b"}},
		{"head", "head -n 5 a", []string{"reads a"}},
		{"diff", "diff -u a b", []string{"reads a", "reads b"}},
		{"an input redirection", "sort < a", []string{"reads a"}},
		{"what fails harmlessly", "cat a || true", nil},
		{"what runs only after a failure", "ls || cat a", nil},
		{"a loop's body", "for i in 1 2; do cat a; done", []string{"reads a"}},
		{"a function's body", "f() { cat a; }", nil},
		{"a URL", "cat https://x/y", nil},

		{"redirections", "a > b 2>> c; d &> e; f >/dev/null 2>&1", []string{"makes b", "makes c", "makes e"}},
		{"tee", "a | tee -a b c", []string{"in makes b", "in makes c"}},
		{"touch, mkdir", "touch a; mkdir -p b/c", []string{"makes a", "makes b/c"}},
		{"cp", "cp a b; mv c d/; cp e .", []string{"reads a", "makes b", "reads c", "makes d/c", "reads e", "makes e"}},
		{"a download", "curl -sS -o f https://x/y", []string{"makes f"}},
		{"a clone", "git clone https://x/repo.git && cd repo", []string{"makes repo", "enters repo"}},
		{"a virtual environment", "python3 -m venv .venv", []string{"makes .venv"}},
		{"a name that only the run knows", "a > plan-$(date +%F).txt", nil},

		{"terraform", "terraform init", []string{"needs *.tf"}},
		{"tofu", "tofu validate", []string{"needs *.tf"}},
		{"terraform plan", "terraform plan -var-file=a.tfvars -var-file b.tfvars -out=c", []string{"needs *.tf", "reads a.tfvars", "reads b.tfvars", "makes c"}},
		{"terraform plan, out apart", "terraform plan -out c", []string{"needs *.tf", "makes c"}},
		{"terraform apply", "terraform apply -auto-approve c", []string{"needs *.tf", "reads c"}},
		{"terraform apply of no plan", "terraform apply -target aws_x.y -auto-approve", []string{"needs *.tf"}},
		{"terraform elsewhere", "terraform -chdir=infra apply c", []string{"needs infra/*.tf", "reads infra/c"}},
		{"terraform version", "terraform version; terraform -version; terraform fmt", nil},
		{"terraform in a substitution", "x $(terraform output -raw y)", []string{"in needs *.tf"}},
		{"terraform in an assignment", "export A=$(terraform output -raw y)", []string{"in needs *.tf"}},
		{"terraform in a pipeline", "terraform output -json | jq .", []string{"in needs *.tf"}},

		{"npm", "npm ci; npm run build", []string{"needs package.json", "needs package.json"}},
		{"pnpm", "pnpm test -- --x", []string{"needs package.json"}},
		{"yarn alone", "yarn", []string{"needs package.json"}},
		{"npm elsewhere", "npm install -g x; npm --prefix a run b; pnpm -C a test; yarn --cwd a build", nil},
		{"npm without a package", "npm --version; npm view x; npm install express; npm init", nil},

		{"kubectl", "kubectl apply -f a.yaml -f https://x/y.yaml -f -", []string{"reads a.yaml"}},
		{"kubectl logs", "kubectl logs -f pod", nil},
		{"docker compose", "docker compose -f a.yml up -d", []string{"reads a.yml"}},
		{"docker-compose logs", "docker-compose logs -f web", nil},
		{"make elsewhere", "make -C dir all", []string{"reads dir"}},

		{"a subshell's cd does not last", "(cd a && ./x && cat b) && cat c", []string{"in enters a", "in runs a/x", "in reads a/b", "reads c"}},
		{"a lost subshell", "(cd $A && cat b)", []string{"in leaves $A"}},
		{"what is in a directory that the step makes", "python3 -m venv .venv; source .venv/bin/activate", []string{"makes .venv"}},
		{"what an archive held is not known", "cat a; tar -xzf b.tgz; ./b/install.sh; cd b", []string{"reads a", "leaves b"}},
		{"an archive that is packed", "tar -czf b.tgz c; cat a", []string{"reads a"}},
		{"xargs gives words of its own", "ls | xargs cat a", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := readText(t, tt.script+"\n")
			if got := effectList(s); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, problems %v; want %q", got, s.Problems, tt.want)
			}
		})
	}
}

func TestCreatesAreAsWritten(t *testing.T) {
	s := readText(t, "terraform show p > plan-$(date +%Y%m%d).txt 2>/dev/null\nterraform plan -out=\"$F\"\ntee a < b > a\n")
	want := [][]string{{"plan-$(date +%Y%m%d).txt"}, {`"$F"`}, {"a"}}
	for i, c := range s.Commands {
		if !slices.Equal(c.Creates, want[i]) {
			t.Errorf("%q creates %q, want %q", c.Text, c.Creates, want[i])
		}
	}
}

func TestEffectsNameTheirCommandAndProgram(t *testing.T) {
	s := readText(t, "ls\ncat a > b\n")
	want := []Effect{{Makes, "b", 1, "cat", false, false}, {Reads, "a", 1, "cat", false, false}}
	if fmt.Sprint(s.Effects) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", s.Effects, want)
	}
}
