package runbook

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Blanks of the second class: what is taken for one, with its label, and the
// document once each has the value "v".
func TestBlanksOfTheSecondClass(t *testing.T) {
	const signs = "| Role | Name | Signature | Date |\n|---|---|---|---|\n"
	tests := map[string]struct{ src, labels, filled string }{
		"a value to come":                      {"Owner: TBD\n", "Owner", "Owner: v\n"},
		"behind a bold label":                  {"**Owner:** TBD  \nx\n", "Owner", "**Owner:** v  \nx\n"},
		"the colon behind the bold":            {"- **Owner**: TBD\n", "Owner", "- **Owner**: v\n"},
		"in a cell":                            {"| Who | When |\n|---|---|\n| Ada | TBD |\n", "Ada / When", "| Who | When |\n|---|---|\n| Ada | v |\n"},
		"in a row's first cell":                {"| Who | When |\n|---|---|\n| TBD | now |\n", "Who", "| Who | When |\n|---|---|\n| v | now |\n"},
		"a label with nothing behind it":       {"**Owner:**\n", "Owner", "**Owner:** v\n"},
		"in a list":                            {"- **Owner:**\n- **Team:**\n", "Owner, Team", "- **Owner:** v\n- **Team:** v\n"},
		"labels below each other":              {"**A:**  \n**B:** ____\n**C:**\n", "A, C", "**A:** v  \n**B:** ____\n**C:** v\n"},
		"a heading below":                      {"**A:**\n\n## B\n", "A", "**A:** v\n\n## B\n"},
		"another label below":                  {"**A:**\n\n**B:** x\n", "A", "**A:** v\n\n**B:** x\n"},
		"somebody's name":                      {"Reviewed by [Your Name] today\n", "[Your Name]", "Reviewed by v today\n"},
		"in a cell, in words":                  {"| a |\n|---|\n| [your-team] |\n", "[your-team]", "| a |\n|---|\n| v |\n"},
		"cells for signatures":                 {signs + "| Lead | | | |\n", "Lead / Name, Lead / Signature, Lead / Date", signs + "| Lead | v | v | v |\n"},
		"cells that are wide":                  {signs + "| Lead |        ||\n", "Lead / Name, Lead / Signature", signs + "| Lead | v | v |\n"},
		"CRLF":                                 {"**A:**\r\n**B:**\r\n", "A, B", "**A:** v\r\n**B:** v\r\n"},
		"in a quote":                           {"> **A:**\n> **Owner:** TBD\n", "A, Owner", "> **A:** v\n> **Owner:** v\n"},
		"a label that a list follows":          {"**Key Outputs:**\n- a\n", "", ""},
		"a label that text follows":            {"**Notes:**\nas before\n", "", ""},
		"a label that a paragraph follows":     {"**Notes:**\n\nas before\n", "", ""},
		"a label that a fence follows":         {"**Run:**\n\n```text\na\n```\n", "", ""},
		"a label that a blank follows":         {"**Notes:**\n______\n", "", ""},
		"a label and a blank":                  {"**Owner:** ____\n", "", ""},
		"a heading's label":                    {"## **Owner:**\n", "", ""},
		"an underlined label":                  {"**Owner:**\n---\n", "", ""},
		"bold that is no label":                {"**Stop**\n", "", ""},
		"a sentence":                           {"The date is TBD\n", "", ""},
		"more than the value":                  {"Owner: TBD by Ops\n", "", ""},
		"in lower case":                        {"Owner: tbd\n", "", ""},
		"in a line with a box":                 {"- [ ] Owner: TBD\n", "", ""},
		"in code":                              {"`Owner: TBD`\n\n```text\nOwner: TBD\n```\n", "", ""},
		"in a comment":                         {"<!-- Owner: TBD -->\n", "", ""},
		"in a link's title":                    {"[a](u \"x: TBD\n\")\n", "", ""},
		"in a shortcode":                       {"{{< a \"x: TBD\n\" >}}\n", "", ""},
		"a definition":                         {"[Owner]: TBD\n", "", ""},
		"a link's text":                        {"[Your Name](https://a)\n", "", ""},
		"a link by reference":                  {"[Your Name]\n\n[your name]: https://a\n", "", ""},
		"an image":                             {"![Your Name]\n", "", ""},
		"other brackets":                       {"[Yourself] [the name] [you]\n", "", ""},
		"an empty cell elsewhere":              {"| Who | Phone |\n|---|---|\n| Ada | |\n", "", ""},
		"a name column is no sign-off":         {"| Role | Name |\n|---|---|\n| Lead | |\n", "", ""},
		"a cell for remarks among signatures":  {"| Role | Signature | Remarks |\n|---|---|---|\n| Lead | x | |\n", "", ""},
		"a row of nobody":                      {signs + "| | | | |\n", "", ""},
		"an item's text stays what it is":      {"- [ ] a\n  Owner: TBD\n", "Owner", "- [ ] a\n  Owner: v\n"},
		"a placeholder's suffix does not move": {"[Your Name] <your-name>\n", "[Your Name]", "v <your-name>\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			doc := mustParse(t, tt.src)
			var labels []string
			var edits []Edit
			for i := range doc.Slots {
				s := &doc.Slots[i]
				if !s.Second {
					continue
				}
				if s.Kind != PlaceholderSlot {
					t.Errorf("%s is a %s", s.ID, s.Kind)
				}
				labels = append(labels, s.Label)
				edits = append(edits, Edit{s.Mark, s.spaced(s.Mark.Of(doc.Source), "v")})
			}
			if got := strings.Join(labels, ", "); got != tt.labels {
				t.Fatalf("%q, want %q", got, tt.labels)
			}
			if got, err := Splice(doc.Source, edits); err != nil || len(edits) > 0 && string(got) != tt.filled {
				t.Errorf("%v, filled:\n%s\nwant:\n%s", err, got, tt.filled)
			}
			checkDocument(t, doc)
			checkFilling(t, doc)
		})
	}
	doc := mustParse(t, "[Your Name] <your-name>\n")
	if doc.Slots[0].ID != "your-name-2" || doc.Slots[1].ID != "your-name" {
		t.Errorf("%s, %s", doc.Slots[0].ID, doc.Slots[1].ID)
	}
}

