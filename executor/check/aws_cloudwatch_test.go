package check

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

const alarmARN = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:"

// alarmsAre is an answer to DescribeAlarms: names with their states, composite
// ones marked by a "+". next is the token of the next page.
func alarmsAre(next string, alarms ...string) string {
	kinds := map[bool]string{}
	for _, one := range alarms {
		name, state, _ := strings.Cut(one, "=")
		name, composite := strings.CutPrefix(name, "+")
		kinds[composite] += fmt.Sprintf("<member><AlarmName>%s</AlarmName><AlarmArn>%s</AlarmArn><StateValue>%s</StateValue></member>", name, alarmARN+name, state)
	}
	return queryAnswer("DescribeAlarms", fmt.Sprintf("<MetricAlarms>%s</MetricAlarms><CompositeAlarms>%s</CompositeAlarms><NextToken>%s</NextToken>", kinds[false], kinds[true], next))
}

// queryAnswer is an answer of a service that speaks XML.
func queryAnswer(operation, result string) string {
	return fmt.Sprintf("<%[1]sResponse><%[1]sResult>%[2]s</%[1]sResult></%[1]sResponse>", operation, result)
}

func TestAWSAlarms(t *testing.T) {
	const from = `^cloudwatch describe-alarms in eu-west-1, account 123456789012: `
	six := []string{"p-1=OK", "p-2=OK", "p-3=OK", "p-4=OK", "p-5=OK", "+p-all=OK"}
	with := func(more ...string) []string { return append(append([]string(nil), six...), more...) }
	for name, tt := range map[string]struct {
		alarms []string
		args   []string
		want   outcome
	}{
		"as many as expected":                {six, []string{"prefix", "p-", "count", "5-7"}, passes(from + `6 alarms fit p-\*; expected 5 to 7: p-1, .* and 1 more;`)},
		"all OK":                             {six, []string{"prefix", "p-", "state", "OK"}, passes(`6 alarms fit p-\*, all OK: `)},
		"as many, all OK":                    {six, []string{"names", "p-*", "count", "6", "state", "OK"}, passes(`expected 6, all OK`)},
		"an alarm is missing":                {six[1:5], []string{"prefix", "p-", "count", "5-7"}, fails(`4 alarms fit p-\*; expected 5 to 7`)},
		"nine alarms":                        {with("p-7=OK", "p-8=OK", "p-9=OK"), []string{"prefix", "p-", "count", "5-7"}, fails(`9 alarms fit`)},
		"one in alarm":                       {with("p-7=ALARM"), []string{"prefix", "p-", "state", "OK"}, fails(`7 alarms fit p-\*; not all OK: p-7 is ALARM;`)},
		"a composite one in alarm":           {[]string{"p-1=OK", "+p-all=ALARM"}, []string{"prefix", "p-", "state", "OK"}, fails(`p-all is ALARM`)},
		"one without data":                   {with("p-7=INSUFFICIENT_DATA"), []string{"prefix", "p-", "state", "OK"}, unknown(`7 alarms fit p-\*; not all OK: p-7 is INSUFFICIENT_DATA$`)},
		"without data and in alarm":          {with("p-7=INSUFFICIENT_DATA", "p-8=ALARM"), []string{"prefix", "p-", "state", "OK"}, fails(`p-8 is ALARM;`)},
		"without data, too few":              {[]string{"p-1=INSUFFICIENT_DATA"}, []string{"prefix", "p-", "count", "5", "state", "OK"}, fails(`1 alarms fit`)},
		"without data, any state":            {[]string{"p-1=INSUFFICIENT_DATA"}, []string{"prefix", "p-", "count", "1"}, passes("")},
		"a state that is none":               {[]string{"p-1="}, []string{"prefix", "p-", "state", "OK"}, unknown(`p-1 is $`)},
		"alarm is expected":                  {[]string{"p-1=ALARM"}, []string{"prefix", "p-", "state", "ALARM"}, passes(`all ALARM`)},
		"by name":                            {six, []string{"names", "p-1,p-all"}, passes(`2 alarms fit p-1, p-all: p-1, p-all;`)},
		"one name is of none":                {six, []string{"names", "p-1,p-9,q-*", "state", "OK"}, fails(`1 alarms fit p-1, p-9, q-\*; there is none of p-9, q-\*`)},
		"others do not count":                {with("q-1=ALARM"), []string{"names", "p-*", "state", "OK"}, passes(`6 alarms fit`)},
		"none at all":                        {nil, []string{"prefix", "p-", "count", "5-7"}, unknown(`cloudwatch describe-alarms in eu-west-1: 0 alarms fit p-\*$`)},
		"none that fits":                     {six, []string{"names", "x"}, unknown(`0 alarms fit x$`)},
		"none, and that is what is expected": {nil, []string{"prefix", "p-", "count", "0"}, unknown(`0 alarms fit p-\*$`)},
	} {
		t.Run(name, func(t *testing.T) {
			f := awsAnswers(t, map[string]string{"DescribeAlarms": alarmsAre("", tt.alarms...)})
			expect(t, AWSAlarms{}, awsAsks(t, f.URL, tt.args...), tt.want)
		})
	}
}

