package main

import (
	"errors"
	"os"
	"time"

	"runbook/runbook/journal"
)

// locked does something under the lock of a record's runs, so that no run
// writes meanwhile. who says to others what has the lock; the hint is for whom
// it is refused.
func locked(runs, who, hint string, do func() error) error {
	lock, err := journal.Acquire(runs, journal.Holder{User: who, PID: os.Getpid(), Since: time.Now().UTC()})
	var held *journal.HeldError
	if errors.As(err, &held) {
		return &exitError{exitHeld, err, hint}
	}
	if err != nil {
		return &exitError{exitRecording, err, ""}
	}
	return errors.Join(do(), lock.Close())
}
