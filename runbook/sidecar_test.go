package runbook

import (
	"strings"
	"testing"
	"time"
)

func TestParseSidecar(t *testing.T) {
	car, problems := ParseSidecar("c.yaml", []byte("defaults: {timeout: 30m, env: {AWS_PAGER: \"\", N: 1}}\nhold:\n  - before: deploy\n    until: [a, b]\n  - {before: ship, until: c}\nsteps:\n  one: {dir: infra}\n"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if car.Limit != 30*time.Minute || car.Env["N"] != "1" || len(car.Env) != 2 {
		t.Errorf("%v, %v", car.Limit, car.Env)
	}
	if len(car.Holds) != 2 || car.Holds[0].Line != 3 || len(car.Holds[0].Until) != 2 || car.Holds[1].Until[0] != "c" {
		t.Errorf("%+v", car.Holds)
	}
}

func TestSidecarFaultsNameTheirLines(t *testing.T) {
	tests := map[string]struct {
		src  string
		want []string
	}{
		"empty":                     {"", nil},
		"a comment":                 {"# nothing yet\n", nil},
		"not YAML":                  {"fields: {a: b\n", []string{"c.yaml: line "}},
		"a list":                    {"- a\n", []string{"c.yaml:1: here a mapping is expected"}},
		"a word":                    {"fields\n", []string{"c.yaml:1: here a mapping is expected"}},
		"an unknown key":            {"\nfield: {}\n", []string{`c.yaml:2: unknown key "field"; there are defaults, fields, hold, items, pins, secrets, sign, steps`}},
		"a key twice":               {"fields:\n  a: {use: x}\n  a: {use: y}\n", []string{`c.yaml:3: "a" is given twice`}},
		"no use":                    {"items:\n  a: {run: x}\n", []string{`c.yaml:2: "a" does not say what to use`}},
		"a rule that is no mapping": {"items:\n  a: step\n", []string{"c.yaml:2: here a mapping is expected", `"a" does not say what to use`}},
		"a value that is a list":    {"items:\n  a: {use: [x]}\n", []string{"c.yaml:2: use takes a single value", `"a" does not say what to use`}},
		"a bad timeout":             {"defaults:\n  timeout: soon\n", []string{`c.yaml:2: timeout "soon" is not a duration such as 30m`}},
		"a negative timeout":        {"defaults:\n  timeout: -1s\n", []string{`c.yaml:2: timeout "-1s" is not a duration`}},
		"an unknown default":        {"defaults:\n  dir: x\n", []string{`c.yaml:2: defaults has no "dir"; it has env, timeout`}},
		"a hold without until":      {"hold:\n  - before: x\n", []string{"c.yaml:2: a hold needs both before and until"}},
		"an unknown key of a hold":  {"hold:\n  - {before: x, until: y, why: z}\n", []string{`c.yaml:2: a hold has no "why"; it has before, until`}},
		"hold is no list":           {"hold: {before: x}\n", []string{"c.yaml:1: hold takes a list"}},
		"a step's unknown key":      {"steps:\n  a: {colour: red}\n", []string{`c.yaml:2: a step has no "colour"; it has dir, idempotent, pause, retry, sensitive, skip, timeout, tty`}},
		"an unknown pin":            {"pins: {aws_acount: 1}\n", []string{`c.yaml:1: there is no pin "aws_acount"; there are aws_account, `}},
		"an account of 11 digits":   {"pins: {aws_account: 12345678901}\n", []string{`c.yaml:1: aws_account: "12345678901" is not an account of 12 digits`}},
		"a pin without a value":     {"pins: {branch: }\n", []string{"c.yaml:1: the pin branch has no value"}},
		"a tree that is not clean":  {"pins: {clean_tree: false}\n", []string{"c.yaml:1: clean_tree is true, or is not given"}},
		"a list of no checks":       {"items:\n  a: []\n", []string{`c.yaml:2: "a" lists no checks`}},
		"a check without use":       {"items:\n  a: [{use: x}, {run: y}]\n", []string{`c.yaml:2: "a" does not say what to use`}},
		"a check that is a word":    {"items:\n  a: [ask]\n", []string{"c.yaml:2: here a mapping is expected", `"a" does not say what to use`}},
		"several sources":           {"fields:\n  a: [{use: x}]\n", []string{"c.yaml:2: here a mapping is expected", `"a" does not say what to use`}},
		"a list in a list":          {"items:\n  a: {use: x, keys: [[b]]}\n", []string{"c.yaml:2: keys takes a single value"}},
		"a comma in a list":         {"items:\n  a: {use: x, keys: [\"b,c\"]}\n", []string{"c.yaml:2: keys: a value of a list holds no comma"}},
		"a step's list":             {"steps:\n  a: {dir: [b]}\n", []string{"c.yaml:2: dir takes a single value"}},
		// What stood in a second document was once passed over in silence.
		"two documents": {"fields: {}\n---\nitems: {}\n", []string{"c.yaml:2: a second YAML document"}},
		"several faults, all at once": {"a: 1\ndefaults: {timeout: x}\nitems:\n  b: {}\n",
			[]string{`c.yaml:1: unknown key "a"`, "c.yaml:2: timeout", `c.yaml:4: "b" does not say`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, problems := ParseSidecar("c.yaml", []byte(tt.src))
			if len(problems) != len(tt.want) {
				t.Fatalf("%d problems, want %d: %v", len(problems), len(tt.want), problems)
			}
			for i, p := range problems {
				if p.Severity != Error || p.Code != "sidecar" || !strings.Contains(p.Message, tt.want[i]) {
					t.Errorf("%v, want %q", p, tt.want[i])
				}
			}
		})
	}
}

func FuzzSidecar(f *testing.F) {
	for _, s := range []string{"", "fields:\n  a: {use: ask}\n", "hold: [{before: a, until: [b]}]", "defaults: {timeout: 1h, env: {A: b}}", "a: &a [*a]\n", "steps: &s {x: *s}\n", "--- a\n--- b\n", "? [a]\n: b\n", "<<: {fields: {}}\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		car, problems := ParseSidecar("c.yaml", []byte(src))
		if car == nil {
			t.Fatal("no sidecar")
		}
		for _, p := range problems {
			if p.Severity != Error || !strings.HasPrefix(p.Message, "c.yaml") {
				t.Errorf("%v", p)
			}
		}
		planOf(t, release, func(in *PlanInput) { in.Sidecar = car })
	})
}
