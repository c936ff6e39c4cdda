package runbook

import (
	"slices"
	"strings"
	"time"
)

// A Binding says how a slot is completed: by which source or check, with which
// arguments, and how that was decided.
type Binding struct {
	Use    string            // name of a source or check; "ask" is a person, All is Of
	Args   map[string]string // checked against the source's or check's Info
	Of     []Binding         // with All: the checks that settle the item together
	Origin Origin
	Line   int      // in the sidecar, where it comes from there
	listed []string // the arguments that the sidecar gives as lists
	Why    string   // one clause, for the plan
	// Limit bounds one question, Attempts counts how often it is put where it
	// could not be put; both 0 for a person.
	Limit    time.Duration
	Attempts int
	// Runs are the scripts that its command executes, absolute; Changes reports
	// that the command may change files.
	Runs    []string
	Changes bool
	// Given is a value or an answer that the operator supplied; nothing else is
	// asked then.
	Given *Given
	// Suggest holds bindings that are likely and not certain: shown, never applied.
	Suggest []Suggestion
}

// All is the Use of a binding of several checks: an item passes if each of
// them passes.
const All = "all"

// Parts lists what is asked for the binding: itself, or each of its checks.
func (b *Binding) Parts() []*Binding {
	if len(b.Of) == 0 {
		return []*Binding{b}
	}
	parts := make([]*Binding, len(b.Of))
	for i := range b.Of {
		parts[i] = &b.Of[i]
	}
	return parts
}

// Machine reports whether a source or a check other than a person is asked.
func (b *Binding) Machine() bool {
	return b.Given == nil && slices.ContainsFunc(b.Parts(), func(p *Binding) bool { return p.Use != "ask" })
}

// Asks reports whether a person is asked, alone or beside checks.
func (b *Binding) Asks() bool {
	return slices.ContainsFunc(b.Parts(), func(p *Binding) bool { return p.Use == "ask" })
}

// Attested reports whether what the operator supplied is the word of the
// person that the binding asks for beside checks: those are asked as well.
func (b *Binding) Attested() bool { return b.Given != nil && len(b.Of) > 0 && b.Asks() }

// Origin says where a binding comes from. A later one outranks an earlier one.
type Origin uint8

// The origins of bindings.
const (
	Inferred Origin = iota
	FromComment
	FromSidecar
	FromOperator
)

// A Suggestion is a binding that a person could confirm.
type Suggestion struct {
	Use  string            `json:"use"`
	Args map[string]string `json:"args,omitempty"`
	Of   []CheckCall       `json:"of,omitempty"` // with All: the checks that would settle the item together
	Why  string            `json:"why"`
	Rule string            `json:"rule,omitempty"` // the rule that proposes it
	// Missing are the arguments that the text does not tell.
	Missing []string `json:"missing,omitempty"`
	// Certain reports that nothing is missing and each argument is the only one
	// that fits.
	Certain bool `json:"certain,omitempty"`
	// doubtful reports that more is uncertain than what is missing.
	doubtful bool
}

// A CheckCall is a check with its arguments.
type CheckCall struct {
	Use  string            `json:"use"`
	Args map[string]string `json:"args"`
}

// Calls lists what is suggested: one check, or several together.
func (s *Suggestion) Calls() []CheckCall {
	if len(s.Of) > 0 {
		return s.Of
	}
	return []CheckCall{{s.Use, s.Args}}
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
