package runbook

import (
	"fmt"
	"slices"
	"strings"
)

// Rules say how the texts of items are recognised, and which checks would
// decide them. A rule proposes; it never binds.
type Rules struct {
	people         []phrase      // what only a person knows, whatever the rules say
	asked, unasked []ruleExample // examples of that, and counter-examples
	list           []*itemRule
	byID           map[string]int
	facts          map[string][]factSource
	byWord         map[string][]int // word to the rules one of whose phrases starts with it
	rest           []int            // the rules that the word alone does not find
}

// An itemRule recognises items and proposes checks that together decide them.
type itemRule struct {
	id       string
	item     []phrase // one of them is in the item's text
	and      []phrase // and, if there are any, one of these
	none     []phrase // none of these is
	section  []phrase // one of these is in a heading above, if there are any
	outside  []phrase // none of these is
	find     map[string]*finder
	propose  []proposal
	weaker   string // why the check says less than the item
	instead  string // the rule in whose place it is asked, where that one lacks an argument
	examples []ruleExample
	counter  []ruleExample
	line     int
	pack     string
}

// A ruleExample is an item that a rule is for, or is not for, and the heading
// that it stands below.
type ruleExample struct{ item, section string }

// A proposal is one check with its arguments, "{name}" standing for what is found.
type proposal struct {
	use   string
	args  map[string]string
	added map[string]string // those of the pack, left out where they are not known
}

// A finder says where a value comes from.
type finder struct {
	from     []string // kinds of facts, the best first
	all      bool     // all values, not one
	about    []phrase // only facts that say this
	aboutHim bool     // only facts that say what the item says
	asIs     bool     // whatever environment the item speaks of
	own      bool     // only from the item's own text
	before   bool     // only from what stands above the item, or in its section
	optional bool     // what needs it is left out without it
	guess    string   // for want of a fact
	without  string   // the doubt there is where an optional value is not known
}

// A factSource says where a kind of fact stands: in a command, a variable or
// the prose of the document, among the sidecar's pins, or in terraform's state.
type factSource struct {
	kind     string
	of       []string // the program and its subcommand
	take     string   // of a command, or the attribute of a resource
	operand  int
	path     bool     // a path, told from the command's directory
	variable string   // a variable that a step sets
	shape    string   // the look of a word in the prose, or of an output's value
	pin      string   // a pin of the sidecar
	resource string   // a type of resource in terraform's state
	outputs  []phrase // what the names of outputs in terraform's state say
}

// NewRules returns rules that know nothing yet.
func NewRules() *Rules {
	return &Rules{byID: map[string]int{}, facts: map[string][]factSource{}, byWord: map[string][]int{}}
}

// Check reports what a pack's rules ask for that is not there: facts, rules to
// stand in for, checks and their arguments. It is for when all packs are read.
func (r *Rules) Check(pack string, c Catalog) []Problem {
	var problems []Problem
	for _, rule := range r.list {
		if rule == nil || rule.pack != pack {
			continue
		}
		for _, fault := range r.faults(rule, c) {
			problems = append(problems, Problem{Severity: Error,
				Message: fmt.Sprintf("%s:%d: %s: %s", rule.pack, rule.line, rule.id, fault)})
		}
	}
	return problems
}

func (r *Rules) faults(rule *itemRule, c Catalog) []string {
	var faults []string
	for _, name := range sortedKeys(rule.find) {
		for _, kind := range rule.find[name].from {
			if r.facts[kind] == nil && !slices.Contains(ownKinds, kind) {
				faults = append(faults, fmt.Sprintf("%s: there is no fact %q", name, kind))
			}
		}
	}
	if _, ok := r.byID[rule.instead]; rule.instead != "" && !ok {
		faults = append(faults, fmt.Sprintf("instead: there is no rule %q", rule.instead))
	}
	for _, pr := range rule.propose {
		faults = append(faults, checkBinding(c.Checks, "check", &Binding{Use: pr.use, Args: pr.args})...)
		for _, arg := range sortedKeys(pr.added) {
			if kind := pr.added[arg]; r.facts[kind] == nil {
				faults = append(faults, fmt.Sprintf("add: there is no fact %q", kind))
			}
		}
	}
	return faults
}

// index notes by which words the rule can be found.
func (r *Rules) index(i int, rule *itemRule) {
	for _, p := range rule.item {
		for _, a := range p[0] {
			if strings.HasSuffix(a[0], "*") {
				r.rest = append(r.rest, i)
				continue
			}
			r.byWord[a[0]] = append(r.byWord[a[0]], i)
		}
	}
}

// near lists the rules that words could be for, in the order of the packs.
func (r *Rules) near(ws []string) []int {
	found := slices.Clone(r.rest)
	for _, w := range ws {
		found = append(found, r.byWord[w]...)
		if stem, ok := strings.CutSuffix(w, "s"); ok {
			found = append(found, r.byWord[stem]...)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}
