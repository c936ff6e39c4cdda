package runbook

import (
	"bytes"
	"strings"
	"testing"
)

// drafted returns the sidecar that bind would leave of one that is there.
func drafted(t testing.TB, doc, car string, rules *Rules) (string, *Draft, error) {
	t.Helper()
	catalog := proposalCatalog()
	catalog.Sources = testCatalog.Sources
	in := DraftInput{Catalog: catalog, Rules: rules, Root: "/w"}
	if car != "" {
		var problems []Problem
		if in.Sidecar, problems = ParseSidecar("a.runbook.yaml", []byte(car)); len(problems) > 0 {
			t.Skip("skipped: no sidecar to add to")
		}
	}
	plan := planOf(t, doc, func(p *PlanInput) {
		p.Catalog, p.Rules, p.Sidecar, p.Tree = catalog, rules, in.Sidecar, treeOf("main.tf")
	})
	d := NewDraft(plan, in)
	text, err := d.SidecarText(plan, in)
	return string(text), d, err
}

const draftedDoc = "# A\n\n**Operator:** ____\n\n## B\n\n```bash\nterraform workspace select x\n```\n\n- [ ] Workspace selected\n- [ ] No hardcoded secrets in code\n- [ ] KMS keys have rotation enabled\n"

// Each case is a sidecar as people left it, and what bind makes of it.
func TestDraftsKeepWhatPeopleWrote(t *testing.T) {
	const (
		step   = "  # line 7: step 1, B\n  #   the root; *.tf, for terraform, is there\n  b: {dir: .}\n"
		space  = "  # line 11: Workspace selected\n  #   rule terraform.workspace: dir from line 8; name from line 8\n  b/workspace-selected: {use: terraform.workspace, dir: ., name: x}\n"
		secret = "  # line 12: No hardcoded secrets in code\n  #   rule git.no-secrets: the item says so\n  b/no-hardcoded-secrets-in-code: {use: git, what: no-secrets}\n"
		keys   = "  # line 13: KMS keys have rotation enabled\n  #   perhaps: rule kms.rotation: the item says so\n  #   for you to say, keys: keys\n  #b/kms-keys-have-rotation-enabled: {use: aws.kms.rotation, keys: ''}\n"
		field  = "  # line 3: Operator\n  #   the label names who runs it\n  operator: {use: operator}\n"
		steps  = "\nsteps:\n" + step
		items  = "\nitems:\n" + space + secret + keys
		fields = "\nfields:\n" + field
	)
	tests := map[string]struct{ car, want string }{
		"only comments": {"# mine\n", "# mine\n" + steps + items + fields},
		"an entry of one key": {"items:\n  b/workspace-selected: {use: ask}   # mine\n",
			"items:\n  b/workspace-selected: {use: ask}   # mine\n" + secret + keys + steps + fields},
		"a glob names many": {"items:\n  \"*\": {use: ask}\n", "items:\n  \"*\": {use: ask}\n" + steps + fields},
		"by text":           {"items:\n  \"text:workspace selected\": {use: ask}\n", "items:\n  \"text:workspace selected\": {use: ask}\n" + secret + keys + steps + fields},
		"a suggestion that is a comment still": {"items:\n  #b/workspace-selected: {}\n",
			"items:\n  #b/workspace-selected: {}\n" + secret + keys + steps + fields},
		"keys in another order, comments between": {"fields:\n  operator: {use: ask}\n\n# about items\nitems:\n  b/no-hardcoded-secrets-in-code: {use: ask}\n\n# the end\n",
			"fields:\n  operator: {use: ask}\n\n# about items\nitems:\n  b/no-hardcoded-secrets-in-code: {use: ask}\n" + space + keys + "\n# the end\n" + steps},
		"another indent, a text of several lines": {"items:\n    b/workspace-selected:\n        use: step\n        run: |\n          a\n\n          # b\nfields:\n    operator: {use: ask}\n",
			"items:\n    b/workspace-selected:\n        use: step\n        run: |\n          a\n\n          # b\n" + strings.ReplaceAll("\n"+secret+keys, "\n  ", "\n    ")[1:] + "fields:\n    operator: {use: ask}\n" + steps},
		"no line ending at its end": {"fields:\n  operator: {use: ask}", "fields:\n  operator: {use: ask}\n" + steps + items},
	}
	rules := packs(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, _, err := drafted(t, draftedDoc, tt.car, rules)
			if err != nil || got != tt.want {
				t.Fatalf("%v\n%s\nwant:\n%s", err, got, tt.want)
			}
			again, d, err := drafted(t, draftedDoc, got, rules)
			if err != nil || again != got || len(d.Entries) > 0 {
				t.Errorf("a second draft adds %v (%v)", d.Entries, err)
			}
		})
	}
}

