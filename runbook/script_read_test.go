package runbook

import (
	"slices"
	"strings"
	"testing"
)

// commandTexts returns the commands' texts.
func commandTexts(s *Script) []string {
	var out []string
	for _, c := range s.Commands {
		out = append(out, c.Text)
	}
	return out
}

func TestCommandsAreTopLevelStatements(t *testing.T) {
	tests := []struct {
		name, script string
		want         []string
	}{
		{"a line each", "cd a\nls\n", []string{"cd a", "ls"}},
		{"a list is one", "a && b || c\n", []string{"a && b || c"}},
		{"a pipeline is one", "a | b |\n  c\n", []string{"a | b |\n  c"}},
		{"a semicolon separates", "a; b ;\n", []string{"a", "b"}},
		{"a loop is one", "for i in 1 2; do\n  echo $i; ls\ndone\n", []string{"for i in 1 2; do\n  echo $i; ls\ndone"}},
		{"continuations are kept", "aws s3 \\\n  ls\n", []string{"aws s3 \\\n  ls"}},
		{"a background command keeps its sign", "sleep 1 &\nwait\n", []string{"sleep 1 &", "wait"}},
		{"a comment on the line is left out", "ls # all files\n", []string{"ls"}},
		{"a here-document is the command's", "cat > f <<EOF\n$a # b\nEOF\nls\n", []string{"cat > f <<EOF\n$a # b\nEOF", "ls"}},
		{"a here-document's tabs", "cat <<-'EOF'\n\tx\n\tEOF\nls\n", []string{"cat <<-'EOF'\n\tx\n\tEOF", "ls"}},
		{"an empty here-document", "cat <<EOF\nEOF\nls\n", []string{"cat <<EOF\nEOF", "ls"}},
		{"two here-documents in one command", "diff <(cat <<A\n1\nA\n) - <<B\n2\nB\nls\n", []string{"diff <(cat <<A\n1\nA\n) - <<B\n2\nB", "ls"}},
		{"here-documents that interleave stay together", "cat <<A; cat <<B\n1\nA\n2\nB\nls\n", []string{"cat <<A; cat <<B\n1\nA\n2\nB", "ls"}},
		{"a pipe after the here-document's word", "cat <<EOF | grep x\nx\nEOF\n", []string{"cat <<EOF | grep x\nx\nEOF"}},
		{"a function is one", "f() {\n  ls\n}\nf\n", []string{"f() {\n  ls\n}", "f"}},
		{"an extended pattern in a test", "[[ $a == *(x) ]]\n", []string{"[[ $a == *(x) ]]"}},
		{"an extended pattern with its option", "shopt -s extglob\nls *(x)\n", []string{"shopt -s extglob", "ls *(x)"}},
		{"no line ending", "ls", []string{"ls"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := readText(t, tt.script)
			if got := commandTexts(s); !slices.Equal(got, tt.want) || len(s.Problems) > 0 {
				t.Errorf("commands %q, problems %v; want %q", got, s.Problems, tt.want)
			}
		})
	}
}

