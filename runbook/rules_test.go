package runbook

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"runbook/runbook/rules"
)

// A rule of the project's own takes the place of one that it names, or switches
// it off; what is wrong with a pack comes with its lines, all at once.
func TestRulesOfAProject(t *testing.T) {
	tests := map[string]struct {
		src  string
		want []string
	}{
		"nothing wrong":        {"off: [git.clean]\nrules:\n  - {id: a, item: [queue empty], propose: {use: step, run: ./q}}\n", nil},
		"an unknown key":       {"rule: []\n", []string{`r.yaml:1: unknown key "rule"`}},
		"no such rule":         {"off: [x]\n", []string{`off: there is no rule "x"`}},
		"a rule without use":   {"rules:\n  - {id: a, item: [b], propose: {run: c}}\n", []string{"a does not say what to use"}},
		"an unknown hole":      {"rules:\n  - {id: a, item: [b], propose: {use: step, run: '{c}'}}\n", []string{"nothing finds {c}"}},
		"an unknown fact":      {"rules:\n  - {id: a, item: [b], find: {c: d}, propose: {use: step, run: '{c}'}}\n", []string{`c: there is no fact "d"`}},
		"an unknown check":     {"rules:\n  - {id: a, item: [b], propose: {use: stepp}}\n", []string{`there is no check "stepp"`}},
		"an unknown argument":  {"rules:\n  - {id: a, item: [b], propose: {use: git, wath: c}}\n", []string{`git takes no argument "wath"`}},
		"what a fact takes":    {"facts:\n  a: [{of: ls, take: everything}]\n", []string{`nothing takes "everything" of a command`}},
		"a fact from nowhere":  {"facts:\n  a: [{take: step}]\n", []string{"comes from one of a command (of), an output, a pin, a resource, a text and a variable"}},
		"a fact from two":      {"facts:\n  a: [{pin: branch, variable: B}]\n", []string{"comes from one of a command"}},
		"an unknown pin":       {"facts:\n  a: [{pin: brunch}]\n", []string{`there is no pin "brunch"`}},
		"a resource's what":    {"facts:\n  a: [{resource: aws_s3_bucket}]\n", []string{"which attribute of the resource"}},
		"a resource's secret":  {"facts:\n  a: [{resource: aws_db_instance, take: password}]\n", []string{"no secret one"}},
		"an unknown look":      {"facts:\n  a: [{text: colour}]\n", []string{`there is no text "colour"`}},
		"several, all at once": {"a: 1\nfacts:\n  b: [{text: c}]\n", []string{"r.yaml:1:", "r.yaml:3:"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := packs(t)
			problems := r.Add("r.yaml", []byte(tt.src))
			problems = append(problems, r.Check("r.yaml", proposalCatalog())...)
			if len(problems) != len(tt.want) {
				t.Fatalf("%v, want %q", problems, tt.want)
			}
			for i, p := range problems {
				if !strings.Contains(p.Message, tt.want[i]) {
					t.Errorf("%q, want %q", p.Message, tt.want[i])
				}
			}
		})
	}
}

// packs reads all rules that runbook brings along.
func packs(t testing.TB) *Rules {
	t.Helper()
	r := NewRules()
	names, err := fs.Glob(rules.Packs, "*.yaml")
	if err != nil || len(names) < 10 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		src, err := rules.Packs.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range r.Add(name, src) {
			t.Error(p.Message)
		}
	}
	for _, name := range names {
		for _, p := range r.Check(name, proposalCatalog()) {
			t.Error(p.Message)
		}
	}
	return r
}

// Each rule recognises its examples and none of its counter-examples; what an
// example means to one rule it means to no other, but to one that stands in
// for it.
func TestRulesRecogniseTheirExamples(t *testing.T) {
	r := packs(t)
	recognising := func(e ruleExample) []string {
		var ids []string
		for _, rule := range r.recognising(words(plain([]byte(e.item))), func() []string { return words(e.section) }) {
			ids = append(ids, rule.id)
		}
		return ids
	}
	for _, rule := range r.list {
		if rule == nil {
			t.Fatal("a rule of ours is switched off")
		}
		if len(rule.examples) == 0 || len(rule.counter) == 0 {
			t.Errorf("%s has no examples, or no counter-examples", rule.id)
		}
		for _, e := range rule.examples {
			ids := recognising(e)
			if !slices.Contains(ids, rule.id) {
				t.Errorf("%s does not recognise %q", rule.id, e)
			}
			for _, id := range ids {
				if other := r.list[r.byID[id]]; id != rule.id && !r.standsIn(other, rule) && !r.standsIn(rule, other) {
					t.Errorf("%q is for %s, and %s takes it too", e, rule.id, id)
				}
			}
		}
		for _, e := range rule.counter {
			if slices.Contains(recognising(e), rule.id) {
				t.Errorf("%s takes %q for its own", rule.id, e)
			}
		}
	}
	for _, e := range r.asked {
		if ids := recognising(e); len(ids) > 0 {
			t.Errorf("only a person knows %q, and it is for %q", e, ids)
		}
	}
	for _, e := range r.unasked {
		if findAny(r.people, words(e.item)) != nil {
			t.Errorf("%q is taken for what only a person knows", e.item)
		}
	}
}

// standsIn reports whether a rule is asked in the place of another, or of one
// that is.
func (r *Rules) standsIn(rule, other *itemRule) bool {
	for rule.instead != "" {
		if rule.instead == other.id {
			return true
		}
		rule = r.list[r.byID[rule.instead]]
	}
	return false
}
