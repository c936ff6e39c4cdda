package runbook

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// propose adds what the rules propose to the items that a person would have to
// settle. Nothing is bound by it.
func (b *planner) propose() {
	if b.in.Rules == nil {
		return
	}
	p := &proposer{plan: b.plan, rules: b.in.Rules, catalog: b.in.Catalog, root: b.in.Root, headings: map[int][]string{}}
	for i := range b.plan.Tasks {
		t := &b.plan.Tasks[i]
		if t.Slot.Kind != ItemSlot || t.Binding.Use != "ask" || t.Binding.Origin != Inferred || !t.Slot.Open() {
			continue
		}
		if t.Slot.Item == Claim || t.Slot.Item == Deferred {
			t.Binding.Suggest = p.item(t)
		}
	}
}

type proposer struct {
	plan     *Plan
	rules    *Rules
	catalog  Catalog
	root     string
	found    *facts // read once a rule asks for one
	headings map[int][]string
}

// item lists the proposals of all rules for an item, and the command that its
// text offers, unless a rule has taken that.
func (p *proposer) item(t *Task) []Suggestion {
	ws := words(t.Slot.Label)
	list := p.matching(t, ws)
	for _, offered := range t.Binding.Suggest {
		if !slices.ContainsFunc(list, func(s Suggestion) bool { return s.Args["run"] == offered.Args["run"] }) {
			list = append(list, offered)
		}
	}
	return list
}

// matching lists what the rules that recognise an item propose.
func (p *proposer) matching(t *Task, ws []string) []Suggestion {
	var list []Suggestion
	complete := map[string]bool{} // by rule, itself or the one in whose place it would be
	for _, rule := range p.rules.recognising(ws, func() []string { return p.above(t.Slot.Section) }) {
		if !p.known(rule.itemRule) {
			continue
		}
		if rule.instead != "" && complete[rule.instead] {
			complete[rule.id] = true
			continue
		}
		s := p.fill(rule.itemRule, t, ws, rule.said)
		complete[rule.id] = len(s.Missing) == 0
		list = slices.DeleteFunc(list, func(other Suggestion) bool { return other.Rule == rule.instead })
		if !slices.ContainsFunc(list, s.same) {
			list = append(list, s)
		}
	}
	return list
}

// A recognition is a rule that is for an item, and the item's words that it
// takes up.
type recognition struct {
	*itemRule
	said []int
}

// recognising lists the rules that are for an item with these words, below
// headings with those.
func (r *Rules) recognising(ws []string, above func() []string) []recognition {
	if findAny(r.people, ws) != nil {
		return nil
	}
	var list []recognition
	for _, i := range r.near(ws) {
		rule := r.list[i]
		if rule == nil {
			continue
		}
		if said, ok := rule.recognises(ws, above); ok {
			list = append(list, recognition{rule, said})
		}
	}
	return list
}

func (s Suggestion) same(o Suggestion) bool {
	return s.Use == o.Use && maps.Equal(s.Args, o.Args) && len(s.Of) == 0 && len(o.Of) == 0
}

// above returns the words of a section's heading and of those above it.
func (p *proposer) above(section int) []string {
	ws, ok := p.headings[section]
	if !ok {
		s := &p.plan.Document.Sections[section]
		ws = words(s.Title)
		if section > 0 && s.Parent != section {
			ws = append(ws, p.above(s.Parent)...)
		}
		p.headings[section] = ws
	}
	return ws
}

// recognises reports whether the words of an item are those that the rule is
// for, and which of them it takes up.
func (r *itemRule) recognises(ws []string, above func() []string) (taken []int, ok bool) {
	if taken, ok = affirms(r.item, ws); !ok || findAny(r.none, ws) != nil {
		return nil, false
	}
	if len(r.and) > 0 {
		more := findAny(r.and, ws)
		if more == nil {
			return nil, false
		}
		taken = append(taken, more...)
	}
	if len(r.section) > 0 && findAny(r.section, above()) == nil || len(r.outside) > 0 && findAny(r.outside, above()) != nil {
		return nil, false
	}
	return taken, true
}

// known reports whether all checks of the rule are registered and take the
// arguments that the rule itself gives.
func (p *proposer) known(r *itemRule) bool {
	for _, pr := range r.propose {
		info := p.info(pr.use)
		if info == nil {
			return false
		}
		for a := range pr.args {
			if _, ok := info.Args[a]; !ok {
				return false
			}
		}
	}
	return true
}

func (p *proposer) info(use string) *Info {
	i := slices.IndexFunc(p.catalog.Checks, func(in Info) bool { return in.Name == use })
	if i < 0 {
		return nil
	}
	return &p.catalog.Checks[i]
}

