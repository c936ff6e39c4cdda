package engine

import "time"

// Abandon lets the supervisor alone, as a runner does that is killed.
func (e *Supervised) Abandon() { e.disconnect() }

// Linger sets how long a step's processes may outlive its last command.
func (b *Bash) Linger(d time.Duration) { b.lingering = d }
