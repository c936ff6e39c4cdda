package runbook

import (
	"strings"
	"testing"
)

// Each case is a document with comments, and what of it is bound how: the
// label, the use and arguments of each item and blank that a comment binds,
// then the problems.
func TestCommentsBindWhatIsBelowThem(t *testing.T) {
	sidecar := "items:\n  \"*\": {use: git, what: clean}\n"
	tests := map[string]struct {
		text, car string
		want      string
	}{
		"an item":                     {"<!-- runbook: use=file path=a -->\n- [ ] A\n", "", "A: file path=a"},
		"with spaces and quotes":      {"<!-- runbook: use=step run=\"a 'b' c\" expect='exit == 0' -->\n- [ ] A\n", "", "A: step expect=exit == 0 run=a 'b' c"},
		"the second of a list":        {"- [ ] A\n<!-- runbook: use=git what=clean -->\n- [ ] B\n- [ ] C\n", "", "B: git what=clean"},
		"in a list of a list":         {"- x\n  <!-- runbook: use=git what=clean -->\n  - [ ] B\n", "", "B: git what=clean"},
		"in a quote":                  {"> <!-- runbook: use=git what=clean -->\n> - [ ] B\n", "", "B: git what=clean"},
		"a blank":                     {"X: a\n\n<!-- runbook: use=git get=tag -->\nTag: ____\n", "", "Tag: git get=tag"},
		"a choice":                    {"<!-- runbook: use=run -->\nResult: [ ] Success [ ] Failed\n", "", "Result: run"},
		"an item with its blank":      {"<!-- runbook: use=git what=clean -->\n- [ ] Checkout is clean, see ____\n", "", "Checkout is clean, see: git what=clean"},
		"the sidecar outranks it":     {"<!-- runbook: use=file path=a -->\n- [ ] A\n", sidecar, ""},
		"a blank line between":        {"<!-- runbook: use=file path=a -->\n\n- [ ] A\n", "", "1 warning: a comment for runbook stands above no step, item or blank, and counts for nothing"},
		"inside of another comment":   {"<!--\n<!-- runbook: use=file path=a -->\n- [ ] A\n", "", ""},
		"inside of a fence":           {"```text\n<!-- runbook: use=file path=a -->\nName: ____\n```\n", "", ""},
		"two blanks":                  {"<!-- runbook: use=ask -->\nA: ____ B: ____\n", "", "1 error: a comment for runbook stands above several slots"},
		"without its colon":           {"<!-- runbook use=file path=a -->\n- [ ] A\n", "", `1 warning: a comment that starts with "runbook" and no colon says nothing to runbook`},
		"a comment like any other":    {"<!-- runbook of the team -->\n- [ ] A\n", "", ""},
		"an unknown key":              {"<!-- runbook: use=file path=a size=3 -->\n- [ ] A\n", "", "A: file path=a size=3\n1 error: the comment for a: file takes no argument \"size\"; it takes contains, path, sha256"},
		"an unknown check":            {"<!-- runbook: use=fiel -->\n- [ ] A\n", "", "A: fiel\n1 error: the comment for a: there is no check \"fiel\"; there are …"},
		"no use":                      {"<!-- runbook: path=a -->\n- [ ] A\n", "", "1 error: the comment for a: it does not say what to use"},
		"given twice":                 {"<!-- runbook: use=file path=a path=b -->\n- [ ] A\n", "", "A: file path=a\n1 error: the comment for a: \"path\" is given twice"},
		"several checks":              {"<!-- runbook: use=file path=a use=ask not=operator -->\n- [ ] A\n", "", "A: all(file path=a; ask not=operator)"},
		"several, one of them none":   {"<!-- runbook: use=file path=a use=fiel -->\n- [ ] A\n", "", "A: all(file path=a; fiel)\n1 error: the comment for a: check 2: there is no check \"fiel\"; there are …"},
		"given twice among several":   {"<!-- runbook: use=file path=a path=b use=ask -->\n- [ ] A\n", "", "A: all(file path=a; ask)\n1 error: the comment for a: \"path\" is given twice"},
		"several sources of a blank":  {"<!-- runbook: use=ask use=git get=tag -->\nTag: ____\n", "", "1 error: the comment for tag: only an item has several"},
		"a blank that is offered":     {"<!-- runbook: use=git get=tag -->\nTag: TBD\n", "", "Tag: git get=tag"},
		"a blank before an offer":     {"<!-- runbook: use=git get=tag -->\nTag: ____ by [Your Name]\n", "", "Tag: git get=tag"},
		"no value":                    {"<!-- runbook: use=file path -->\n- [ ] A\n", "", "A: file\n1 error: the comment for a: \"path\" has no value\n1 error: the comment for a: file needs the argument \"path\": path"},
		"a quote that stays open":     {"<!-- runbook: use=\"file -->\n- [ ] A\n", "", "1 error: the comment for a: use has a quote that is not closed"},
		"a sign-off":                  {"<!-- runbook: use=git what=clean -->\n- [ ] Lead: ________ Date: ________\n", "", "1 error: the comment for lead: it belongs to a sign-off, which only its person gives"},
		"bad news stays bad news":     {"Abort if:\n- [ ] A\n<!-- runbook: use=git what=clean -->\n- [ ] B\n", "", "B: git what=clean (criterion)"},
		"attributes without braces":   {"```bash dir=x\ntrue\n```\n", "", "1 warning: the attribute dir=x stands outside of braces and counts for nothing"},
		"a title is no attribute":     {"```bash title=\"dir of x\"\ntrue\n```\n", "", ""},
		"a step's without its colon":  {"<!-- runbook dir=x -->\n```bash\ntrue\n```\n", "", `1 warning: a comment that starts with "runbook" and no colon says nothing to runbook`},
		"a step's is taken as before": {"<!-- runbook: timeout=5m -->\n```bash\ntrue\n```\n", "", ""},
		"a step's with a bad key":     {"<!-- runbook: use=ask -->\n```bash\ntrue\n```\n", "", `2 error: a step has no attribute "use"; it has dir, idempotent, pause, retry, sensitive, skip, timeout, tty`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			car, problems := ParseSidecar("a", []byte(tt.car))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			plan := planOf(t, tt.text, func(in *PlanInput) {
				in.Catalog.Checks = proposalCatalog().Checks
				for i := range in.Catalog.Checks {
					if in.Catalog.Checks[i].Name == "file" {
						in.Catalog.Checks[i].Require = []string{"path"}
					}
				}
				in.Sidecar = car
			})
			var got []string
			for i := range plan.Tasks {
				if task := &plan.Tasks[i]; task.Binding.Origin == FromComment {
					line := task.Slot.Label + ": " + bound(task.Binding)
					if task.Slot.Item == Criterion {
						line += " (criterion)"
					}
					got = append(got, line)
				}
			}
			for _, p := range plan.Problems {
				if p.Severity == Note {
					continue
				}
				text := strings.TrimPrefix(p.In(""), ":")
				if head, _, cut := strings.Cut(text, "there are ask"); cut {
					text = head + "there are …"
				}
				got = append(got, strings.Replace(text, ": ", " ", 1))
			}
			if text := strings.Join(got, "\n"); text != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", text, tt.want)
			}
		})
	}
}

func FuzzSplitAttrs(f *testing.F) {
	f.Add(`use=a b="c d" e='f' g`)
	f.Fuzz(func(t *testing.T, text string) {
		attrs, err := splitAttrs(text)
		n := 0
		for _, a := range attrs {
			n += len(a.key) + len(a.value)
		}
		if err == nil && n > len(text) {
			t.Errorf("%q has less than %+v", text, attrs)
		}
	})
}
