package runbook

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Waiver lets lines into the record that look like a secret and are none, by
// somebody's word.
type Waiver struct {
	Shape    string // which kind of secret they look like, as the catalog names it
	Match    string // a glob of the lines; empty: all of the shape
	Reason   string
	FileLine int // of the sidecar
}

// Lets reports whether the waiver is for a line.
func (w *Waiver) Lets(line string) bool { return w.Match == "" || match(w.Match, line) }

// waivers reads the sidecar's waive section.
func (r *sidecarReader) waivers(n *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		r.fault(n.Line, "waive takes a list")
		return
	}
	for _, entry := range n.Content {
		w := Waiver{FileLine: entry.Line}
		r.mapping(entry, func(k, v *yaml.Node) {
			switch k.Value {
			case "shape":
				w.Shape = r.scalar(v, k.Value)
			case "match":
				w.Match = r.scalar(v, k.Value)
			case "reason":
				w.Reason = strings.TrimSpace(r.scalar(v, k.Value))
			default:
				r.fault(v.Line, "a waiver has no %q; it has match, reason, shape", k.Value)
			}
		})
		if w.Shape == "" || w.Reason == "" {
			r.fault(entry.Line, "a waiver needs both shape and reason")
			continue
		}
		r.car.Waivers = append(r.car.Waivers, w)
	}
}

// waivers checks that the sidecar's waivers are for shapes that there are.
func (b *planner) waivers() {
	car := b.in.Sidecar
	b.plan.Waivers = car.Waivers
	for _, w := range car.Waivers {
		if !slices.Contains(b.in.Catalog.Shapes, w.Shape) {
			b.report(Problem{Severity: Error, Code: "sidecar",
				Message: fmt.Sprintf("%s:%d: waive: there is no shape %q", car.Name, w.FileLine, w.Shape),
				Hint:    "there are " + strings.Join(b.in.Catalog.Shapes, ", ")})
		}
	}
}
