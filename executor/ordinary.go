package executor

import (
	"net"
	"path"
	"regexp"
	"strings"
	"sync"
)

// isOrdinary reports a text that a record could not do without, whatever
// variable holds it: what says where something is, and common words.
func isOrdinary(text string) bool { return saysWhere(text) || ordinaryWords[strings.ToLower(text)] }

// saysWhere reports a text that is no secret by its form: an account ID, an
// ARN, a region, an address, a path.
func saysWhere(text string) bool {
	switch {
	case strings.HasPrefix(text, "arn:aws"), isPath(text), net.ParseIP(text) != nil:
		return true
	case len(text) == 12 && strings.Trim(text, "0123456789") == "":
		return true // an AWS account
	}
	return len(text) < 24 && region().MatchString(text)
}

// region is what AWS and Google call theirs: us-east-1, us-east-1a, europe-west3.
var region = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[a-z]{2,}(-[a-z]+){1,3}-?[0-9]{1,2}[a-z]?$`)
})

// ordinaryWords are long enough to be masked, and must not be.
var ordinaryWords = map[string]bool{
	"production": true, "development": true, "staging": true, "preproduction": true, "pre-production": true, "nonproduction": true, "non-production": true,
	"disabled": true, "undefined": true, "required": true, "optional": true, "automatic": true, "internal": true, "external": true,
	"password": true, "username": true, "changeme": true, "anonymous": true, "administrator": true, "unlimited": true, "localhost": true,
	"terraform": true, "kubernetes": true, "postgres": true, "postgresql": true, "cloudformation": true, "github_actions": true, "github-actions": true,
	"interactive": true, "continue": true, "complete": true, "completed": true, "successful": true, "succeeded": true, "received": true, "available": true, "unavailable": true, "not-applicable": true,
	"redacted": true, "[redacted]": true, "(sensitive value)": true, "(sensitive)": true, "<sensitive>": true, "(known after apply)": true, "osxkeychain": true, "manager-core": true,
}

// isPath reports text that says where something is kept. That it begins with a
// slash is not enough: so does one AWS secret key in sixty-four.
func isPath(text string) bool {
	if strings.ContainsAny(text, "\n\"'`") {
		return false
	}
	if strings.HasPrefix(text, "~/") || strings.HasPrefix(text, "./") || strings.HasPrefix(text, "../") {
		return true
	}
	below, absolute := strings.CutPrefix(text, "/")
	if !absolute {
		return false
	}
	first, rest, _ := strings.Cut(below, "/")
	return roots[first] && rest != "" || path.Ext(text) != "" && !strings.ContainsAny(text, "+=")
}

// roots are the directories in which paths begin.
var roots = map[string]bool{
	"app": true, "bin": true, "boot": true, "build": true, "builds": true, "code": true, "data": true, "dev": true, "etc": true, "github": true, "home": true,
	"host": true, "lib": true, "Library": true, "mnt": true, "nix": true, "opt": true, "private": true, "proc": true, "root": true, "run": true, "sbin": true,
	"secrets": true, "snap": true, "src": true, "srv": true, "sys": true, "tmp": true, "usr": true, "Users": true, "var": true, "vault": true, "Volumes": true,
	"workdir": true, "work": true, "workspace": true, "workspaces": true,
}
