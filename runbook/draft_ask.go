package runbook

import (
	"maps"
	"slices"
)

// A DraftQuestion is about a check that could settle an item, once a person
// says the arguments that nothing else tells.
type DraftQuestion struct {
	Line  int    // in the checklist
	Label string // the item's text
	Why   string // what is told of the check, and what is in doubt
	Args  []DraftArg

	entry *DraftEntry
	maybe *DraftSuggestion
}

// A DraftArg is an argument for a person to say.
type DraftArg struct{ Use, Name, Meaning string }

// Questions lists what the draft lacks, in the checklist's order.
func (d *Draft) Questions(c Catalog) []DraftQuestion {
	var list []DraftQuestion
	for i := range d.Entries {
		e := &d.Entries[i]
		for j := range e.Maybe {
			m := &e.Maybe[j]
			q := DraftQuestion{Line: e.Line, Label: e.Label, Why: m.Why, entry: e, maybe: m}
			for _, name := range m.Missing {
				for _, call := range m.Calls {
					if in := infoOf(c.Checks, call.Use); in != nil && in.Args[name] != "" {
						q.Args = append(q.Args, DraftArg{call.Use, name, in.Args[name]})
						break
					}
				}
			}
			if len(q.Args) > 0 {
				list = append(list, q)
			}
		}
	}
	return list
}

// With returns the checks as they would be with the values of arguments.
func (q *DraftQuestion) With(values map[string]string) []CheckCall {
	calls := make([]CheckCall, len(q.maybe.Calls))
	for i, call := range q.maybe.Calls {
		calls[i] = CheckCall{call.Use, maps.Clone(call.Args)}
		for _, a := range q.Args {
			if v := values[a.Name]; v != "" && a.Use == call.Use {
				calls[i].Args[a.Name] = v
			}
		}
	}
	return calls
}

// Answer keeps a person's values of arguments. The check is then set, and true,
// if nothing is left in doubt and no other check could be meant; otherwise it
// stays a suggestion, which says what there is of it.
func (q *DraftQuestion) Answer(values map[string]string) bool {
	m := q.maybe
	m.Calls = q.With(values)
	m.Missing = slices.DeleteFunc(m.Missing, func(name string) bool { return values[name] != "" })
	said := sortedKeys(values)
	for _, name := range said {
		m.Why += "; " + name + " as a person has said"
	}
	if len(m.Missing) > 0 || m.Doubtful || len(q.entry.Maybe) > 1 {
		return false
	}
	e := q.entry
	e.Notes, e.Maybe = append(e.Notes, m.Why), nil
	if len(m.Calls) == 1 {
		e.Set = &m.Calls[0]
	} else {
		e.Of = m.Calls
	}
	return true
}

// infoOf finds what is registered under a name; nil if nothing is.
func infoOf(infos []Info, name string) *Info {
	i := slices.IndexFunc(infos, func(in Info) bool { return in.Name == name })
	if i < 0 {
		return nil
	}
	return &infos[i]
}
