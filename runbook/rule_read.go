package runbook

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Rules say how the texts of items are recognised, and which checks would
// decide them. A rule proposes; it never binds.
type Rules struct {
	people         []phrase      // what only a person knows, whatever the rules say
	asked, unasked []ruleExample // examples of that, and counter-examples
	list           []*itemRule
	byID           map[string]int
	facts          map[string][]factSource
	byWord         map[string][]int // word to the rules one of whose phrases starts with it
	rest           []int            // the rules that the word alone does not find
}

// An itemRule recognises items and proposes checks that together decide them.
type itemRule struct {
	id       string
	item     []phrase // one of them is in the item's text
	and      []phrase // and, if there are any, one of these
	none     []phrase // none of these is
	section  []phrase // one of these is in a heading above, if there are any
	outside  []phrase // none of these is
	find     map[string]*finder
	propose  []proposal
	weaker   string // why the check says less than the item
	instead  string // the rule in whose place it is asked, where that one lacks an argument
	examples []ruleExample
	counter  []ruleExample
	line     int
	pack     string
}

// A ruleExample is an item that a rule is for, or is not for, and the heading
// that it stands below.
type ruleExample struct{ item, section string }

// A proposal is one check with its arguments, "{name}" standing for what is found.
type proposal struct {
	use   string
	args  map[string]string
	added map[string]string // those of the pack, left out where they are not known
}

// A finder says where a value comes from.
type finder struct {
	from     []string // kinds of facts, the best first
	all      bool     // all values, not one
	about    []phrase // only facts that say this
	aboutHim bool     // only facts that say what the item says
	asIs     bool     // whatever environment the item speaks of
	own      bool     // only from the item's own text
	before   bool     // only from what stands above the item, or in its section
	optional bool     // what needs it is left out without it
	guess    string   // for want of a fact
}

// A factSource says where in a document's text a kind of fact stands.
type factSource struct {
	kind     string
	of       []string // the program and its subcommand
	take     string
	operand  int
	path     bool   // a path, told from the command's directory
	variable string // a variable that a step sets
	shape    string // the look of a word in the prose
}

// NewRules returns rules that know nothing yet.
func NewRules() *Rules {
	return &Rules{byID: map[string]int{}, facts: map[string][]factSource{}, byWord: map[string][]int{}}
}

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

