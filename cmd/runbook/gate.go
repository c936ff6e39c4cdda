package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"runbook/executor"
	"runbook/runbook"
)

// A gate is the only way out for what the program says: standard output and
// standard error, messages, JSON and crash reports alike. What is known to be
// secret does not pass.
type gate struct {
	w     io.Writer
	known *knownSecrets
}

// Write implements io.Writer. Each call is a text of its own: what may be cut
// in the middle of a secret comes through a Stream first.
func (g *gate) Write(p []byte) (int, error) {
	if _, err := g.w.Write(g.known.mask().Apply(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// say tells something on standard error. Nothing in it drives the terminal or
// looks like a secret, a file's name and another program's words included.
func (e *environment) say(format string, args ...any) {
	_, _ = e.stderr.Write(harmless(fmt.Sprintf(format, args...))) // there is nobody left to tell
}

// harmless is a text of the program's own as it may be shown.
func harmless(text string) []byte {
	return executor.Withhold([]byte(runbook.Visible(text)), nil)
}

// behind returns the writer behind a gate: for what the operator's terminal may
// show, and for programs that need the file itself.
func behind(w io.Writer) io.Writer {
	if g, ok := w.(*gate); ok {
		return g.w
	}
	return w
}

// terminal returns the file behind v if it is a terminal.
func terminal(v any) (*os.File, bool) {
	if w, ok := v.(io.Writer); ok {
		v = behind(w)
	}
	f, ok := v.(*os.File)
	return f, ok && isTerminal(f)
}

// knownSecrets are what the gates keep back: at first what the environment's
// names tell, in a run what the run knows.
type knownSecrets struct {
	mu   sync.Mutex
	vars []string
	now  *executor.Mask
}

func (k *knownSecrets) mask() *executor.Mask {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.now == nil {
		k.now = environmentMask(k.vars)
	}
	return k.now
}

// become takes over the mask of a run.
func (k *knownSecrets) become(m *executor.Mask) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.now = m
}

// operatorNames are the words of an environment that name the operator and the
// machine: never secret.
func operatorNames(env []string) []string {
	var names []string
	for _, pair := range env {
		switch k, v, _ := strings.Cut(pair, "="); k {
		case "USER", "LOGNAME", "USERNAME", "HOSTNAME", "GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME":
			names = append(names, v)
		}
	}
	return names
}
