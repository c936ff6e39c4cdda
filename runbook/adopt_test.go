package runbook

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const adoptTemplate = "# T\n\n**Name:** ____  \n**When:** __/__/____ at ____\n\n- [ ] One\n- [x] Two\n\n" +
	"```bash\nrun\n# Store in: ____\n```\n\n| Who | Ready |\n|---|---|\n| ____ | [ ] |\n\nStatus: [ ] Good [ ] Bad\n\n- [ ] Lead: ____ Date: ____\n\nA role in ACCOUNT_ID.\n"

// Each case is what somebody did to a record of adoptTemplate by hand.
func TestAdopt(t *testing.T) {
	ada := func(int) Writer { return Writer{Name: "Ada"} }
	tests := map[string]struct {
		edits []string // old, new, …
		want  []Event
		drift string // a part of the diff
	}{
		"nothing":         {nil, nil, ""},
		"a tick":          {[]string{"- [ ] One", "- [X] One"}, []Event{&ItemSettled{Item: "one", Verdict: Pass, Use: Hand, By: "Ada"}}, ""},
		"not applicable":  {[]string{"- [ ] One", "- [-] One"}, []Event{&ItemSettled{Item: "one", Verdict: NotApplicable, Use: Hand, By: "Ada"}}, ""},
		"half done":       {[]string{"- [ ] One", "- [~] One"}, []Event{&ItemSettled{Item: "one", Verdict: Unknown, Use: Hand, By: "Ada", Note: "marked ~"}}, ""},
		"a tick is gone":  {[]string{"- [x] Two", "- [ ] Two"}, []Event{&ItemSettled{Item: "two", Verdict: Unknown, Use: Hand, By: "Ada", Note: "the tick was taken away"}}, ""},
		"another symbol":  {[]string{"- [x] Two", "- [X] Two"}, nil, ""},
		"no state":        {[]string{"- [ ] One", "- [?] One"}, nil, "+- [?] One"},
		"a name":          {[]string{"**Name:** ____", "**Name:** Ada"}, []Event{&FieldFilled{Field: "name", Value: "Ada", Source: Hand, By: "Ada"}}, ""},
		"within a blank":  {[]string{"**Name:** ____", "**Name:** __Ada__"}, []Event{&FieldFilled{Field: "name", Value: "Ada", Source: Hand, By: "Ada"}}, ""},
		"a shorter blank": {[]string{"**Name:** ____", "**Name:** __"}, nil, ""},
		"a blank removed": {[]string{"**Name:** ____  ", "**Name:**"}, nil, ""},
		"two on a line": {[]string{"__/__/____ at ____", "1/2/2026 at noon"}, []Event{
			&FieldFilled{Field: "when", Value: "1/2/2026", Source: Hand, By: "Ada"}, &FieldFilled{Field: "at", Value: "noon", Source: Hand, By: "Ada"},
		}, ""},
		"in a step's comment": {[]string{"in: ____", "in: a_b"}, []Event{&FieldFilled{Field: "store-in", Value: "a_b", Source: Hand, By: "Ada"}}, ""},
		"an outcome":          {[]string{"[ ] Bad", "[x] Bad"}, []Event{&ChoiceSettled{Choice: "status", Option: 1, Use: Hand, By: "Ada"}}, ""},
		"two outcomes":        {[]string{"[ ] Good [ ] Bad", "[x] Good [x] Bad"}, nil, "+Status: [x] Good [x] Bad"},
		"a placeholder":       {[]string{"ACCOUNT_ID", "123456789012"}, []Event{&FieldFilled{Field: "account-id", Value: "123456789012", Source: Hand, By: "Ada"}}, ""},
		"a sign-off": {[]string{"[ ] Lead: ____", "[x] Lead: Ben"}, []Event{
			&FieldFilled{Field: "lead/name", Value: "Ben", Source: Hand, By: "Ada"}, &ItemSettled{Item: "lead", Verdict: Pass, Use: Hand, By: "Ben", Note: "written by Ada"},
		}, ""},
		"a sign-off without a name": {[]string{"[ ] Lead", "[x] Lead"}, []Event{&ItemSettled{Item: "lead", Verdict: Unknown, Use: Hand, By: "Ada", Note: "ticked without a name beside it"}}, ""},
		"white space at ends":       {[]string{"____  \n", "____\n", "- [ ] One\n", "- [ ] One  \n"}, nil, ""},
		"hidden characters":         {[]string{"**Name:** ____", "**Name:** A\u202eda"}, nil, "+**Name:** A\u202eda  "},
		"text":                      {[]string{"- [ ] One", "- [ ] Other"}, nil, "+- [ ] Other"},
		"a step":                    {[]string{"\nrun\n", "\nrun all\n"}, nil, "+run all"},
		"a new line":                {[]string{"- [ ] One\n", "- [ ] One\n- [ ] Half\n"}, nil, "+- [ ] Half"},
		"a line is gone":            {[]string{"- [ ] One\n", ""}, nil, "-- [ ] One"},
		"both":                      {[]string{"- [ ] One\n", "- [x] One\n- [ ] Half\n"}, []Event{&ItemSettled{Item: "one", Verdict: Pass, Use: Hand, By: "Ada"}}, "+- [ ] Half"},
		"everything":                {[]string{"# T", "# U"}, nil, "+# U"},
	}
	doc := parsed(t, "t.md", []byte(adoptTemplate))
	entries := decoded(t, chainEvents(t, &RunStarted{Run: "r", Document: "t.md", Template: doc.Digest(), Identity: Identity{Operator: "Ada"}}))
	record := rendered(t, doc, entries)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			current := strings.NewReplacer(tt.edits...).Replace(string(record))
			got, err := Adopt(doc, entries, []byte(current), ada)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("events (-want +got):\n%s", d)
			}
			var drift *DriftError
			switch {
			case tt.drift == "" && err != nil:
				t.Errorf("%v", err)
			case tt.drift != "" && !errors.As(err, &drift):
				t.Errorf("no drift: %v", err)
			case drift != nil && !strings.Contains(drift.Diff, tt.drift+"\n"):
				t.Errorf("the diff lacks %q:\n%s", tt.drift, drift.Diff)
			}
		})
	}
}

