package runbook

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// Add reads a pack of rules; name is for messages. A rule whose id is there
// already takes its place. All that is wrong comes back at once.
func (r *Rules) Add(name string, src []byte) []Problem {
	p := &packReader{yamlReader: yamlReader{name: name}, rules: r}
	p.document(src, func(key string, v *yaml.Node) {
		switch key {
		case "people":
			r.people = append(r.people, p.phrases(v, key)...)
		case "people-examples":
			r.asked = append(r.asked, p.examples(v, key)...)
		case "people-counterexamples":
			r.unasked = append(r.unasked, p.examples(v, key)...)
		case "facts":
			p.mapping(v, func(k, v *yaml.Node) { p.facts(k.Value, v) })
		case "add":
			p.mapping(v, func(k, v *yaml.Node) { p.add(k.Value, p.scalar(v, k.Value)) })
		case "off":
			p.off = p.texts(v, key)
		case "rules":
			p.each(v, key, p.rule)
		default:
			p.fault(v.Line, "unknown key %q; there are add, facts, off, people, rules", key)
		}
	})
	p.finish()
	return p.problems
}

type packReader struct {
	yamlReader
	rules *Rules
	added [][2]string // argument and kind of fact, for all proposals of the pack
	off   []string
	own   []*itemRule
}

// each calls do for each entry of a list.
func (p *packReader) each(n *yaml.Node, what string, do func(*yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		p.fault(n.Line, "%s takes a list", what)
		return
	}
	for _, v := range n.Content {
		do(v)
	}
}

// keys reads a mapping that has a reader for each of its keys; what is its name
// for messages.
func (p *packReader) keys(n *yaml.Node, what string, readers map[string]func(v *yaml.Node)) {
	p.mapping(n, func(k, v *yaml.Node) {
		read := readers[k.Value]
		if read == nil {
			p.fault(k.Line, "%s has no %q; it has %s", what, k.Value, strings.Join(sortedKeys(readers), ", "))
			return
		}
		read(v)
	})
}

// text reads a single value into one of a pack's own.
func (p *packReader) text(into *string, what string) func(*yaml.Node) {
	return func(v *yaml.Node) { *into = p.scalar(v, what) }
}

// said reads phrases.
func (p *packReader) said(into *[]phrase, what string) func(*yaml.Node) {
	return func(v *yaml.Node) { *into = p.phrases(v, what) }
}

// flag reads true or false.
func (p *packReader) flag(into *bool, what string) func(*yaml.Node) {
	return func(v *yaml.Node) {
		on, err := parseSwitch(what, p.scalar(v, what))
		if err != nil {
			p.fault(v.Line, "%v", err)
		}
		*into = on
	}
}

// examples reads items, each alone or with the heading that it stands below.
func (p *packReader) examples(n *yaml.Node, what string) []ruleExample {
	var list []ruleExample
	p.each(n, what, func(v *yaml.Node) {
		var e ruleExample
		if v.Kind == yaml.ScalarNode {
			e.item = v.Value
		} else {
			p.keys(v, "an example", map[string]func(*yaml.Node){
				"item": p.text(&e.item, "item"), "section": p.text(&e.section, "section"),
			})
		}
		list = append(list, e)
	})
	return list
}

// texts reads a list of texts, or a single one.
func (p *packReader) texts(n *yaml.Node, what string) []string {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	var list []string
	p.each(n, what, func(v *yaml.Node) { list = append(list, p.scalar(v, what)) })
	return list
}

func (p *packReader) phrases(n *yaml.Node, what string) []phrase {
	var list []phrase
	for _, text := range p.texts(n, what) {
		ph := readPhrase(text)
		if len(ph) == 0 {
			p.fault(n.Line, "%s: a phrase without words", what)
			continue
		}
		list = append(list, ph)
	}
	return list
}

func (p *packReader) add(arg, kind string) { p.added = append(p.added, [2]string{arg, kind}) }

