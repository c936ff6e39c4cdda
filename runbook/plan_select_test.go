package runbook

import "testing"

// Selections that met in no step once ran nothing and exited 0.
func TestASelectionOfNothingIsRefused(t *testing.T) {
	doc, err := Parse("a.md", []byte("# T\n\n## A\n\n```bash\none\n```\n\n## B\n\n- [ ] b\n\n```bash\ntwo\n```\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		sel     Selection
		refused bool
	}{
		{"all", Selection{}, false},
		{"a step", Selection{Steps: []string{"1"}}, false},
		{"a step of its section", Selection{Steps: []string{"2"}, Section: "b"}, false},
		{"a step of another section", Selection{Steps: []string{"1"}, Section: "b"}, true},
		{"a step before the first", Selection{Steps: []string{"1"}, From: "2"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			plan := NewPlan(doc, PlanInput{Tree: everywhere{}, Root: "/r", DocDir: "/r", Select: tt.sel})
			if got := len(plan.Errors()) > 0; got != tt.refused {
				t.Errorf("refused: %v; problems %+v", got, plan.Problems)
			}
		})
	}
}
