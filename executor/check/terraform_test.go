package check

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"runbook/executor"
)

// world is a configuration that needs no provider from the network.
const world = `
variable "word" { default = "one" }
resource "terraform_data" "each" {
  for_each = toset(["a", "b[0]"])
  input    = var.word
}
resource "terraform_data" "some" {
  count            = 2
  triggers_replace = var.word
}
module "inner" { source = "./inner" }
output "url" { value = "https://example.org/${terraform_data.each["a"].output}" }
output "list" { value = [1, "two"] }
output "none" { value = "" }
output "secret" {
  value     = "hunter22-hunter22"
  sensitive = true
}
`

const inner = `resource "terraform_data" "only" {}`

// configuration makes a directory with an initialised configuration.
func configuration(t *testing.T) string {
	t.Helper()
	needTerraform(t)
	root := t.TempDir()
	write(t, root, "infra/main.tf", world)
	write(t, root, "infra/inner/main.tf", inner)
	terraformIn(t, root, "init")
	return root
}

func needTerraform(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("terraform"); err == nil {
		return
	}
	if os.Getenv("RUNBOOK_E2E") == "required" {
		t.Fatal("no terraform, and RUNBOOK_E2E=required")
	}
	t.Skip("skipped: no terraform")
}

func terraformIn(t *testing.T, root string, args ...string) {
	t.Helper()
	tool(t, filepath.Join(root, "infra"), "terraform", args...)
}

func applied(t *testing.T) string {
	t.Helper()
	root := configuration(t)
	terraformIn(t, root, "apply", "-auto-approve", "-input=false")
	return root
}

// inInfra adds the directory to a check's arguments.
func inInfra(args ...string) map[string]string {
	m := map[string]string{"dir": "infra"}
	for i := 0; i < len(args); i += 2 {
		m[args[i]] = args[i+1]
	}
	return m
}

func TestTerraformDrift(t *testing.T) {
	t.Parallel()
	root := configuration(t)
	q := question(root, inInfra())
	expect(t, TerraformDrift{}, q, unknown(`terraform show -json in infra, workspace default: the state holds no resources`))
	terraformIn(t, root, "apply", "-auto-approve", "-input=false")
	expect(t, TerraformDrift{}, q, passes(`^terraform plan -detailed-exitcode -lock=false -input=false in infra, workspace default, 5 resources in the state: exit 0, No changes\.`))
	write(t, root, "infra/other.tfvars", `word = "two"`)
	expect(t, TerraformDrift{}, question(root, inInfra("var_file", "other.tfvars")), fails(`-var-file=other.tfvars in infra.*: exit 2, Plan: 2 to add, 2 to change, 2 to destroy\.`))
	expect(t, TerraformDrift{}, question(root, inInfra("var_file", "none.tfvars")), unknown("terraform plan in infra: Error: Failed to read variables file"))
	write(t, root, "infra/broken.tf", "resource {")
	expect(t, TerraformDrift{}, q, unknown("Error: "))
}

// A plan that changes nothing but an output is drift as well.
func TestTerraformDriftOfAnOutput(t *testing.T) {
	t.Parallel()
	root := applied(t)
	write(t, root, "infra/more.tf", `output "more" { value = "x" }`)
	expect(t, TerraformDrift{}, question(root, inInfra()), fails("exit 2, Changes to Outputs;"))
}

func TestTerraformPlan(t *testing.T) {
	t.Parallel()
	root := configuration(t)
	plan := func(name string, args ...string) {
		t.Helper()
		terraformIn(t, root, append([]string{"plan", "-input=false", "-out=" + name}, args...)...)
	}
	ask := func(file string, args ...string) executor.Query {
		return question(root, inInfra(append(args, "file", file)...))
	}
	plan("create.tfplan")
	expect(t, TerraformPlan{}, ask("create.tfplan", "max_delete", "0", "create", "5"),
		passes(`^terraform show -json create\.tfplan in infra: 5 to create, 0 to update, 0 to delete, 0 to replace; expected max_delete 0, create 5; sha256 [0-9a-f]{64};`))
	expect(t, TerraformPlan{}, ask("create.tfplan", "create", "4"), fails("5 to create.*expected create 4"))

	terraformIn(t, root, "apply", "-input=false", "create.tfplan")
	plan("same.tfplan")
	expect(t, TerraformPlan{}, ask("same.tfplan", "max_delete", "0"), passes("0 to create"))

	plan("replace.tfplan", "-var=word=two")
	expect(t, TerraformPlan{}, ask("replace.tfplan", "replace", "2", "update", "2", "delete", "0"), passes("2 to update, 0 to delete, 2 to replace"))
	expect(t, TerraformPlan{}, ask("replace.tfplan", "max_delete", "0"), fails("2 to replace; expected max_delete 0"))
	expect(t, TerraformPlan{}, ask("replace.tfplan", "max_delete", "0", "max_replace", "2"), passes(""))
	expect(t, TerraformPlan{}, ask("replace.tfplan", "max_replace", "1"), fails(""))

	plan("destroy.tfplan", "-destroy")
	expect(t, TerraformPlan{}, ask("destroy.tfplan", "max_delete", "4"), fails("5 to delete"))
	expect(t, TerraformPlan{}, ask("destroy.tfplan", "max_delete", "5"), passes(""))

	expect(t, TerraformPlan{}, question(root, map[string]string{"file": "infra/same.tfplan", "max_delete": "0"}), passes("same.tfplan in infra:"))
	write(t, root, "infra/text.tfplan", "no plan")
	expect(t, TerraformPlan{}, ask("text.tfplan", "max_delete", "0"), unknown("terraform show in infra: Error"))
	write(t, root, "infra/terraform.json", `{}`)
	for file, want := range map[string]string{"none.tfplan": "no such file", "../x": "not below the root", "/etc/passwd": "not below the root", "inner": "no regular file", "": "no regular file|not below"} {
		expect(t, TerraformPlan{}, ask(file, "max_delete", "0"), unknown(want))
	}
	expect(t, TerraformPlan{}, ask("same.tfplan"), unknown("nothing is expected of the plan"))
	expect(t, TerraformPlan{}, ask("same.tfplan", "max_delete", "none"), unknown(`max_delete: "none" is not a number`))
	expect(t, TerraformPlan{}, ask("same.tfplan", "max_delete", "-1"), unknown("is not a number"))
}

