package check

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"runbook/executor"
)

// eventsAre is an answer to FilterLogEvents.
func eventsAre(next string, messages ...string) string {
	events := []map[string]any{}
	for _, m := range messages {
		events = append(events, map[string]any{"message": m, "timestamp": 1, "eventId": "1"})
	}
	answer := map[string]any{"events": events, "searchedLogStreams": []string{}}
	if next != "" {
		answer["nextToken"] = next
	}
	text, err := json.Marshal(answer)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// fakeLogs has groups with what was logged in them, and finds in it what the
// pattern "ERROR" says, or everything.
func fakeLogs(t *testing.T, groups map[string][]string) *awsFake {
	return fakeAWS(t, func(operation, sent string) reply {
		var in struct {
			LogGroupName, LogGroupNamePrefix, FilterPattern string
		}
		if err := json.Unmarshal([]byte(sent), &in); err != nil {
			t.Error(err)
		}
		if operation == "DescribeLogGroups" {
			var found []string
			for name := range groups {
				if strings.HasPrefix(name, in.LogGroupNamePrefix) {
					found = append(found, fmt.Sprintf(`{"logGroupName":%q}`, name))
				}
			}
			return reply{body: `{"logGroups":[` + strings.Join(found, ",") + `]}`}
		}
		events, ok := groups[in.LogGroupName]
		if !ok {
			return reply{status: 400, code: "ResourceNotFoundException"}
		}
		if in.FilterPattern == "ERROR" {
			events = slices.DeleteFunc(slices.Clone(events), func(e string) bool { return !strings.Contains(e, "ERROR") })
		}
		return reply{body: eventsAre("", events...)}
	})
}

// begun is a question of a run that began half an hour ago.
func begun(q executor.Query) executor.Query {
	q.State.Began = q.Now.Add(-30 * time.Minute)
	return q
}

func TestAWSLogErrors(t *testing.T) {
	groups := map[string][]string{
		"/app/api":   {"INFO started", "ERROR canary-secret", "ERROR again"},
		"/app/web":   {"INFO started"},
		"/app/json":  {`{"level":"error"}`},
		"/quiet/a":   {},
		"/quiet/b":   {},
		"/other/job": {"Traceback: ValueError"},
	}
	for name, tt := range map[string]struct {
		args []string
		want outcome
	}{
		"no errors":                        {[]string{"groups", "/app/web"}, passes(`^logs filter-log-events in eu-west-1: /app/web since 2026-03-04T14:46:17Z: 0 events of errors, at most 0 may be;`)},
		"errors":                           {[]string{"groups", "/app/api"}, fails(`: 2 events of errors, at most 0 may be: 2 in /app/api;`)},
		"errors in JSON":                   {[]string{"groups", "/app/json"}, fails(`1 in /app/json`)},
		"one of several groups":            {[]string{"groups", "/app/web,/app/api"}, fails(`/app/web, /app/api since .* 2 in /app/api;`)},
		"groups by pattern":                {[]string{"groups", "/app/*"}, fails(`/app/api, /app/json, /app/web since .*2 in /app/api`)},
		"some may be":                      {[]string{"groups", "/app/api", "max", "2"}, passes(`2 events of errors, at most 2 may be`)},
		"some may be in all":               {[]string{"groups", "/app/*", "max", "2"}, fails(`3 events of errors, at most 2 may be: 2 in /app/api, 1 in /app/json`)},
		"another pattern":                  {[]string{"groups", "/app/json,/app/web", "pattern", "ERROR"}, passes(`0 events of errors`)},
		"another pattern is found":         {[]string{"groups", "/app/api", "pattern", "ERROR"}, fails(`2 in /app/api`)},
		"since an hour":                    {[]string{"groups", "/app/web", "since", "1h"}, passes(`since 2026-03-04T14:16:17Z`)},
		"nothing was logged":               {[]string{"groups", "/quiet/*"}, unknown(`/quiet/a, /quiet/b since .*: nothing at all was logged, which proves nothing$`)},
		"nothing was logged, and may be":   {[]string{"groups", "/quiet/a", "quiet", "true"}, passes(`0 events of errors`)},
		"something was logged in one":      {[]string{"groups", "/quiet/a,/app/web"}, passes(`0 events of errors`)},
		"no such group":                    {[]string{"groups", "/app/none"}, unknown(`^the log group /app/none does not exist$`)},
		"no such group beside one":         {[]string{"groups", "/app/web,/app/none"}, unknown(`^the log group /app/none does not exist$`)},
		"a pattern of none":                {[]string{"groups", "/app/*,/none/*"}, unknown(`no log groups that begin with / fit "/none/\*"$`)},
		"a pattern of none, and not alone": {[]string{"groups", "/none/*"}, unknown(`there are no log groups that begin with /none/ at all in this account and region$`)},
	} {
		t.Run(name, func(t *testing.T) {
			f := fakeLogs(t, groups)
			q := begun(awsAsks(t, f.URL, tt.args...))
			expect(t, AWSLogErrors{}, q, tt.want)
			if found, err := (AWSLogErrors{}).Check(t.Context(), q); strings.Contains(fmt.Sprint(found, err), "canary") {
				t.Errorf("a message is repeated: %v, %v", found, err)
			}
		})
	}
}

func TestAWSLogErrorsPageByPage(t *testing.T) {
	requests := []string{}
	f := fakeAWS(t, func(_, sent string) reply {
		requests = append(requests, sent)
		switch {
		case len(requests) < 3: // AWS gives empty pages while it searches
			return reply{body: eventsAre("page" + fmt.Sprint(len(requests)))}
		case len(requests) == 3:
			return reply{body: eventsAre("last", "an error", "an error")}
		}
		return reply{body: eventsAre("", "an error")}
	})
	expect(t, AWSLogErrors{}, begun(awsAsks(t, f.URL, "groups", "g")), fails("at least 2 events of errors"))
	if len(requests) != 3 || !strings.Contains(requests[2], `"page2"`) {
		t.Errorf("%q", requests)
	}
	for _, part := range []string{`"startTime":1772635577000`, `"filterPattern":"?ERROR ?Error ?error `} {
		if !strings.Contains(requests[0], part) {
			t.Errorf("the request %s holds no %s", requests[0], part)
		}
	}
	requests = requests[:0]
	expect(t, AWSLogErrors{}, begun(awsAsks(t, f.URL, "groups", "g", "max", "2")), fails(": 3 events of errors"))
}

func TestAWSLogErrorsBeforeTheRun(t *testing.T) {
	f := fakeLogs(t, map[string][]string{"g": {"INFO"}})
	expect(t, AWSLogErrors{}, awsAsks(t, f.URL, "groups", "g"), unknown("^since: the run has not begun$"))
	expect(t, AWSLogErrors{}, awsAsks(t, f.URL, "groups", "g", "since", "1h"), passes(""))
}

func TestE2EAWSLogErrors(t *testing.T) {
	t.Parallel()
	client := cloudwatchlogs.NewFromConfig(motoConfig(t))
	const group = "/TestE2EAWSLogErrors/"
	put := func(name string, messages ...string) {
		t.Helper()
		stream := "s"
		_, err := client.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String(group + name)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = client.CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: aws.String(group + name), LogStreamName: &stream}); err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			_, err = client.PutLogEvents(t.Context(), &cloudwatchlogs.PutLogEventsInput{
				LogGroupName: aws.String(group + name), LogStreamName: &stream,
				LogEvents: []types.InputLogEvent{{Message: &m, Timestamp: aws.Int64(time.Now().UnixMilli())}},
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	put("fine", "INFO started", "INFO done")
	put("broken", "INFO started", "ERROR no table")
	put("quiet")
	ask := func(want outcome, args ...string) {
		t.Helper()
		expect(t, AWSLogErrors{}, begun(motoAsks(t, args...)), want)
	}
	ask(passes("0 events of errors"), "groups", group+"fine")
	ask(passes("0 events of errors"), "groups", group+"fine", "pattern", "ERROR")
	ask(fails("1 in "+group+"broken"), "groups", group+"*")
	ask(fails("1 in "+group+"broken"), "groups", group+"broken", "pattern", "ERROR")
	ask(unknown("nothing at all was logged"), "groups", group+"quiet")
	ask(unknown("does not exist"), "groups", group+"none")
	ask(unknown("there are no log groups that begin with "+group+"none at all"), "groups", group+"none*")
}
