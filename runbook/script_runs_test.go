package runbook

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The scripts that a command executes, as written, and "+" where it may change
// files that its text does not name.
func TestRuns(t *testing.T) {
	tests := map[string]string{
		"./scripts/deploy.sh --all":     "./scripts/deploy.sh +",
		"scripts/deploy.sh | tee out":   "scripts/deploy.sh +",
		"sudo -u x ./a.sh":              "./a.sh +",
		"timeout 5 ./a.sh":              "./a.sh +",
		"aws-vault exec prod -- ./a.sh": "./a.sh +",
		"bash x.sh":                     "x.sh +",
		"bash -eu -o pipefail x.sh":     "x.sh +",
		"bash -c 'x.sh'":                "+",
		"bash -s < x.sh":                "x.sh +",
		"sh < x.sh":                     "x.sh +",
		"/bin/bash x.sh":                "x.sh +",
		"source env.sh":                 "env.sh +",
		". ./env.sh":                    "./env.sh +",
		"node smoke.js":                 "smoke.js +",
		"node --env-file=.env -r ./hook.js smoke.mjs a.b": "smoke.mjs +",
		"node -e 'x' smoke.js":                            "+",
		"node --version":                                  "+",
		"python3 -u y.py":                                 "y.py +",
		"python -m http.server":                           "+",
		"python3 -c 'y.py'":                               "+",
		"ruby a.rb":                                       "a.rb +",
		"perl -ne 'print' a":                              "+",
		"deno run a.ts":                                   "a.ts +",
		"bun run build":                                   "+",
		"tsx scripts/a.ts":                                "scripts/a.ts +",
		"/opt/tools/deploy now":                           "/opt/tools/deploy",
		`"$DIR/deploy.sh"`:                                `"$DIR/deploy.sh" +`,
		`bash "$SCRIPT"`:                                  `"$SCRIPT" +`,
		"./scripts/<env>.sh":                              "./scripts/<env>.sh +",
		"test -x a.sh && bash a.sh":                       "a.sh +",
		"if true; then ./a.sh; else ./b.sh; fi":           "./a.sh ./b.sh +",
		"echo $(./a.sh) <(./b.sh)":                        "./a.sh ./b.sh +",
		"./a.sh || true":                                  "./a.sh +",
		"f() { ./a.sh; cd b; make; }":                     "./a.sh",
		"cat scripts/deploy.sh":                           "",
		"terraform apply production.tfplan":               "",
		"aws s3 cp a.sh s3://b/a.sh":                      "",
		"kubectl exec pod -- ./a.sh":                      "",
		"ssh host ./a.sh":                                 "",
		"make deploy":                                     "+",
		"npm run build":                                   "+",
		"git -C x submodule update":                       "+",
		"git log":                                         "",
		"bash <(curl https://example.com/x.sh)":           "+",
		"bash /dev/stdin":                                 "+",
	}
	for text, want := range tests {
		s := readText(t, text)
		if len(s.Commands) != 1 {
			t.Errorf("%s: %d commands: %v", text, len(s.Commands), s.Problems)
			continue
		}
		c := s.Commands[0]
		got := strings.Join(c.Runs, " ")
		if c.Changes {
			got = strings.TrimSpace(got + " +")
		}
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// What a function does is known where it is called.
func TestCallsOfFunctionsChangeWhatTheyDo(t *testing.T) {
	s := readText(t, "f() { make; }\ng() { git checkout x; f; }\nh() { true; }\nf\ng\nh")
	for i, want := range []string{"", "", "", "changes", "changes moves", ""} {
		got := ""
		if s.Commands[i].Changes {
			got = "changes"
		}
		if s.Commands[i].MovesTree {
			got = strings.TrimSpace(got + " moves")
		}
		if got != want {
			t.Errorf("%s: %q, want %q", s.Commands[i].Text, got, want)
		}
	}
}

// scriptDigests digests every path to its own name, but those of a table.
type scriptDigests map[string]error

func (d scriptDigests) Digest(path string) (Digest, error) {
	return DigestOf([]byte(path)), d[path]
}

// Where the scripts are that a plan compares, and why others are not.
func TestPlannedScripts(t *testing.T) {
	text := bash("cd a\n./b.sh\n(cd c && ./d.sh)\ncd \"$X\"\n./e.sh") + "\n" + bash("bash a/b.sh; ../up.sh; /opt/x.sh") + "\n" + bash("source big.sh") + "\n" + bash("sh none.sh || true")
	digests := scriptDigests{"/w/big.sh": errors.New("it has too many bytes")}
	plan := planOf(t, text, func(in *PlanInput) {
		in.Digests = digests
		in.Tree = lintMachine{files: map[string]string{"/w/a/b.sh": "", "/w/a/c/d.sh": "", "/up.sh": "", "/opt/x.sh": "", "/w/big.sh": ""}}
		in.Dirs = DirRoot
	})
	var got []string
	for _, f := range plan.Scripts {
		what := "compared"
		if f.Digest == "" {
			what = f.Why
		}
		got = append(got, fmt.Sprintf("%s %v %s", f.Path, f.Steps, what))
	}
	want := []string{"a/b.sh [1 2] compared", "a/c/d.sh [1] compared", "/up.sh [2] compared", "/opt/x.sh [2] compared", "big.sh [3] it has too many bytes", "none.sh [4] it is not there yet"}
	if !slices.Equal(got, want) {
		t.Errorf("scripts\n%q, want\n%q", got, want)
	}
	if note := plan.RunNote(plan.Steps()[0], 4); !strings.Contains(note, "which file that is only the run will know") {
		t.Errorf("note %q", note)
	}
}

func TestScriptsAreBounded(t *testing.T) {
	var text strings.Builder
	tree := lintMachine{files: map[string]string{}}
	for i := range maxScripts + 1 {
		fmt.Fprintf(&text, "sh %d.sh\n", i)
		tree.files[fmt.Sprintf("/w/%d.sh", i)] = ""
	}
	plan := planOf(t, bash(text.String()), func(in *PlanInput) { in.Digests, in.Tree = scriptDigests{}, tree })
	if n := len(plan.Scripts); n != maxScripts+1 || plan.Scripts[n-1].Digest != "" || plan.Scripts[n-2].Digest == "" {
		t.Errorf("%d scripts, the last %+v", n, plan.Scripts[n-1])
	}
}

// The digest of what was reviewed covers the scripts, each with its place, and
// is the same when the run goes on.
func TestReview(t *testing.T) {
	review := func(text string, change func(*PlanInput)) Digest {
		return planOf(t, text, func(in *PlanInput) {
			in.Digests, in.Tree = scriptDigests{}, lintMachine{files: map[string]string{"/w/a.sh": "", "/w/b.sh": ""}}
			if change != nil {
				change(in)
			}
		}).Review()
	}
	text := bash("sh a.sh")
	plain := planOf(t, text).Document.Digest()
	one := review(text, nil)
	if one == plain {
		t.Error("the script is not in it")
	}
	if other := review(text, func(in *PlanInput) { in.Reviewed = map[string]Digest{"a.sh": DigestOf([]byte("x"))} }); other == one {
		t.Error("another content has the same review")
	}
	if again := review(text, func(in *PlanInput) { in.Reviewed = map[string]Digest{"a.sh": DigestOf([]byte("/w/a.sh"))} }); again != one {
		t.Error("the run that goes on has another review than it began with")
	}
	if old := review(text, func(in *PlanInput) { in.Reviewed = map[string]Digest{} }); old != plain {
		t.Error("a run that reviewed no scripts has another review than it began with")
	}
}