func TestTerraformWorkspace(t *testing.T) {
	t.Parallel()
	root := configuration(t)
	is := func(name string) executor.Query { return question(root, inInfra("name", name)) }
	expect(t, TerraformWorkspace{}, is("default"), passes(`"default" is selected and exists`))
	expect(t, TerraformWorkspace{}, is("production"), fails(`^terraform workspace show in infra: "default"; expected "production";`))
	terraformIn(t, root, "workspace", "new", "production")
	there := is("default")
	there.Args["selected"] = "false"
	expect(t, TerraformWorkspace{}, there, passes(`workspace list in infra: "default" exists;`))
	there.Args["name"] = "staging"
	expect(t, TerraformWorkspace{}, there, fails(`"staging" does not exist`))
	expect(t, TerraformWorkspace{}, is("production"), passes(`"production" is selected and exists`))
	// The steps' environment decides, as it does for the steps.
	q := is("production")
	q.Env = append(q.Env, "TF_WORKSPACE=default")
	expect(t, TerraformWorkspace{}, q, fails(`"default"; expected "production"`))
	if err := os.RemoveAll(filepath.Join(root, "infra", "terraform.tfstate.d")); err != nil {
		t.Fatal(err)
	}
	expect(t, TerraformWorkspace{}, is("production"), fails(`"production" is selected and does not exist`))
}

func TestTerraformState(t *testing.T) {
	t.Parallel()
	root := configuration(t)
	ask := func(args ...string) executor.Query { return question(root, inInfra(args...)) }
	expect(t, TerraformState{}, ask("count", "0"), unknown("the state holds no resources"))
	terraformIn(t, root, "apply", "-auto-approve", "-input=false")
	for _, tt := range []struct {
		resource, count string
		want            outcome
	}{
		{"", "5", passes(`^terraform show -json in infra, workspace default: 5 of 5 resources; expected 5;`)},
		{"", "4", fails("expected 4")},
		{"terraform_data.some", "", passes("2 of 5 resources are terraform_data.some")},
		{"terraform_data.some", "2", passes("")},
		{"terraform_data.some", "1", fails("")},
		{"terraform_data.some[1]", "1", passes("")},
		{"terraform_data.some[2]", "", fails(`no resource "terraform_data.some\[2\]" among 5`)},
		{`terraform_data.each["b[0]"]`, "1", passes("")},
		{"terraform_data.each", "2", passes("")},
		{"module.inner.terraform_data.only", "1", passes("")},
		{"module.*", "1", passes("")},
		{"*.terraform_data.*", "1", passes("")},
		{"terraform_data.some, terraform_data.each", "4", passes("")},
		{"terraform_data.some, terraform_data.nothing", "", fails(`no resource "terraform_data.nothing"`)},
		{"terraform_data.som", "", fails("no resource")},
		{"", "", unknown("nothing is expected of the state")},
		{"", "many", unknown("count: ")},
		{" , ", "", unknown("nothing is expected of the state")},
	} {
		var args []string
		if tt.resource != "" {
			args = append(args, "resource", tt.resource)
		}
		if tt.count != "" {
			args = append(args, "count", tt.count)
		}
		expect(t, TerraformState{}, ask(args...), tt.want)
	}
}