func (p *packReader) rule(n *yaml.Node) {
	r := &itemRule{find: map[string]*finder{}, line: n.Line, pack: p.name}
	var proposed *yaml.Node
	p.keys(n, "a rule", map[string]func(*yaml.Node){
		"id": p.text(&r.id, "id"), "instead": p.text(&r.instead, "instead"), "weaker": p.text(&r.weaker, "weaker"),
		"item": p.said(&r.item, "item"), "and": p.said(&r.and, "and"), "none": p.said(&r.none, "none"),
		"section": p.said(&r.section, "section"), "outside": p.said(&r.outside, "outside"),
		"find": func(v *yaml.Node) {
			p.mapping(v, func(k, v *yaml.Node) { r.find[k.Value] = p.finder(k.Value, v) })
		},
		"propose":         func(v *yaml.Node) { proposed = v },
		"examples":        func(v *yaml.Node) { r.examples = p.examples(v, "examples") },
		"counterexamples": func(v *yaml.Node) { r.counter = p.examples(v, "counterexamples") },
	})
	if r.id == "" || len(r.item) == 0 || proposed == nil {
		p.fault(n.Line, "a rule needs id, item and propose")
		return
	}
	if proposed.Kind == yaml.SequenceNode {
		p.each(proposed, "propose", func(v *yaml.Node) { p.proposal(r, v) })
	} else {
		p.proposal(r, proposed)
	}
	p.own = append(p.own, r)
}

// finder reads where a value comes from: kinds of facts alone, or with more to
// say of them.
func (p *packReader) finder(name string, n *yaml.Node) *finder {
	f := &finder{}
	from := func(v *yaml.Node) {
		for kind := range strings.SplitSeq(p.scalar(v, name), ",") {
			f.from = append(f.from, strings.TrimSpace(kind))
		}
	}
	if n.Kind == yaml.ScalarNode {
		from(n)
		return f
	}
	p.keys(n, name, map[string]func(*yaml.Node){
		"from": from,
		"all":  p.flag(&f.all, "all"), "optional": p.flag(&f.optional, "optional"), "as-is": p.flag(&f.asIs, "as-is"),
		"own": p.flag(&f.own, "own"), "before": p.flag(&f.before, "before"),
		"guess": p.text(&f.guess, "guess"), "without": p.text(&f.without, "without"),
		"about": func(v *yaml.Node) {
			if f.aboutHim = v.Kind == yaml.ScalarNode && v.Value == "item"; !f.aboutHim {
				f.about = p.phrases(v, "about")
			}
		},
	})
	return f
}

func (p *packReader) proposal(r *itemRule, n *yaml.Node) {
	pr := proposal{args: map[string]string{}, added: map[string]string{}}
	p.mapping(n, func(k, v *yaml.Node) {
		value := p.scalar(v, k.Value)
		if k.Value == "use" {
			pr.use = value
			return
		}
		for _, name := range holes(value) {
			if r.find[name] == nil {
				p.fault(v.Line, "%s: nothing finds {%s}", k.Value, name)
			}
		}
		pr.args[k.Value] = value
	})
	if pr.use == "" {
		p.fault(n.Line, "%s does not say what to use", r.id)
	}
	r.propose = append(r.propose, pr)
}

// finish gives the pack's rules to all rules.
func (p *packReader) finish() {
	all := p.rules
	if len(p.problems) > 0 {
		return
	}
	for _, id := range p.off {
		i, ok := all.byID[id]
		if !ok {
			p.fault(0, "off: there is no rule %q", id)
			continue
		}
		all.list[i] = nil
	}
	for _, r := range p.own {
		for i := range r.propose {
			for _, a := range p.added {
				if _, given := r.propose[i].args[a[0]]; !given {
					r.propose[i].added[a[0]] = a[1]
				}
			}
		}
		i, replaces := all.byID[r.id]
		if !replaces {
			i = len(all.list)
			all.byID[r.id] = i
			all.list = append(all.list, nil)
		} else if all.list[i] != nil && all.list[i].pack == r.pack {
			p.fault(r.line, "the rule %q is given twice", r.id)
		}
		all.list[i] = r
		all.index(i, r)
	}
}
