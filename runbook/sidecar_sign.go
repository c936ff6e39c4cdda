package runbook

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A SignRule says what a sign-off's signature must be. A sign-off that has a
// rule is settled by a signature alone: a typed name is not enough.
type SignRule struct {
	Role     string   // the sign-off's label, its ID, or a glob of it
	By       []string // identities, globs of them, or fingerprints of keys; empty: anyone who is an allowed signer
	Before   ID       // the section or step that starts only after it; empty: none
	After    []string // the roles that must have signed before
	Not      []string // who else may not have signed: roles, and "operator" for whoever ran it
	Optional bool     // the record is complete without it
	Line     int
}

// signRules reads the sidecar's sign section.
func (r *sidecarReader) signRules(n *yaml.Node) {
	r.mapping(n, func(k, v *yaml.Node) {
		rule := SignRule{Role: k.Value, Line: k.Line}
		r.mapping(v, func(k, v *yaml.Node) {
			switch k.Value {
			case "by":
				rule.By = r.words(v, k.Value)
			case "before":
				rule.Before = ID(r.scalar(v, k.Value))
			case "after":
				rule.After = r.words(v, k.Value)
			case "not":
				rule.Not = r.words(v, k.Value)
			case "optional":
				on, err := parseSwitch(k.Value, r.scalar(v, k.Value))
				if err != nil {
					r.fault(v.Line, "%v", err)
				}
				rule.Optional = on
			default:
				r.fault(k.Line, "a sign-off's rule has no %q; it has after, before, by, not, optional", k.Value)
			}
		})
		r.car.Sign = append(r.car.Sign, rule)
	})
}

// words reads a word or a list of words.
func (r *sidecarReader) words(n *yaml.Node, what string) []string {
	if n.Kind != yaml.SequenceNode {
		return []string{r.scalar(n, what)}
	}
	var list []string
	for _, v := range n.Content {
		list = append(list, r.scalar(v, what))
	}
	return list
}

// SignRule returns the rule for a sign-off, or nil. Later ones outrank earlier
// ones.
func (c *Sidecar) SignRule(slot *Slot) *SignRule {
	if c == nil || slot.Kind != ItemSlot || slot.Item != SignOff {
		return nil
	}
	var found *SignRule
	for i := range c.Sign {
		if IsRole(c.Sign[i].Role, slot) {
			found = &c.Sign[i]
		}
	}
	return found
}

// IsRole reports whether a sign-off goes by that name: its label, or its ID, or
// a glob of it.
func IsRole(name string, slot *Slot) bool {
	if slot.Kind != ItemSlot || slot.Item != SignOff {
		return false
	}
	return strings.EqualFold(strings.TrimSpace(name), slot.Label) || match(name, string(slot.ID))
}

// Operator stands, in a rule's Not, for whoever ran the checklist.
const Operator = "operator"

// signs checks the rules for signatures against the document, and makes holds
// of those that must come before a place.
func (b *planner) signs() {
	doc, car := b.plan.Document, b.in.Sidecar
	fault := func(rule *SignRule, format string, args ...any) {
		b.report(Problem{Severity: Error, Code: "sidecar", Message: fmt.Sprintf("%s:%d: sign: %s", car.Name, rule.Line, fmt.Sprintf(format, args...)),
			Hint: "`runbook plan FILE --format json` lists the IDs"})
	}
	for i := range b.plan.Tasks {
		if t := &b.plan.Tasks[i]; car.SignRule(t.Slot) != nil {
			t.Signed, t.Binding.Why = true, "a sign-off: only its person's signature settles it"
		}
	}
	for i := range car.Sign {
		rule := &car.Sign[i]
		for _, role := range append(append([]string{rule.Role}, rule.After...), rule.Not...) {
			if len(signOffs(doc, role)) == 0 && role != Operator {
				fault(rule, "there is no sign-off %q", role)
			}
		}
		if rule.Before == "" {
			continue
		}
		if b.plan.place(rule.Before) > len(doc.Source) {
			fault(rule, "there is no section or slot %q", rule.Before)
			continue
		}
		b.plan.Holds = append(b.plan.Holds, Hold{Before: rule.Before, Until: signOffs(doc, rule.Role), Line: rule.Line})
	}
}

func signOffs(doc *Document, role string) []ID {
	var ids []ID
	for i := range doc.Slots {
		if IsRole(role, &doc.Slots[i]) {
			ids = append(ids, doc.Slots[i].ID)
		}
	}
	return ids
}

// SignOffBlanks gives the blanks of a sign-off their values: the name, the date
// and the time of the person who signs. Others are left.
func SignOffBlanks(doc *Document, item *Slot, name, date, clock string) []SignedBlank {
	var blanks []SignedBlank
	for i := range doc.Slots {
		slot := &doc.Slots[i]
		if slot.Kind != FieldSlot || slot.Owner != item.ID {
			continue
		}
		value := name
		switch label := strings.ToLower(slot.Label); label {
		case "date":
			value = date
		case "time":
			value = clock
		case strings.ToLower(item.Label), "name":
		default:
			continue
		}
		blanks = append(blanks, SignedBlank{slot.ID, value})
	}
	return blanks
}
