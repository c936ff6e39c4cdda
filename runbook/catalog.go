package runbook

// Info describes an engine, a source or a check to the catalog and to plans.
type Info struct {
	Name    string            // what a binding's `use:` says
	Summary string            // one line
	Args    map[string]string // argument name to what it means
}
