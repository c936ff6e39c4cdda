package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"runbook/executor"
	"runbook/runbook"
)

// AWSAlarms looks for CloudWatch alarms, metric and composite ones, and at the
// state that they are in.
type AWSAlarms struct{}

// Info implements executor.Check.
func (AWSAlarms) Info() runbook.Info {
	return runbook.Info{
		Name:    "aws.cloudwatch.alarms",
		Summary: "CloudWatch alarms, metric and composite ones, exist, as many as expected and all in the expected state; INSUFFICIENT_DATA is neither OK nor ALARM. One of names and prefix must be given",
		Args: map[string]string{
			"names":  "the alarms, " + awsNamesArg,
			"prefix": "what all their names begin with",
			"count":  `how many there are, as in "6" or "5-7"`,
			"state":  `the state that all of them are in, "OK" or "ALARM"`,
			"region": awsRegionArg,
		},
		Lists: []string{"names"},
	}
}

// An alarmsQuestion is what is expected of which alarms.
type alarmsQuestion struct {
	patterns []string
	count    *between
	state    types.StateValue // empty: any
}

func askAlarms(args map[string]string) (q alarmsQuestion, err error) {
	names, prefix := list(args["names"]), args["prefix"]
	switch {
	case len(names) > 0 && prefix != "":
		return q, errors.New("names and prefix are both given")
	case len(names) == 0 && prefix == "":
		return q, errors.New("which alarms: give names or prefix")
	case strings.Contains(prefix, "*"):
		return q, fmt.Errorf(`prefix: %s holds a "*", which is for names`, quote(prefix))
	case prefix != "":
		names = []string{prefix + "*"}
	}
	q.patterns = names
	if arg := args["count"]; arg != "" {
		b, err := numberRange("count", arg)
		if err != nil {
			return q, err
		}
		q.count = &b
	}
	q.state = types.StateValue(args["state"])
	if q.state != "" && q.state != types.StateValueOk && q.state != types.StateValueAlarm {
		return q, fmt.Errorf("state: %s is neither OK nor ALARM", quote(args["state"]))
	}
	return q, validRegion(args)
}

// Validate implements executor.Validator.
func (AWSAlarms) Validate(args map[string]string) error {
	_, err := askAlarms(args)
	return err
}

// Check implements executor.Check. Where there is no alarm that fits, it may be
// the wrong account or region that was asked.
func (AWSAlarms) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	asked, err := askAlarms(q.Args)
	if err != nil {
		return executor.Finding{}, err
	}
	return askAWS(ctx, q, func(ctx context.Context, a *awsAPI) (executor.Finding, error) {
		all, err := everyAlarm(ctx, cloudwatch.NewFromConfig(a.Config), commonStart(asked.patterns))
		if err != nil {
			return executor.Finding{}, err
		}
		return asked.judge(q, a, all)
	})
}

// An alarm is what is judged of a metric alarm or a composite one.
type alarm struct {
	name, arn string
	state     types.StateValue
}

// everyAlarm lists all alarms whose names begin with start, of both types: AWS
// lists metric alarms alone unless it is asked for more.
func everyAlarm(ctx context.Context, client cloudwatch.DescribeAlarmsAPIClient, start string) ([]alarm, error) {
	input := &cloudwatch.DescribeAlarmsInput{AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm}}
	if start != "" {
		input.AlarmNamePrefix = &start
	}
	return everyPage(ctx, cloudwatch.NewDescribeAlarmsPaginator(client, input), func(page *cloudwatch.DescribeAlarmsOutput) []alarm {
		if page.MetricAlarms == nil && page.CompositeAlarms == nil {
			return nil
		}
		found := []alarm{}
		for _, m := range page.MetricAlarms {
			found = append(found, alarm{aws.ToString(m.AlarmName), aws.ToString(m.AlarmArn), m.StateValue})
		}
		for _, c := range page.CompositeAlarms {
			found = append(found, alarm{aws.ToString(c.AlarmName), aws.ToString(c.AlarmArn), c.StateValue})
		}
		return found
	})
}

// judge compares the alarms that fit with what is expected.
func (asked alarmsQuestion) judge(q executor.Query, a *awsAPI, all []alarm) (executor.Finding, error) {
	var fit []alarm
	var arns, names, absent, other, undecided []string
	for _, p := range asked.patterns {
		if !slices.ContainsFunc(all, func(one alarm) bool { return wild(p, one.name) }) {
			absent = append(absent, p)
		}
	}
	for _, one := range all {
		if !fitsAny(asked.patterns, one.name) {
			continue
		}
		fit, arns, names = append(fit, one), append(arns, one.arn), append(names, one.name)
		switch one.state {
		case asked.state:
		case types.StateValueOk, types.StateValueAlarm:
			other = append(other, fmt.Sprintf("%s is %s", one.name, one.state))
		default:
			undecided = append(undecided, fmt.Sprintf("%s is %s", one.name, one.state))
		}
	}
	said := fmt.Sprintf("%s: %d alarms fit %s", a.from("cloudwatch describe-alarms", arns...), len(fit), strings.Join(asked.patterns, ", "))
	switch {
	case len(fit) == 0:
		return executor.Finding{}, errors.New(said)
	case len(absent) > 0:
		return decided(q, false, "%s; there is none of %s", said, some(absent))
	case asked.count != nil && !asked.count.holds(len(fit)):
		return decided(q, false, "%s; expected %s: %s", said, asked.count, some(names))
	case asked.count != nil:
		said += "; expected " + asked.count.String()
	}
	switch {
	case asked.state == "":
		return decided(q, true, "%s: %s", said, some(names))
	case len(other) > 0:
		return decided(q, false, "%s; not all %s: %s", said, asked.state, some(other))
	case len(undecided) > 0:
		return executor.Finding{}, fmt.Errorf("%s; not all %s: %s", said, asked.state, some(undecided))
	}
	return decided(q, true, "%s, all %s: %s", said, asked.state, some(names))
}

// fitsAny reports whether s fits one of the patterns.
func fitsAny(patterns []string, s string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return wild(p, s) })
}

// commonStart is what everything that fits one of the patterns begins with: it
// makes a listing shorter.
func commonStart(patterns []string) string {
	if len(patterns) == 0 {
		return ""
	}
	start, _, _ := strings.Cut(patterns[0], "*")
	for _, p := range patterns[1:] {
		p, _, _ = strings.Cut(p, "*")
		for !strings.HasPrefix(p, start) {
			start = start[:len(start)-1]
		}
	}
	return start
}
