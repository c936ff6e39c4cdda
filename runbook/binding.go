package runbook

import "strings"

// A Binding says how a slot is completed: by which source or check, with which
// arguments, and how that was decided.
type Binding struct {
	Use    string            // name of a source or check; "ask" is a person
	Args   map[string]string // checked against the source's or check's Info
	Origin Origin
	Line   int    // in the sidecar, where it comes from there
	Why    string // one clause, for the plan
	// Given is a value or an answer that the operator supplied; nothing else is
	// asked then.
	Given *Given
	// Suggest holds bindings that are likely and not certain: shown, never applied.
	Suggest []Suggestion
}

// Origin says where a binding comes from. A later one outranks an earlier one.
type Origin uint8

// The origins of bindings.
const (
	Inferred Origin = iota
	FromSidecar
	FromOperator
)

// A Suggestion is a binding that a person could confirm.
type Suggestion struct {
	Use  string            `json:"use"`
	Args map[string]string `json:"args,omitempty"`
	Why  string            `json:"why"`
}

// A Given is what the operator supplied for a slot with --set or --answers.
type Given struct {
	Value   string  // for fields, placeholders and choices
	Verdict Verdict // for items
	By      string  // the person it is attributed to
	Note    string
	Source  string // "set" or "answers"
}

// match reports whether an ID fits a pattern, in which "*" stands for any run
// of characters, slashes included.
func match(pattern, id string) bool {
	head, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == id
	}
	id, ok := strings.CutPrefix(id, head)
	if !ok {
		return false
	}
	parts := strings.Split(rest, "*")
	last := parts[len(parts)-1]
	for _, part := range parts[:len(parts)-1] {
		i := strings.Index(id, part)
		if i < 0 {
			return false
		}
		id = id[i+len(part):]
	}
	return strings.HasSuffix(id, last)
}
