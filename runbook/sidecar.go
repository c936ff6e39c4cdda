package runbook

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// A Sidecar is the file beside a template that says how its slots are
// completed where the text alone does not.
type Sidecar struct {
	Name  string
	Bytes []byte // the file itself: a run keeps a copy
	Holds []Hold
	Pins  []Pin // as written; the plan says whom to ask
	Sign  []SignRule
	Env   map[string]string // for every step
	// Secrets names variables whose values are secret: exec takes or asks them.
	Secrets []string
	Waivers []Waiver
	rules   []rule
	Limit   time.Duration // per step; 0 is none
}

// A Hold keeps the steps from a place on until other slots are settled.
type Hold struct {
	Before ID   // a section or a step
	Until  []ID // sections, items or sign-offs
	Line   int
}

// A rule is one entry under steps, items or fields.
type rule struct {
	kind    SlotKind
	pattern string // an ID, a glob of it, or "text:" and a label
	line    int
	use     string
	args    map[string]string
	listed  []string  // the arguments given as lists
	of      []Binding // of an item that several checks settle
	used    bool
}

// binding is what the rule says of a slot.
func (ru *rule) binding() Binding {
	return Binding{Use: ru.use, Args: ru.args, Of: ru.of, Origin: FromSidecar, Line: ru.line, Why: "the sidecar says so", listed: ru.listed}
}

// stepArgs are the attributes of a step, in a sidecar as in an info string.
var stepArgs = []string{"dir", "idempotent", "pause", "retry", "sensitive", "skip", "timeout", "tty"}

// ParseSidecar reads a sidecar; name is for messages. All that is wrong with
// it comes back at once; it is usable only if nothing is.
func ParseSidecar(name string, src []byte) (*Sidecar, []Problem) {
	r := &sidecarReader{yamlReader: yamlReader{name: name, code: "sidecar"}, car: &Sidecar{Name: name, Bytes: src, Env: map[string]string{}}}
	r.document(src, func(key string, v *yaml.Node) {
		switch key {
		case "defaults":
			r.defaults(v)
		case "hold":
			r.holds(v)
		case "pins":
			r.pins(v)
		case "secrets":
			r.secrets(v)
		case "steps":
			r.rules(StepSlot, v)
		case "items":
			r.rules(ItemSlot, v)
		case "fields":
			r.rules(FieldSlot, v)
		case "sign":
			r.signRules(v)
		case "waive":
			r.waivers(v)
		default:
			r.fault(v.Line, "unknown key %q; there are defaults, fields, hold, items, pins, secrets, sign, steps, waive", key)
		}
	})
	return r.car, r.problems
}

type sidecarReader struct {
	yamlReader
	car *Sidecar
}

func (r *sidecarReader) defaults(n *yaml.Node) {
	r.mapping(n, func(k, v *yaml.Node) {
		switch k.Value {
		case "timeout":
			r.car.Limit = r.duration(v)
		case "env":
			r.mapping(v, func(k, v *yaml.Node) { r.car.Env[k.Value] = r.scalar(v, k.Value) })
		default:
			r.fault(k.Line, "defaults has no %q; it has env, timeout", k.Value)
		}
	})
}

func (r *sidecarReader) duration(n *yaml.Node) time.Duration {
	d, err := parseTimeout(r.scalar(n, "timeout"))
	if err != nil {
		r.fault(n.Line, "%v", err)
	}
	return d
}

// parseTimeout reads a duration; "0" and "" are none.
func parseTimeout(s string) (time.Duration, error) {
	if s == "" || s == "0" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("timeout %q is not a duration such as 30m", s)
	}
	return d, nil
}

// parseSwitch reads an attribute that is on or off; nothing means on.
func parseSwitch(key, s string) (bool, error) {
	switch strings.ToLower(s) {
	case "", "true", "yes", "on":
		return true, nil
	case "false", "no", "off":
		return false, nil
	}
	return false, fmt.Errorf("%s is true or false, not %q", key, s)
}

