package check

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// metricsAre is an answer to ListMetrics: metrics of the namespace N, each a
// name and its dimensions, as in "Latency Table=a Operation=Get".
func metricsAre(next string, metrics ...string) string {
	all := ""
	for _, m := range metrics {
		name, with, _ := strings.Cut(m, " ")
		all += "<member><Namespace>N</Namespace><MetricName>" + name + "</MetricName><Dimensions>"
		for _, d := range strings.Fields(with) {
			k, v, _ := strings.Cut(d, "=")
			all += "<member><Name>" + k + "</Name><Value>" + v + "</Value></member>"
		}
		all += "</Dimensions></member>"
	}
	return queryAnswer("ListMetrics", "<Metrics>"+all+"</Metrics><NextToken>"+next+"</NextToken>")
}

// points is an answer to GetMetricStatistics: values of one statistic.
func points(stat string, values ...string) string {
	all := ""
	for _, v := range values {
		value := fmt.Sprintf("<%[1]s>%[2]s</%[1]s>", stat, v)
		if strings.HasPrefix(stat, "p") {
			value = fmt.Sprintf("<ExtendedStatistics><entry><key>%s</key><value>%s</value></entry></ExtendedStatistics>", stat, v)
		}
		all += "<member><Timestamp>2026-03-04T15:00:00Z</Timestamp>" + value + "</member>"
	}
	return queryAnswer("GetMetricStatistics", "<Datapoints>"+all+"</Datapoints>")
}

func TestAWSMetric(t *testing.T) {
	one := []string{"Latency Table=a"}
	p99 := func(values ...string) map[string]string { return map[string]string{"a": points("p99", values...)} }
	limit := []string{"dimensions", "Table=a", "stat", "p99", "max", "50"}
	for name, tt := range map[string]struct {
		metrics []string
		data    map[string]string // answers by the table that is asked for
		args    []string
		want    outcome
	}{
		"below the limit":           {one, p99("12.5", "49.9"), limit, passes(`^cloudwatch get-metric-statistics in eu-west-1: N Latency Table=a, p99 in periods of 1m0s since 2026-03-04T14:16:17Z: 1 metrics, 2 datapoints from 12\.5 to 49\.9; expected at most 50;`)},
		"at the limit":              {one, p99("50"), limit, passes("from 50 to 50")},
		"above it once":             {one, p99("12.5", "50.1", "3"), limit, fails(`3 datapoints; expected at most 50: Latency Table=a had 50\.1;`)},
		"no datapoints":             {one, p99(), limit, unknown(`1 metrics, 0 datapoints; none of Latency Table=a$`)},
		"no metric":                 {nil, nil, limit, unknown(`^cloudwatch list-metrics in eu-west-1: no metric fits N Latency Table=a$`)},
		"another metric":            {[]string{"Latency Table=b", "Errors Table=a"}, nil, limit, unknown("no metric fits")},
		"another value":             {one, map[string]string{"a": points("Average", "1")}, limit, unknown("Latency Table=a: a datapoint has no p99")},
		"no number":                 {one, p99("NaN"), limit, unknown("a datapoint has no p99")},
		"below a minimum":           {one, map[string]string{"a": points("Sum", "4", "6")}, []string{"stat", "Sum", "min", "5", "max", "7"}, fails(`expected at least 5 and at most 7: Latency Table=a had 4;`)},
		"within":                    {one, map[string]string{"a": points("Sum", "5", "6")}, []string{"stat", "Sum", "min", "5", "max", "7"}, passes("from 5 to 6; expected at least 5 and at most 7")},
		"none, as expected":         {one, map[string]string{"a": points("Sum", "0")}, []string{"stat", "Sum", "max", "0"}, passes("from 0 to 0")},
		"data is enough":            {one, map[string]string{"a": points("SampleCount", "1")}, []string{"data", "true"}, passes("SampleCount .* 1 datapoints from 1 to 1; expected some;")},
		"data is not there":         {one, map[string]string{"a": points("SampleCount")}, []string{"data", "true"}, unknown("none of Latency Table=a")},
		"all that fit":              {[]string{"Latency Table=a", "Latency Table=b", "Latency Other=c"}, map[string]string{"a": points("p99", "1"), "b": points("p99", "2")}, []string{"dimensions", "Table=*", "stat", "p99", "max", "50"}, passes("2 metrics, 2 datapoints from 1 to 2")},
		"one of them is above":      {[]string{"Latency Table=a", "Latency Table=b"}, map[string]string{"a": points("p99", "1"), "b": points("p99", "60")}, []string{"dimensions", "Table=*", "stat", "p99", "max", "50"}, fails("Latency Table=b had 60;")},
		"one of them is silent":     {[]string{"Latency Table=a", "Latency Table=b"}, map[string]string{"a": points("p99", "1"), "b": points("p99")}, []string{"dimensions", "Table=*", "stat", "p99", "max", "50"}, unknown("2 metrics, 1 datapoints; none of Latency Table=b$")},
		"silent and above":          {[]string{"Latency Table=a", "Latency Table=b"}, map[string]string{"a": points("p99", "60"), "b": points("p99")}, []string{"dimensions", "Table=*", "stat", "p99", "max", "50"}, fails("Latency Table=a had 60;")},
		"with more dimensions":      {[]string{"Latency Operation=Get Table=a"}, p99("1"), limit, passes("1 metrics")},
		"metrics by pattern":        {[]string{"Latency Table=a", "Errors Table=a"}, map[string]string{"a": points("Sum", "1")}, []string{"metric", "*", "stat", "Sum", "max", "1"}, passes("N \\*, Sum .* 2 metrics, 2 datapoints")},
		"a listing with duplicates": {[]string{"Latency Table=a", "Latency Table=a"}, p99("1"), limit, passes("1 metrics, 1 datapoints")},
	} {
		t.Run(name, func(t *testing.T) {
			f := fakeAWS(t, func(operation, sent string) reply {
				if operation == "ListMetrics" {
					return reply{body: metricsAre("", tt.metrics...)}
				}
				form, _ := url.ParseQuery(sent)
				for i := 1; i <= 2; i++ {
					if form.Get(fmt.Sprintf("Dimensions.member.%d.Name", i)) == "Table" {
						return reply{body: tt.data[form.Get(fmt.Sprintf("Dimensions.member.%d.Value", i))]}
					}
				}
				return reply{status: 400, code: "NoTable"}
			})
			expect(t, AWSMetric{}, awsAsks(t, f.URL, append([]string{"namespace", "N", "metric", "Latency"}, tt.args...)...), tt.want)
		})
	}
}

