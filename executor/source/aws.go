package source

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"runbook/executor"
	"runbook/executor/awsconfig"
	"runbook/runbook"
)

// AWS tells which account the steps' credentials belong to, by asking STS.
type AWS struct{}

// Info implements executor.Source.
func (AWS) Info() runbook.Info {
	return runbook.Info{
		Name:    "aws",
		Summary: "the account, the caller's ARN, the role it has assumed (all from STS) or the region in use",
		Args:    map[string]string{"get": `"account", "arn", "role" or "region"`},
		Require: []string{"get"},
	}
}

// Value implements executor.Source.
func (AWS) Value(ctx context.Context, q executor.Query) (executor.Value, error) {
	get := q.Args["get"]
	if !slices.Contains([]string{"account", "arn", "role", "region"}, get) {
		return executor.Value{}, fmt.Errorf("aws gives no %q", get)
	}
	cfg, err := awsconfig.Load(ctx, q.Env)
	if err != nil {
		return executor.Value{}, err
	}
	if get == "region" {
		if cfg.Region == "" {
			return executor.Value{}, errors.New("no AWS region is set")
		}
		return executor.Value{Text: cfg.Region, Detail: "the region in use"}, nil
	}
	v, arn, err := identity(ctx, cfg)
	if err != nil {
		return executor.Value{}, err
	}
	switch get {
	case "arn":
		v.Text = arn
	case "role":
		if v.Text, err = awsconfig.AssumedRole(arn); err != nil {
			return executor.Value{}, err
		}
	}
	return v, nil
}

// identity asks STS for the account, which it returns as the value, and the
// caller's ARN. Where no region is set it asks the one that always answers.
func identity(ctx context.Context, cfg aws.Config) (executor.Value, string, error) {
	region := cfg.Region
	if region == "" {
		region = "us-east-1"
	}
	client := sts.NewFromConfig(cfg, func(o *sts.Options) { o.Region = region })
	id, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if ctx.Err() != nil {
		return executor.Value{}, "", fmt.Errorf("asking STS who we are: %w", ctx.Err())
	}
	if err != nil {
		return executor.Value{}, "", fmt.Errorf("asking STS who we are: %s", awsconfig.Cause(err))
	}
	account, arn := aws.ToString(id.Account), aws.ToString(id.Arn)
	if len(account) != 12 || strings.Trim(account, "0123456789") != "" {
		return executor.Value{}, "", fmt.Errorf("STS answered %q, which is not an account of 12 digits", account)
	}
	v := executor.Value{
		Text: account, Detail: "sts get-caller-identity: " + arn,
		Notes: []*runbook.Noted{{What: "AWS account", Value: account}},
	}
	if cfg.Region != "" {
		v.Notes = append(v.Notes, &runbook.Noted{What: "AWS region", Value: cfg.Region})
	}
	return v, arn, nil
}