func TestAWSAlarmsPageByPage(t *testing.T) {
	pages := 0
	f := fakeAWS(t, func(_, sent string) reply {
		if pages++; pages == 1 {
			for _, part := range []string{"MetricAlarm", "CompositeAlarm", "AlarmNamePrefix", "p-"} {
				if !strings.Contains(sent, part) {
					t.Errorf("the request %q holds no %s", sent, part)
				}
			}
			return reply{body: alarmsAre("more", "p-1=OK")}
		}
		if !strings.Contains(sent, "more") {
			t.Errorf("the second request %q holds no token", sent)
		}
		return reply{body: alarmsAre("", "p-2=ALARM")}
	})
	expect(t, AWSAlarms{}, awsAsks(t, f.URL, "prefix", "p-", "count", "2", "state", "OK"), fails("p-2 is ALARM"))
	pages = 0
	expect(t, AWSAlarms{}, awsAsks(t, f.URL, "prefix", "p-", "count", "1"), fails("2 alarms fit"))
}

// Moto makes no composite alarms.
func TestE2EAWSAlarms(t *testing.T) {
	t.Parallel()
	client := cloudwatch.NewFromConfig(motoConfig(t))
	const name = "TestE2EAWSAlarms-"
	for n := range 6 {
		putAlarm(t, client, fmt.Sprintf("%s%d", name, n))
	}
	set := func(state types.StateValue) {
		t.Helper()
		_, err := client.SetAlarmState(t.Context(), &cloudwatch.SetAlarmStateInput{AlarmName: aws.String(name + "0"), StateValue: state, StateReason: aws.String("test")})
		if err != nil {
			t.Fatal(err)
		}
	}
	ask := func(want outcome, args ...string) {
		t.Helper()
		expect(t, AWSAlarms{}, motoAsks(t, args...), want)
	}
	ask(passes("6 alarms fit .*; expected 5 to 7, all OK"), "prefix", name, "count", "5-7", "state", "OK")
	ask(fails("6 alarms fit .*; expected 7"), "prefix", name, "count", "7")
	ask(passes("2 alarms fit"), "names", name+"0,"+name+"5*", "state", "OK")
	ask(fails("there is none of "+name+"6"), "names", name+"0,"+name+"6", "state", "OK")
	ask(unknown("0 alarms fit"), "names", "no-such-alarm", "state", "OK")
	set(types.StateValueAlarm)
	ask(fails(name+"0 is ALARM"), "prefix", name, "state", "OK")
	set(types.StateValueInsufficientData)
	ask(unknown(name+"0 is INSUFFICIENT_DATA"), "prefix", name, "state", "OK")
}