func TestAWSMetricAsksForWhatItJudges(t *testing.T) {
	pages := 0
	f := fakeAWS(t, func(operation, sent string) reply {
		form, _ := url.ParseQuery(sent)
		want := map[string]string{"Namespace": "N", "MetricName": "Latency"}
		if operation == "ListMetrics" {
			pages++
			want["Dimensions.member.1.Name"], want["Dimensions.member.1.Value"] = "Table", "a"
			want["Dimensions.member.2.Name"], want["Dimensions.member.2.Value"] = "Operation", ""
		} else {
			want["StartTime"], want["EndTime"], want["Period"] = "2026-03-04T15:00:00Z", "2026-03-04T15:16:18Z", "300"
			want["ExtendedStatistics.member.1"], want["Statistics.member.1"] = "p99.9", ""
		}
		for k, v := range want {
			if got := form.Get(k); got != v {
				t.Errorf("%s: %s is %q, want %q", operation, k, got, v)
			}
		}
		switch {
		case operation != "ListMetrics":
			return reply{body: points("p99.9", "1")}
		case pages == 1:
			return reply{body: metricsAre("more", "Latency Table=a Operation=Get")}
		}
		if form.Get("NextToken") != "more" {
			t.Errorf("page %d is asked for with token %q", pages, form.Get("NextToken"))
		}
		return reply{body: metricsAre("", "Latency Table=a Operation=Put")}
	})
	q := awsAsks(t, f.URL, "namespace", "N", "metric", "Latency", "dimensions", "Table=a,Operation=*", "stat", "p99.9", "period", "5m", "since", "run", "max", "5")
	q.State.Began = time.Date(2026, 3, 4, 15, 0, 0, 0, time.UTC)
	expect(t, AWSMetric{}, q, passes("since 2026-03-04T15:00:00Z: 2 metrics, 2 datapoints"))
}

