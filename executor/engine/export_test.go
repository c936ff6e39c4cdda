package engine

// Abandon lets the supervisor alone, as a runner does that is killed.
func (e *Supervised) Abandon() { e.disconnect() }
