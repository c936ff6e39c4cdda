package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"runbook/executor"
	"runbook/runbook"
)

const (
	mostMetrics = 100  // that one check judges: each is a request
	mostPeriods = 1440 // that AWS gives at once
)

// AWSMetric compares what CloudWatch measured with a limit.
type AWSMetric struct{}

// Info implements executor.Check.
func (AWSMetric) Info() runbook.Info {
	return runbook.Info{
		Name: "aws.cloudwatch.metric",
		Summary: "every metric that fits has datapoints since a time, and in each period keeps within max and min; one without datapoints proves nothing. " +
			"AWS takes minutes to list a new metric, and lists none that had no datapoint for two weeks. One of max, min and data must be given",
		Args: map[string]string{
			"namespace":  "the metrics' namespace, as in AWS/DynamoDB",
			"metric":     `the metric's name, with "*" for any run of characters`,
			"dimensions": `the dimensions that a metric must have, others left aside, as in "TableName=orders", separated by commas; a value may hold "*"`,
			"stat":       `"Average", "Sum", "Minimum", "Maximum", "SampleCount" or a percentile such as p99; needed for max and min`,
			"period":     "how long a period is, in whole minutes, as in 5m; 1m by default",
			"since":      awsSinceArg + "; 1h by default",
			"max":        "no value is above this, in the metric's unit",
			"min":        "no value is below this",
			"data":       `"true": that there are datapoints is enough`,
			"region":     awsRegionArg,
		},
		Require: []string{"namespace", "metric"},
		Lists:   []string{"dimensions"},
	}
}

// A metricQuestion is which metrics are judged, and how.
type metricQuestion struct {
	namespace, metric string
	dimensions        []types.Dimension // values may be patterns
	stat              string
	period            time.Duration
	ago               time.Duration // zero: since the run began
	least, most       float64       // infinite where there is no limit
}

func askMetric(args map[string]string) (metricQuestion, error) {
	q := metricQuestion{namespace: args["namespace"], metric: args["metric"], stat: args["stat"], least: math.Inf(-1), most: math.Inf(1)}
	var bad faults
	if q.namespace == "" || q.metric == "" {
		bad.note(errors.New("which metric: give namespace and metric"))
	}
	var err error
	q.dimensions, err = dimensions(args["dimensions"])
	bad.note(err)
	q.period, err = metricPeriod(args["period"])
	bad.note(err)
	q.ago, err = window(args["since"], "1h")
	bad.note(err)
	bad.note(limit(args, "max", &q.most))
	bad.note(limit(args, "min", &q.least))
	bad.note(q.expect(args))
	bad.note(validRegion(args))
	return q, bad.err()
}

// expect reads what is expected, and of which value.
func (asked *metricQuestion) expect(args map[string]string) error {
	data, err := truth(args, "data")
	limited := args["max"] != "" || args["min"] != ""
	switch {
	case err != nil:
		return err
	case !data && !limited:
		return errors.New("nothing is expected of the metric: give max, min or data")
	case asked.stat == "" && limited:
		return errors.New("stat: which value has the limit")
	case asked.stat == "":
		asked.stat = string(types.StatisticSampleCount)
	case !isStatistic(asked.stat) && !isPercentile(asked.stat):
		return fmt.Errorf("stat: %s is none such as Average, Sum, Minimum, Maximum, SampleCount or p99", quote(asked.stat))
	}
	return nil
}

// dimensions reads K=V, separated by commas.
func dimensions(arg string) ([]types.Dimension, error) {
	var all []types.Dimension
	for _, pair := range list(arg) {
		k, v, _ := strings.Cut(pair, "=")
		if k == "" || v == "" || strings.Contains(k, "*") {
			return nil, fmt.Errorf("dimensions: %s is no NAME=VALUE", quote(pair))
		}
		if slices.ContainsFunc(all, func(d types.Dimension) bool { return *d.Name == k }) {
			return nil, fmt.Errorf("dimensions: %s is given twice", quote(k))
		}
		all = append(all, types.Dimension{Name: &k, Value: &v})
	}
	return all, nil
}

func metricPeriod(arg string) (time.Duration, error) {
	period, err := time.ParseDuration(cmp.Or(arg, "1m"))
	if err != nil || period < time.Minute || period > 24*time.Hour || period%time.Minute != 0 {
		return 0, fmt.Errorf("period: %s is no duration in whole minutes such as 5m", quote(arg))
	}
	return period, nil
}