func (r *sidecarReader) holds(n *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		r.fault(n.Line, "hold takes a list")
		return
	}
	for _, entry := range n.Content {
		h := Hold{Line: entry.Line}
		r.mapping(entry, func(k, v *yaml.Node) {
			switch key := k.Value; {
			case key == "before":
				h.Before = ID(r.scalar(v, key))
			case key == "until" && v.Kind == yaml.SequenceNode:
				for _, id := range v.Content {
					h.Until = append(h.Until, ID(r.scalar(id, key)))
				}
			case key == "until":
				h.Until = []ID{ID(r.scalar(v, key))}
			default:
				r.fault(v.Line, "a hold has no %q; it has before, until", key)
			}
		})
		if h.Before == "" || len(h.Until) == 0 {
			r.fault(entry.Line, "a hold needs both before and until")
			continue
		}
		r.car.Holds = append(r.car.Holds, h)
	}
}

func (r *sidecarReader) rules(kind SlotKind, n *yaml.Node) {
	r.mapping(n, func(k, v *yaml.Node) {
		if v.Kind == yaml.AliasNode {
			v = v.Alias
		}
		var ru rule
		if kind == ItemSlot && v.Kind == yaml.SequenceNode {
			ru = r.several(k.Value, v)
		} else {
			ru = r.rule(kind, k.Value, v)
		}
		if kind == StepSlot || ru.use != "" {
			r.car.rules = append(r.car.rules, ru)
		}
	})
}

// several reads a list of checks, all of which must pass.
func (r *sidecarReader) several(pattern string, n *yaml.Node) rule {
	ru := rule{kind: ItemSlot, pattern: pattern, line: n.Line, use: All}
	for _, v := range n.Content {
		part := r.rule(ItemSlot, pattern, v)
		ru.of = append(ru.of, Binding{Use: part.use, Args: part.args, Origin: FromSidecar, Line: v.Line, listed: part.listed})
	}
	if len(ru.of) == 0 {
		r.fault(n.Line, "%q lists no checks", pattern)
	}
	return ru
}

// rule reads one mapping. Without a name of what to use, its use is empty.
func (r *sidecarReader) rule(kind SlotKind, pattern string, n *yaml.Node) rule {
	ru := rule{kind: kind, pattern: pattern, line: n.Line, args: map[string]string{}}
	r.mapping(n, func(k, v *yaml.Node) {
		key := k.Value
		if kind != StepSlot && key != "use" && v.Kind == yaml.SequenceNode {
			ru.args[key] = r.list(v, key)
			ru.listed = append(ru.listed, key)
			return
		}
		value := r.scalar(v, key)
		switch {
		case key == "use" && kind != StepSlot:
			ru.use = value
		case kind == StepSlot && !slices.Contains(stepArgs, key):
			r.fault(v.Line, "a step has no %q; it has %s", key, strings.Join(stepArgs, ", "))
		default:
			ru.args[key] = value
		}
	})
	if kind != StepSlot && ru.use == "" {
		r.fault(n.Line, "%q does not say what to use", pattern)
	}
	return ru
}

// list reads the values of a list as one argument.
func (r *sidecarReader) list(n *yaml.Node, key string) string {
	values := make([]string, len(n.Content))
	for i, v := range n.Content {
		values[i] = r.scalar(v, key)
		if strings.Contains(values[i], ",") {
			r.fault(v.Line, "%s: a value of a list holds no comma", key)
		}
	}
	return strings.Join(values, ",")
}

// rule finds the last rule for a slot: later ones outrank earlier ones.
func (c *Sidecar) rule(slot *Slot) *rule {
	if c == nil {
		return nil
	}
	kind := slot.Kind
	if kind == ChoiceSlot || kind == PlaceholderSlot {
		kind = FieldSlot
	}
	var found *rule
	for i := range c.rules {
		ru := &c.rules[i]
		if ru.kind != kind {
			continue
		}
		text, byText := strings.CutPrefix(ru.pattern, "text:")
		if byText && strings.EqualFold(strings.TrimSpace(text), slot.Label) || !byText && match(ru.pattern, string(slot.ID)) {
			ru.used = true
			found = ru
		}
	}
	return found
}

// dead lists the rules that matched no slot.
func (c *Sidecar) dead() []Problem {
	if c == nil {
		return nil
	}
	var problems []Problem
	for _, ru := range c.rules {
		if !ru.used {
			problems = append(problems, Problem{Severity: Error, Code: "sidecar",
				Message: fmt.Sprintf("%s:%d: %q matches no %s", c.Name, ru.line, ru.pattern, ru.kind),
				Hint:    "`runbook plan FILE --format json` lists the IDs"})
		}
	}
	return problems
}
