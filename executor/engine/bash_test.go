package engine_test

import (
	"testing"
	"time"

	"runbook/executor"
	"runbook/executor/engine"
	"runbook/executor/executortest"
)

// quick ends deaf processes soon, so that the tests do not wait for them.
var quick = engine.BashOptions{TermAfter: 300 * time.Millisecond, KillAfter: 300 * time.Millisecond}

func TestBashConforms(t *testing.T) {
	executortest.TestEngine(t, func(t *testing.T) executor.Engine {
		b, err := engine.NewBash(quick)
		if err != nil {
			t.Fatal(err)
		}
		return b
	})
}
