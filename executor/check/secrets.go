package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"runbook/executor"
)

// shapes are those that are their own proof: nothing but the secret looks so.
func shapes() []executor.Shape {
	return slices.DeleteFunc(slices.Clone(executor.Shapes()), func(s executor.Shape) bool { return s.Find == "" })
}

// noSecrets searches what is tracked, binary files included: a repository's
// own attributes could declare any file binary.
func (g checkout) noSecrets(ctx context.Context, q executor.Query) (executor.Finding, error) {
	files, err := g.git(ctx, 0, "ls-files", "-z")
	if err != nil {
		return executor.Finding{}, err
	}
	count := bytes.Count(files.Stdout, []byte{0})
	if count == 0 {
		return executor.Finding{}, errors.New("git ls-files: no file is tracked")
	}
	args := []string{"grep", "--cached", "--full-name", "--text", "-z", "-n", "-E"}
	var names []string
	for _, s := range shapes() {
		args = append(args, "-e", s.Find)
		names = append(names, s.Name)
	}
	out, err := g.git(ctx, 1, args...)
	if err != nil {
		return executor.Finding{}, err
	}
	found, err := secretLines(out.Stdout, list(q.Args["ignore"]))
	if err != nil {
		return executor.Finding{}, err
	}
	if len(found) > 0 {
		return decided(q, false, "git grep --cached in %d tracked files: %s", count, some(found))
	}
	return decided(q, true, "git grep --cached in %d tracked files: no %s", count, strings.Join(names, ", no "))
}

// secretLines names the places that hold secrets, and never the secrets.
func secretLines(grep []byte, ignore []string) ([]string, error) {
	var found []string
	for len(grep) > 0 {
		name, rest, ok := bytes.Cut(grep, []byte{0})
		digits := len(rest) - len(bytes.TrimLeft(rest, "0123456789"))
		if !ok || digits == 0 || digits == len(rest) {
			return nil, errors.New("git grep: its answer cannot be read")
		}
		number, rest := rest[:digits], rest[digits+1:] // a NUL or, from other versions of git, a colon
		line, rest, _ := bytes.Cut(rest, []byte{'\n'})
		grep = rest
		if ignored(ignore, string(name)) {
			continue
		}
		for _, s := range shapes() {
			if s.In(line) {
				found = append(found, fmt.Sprintf("%s in %s, line %s", s.Name, quote(string(name)), number))
				break
			}
		}
	}
	return found, nil
}
