package main

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"runbook/executor"
	"runbook/executor/engine"
	"runbook/runbook"
	"runbook/runbook/journal"
)

// stepEnvironment is the operator's environment, as far as steps inherit it, with
// the sidecar's additions.
func stepEnvironment(e *environment, plan *runbook.Plan) []string {
	env, _ := engine.Inherited(e.vars)
	for _, k := range sortedKeys(plan.Env) {
		env = append(env, k+"="+plan.Env[k])
	}
	return env
}

// environmentMask knows the secrets that the environment's names give away,
// and the passwords in its URLs.
func environmentMask(env []string, ordinary ...string) *executor.Mask {
	mask := &executor.Mask{}
	mask.Ordinary(ordinary...)
	mask.Ordinary(operatorNames(env)...)
	for _, pair := range env {
		name, value, _ := strings.Cut(pair, "=")
		if executor.SecretName(name) {
			mask.Learn(executor.Secret{Name: name, Value: value})
		}
		if !strings.Contains(value, "://") {
			continue
		}
		if u, err := url.Parse(value); err == nil && u.User != nil {
			if password, ok := u.User.Password(); ok {
				mask.Learn(executor.Secret{Name: name, Value: password})
			}
		}
	}
	return mask
}

// private makes the directory for what must stay on this machine and enter no
// commit: in the account's state directory, or the git directory where there is
// no home.
func (r *runner) private() (string, error) {
	dir := r.privatePath()
	if dir == "" {
		return "", usagef("set HOME or XDG_STATE_HOME", "there is no directory for the run's private state")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", &exitError{exitRecording, err, "set XDG_STATE_HOME to a directory that can be written"}
	}
	if err := journal.CheckWritable(filepath.Join(dir, "state")); err != nil {
		return "", &exitError{exitRecording, err, "nothing was run; set XDG_STATE_HOME to a directory that can be written"}
	}
	return dir, nil
}

// privatePath is where private makes the directory; empty: nowhere.
func (r *runner) privatePath() string { return r.env.privatePath(r.session.place, r.session.id) }

func (e *environment) privatePath(p place, run string) string {
	base := e.stateDir(p)
	if base == "" {
		return ""
	}
	return filepath.Join(base, "runbook", run)
}

// stateDir is the account's directory for what programs keep; empty: none.
func (e *environment) stateDir(p place) string {
	base := e.get("XDG_STATE_HOME")
	if home := e.get("HOME"); base == "" && home != "" {
		base = filepath.Join(home, ".local", "state")
	}
	if base == "" && p.git {
		base = filepath.Join(p.root, ".git")
	}
	return base
}

// dropPrivate removes what a run that is given up has kept on this machine.
func (e *environment) dropPrivate(p place, run string) error {
	path := e.privatePath(p, run)
	if path == "" {
		return nil
	}
	return errors.Join(os.RemoveAll(path), journal.NewQuarantine(path+held).Destroy())
}

// held ends the name of the directory in which outputs lie until the run stops:
// beside the run's private state, which is the engine's alone.
const held = ".held"

// shellLost reports whether steps are left that would run without what the
// steps before them have set.
func (r *runner) shellLost() bool {
	s := r.session
	if r.declared == nil && len(r.plan.Left(s.state)) == 0 {
		return false
	}
	kept, midway := s.state.Shell()
	if kept {
		return !executor.HasState(r.privatePath())
	}
	_, err := os.Stat(r.privatePath())
	return midway && err != nil
}
