package check

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"runbook/executor"
	"runbook/runbook"
)

// decided is what a check returns once it has an answer. The evidence names
// the request and what was judged; the time of the question is added.
func decided(q executor.Query, pass bool, format string, args ...any) (executor.Finding, error) {
	f := executor.Finding{Verdict: runbook.Fail}
	if pass {
		f.Verdict = runbook.Pass
	}
	line := strings.Join(strings.Fields(runbook.Visible(fmt.Sprintf(format, args...))), " ")
	f.Evidence = line + "; " + q.Now.UTC().Format(time.RFC3339)
	return f, nil
}

// quote shows text of the world in evidence: on one line, and not much of it.
func quote(s string) string {
	const most = 100
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

// some names the first few of a list and how many more there are.
func some(list []string) string {
	const most = 5
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}

// list reads an argument that holds several values, separated by commas.
func list(arg string) []string {
	var values []string
	for v := range strings.SplitSeq(arg, ",") {
		if v = strings.TrimSpace(v); v != "" {
			values = append(values, v)
		}
	}
	return values
}

// wild reports whether s fits a pattern in which "*" stands for any run of
// characters.
func wild(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	s, ok := strings.CutPrefix(s, parts[0])
	if len(parts) == 1 || !ok {
		return ok && s == ""
	}
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return strings.HasSuffix(s, parts[len(parts)-1])
}

// below is a directory that an argument names, absolute; it lies below root.
func below(root, dir string) (string, error) {
	if dir == "" {
		return root, nil
	}
	local := filepath.FromSlash(dir)
	if !filepath.IsLocal(local) {
		return "", fmt.Errorf("%s is not below the root", quote(dir))
	}
	return filepath.Join(root, local), nil
}
