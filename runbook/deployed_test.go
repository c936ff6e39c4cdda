package runbook

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
)

// state writes a state file: outputs as "name=value", resources as
// "type attribute=value", one a line.
func state(t *testing.T, lines ...string) string {
	t.Helper()
	type object = map[string]any
	outputs, resources := object{}, []object{}
	for _, line := range lines {
		kind, pair, resource := strings.Cut(line, " ")
		if !resource {
			pair = kind
		}
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			t.Fatal(line)
		}
		if resource {
			resources = append(resources, object{"mode": "managed", "type": kind, "instances": []object{{"attributes": object{name: value}}}})
		} else {
			outputs[name] = object{"value": value, "type": "string"}
		}
	}
	src, err := json.Marshal(object{"version": 4, "outputs": outputs, "resources": resources})
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

// What pins and terraform's state tell of an item's arguments.
func TestArgumentsFromPinsAndState(t *testing.T) {
	const local = "/w/terraform.tfstate"
	production, staging := "/w/terraform.tfstate.d/production/terraform.tfstate", "/w/terraform.tfstate.d/staging/terraform.tfstate"
	use := bash("terraform workspace select production\nterraform apply a.tfplan")
	bucket := func(name string) string { return state(t, "aws_s3_bucket bucket="+name) }
	tests := map[string]struct {
		text, car string
		files     map[string]string
		want      string
	}{
		"a name in the state": {bash("terraform apply a.tfplan") + "- [ ] Bucket created\n", "", map[string]string{local: bucket("app")},
			"= aws.s3.bucket buckets=app"},
		"a name in an output": {bash("terraform apply a.tfplan") + "- [ ] SNS topic created\n", "",
			map[string]string{local: state(t, "ops_topic_arn=arn:aws:sns:us-east-1:123456789012:ops", "topic_count=2")}, "= aws.sns.topic topic=ops"},
		"a dashboard's address": {bash("terraform apply a.tfplan") + "- [ ] Dashboard accessible\n", "",
			map[string]string{local: state(t, "dashboard_url=https://console.aws.amazon.com/cloudwatch/home?region=x#dashboards:name=app")}, "= aws.cloudwatch.dashboard name=app"},
		"the section's commands come first": {bash("terraform apply a.tfplan\naws s3api head-bucket --bucket b") + "- [ ] Bucket created\n", "",
			map[string]string{local: bucket("app")}, "= aws.s3.bucket buckets=b"},
		"the selected workspace's": {bash("terraform apply a.tfplan") + "- [ ] Bucket created\n", "",
			map[string]string{"/w/.terraform/environment": "production", local: bucket("app"), production: bucket("app-production")}, "= aws.s3.bucket buckets=app-production"},
		"the workspace that the steps select": {use + "- [ ] Bucket created\n", "",
			map[string]string{local: bucket("app"), production: bucket("app-production")}, "= aws.s3.bucket buckets=app-production"},
		"the pinned workspace": {bash("terraform apply a.tfplan") + "- [ ] Bucket created\n", "pins: {terraform_workspace: production}\n",
			map[string]string{local: bucket("app"), production: bucket("app-production")}, "= aws.s3.bucket buckets=app-production"},
		"the item's environment": {use + "- [ ] Staging bucket created\n", "",
			map[string]string{staging: bucket("app-staging"), production: bucket("app-production")}, "= aws.s3.bucket buckets=app-staging"},
		"no state of the item's environment": {use + "- [ ] Staging bucket created\n", "",
			map[string]string{production: bucket("app-production")}, "?buckets aws.s3.bucket"},
		"a backend elsewhere": {bash("terraform apply a.tfplan") + "- [ ] Bucket created\n", "",
			map[string]string{"/w/.terraform/terraform.tfstate": `{"backend": {"type": "s3"}}`, local: bucket("left-over")}, "?buckets aws.s3.bucket"},
		"the local backend by name": {bash("terraform apply a.tfplan") + "- [ ] Bucket created\n", "",
			map[string]string{"/w/.terraform/terraform.tfstate": `{"backend": {"type": "local", "config": {"path": null}}}`, local: bucket("app")}, "= aws.s3.bucket buckets=app"},
		"a state in another place": {bash("terraform apply a.tfplan") + "- [ ] Bucket created\n", "",
			map[string]string{"/w/.terraform/terraform.tfstate": `{"backend": {"type": "local", "config": {"path": "x"}}}`, local: bucket("left-over")}, "?buckets aws.s3.bucket"},
		"a state of another form": {bash("terraform apply a.tfplan") + "- [ ] Bucket created\n", "",
			map[string]string{local: strings.Replace(bucket("app"), `"version":4`, `"version":3`, 1)}, "?buckets aws.s3.bucket"},
		"the count of the other environment": {use + "- [ ] Expected resource count matches staging\n", "",
			map[string]string{staging: state(t, "a x=1", "b x=2", "c x=3"), production: bucket("x")}, "= terraform.plan create=3 file=a.tfplan"},
		"the count of the same environment says nothing": {use + "- [ ] Resource count matches\n", "",
			map[string]string{staging: state(t, "a x=1"), production: bucket("x")}, "?create terraform.plan file=a.tfplan"},
		"a rollback's directory is not looked at": {"# Rollback\n\n" + bash("terraform apply a.tfplan") + "# B\n\n- [ ] Bucket created\n", "",
			map[string]string{local: bucket("app")}, "?buckets aws.s3.bucket"},

		"a pinned region": {bash("aws ssm get-parameter --name /a/b") + "- [ ] SSM parameter accessible\n", "pins: {aws_region: eu-west-1}\n", nil,
			"= aws.ssm.parameter name=/a/b readable=true region=eu-west-1"},
		"a pinned region and another one": {bash("aws ssm get-parameter --name /a/b --region us-east-1") + "- [ ] SSM parameter accessible\n", "pins: {aws_region: eu-west-1}\n", nil,
			"= aws.ssm.parameter name=/a/b readable=true region=us-east-1"},
		"a pinned account":          {"- [ ] AWS account verified\n", "pins: {aws_account: '123456789012'}\n", nil, "= aws.sts account=123456789012"},
		"the item's own account":    {"- [ ] AWS account is `210987654321`\n", "pins: {aws_account: '123456789012'}\n", nil, "= aws.sts account=210987654321"},
		"a pinned branch":           {"- [ ] Correct branch checked out\n", "pins: {branch: main}\n", nil, "= git name=main what=branch"},
		"the item's own branch":     {"- [ ] On branch `release/1`\n", "pins: {branch: main}\n", nil, "= git name=release/1 what=branch"},
		"a pinned workspace":        {bash("terraform apply a.tfplan") + "- [ ] Workspace verified\n", "pins: {terraform_workspace: app}\n", nil, "= terraform.workspace dir=. name=app"},
		"drift in the pinned one":   {bash("terraform apply a.tfplan") + "- [ ] No drift in infrastructure\n", "pins: {terraform_workspace: app}\n", nil, "= terraform.drift dir=. workspace=app"},
		"drift in the item's":       {bash("terraform apply a.tfplan") + "- [ ] No drift in staging infrastructure\n", "", nil, "= terraform.drift dir=. workspace=staging"},
		"drift in what is selected": {bash("terraform apply a.tfplan") + "- [ ] No drift in infrastructure\n", "", nil, "~ terraform.drift dir=."},
		"drift, called as the pinned one is": {bash("terraform apply a.tfplan") + "- [ ] No drift in staging infrastructure\n", "pins: {terraform_workspace: app-production}\n", nil,
			"~ terraform.drift dir=. workspace=app-staging"},
	}
	rules := packs(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			plan := planOf(t, tt.text, func(in *PlanInput) {
				m := lintMachine{files: map[string]string{"/w/main.tf": ""}}
				maps.Copy(m.files, tt.files)
				in.Catalog, in.Rules, in.Tree, in.Files = proposalCatalog(), rules, m, m
				if tt.car != "" {
					car, faults := ParseSidecar("a.runbook.yaml", []byte(tt.car))
					if len(faults) > 0 {
						t.Fatal(faults)
					}
					in.Sidecar = car
				}
			})
			task := plan.Tasks[len(plan.Tasks)-1]
			var got []string
			for _, s := range task.Binding.Suggest {
				got = append(got, suggested(s))
			}
			if strings.Join(got, "; ") != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// What terraform marks as sensitive, and what is called like a secret, is not
// there for rules, whatever else they ask for.
func TestNoSecretOfTheState(t *testing.T) {
	const src = `{"version": 4,
		"outputs": {"a": {"value": "CANARY", "sensitive": true}, "api_token": {"value": "CANARY"}, "list": {"value": ["x"]}, "plain": {"value": "x"}},
		"resources": [
			{"mode": "managed", "type": "r", "instances": [
				{"attributes": {"name": "x", "marked": "CANARY", "password": "CANARY", "deep": {"b": "CANARY"}},
				 "sensitive_attributes": [[{"type": "get_attr", "value": "marked"}], [{"type": "get_attr", "value": "deep"}, {"type": "get_attr", "value": "b"}]]}]},
			{"mode": "managed", "type": "r", "instances": [{"attributes": {"name": "CANARY"}, "sensitive_attributes": [{"another": "form"}]}]},
			{"mode": "data", "type": "r", "instances": [{"attributes": {"name": "CANARY"}}]}]}`
	d, ok := readState([]byte(src))
	if !ok {
		t.Fatal("it is not read")
	}
	kept, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(kept), "CANARY") || len(d.Resources) != 2 || d.Resources[0].Attributes["name"] != "x" || d.Outputs["plain"] != "x" {
		t.Errorf("%s", kept)
	}
}