// A finding is what was found for one name of a rule.
type foundValue struct {
	value string
	where string // "line 12"
	doubt string // why it is not certain
	known bool
}

// fill makes the rule's proposal for an item, as far as the text tells.
func (p *proposer) fill(r *itemRule, t *Task, ws []string, said []int) Suggestion {
	if p.found == nil {
		p.found = factsOf(p.plan, p.rules, p.root)
	}
	values := map[string]foundValue{}
	for name, f := range r.find {
		values[name] = p.find(f, t, ws, said)
	}
	s := Suggestion{Rule: r.id}
	var doubts []string
	used := map[string]bool{}
	for _, pr := range r.propose {
		part := CheckCall{Use: pr.use, Args: map[string]string{}}
		for _, arg := range sortedKeys(pr.args) {
			text, missing, left := fillTemplate(pr.args[arg], r.find, values, used)
			switch {
			case left:
			case missing && !slices.Contains(s.Missing, arg):
				s.Missing = append(s.Missing, arg)
			case !missing:
				part.Args[arg] = text
			}
		}
		for _, arg := range sortedKeys(pr.added) {
			if v := p.only(pr.added[arg], t); v != "" && p.takes(pr.use, arg) {
				part.Args[arg] = v
			}
		}
		s.Of = append(s.Of, part)
	}
	if len(s.Of) == 1 {
		s.Use, s.Args, s.Of = s.Of[0].Use, s.Of[0].Args, nil
	} else {
		s.Use = All
	}
	var told []string
	for _, name := range sortedKeys(used) {
		v := values[name]
		if v.where != "" {
			told = append(told, name+" from "+v.where)
		}
		if v.doubt != "" {
			doubts = append(doubts, name+" "+v.doubt)
		}
	}
	if r.weaker != "" {
		doubts = append(doubts, r.weaker)
	}
	if t.Slot.Item == Deferred {
		doubts = append(doubts, "it is due after the run")
	}
	s.Certain = len(doubts) == 0 && len(s.Missing) == 0
	s.Why = strings.Join(append(told, doubts...), "; ")
	if s.Why == "" {
		s.Why = "the item says so"
	}
	return s
}

func (p *proposer) takes(use, arg string) bool {
	_, ok := p.info(use).Args[arg]
	return ok
}

// only returns the one value that a kind of fact has in the item or in the
// whole document.
func (p *proposer) only(kind string, t *Task) string {
	if own := p.found.inItem(kind, t.Slot, words(t.Slot.Label)); len(own) == 1 {
		return own[0]
	}
	value := ""
	for _, f := range p.found.byKind[kind] {
		if f.contingency != t.Contingency && f.contingency != "" {
			continue
		}
		if value != "" && f.value != value {
			return ""
		}
		value = f.value
	}
	return value
}

// maxFacts bounds how many facts are looked at for one value, the nearest ones.
const maxFacts = 256

// find looks for a value: in the item's own text, in the commands and the text
// of its section, before it, after it.
func (p *proposer) find(f *finder, t *Task, ws []string, said []int) foundValue {
	slot := t.Slot
	for _, kind := range f.from {
		if own := p.found.inItem(kind, slot, ws); len(own) == 1 || f.all && len(own) > 0 {
			return foundValue{value: strings.Join(own, ","), where: "the item", known: true}
		}
	}
	if f.own {
		return foundValue{}
	}
	about := f.about
	if f.aboutHim {
		about = []phrase{own(ws, said)}
		if len(about[0]) == 0 {
			about = nil
		}
	}
	for _, scope := range []func(fact) bool{
		func(x fact) bool { return p.inSection(x.section, slot.Section) },
		func(x fact) bool { return x.at < slot.Mark.Start },
		func(x fact) bool { return !f.before },
	} {
		for _, kind := range f.from {
			list := p.pick(kind, t, about, scope)
			if len(list) > 0 {
				return p.choose(list, f, t, ws)
			}
		}
	}
	if f.guess != "" {
		return foundValue{value: f.guess, doubt: "is a guess", known: true}
	}
	return foundValue{}
}

// own are the words of an item that its rule did not take up, and that say
// something.
func own(ws []string, said []int) phrase {
	small := []string{"a", "an", "the", "all", "is", "are", "in", "on", "of", "for", "to", "and", "with", "by"}
	var ph phrase
	for i, w := range ws {
		if !slices.Contains(said, i) && !slices.Contains(small, w) {
			ph = append(ph, []alternative{{w}})
		}
	}
	return ph
}

// inSection reports whether a fact's section is the item's or one above it.
func (p *proposer) inSection(of, item int) bool {
	for item > 0 {
		if of == item {
			return true
		}
		item = p.plan.Document.Sections[item].Parent
	}
	return of == item && of == 0 && len(p.plan.Document.Sections) == 1
}