func TestCommandsKnowTheirLinesAndComments(t *testing.T) {
	s := readText(t, "# Stop traffic\n# for real\n\n# Switch\n#   over\ncd a\n\n# Review carefully\n\nls # trailing\npwd; date\n")
	type place struct {
		line    int
		comment string
	}
	want := []place{{7, "Switch\nover"}, {11, "Review carefully"}, {12, ""}, {12, ""}}
	var got []place
	for _, c := range s.Commands {
		got = append(got, place{c.Line, c.Comment})
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestTheInterpretersLineIsNoComment(t *testing.T) {
	s := readText(t, "#!/bin/bash\nls\n")
	if c := s.Commands[0]; c.Comment != "" || c.Line != 3 {
		t.Errorf("got %+v", c)
	}
}

func TestCarriageReturnsAreNoPartOfCommands(t *testing.T) {
	s := readText(t, "cat <<EOF\r\nhi\r\nEOF\r\nls \\\r\n  -l\r\n")
	want := []string{"cat <<EOF\nhi\nEOF", "ls \\\n  -l"}
	if got := commandTexts(s); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTranscripts(t *testing.T) {
	tests := []struct {
		name, script string
		want         []string // nil: a plain script
	}{
		{"only what follows a prompt runs", "$ ls\na b\n$ pwd\n/root\n", []string{"ls", "pwd"}},
		{"arrow prompt", "❯ ls\na\n", []string{"ls"}},
		{"virtual environment", "(venv) $ pip list\nx 1\n", []string{"pip list"}},
		{"user and host", "me@host:~/x$ ls\nout\n", []string{"ls"}},
		{"bracketed host", "[me@host x]$ ls\nout\n", []string{"ls"}},
		{"backslash continues", "$ aws \\\n  s3 \\\n> ls\nout\n", []string{"aws \\\n  s3 \\\nls"}},
		{"an open loop continues", "$ for i in 1; do\n>   ls\n> done\nout\n", []string{"for i in 1; do\n  ls\ndone"}},
		{"an open quote continues", "$ echo 'a\nb'\na\n", []string{"echo 'a\nb'"}},
		{"a here-document continues", "$ cat <<EOF\nhi\nEOF\nhi\n", []string{"cat <<EOF\nhi\nEOF"}},
		{"a variable is no prompt", "$HOME/bin/x\n$(which ls)\n", nil},
		{"a prompt in a here-document is data", "cat > README <<EOF\n$ npm install\nEOF\n", nil},
		{"a hash is a comment", "$ ls\n# x\n", []string{"ls"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := readText(t, tt.script)
			if s.Transcript != (tt.want != nil) {
				t.Fatalf("transcript %v, commands %q", s.Transcript, commandTexts(s))
			}
			if got := commandTexts(s); tt.want != nil && !slices.Equal(got, tt.want) {
				t.Errorf("commands %q, problems %v; want %q", got, s.Problems, tt.want)
			}
		})
	}
}

func TestTranscriptKeepsLinesAndComments(t *testing.T) {
	s := readText(t, "# List\n$ ls\na\nb\n# Where\n$ pwd\n")
	if len(s.Commands) != 2 {
		t.Fatalf("commands %q", commandTexts(s))
	}
	if c := s.Commands[0]; c.Line != 3 || c.Comment != "List" {
		t.Errorf("first: line %d, comment %q", c.Line, c.Comment)
	}
	if c := s.Commands[1]; c.Line != 7 || c.Comment != "Where" {
		t.Errorf("second: line %d, comment %q", c.Line, c.Comment)
	}
}

func TestStepsThatAPersonDoes(t *testing.T) {
	tests := []struct{ name, script, code string }{
		{"PowerShell", "PS> Get-Item x\n", "manual-step"},
		{"PowerShell with a directory", "PS C:\\Users\\me> dir\n", "manual-step"},
		{"mysql", "mysql> SELECT 1;\n", "manual-step"},
		{"MariaDB", "MariaDB [(none)]> SELECT 1;\n", "manual-step"},
		{"psql", "app=# SELECT 1;\n", "manual-step"},
		{"python", ">>> print(1)\n", "manual-step"},
		{"only comments", "# Tell the team\n\n# Wait\n", "no-commands"},
		{"nothing", "", "no-commands"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := readText(t, tt.script)
			if len(s.Commands) != 0 || s.Runnable() {
				t.Errorf("has commands %q", commandTexts(s))
			}
			if len(s.Problems) != 1 || s.Problems[0].Code != tt.code || s.Problems[0].Severity != Note {
				t.Errorf("problems %v, want a note %s", s.Problems, tt.code)
			}
		})
	}
}

func TestWhatBashCannotReadIsAnErrorWithItsLine(t *testing.T) {
	tests := []struct {
		name, script string
		line         int
	}{
		{"an open quote", "ls\necho 'a\n", 3},
		{"a stray fi", "ls\n\nfi\n", 4},
		{"an open loop", "for i in a; do\nls\n", 2},
		{"prose", "Run (as root) this\n", 2},
		{"a pattern of zsh's", "ls\nls *(.)\n", 3},
		{"an unclosed here-document", "cat <<EOF\nx\n", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := readText(t, tt.script)
			if len(s.Problems) != 1 || len(s.Commands) != 0 {
				t.Fatalf("problems %v, commands %q", s.Problems, commandTexts(s))
			}
			p := s.Problems[0]
			if p.Severity != Error || p.Code != "bash-syntax" || p.Line != tt.line {
				t.Errorf("got %+v, want line %d", p, tt.line)
			}
		})
	}
}

// A fence that was not closed was reported twice: by its marks, and again by what
// bash made of the headings that it swallowed.
func TestABrokenStepIsReportedOnce(t *testing.T) {
	for name, src := range map[string]string{
		"unclosed":   "```bash\necho 'a\n\nIt's prose\n",
		"unbalanced": "```bash\necho 1\n\nIt's prose (here)\n\n```bash\necho 2\n```\n",
		"swallowed":  "```bash\necho 1\n- [ ] it's checked\n```\n",
	} {
		t.Run(name, func(t *testing.T) {
			doc := mustParse(t, src)
			if len(doc.Problems) != 1 || doc.Problems[0].Severity != Error {
				t.Errorf("the document's problems: %v", doc.Problems)
			}
			s := ReadScript(doc.Source, &doc.Slots[0])
			if len(s.Problems) != 0 || len(s.Commands) != 0 || s.Runnable() {
				t.Errorf("problems %v, commands %q", s.Problems, commandTexts(s))
			}
		})
	}
}

// A file name in Latin-1 was refused as unreadable, though bash reads it.
func TestBytesThatAreNotUTF8AreKept(t *testing.T) {
	script := "cat caf\xe9.txt > \xff\xfe.out\necho '\xc3' <x> … sk-\xe2...\ncat <<\xe9\na\n\xe9\nls\n"
	s := readText(t, script)
	if len(s.Problems) != 0 {
		t.Fatalf("problems %v", s.Problems)
	}
	want := []string{"cat caf\xe9.txt > \xff\xfe.out", "echo '\xc3' <x> … sk-\xe2...", "cat <<\xe9\na\n\xe9", "ls"}
	if got := commandTexts(s); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(s.Effects) != 0 {
		t.Errorf("a name that the tree does not tell is needed or made: %+v", s.Effects)
	}
	if got := s.Commands[0].Creates; !slices.Equal(got, []string{"\xff\xfe.out"}) {
		t.Errorf("creates %q", got)
	}
	if got, err := s.Fill(1, map[string]string{"<x>": "a b"}); err != nil || got != "echo '\xc3' 'a b' … sk-\xe2..." {
		t.Errorf("filled %q, %v", got, err)
	}
}

func TestScriptsBeyondTheBoundsAreRefused(t *testing.T) {
	for name, script := range map[string]string{
		"long":   strings.Repeat("echo 1234567\n", maxScript/13+2),
		"nested": strings.Repeat("(", maxParens+1),
	} {
		if s := readText(t, script); s.Runnable() || len(s.Problems) != 1 || s.Problems[0].Code != "bash-syntax" {
			t.Errorf("%s: problems %v", name, s.Problems)
		}
	}
}

// FuzzReadScript checks what holds of any text: no panic, and every place that
// is named lies where it says.
func FuzzReadScript(f *testing.F) {
	for _, seed := range []string{
		"ls\n", "$ ls\nout\n", "cat <<A; cat <<B\n1\nA\n2\nB\n", "git checkout <x>\n# Expected: \"X {y}\"\n",
		"a=$(uuidgen); echo $a\n", "(cd x && terraform -chdir=y plan -out=z)\n", "echo \"`date` $((1+<n>))\"\n", "sk-... [your-x] {id} YOUR_KEY <<a b>>\r\n",
		"cat caf\xe9 <\xff> …\xe2 <<\xe9\n\xe9\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, script string) {
		s := readText(t, script)
		lines := strings.Count(script, "\n") + 2
		for i, c := range s.Commands {
			if !s.Transcript && !strings.Contains(script, "\r") && !strings.Contains(script, c.Text) {
				t.Errorf("command %d %q is not in the script", i, c.Text)
			}
			if c.Text == "" || c.Line < 2 || c.Line > lines {
				t.Errorf("command %d %q at line %d", i, c.Text, c.Line)
			}
		}
		for _, p := range s.Placeholders {
			c := s.Commands[p.Command]
			if p.Span.Start < 0 || p.Span.End > len(c.Text) || c.Text[p.Span.Start:p.Span.End] != p.Text {
				t.Errorf("placeholder %+v is not in %q", p, c.Text)
			}
		}
		for _, e := range s.Effects {
			if e.Command < 0 || e.Command >= len(s.Commands) {
				t.Errorf("effect %+v names no command", e)
			}
		}
		for _, e := range s.Expects {
			if e.Command < 0 || e.Command >= len(s.Commands) || e.Line < 2 || e.Line > lines {
				t.Errorf("expectation %+v has no place", e)
			}
			e.Judge(script, 0)
		}
	})
}
