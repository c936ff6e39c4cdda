package runbook

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/syntax"
)

// The shortcut for plain commands makes the parser's own tree, or none.
func TestPlainCommandsAreWhatTheParserReads(t *testing.T) {
	texts := []string{
		"echo 1", "echo 1\n", "a b c\nd -e --f=g\n\nls ./x/y.z\n", "git log --oneline", "cd infra/terraform\nterraform plan -out=a.b\n",
		"aws s3 ls s3://b/k --region us-east-1", "1 2 3", "- x", "a  b", " a", "a ", "A=1 b", "export A=b", "if x", "a; b", "a\\\nb", "# c", "a # c", "a\r\n", "in x", "@x y", "%1", "+x", "x=y", "\n\na\n\n", "", "time ls", "let x", "function f", "fi", "done",
	}
	pieces := []string{"a", "ls", "--x=y", "=", ".", "/", "if", "do", "export", " ", " ", " ", "\n", "\n", "-", "1", "@", "%", "+", ",", ":", "_", "é", "\t", "~", "in", "{", "!", "time"}
	r := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		var s strings.Builder
		for range 1 + r.IntN(12) {
			s.WriteString(pieces[r.IntN(len(pieces))])
		}
		texts = append(texts, s.String())
	}
	plain := 0
	for _, text := range texts {
		got, ok := parsePlain(text)
		if !ok {
			continue
		}
		plain++
		want, err := syntax.NewParser(syntax.Variant(syntax.LangBash), syntax.KeepComments(true)).Parse(strings.NewReader(text), "")
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: %v\n%+v\n%+v", text, err, got, want)
		}
	}
	if plain < 1000 {
		t.Errorf("only %d of the texts were plain", plain)
	}
}
