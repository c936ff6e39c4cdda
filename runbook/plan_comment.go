package runbook

import (
	"fmt"
	"slices"
)

// comment takes the binding of a slot from the comment on the line above it.
func (b *planner) comment(t *Task, infos []Info, what string) {
	fault := func(text, hint string) {
		b.report(Problem{Error, "attribute", t.Slot.Line - 1, "the comment for " + string(t.Slot.ID) + ": " + text, hint})
	}
	attrs, err := splitAttrs(t.Slot.Attrs)
	if err != nil {
		fault(err.Error(), "")
		return
	}
	binding := Binding{Origin: FromComment, Line: t.Slot.Line - 1, Why: "the comment above says so"}
	checks := splitChecks(attrs)
	for _, check := range checks {
		part := Binding{Args: map[string]string{}, Origin: FromComment, Line: binding.Line}
		for i, a := range check {
			switch {
			case slices.ContainsFunc(check[:i], func(o attr) bool { return o.key == a.key }):
				fault(fmt.Sprintf("%q is given twice", a.key), "")
			case !a.given:
				fault(fmt.Sprintf("%q has no value", a.key), "write key=value, or key=\"a value with spaces\"")
			case a.key == "use":
				part.Use = a.value
			default:
				part.Args[a.key] = a.value
			}
		}
		binding.Of = append(binding.Of, part)
	}
	switch {
	case len(binding.Of) == 1:
		binding.Use, binding.Args, binding.Of = binding.Of[0].Use, binding.Of[0].Args, nil
	case len(binding.Of) > 1:
		binding.Use = All
	}
	switch {
	case binding.Use == "" || slices.ContainsFunc(binding.Of, func(p Binding) bool { return p.Use == "" }):
		fault("it does not say what to use", "for example <!-- runbook: use=ask -->")
	case len(binding.Of) > 1 && t.Slot.Kind != ItemSlot:
		fault("only an item has several", "name one source")
	case b.ofPerson(t, binding.Use):
		fault("it belongs to a sign-off, which only its person gives", "bind it to ask")
	default:
		t.Binding = binding
		b.kind(t)
		for _, text := range append(checkBinding(infos, what, &t.Binding), b.deadSteps(infos, &t.Binding)...) {
			fault(text, "`runbook catalog` lists the checks and sources with their arguments, `runbook plan FILE --format json` the IDs")
		}
	}
}

// splitChecks splits a comment's attributes into checks: each begins with its
// use, of which there may be several.
func splitChecks(attrs []attr) [][]attr {
	var checks [][]attr
	for i, a := range attrs {
		if i == 0 || a.key == "use" && slices.ContainsFunc(checks[len(checks)-1], func(o attr) bool { return o.key == "use" }) {
			checks = append(checks, nil)
		}
		last := &checks[len(checks)-1]
		*last = append(*last, a)
	}
	return checks
}
