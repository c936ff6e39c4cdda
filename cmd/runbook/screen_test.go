package main

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"runbook/executor"
	"runbook/runbook"
)

// However a command's output is cut into pieces, the screen shows the same, and
// nothing of it drives the terminal.
func TestAScreenShowsTheSameWhereverTheOutputIsCut(t *testing.T) {
	for text, want := range map[string]string{
		"plain\n":                          "plain\n",
		"\x1b[31mred\x1b[0m and \x1b[2Jno": "red and ␛[2Jno",
		"50%\r100%\r\ndone":                "50%\n100%\ndone",
		"title \x1b]0;x\a":                 "title ␛]0;x␇",
		"clip \x1b]52;c;aGk=\x1b\\":        "clip ␛]52;c;aGk=␛\\",
		"link \x1b]8;;http://e\x1b\\x":     "link ␛]8;;http://e␛\\x",
		"bidi \u202e zero \u200b":          "bidi <U+202E> zero <U+200B>",
		"héllo ✅ \U0001F40E":               "héllo ✅ \U0001F40E",
		"bad \xff\xc3 utf \xe2\x82":        "bad \\xff\\xc3 utf \\xe2\\x82",
		"nul \x00 del \x7f c1 \u009b":      "nul ␀ del ␡ c1 <U+009B>",
		"\x1b[1;31":                        "␛[1;31",
	} {
		for cut := range len(text) + 1 {
			var out bytes.Buffer
			s := &screen{w: &out}
			for _, part := range []string{text[:cut], text[cut:]} {
				if _, err := io.WriteString(s, part); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if out.String() != want {
				t.Errorf("%q cut at %d shows %q, want %q", text, cut, out.String(), want)
			}
		}
		var out bytes.Buffer
		s := &screen{w: &out}
		for i := range len(text) {
			if _, err := io.WriteString(s, text[i:i+1]); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if out.String() != want {
			t.Errorf("%q byte by byte shows %q, want %q", text, out.String(), want)
		}
	}
}

// Standard error that is no terminal is a file that somebody keeps.
func TestLiveOutputIsMaskedAndWhatRevealsIsNotShownOutsideATerminal(t *testing.T) {
	mask := &executor.Mask{}
	mask.Learn(executor.Secret{Name: "TOKEN", Value: "correct-horse"})
	var out bytes.Buffer
	l, why := newLive(&out, mask, &runbook.Task{}, &runbook.Command{Text: "deploy"})
	if why != "" {
		t.Fatal(why)
	}
	for _, part := range []string{"with corr", "ect-ho", "rse and corr"} {
		if _, err := io.WriteString(l.to, part); err != nil {
			t.Fatal(err)
		}
	}
	if open := l.end(); !open || out.String() != "with [masked:TOKEN] and corr" {
		t.Errorf("%q, line open %v", out.String(), open)
	}
	for _, c := range []runbook.Command{{Text: "x", Sensitive: "it prints a nonce"}, {Text: "aws ssm get-parameter --name x"}, {Text: "terraform output x", Terraform: runbook.PrintsOutputs}} {
		if l, why := newLive(&out, mask, &runbook.Task{}, &c); l != nil || why == "" {
			t.Errorf("%q is shown", c.Text)
		}
	}
}

// A message, a result and a crash all go through the gate.
func TestNothingPassesTheGate(t *testing.T) {
	var out bytes.Buffer
	g := &gate{&out, &knownSecrets{vars: []string{"API_TOKEN=correct-horse", "DATABASE_URL=postgres://app:battery%2Dstaple@db/x", "USER=ada"}}}
	if _, err := io.WriteString(g, "runbook: x: correct-horse, Y29ycmVjdC1ob3JzZQ==, battery-staple\n"); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); strings.Contains(got, "correct") || strings.Contains(got, "Y29ycmVjdC1ob3Jz") || strings.Contains(got, "staple") {
		t.Errorf("%q", got)
	}
}

// A crashing writer crashes whoever writes.
type crashingWriter struct{ cause string }

func (w crashingWriter) Write([]byte) (int, error) { panic(w.cause) }

// The report of a crash passes the gate too, what was under way counts as
// unknown, and nothing in it drives the terminal.
func TestACrashShowsNoSecret(t *testing.T) {
	t.Setenv("API_TOKEN", "correct-horse")
	var out bytes.Buffer
	code := run(t.Context(), []string{"version"}, nil, crashingWriter{"lost correct-horse \x1b[2J"}, &out)
	said := out.String()
	if code != exitHeld || !strings.Contains(said, "internal error: lost [masked:API_TOKEN] ␛[2J") || !strings.Contains(said, "goroutine") || strings.Contains(said, "correct-horse") {
		t.Errorf("exit code %d: %s", code, said)
	}
}
