package runbook

import (
	"fmt"
	"runtime/debug"
	"sync"
)

// SideBySide does n pieces of work at once and waits for all. What crashes in
// one of them crashes here: in a goroutine of its own it would end the program,
// and print what it holds past every mask.
func SideBySide(n int, work func(i int)) {
	crashes := make([]string, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			defer func() {
				if cause := recover(); cause != nil {
					crashes[i] = fmt.Sprintf("%v\n%s", cause, debug.Stack())
				}
			}()
			work(i)
		})
	}
	wg.Wait()
	for _, crash := range crashes {
		if crash != "" {
			panic(crash)
		}
	}
}
