package runbook

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A yamlReader reads a file that people write by hand: it keeps lines for
// messages, refuses keys given twice, and collects all faults.
type yamlReader struct {
	name     string // of the file
	code     string // of the problems
	problems []Problem
}

// document calls do for each key of the file's top mapping; an empty file has
// none.
func (r *yamlReader) document(src []byte, do func(key string, v *yaml.Node)) {
	var root, more yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(src))
	if err := dec.Decode(&root); err != nil && !errors.Is(err, io.EOF) {
		r.fault(0, "%s", strings.TrimPrefix(err.Error(), "yaml: "))
		return
	}
	if err := dec.Decode(&more); err == nil {
		r.fault(more.Line, "a second YAML document; the file is one")
	} else if !errors.Is(err, io.EOF) {
		r.fault(0, "%s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(root.Content) > 0 {
		r.mapping(root.Content[0], func(k, v *yaml.Node) { do(k.Value, v) })
	}
}

func (r *yamlReader) fault(line int, format string, args ...any) {
	where := r.name
	if line > 0 {
		where = fmt.Sprintf("%s:%d", where, line)
	}
	r.problems = append(r.problems, Problem{Severity: Error, Code: r.code, Message: where + ": " + fmt.Sprintf(format, args...)})
}

// mapping calls do for each key of a mapping; a key given twice is a fault. A
// key with nothing below it but comments has none.
func (r *yamlReader) mapping(n *yaml.Node, do func(k, v *yaml.Node)) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.fault(n.Line, "here a mapping is expected")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if seen[k.Value] {
			r.fault(k.Line, "%q is given twice", k.Value)
			continue
		}
		seen[k.Value] = true
		do(k, n.Content[i+1])
	}
}

func (r *yamlReader) scalar(n *yaml.Node, what string) string {
	if n.Kind != yaml.ScalarNode {
		r.fault(n.Line, "%s takes a single value", what)
		return ""
	}
	return n.Value
}

// ParseAnswers reads an answers file: what people say about the blanks, items
// and placeholders of a checklist. name is for messages.
func ParseAnswers(name string, src []byte) ([]GivenFor, []Problem) {
	r := &answersReader{yamlReader: yamlReader{name: name, code: "given"}}
	kinds := map[string]SlotKind{"fields": FieldSlot, "items": ItemSlot, "placeholders": PlaceholderSlot}
	r.document(src, func(key string, v *yaml.Node) {
		kind, ok := kinds[key]
		if !ok {
			r.fault(v.Line, "unknown key %q; there are %s", key, strings.Join(sortedKeys(kinds), ", "))
			return
		}
		r.mapping(v, func(k, v *yaml.Node) { r.answer(kind, k, v) })
	})
	return r.list, r.problems
}

type answersReader struct {
	yamlReader
	list []GivenFor
}

// answer reads one answer: a bare value or verdict, or a mapping with by and
// note beside it.
func (r *answersReader) answer(kind SlotKind, k, v *yaml.Node) {
	word := "value"
	if kind == ItemSlot {
		word = "verdict"
	}
	g := GivenFor{Key: k.Value, Kind: kind, Where: fmt.Sprintf("%s:%d", r.name, k.Line), Given: Given{Source: "answers"}}
	said := ""
	if v.Kind == yaml.ScalarNode {
		said = v.Value
	} else {
		r.mapping(v, func(k, v *yaml.Node) {
			text := r.scalar(v, k.Value)
			switch k.Value {
			case word:
				said = text
			case "by":
				g.By = text
			case "note":
				g.Note = text
			default:
				r.fault(k.Line, "an answer here has no %q; it has %s, by, note", k.Value, word)
			}
		})
	}
	if kind != ItemSlot {
		g.Value = said
	} else if verdict, err := ParseVerdict(said); err != nil {
		r.fault(v.Line, "%v", err)
		return
	} else {
		g.Verdict = verdict
	}
	r.list = append(r.list, g)
}

// ParseVerdict reads a person's word on an item.
func ParseVerdict(word string) (Verdict, error) {
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "pass", "yes", "true":
		return Pass, nil
	case "fail", "no", "false":
		return Fail, nil
	case "n/a", "na":
		return NotApplicable, nil
	case "deferred", "later":
		return DeferredItem, nil
	case "":
		return "", errors.New("no verdict; there are pass, fail, n/a, deferred")
	}
	return "", fmt.Errorf("%q is no verdict; there are pass, fail, n/a, deferred", word)
}