// What a record says of adopted facts is what people wrote: to adopt it again
// finds nothing.
func TestAdoptedRecordsAreTheirOwnFacts(t *testing.T) {
	doc := parsed(t, "t.md", []byte(adoptTemplate))
	start := &RunStarted{Run: "r", Document: "t.md", Template: doc.Digest(), Identity: Identity{Operator: "Ada"}}
	for _, value := range []string{"plain", "a_b", "__init__", "*b* [x] <c> | d", "- x", "1. y", "☐ &amp; ✅", "a\\_b", "&#95;"} {
		entries := decoded(t, chainEvents(t, start, &FieldFilled{Field: "name", Value: value, Source: Hand, By: "Ada"}, &FieldFilled{Field: "store-in", Value: value, Source: Hand, By: "Ada"}))
		layout, err := LayOut(doc, mustFold(t, entries))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range layout.places {
			text := string(p.span.Of(layout.Text))
			if p.slot.ID == "name" && value != "__init__" && p.value(text) != value {
				t.Errorf("%q is written %q and read %q", value, text, p.value(text))
			}
			if p.slot.ID == "one" && text != " " {
				t.Errorf("a box holds %q", text)
			}
		}
	}
}

func mustFold(t testing.TB, entries []Entry) *State {
	t.Helper()
	s, err := Fold(entries)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// FuzzAdopt: whatever a record is changed to, what is adopted can be journaled
// and rendered, stands in it then, and is not found a second time.
func FuzzAdopt(f *testing.F) {
	doc := parsed(f, "t.md", []byte(adoptTemplate))
	start := &RunStarted{Run: "r", Document: "t.md", Template: doc.Digest(), Identity: Identity{Operator: "Ada"}}
	first := decoded(f, chainEvents(f, start))
	record := string(rendered(f, doc, first))
	f.Add(record)
	for _, edit := range [][2]string{{"____", "x"}, {"[ ]", "[x]"}, {"\n\n", "\n"}, {"____", "`a"}, {"____", "| b |"}, {"[ ]", "[\xff]"}} {
		f.Add(strings.ReplaceAll(record, edit[0], edit[1]))
	}
	f.Fuzz(func(t *testing.T, current string) {
		events, err := Adopt(doc, first, []byte(current), func(line int) Writer { return Writer{Name: fmt.Sprintf("line %d", line)} })
		var drift *DriftError
		if err != nil && !errors.As(err, &drift) {
			t.Fatal(err)
		}
		entries := decoded(t, chainEvents(t, append([]Event{start}, events...)...))
		again := rendered(t, doc, entries)
		if err := Verify(doc, entries, again); err != nil {
			t.Fatal(err)
		}
		if more, err := Adopt(doc, entries, again, nil); err != nil || len(more) > 0 {
			t.Fatalf("found again: %v, %v", more, err)
		}
		if drift == nil && len(events) == 0 && marksOnly(current) != marksOnly(record) {
			t.Errorf("nothing was found in\n%q", current)
		}
	})
}

// marksOnly leaves out what says nothing: white space, the length of blanks,
// and how a box is drawn.
func marksOnly(text string) string {
	return strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "", "_", "", "\\", "", "X", "x", "✓", "x", "✅", "x", "☑", "x", "☐", "", "⬜", "").Replace(text)
}
