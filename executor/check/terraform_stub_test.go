package check

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"runbook/executor"
)

// stub puts a terraform of the test's own making into root's bin, for answers
// that the real one gives only with providers from the network, and a
// configuration for it into infra.
func stub(t *testing.T, root, script string) {
	t.Helper()
	write(t, root, "infra/main.tf", "")
	write(t, root, "bin/terraform", "#!/bin/sh\n"+script+"\n")
	if err := os.Chmod(filepath.Join(root, "bin", "terraform"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// stubbed is a query whose terraform is the script; $1 is its subcommand.
func stubbed(t *testing.T, script string, args ...string) executor.Query {
	t.Helper()
	root := t.TempDir()
	stub(t, root, script)
	q := question(root, inInfra(args...))
	q.Env = append(q.Env, "PATH="+filepath.Join(root, "bin")+":"+os.Getenv("PATH"))
	return q
}

// stateOf is a terraform whose state holds these resources.
func stateOf(resources string) string {
	return fmt.Sprintf(`case $1 in
workspace) echo production ;;
show) cat <<'END'
{"format_version":"1.0","values":{"root_module":{"resources":[%s]}}}
END
;;
esac`, resources)
}

func resource(address, values string) string {
	return fmt.Sprintf(`{"address":%q,"mode":"managed","type":"x","values":{%s}}`, address, values)
}

func TestTerraformTags(t *testing.T) {
	full := resource("aws_s3_bucket.a", `"tags":null,"tags_all":{"Project":"p","CostCenter":"7"}`)
	own := resource("aws_sns_topic.b", `"tags":{"Project":"p","CostCenter":"7"}`)
	half := resource("aws_kms_key.c", `"tags":{"Project":"p"},"tags_all":{"Project":"p"}`)
	blank := resource("aws_kms_key.d", `"tags":{"Project":"p","CostCenter":""}`)
	bare := resource("aws_kms_key.e", `"tags":null,"tags_all":null`)
	never := resource("aws_iam_role_policy_attachment.f", `"role":"r"`)
	network := resource("google_compute_instance.g", `"tags":["web"]`)
	for name, tt := range map[string]struct {
		resources, keys, only string
		want                  outcome
	}{
		"all have them":          {full + "," + own + "," + never, "Project,CostCenter", "", passes(`^terraform show -json in infra, workspace production: 2 resources can have tags, all have Project, CostCenter;`)},
		"one lacks one":          {full + "," + half, "Project, CostCenter", "", fails(`1 of them lack required ones: aws_kms_key.c lacks CostCenter;`)},
		"one has it empty":       {full + "," + blank, "Project,CostCenter", "", fails("aws_kms_key.d lacks CostCenter")},
		"one has none":           {full + "," + bare, "Project", "", fails("aws_kms_key.e lacks Project")},
		"case counts":            {full, "project", "", fails("lacks project")},
		"none can have any":      {never + "," + network, "Project", "", unknown("none of 2 resources can have tags")},
		"no resources":           {"", "Project", "", unknown("holds no resources")},
		"only data":              {`{"address":"data.x.y","mode":"data","values":{"tags":{"Project":"p"}}}`, "Project", "", unknown("holds no resources")},
		"only some":              {full + "," + half, "CostCenter", "aws_s3_bucket.*", passes("1 resources can have tags")},
		"only some that are not": {full, "CostCenter", "aws_dynamodb_table.*", unknown(`no resource "aws_dynamodb_table.\*"`)},
		"no keys":                {full, ",", "", unknown("keys: none")},
	} {
		t.Run(name, func(t *testing.T) {
			args := []string{"keys", tt.keys}
			if tt.only != "" {
				args = append(args, "resource", tt.only)
			}
			expect(t, TerraformTags{}, stubbed(t, stateOf(tt.resources), args...), tt.want)
		})
	}
}

func TestTerraformTagsInModules(t *testing.T) {
	inside := `{"format_version":"1.0","values":{"root_module":{"child_modules":[{"address":"module.m","resources":[` +
		resource("module.m.aws_s3_bucket.a", `"tags":{}`) + `]}]}}}`
	q := stubbed(t, "case $1 in workspace) echo production ;; show) echo '"+inside+"' ;; esac", "keys", "Project")
	expect(t, TerraformTags{}, q, fails("module.m.aws_s3_bucket.a lacks Project"))
}

// Only 0 and 2 are answers of a plan; what else it says is repeated by its
// error alone.
func TestTerraformDriftByExitStatus(t *testing.T) {
	state := stateOf(resource("a.b", ""))
	for exit, want := range map[int]outcome{
		0: passes("exit 0, 1 lines of plan"), 2: fails("exit 2, 1 lines of plan"),
		1: unknown("Error: no credentials"), 3: unknown("Error: no credentials"), 127: unknown("Error: no credentials"),
	} {
		q := stubbed(t, fmt.Sprintf(`%s
if [ $1 = plan ]; then
  echo "password = hunter22"
  echo "╷" >&2; echo "│ Warning: something else" >&2; echo "│ Error: no credentials" >&2
  exit %d
fi`, state, exit))
		expect(t, TerraformDrift{}, q, want)
	}
	expect(t, TerraformDrift{}, stubbed(t, state+"\nif [ $1 = plan ]; then kill -9 $$; fi"), unknown("signal: killed"))
}

func TestTerraformPlanOfWhatProvesNothing(t *testing.T) {
	for json, want := range map[string]string{
		`{"resource_changes":[]}`: "about no resources",
		`{}`:                      "about no resources",
		`{"errored":true,"resource_changes":[{"address":"a.b","mode":"managed","change":{"actions":["create"]}}]}`: "failed half-way",
		`{"resource_changes":[{"address":"a.b","mode":"managed","change":{"actions":["explode"]}}]}`:               "the action .explode. is not known",
		`{"resource_changes":[{"address":"data.a.b","mode":"data","change":{"actions":["read"]}}]}`:                "about no resources",
		`{"resource_changes":[null, {"mode":"managed"}]}`:                                                          "about no resources",
		`{"password":"hunter22"`: "^terraform show -json p in infra: its answer cannot be read$",
		``:                       "its answer cannot be read",
	} {
		q := stubbed(t, "cat <<'END'\n"+json+"\nEND", "file", "p", "max_delete", "0")
		write(t, q.Root, "infra/p", "a plan")
		expect(t, TerraformPlan{}, q, unknown(want))
	}
}

// The digest in the evidence is that of the plan that was judged.
func TestTerraformPlanThatChangesMeanwhile(t *testing.T) {
	q := stubbed(t, `echo more >> p; echo '{}'`, "file", "p", "max_delete", "0")
	write(t, q.Root, "infra/p", "a plan")
	expect(t, TerraformPlan{}, q, unknown(`"p" changed while it was read`))
}

func TestTerraformChecksEndWithTheRun(t *testing.T) {
	for c, args := range map[executor.Check][]string{
		TerraformDrift{}: nil, TerraformOutput{}: {"name", "x"}, TerraformState{}: {"count", "1"},
		TerraformTags{}: {"keys", "x"}, TerraformWorkspace{}: {"name", "x"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		expectWithin(ctx, t, c, stubbed(t, "sleep 300", args...), unknown("deadline exceeded"))
		cancel()
	}
}

// A backend that denies the question proves nothing, to any of them.
func TestTerraformThatIsDenied(t *testing.T) {
	for c, args := range map[executor.Check][]string{
		TerraformDrift{}: nil, TerraformOutput{}: {"name", "x"}, TerraformState{}: {"count", "1"},
		TerraformTags{}: {"keys", "x"}, TerraformWorkspace{}: {"name", "production"},
	} {
		denied := "echo 'Error: AccessDenied' >&2; exit 1"
		expect(t, c, stubbed(t, denied, args...), unknown("Error: AccessDenied"))
		expect(t, c, stubbed(t, "if [ $2 = show ]; then echo production; else "+denied+"; fi", args...), unknown("Error: AccessDenied"))
	}
}
