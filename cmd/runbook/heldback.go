package main

import (
	"os"

	"runbook/runbook"
	"runbook/runbook/journal"
)

// heldBack is where outputs of the run lie that no stop has searched for
// secrets yet: the run was killed, or is under way. Empty: there are none, or
// not on this machine.
func (e *environment) heldBack(p place, s *runbook.State) string {
	if s == nil || s.Start == nil || s.Stopped != nil {
		return ""
	}
	path := e.privatePath(p, s.Start.Run)
	if path == "" {
		return ""
	}
	for _, dir := range []string{path + held, path} {
		if _, err := os.Stat(dir); err == nil {
			return dir
		}
	}
	return ""
}

// heldBackText is what to say of heldBack, after the place.
const heldBackText = "outputs that have not been searched for secrets yet; exec does it, or reset gives the run up and removes them"

// dropAll removes what the runs of a record have kept on this machine. All but
// the newest can never go on.
func (e *environment) dropAll(p place, runs string) error {
	ids, err := journal.List(runs)
	for _, id := range ids {
		if derr := e.dropPrivate(p, id); err == nil {
			err = derr
		}
	}
	return err
}
