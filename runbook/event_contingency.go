package runbook

// ContingencyDeclared puts a contingency in force: from here on its steps and
// items count, and those of the main path that are left do not run any more.
type ContingencyDeclared struct {
	Contingency ID     `json:"contingency"` // of the section
	By          string `json:"by"`          // who decided
	Reason      string `json:"reason"`
}

// EventType implements Event.
func (*ContingencyDeclared) EventType() string { return "contingency.declared" }
