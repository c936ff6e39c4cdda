package runbook

import (
	"strings"
	"sync/atomic"
	"testing"
)

func TestACrashSideBySideReachesTheCaller(t *testing.T) {
	var done atomic.Int32
	defer func() {
		cause, _ := recover().(string)
		if !strings.HasPrefix(cause, "the third\n") || !strings.Contains(cause, "goroutine") || done.Load() != 4 {
			t.Errorf("%d of 4 others were done, and the crash is %q", done.Load(), cause)
		}
	}()
	SideBySide(5, func(i int) {
		if i == 2 {
			panic("the third")
		}
		done.Add(1)
	})
}
