package seal

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// Allowed says whose keys are believed: an allowed_signers file, as described
// in ssh-keygen(1). It comes from outside the record.
type Allowed struct {
	name  string
	lines []allowedLine
}

type allowedLine struct {
	number        int
	principals    string // a list of patterns
	authority     bool   // the key certifies others
	namespaces    string // a list of patterns; empty: all
	after, before time.Time
	key           ssh.PublicKey
}

// ParseAllowed reads an allowed_signers file; name is for messages. A line that
// cannot be read makes the whole file unusable: what it would have said about a
// key is not known.
func ParseAllowed(name string, src []byte) (*Allowed, error) {
	a := &Allowed{name: name}
	var errs []error
	n := 0
	for line := range bytes.Lines(src) {
		n++
		text := strings.TrimSpace(string(line))
		if text == "" || text[0] == '#' {
			continue
		}
		l, err := parseAllowedLine(text)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: %w", name, n, err))
			continue
		}
		l.number = n
		a.lines = append(a.lines, *l)
	}
	return a, errors.Join(errs...)
}

func parseAllowedLine(text string) (*allowedLine, error) {
	principals, rest, err := firstWord(text)
	if err != nil {
		return nil, err
	}
	// What follows the principals is written as in authorized_keys.
	key, _, options, more, err := ssh.ParseAuthorizedKey([]byte(rest))
	if err != nil || len(bytes.TrimSpace(more)) > 0 {
		return nil, errors.New("it is not principals, options, key type and key")
	}
	l := &allowedLine{principals: principals, key: key}
	for _, o := range options {
		name, value, _ := strings.Cut(o, "=")
		value = strings.Trim(value, `"`)
		switch strings.ToLower(name) {
		case "cert-authority":
			l.authority = true
		case "namespaces":
			l.namespaces = value
		case "valid-after":
			l.after, err = parseValidity(value)
		case "valid-before":
			l.before, err = parseValidity(value)
		default:
			err = fmt.Errorf("unknown option %q", name)
		}
		if err != nil {
			return nil, err
		}
	}
	return l, nil
}

// firstWord cuts the principals off; they may stand in quotes.
func firstWord(text string) (word, rest string, err error) {
	if quoted, ok := strings.CutPrefix(text, `"`); ok {
		word, rest, ok = strings.Cut(quoted, `"`)
		if !ok || word == "" {
			return "", "", errors.New("the principals' quotes are not closed")
		}
		return word, strings.TrimSpace(rest), nil
	}
	i := strings.IndexAny(text, " \t")
	if i < 0 {
		return "", "", errors.New("there is nothing behind the principals")
	}
	return text[:i], strings.TrimSpace(text[i:]), nil
}

// parseValidity reads YYYYMMDD[HHMM[SS]][Z]; without Z it is local time.
func parseValidity(s string) (time.Time, error) {
	where := time.Local
	digits, utc := strings.CutSuffix(s, "Z")
	if utc {
		where = time.UTC
	}
	for _, layout := range []string{"20060102", "200601021504", "20060102150405"} {
		if at, err := time.ParseInLocation(layout, digits, where); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time as in 20261231Z", s)
}

// check returns nil if the key stood for the identity, for records, at that
// time. The error says why not, by the line that came closest.
func (a *Allowed) check(key ssh.PublicKey, identity string, at time.Time) error {
	why := fmt.Errorf("the key %s is not among the allowed signers of %s", ssh.FingerprintSHA256(key), a.name)
	for i := range a.lines {
		l := &a.lines[i]
		if !l.speaksFor(key) {
			continue
		}
		err := l.check(key, identity, at)
		if err == nil {
			return nil
		}
		why = fmt.Errorf("%s:%d: %w", a.name, l.number, err)
	}
	return why
}

// speaksFor reports whether the line is about the key.
func (l *allowedLine) speaksFor(key ssh.PublicKey) bool {
	cert, ok := key.(*ssh.Certificate)
	if ok && l.authority {
		return bytes.Equal(cert.SignatureKey.Marshal(), l.key.Marshal())
	}
	return !l.authority && bytes.Equal(key.Marshal(), l.key.Marshal())
}

func (l *allowedLine) check(key ssh.PublicKey, identity string, at time.Time) error {
	switch {
	case !matchList(identity, l.principals):
		return fmt.Errorf("the key stands for %s, not for %s", l.principals, identity)
	case l.namespaces != "" && !matchList(Namespace, l.namespaces):
		return fmt.Errorf("the key is for the namespaces %s, not for %s", l.namespaces, Namespace)
	case !l.after.IsZero() && at.Before(l.after):
		return fmt.Errorf("the key is valid from %s, and signed at %s", stamp(l.after), stamp(at))
	case !l.before.IsZero() && !at.Before(l.before):
		return fmt.Errorf("the key was valid until %s, and signed at %s", stamp(l.before), stamp(at))
	}
	cert, ok := key.(*ssh.Certificate)
	if !ok {
		return nil
	}
	if cert.CertType != ssh.UserCert || !slices.Contains(cert.ValidPrincipals, identity) {
		return fmt.Errorf("the certificate is not one of the user %s", identity)
	}
	checker := &ssh.CertChecker{Clock: func() time.Time { return at }}
	return checker.CheckCert(identity, cert)
}

// Identity is the one identity that the key stands for, if the file names
// exactly one and it is no pattern.
func (a *Allowed) Identity(key ssh.PublicKey) (string, bool) {
	var found []string
	for i := range a.lines {
		if l := &a.lines[i]; l.speaksFor(key) && !slices.Contains(found, l.principals) {
			found = append(found, l.principals)
		}
	}
	if len(found) != 1 || strings.ContainsAny(found[0], "*?!,") {
		return "", false
	}
	return found[0], true
}

// matchList matches text against a list of patterns, as ssh does: one that
// begins with ! and matches rules the text out.
func matchList(text, list string) bool {
	matched := false
	for pattern := range strings.SplitSeq(list, ",") {
		not, negated := strings.CutPrefix(pattern, "!")
		switch {
		case negated && glob(not, text):
			return false
		case !negated && glob(pattern, text):
			matched = true
		}
	}
	return matched
}

// glob matches * and ?, in time linear in each star's rest.
func glob(pattern, text string) bool {
	star, mark, p, t := -1, 0, 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
