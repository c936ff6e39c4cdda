package runbook

import (
	"fmt"
	"slices"
	"strings"
)

// Info describes an engine, a source or a check to the catalog and to plans.
type Info struct {
	Name    string            `json:"name"` // what a binding's `use:` says
	Summary string            `json:"summary"`
	Args    map[string]string `json:"args,omitempty"`    // argument name to what it means
	Require []string          `json:"require,omitempty"` // the arguments that must be given
	Lists   []string          `json:"lists,omitempty"`   // the arguments that take several values, separated by commas
}

// A Catalog is what is registered, as far as a plan must know it.
type Catalog struct {
	Engines, Sources, Checks []Info
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