func TestTerraformOutput(t *testing.T) {
	t.Parallel()
	root := configuration(t)
	ask := func(args ...string) executor.Query { return question(root, inInfra(args...)) }
	expect(t, TerraformOutput{}, ask("name", "url"), unknown("there are no outputs"))
	terraformIn(t, root, "apply", "-auto-approve", "-input=false")
	for _, tt := range []struct {
		name, equals, matches string
		want                  outcome
	}{
		{"url", "", "", passes(`^terraform output -json in infra, workspace default: url is "https://example.org/one";`)},
		{"url", "https://example.org/one", "", passes("as the sidecar says")},
		{"url", "https://example.org/two", "", fails("does not equal")},
		{"url", "", `https://.*/\w+`, passes("matches https")},
		{"url", "", `https://`, fails("does not match")},
		{"url", "", `(`, unknown("matches: ")},
		{"list", `[1,"two"]`, "", passes("")},
		{"list", `[1]`, "", fails("")},
		{"none", "", "", unknown("output none: it is empty")},
		{"none", "", ".*", unknown("it is empty")},
		{"secret", "hunter22-hunter22", "", passes("secret is set, sensitive and not shown, as the sidecar says;")},
		{"secret", "another", "", fails("sensitive and not shown; it does not equal what the sidecar says;")},
		{"secret", "", "h.*", passes("not shown")},
		{"ural", "", "", fails(`there is no output "ural"; there are list, none, secret, url`)},
	} {
		args := []string{"name", tt.name}
		if tt.equals != "" {
			args = append(args, "equals", tt.equals)
		}
		if tt.matches != "" {
			args = append(args, "matches", tt.matches)
		}
		expect(t, TerraformOutput{}, ask(args...), tt.want)
		if f, err := (TerraformOutput{}).Check(t.Context(), ask(args...)); err == nil && strings.Contains(f.Evidence, "hunter22") {
			t.Errorf("the evidence tells the secret: %q", f.Evidence)
		}
	}
}

// Where terraform has nothing to say it answers all the same: an empty
// directory has the workspace "default" and an empty state.
func TestTerraformProvesNothingWhereNothingIs(t *testing.T) {
	checks := map[executor.Check]map[string]string{
		TerraformDrift{}: {}, TerraformOutput{}: {"name": "x"}, TerraformPlan{}: {"file": "x", "max_delete": "0"},
		TerraformState{}: {"count": "0"}, TerraformTags{}: {"keys": "x"}, TerraformWorkspace{}: {"name": "default"},
	}
	for c, args := range checks {
		root := t.TempDir()
		stub(t, root, `exit 0`)
		with := func(dir string) executor.Query {
			all := map[string]string{"dir": dir}
			for k, v := range args {
				all[k] = v
			}
			q := question(root, all)
			q.Env = []string{"PATH=" + filepath.Join(root, "bin") + ":" + os.Getenv("PATH")}
			return q
		}
		expect(t, c, with("empty"), unknown("no such file"))
		expect(t, c, with("bin"), unknown("bin holds no terraform configuration"))
		expect(t, c, with("../x"), unknown("not below the root"))
		expect(t, c, with("/"), unknown("not below the root"))
		q := with("infra")
		expect(t, c, q, unknown("."))
		q.Env = []string{"PATH=" + root}
		expect(t, c, q, unknown("neither terraform nor tofu is installed"))
	}
}

// A workspace can be looked at while another is selected, and stays so.
func TestTerraformOfAnotherWorkspace(t *testing.T) {
	t.Parallel()
	root := configuration(t)
	ask := func(args ...string) executor.Query { return question(root, inInfra(args...)) }
	terraformIn(t, root, "workspace", "new", "staging")
	terraformIn(t, root, "apply", "-auto-approve", "-input=false")
	terraformIn(t, root, "workspace", "select", "default")
	expect(t, TerraformState{}, ask("count", "5"), unknown("workspace default: the state holds no resources"))
	expect(t, TerraformState{}, ask("count", "5", "workspace", "staging"), passes("workspace staging: 5 of 5 resources"))
	expect(t, TerraformOutput{}, ask("name", "url", "workspace", "staging"), passes("workspace staging: url is"))
	expect(t, TerraformDrift{}, ask("workspace", "staging"), passes("5 resources in the state: exit 0"))
	expect(t, TerraformState{}, ask("count", "5", "workspace", "stagign"), unknown(`there is no workspace "stagign"`))
	expect(t, TerraformOutput{}, ask("name", "url", "workspace", "stagign"), unknown(`there is no workspace "stagign"`))
	expect(t, TerraformDrift{}, ask("workspace", "stagign"), unknown(`there is no workspace "stagign"`))
	if _, err := os.Stat(filepath.Join(root, "infra", "terraform.tfstate.d", "stagign")); err == nil {
		t.Error("a question has made the workspace that it is about")
	}
	expect(t, TerraformState{}, ask("count", "5", "workspace", "no such name"), unknown(`"no such name" is no name of a workspace`))
	expect(t, TerraformWorkspace{}, ask("name", "default"), passes(`"default" is selected`))
}
