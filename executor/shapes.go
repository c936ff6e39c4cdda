package executor

import (
	"bytes"
	"regexp"
	"slices"
	"sync"

	"runbook/runbook"
)

// A Shape is what a kind of secret looks like.
type Shape struct {
	Name  string
	Find  string // a POSIX expression by which git finds lines; empty: too weak a sign to search files for
	exact *regexp.Regexp
	signs []string // texts of which a line must hold one, in lower case
	block bool     // it goes on until a line that ends it, as PEM does
}

// Shapes are the known ones. They come from what defines them:
//   - PEM labels: RFC 7468, sections 10 and 11; those of OpenSSH's own format,
//     openssh-portable PROTOCOL.key; OpenPGP armor, RFC 9580, section 6.2.1
//   - AWS: IAM User Guide, "IAM identifiers", unique ID prefixes, AKIA and ASIA;
//     their alphabet is that of base32. Its examples end in EXAMPLE.
//     The secret key is told by its name in the credentials file (AWS CLI User
//     Guide, "Configuration and credential file settings").
//   - GitHub: "About authentication to GitHub", token formats; GitLab: "Token
//     overview", prefixes; npm: "About access tokens"; Slack: "Token types";
//     Stripe: "API keys"; Google: API keys begin with AIza and have 39 characters
//   - JWT: RFC 7519, three parts of base64url, of which two are JSON
//   - a URL's password: RFC 3986, section 3.2.1
//
// They are compiled when something first needs them: most commands never do.
var Shapes = sync.OnceValue(func() []Shape {
	return []Shape{
		{"private key", `-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY( BLOCK)?-----`,
			regexp.MustCompile(`-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----`), []string{"private key"}, true},
		{"AWS access key ID", `(AKIA|ASIA)[A-Z2-7]{16}`,
			regexp.MustCompile(`(?:^|[^A-Za-z0-9])((?:AKIA|ASIA)[A-Z2-7]{16})(?:[^A-Za-z0-9]|$)`), []string{"akia", "asia"}, false},
		{"AWS secret access key", `[aA][wW][sS]_[sS][eE][cC][rR][eE][tT]_[aA][cC][cC][eE][sS][sS]_[kK][eE][yY]["']?[[:space:]]*[:=][[:space:]]*["']?[A-Za-z0-9/+]{40}`,
			regexp.MustCompile(`(?i:aws_secret_access_key|"?SecretAccessKey"?)["']?\s*[:=]\s*["']?([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)`), []string{"secret_access_key", "secretaccesskey"}, false},
		{"GitHub token", `(gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{82})`,
			regexp.MustCompile(`(?:^|[^A-Za-z0-9_])(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{82})(?:[^A-Za-z0-9_]|$)`), []string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"}, false},
		{"GitLab token", "", regexp.MustCompile(`(?:^|[^A-Za-z0-9_])(glpat-[A-Za-z0-9_-]{20,})`), []string{"glpat-"}, false},
		{"Slack token", "", regexp.MustCompile(`(?:^|[^A-Za-z0-9])(xox[abeoprs]-[A-Za-z0-9-]{20,}|xapp-[A-Za-z0-9-]{20,})`), []string{"xox", "xapp-"}, false},
		{"Stripe key", "", regexp.MustCompile(`(?:^|[^A-Za-z0-9_])((?:sk|rk)_live_[A-Za-z0-9]{16,})`), []string{"_live_"}, false},
		{"npm token", "", regexp.MustCompile(`(?:^|[^A-Za-z0-9_])(npm_[A-Za-z0-9]{36})(?:[^A-Za-z0-9]|$)`), []string{"npm_"}, false},
		{"Google API key", "", regexp.MustCompile(`(?:^|[^A-Za-z0-9_-])(AIza[A-Za-z0-9_-]{35})(?:[^A-Za-z0-9_-]|$)`), []string{"aiza"}, false},
		{"JSON web token", "", regexp.MustCompile(`(?:^|[^A-Za-z0-9_-])(eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,})`), []string{"eyj"}, false},
		{"URL with a password", "", regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^/\s:@"'\[]*:([^/\s@"'\[<$*{]{3,})@[A-Za-z0-9]`), []string{"://"}, false},
		{"password", "", regexp.MustCompile(`(?i)(?:^|[^A-Za-z0-9])(?:password|passwd|pwd|client_secret|api[_-]?key|secret[_-]?key|auth[_-]?token)["']?\s*[=:]\s*["']?([^\s"'<>(){}\[\]$*,;]{8,})`),
			[]string{"passw", "pwd", "client_secret", "key", "token"}, false},
	}
})

// In reports whether a line holds a secret of this shape, and not merely the
// example that AWS prints in its manuals.
func (s *Shape) In(line []byte) bool {
	for {
		at := s.exact.FindSubmatchIndex(line)
		if at == nil {
			return false
		}
		start, end := at[len(at)-2], at[len(at)-1]
		if found := line[start:end]; !bytes.HasSuffix(found, []byte("EXAMPLE")) && !bytes.HasSuffix(found, []byte("EXAMPLEKEY")) && !isOrdinary(string(found)) {
			return true
		}
		line = line[end:] // what ends this one may begin the next
	}
}

// Withhold takes out of a text the lines that hold what looks like a secret, and
// leaves in their place which shape it was, never what it was. Waived lines
// stay.
func Withhold(text []byte, waived []runbook.Waiver) []byte {
	hot := hotShapes(text)
	if len(hot) == 0 {
		return text
	}
	var out bytes.Buffer
	var block *Shape // under way
	for len(text) > 0 {
		line, rest, ended := bytes.Cut(text, []byte{'\n'})
		text = rest
		shape := block
		for i := 0; shape == nil && i < len(hot); i++ {
			if hot[i].In(line) && !lets(waived, hot[i].Name, line) {
				shape = hot[i]
			}
		}
		switch {
		case shape == nil:
			out.Write(line)
		case block == nil:
			out.WriteString("[withheld: looks like a " + shape.Name + "]")
		}
		if shape != nil && shape.block {
			if block = shape; bytes.Contains(line, []byte("-----END")) {
				block = nil
			}
		}
		if ended && (block == nil || shape == nil) {
			out.WriteByte('\n')
		}
	}
	if block != nil {
		out.WriteByte('\n')
	}
	return out.Bytes()
}

// hotShapes are those of which the text has a sign: mostly none.
func hotShapes(text []byte) []*Shape {
	lower := make([]byte, len(text))
	for i, c := range text {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		lower[i] = c
	}
	var hot []*Shape
	for i := range Shapes() {
		s := &Shapes()[i]
		for _, sign := range s.signs {
			if bytes.Contains(lower, []byte(sign)) {
				hot = append(hot, s)
				break
			}
		}
	}
	return hot
}

// lets reports whether a line may stay although it has that shape.
func lets(waived []runbook.Waiver, shape string, line []byte) bool {
	return slices.ContainsFunc(waived, func(w runbook.Waiver) bool {
		return w.Shape == shape && w.Lets(string(bytes.TrimSpace(line)))
	})
}

// ShapeNames lists the shapes, for messages and waivers, without compiling
// them.
func ShapeNames() []string {
	return []string{
		"private key", "AWS access key ID", "AWS secret access key", "GitHub token", "GitLab token", "Slack token",
		"Stripe key", "npm token", "Google API key", "JSON web token", "URL with a password", "password",
	}
}
