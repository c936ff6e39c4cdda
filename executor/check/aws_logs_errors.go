package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"runbook/executor"
	"runbook/runbook"
)

// errorWords are what makes an event one of an error where no pattern is
// given. In AWS's filter patterns they are case-sensitive, like here.
var errorWords = []string{"ERROR", "Error", "error", "FATAL", "Fatal", "fatal", "CRITICAL", "Exception", "panic"}

// AWSLogErrors counts the events of CloudWatch Logs that tell of errors.
type AWSLogErrors struct{}

// Info implements executor.Check.
func (AWSLogErrors) Info() runbook.Info {
	return runbook.Info{
		Name:    "aws.logs.errors",
		Summary: "log groups of CloudWatch Logs hold no events of errors since a time, though something was logged; evidence counts events and repeats none",
		Args: map[string]string{
			"groups":  "the log groups, " + awsNamesArg,
			"pattern": "a CloudWatch filter pattern of what is an error; by default any of the words " + strings.Join(errorWords, " "),
			"since":   awsSinceArg + `; "run" by default`,
			"max":     "how many such events there may be in all; 0 by default",
			"quiet":   `"true": that nothing at all was logged is fine as well`,
			"region":  awsRegionArg,
		},
		Require: []string{"groups"},
		Lists:   []string{"groups"},
	}
}

// A logQuestion is what is looked for in which groups.
type logQuestion struct {
	groups  []string
	pattern string // empty: errorWords
	ago     time.Duration
	most    int
	quiet   bool
}

func askLogs(args map[string]string) (logQuestion, error) {
	var bad faults
	bad.note(validNames(args, "groups"))
	q := logQuestion{groups: list(args["groups"]), pattern: strings.TrimSpace(args["pattern"])}
	var err error
	q.ago, err = window(args["since"], "run")
	bad.note(err)
	q.quiet, err = truth(args, "quiet")
	bad.note(err)
	most, err := strconv.ParseUint(cmp.Or(args["max"], "0"), 10, 31)
	if err != nil {
		bad.note(fmt.Errorf("max: %s is no number such as 0", quote(args["max"])))
	}
	q.most = int(most)
	return q, bad.err()
}

// Validate implements executor.Validator.
func (AWSLogErrors) Validate(args map[string]string) error {
	_, err := askLogs(args)
	return err
}

// Check implements executor.Check. Where nothing at all was logged, the absence
// of errors proves nothing, unless it is said to.
func (AWSLogErrors) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	asked, err := askLogs(q.Args)
	if err != nil {
		return executor.Finding{}, err
	}
	from, err := opened(q, asked.ago)
	if err != nil {
		return executor.Finding{}, err
	}
	return askAWS(ctx, q, func(ctx context.Context, a *awsAPI) (executor.Finding, error) {
		client := cloudwatchlogs.NewFromConfig(a.Config)
		start, kind := commonStart(asked.groups), "log groups"
		if start != "" {
			kind += " that begin with " + start
		}
		groups, err := expandAll(asked.groups, kind, func() ([]string, error) { return logGroups(ctx, client, start) })
		if err != nil {
			return executor.Finding{}, err
		}
		return asked.judge(ctx, q, a, client, from, groups)
	})
}

// logGroups lists the names of all groups that begin with start.
func logGroups(ctx context.Context, client cloudwatchlogs.DescribeLogGroupsAPIClient, start string) ([]string, error) {
	input := &cloudwatchlogs.DescribeLogGroupsInput{}
	if start != "" {
		input.LogGroupNamePrefix = &start
	}
	return everyPage(ctx, cloudwatchlogs.NewDescribeLogGroupsPaginator(client, input), func(page *cloudwatchlogs.DescribeLogGroupsOutput) []string {
		return namesOf(page.LogGroups, func(g types.LogGroup) *string { return g.LogGroupName })
	})
}

