package runbook

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// describeScript writes all that was read from a script, a line for each fact.
func describeScript(slot *Slot, s *Script) string {
	var b strings.Builder
	fmt.Fprintf(&b, "step at %d\n", slot.Line)
	for _, p := range s.Problems {
		fmt.Fprintf(&b, "  %s\n", p.In("seed"))
	}
	for i, c := range s.Commands {
		first, rest, _ := strings.Cut(c.Text, "\n")
		if n := strings.Count(rest, "\n") + 1; rest != "" {
			first += fmt.Sprintf(" [+%d]", n)
		}
		fmt.Fprintf(&b, "  %d %s\n", c.Line, first)
		describeCommand(&b, s, i)
	}
	return b.String()
}

func describeCommand(b *strings.Builder, s *Script, i int) {
	c := s.Commands[i]
	if c.Comment != "" {
		fmt.Fprintf(b, "    comment: %s\n", c.Comment)
	}
	if c.Sensitive != "" {
		fmt.Fprintf(b, "    sensitive: %s\n", c.Sensitive)
	}
	if c.Terraform != NoTerraform {
		fmt.Fprintf(b, "    terraform: %s\n", [...]string{"", "touches outputs", "prints outputs"}[c.Terraform])
	}
	if len(c.Creates) > 0 {
		fmt.Fprintf(b, "    creates: %s\n", strings.Join(c.Creates, " "))
	}
	for _, p := range s.Placeholders {
		if p.Command == i {
			fmt.Fprintf(b, "    placeholder: %d %s\n", p.Line, p.Text)
		}
	}
	for _, e := range s.Effects {
		if e.Command == i && e.Kind != Executes {
			fmt.Fprintf(b, "    %s\n", effectList(&Script{Effects: []Effect{e}})[0])
		}
	}
	for _, e := range s.Expects {
		if e.Command == i {
			fmt.Fprintf(b, "    expects %s: %d %s\n", e.Kind, e.Line, strings.Join(e.Values, "; "))
		}
	}
}

func TestSeedScripts(t *testing.T) {
	src := scriptSeed(t)
	want, err := os.ReadFile("testdata/seed-scripts.txt")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, slot := range stepSlots(src) {
		got.WriteString(describeScript(slot, ReadScript(src, slot)))
	}
	if got.String() != string(want) {
		t.Errorf("got:\n%s\nwant:\n%s", got.String(), want)
	}
}
