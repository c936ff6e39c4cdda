package check

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

func topicARN(name string) string { return "arn:aws:sns:eu-west-1:123456789012:" + name }

// subscribed is a page of a topic's subscriptions: protocol, endpoint and
// whether it is confirmed, each in one text.
func subscribed(next string, subscriptions ...string) string {
	var b strings.Builder
	for i, s := range subscriptions {
		f := strings.Fields(s)
		id := f[2]
		if id == "confirmed" {
			id = fmt.Sprintf("%s:%d", topicARN("ops"), i)
		}
		fmt.Fprintf(&b, "<member><SubscriptionArn>%s</SubscriptionArn><Protocol>%s</Protocol><Endpoint>%s</Endpoint></member>", id, f[0], f[1])
	}
	return "<R><ListSubscriptionsByTopicResult><Subscriptions>" + b.String() + "</Subscriptions>" + nextToken(next) + "</ListSubscriptionsByTopicResult></R>"
}

func nextToken(next string) string {
	if next == "" {
		return ""
	}
	return "<NextToken>" + next + "</NextToken>"
}

func topicsAre(next string, names ...string) string {
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "<member><TopicArn>%s</TopicArn></member>", topicARN(name))
	}
	return "<R><ListTopicsResult><Topics>" + b.String() + "</Topics>" + nextToken(next) + "</ListTopicsResult></R>"
}

// snsFake has the topics dev-ops, ops and, on a second page, ops-late.
func snsFake(t *testing.T, subscriptions ...string) *awsFake {
	t.Helper()
	return fakeAWS(t, func(operation, sent string) reply {
		switch second := strings.Contains(sent, "NextToken"); {
		case strings.Contains(sent, "gone"):
			return reply{status: 404, code: "NotFound"}
		case operation == "ListTopics" && second:
			return reply{body: topicsAre("", "ops-late")}
		case operation == "ListTopics":
			return reply{body: topicsAre("n", "dev-ops", "ops")}
		case operation == "GetTopicAttributes":
			name := "ops"
			if strings.Contains(sent, "ops-late") {
				name = "ops-late"
			}
			return reply{body: "<R><GetTopicAttributesResult><Attributes><entry><key>TopicArn</key><value>" + topicARN(name) + "</value></entry></Attributes></GetTopicAttributesResult></R>"}
		case operation == "ListSubscriptionsByTopic" && len(subscriptions) > 1 && second:
			return reply{body: subscribed("", subscriptions[1:]...)}
		case operation == "ListSubscriptionsByTopic" && len(subscriptions) > 1:
			return reply{body: subscribed("n", subscriptions[0])}
		case operation == "ListSubscriptionsByTopic":
			return reply{body: subscribed("", subscriptions...)}
		}
		return reply{status: 400, code: "UnknownOperation"}
	})
}

func TestSNSTopic(t *testing.T) {
	t.Parallel()
	f := snsFake(t)
	for topic, want := range map[string]outcome{
		"ops":                   passes(`^sns get-topic-attributes in eu-west-1, account 123456789012: so for all 1: arn:aws:sns:eu-west-1:123456789012:ops exists;`),
		"ops-late":              passes("ops-late exists"),
		topicARN("ops"):         passes("all 1: arn:.*:ops exists"),
		"ops*":                  passes("so for all 2: .*:ops exists, .*:ops-late exists;"),
		"op":                    fails(`^sns list-topics in eu-west-1: no topics fit "arn:\*:op";`),
		"ops,alerts-*":          fails(`no topics fit "arn:\*:alerts-\*";`),
		topicARN("gone"):        fails("arn:.*:gone does not exist;"),
		topicARN("other-topic"): unknown("nothing is said about arn:.*:other-topic"),
		" ":                     unknown("topic: none is given"),
	} {
		expect(t, SNSTopic{}, awsAsks(t, f.URL, "topic", topic), want)
	}
	none := awsAnswers(t, map[string]string{"ListTopics": topicsAre("")})
	expect(t, SNSTopic{}, awsAsks(t, none.URL, "topic", "ops"), unknown("there are no topics at all"))
}

