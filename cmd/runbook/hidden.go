package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// readHidden asks for a line at a terminal that does not show what is typed.
// The terminal stops showing before the question is seen, so that not even a
// fast answer is echoed. Ctrl-C and Ctrl-D are io.EOF.
func readHidden(tty *os.File, out io.Writer, prompt string) (string, error) {
	state, err := term.MakeRaw(int(tty.Fd()))
	if err != nil {
		return "", err
	}
	defer func() { _ = term.Restore(int(tty.Fd()), state) }() // nothing else can be done about it
	return term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{keys{tty}, out}, "").ReadPassword(prompt)
}

// keys reads one byte at a time, so that what is typed ahead is left for the
// next question, and takes either line end for Enter.
type keys struct{ tty *os.File }

func (k keys) Read(p []byte) (int, error) {
	n, err := k.tty.Read(p[:min(1, len(p))])
	if n == 1 && p[0] == '\n' {
		p[0] = '\r'
	}
	return n, err
}
