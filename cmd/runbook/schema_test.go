package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"runbook/runbook"
)

// sidecarSchema compiles the schema that the program prints, and holds the one
// in docs to it.
func sidecarSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	src, err := runbook.SidecarSchema(builtin(nil).Catalog())
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(repositoryRoot, "docs", "sidecar.schema.json")
	if *updateDocs {
		if err := os.WriteFile(name, src, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if was, err := os.ReadFile(name); err != nil || !bytes.Equal(was, src) {
		t.Errorf("docs/sidecar.schema.json is stale (%v): run TestDocsCatalog with -update-docs", err)
	}
	decoded, err := jsonschema.UnmarshalJSON(bytes.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("sidecar", decoded); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("sidecar")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// validate holds YAML to the schema the way that editors do, by way of JSON.
func validate(t *testing.T, s *jsonschema.Schema, src string) error {
	t.Helper()
	var value any
	if err := yaml.Unmarshal([]byte(src), &value); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(decoded)
}

// The sidecars of this repository and of its pages are valid, but for those
// that show what is wrong.
func TestDocsCatalogSchema(t *testing.T) {
	s := sidecarSchema(t)
	seen := 0
	wrong := []string{"stepp", "depoy"}
	check := func(name, src string) {
		seen++
		isWrong := slices.ContainsFunc(wrong, func(w string) bool { return strings.Contains(src, w) })
		if err := validate(t, s, src); (err != nil) != isWrong {
			t.Errorf("%s: %v\n%s", name, err, src)
		}
	}
	for _, page := range pages(t) {
		for _, f := range fencesOf(readPage(t, page)) {
			if kind, name, _ := strings.Cut(f.note, ": "); kind == "file" && strings.HasSuffix(name, ".runbook.yaml") {
				check(page, f.text)
			}
		}
	}
	files, err := filepath.Glob(filepath.Join(repositoryRoot, "testdata", "*", "*.runbook.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		check(name, string(src))
	}
	if seen < 8 {
		t.Errorf("only %d sidecars found", seen)
	}
}

// The schema and the reader agree on what a sidecar may hold.
func TestSchemaAgreesWithTheReader(t *testing.T) {
	s := sidecarSchema(t)
	tests := map[string]struct {
		src   string
		valid bool
	}{
		"nothing below a key":    {"items:\nsteps:\n", true},
		"a check":                {"items: {a: {use: file, path: x}}\n", true},
		"several checks":         {"items: {a: [{use: file, path: x}, {use: ask, not: operator}]}\n", true},
		"a list of values":       {"items: {a: {use: git, what: clean, ignore: [x, y]}}\n", true},
		"numbers and switches":   {"items: {a: {use: terraform.plan, file: x, max_delete: 0}}\nsteps: {b: {skip: true, timeout: 0}}\n", true},
		"a hold":                 {"hold: [{before: a, until: b}, {before: a, until: [b, c]}]\n", true},
		"pins":                   {"pins: {aws_account: \"123456789012\", clean_tree: true, branch: main}\n", true},
		"an unknown pin":         {"pins: {acount: x}\n", false},
		"a tree that is not":     {"pins: {clean_tree: false}\n", false},
		"a kind of value":        {"fields: {a: {use: ask, kind: text}}\n", true},
		"an unknown kind":        {"fields: {a: {use: ask, kind: uri}}\n", false},
		"defaults":               {"defaults: {timeout: 1h30m, env: {A: 1}}\n", true},
		"who signs":              {"sign: {}\n", true},
		"a rule that is unknown": {"sign: {a: {colour: red}}\n", false},
		"half an account":        {"pins: {aws_account: \"1234\"}\n", false},
		"an unclean tree":        {"pins: {clean_tree: false}\n", false},
		"an unknown key":         {"itmes: {}\n", false},
		"an unknown check":       {"items: {a: {use: fiel, path: x}}\n", false},
		"a source for an item":   {"items: {a: {use: clock}}\n", false},
		"a check for a blank":    {"fields: {a: {use: file, path: x}}\n", false},
		"an unknown argument":    {"items: {a: {use: file, path: x, size: 1}}\n", false},
		"a missing argument":     {"items: {a: {use: file}}\n", false},
		"no use":                 {"items: {a: {path: x}}\n", false},
		"a list for one value":   {"items: {a: {use: file, path: [x]}}\n", false},
		"no checks":              {"items: {a: []}\n", false},
		"an unknown attribute":   {"steps: {a: {colour: red}}\n", false},
		"no duration":            {"steps: {a: {timeout: soon}}\n", false},
		"no switch":              {"steps: {a: {skip: maybe}}\n", false},
		"half a hold":            {"hold: [{before: a}]\n", false},
		"an unknown default":     {"defaults: {retries: 3}\n", false},
		"a mapping for a value":  {"fields: {a: {use: env, name: {x: y}}}\n", false},
		"a hold that is no list": {"hold: {before: a, until: b}\n", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if err := validate(t, s, tt.src); (err == nil) != tt.valid {
				t.Errorf("the schema says %v", err)
			}
			doc, err := runbook.Parse("a.md", []byte("# A\n\n- [ ] a\n\n```bash\ntrue\n```\n\n# B\n\n- [ ] c\n\nX: ____\n"))
			if err != nil {
				t.Fatal(err)
			}
			src := strings.NewReplacer("{a:", `{"*":`, "before: a", "before: a-2", "until: b", "until: b", ", c]", "]", "{b:", `{"*":`).Replace(tt.src)
			src = strings.ReplaceAll(src, "before: a-2", "before: a")
			car, problems := runbook.ParseSidecar("a.runbook.yaml", []byte(src))
			if len(problems) == 0 {
				plan := runbook.NewPlan(doc, runbook.PlanInput{Catalog: builtin(nil).Catalog(), Sidecar: car, Tree: newDiskTree(), Root: "/", DocDir: "/"})
				problems = plan.Errors()
			}
			if (len(problems) == 0) != tt.valid {
				t.Errorf("the reader says %v", problems)
			}
		})
	}
	var of struct{ Properties map[string]any }
	src, err := runbook.SidecarSchema(builtin(nil).Catalog())
	if err == nil {
		err = json.Unmarshal(src, &of)
	}
	_, problems := runbook.ParseSidecar("a", []byte("x: 1\n"))
	if want := strings.Join(sortedKeys(of.Properties), ", "); err != nil || !strings.HasSuffix(problems[0].Message, "there are "+want) {
		t.Errorf("the schema has %s, and the reader says %v (%v)", want, problems, err)
	}
}
