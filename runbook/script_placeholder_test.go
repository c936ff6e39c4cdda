package runbook

import (
	"slices"
	"strings"
	"testing"
)

func TestPlaceholders(t *testing.T) {
	tests := []struct {
		name, script string
		want         []string
	}{
		{"an operand", "git checkout <previous-working-commit>\n", []string{"<previous-working-commit>"}},
		{"with spaces", "ssh <host name>\n", []string{"<host name>"}},
		{"in a URL", "curl https://x/<id>/y\n", []string{"<id>"}},
		{"as an argument of another", "grep -e <pattern> -m 1\n", []string{"<pattern>"}},
		{"joined to a word", "git tag v<version>\n", []string{"<version>"}},
		{"two joined", "ssh <user>@<host>\n", []string{"<user>", "<host>"}},
		{"two on either side of an equals sign", "export <KEY>=<VALUE>\n", []string{"<KEY>", "<VALUE>"}},
		{"alternatives", "deploy <dev|prod>\n", []string{"<dev|prod>"}},
		{"in double quotes", "echo \"Bearer <token>\"\n", []string{"<token>"}},
		{"in single quotes", "echo 'Bearer <token>'\n", []string{"<token>"}},
		{"as a redirection's file", "cmd > <file>\n", []string{"<file>"}},
		{"as the program", "<editor> notes\n", []string{"<editor>"}},
		{"in a here-document, when it says so", "cat <<EOF\n<your-name> <tag>\nEOF\n", []string{"<your-name>"}},
		{"insert", "x --name <<insert name>>\n", []string{"<<insert name>>"}},
		{"bracketed", "deploy [your-bucket] [Your Name]\n", []string{"[your-bucket]", "[Your Name]"}},
		{"braces", "curl https://api/{id}\n", []string{"{id}"}},
		{"braces in quotes", "curl \"https://api/{id}\"\n", []string{"{id}"}},
		{"your", "x --token YOUR_TOKEN\n", []string{"YOUR_TOKEN"}},
		{"here", "x PASTE_KEY_HERE\n", []string{"PASTE_KEY_HERE"}},
		{"change me", "export A=CHANGE_ME\n", []string{"CHANGE_ME"}},
		{"an account in an ARN", "x arn:aws:iam::ACCOUNT_ID:role/y\n", []string{"ACCOUNT_ID"}},
		{"the flag's own name", "aws guardduty x --detector-id DETECTOR_ID\n", []string{"DETECTOR_ID"}},
		{"the flag's own name after =", "x --vpc-id=VPC_ID\n", []string{"VPC_ID"}},
		{"a value cut short", "x --key sk-... AKIA…\n", []string{"sk-...", "AKIA…"}},
		{"an ARN cut short", "x arn:aws:iam::1:role/...\n", []string{"arn:aws:iam::1:role/..."}},
		{"a digest cut short", "docker pull sha256:abc...def\n", []string{"sha256:abc...def"}},
		{"a digest cut short behind a name", "docker pull app@sha256:abc...def\n", []string{"app@sha256:abc...def"}},
		{"a digest cut short, printed", "echo sha256:abc...def\n", []string{"sha256:abc...def"}},
		{"the middle of an ARN", "aws sns publish --topic-arn arn:aws:...:x\n", []string{"arn:aws:...:x"}},
		{"the middle of an ARN, quoted", "aws sns publish --topic-arn \"arn:aws:…:x\"\n", []string{"arn:aws:…:x"}},
		{"words left out", "aws ec2 run-instances ...\n", []string{"..."}},
		{"words left out, on a line of their own", "aws ec2 run-instances \\\n  …\n", []string{"…"}},
		{"a value left out", "x --name=... --id ...\n", []string{"..."}},
		{"a branch left out", "git push ...\n", []string{"..."}},
		{"one spelling once a command", "x <a> <a>\n", []string{"<a>"}},
		{"what sed puts in its place", "sed -i 's/KEY/YOUR_KEY/' f\n", []string{"YOUR_KEY"}},
		{"a pattern to look for", "grep <pattern> f\n", []string{"<pattern>"}},
		{"beside a redirection", "cat <file> > out\n", []string{"<file>"}},

		{"a redirection", "cat <file.txt\n", nil},
		{"two redirections", "sort <in.txt >out.txt\n", nil},
		{"two redirections without spaces", "sort <in.txt>out.txt\n", nil},
		{"a descriptor after an input", "sort <in 2>err\n", nil},
		{"a pipe between", "sort <in | uniq >out\n", nil},
		{"a here-document", "cat <<EOF >out\nx\nEOF\n", nil},
		{"a here-document that appends", "cat <<EOF>>out\nx\nEOF\n", nil},
		{"a here-document's tags", "cat <<EOF\n<Location>\nEOF\n", nil},
		{"a here-string", "cat <<<word>out\n", nil},
		{"process substitution", "diff <(ls a) <(ls b)\n", nil},
		{"an absent value", "docker images | grep '<none>'\n", nil},
		{"an e-mail address", "git commit --author 'A <a@b.org>'\n", nil},
		{"HTML", "echo '<b>x</b>'\n", nil},
		{"HTML without an end", "grep '<title>' f\n", nil},
		{"word boundaries", "grep '\\<word\\>' f\n", nil},
		{"a named group", "grep -P '(?<year>\\d+)' f\n", nil},
		{"what sed looks for", "sed \"s/<name>/$NAME/\" f\n", nil},
		{"what sed looks for, without quotes", "sed -i s/YOUR_KEY/$KEY/ f\n", nil},
		{"what grep looks for", "grep -q YOUR_KEY f && grep 'CHANGE_ME' g\n", nil},
		{"a comparison of commits", "open https://github.com/a/b/compare/v1...v2\n", nil},
		{"a word that trails off", "log \"Starting...\"\n", nil},
		{"a comparison in awk", "awk '$1<max && $2>min' f\n", nil},
		{"docker's format", "docker ps --format '{{.ID}}'\n", nil},
		{"brace expansion", "touch {a,b} {1..3}\n", nil},
		{"a variable", "echo ${name} $YOUR_NAME ${YOUR_KEY}\n", nil},
		{"the variable's own assignment", "YOUR_KEY=x\nexport YOUR_OTHER=y\n", nil},
		{"a variable named without its sign", "read YOUR_NAME; echo $YOUR_NAME\n", nil},
		{"JSON", "x --key '{\"a\": {\"S\": \"b\"}}'\n", nil},
		{"jq", "jq '.[] | {name}' f\n", nil},
		{"awk's block", "awk '{print}' f\n", nil},
		{"curl's format", "curl -w '%{http_code}' x/\n", nil},
		{"git's revision", "git log stash@{upstream}\n", nil},
		{"xargs' own", "ls | xargs -I {file} mv {file} /x/{file}\n", nil},
		{"a descriptor's name", "exec {fd}>file\n", nil},
		{"a package pattern", "go test ./... && go vet a/...\n", nil},
		{"a range of commits", "git log main...feature && git diff a...b ...c && git diff HEAD@{1}...x\n", nil},
		{"a module's package pattern", "go vet ... && go list example.org/a/... && staticcheck ./...\n", nil},
		{"prose", "echo \"Checking ${table}...\"; echo Done...\n", nil},
		{"prose without quotes", "echo ...; echo Wait ... done; printf 'a: b...c'; echo \"at: 1...2\"\n", nil},
		{"a name as an argument", "gh secret set AWS_ROLE_ARN\n", nil},
		{"an enum", "x --capabilities CAPABILITY_IAM\n", nil},
		{"an account outside an ARN", "echo ACCOUNT_ID\n", nil},
		{"a test", "[ -f x ] && [[ $a == b ]]\n", nil},
		{"an array's index", "echo ${a[your_x]} b[your-x]\n", nil},
		{"a comment", "ls # <name>\n# YOUR_KEY\n", nil},
		{"a here-document's word", "cat <<END_HERE\nx\nEND_HERE\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := readText(t, tt.script)
			var got []string
			for _, c := range s.Commands {
				got = append(got, c.Placeholders...)
			}
			if !slices.Equal(got, tt.want) || !s.Runnable() {
				t.Errorf("placeholders %q, problems %v; want %q", got, s.Problems, tt.want)
			}
		})
	}
}