// examples reads items, each alone or with the heading that it stands below.
func (p *packReader) examples(n *yaml.Node, what string) []ruleExample {
	var list []ruleExample
	p.each(n, what, func(v *yaml.Node) {
		if v.Kind == yaml.ScalarNode {
			list = append(list, ruleExample{item: v.Value})
			return
		}
		var e ruleExample
		p.mapping(v, func(k, v *yaml.Node) {
			switch k.Value {
			case "item":
				e.item = p.scalar(v, k.Value)
			case "section":
				e.section = p.scalar(v, k.Value)
			default:
				p.fault(k.Line, "an example has no %q; it has item, section", k.Value)
			}
		})
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

// factTakes are what a fact can take of a command, beside a flag and an operand.
var factTakes = []string{"command", "directory", "expected", "file", "grep", "step", "text"}

// facts reads where one kind of fact stands.
func (p *packReader) facts(kind string, n *yaml.Node) {
	p.each(n, "facts", func(n *yaml.Node) {
		f := factSource{kind: kind}
		var commands []string
		p.mapping(n, func(k, v *yaml.Node) {
			if k.Value == "of" {
				commands = p.texts(v, k.Value)
				return
			}
			value := p.scalar(v, k.Value)
			switch k.Value {
			case "take":
				f.take = value
			case "path":
				on, err := parseSwitch("path", value)
				f.path = on
				if err != nil {
					p.fault(v.Line, "%v", err)
				}
			case "variable":
				f.variable = value
			case "text":
				f.shape = value
			default:
				p.fault(k.Line, "a fact has no %q; it has of, path, take, text, variable", k.Value)
			}
		})
		if len(commands) == 0 {
			commands = []string{""}
		}
		for _, c := range commands {
			f := f
			f.of = strings.Fields(c)
			if fault := f.check(); fault != "" {
				p.fault(n.Line, "%s: %s", kind, fault)
				return
			}
			p.rules.facts[kind] = append(p.rules.facts[kind], f)
		}
	})
}

// check says what is wrong with a source, and reads an operand's number.
func (f *factSource) check() string {
	kinds := 0
	for _, given := range []bool{len(f.of) > 0, f.variable != "", f.shape != ""} {
		if given {
			kinds++
		}
	}
	if kinds != 1 {
		return "a fact comes from one of a command (of), a variable or a text"
	}
	if f.shape != "" && textShapes[f.shape] == nil {
		return fmt.Sprintf("there is no text %q; there are %s", f.shape, strings.Join(sortedKeys(textShapes), ", "))
	}
	if len(f.of) == 0 {
		return ""
	}
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

func (p *packReader) rule(n *yaml.Node) {
	r := &itemRule{find: map[string]*finder{}, line: n.Line, pack: p.name}
	var proposed *yaml.Node
	p.mapping(n, func(k, v *yaml.Node) {
		switch k.Value {
		case "id":
			r.id = p.scalar(v, k.Value)
		case "item":
			r.item = p.phrases(v, k.Value)
		case "and":
			r.and = p.phrases(v, k.Value)
		case "none":
			r.none = p.phrases(v, k.Value)
		case "section":
			r.section = p.phrases(v, k.Value)
		case "outside":
			r.outside = p.phrases(v, k.Value)
		case "find":
			p.mapping(v, func(k, v *yaml.Node) { r.find[k.Value] = p.finder(k.Value, v) })
		case "propose":
			proposed = v
		case "weaker":
			r.weaker = p.scalar(v, k.Value)
		case "examples":
			r.examples = p.examples(v, k.Value)
		case "counterexamples":
			r.counter = p.examples(v, k.Value)
		case "instead":
			r.instead = p.scalar(v, k.Value)
		default:
			p.fault(k.Line, "a rule has no %q; it has and, counterexamples, examples, find, id, instead, item, none, outside, propose, section, weaker", k.Value)
		}
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
	flag := func(k, v *yaml.Node) bool {
		on, err := parseSwitch(k.Value, p.scalar(v, k.Value))
		if err != nil {
			p.fault(v.Line, "%v", err)
		}
		return on
	}
	p.mapping(n, func(k, v *yaml.Node) {
		switch k.Value {
		case "from":
			from(v)
		case "all":
			f.all = flag(k, v)
		case "optional":
			f.optional = flag(k, v)
		case "as-is":
			f.asIs = flag(k, v)
		case "own":
			f.own = flag(k, v)
		case "before":
			f.before = flag(k, v)
		case "guess":
			f.guess = p.scalar(v, k.Value)
		case "about":
			if v.Kind == yaml.ScalarNode && v.Value == "item" {
				f.aboutHim = true
			} else {
				f.about = p.phrases(v, k.Value)
			}
		default:
			p.fault(k.Line, "%s has no %q; it has about, all, as-is, before, from, guess, optional, own", name, k.Value)
		}
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

// Check reports what a pack's rules ask for that is not there: facts, rules to
// stand in for, checks and their arguments. It is for when all packs are read.
func (r *Rules) Check(pack string, c Catalog) []Problem {
	var problems []Problem
	for _, rule := range r.list {
		if rule == nil || rule.pack != pack {
			continue
		}
		for _, fault := range r.faults(rule, c) {
			problems = append(problems, Problem{Severity: Error,
				Message: fmt.Sprintf("%s:%d: %s: %s", rule.pack, rule.line, rule.id, fault)})
		}
	}
	return problems
}

func (r *Rules) faults(rule *itemRule, c Catalog) []string {
	var faults []string
	for _, name := range sortedKeys(rule.find) {
		for _, kind := range rule.find[name].from {
			if r.facts[kind] == nil && !slices.Contains(ownKinds, kind) {
				faults = append(faults, fmt.Sprintf("%s: there is no fact %q", name, kind))
			}
		}
	}
	if _, ok := r.byID[rule.instead]; rule.instead != "" && !ok {
		faults = append(faults, fmt.Sprintf("instead: there is no rule %q", rule.instead))
	}
	for _, pr := range rule.propose {
		faults = append(faults, checkBinding(c.Checks, "check", &Binding{Use: pr.use, Args: pr.args})...)
		for _, arg := range sortedKeys(pr.added) {
			if kind := pr.added[arg]; r.facts[kind] == nil {
				faults = append(faults, fmt.Sprintf("add: there is no fact %q", kind))
			}
		}
	}
	return faults
}

// index notes by which words the rule can be found.
func (r *Rules) index(i int, rule *itemRule) {
	for _, p := range rule.item {
		for _, a := range p[0] {
			if strings.HasSuffix(a[0], "*") {
				r.rest = append(r.rest, i)
				continue
			}
			r.byWord[a[0]] = append(r.byWord[a[0]], i)
		}
	}
}

// near lists the rules that words could be for, in the order of the packs.
func (r *Rules) near(ws []string) []int {
	found := slices.Clone(r.rest)
	for _, w := range ws {
		found = append(found, r.byWord[w]...)
		if stem, ok := strings.CutSuffix(w, "s"); ok {
			found = append(found, r.byWord[stem]...)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// holes lists the names that a template holds in braces.
func holes(template string) []string {
	var names []string
	for {
		_, rest, ok := strings.Cut(template, "{")
		if !ok {
			return names
		}
		name, after, ok := strings.Cut(rest, "}")
		if !ok {
			return names
		}
		name, _, _ = strings.Cut(name, "|")
		if isHoleName(name) {
			names = append(names, name)
		}
		template = after
	}
}

func isHoleName(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz-") == ""
}