// limit reads a number into n, if it is given.
func limit(args map[string]string, name string, n *float64) error {
	arg := args[name]
	if arg == "" {
		return nil
	}
	v, err := strconv.ParseFloat(arg, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return fmt.Errorf("%s: %s is no number", name, quote(arg))
	}
	*n = v
	return nil
}

func isStatistic(stat string) bool {
	return slices.Contains(types.Statistic("").Values(), types.Statistic(stat))
}

func isPercentile(stat string) bool {
	number, ok := strings.CutPrefix(stat, "p")
	p, err := strconv.ParseFloat(number, 64)
	return ok && err == nil && p >= 0 && p <= 100 && consists(number, digits+".")
}

// Validate implements executor.Validator.
func (AWSMetric) Validate(args map[string]string) error {
	_, err := askMetric(args)
	return err
}

// Check implements executor.Check.
func (AWSMetric) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	asked, err := askMetric(q.Args)
	if err != nil {
		return executor.Finding{}, err
	}
	from, err := opened(q, asked.ago)
	if err != nil {
		return executor.Finding{}, err
	}
	if n := q.Now.Sub(from) / asked.period; n >= mostPeriods {
		return executor.Finding{}, fmt.Errorf("since %s there are more than %d periods of %s: give a longer period", instant(from), mostPeriods, asked.period)
	}
	return askAWS(ctx, q, func(ctx context.Context, a *awsAPI) (executor.Finding, error) {
		client := cloudwatch.NewFromConfig(a.Config)
		found, err := asked.find(ctx, client)
		if err != nil {
			return executor.Finding{}, err
		}
		return asked.judge(ctx, q, a, client, from, found)
	})
}

// find lists the metrics that fit.
func (asked metricQuestion) find(ctx context.Context, client cloudwatch.ListMetricsAPIClient) ([]types.Metric, error) {
	input := &cloudwatch.ListMetricsInput{Namespace: &asked.namespace}
	if !isPattern(asked.metric) {
		input.MetricName = &asked.metric
	}
	for _, d := range asked.dimensions {
		filter := types.DimensionFilter{Name: d.Name}
		if !isPattern(*d.Value) {
			filter.Value = d.Value
		}
		input.Dimensions = append(input.Dimensions, filter)
	}
	return everyPage(ctx, cloudwatch.NewListMetricsPaginator(client, input), func(page *cloudwatch.ListMetricsOutput) []types.Metric {
		return slices.DeleteFunc(page.Metrics, func(m types.Metric) bool { return !asked.fits(m) })
	})
}

func (asked metricQuestion) fits(m types.Metric) bool {
	if aws.ToString(m.Namespace) != asked.namespace || !wild(asked.metric, aws.ToString(m.MetricName)) {
		return false
	}
	for _, want := range asked.dimensions {
		if !slices.ContainsFunc(m.Dimensions, func(d types.Dimension) bool {
			return aws.ToString(d.Name) == *want.Name && wild(*want.Value, aws.ToString(d.Value))
		}) {
			return false
		}
	}
	return true
}

// metricName is a metric with its dimensions, for evidence.
func metricName(m types.Metric) string {
	var with []string
	for _, d := range m.Dimensions {
		with = append(with, aws.ToString(d.Name)+"="+aws.ToString(d.Value))
	}
	slices.Sort(with)
	return strings.Join(append([]string{aws.ToString(m.MetricName)}, with...), " ")
}

