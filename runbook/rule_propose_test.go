package runbook

import "testing"

// Each case is a document whose last item is looked at, and what the rules
// propose for it: "=" is certain, "~" may be so, "?" lacks what it names.
func TestProposals(t *testing.T) {
	tables := bash("aws dynamodb describe-table --table-name app-production-a\naws dynamodb describe-table --table-name app-production-b")
	tests := map[string]struct {
		text string
		want []string
	}{
		"the section's commands": {"# A\n\n" + tables + "- [ ] Tables exist\n",
			[]string{"= aws.dynamodb.tables tables=app-production-a,app-production-b"}},
		"a loop over names": {"# A\n\n" + bash("for t in a b; do\n  aws dynamodb describe-table --table-name \"x-${t}\"\ndone") + "- [ ] Tables exist\n",
			[]string{"= aws.dynamodb.tables tables=x-a,x-b"}},
		"a variable of an earlier step": {"# A\n\n" + bash("export TABLE=x") + bash("aws dynamodb describe-table --table-name=$TABLE") + "- [ ] Tables exist\n",
			[]string{"= aws.dynamodb.tables tables=x"}},
		"a variable that is set on a condition": {"# A\n\n" + bash("TABLE=x\nif true; then TABLE=y; fi\naws dynamodb describe-table --table-name $TABLE") + "- [ ] Tables exist\n",
			[]string{"?tables aws.dynamodb.tables"}},
		"a name that only the run knows": {"# A\n\n" + bash("aws dynamodb describe-table --table-name $(cat name)") + "- [ ] Tables exist\n",
			[]string{"?tables aws.dynamodb.tables"}},
		"a placeholder is no name": {"# A\n\n" + bash("aws dynamodb describe-table --table-name <table>") + "- [ ] Tables exist\n",
			[]string{"?tables aws.dynamodb.tables"}},
		"an earlier section":                      {"# A\n\n" + tables + "# B\n\n- [ ] Tables exist\n", []string{"= aws.dynamodb.tables tables=app-production-a,app-production-b"}},
		"a later section":                         {"# A\n\n- [ ] Tables exist\n\n# B\n\n" + tables, []string{"~ aws.dynamodb.tables tables=app-production-a,app-production-b"}},
		"two sections together":                   {"# A\n\n" + tables + "# B\n\n" + bash("aws dynamodb describe-table --table-name z") + "# C\n\n- [ ] Tables exist\n", []string{"~ aws.dynamodb.tables tables=app-production-a,app-production-b,z"}},
		"another environment":                     {"# A\n\n" + tables + "- [ ] Staging tables exist\n", []string{"~ aws.dynamodb.tables tables=app-staging-a,app-staging-b"}},
		"the same environment":                    {"# A\n\n" + tables + "- [ ] Production tables exist\n", []string{"= aws.dynamodb.tables tables=app-production-a,app-production-b"}},
		"one of two values":                       {"# A\n\n" + bash("aws ssm get-parameter --name /a/b\naws ssm get-parameter --name /a/c") + "- [ ] SSM parameter accessible\n", []string{"~ aws.ssm.parameter name=/a/c readable=true"}},
		"the item's own value":                    {"# A\n\n" + bash("aws ssm get-parameter --name /a/b") + "- [ ] SSM parameter `/a/c` accessible\n", []string{"= aws.ssm.parameter name=/a/c readable=true"}},
		"what a rollback does":                    {"# A\n\n- [ ] Tables exist\n\n# Rollback\n\n" + tables, []string{"?tables aws.dynamodb.tables"}},
		"one region":                              {"# A\n\n" + bash("aws ssm get-parameter --name /a/b --region eu-west-1") + "- [ ] SSM parameter accessible\n", []string{"= aws.ssm.parameter name=/a/b readable=true region=eu-west-1"}},
		"two regions":                             {"# A\n\n" + bash("aws ssm get-parameter --name /a/b --region eu-west-1\naws s3 ls --region us-east-1") + "- [ ] SSM parameter accessible\n", []string{"= aws.ssm.parameter name=/a/b readable=true"}},
		"a person's word":                         {"# A\n\n" + tables + "- [ ] Tables exist, reviewed by Ops\n", nil},
		"a denial":                                {"# A\n\n" + tables + "- [ ] Tables do not exist\n", nil},
		"bad news":                                {"# A\n\nAbort if:\n- [ ] Tables exist\n", nil},
		"a sign-off":                              {"# A\n\n- [ ] Tables exist: ________ Date: ________\n", nil},
		"one that is ticked":                      {"# A\n\n- [x] Tables exist\n", nil},
		"due after the run":                       {"# A\n\n" + tables + "# Within 24 hours\n\n- [ ] Tables exist\n", []string{"~ aws.dynamodb.tables tables=app-production-a,app-production-b"}},
		"a count and a filter":                    {"# A\n\n" + bash("aws sns list-topics | grep app-alerts") + "- [ ] SNS topic created\n", []string{"= aws.sns.topic topic=app-alerts*"}},
		"a pattern is no prefix":                  {"# A\n\n" + bash("aws sns list-topics | grep 'app.*alerts'") + "- [ ] SNS topic created\n", []string{"?topic aws.sns.topic"}},
		"a command that is offered and no claim":  {"# A\n\n- [ ] Look around (`ls -l`)\n", []string{"~ step run=ls -l"}},
		"a file in a step's directory":            {"# A\n\n" + bash("cd infra\nterraform plan -out=a.tfplan") + "- [ ] Plan generated\n", []string{"= file path=infra/a.tfplan"}},
		"a file with the day in its name":         {"# A\n\n" + bash("terraform show a.tfplan > plan-$(date +%F).txt") + "- [ ] Plan saved\n", []string{"= file path=plan-*.txt"}},
		"more than a percentage":                  {"# A\n\n" + bash("npm test -- --coverage") + "- [ ] Unit tests passing (>80% coverage)\n", []string{"= step expect=exit == 0 && coverage(stdout) > 80 run=npm test -- --coverage"}},
		"at least a percentage":                   {"# A\n\n" + bash("npm test -- --coverage") + "- [ ] Test coverage at least 80%\n", []string{"= step expect=exit == 0 && coverage(stdout) >= 80 run=npm test -- --coverage"}},
		"a percentage and more":                   {"# A\n\n" + bash("npm test -- --coverage") + "- [ ] Test coverage above 80%+\n", []string{"= step expect=exit == 0 && coverage(stdout) >= 80 run=npm test -- --coverage"}},
		"one of several percentages":              {"# A\n\n" + bash("npm test -- --coverage") + "- [ ] Test coverage above 80% (90% in core)\n", []string{"?expect step run=npm test -- --coverage"}},
		"a step further down has printed nothing": {"# A\n\n- [ ] Integration tests passing\n\n# B\n\n" + bash("make test # integration"), []string{"?run step expect=exit == 0"}},
	}
	rules := packs(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			plan := planOf(t, tt.text, func(in *PlanInput) {
				in.Catalog, in.Rules, in.Tree = proposalCatalog(), rules, treeOf("main.tf", "infra/main.tf")
			})
			var got []string
			for i := range plan.Tasks {
				if plan.Tasks[i].Slot.Kind != ItemSlot {
					continue
				}
				got = nil
				for _, s := range plan.Tasks[i].Binding.Suggest {
					got = append(got, suggested(s))
				}
				if b := plan.Tasks[i].Binding; b.Use != "ask" {
					t.Errorf("%s is bound", b.Use)
				}
			}
			if len(got) != len(tt.want) {
				t.Fatalf("%q, want %q", got, tt.want)
			}
			for i := range got {
				if got[i] != tt.want[i] {
					t.Errorf("%q, want %q", got[i], tt.want[i])
				}
			}
		})
	}
}

// What is not registered is not proposed, and neither is a check that does not
// take an argument of the rule.
func TestOnlyRegisteredChecksAreProposed(t *testing.T) {
	doc := "# A\n\n" + bash("aws dynamodb describe-table --table-name a") + "- [ ] Tables exist\n"
	for name, checks := range map[string][]Info{"no check": nil, "no argument": {{Name: "aws.dynamodb.tables"}}} {
		plan := planOf(t, doc, func(in *PlanInput) {
			in.Catalog.Checks, in.Rules, in.Tree = checks, packs(t), everywhere{}
		})
		if got := plan.Tasks[1].Binding.Suggest; len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}