// judge counts in each group.
func (asked logQuestion) judge(ctx context.Context, q executor.Query, a *awsAPI, client cloudwatchlogs.FilterLogEventsAPIClient, from time.Time, groups []string) (executor.Finding, error) {
	total, logged, open, facts := 0, false, false, []string(nil)
	for _, group := range groups {
		found, err := asked.count(ctx, client, group, from)
		if err != nil {
			return executor.Finding{}, inGroup(group, err)
		}
		total, open = total+found.events, open || found.more
		if found.events > 0 {
			facts = append(facts, fmt.Sprintf("%d in %s", found.events, group))
		}
		if total > asked.most {
			break
		}
	}
	for _, group := range groups {
		if total > 0 || logged || asked.quiet {
			break
		}
		var err error
		if logged, err = anyEvent(ctx, client, group, from); err != nil {
			return executor.Finding{}, inGroup(group, err)
		}
	}
	said := fmt.Sprintf("%s: %s since %s: ", a.from("logs filter-log-events"), some(groups), instant(from))
	least := ""
	if open {
		least = "at least "
	}
	switch {
	case total > asked.most:
		return decided(q, false, "%s%s%d events of errors, at most %d may be: %s", said, least, total, asked.most, some(facts))
	case total == 0 && !logged && !asked.quiet:
		return executor.Finding{}, fmt.Errorf("%snothing at all was logged, which proves nothing", said)
	}
	return decided(q, true, "%s%d events of errors, at most %d may be", said, total, asked.most)
}

// inGroup says in which group an error is: the service does not.
func inGroup(group string, err error) error {
	var none *types.ResourceNotFoundException
	if errors.As(err, &none) {
		return fmt.Errorf("the log group %s does not exist", group)
	}
	return err
}

// A logCount is how many events fit, and whether there may be more.
type logCount struct {
	events int
	more   bool
}

// count goes through the events that fit. It stops at a page's end once there
// are too many: the answer is then known.
func (asked logQuestion) count(ctx context.Context, client cloudwatchlogs.FilterLogEventsAPIClient, group string, from time.Time) (logCount, error) {
	pattern := cmp.Or(asked.pattern, "?"+strings.Join(errorWords, " ?"))
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(client, &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: &group, FilterPattern: &pattern, StartTime: aws.Int64(from.UnixMilli()),
	})
	found := logCount{}
	for pages.HasMorePages() && found.events <= asked.most {
		events, err := logPage(ctx, pages)
		if err != nil {
			return found, err
		}
		for _, e := range events {
			if asked.pattern != "" || tellsOfError(aws.ToString(e.Message)) {
				found.events++
			}
		}
	}
	found.more = pages.HasMorePages()
	return found, nil
}

// tellsOfError is the default pattern once more: what plays AWS may answer with
// all events, whatever the pattern.
func tellsOfError(message string) bool {
	for _, word := range errorWords {
		if strings.Contains(message, word) {
			return true
		}
	}
	return false
}

// anyEvent reports whether anything was logged.
func anyEvent(ctx context.Context, client cloudwatchlogs.FilterLogEventsAPIClient, group string, from time.Time) (bool, error) {
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(client, &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: &group, StartTime: aws.Int64(from.UnixMilli()), Limit: aws.Int32(1),
	})
	for pages.HasMorePages() {
		events, err := logPage(ctx, pages)
		if err != nil || len(events) > 0 {
			return len(events) > 0, err
		}
	}
	return false, nil
}

// logPage is the next page of events. An answer without a list is none: an
// empty page has an empty list.
func logPage(ctx context.Context, pages *cloudwatchlogs.FilterLogEventsPaginator) ([]types.FilteredLogEvent, error) {
	page, err := pages.NextPage(ctx)
	if err != nil {
		return nil, err
	}
	if page.Events == nil {
		return nil, errors.New("logs filter-log-events: the answer holds no list of events")
	}
	return page.Events, nil
}