// Nobody is asked for such a blank, nothing fills it but a binding or a value
// that is given, and one with its label that is required comes first.
func TestTheSecondClassIsOffered(t *testing.T) {
	const src = "**Operator:**\n**Owner:** TBD\n**Owner:** ____\n**Team:** TBD\n\nBy [Your Name], [Your Name]\n"
	given := func(pairs ...string) []GivenFor {
		var list []GivenFor
		for i := 0; i < len(pairs); i += 2 {
			list = append(list, GivenFor{Key: pairs[i], Where: "--set", Given: Given{Value: pairs[i+1], Source: "set"}})
		}
		return list
	}
	plan := planOf(t, src, func(in *PlanInput) { in.Givens = given("Owner", "Ada", "team", "Ops", "[Your Name]", "Eve") })
	if errs := plan.Errors(); len(errs) > 0 {
		t.Fatal(errs)
	}
	var got []string
	for i := range plan.Tasks {
		task := &plan.Tasks[i]
		value := "-"
		if g := task.Binding.Given; g != nil {
			value = g.Value
		}
		perhaps := ""
		for _, s := range task.Binding.Suggest {
			perhaps += " perhaps " + s.Use
		}
		got = append(got, fmt.Sprintf("%s %s=%s asked=%v%s", task.Slot.Kind, task.Slot.Label, value, plan.asked(task), perhaps))
	}
	want := []string{
		"placeholder Operator=- asked=false perhaps operator", "placeholder Owner=- asked=false", "field Owner=Ada asked=true",
		"placeholder Team=Ops asked=true", "placeholder [Your Name]=Eve asked=true", "placeholder [Your Name]=Eve asked=true",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What a person writes into such a blank by hand is a fact of theirs, however
// they keep the table's width.
func TestTheSecondClassIsAdopted(t *testing.T) {
	doc := mustParse(t, "**Owner:**  \n**Due:** TBD\n\n| Role | Signature |\n|------|-----------|\n| Lead |           |\n")
	entries := []Entry{{Seq: 1, Time: time.Unix(0, 0), Event: &RunStarted{Run: "r", Document: "a.md", Template: doc.Digest()}}}
	record, err := Render(doc, entries)
	if err != nil {
		t.Fatal(err)
	}
	by := strings.NewReplacer("**Owner:**  ", "**Owner:** Ada", "TBD", "Monday", "| Lead |           |", "| Lead | Ada Lovelace |").Replace(string(record))
	events, err := Adopt(doc, entries, []byte(by), func(int) Writer { return Writer{Name: "Ada"} })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, e := range events {
		f := e.(*FieldFilled)
		got = append(got, string(f.Field)+"="+f.Value)
		entries = append(entries, Entry{Seq: i + 2, Time: time.Unix(0, 0), Event: e})
	}
	if want := "owner=Ada due=Monday lead-signature=Ada Lovelace"; strings.Join(got, " ") != want {
		t.Errorf("%q, want %q", got, want)
	}
	if record, err = Render(doc, entries); err != nil || !strings.Contains(string(record), "**Owner:** Ada  \n**Due:** Monday\n") || !strings.Contains(string(record), "| Lead | Ada Lovelace |\n") {
		t.Errorf("%v\n%s", err, record)
	}
	if again, err := Adopt(doc, entries, record, func(int) Writer { return Writer{} }); err != nil || len(again) > 0 {
		t.Errorf("of the record itself: %v, %v", again, err)
	}
}
