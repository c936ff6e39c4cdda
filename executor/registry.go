package executor

import (
	"maps"
	"slices"
	"strings"

	"runbook/runbook"
)

// A Registry is what a program is composed of. It is a value: nothing
// registers itself.
type Registry struct {
	Engines map[string]func() (Engine, error) // made when a run needs one
	Sources map[string]Source
	Checks  map[string]Check
	// EngineInfos describes the engines without making them.
	EngineInfos []runbook.Info
}

// Catalog describes everything registered, sorted by name.
func (r *Registry) Catalog() runbook.Catalog {
	c := runbook.Catalog{Engines: slices.Clone(r.EngineInfos), Shapes: ShapeNames()}
	for _, s := range r.Sources {
		c.Sources = append(c.Sources, s.Info())
	}
	for _, k := range r.Checks {
		c.Checks = append(c.Checks, k.Info())
	}
	byName := func(a, b runbook.Info) int { return strings.Compare(a.Name, b.Name) }
	slices.SortFunc(c.Engines, byName)
	slices.SortFunc(c.Sources, byName)
	slices.SortFunc(c.Checks, byName)
	return c
}

func sortedNames[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