// judge asks for the datapoints of each metric. A value beyond the limits is a
// no; a metric without datapoints leaves it open.
func (asked metricQuestion) judge(ctx context.Context, q executor.Query, a *awsAPI, client metricReader, from time.Time, found []types.Metric) (executor.Finding, error) {
	what := strings.Join(append([]string{asked.namespace, asked.metric}, list(q.Args["dimensions"])...), " ")
	byName := map[string]types.Metric{}
	for _, m := range found {
		byName[metricName(m)] = m
	}
	switch {
	case len(byName) == 0:
		return executor.Finding{}, fmt.Errorf("%s: no metric fits %s", a.from("cloudwatch list-metrics"), what)
	case len(byName) > mostMetrics:
		return executor.Finding{}, fmt.Errorf("%s: %d metrics fit %s, more than %d", a.from("cloudwatch list-metrics"), len(byName), what, mostMetrics)
	}
	points, beyond, silent := 0, []string(nil), []string(nil)
	// The end is told in whole seconds and left out: what came in this one counts.
	seen, err := asked.measure(ctx, client, byName, from, q.Now.Add(time.Second))
	if err != nil {
		return executor.Finding{}, err
	}
	least, greatest := math.Inf(1), math.Inf(-1)
	for _, s := range seen {
		points += s.points
		switch {
		case s.points == 0:
			silent = append(silent, s.name)
		case s.greatest > asked.most:
			beyond = append(beyond, s.name+" had "+figure(s.greatest))
		case s.least < asked.least:
			beyond = append(beyond, s.name+" had "+figure(s.least))
		}
		least, greatest = min(least, s.least), max(greatest, s.greatest)
	}
	said := fmt.Sprintf("%s: %s, %s in periods of %s since %s: %d metrics, %d datapoints", a.from("cloudwatch get-metric-statistics"),
		what, asked.stat, asked.period, instant(from), len(seen), points)
	switch {
	case len(beyond) > 0:
		return decided(q, false, "%s; expected %s: %s", said, asked.limits(), some(beyond))
	case len(silent) > 0:
		return executor.Finding{}, fmt.Errorf("%s; none of %s", said, some(silent))
	}
	return decided(q, true, "%s from %s to %s; expected %s", said, figure(least), figure(greatest), asked.limits())
}

func (asked metricQuestion) limits() string {
	var limits []string
	if !math.IsInf(asked.least, 0) {
		limits = append(limits, "at least "+figure(asked.least))
	}
	if !math.IsInf(asked.most, 0) {
		limits = append(limits, "at most "+figure(asked.most))
	}
	return cmp.Or(strings.Join(limits, " and "), "some")
}

func figure(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }

// A metricReader is the part of CloudWatch that measure asks.
type metricReader interface {
	GetMetricStatistics(context.Context, *cloudwatch.GetMetricStatisticsInput, ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricStatisticsOutput, error)
}

// A measured is what was learned of one metric.
type measured struct {
	name            string
	points          int
	least, greatest float64
}

// measure asks for the datapoints of all, a few side by side.
func (asked metricQuestion) measure(ctx context.Context, client metricReader, byName map[string]types.Metric, from, to time.Time) ([]measured, error) {
	names := slices.Sorted(maps.Keys(byName))
	seen := make([]measured, len(names))
	_, err := each(ctx, names, func(ctx context.Context, name string) (sight, error) {
		m := byName[name]
		input := &cloudwatch.GetMetricStatisticsInput{
			Namespace: m.Namespace, MetricName: m.MetricName, Dimensions: m.Dimensions,
			StartTime: &from, EndTime: &to, Period: aws.Int32(int32(asked.period / time.Second)),
		}
		if isPercentile(asked.stat) {
			input.ExtendedStatistics = []string{asked.stat}
		} else {
			input.Statistics = []types.Statistic{types.Statistic(asked.stat)}
		}
		out, err := client.GetMetricStatistics(ctx, input)
		if err != nil {
			return sight{}, err
		}
		i, _ := slices.BinarySearch(names, name)
		seen[i], err = asked.sum(name, out.Datapoints)
		return sight{}, err
	})
	return seen, err
}

// sum finds the extremes. A datapoint without the value that was asked for is
// not taken for one of zero.
func (asked metricQuestion) sum(name string, points []types.Datapoint) (measured, error) {
	s := measured{name: name, points: len(points), least: math.Inf(1), greatest: math.Inf(-1)}
	for _, p := range points {
		v := map[string]*float64{"Average": p.Average, "Sum": p.Sum, "Minimum": p.Minimum, "Maximum": p.Maximum, "SampleCount": p.SampleCount}[asked.stat]
		if extended, ok := p.ExtendedStatistics[asked.stat]; ok {
			v = &extended
		}
		if v == nil || math.IsNaN(*v) {
			return s, fmt.Errorf("%s: a datapoint has no %s", name, asked.stat)
		}
		s.least, s.greatest = min(s.least, *v), max(s.greatest, *v)
	}
	return s, nil
}
