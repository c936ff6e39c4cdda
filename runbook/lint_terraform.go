package runbook

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// outputs reports the terraform outputs that commands and the sidecar name and
// that the configuration in their directory does not declare.
func (l *linter) outputs() {
	declared := map[string]*declaredOutputs{}
	in := func(dir string) *declaredOutputs {
		d, ok := declared[dir]
		if !ok {
			d = readOutputs(l.in.Machine, dir)
			declared[dir] = d
		}
		return d
	}
	for i := range l.steps {
		s := &l.steps[i]
		s.eachCall(func(i int, c *shellCall) {
			name, dirs := outputOf(c), s.Terraform[i]
			if name != "" && len(slices.Compact(dirs)) == 1 && dirs[0] != "" {
				l.undefined(in(dirs[0]), name, dirs[0], c.line)
			}
		})
	}
	for i := range l.plan.Tasks {
		t := &l.plan.Tasks[i]
		name, dir := t.Binding.Args["output"], t.Binding.Args["dir"]
		if t.Binding.Use == "terraform" && t.Binding.Origin != Inferred && name != "" && dir != "" {
			dir = path.Join(l.in.Root, dir)
			l.undefined(in(dir), name, dir, t.Slot.Line)
		}
	}
}

// outputOf returns the output that a call of terraform asks for by name.
func outputOf(c *shellCall) string {
	if p := c.program(); p != "terraform" && p != "tofu" {
		return ""
	}
	rest := c.words[1:]
	for len(rest) > 0 && strings.HasPrefix(rest[0].value, "-chdir=") {
		rest = rest[1:]
	}
	if len(rest) == 0 || rest[0].value != "output" || hasFlag(rest, "-state") {
		return ""
	}
	if names := operandsOf(rest, ""); len(names) == 1 && names[0].known {
		return names[0].value
	}
	return ""
}

func (l *linter) undefined(d *declaredOutputs, name, dir string, line int) {
	if d == nil || slices.Contains(d.names, name) {
		return
	}
	message := fmt.Sprintf("terraform in %s declares no output %q", l.walk.rel(dir), name)
	if near := nearest(name, d.names); near != "" {
		message += fmt.Sprintf("; did you mean %q?", near)
	}
	hint := "it declares " + orNone(d.names)
	if len(d.names) > 12 {
		hint = fmt.Sprintf("it declares %d others", len(d.names))
	}
	l.report(Error, "undefined-output", line, message, hint)
}

// nearest returns the name that name is most likely a misspelling of; empty if
// none is near.
func nearest(name string, names []string) string {
	best, least := "", 1+max(2, len(name)/3)
	for _, n := range names {
		if d := editDistance(strings.ToLower(name), strings.ToLower(n)); d < least {
			best, least = n, d
		}
	}
	return best
}

// editDistance counts the bytes to insert, delete or replace that turn a into b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
