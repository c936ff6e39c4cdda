package main

import (
	"runbook/executor"
	"runbook/executor/check"
	"runbook/executor/engine"
	"runbook/executor/source"
	"runbook/runbook"
)

// builtin is the composition root: the only place that names engines, sources
// and checks. Adding one is a line here and a file of its own.
func builtin(person *terminalConsole) *executor.Registry {
	ask, attest := source.Ask{}, check.Ask{}
	if person != nil {
		ask.Prompter, attest.Prompter = person, person
	}
	return &executor.Registry{
		EngineInfos: []runbook.Info{(&engine.Bash{}).Info()},
		Engines: map[string]func() (executor.Engine, error){
			"bash": func() (executor.Engine, error) { return engine.NewSupervised(engine.BashOptions{}) },
		},
		Sources: map[string]executor.Source{
			"ask":       ask,
			"aws":       source.AWS{},
			"clock":     source.Clock{},
			"command":   source.Command{},
			"count":     source.Count{},
			"env":       source.Env{},
			"git":       source.Git{},
			"operator":  source.Operator{},
			"run":       source.Run{},
			"terraform": &source.Terraform{},
		},
		Checks: map[string]executor.Check{
			"ask":                      attest,
			"aws.cloudwatch.alarms":    check.AWSAlarms{},
			"aws.cloudwatch.dashboard": check.AWSDashboard{},
			"aws.cloudwatch.metric":    check.AWSMetric{},
			"aws.dynamodb.backups":     check.DynamoBackups{},
			"aws.dynamodb.encryption":  check.DynamoEncryption{},
			"aws.dynamodb.item":        check.DynamoItem{},
			"aws.dynamodb.pitr":        check.DynamoPITR{},
			"aws.dynamodb.protection":  check.DynamoProtection{},
			"aws.dynamodb.tables":      check.DynamoTables{},
			"aws.dynamodb.tags":        check.DynamoTags{},
			"aws.kms.rotation":         check.KMSRotation{},
			"aws.iam.policies":         check.AWSPolicies{},
			"aws.iam.trust":            check.AWSTrust{},
			"aws.logs.errors":          check.AWSLogErrors{},
			"aws.s3.bucket":            check.S3Bucket{},
			"aws.s3.encryption":        check.S3Encryption{},
			"aws.s3.public-access":     check.S3PublicAccess{},
			"aws.s3.versioning":        check.S3Versioning{},
			"aws.sns.subscriptions":    check.SNSSubscriptions{},
			"aws.sns.topic":            check.SNSTopic{},
			"aws.ssm.parameter":        check.SSMParameter{},
			"aws.tags":                 check.AWSTags{},
			"aws.sts":                  check.AWSCaller{},
			"file":                     check.File{},
			"git":                      check.Git{},
			"github.secrets":           check.GitHubSecrets(),
			"github.variables":         check.GitHubVariables(),
			"http":                     check.HTTP{},
			"output":                   check.Output{},
			"step":                     check.Step{},
			"terraform.drift":          check.TerraformDrift{},
			"terraform.output":         check.TerraformOutput{},
			"terraform.plan":           check.TerraformPlan{},
			"terraform.state":          check.TerraformState{},
			"terraform.tags":           check.TerraformTags{},
			"terraform.workspace":      check.TerraformWorkspace{},
		},
	}
}