func TestPlaceholdersHaveAPlace(t *testing.T) {
	s := readText(t, "ls\nx \\\n  <a> <b>\ny <a>\n")
	want := []Placeholder{
		{"<a>", 4, 1, Span{6, 9}},
		{"<b>", 4, 1, Span{10, 13}},
		{"<a>", 5, 2, Span{2, 5}},
	}
	if !slices.Equal(s.Placeholders, want) {
		t.Errorf("got %+v, want %+v", s.Placeholders, want)
	}
}

func TestFillQuotesForThePlace(t *testing.T) {
	tests := []struct{ name, script, value, want string }{
		{"a plain value", "git checkout <x>", "v1.2", "git checkout v1.2"},
		{"spaces", "git checkout <x>", "a b", "git checkout 'a b'"},
		{"within a word", "curl https://h/<x>/y", "a&b", "curl https://h/'a&b'/y"},
		{"a quote", "echo <x>", "it's", `echo "it's"`},
		{"empty", "echo <x>", "", "echo ''"},
		{"a keyword", "<x> a", "if", "'if' a"},
		{"an assignment", "<x> a", "A=1", "'A=1' a"},
		{"in double quotes", `echo "a <x>"`, "$(id) `id` \"q\" \\", `echo "a \$(id) \` + "`id\\`" + ` \"q\" \\"`},
		{"in single quotes", `echo 'a <x>'`, "it's $x", `echo 'a it'\''s $x'`},
		{"in a substitution within quotes", `echo "$(cat <x>)"`, "a b", `echo "$(cat 'a b')"`},
		{"in a here-document", "cat <<EOF\n<your-x>\nEOF", "$HOME", "cat <<EOF\n\\$HOME\nEOF"},
		{"in a raw here-document", "cat <<'EOF'\n<your-x>\nEOF", "$HOME", "cat <<'EOF'\n$HOME\nEOF"},
		{"in arithmetic", "echo $((<x>+1))", "5", "echo $((5+1))"},
		{"in back quotes", "echo `cat <x>`", "a.txt", "echo `cat a.txt`"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := readText(t, tt.script+"\n")
			if len(s.Placeholders) != 1 {
				t.Fatalf("placeholders %+v, problems %v", s.Placeholders, s.Problems)
			}
			got, err := s.Fill(0, map[string]string{s.Placeholders[0].Text: tt.value})
			if err != nil || got != tt.want {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestFillRefuses(t *testing.T) {
	tests := []struct{ name, script, value, want string }{
		{"a line break", "echo <x>", "a\nb", "control character"},
		{"a NUL", "echo <x>", "a\x00b", "control character"},
		{"an escape", "echo <x>", "\x1b[0m", "control character"},
		{"text that runs the other way", "echo <x>", "a\u202eb", "control character"},
		{"an expression in arithmetic", "echo $((<x>+1))", "a[$(id)]", "cannot be quoted"},
		{"spaces in back quotes", "echo `cat <x>`", "a b", "cannot be quoted"},
		{"a here-document's end", "cat <<'EOF'\n<your-x>\nEOF", "EOF", "fill"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := readText(t, tt.script+"\n")
			got, err := s.Fill(0, map[string]string{s.Placeholders[0].Text: tt.value})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q, %v; want an error with %q", got, err, tt.want)
			}
		})
	}
	s := readText(t, "echo <x>\n")
	if _, err := s.Fill(0, nil); err == nil || !strings.Contains(err.Error(), "<x> has no value") {
		t.Errorf("without a value: %v", err)
	}
}

func TestFillLeavesCommandsWithoutPlaceholdersAlone(t *testing.T) {
	s := readText(t, "echo a\necho <x>\n")
	if got, err := s.Fill(0, nil); err != nil || got != "echo a" {
		t.Errorf("got %q, %v", got, err)
	}
}

// FuzzFill checks that no value changes what a command does: what it fills in
// comes back, from the shell's own reading, as the value.
func FuzzFill(f *testing.F) {
	for _, v := range []string{"$(touch x)", "'; rm -rf /; '", "`id`", "a\nb", `"; id; "`, "-rf", "~", "{a,b}", "*", "#", "!x", "\\", "\xff", "a\\'b"} {
		f.Add(v)
	}
	places := []string{"echo <x> z", "echo \"a <x> z\"", "echo 'a <x> z'", "a=<x> b", "f -k=<x>", "echo \"$(f <x>)\"", "cat > <x>", "for i in <x>; do f; done", "cat <<E\na <your x> b\nE", "echo `f <x>`"}
	var scripts []*Script
	for _, p := range places {
		s := readText(f, p+"\n")
		if len(s.Placeholders) != 1 {
			f.Fatalf("%q: placeholders %+v", p, s.Placeholders)
		}
		scripts = append(scripts, s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for i, s := range scripts {
			filled, err := s.Fill(0, map[string]string{s.Placeholders[0].Text: value})
			if err != nil {
				continue
			}
			tree, err := parseShell(filled)
			if err != nil {
				t.Fatalf("%q: %v", filled, err)
			}
			if len(tree.Stmts) != 1 {
				t.Errorf("%q is more than one command", filled)
			}
			if i > 2 {
				continue
			}
			checkArgument(t, filled, value)
		}
	})
}

// checkArgument wants the filled echo to be given value, as the shell reads it.
func checkArgument(t *testing.T, filled, value string) {
	t.Helper()
	if strings.ContainsRune(value, '\ufffd') || !validText(value) {
		return // quoted as $'…', which literal does not read
	}
	r := readText(t, filled+"\n")
	if len(r.Commands) != 1 || r.Commands[0].Text != filled {
		t.Errorf("%q reads as %q", filled, commandTexts(r))
	}
	words := firstCall(t, filled)
	want := value
	if !words[1].known {
		return
	}
	if got := words[1].value; got != want && got != "a "+want+" z" {
		t.Errorf("%q gives %q, want %q", filled, got, want)
	}
}
