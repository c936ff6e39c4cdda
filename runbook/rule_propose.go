package runbook

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// propose adds what the rules propose to the items that a person would have to
// settle. Nothing is bound by it.
func (b *planner) propose() {
	if b.in.Rules == nil {
		return
	}
	p := &proposer{plan: b.plan, in: &b.in, rules: b.in.Rules, catalog: b.in.Catalog, headings: map[int][]string{}}
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
	in       *PlanInput
	catalog  Catalog
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

func (p *proposer) info(use string) *Info { return infoOf(p.catalog.Checks, use) }

// fill makes the rule's proposal for an item, as far as the text tells.
func (p *proposer) fill(r *itemRule, t *Task, ws []string, said []int) Suggestion {
	p.lookAround()
	values := map[string]foundValue{}
	for name, f := range r.find {
		values[name] = p.find(f, t, ws, said)
	}
	s := Suggestion{Rule: r.id}
	used := map[string]bool{}
	for _, pr := range r.propose {
		part, missing := p.call(r, pr, t, values, used)
		for _, arg := range missing {
			if !slices.Contains(s.Missing, arg) {
				s.Missing = append(s.Missing, arg)
			}
		}
		s.Of = append(s.Of, part)
	}
	if len(s.Of) == 1 {
		s.Use, s.Args, s.Of = s.Of[0].Use, s.Of[0].Args, nil
	} else {
		s.Use = All
	}
	told, doubts := r.reasons(values, used)
	if t.Slot.Item == Deferred {
		doubts = append(doubts, "it is due after the run")
	}
	s.doubtful = len(doubts) > 0
	s.Certain = !s.doubtful && len(s.Missing) == 0
	s.Why = cmp.Or(strings.Join(append(told, doubts...), "; "), "the item says so")
	return s
}

// lookAround reads the facts that rules take arguments from, once.
func (p *proposer) lookAround() {
	if p.found != nil {
		return
	}
	p.found = factsOf(p.plan, p.rules, p.in.Root)
	var pins []Pin
	if p.in.Sidecar != nil {
		pins = p.in.Sidecar.Pins
	}
	p.found.pins(pins)
	p.found.deployed(p.in.Deployed, p.in.Files, pins)
}

// call makes one of the rule's checks, and names the arguments that are not
// known. The values that it takes are noted in used.
func (p *proposer) call(r *itemRule, pr proposal, t *Task, values map[string]foundValue, used map[string]bool) (CheckCall, []string) {
	var unknown []string
	c := CheckCall{Use: pr.use, Args: map[string]string{}}
	for _, arg := range sortedKeys(pr.args) {
		text, missing, left := fillTemplate(pr.args[arg], r.find, values, used)
		switch {
		case left:
		case missing:
			unknown = append(unknown, arg)
		default:
			c.Args[arg] = text
		}
	}
	for _, arg := range sortedKeys(pr.added) {
		if v := p.only(pr.added[arg], t); v != "" && p.takes(pr.use, arg) {
			c.Args[arg] = v
		}
	}
	return c, unknown
}

// reasons says where the values come from that a proposal rests on, and what
// makes it less than certain.
func (r *itemRule) reasons(values map[string]foundValue, used map[string]bool) (told, doubts []string) {
	for _, name := range sortedKeys(r.find) {
		v := values[name]
		if !v.known && r.find[name].without != "" {
			doubts = append(doubts, r.find[name].without)
		}
		if !used[name] {
			continue
		}
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
	return told, doubts
}

func (p *proposer) takes(use, arg string) bool {
	_, ok := p.info(use).Args[arg]
	return ok
}