func putAlarm(t *testing.T, client *cloudwatch.Client, name string) {
	t.Helper()
	_, err := client.PutMetricAlarm(t.Context(), &cloudwatch.PutMetricAlarmInput{
		AlarmName: &name, Namespace: aws.String("AWS/DynamoDB"), MetricName: aws.String("ThrottledRequests"),
		Statistic: types.StatisticSum, Period: aws.Int32(300), EvaluationPeriods: aws.Int32(1),
		ComparisonOperator: types.ComparisonOperatorGreaterThanThreshold, Threshold: aws.Float64(1),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// dashboardIs is an answer to GetDashboard.
func dashboardIs(body string) string {
	return queryAnswer("GetDashboard", "<DashboardArn>arn:aws:cloudwatch::123456789012:dashboard/d</DashboardArn><DashboardBody>"+body+"</DashboardBody>")
}

func TestAWSDashboard(t *testing.T) {
	dashboard := func(body string) reply { return reply{body: dashboardIs(body)} }
	listed := func(names string) reply {
		return reply{body: queryAnswer("ListDashboards", "<DashboardEntries>"+names+"</DashboardEntries>")}
	}
	const d = "<member><DashboardName>d</DashboardName></member><member><DashboardName>e</DashboardName></member>"
	two := dashboard(`{"widgets":[{},{}]}`)
	for name, tt := range map[string]struct {
		dashboard string
		answers   map[string]reply
		want      outcome
	}{
		"there":        {"d", map[string]reply{"GetDashboard": two}, passes(`^cloudwatch get-dashboard in eu-west-1, account 123456789012: so for all 1: d has 2 widgets;`)},
		"by pattern":   {"d*", map[string]reply{"GetDashboard": two, "ListDashboards": listed(d)}, passes("d has 2 widgets")},
		"empty":        {"d", map[string]reply{"GetDashboard": dashboard(`{"widgets":[]}`)}, fails("d has 0 widgets")},
		"no body":      {"d", map[string]reply{"GetDashboard": dashboard("")}, unknown("its body cannot be read")},
		"not there":    {"d", map[string]reply{"GetDashboard": {status: 404, code: "ResourceNotFound"}}, fails("d does not exist")},
		"nothing fits": {"x*", map[string]reply{"ListDashboards": listed(d)}, fails(`no dashboard fits "x\*"`)},
		"none at all":  {"x*", map[string]reply{"ListDashboards": listed("")}, unknown("there are no dashboards at all")},
		"refused":      {"d", map[string]reply{"GetDashboard": {status: 400, code: "InvalidParameterValue"}}, unknown("CloudWatch GetDashboard in eu-west-1: InvalidParameterValue: not you")},
	} {
		t.Run(name, func(t *testing.T) {
			f := fakeAWS(t, func(operation, _ string) reply { return tt.answers[operation] })
			expect(t, AWSDashboard{}, awsAsks(t, f.URL, "name", tt.dashboard), tt.want)
		})
	}
}

func TestE2EAWSDashboard(t *testing.T) {
	t.Parallel()
	client := cloudwatch.NewFromConfig(motoConfig(t))
	_, err := client.PutDashboard(t.Context(), &cloudwatch.PutDashboardInput{
		DashboardName: aws.String("TestE2EAWSDashboard"), DashboardBody: aws.String(`{"widgets":[{"type":"text","x":0,"y":0,"width":1,"height":1,"properties":{"markdown":"a"}}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, AWSDashboard{}, motoAsks(t, "name", "TestE2EAWSDashboard"), passes("has 1 widgets"))
	expect(t, AWSDashboard{}, motoAsks(t, "name", "TestE2EAWSDash*"), passes("has 1 widgets"))
	expect(t, AWSDashboard{}, motoAsks(t, "name", "TestE2EAWSDashboards"), fails("does not exist"))
}