func TestSNSSubscriptions(t *testing.T) {
	t.Parallel()
	const ada, bob, hook = "email ada@example.org confirmed", "email bob@example.org PendingConfirmation", "https https://example.org/h confirmed"
	for name, tt := range map[string]struct {
		subscriptions []string
		args          []string
		want          outcome
	}{
		"confirmed":                      {[]string{ada}, nil, passes(`^sns list-subscriptions-by-topic in eu-west-1, account 123456789012: so for all 1: ops has 1 subscriptions, 1 of them confirmed,`)},
		"pending":                        {[]string{bob}, nil, fails("ops has 1 subscriptions, 0 of them confirmed, expected at least 1 and all confirmed;")},
		"pending on the second page":     {[]string{ada, bob}, nil, fails("ops has 2 subscriptions, 1 of them confirmed")},
		"none":                           {nil, nil, fails("ops has 0 subscriptions")},
		"none by the protocol":           {[]string{hook}, []string{"protocol", "email"}, fails("ops has 0 email subscriptions")},
		"others do not count":            {[]string{hook, ada, bob}, []string{"protocol", "https"}, passes("ops has 1 https subscriptions, 1 of them confirmed")},
		"to an address":                  {[]string{ada, bob}, []string{"endpoint", "ada@*"}, passes(`ops has 1 subscriptions to "ada@\*", 1 of them`)},
		"to another address":             {[]string{ada, bob}, []string{"endpoint", "bob@example.org"}, fails("0 of them confirmed")},
		"fewer than wanted":              {[]string{ada, hook}, []string{"min", "3"}, fails("2 of them confirmed, expected at least 3")},
		"as many as wanted":              {[]string{ada, hook}, []string{"min", "2"}, passes("2 of them confirmed")},
		"a deleted one is none":          {[]string{"email ada@example.org Deleted"}, nil, fails("ops has 0 subscriptions")},
		"a deleted one does not pend":    {[]string{ada, "email bob@example.org Deleted"}, nil, passes("ops has 1")},
		"no topic of the name":           {[]string{ada}, []string{"topic", "ops,op"}, fails("not so for 1 of 2: op does not exist;")},
		"no topic of the ARN":            {[]string{ada}, []string{"topic", topicARN("gone")}, fails("arn:.*:gone does not exist;")},
		"no topic that fits":             {[]string{ada}, []string{"topic", "ops,op-*"}, unknown(`^no topics fit "arn:\*:op-\*"$`)},
		"every topic that fits":          {[]string{ada}, []string{"topic", "ops*"}, passes("so for all 2: ops has 1 subscriptions, .*ops-late has 1 subscriptions")},
		"a number that is none":          {nil, []string{"min", "some"}, unknown("^min: ")},
		"a number of none":               {nil, []string{"min", "0"}, unknown("^min: ")},
		"a protocol that is none":        {nil, []string{"protocol", "e mail"}, unknown("^protocol: ")},
		"addresses are not in evidence":  {[]string{ada}, nil, passes(`^[^@]*$`)},
		"what came with the wrong state": {[]string{"email ada@example.org x"}, nil, fails("0 of them confirmed")},
	} {
		t.Run(name, func(t *testing.T) {
			f := snsFake(t, tt.subscriptions...)
			expect(t, SNSSubscriptions{}, awsAsks(t, f.URL, append([]string{"topic", "ops"}, tt.args...)...), tt.want)
		})
	}
}

// A topic is asked about in the region of its ARN.
func TestSNSRegionOfAnARN(t *testing.T) {
	var o sns.Options
	at("arn:aws:sns:us-east-2:123456789012:ops")(&o)
	if o.Region != "us-east-2" {
		t.Errorf("asked in %q", o.Region)
	}
}

func TestE2ESNS(t *testing.T) {
	t.Parallel()
	api := sns.NewFromConfig(motoConfig(t))
	for _, name := range []string{"sns-quiet", "sns-loud"} {
		must(t)(api.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: &name}))
	}
	loud := topicARN("sns-loud")
	must(t)(api.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: &loud, Protocol: aws.String("email"), Endpoint: aws.String("ops@example.org")}))
	expect(t, SNSTopic{}, motoAsks(t, "topic", "sns-loud"), passes("account 123456789012"))
	expect(t, SNSTopic{}, motoAsks(t, "topic", loud), passes(""))
	expect(t, SNSTopic{}, motoAsks(t, "topic", "sns-*"), passes("so for all 2"))
	expect(t, SNSTopic{}, motoAsks(t, "topic", "sns-gone"), fails("no topics fit"))
	expect(t, SNSTopic{}, motoAsks(t, "topic", topicARN("sns-gone")), fails("does not exist"))
	expect(t, SNSSubscriptions{}, motoAsks(t, "topic", "sns-loud", "protocol", "email", "endpoint", "ops@*"), passes("sns-loud has 1 email"))
	expect(t, SNSSubscriptions{}, motoAsks(t, "topic", loud, "min", "2"), fails("sns-loud has 1"))
	expect(t, SNSSubscriptions{}, motoAsks(t, "topic", "sns-quiet"), fails("sns-quiet has 0"))
	expect(t, SNSSubscriptions{}, motoAsks(t, "topic", topicARN("sns-gone")), fails("does not exist"))
}
