package check

import (
	"errors"
	"fmt"
	"time"

	"runbook/executor"
)

// awsSinceArg explains the argument since.
const awsSinceArg = `"run", since the run began, or a duration before now, as in 1h`

// window reads the argument since: how long ago, or zero for the run's own
// beginning, which is also what is meant where otherwise is empty.
func window(arg, otherwise string) (time.Duration, error) {
	if arg == "" {
		arg = otherwise
	}
	if arg == "run" {
		return 0, nil
	}
	ago, err := time.ParseDuration(arg)
	if err != nil || ago < time.Second {
		return 0, fmt.Errorf(`since: %s is neither "run" nor a duration such as 1h`, quote(arg))
	}
	return ago, nil
}

// opened is when a window before the question begins.
func opened(q executor.Query, ago time.Duration) (time.Time, error) {
	switch began := q.State.Began; {
	case ago > 0:
		return q.Now.Add(-ago), nil
	case began.IsZero():
		return began, errors.New("since: the run has not begun")
	case q.Now.Sub(began) < time.Second:
		return began, errors.New("since: the run began less than a second ago")
	default:
		return began, nil
	}
}

// instant is a time in evidence, in UTC.
func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }
