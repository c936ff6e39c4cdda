package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"runbook/executor"
	"runbook/runbook"
)

// AWSDashboard looks for a CloudWatch dashboard that shows something.
type AWSDashboard struct{}

// Info implements executor.Check.
func (AWSDashboard) Info() runbook.Info {
	return runbook.Info{
		Name:    "aws.cloudwatch.dashboard",
		Summary: "a CloudWatch dashboard exists and has widgets",
		Args: map[string]string{
			"name":   `the dashboard's name, with "*" for any run of characters`,
			"region": awsRegionArg,
		},
		Require: []string{"name"},
	}
}

// Validate implements executor.Validator.
func (AWSDashboard) Validate(args map[string]string) error {
	if strings.TrimSpace(args["name"]) == "" {
		return errors.New("name: none is given")
	}
	return validRegion(args)
}

// Check implements executor.Check.
func (c AWSDashboard) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	if err := c.Validate(q.Args); err != nil {
		return executor.Finding{}, err
	}
	pattern := strings.TrimSpace(q.Args["name"])
	return askAWS(ctx, q, func(ctx context.Context, a *awsAPI) (executor.Finding, error) {
		client := cloudwatch.NewFromConfig(a.Config)
		found, without, err := expand([]string{pattern}, "dashboards", func() ([]string, error) { return dashboards(ctx, client) })
		if err != nil {
			return executor.Finding{}, err
		}
		if len(without) > 0 {
			return decided(q, false, "%s: no dashboard fits %s", a.from("cloudwatch list-dashboards"), quote(pattern))
		}
		seen, err := each(ctx, found, func(ctx context.Context, name string) (sight, error) { return lookAtDashboard(ctx, client, name) })
		if err != nil {
			return executor.Finding{}, err
		}
		return seen.decide(q, a, "cloudwatch get-dashboard")
	})
}

// dashboards lists the names of all.
func dashboards(ctx context.Context, client cloudwatch.ListDashboardsAPIClient) ([]string, error) {
	return everyPage(ctx, cloudwatch.NewListDashboardsPaginator(client, &cloudwatch.ListDashboardsInput{}), func(page *cloudwatch.ListDashboardsOutput) []string {
		return namesOf(page.DashboardEntries, func(d types.DashboardEntry) *string { return d.DashboardName })
	})
}

// A dashboardReader is the part of CloudWatch that lookAtDashboard asks.
type dashboardReader interface {
	GetDashboard(context.Context, *cloudwatch.GetDashboardInput, ...func(*cloudwatch.Options)) (*cloudwatch.GetDashboardOutput, error)
}

func lookAtDashboard(ctx context.Context, client dashboardReader, name string) (sight, error) {
	out, err := client.GetDashboard(ctx, &cloudwatch.GetDashboardInput{DashboardName: &name})
	var gone *types.DashboardNotFoundError
	var none *types.ResourceNotFoundException
	if errors.As(err, &gone) || errors.As(err, &none) || awsCode(err) == "ResourceNotFound" {
		return sight{fact: name + " does not exist"}, nil
	}
	if err != nil {
		return sight{}, err
	}
	var body struct {
		Widgets []json.RawMessage `json:"widgets"`
	}
	if err := json.Unmarshal([]byte(aws.ToString(out.DashboardBody)), &body); err != nil {
		return sight{}, fmt.Errorf("the dashboard %s: its body cannot be read: %w", name, err)
	}
	return sight{ok: len(body.Widgets) > 0, fact: fmt.Sprintf("%s has %d widgets", name, len(body.Widgets)), arn: aws.ToString(out.DashboardArn)}, nil
}
