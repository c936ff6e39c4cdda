package runbook

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// factTakes are what a fact can take of a command, beside a flag and an operand.
var factTakes = []string{"command", "directory", "expected", "file", "grep", "step", "text"}

// facts reads where one kind of fact stands.
func (p *packReader) facts(kind string, n *yaml.Node) {
	p.each(n, "facts", func(n *yaml.Node) {
		f := factSource{kind: kind}
		var commands []string
		p.keys(n, "a fact", map[string]func(*yaml.Node){
			"of": func(v *yaml.Node) { commands = p.texts(v, "of") }, "output": p.said(&f.outputs, "output"),
			"take": p.text(&f.take, "take"), "path": p.flag(&f.path, "path"), "variable": p.text(&f.variable, "variable"),
			"text": p.text(&f.shape, "text"), "pin": p.text(&f.pin, "pin"), "resource": p.text(&f.resource, "resource"),
		})
		if fault := f.from(len(commands) > 0); fault != "" {
			p.fault(n.Line, "%s: %s", kind, fault)
			return
		}
		if len(commands) == 0 {
			p.rules.facts[kind] = append(p.rules.facts[kind], f)
			return
		}
		for _, c := range commands {
			f := f
			f.of = strings.Fields(c)
			if fault := f.takes(); fault != "" {
				p.fault(n.Line, "%s: %s", kind, fault)
				return
			}
			p.rules.facts[kind] = append(p.rules.facts[kind], f)
		}
	})
}

// from says what is wrong with where a fact comes from.
func (f *factSource) from(command bool) string {
	output := len(f.outputs) > 0
	origins := 0
	for _, given := range []bool{command, output, f.variable != "", f.pin != "", f.resource != "", f.shape != "" && !output} {
		if given {
			origins++
		}
	}
	switch {
	case origins != 1:
		return "a fact comes from one of a command (of), an output, a pin, a resource, a text and a variable"
	case f.shape != "" && textShapes[f.shape] == nil:
		return fmt.Sprintf("there is no text %q; there are %s", f.shape, strings.Join(sortedKeys(textShapes), ", "))
	case f.pin != "" && !slices.Contains(pinNames, f.pin):
		return fmt.Sprintf("there is no pin %q; there are %s", f.pin, strings.Join(pinNames, ", "))
	case f.resource != "" && (f.take == "" || isSecretName(f.take)):
		return "take says which attribute of the resource it is, and no secret one, or count"
	}
	return ""
}

// takes says what is wrong with what is taken of a command, and reads an
// operand's number.
func (f *factSource) takes() string {
	number, isOperand := strings.CutPrefix(f.take, "operand ")
	if n, err := strconv.Atoi(number); isOperand && err == nil && n > 0 {
		f.take, f.operand = "operand", n
		return ""
	}
	if !strings.HasPrefix(f.take, "-") && !slices.Contains(factTakes, f.take) {
		return fmt.Sprintf("nothing takes %q of a command; there are a flag, operand N, %s", f.take, strings.Join(factTakes, ", "))
	}
	return ""
}