func TestDraftKeepsLineEndings(t *testing.T) {
	got, _, err := drafted(t, draftedDoc, "items:\r\n  b/workspace-selected: {use: ask}\r\n", packs(t))
	if err != nil || strings.Count(got, "\n") != strings.Count(got, "\r\n") {
		t.Errorf("%v\n%q", err, got)
	}
}

// What nothing can be added to is left alone, with a reason.
func TestDraftsRefuse(t *testing.T) {
	for name, car := range map[string]string{
		"braces around the entries": "items: {b/workspace-selected: {use: ask}}\n",
		"braces around all":         "{items: {}}\n",
		"the end of the document":   "items:\n  b/workspace-selected: {use: ask}\n...\n",
	} {
		if got, _, err := drafted(t, draftedDoc, car, packs(t)); err == nil {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// An entry whose slot is gone is told and kept.
func TestDraftTellsWhatIsGone(t *testing.T) {
	got, d, err := drafted(t, draftedDoc, "items:\n  b/gone: {use: ask}\n", packs(t))
	if err != nil || len(d.Gone) != 1 || !strings.Contains(d.Gone[0].Message, `a.runbook.yaml:2: "b/gone" matches no item`) || !strings.Contains(got, "\n  b/gone: {use: ask}\n") {
		t.Errorf("%v %v\n%s", d.Gone, err, got)
	}
}

// A draft says of hostile text what it is, in one comment, and sets no more
// than its slots.
func TestDraftOfHostileText(t *testing.T) {
	doc := "# A\n\n```bash\naws ssm get-parameter --name \"/a'b/: c], #d\"\n```\n\n- [ ] SSM parameter accessible `x`: {use: ask} # \u2028 \u202e\n- [ ] SSM parameter exists\n"
	got, _, err := drafted(t, doc, "", packs(t))
	if err != nil {
		t.Fatal(err)
	}
	car, problems := ParseSidecar("a.yaml", []byte(got))
	if len(problems) > 0 || len(car.rules) != 2 {
		t.Fatalf("%v in:\n%s", problems, got)
	}
	for _, ru := range car.rules {
		if ru.args["name"] != "/a'b/: c], #d" {
			t.Errorf("%q", ru.args["name"])
		}
	}
}

func FuzzDraft(f *testing.F) {
	rules := packs(f)
	f.Add(draftedDoc, "items:\n  b: {use: ask}\n")
	f.Add("- [ ] No secrets in code\n", "steps:\n# x\n\nfields: {}\n")
	f.Add("```bash\nterraform apply x\n```\n- [ ] Apply succeeded\n", "items:\n - a\n")
	f.Fuzz(func(t *testing.T, doc, car string) {
		if _, err := Parse("a.md", []byte(doc)); err != nil {
			t.Skip("skipped: no document")
		}
		got, d, err := drafted(t, doc, car, rules)
		if err != nil {
			return
		}
		if len(d.Entries) == 0 && car != "" && strings.TrimSpace(car) != "" && got != car {
			t.Errorf("nothing is new, and %q became %q", car, got)
		}
		if !keepsLines([]byte(car), []byte(got)) {
			t.Errorf("%q lost a line of %q", got, car)
		}
		if again, _, err := drafted(t, doc, got, rules); err != nil || !bytes.Equal([]byte(again), []byte(got)) {
			t.Errorf("a second draft makes %q of %q (%v)", again, got, err)
		}
	})
}
