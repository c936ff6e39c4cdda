package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"runbook/executor"
)

// A shape is what a kind of secret looks like. Git finds the lines, by find (a
// POSIX expression); exact then says whether one holds it.
type shape struct {
	name  string
	find  string
	exact *regexp.Regexp
}

// shapes are those that are their own proof: nothing but the secret looks so.
// They come from what defines them:
//   - PEM labels: RFC 7468, sections 10 and 11; those of OpenSSH's own format,
//     openssh-portable PROTOCOL.key; OpenPGP armor, RFC 9580, section 6.2.1
//   - AWS: IAM User Guide, "IAM identifiers", unique ID prefixes, AKIA and ASIA;
//     their alphabet is that of base32. Its examples end in EXAMPLE.
//     The secret key is told by its name in the credentials file (AWS CLI User
//     Guide, "Configuration and credential file settings").
//   - GitHub: "About authentication to GitHub", token formats.
//
// They are compiled when a check first needs them: most runs never do.
var shapes = sync.OnceValue(func() []shape {
	return []shape{
		{"private key", `-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY( BLOCK)?-----`,
			regexp.MustCompile(`-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----`)},
		{"AWS access key ID", `(AKIA|ASIA)[A-Z2-7]{16}`,
			regexp.MustCompile(`(?:^|[^A-Za-z0-9])((?:AKIA|ASIA)[A-Z2-7]{16})(?:[^A-Za-z0-9]|$)`)},
		{"AWS secret access key", `[aA][wW][sS]_[sS][eE][cC][rR][eE][tT]_[aA][cC][cC][eE][sS][sS]_[kK][eE][yY]["']?[[:space:]]*[:=][[:space:]]*["']?[A-Za-z0-9/+]{40}`,
			regexp.MustCompile(`(?i:aws_secret_access_key)["']?\s*[:=]\s*["']?([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)`)},
		{"GitHub token", `(gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{82})`,
			regexp.MustCompile(`(?:^|[^A-Za-z0-9_])(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{82})(?:[^A-Za-z0-9_]|$)`)},
	}
})

// in reports whether a line holds a secret of this shape, and not merely the
// example that AWS prints in its manuals.
func (s shape) in(line []byte) bool {
	for {
		at := s.exact.FindSubmatchIndex(line)
		if at == nil {
			return false
		}
		start, end := at[len(at)-2], at[len(at)-1]
		if found := line[start:end]; !bytes.HasSuffix(found, []byte("EXAMPLE")) && !bytes.HasSuffix(found, []byte("EXAMPLEKEY")) {
			return true
		}
		line = line[end:] // what ends this one may begin the next
	}
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
		args = append(args, "-e", s.find)
		names = append(names, s.name)
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
			if s.in(line) {
				found = append(found, fmt.Sprintf("%s in %s, line %s", s.name, quote(string(name)), number))
				break
			}
		}
	}
	return found, nil
}
