package runbook

import (
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// A mapTree is a file system of names: those that end in a slash are
// directories, and so is whatever stands above a name.
type mapTree map[string]bool

func treeOf(names ...string) mapTree {
	t := mapTree{"/": true, "/w": true}
	for _, n := range names {
		abs := path.Join("/w", n)
		t[abs] = strings.HasSuffix(n, "/")
		for dir := path.Dir(abs); dir != "/"; dir = path.Dir(dir) {
			t[dir] = true
		}
	}
	return t
}

func (t mapTree) IsDir(p string) bool { return t[p] }

func (t mapTree) Exists(p string) bool {
	_, ok := t[p]
	return ok
}

func (t mapTree) Has(dir, glob string) bool {
	for p := range t {
		if ok, err := path.Match(path.Join(dir, glob), p); ok && err == nil {
			return true
		}
	}
	return false
}

// worldTree holds the names of the repository that the checklists run in.
func worldTree(t testing.TB) mapTree {
	t.Helper()
	var names []string
	err := filepath.WalkDir("../testdata/world/repo", func(p string, d fs.DirEntry, err error) error {
		rel := strings.TrimPrefix(filepath.ToSlash(p), "../testdata/world/repo")
		if d != nil && d.IsDir() {
			rel += "/"
		}
		names = append(names, rel)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return treeOf(names...)
}

func planOf(t testing.TB, text string, change ...func(*PlanInput)) *Plan {
	t.Helper()
	in := PlanInput{Catalog: testCatalog, Tree: treeOf(), Root: "/w", DocDir: "/w", Dirs: DirAuto}
	for _, c := range change {
		c(&in)
	}
	return NewPlan(parsed(t, "release.md", []byte(text)), in)
}

func seedPlan(t testing.TB, change ...func(*PlanInput)) *Plan {
	t.Helper()
	return planOf(t, string(scriptSeed(t)), append([]func(*PlanInput){func(in *PlanInput) { in.Tree = worldTree(t) }}, change...)...)
}

// The seed in a fresh tree, where its step 4 has not yet made production.tfplan.
func TestTheSeedStartsWhereItsAuthorMeant(t *testing.T) {
	plan := seedPlan(t)
	want := map[int]string{1: ".", 2: ".", 3: ".", 4: ".", 5: "infra/terraform", 6: "infra/terraform", 8: "infra/terraform", 9: ".", 10: "infra/terraform", 11: ".", 12: "."}
	if n := len(plan.Steps()); n != 12 {
		t.Fatalf("%d steps", n)
	}
	for _, s := range plan.Steps() {
		if dir, fixed := want[s.Number]; fixed && s.Start.Path != dir {
			t.Errorf("step %d starts in %s (%s), want %s", s.Number, s.Start.Path, s.Start.Why, dir)
		}
	}
	if why := plan.Steps()[4].Start.Why; why != "production.tfplan is created there by step 4" {
		t.Errorf("step 5: %s", why)
	}
	for _, p := range plan.Problems {
		if p.Code == "start-directory" {
			t.Errorf("%s", p.In("seed"))
		}
	}
}

func bash(script string) string { return "```bash\n" + script + "\n```\n\n" }

// Each case is a document's steps and where each of them starts; "?" is what
// only the run will know.
func TestStartDirectories(t *testing.T) {
	tests := map[string]struct {
		steps string
		tree  []string
		dirs  string // of the steps, separated by spaces
		why   string // in the last step's reason
		also  string // of the last step
	}{
		"the first starts in the root":                {bash("date"), nil, ".", "the root, where the run starts", ""},
		"needing nothing carries on":                  {bash("cd a") + bash("date"), []string{"a/"}, ". a", "where step 1 ended", ""},
		"a relative program":                          {bash("cd a") + bash("./run.sh"), []string{"a/", "run.sh"}, ". .", "the root; ./run.sh is there", ""},
		"where the last ended comes first":            {bash("cd a") + bash("./run.sh"), []string{"a/run.sh", "run.sh"}, ". a", "where step 1 ended", "."},
		"then the root, then the newest visited":      {bash("cd a") + bash("cd ../b") + bash("cd ../c") + bash("cat only"), []string{"a/only", "b/only", "c/"}, ". a b b", "only is there", "a"},
		"a directory entered":                         {bash("cd a") + bash("cd b"), []string{"a/", "b/"}, ". .", "b is there", ""},
		"what comes after the first cd counts not":    {bash("cd a\ncat there"), []string{"a/there"}, ".", "a is there", ""},
		"a file that a step before makes":             {bash("cd a\ndate > made") + bash("cat made"), []string{"a/"}, ". a", "made is created there by step 1", ""},
		"a file that the step itself makes":           {bash("date > made\ncat made"), nil, ".", "", ""},
		"a plan file":                                 {bash("cd a\nterraform plan -out=p.tfplan") + bash("cd ..") + bash("terraform apply p.tfplan"), []string{"a/main.tf"}, ". a a", "p.tfplan is created there by step 1", ""},
		"package.json":                                {bash("cd a") + bash("pnpm test"), []string{"a/", "package.json"}, ". .", "package.json is there", ""},
		"a cd in a subshell does not last":            {bash("(cd a && date)") + bash("date"), []string{"a/"}, ". .", "", ""},
		"but what it enters must be there":            {bash("cd b") + bash("(cd a && date)"), []string{"a/", "b/"}, ". .", "a is there", ""},
		"a cd to what only the run knows":             {bash("cd \"$X\"") + bash("date"), nil, ". ?", "where step 1 ends, which only the run will know", ""},
		"after one, needs are met where they are":     {bash("cd \"$X\"") + bash("./run.sh"), []string{"run.sh"}, ". .", "run.sh is there", ""},
		"an absolute cd":                              {bash("cd /w/a") + bash("cat x"), []string{"a/x"}, ". a", "x is there", ""},
		"out of the root":                             {bash("cd ..") + bash("date"), nil, ". /", "where step 1 ended", ""},
		"a skipped step goes nowhere":                 {"```bash {skip}\ncd a\n```\n\n" + bash("date"), []string{"a/"}, ". .", "the root", ""},
		"a step of comments goes nowhere":             {bash("# nothing") + bash("date"), nil, ". .", "the root", ""},
		"two subshells":                               {bash("(cd a && date)\n(cat x)"), []string{"a/", "docs/a/", "docs/x"}, "docs", "a is there", ""},
		"its own dir wins":                            {"```bash {dir=b}\n./run.sh\n```\n", []string{"b/", "run.sh"}, "b", "set for this step", ""},
		"its own dir, absolute":                       {"```bash {dir=/w/b}\ndate\n```\n", []string{"b/"}, "b", "set for this step", ""},
		"the document's own directory is tried last":  {bash("cat x"), []string{"docs/x"}, "docs", "x is there", ""},
		"a contingency is not on the main path":       {"## Rollback\n\n" + bash("cd a\ndate > made") + bash("date") + "## On\n\n" + bash("date"), []string{"a/"}, ". a .", "the root, where the run starts", ""},
		"a contingency begins where the path stands":  {bash("cd a") + "## Rollback\n\n" + bash("date"), []string{"a/"}, ". a", "where step 1 ended", ""},
		"what a contingency makes is not there later": {"## Rollback\n\n" + bash("cd a\ndate > made") + "## On\n\n" + bash("cat made"), []string{"a/", "made"}, ". .", "made is there", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			plan := planOf(t, tt.steps, func(in *PlanInput) { in.Tree, in.DocDir = treeOf(tt.tree...), "/w/docs" })
			var dirs []string
			for _, s := range plan.Steps() {
				dir := s.Start.Path
				if s.Start.Abs == "" {
					dir = "?"
				}
				dirs = append(dirs, dir)
			}
			if got := strings.Join(dirs, " "); got != tt.dirs {
				t.Errorf("%s, want %s: %v", got, tt.dirs, plan.Problems)
			}
			last := plan.Steps()[len(dirs)-1].Start
			if !strings.Contains(last.Why, tt.why) || strings.Join(last.Also, " ") != tt.also {
				t.Errorf("why %q, also %q; want %q, %q", last.Why, last.Also, tt.why, tt.also)
			}
			if errs := plan.Errors(); len(errs) > 0 {
				t.Errorf("%v", errs)
			}
		})
	}
}

func TestStartDirectoryProblems(t *testing.T) {
	tests := map[string]struct {
		steps string
		tree  []string
		want  string // severity and message; "" is none
	}{
		"nowhere, naming what is missing where": {bash("cd a") + bash("./run.sh"), []string{"a/"},
			"5 error: step 2 has nowhere to start: a has no ./run.sh; . has no ./run.sh"},
		"more than one place for terraform": {bash("cd a") + bash("terraform plan"), []string{"a/main.tf", "main.tf"},
			"5 warning: step 2 runs terraform in a; . would have fitted too"},
		"more than one place for cat":   {bash("cd a") + bash("cat x"), []string{"a/x", "x"}, ""},
		"its own dir is not there":      {"```bash {dir=gone}\ndate\n```\n", nil, "1 error: step 1 is to start in gone, which is not a directory"},
		"a skipped step's is no matter": {"```bash {dir=gone skip}\ndate\n```\n", nil, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			plan := planOf(t, tt.steps, func(in *PlanInput) { in.Tree = treeOf(tt.tree...) })
			got := ""
			for _, p := range plan.Problems {
				got += fmt.Sprintf("%d %s: %s", p.Line, p.Severity, p.Message)
			}
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestStartDirectoryPolicies(t *testing.T) {
	steps := bash("cd a") + bash("./run.sh") + "```bash {dir=b}\ndate\n```\n"
	for policy, want := range map[DirPolicy]string{DirRoot: ". . b", DirCarry: ". a b", DirAuto: ". . b"} {
		plan := planOf(t, steps, func(in *PlanInput) { in.Dirs, in.Tree = policy, treeOf("a/", "b/", "run.sh") })
		var dirs []string
		for _, s := range plan.Steps() {
			dirs = append(dirs, s.Start.Path)
		}
		if got := strings.Join(dirs, " "); got != want {
			t.Errorf("--dir %s: %s, want %s", policy, got, want)
		}
	}
}

func TestWhereTerraformIsUsed(t *testing.T) {
	tree := treeOf("infra/main.tf", "other/main.tf")
	for script, want := range map[string]string{
		"cd infra\nterraform output x":                                       "map[1:[/w/infra]]",
		"cd infra && terraform output x":                                     "map[0:[/w/infra]]",
		"(cd infra && terraform output x)":                                   "map[0:[/w/infra]]",
		"x=$(cd infra; terraform output x)":                                  "map[0:[/w/infra]]",
		"terraform -chdir=infra output x":                                    "map[0:[/w/infra]]",
		"(cd infra && terraform output x); (cd other && terraform output x)": "map[0:[/w/infra] 1:[/w/other]]",
		"cd \"$X\"\nterraform output x":                                      "map[1:[]]",
		"date":                                                               "map[]",
	} {
		plan := planOf(t, bash(script), func(in *PlanInput) { in.Tree = tree })
		if got := fmt.Sprint(plan.Steps()[0].Terraform); got != want {
			t.Errorf("%q: %s, want %s", script, got, want)
		}
	}
}
