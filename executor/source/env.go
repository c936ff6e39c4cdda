package source

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"runbook/executor"
	"runbook/runbook"
)

// Env gives the value of an environment variable, as the steps see it: what
// they have exported counts.
type Env struct{}

// Info implements executor.Source.
func (Env) Info() runbook.Info {
	return runbook.Info{
		Name:    "env",
		Summary: "the value of an environment variable as the steps see it; never of one whose name, or value, looks secret",
		Args:    map[string]string{"name": "the variable's name"},
		Require: []string{"name"},
	}
}

// The words of a variable's name that say that its value is secret, and those
// that say so inside of words as well. PWD alone is a directory.
var (
	secretWords = []string{"AUTH", "COOKIE", "DSN", "KEY", "KEYS", "NONCE", "PASS", "PAT", "PIN", "PRIVATE", "PWD", "SALT", "SIGNATURE"}
	secretParts = []string{"APIKEY", "CREDENTIAL", "PASSPHRASE", "PASSWD", "PASSWORD", "SECRET", "TOKEN"}
)

// Validate implements executor.Validator.
func (Env) Validate(args map[string]string) error {
	switch name := args["name"]; {
	case name == "":
		return errors.New("no variable is named")
	case looksSecret(name):
		return fmt.Errorf("%s: the name says that it is secret, and it is not recorded", name)
	}
	return nil
}

// Value implements executor.Source.
func (e Env) Value(_ context.Context, q executor.Query) (executor.Value, error) {
	if err := e.Validate(q.Args); err != nil {
		return executor.Value{}, err
	}
	name := q.Args["name"]
	value, set := "", false
	for _, pair := range q.Env {
		if k, v, _ := strings.Cut(pair, "="); k == name {
			value, set = v, true
		}
	}
	switch {
	case !set:
		return executor.Value{}, fmt.Errorf("%s is not set", name)
	case strings.TrimSpace(value) == "":
		return executor.Value{}, fmt.Errorf("%s is empty", name)
	case holdsPassword(value):
		return executor.Value{}, errors.New(name + ": the value is an address with a password, and it is not recorded")
	}
	return executor.Value{Text: value, Detail: "variable " + name}, nil
}

func looksSecret(name string) bool {
	upper := strings.ToUpper(name)
	for _, part := range secretParts {
		if strings.Contains(upper, part) {
			return true
		}
	}
	words := strings.Split(upper, "_")
	return len(words) > 1 && slices.ContainsFunc(words, func(w string) bool { return slices.Contains(secretWords, w) })
}

// holdsPassword reports an address such as postgres://user:password@host.
func holdsPassword(value string) bool {
	u, err := url.Parse(value)
	if err != nil {
		return strings.Contains(value, "://") && strings.Contains(value, "@")
	}
	_, has := u.User.Password()
	return has
}
