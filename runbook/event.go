package runbook

// A Failure is a failure inside a command that its exit status may not show.
type Failure struct {
	Line    int    `json:"line"`    // in the document
	Command string `json:"command"` // bash's own words for it
	Exit    int    `json:"exit"`
}
