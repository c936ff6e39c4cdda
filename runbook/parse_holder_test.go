package runbook

import (
	"slices"
	"strings"
	"testing"
)

// The names of elements are searched by halving.
func TestElementsAreSorted(t *testing.T) {
	if !slices.IsSorted(elements) {
		t.Error("elements are not sorted")
	}
}

// "<host-name>" in a sentence was taken for a tag and never filled.
func TestPlaceholdersInTextAreExact(t *testing.T) {
	src := "Log in to <host-name>, then <host-name>:<port>; see `<host-name>`.\n\n| a |\n|---|\n| x-<host-name>.y |\n"
	doc := mustParse(t, src)
	var edits []Edit
	for i := range doc.Slots {
		if s := &doc.Slots[i]; s.Kind == PlaceholderSlot && s.Label == "<host-name>" {
			edits = append(edits, Edit{s.Mark, "web-1"})
		}
	}
	got, err := Splice(doc.Source, edits)
	if err != nil {
		t.Fatal(err)
	}
	want := "Log in to web-1, then web-1:<port>; see `<host-name>`.\n\n| a |\n|---|\n| x-web-1.y |\n"
	if string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPlaceholdersTakeNoIDFromABlank(t *testing.T) {
	doc := mustParse(t, "On <host>.\n\nHost: ____\n")
	if got := [2]ID{doc.Slots[0].ID, doc.Slots[1].ID}; got != [2]ID{"host-2", "host"} {
		t.Errorf("IDs %q", got)
	}
}

// Nobody was asked for ACCOUNT_ID; a person must not be for every "<name>" either.
func TestPlaceholdersInTextAreNeverAskedFor(t *testing.T) {
	doc := mustParse(t, "On <host>, from <start time> on.\n\n```sh\nls\n```\n")
	plan := NewPlan(doc, PlanInput{})
	if ready := plan.Ready(&State{}); len(ready) != 1 || ready[0].Number != 1 {
		t.Errorf("ready: %+v", ready)
	}
	plan = NewPlan(doc, PlanInput{Givens: []GivenFor{{Key: "<host>", Given: Given{Value: "web-1"}}}})
	if ready := plan.Ready(&State{}); len(ready) != 1 || ready[0].Slot.Label != "<host>" {
		t.Errorf("ready with a value: %+v", ready)
	}
}

// A sign that may be a placeholder is looked for in the tags that are closed;
// doing so anew for each would take minutes here.
func TestManyPlaceholdersAreLinear(t *testing.T) {
	doc := mustParse(t, strings.Repeat("<host></port> https://<a-b> ", 40_000))
	if n := len(doc.Slots); n != 40_000 {
		t.Errorf("%d slots", n)
	}
}
