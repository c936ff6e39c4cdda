package runbook

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A finding is what was found for one name of a rule.
type foundValue struct {
	value string
	where string // "line 12"
	doubt string // why it is not certain
	known bool
}

// only returns the one value that a kind of fact has in the item, or in the
// whole document, or, where that says nothing, among the pins.
func (p *proposer) only(kind string, t *Task) string {
	if own := p.found.inItem(kind, t.Slot, words(t.Slot.Label)); len(own) == 1 {
		return own[0]
	}
	value, pinned := "", ""
	for _, f := range p.found.byKind[kind] {
		switch {
		case f.contingency != t.Contingency && f.contingency != "" || f.origin == fromState:
		case f.origin == fromPin:
			pinned = f.value
		case value != "" && f.value != value:
			return ""
		default:
			value = f.value
		}
	}
	return cmp.Or(value, pinned)
}

// maxFacts bounds how many facts are looked at for one value, the nearest ones.
const maxFacts = 256

// find looks for a value: in the item's own text, in the commands and the text
// of its section, in terraform's state, among the pins, before it, after it.
func (p *proposer) find(f *finder, t *Task, ws []string, said []int) foundValue {
	for i, kind := range f.from {
		if kind == "environment" && i > 0 {
			continue // for want of a better name
		}
		if own := p.found.inItem(kind, t.Slot, ws); len(own) == 1 || f.all && len(own) > 0 {
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
	for _, scope := range p.scopes(f, t, ws) {
		for _, kind := range f.from {
			if list := p.pick(kind, t, about, scope); len(list) > 0 {
				return p.choose(list, f, t, ws)
			}
		}
	}
	if word, row := environmentOf(ws); row >= 0 && slices.Contains(f.from, "environment") {
		return foundValue{value: word, where: "the item", known: true}
	}
	return foundValue{value: f.guess, doubt: "is a guess", known: f.guess != ""}
}

// scopes are where a value is looked for outside the item's text, the nearest
// first.
func (p *proposer) scopes(f *finder, t *Task, ws []string) []func(fact) bool {
	slot := t.Slot
	return []func(fact) bool{
		func(x fact) bool { return x.origin == fromText && p.inSection(x.section, slot.Section) },
		func(x fact) bool { return x.origin == fromState && !f.asIs && x.deployedFor(ws) },
		func(x fact) bool { return x.origin == fromPin },
		func(x fact) bool { return x.origin == fromText && x.at < slot.Mark.Start },
		func(x fact) bool { return x.origin == fromText && !f.before },
	}
}

// deployedFor reports whether a fact of terraform's state is of the workspace
// that an item with these words is about: that of its environment, else the
// plan's.
func (x fact) deployedFor(ws []string) bool {
	if _, row := environmentOf(ws); row >= 0 {
		if _, of := environmentOf(words(x.workspace)); of >= 0 || x.elsewhere {
			return of == row
		}
	}
	return x.preferred && !x.elsewhere
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
	var values, doubts []string
	var at places
	sections, further := map[int]bool{}, false
	list, other := p.ofEnvironment(list, f, ws)
	for _, x := range list {
		if !slices.Contains(values, x.value) {
			values = append(values, x.value)
		}
		at.add(x)
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
		doubts = append(doubts, "could be any of "+strings.Join(values[:min(len(values), 4)], ", "))
		v.value, at = values[len(values)-1], places{} // the nearest
		at.add(list[len(list)-1])
	default:
		v.value = values[0]
	}
	v.doubt, v.where = strings.Join(doubts, " and "), at.String()
	return v
}

// places are where facts stand, each once.
type places struct{ lines, others []string }

func (p *places) add(x fact) {
	list, place := &p.lines, strconv.Itoa(x.line)
	if x.origin != fromText {
		list, place = &p.others, x.where
	}
	if !slices.Contains(*list, place) {
		*list = append(*list, place)
	}
}

// String names the first few.
func (p *places) String() string {
	said := p.others[:min(len(p.others), 4)]
	switch lines := p.lines[:min(len(p.lines), 4)]; len(lines) {
	case 0:
	case 1:
		said = append(said, "line "+lines[0])
	default:
		said = append(said, "lines "+strings.Join(lines, ", "))
	}
	return strings.Join(said, ", ")
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