// pick lists the facts of a kind that count for an item, the nearest last.
func (p *proposer) pick(kind string, t *Task, about []phrase, scope func(fact) bool) []fact {
	var list []fact
	all := p.found.byKind[kind]
	for i := len(all) - 1; i >= 0 && len(list) < maxFacts; i-- {
		x := all[i]
		if x.contingency != "" && x.contingency != t.Contingency || !scope(x) {
			continue
		}
		if len(about) > 0 && !saysAll(about, x.about) {
			continue
		}
		list = append(list, x)
	}
	slices.Reverse(list)
	return list
}

// saysAll reports whether words say one of the phrases, in whatever order.
func saysAll(about []phrase, ws []string) bool {
	for _, p := range about {
		all := true
		for _, either := range p {
			all = all && phrase{either}.find(ws) != nil
		}
		if all {
			return true
		}
	}
	return false
}

// choose makes a value of the facts that fit. It is certain if one alone fits,
// stands before the item, and is of the item's environment.
func (p *proposer) choose(list []fact, f *finder, t *Task, ws []string) foundValue {
	v := foundValue{known: true}
	var values, lines, doubts []string
	sections, further := map[int]bool{}, false
	list, other := p.ofEnvironment(list, f, ws)
	for _, x := range list {
		if !slices.Contains(values, x.value) {
			values = append(values, x.value)
		}
		if l := strconv.Itoa(x.line); !slices.Contains(lines, l) {
			lines = append(lines, l)
		}
		sections[x.section] = true
		further = further || x.at > t.Slot.Mark.Start && !p.inSection(x.section, t.Slot.Section)
	}
	if further {
		doubts = append(doubts, "is named only further down")
	}
	if other != "" {
		doubts = append(doubts, other)
	}
	switch {
	case f.all:
		if len(sections) > 1 {
			doubts = append(doubts, "is put together from several sections")
		}
		v.value = strings.Join(values, ",")
	case len(values) > 1:
		nearest := values[len(values)-1]
		doubts = append(doubts, "could be any of "+strings.Join(values[:min(len(values), 4)], ", "))
		v.value, lines = nearest, lines[len(lines)-1:]
	default:
		v.value = values[0]
	}
	v.doubt = strings.Join(doubts, " and ")
	v.where = "line "
	if lines = lines[:min(len(lines), 4)]; len(lines) > 1 {
		v.where = "lines "
	}
	v.where += strings.Join(lines, ", ")
	return v
}

// ofEnvironment keeps the facts of the environment that the item names, or
// says how those of another one would be called there.
func (p *proposer) ofEnvironment(list []fact, f *finder, ws []string) ([]fact, string) {
	word, row := environmentOf(ws)
	if row < 0 || f.asIs {
		return list, ""
	}
	var here, there []fact
	name := ""
	for _, x := range list {
		value, was, differs := inEnvironment(x.value, word, row)
		if !differs {
			here = append(here, x)
			continue
		}
		name, x.value = was, value
		there = append(there, x)
	}
	if len(here) > 0 {
		return here, ""
	}
	return there, fmt.Sprintf("is made up, with %s in the place of %s", word, name)
}

// fillTemplate puts what was found into an argument. missing: a name has no
// value; left: an optional one has none, and the argument is left out.
func fillTemplate(template string, find map[string]*finder, values map[string]foundValue, used map[string]bool) (text string, missing, left bool) {
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(template, "{")
		out.WriteString(before)
		if !ok {
			return out.String(), missing, left
		}
		hole, after, closed := strings.Cut(rest, "}")
		name, as, _ := strings.Cut(hole, "|")
		f := find[name]
		if !closed || f == nil {
			out.WriteString("{")
			template = rest
			continue
		}
		v := values[name]
		switch {
		case !v.known && f.optional:
			left = true
		case !v.known:
			missing = true
		default:
			used[name] = true
		}
		out.WriteString(shown(v.value, as))
		template = after
	}
}

// shown writes a value into a template the way that it asks for.
func shown(value, as string) string {
	switch as {
	case "line": // a string of an expression: a pattern for a line of settings, however it is spaced
		pattern := strings.Join(strings.Fields(regexp.QuoteMeta(value)), `\s*`)
		return strconv.Quote(`(?m)^\s*` + pattern + `\s*$`)
	case "ms": // a number of milliseconds
		if number, ok := strings.CutSuffix(value, "ms"); ok {
			return number
		}
		number, _ := strings.CutSuffix(value, "s")
		if n, err := strconv.ParseFloat(number, 64); err == nil {
			return strconv.FormatFloat(n*1000, 'f', -1, 64)
		}
	}
	return value
}
