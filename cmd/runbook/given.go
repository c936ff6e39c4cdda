package main

import (
	"fmt"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"

	"runbook/runbook"
)

// givens reads --set and --answers. All that is wrong comes back at once.
func givens(sets []string, answers string) ([]runbook.GivenFor, []runbook.Problem, error) {
	var list []runbook.GivenFor
	var problems []runbook.Problem
	if answers != "" {
		src, err := os.ReadFile(answers)
		if err != nil {
			return nil, nil, &exitError{exitUsage, err, ""}
		}
		list, problems = readAnswers(answers, src)
	}
	for _, s := range sets {
		key, value, ok := strings.Cut(s, "=")
		if !ok || strings.TrimSpace(key) == "" {
			problems = append(problems, given("--set %q is not of the form LABEL=VALUE", s))
			continue
		}
		list = append(list, runbook.GivenFor{Key: strings.TrimSpace(key), Where: "--set", Given: runbook.Given{Value: value, Source: "set"}})
	}
	return list, problems, nil
}

func given(format string, args ...any) runbook.Problem {
	return runbook.Problem{Severity: runbook.Error, Code: "given", Message: fmt.Sprintf(format, args...)}
}

// answerFile is the shape of --answers. Nodes keep the lines for messages.
type answerFile struct {
	Fields       yaml.Node `yaml:"fields"`
	Items        yaml.Node `yaml:"items"`
	Placeholders yaml.Node `yaml:"placeholders"`
}

// answerEntry is an answer with its circumstances; a bare value is short for
// one with nothing but that.
type answerEntry struct {
	Value   string `yaml:"value"`
	Verdict string `yaml:"verdict"`
	By      string `yaml:"by"`
	Note    string `yaml:"note"`
}

func readAnswers(name string, src []byte) ([]runbook.GivenFor, []runbook.Problem) {
	var file answerFile
	dec := yaml.NewDecoder(strings.NewReader(string(src)))
	dec.KnownFields(true)
	if err := dec.Decode(&file); err != nil && len(strings.TrimSpace(string(src))) > 0 {
		return nil, []runbook.Problem{given("%s: %v", name, err)}
	}
	r := &answerReader{name: name}
	r.section(&file.Fields, runbook.FieldSlot)
	r.section(&file.Items, runbook.ItemSlot)
	r.section(&file.Placeholders, runbook.PlaceholderSlot)
	return r.list, r.problems
}

type answerReader struct {
	name     string
	list     []runbook.GivenFor
	problems []runbook.Problem
}

func (r *answerReader) section(n *yaml.Node, kind runbook.SlotKind) {
	if n.Kind == 0 {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.problems = append(r.problems, given("%s:%d: here a mapping from names to answers is expected", r.name, n.Line))
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		r.entry(n.Content[i], n.Content[i+1], kind)
	}
}

func (r *answerReader) entry(key, v *yaml.Node, kind runbook.SlotKind) {
	where := fmt.Sprintf("%s:%d", r.name, key.Line)
	var e answerEntry
	if v.Kind == yaml.ScalarNode {
		e.Value, e.Verdict = v.Value, v.Value
	} else if err := decodeStrict(v, &e); err != nil {
		r.problems = append(r.problems, given("%s: %v", where, err))
		return
	}
	g := runbook.GivenFor{Key: key.Value, Kind: kind, Where: where, Given: runbook.Given{Value: e.Value, By: e.By, Note: e.Note, Source: "answers"}}
	if kind == runbook.ItemSlot {
		verdict, ok := verdicts[strings.ToLower(e.Verdict)]
		if !ok {
			r.problems = append(r.problems, given("%s: %q is no verdict; there are pass, fail, n/a, deferred", where, e.Verdict))
			return
		}
		g.Verdict = verdict
	}
	r.list = append(r.list, g)
}

// verdicts are the words for a verdict in an answers file.
var verdicts = map[string]runbook.Verdict{
	"pass": runbook.Pass, "yes": runbook.Pass, "true": runbook.Pass,
	"fail": runbook.Fail, "no": runbook.Fail, "false": runbook.Fail,
	"n/a": runbook.NotApplicable, "na": runbook.NotApplicable,
	"deferred": runbook.DeferredItem, "later": runbook.DeferredItem,
}

// decodeStrict refuses keys that the shape does not have: yaml.Node.Decode
// alone would pass over them.
func decodeStrict(n *yaml.Node, into *answerEntry) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("an answer is a value, or a mapping with value or verdict, by and note")
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		switch k := n.Content[i].Value; k {
		case "value", "verdict", "by", "note":
		default:
			return fmt.Errorf("an answer has no %q; it has value or verdict, by, note", k)
		}
	}
	return n.Decode(into)
}