func TestAWSMetricWindows(t *testing.T) {
	f := awsAnswers(t, map[string]string{"ListMetrics": metricsAre("", "Latency"), "GetMetricStatistics": points("Sum", "1")})
	for _, tt := range []struct {
		since, period string
		began         time.Time
		want          outcome
	}{
		{"run", "", time.Time{}, unknown("the run has not begun")},
		{"run", "", asked, unknown("less than a second ago")},
		{"run", "", asked.Add(-time.Minute), passes("since 2026-03-04T15:15:17Z")},
		{"", "", time.Time{}, passes("since 2026-03-04T14:16:17Z")},
		{"23h59m", "", time.Time{}, passes("")},
		{"24h", "", time.Time{}, unknown("more than 1440 periods of 1m0s: give a longer period")},
		{"24h", "5m", time.Time{}, passes("in periods of 5m0s since 2026-03-03T15:16:17Z")},
	} {
		q := awsAsks(t, f.URL, "namespace", "N", "metric", "Latency", "stat", "Sum", "max", "1")
		if tt.since != "" {
			q.Args["since"] = tt.since
		}
		if tt.period != "" {
			q.Args["period"] = tt.period
		}
		q.State.Began = tt.began
		expect(t, AWSMetric{}, q, tt.want)
	}
}

func TestAWSMetricOfTooMany(t *testing.T) {
	var all []string
	for n := range mostMetrics + 1 {
		all = append(all, fmt.Sprintf("Latency Table=t%d", n))
	}
	f := awsAnswers(t, map[string]string{"ListMetrics": metricsAre("", all...)})
	expect(t, AWSMetric{}, awsAsks(t, f.URL, "namespace", "N", "metric", "Latency", "data", "true"), unknown("101 metrics fit N Latency, more than 100"))
	if f.count("GetMetricStatistics") > 0 {
		t.Error("it asked for their datapoints")
	}
}

func TestE2EAWSMetric(t *testing.T) {
	t.Parallel()
	client := cloudwatch.NewFromConfig(motoConfig(t))
	const namespace = "TestE2EAWSMetric"
	put := func(table string, values ...float64) {
		t.Helper()
		for i, v := range values {
			_, err := client.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: aws.String(namespace), MetricData: []types.MetricDatum{{
				MetricName: aws.String("Latency"), Value: &v, Timestamp: aws.Time(asked.Add(-time.Duration(i+1) * 10 * time.Minute)),
				Dimensions: []types.Dimension{{Name: aws.String("TableName"), Value: &table}},
			}}})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	put("fast", 12, 20)
	put("slow", 12, 60)
	ask := func(want outcome, args ...string) {
		t.Helper()
		expect(t, AWSMetric{}, motoAsks(t, append([]string{"namespace", namespace, "metric", "Latency"}, args...)...), want)
	}
	ask(passes("1 metrics, 2 datapoints from 12 to 20"), "dimensions", "TableName=fast", "stat", "Maximum", "max", "50")
	ask(fails("TableName=slow had 60"), "dimensions", "TableName=slow", "stat", "Maximum", "max", "50")
	ask(fails("2 metrics, 4 datapoints; .*TableName=slow had 60"), "dimensions", "TableName=*", "stat", "Average", "max", "50")
	ask(passes("from 12 to 12"), "dimensions", "TableName=*", "stat", "Sum", "max", "50", "since", "15m")
	ask(passes("expected some"), "data", "true")
	ask(unknown("none of Latency TableName=fast"), "dimensions", "TableName=fast", "data", "true", "since", "5m")
	ask(unknown("no metric fits"), "dimensions", "TableName=none", "data", "true")
	ask(unknown("a datapoint has no p99"), "dimensions", "TableName=fast", "stat", "p99", "max", "50") // moto has no percentiles
}
