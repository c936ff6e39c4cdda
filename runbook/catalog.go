package runbook

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Info describes an engine, a source or a check to the catalog and to plans.
type Info struct {
	Name    string            `json:"name"` // what a binding's `use:` says
	Summary string            `json:"summary"`
	Args    map[string]string `json:"args,omitempty"`    // argument name to what it means
	Require []string          `json:"require,omitempty"` // the arguments that must be given
	Lists   []string          `json:"lists,omitempty"`   // the arguments that take several values, separated by commas
	// Steps are the arguments that hold the ID of a step; "run" is none.
	Steps []string `json:"-"`
	// Limit is how long one question may take where the binding's timeout does
	// not say; 0 is DefaultLimit.
	Limit time.Duration `json:"-"`
	// Retry says that a question which could not be put is put again.
	Retry bool `json:"retry,omitempty"`
	// Configured says that the argument dir is a directory of terraform
	// configuration: where it is not given, the plan finds it if it can.
	Configured bool `json:"-"`
}

// DefaultLimit bounds a question to a source or a check, its repetitions
// included.
const DefaultLimit = 20 * time.Second

// Attempts is how often a question is put that could not be put at first, the
// first time included.
const Attempts = 3

// limit is how long a question of the binding may take.
func (in *Info) limit(b *Binding) (time.Duration, error) {
	text, given := b.Args["timeout"]
	if !given {
		return cmp.Or(in.Limit, DefaultLimit), nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("timeout %q is not a duration such as 30s", text)
	}
	return d, nil
}

// bound sets how long the binding's questions may take and how often they are
// put. A person has as long as it takes.
func (b *Binding) bound(infos []Info) {
	for _, p := range b.Parts() {
		i := slices.IndexFunc(infos, func(in Info) bool { return in.Name == p.Use })
		if p.Use == "ask" || i < 0 {
			continue
		}
		if limit, err := infos[i].limit(p); err == nil {
			p.Limit = limit
		}
		p.Attempts = 1
		if infos[i].Retry {
			p.Attempts = Attempts
		}
	}
}

// A Catalog is what is registered, as far as a plan must know it.
type Catalog struct {
	Engines, Sources, Checks []Info
	// Shapes are the kinds of secrets that are known by their look.
	Shapes []string `json:"-"`
}

// checkBinding reports every way in which a binding does not fit the infos.
func checkBinding(infos []Info, what string, b *Binding) []string {
	if len(b.Of) > 0 {
		var faults []string
		for i := range b.Of {
			for _, fault := range checkBinding(infos, what, &b.Of[i]) {
				faults = append(faults, fmt.Sprintf("check %d: %s", i+1, fault))
			}
		}
		return faults
	}
	i := slices.IndexFunc(infos, func(in Info) bool { return in.Name == b.Use })
	if i < 0 {
		return []string{fmt.Sprintf("there is no %s %q; there are %s", what, b.Use, names(infos))}
	}
	info := infos[i]
	var faults []string
	for _, a := range sortedKeys(b.Args) {
		if a == "timeout" && b.Use != "ask" {
			if _, err := info.limit(b); err != nil {
				faults = append(faults, fmt.Sprintf("%s: %v", b.Use, err))
			}
			continue
		}
		if _, ok := info.Args[a]; !ok {
			faults = append(faults, fmt.Sprintf("%s takes no argument %q; it takes %s", b.Use, a, orNone(sortedKeys(info.Args))))
		}
	}
	for _, a := range b.listed {
		if _, ok := info.Args[a]; ok && !slices.Contains(info.Lists, a) {
			faults = append(faults, fmt.Sprintf("%s: %s takes a single value", b.Use, a))
		}
	}
	for _, a := range info.Require {
		if b.Args[a] == "" {
			faults = append(faults, fmt.Sprintf("%s needs the argument %q: %s", b.Use, a, info.Args[a]))
		}
	}
	return faults
}

func names(infos []Info) string {
	list := make([]string, len(infos))
	for i, in := range infos {
		list[i] = in.Name
	}
	return orNone(list)
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
