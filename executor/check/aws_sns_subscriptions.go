package check

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"runbook/executor"
	"runbook/runbook"
)

// SNSSubscriptions looks whether what is sent to topics goes somewhere.
type SNSSubscriptions struct{}

// Info implements executor.Check.
func (SNSSubscriptions) Info() runbook.Info {
	return runbook.Info{
		Name:    "aws.sns.subscriptions",
		Summary: "each of the SNS topics has subscriptions, and every one of them is confirmed; a topic that does not exist has none",
		Args: map[string]string{
			"topic":    snsTopicArg,
			"protocol": `only those by this protocol, as in "email"`,
			"endpoint": `only those to this address, with "*" for any run of characters`,
			"min":      "at least this many; 1 by default",
			"region":   awsRegionArg,
		},
		Lists:   []string{"topic"},
		Require: []string{"topic"},
	}
}

// A subscriptionQuestion is which subscriptions count, and how many are wanted.
type subscriptionQuestion struct {
	protocol, endpoint string
	least              int
}

func wantedSubscriptions(args map[string]string) (subscriptionQuestion, error) {
	w := subscriptionQuestion{protocol: args["protocol"], endpoint: args["endpoint"], least: 1}
	if text := args["min"]; text != "" {
		least, err := numberRange("min", text)
		if err != nil || least.least != least.most || least.least == 0 {
			return w, fmt.Errorf("min: %s is not a number from 1", quote(text))
		}
		w.least = least.least
	}
	if w.protocol != "" && strings.Trim(w.protocol, letters+"-") != "" {
		return w, fmt.Errorf("protocol: %s is not one such as email", quote(w.protocol))
	}
	return w, validNames(args, "topic")
}

// Validate implements executor.Validator.
func (SNSSubscriptions) Validate(args map[string]string) error {
	_, err := wantedSubscriptions(args)
	return err
}

// Check implements executor.Check. Evidence counts subscriptions and does not
// repeat whose addresses they go to.
func (SNSSubscriptions) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	want, err := wantedSubscriptions(q.Args)
	if err != nil {
		return executor.Finding{}, err
	}
	return askAWS(ctx, q, func(ctx context.Context, a *awsAPI) (executor.Finding, error) {
		api := sns.NewFromConfig(a.Config)
		found, without, err := expand(topicPatterns(q.Args["topic"]), "topics", func() ([]string, error) { return topics(ctx, api) })
		if err != nil {
			return executor.Finding{}, err
		}
		var seen survey
		for _, p := range without {
			if isPattern(strings.TrimPrefix(p, anyARN)) {
				return executor.Finding{}, fmt.Errorf("no topics fit %s", quote(p))
			}
			seen = append(seen, sight{fact: topicName(p) + " does not exist"})
		}
		there, err := each(ctx, found, func(ctx context.Context, topic string) (sight, error) { return want.look(ctx, api, topic) })
		if err != nil {
			return executor.Finding{}, err
		}
		return append(seen, there...).decide(q, a, "sns list-subscriptions-by-topic")
	})
}

func (w subscriptionQuestion) look(ctx context.Context, api sns.ListSubscriptionsByTopicAPIClient, topic string) (sight, error) {
	pages := sns.NewListSubscriptionsByTopicPaginator(located{api, topic}, &sns.ListSubscriptionsByTopicInput{TopicArn: &topic})
	all, err := everyPage(ctx, pages, func(p *sns.ListSubscriptionsByTopicOutput) []types.Subscription { return p.Subscriptions })
	if topicMissing(err) {
		return sight{fact: topic + " does not exist"}, nil
	}
	if err != nil {
		return sight{}, err
	}
	confirmed, pending := 0, 0
	for _, s := range all {
		if !w.counts(s) {
			continue
		}
		if strings.HasPrefix(aws.ToString(s.SubscriptionArn), "arn:") {
			confirmed++
		} else {
			pending++
		}
	}
	return sight{
		ok: pending == 0 && confirmed >= w.least, arn: topic,
		fact: fmt.Sprintf("%s has %d%s, %d of them confirmed, expected at least %d and all confirmed", topicName(topic), confirmed+pending, w, confirmed, w.least),
	}, nil
}

// counts reports whether a subscription is one that is asked about. One that
// has been deleted is listed for a while.
func (w subscriptionQuestion) counts(s types.Subscription) bool {
	return aws.ToString(s.SubscriptionArn) != "Deleted" &&
		(w.protocol == "" || w.protocol == aws.ToString(s.Protocol)) &&
		(w.endpoint == "" || wild(w.endpoint, aws.ToString(s.Endpoint)))
}

// String says which subscriptions are counted.
func (w subscriptionQuestion) String() string {
	text := " subscriptions"
	if w.protocol != "" {
		text = " " + w.protocol + text
	}
	if w.endpoint != "" {
		text += " to " + quote(w.endpoint)
	}
	return text
}

// located asks for a topic's subscriptions in the topic's own region.
type located struct {
	sns.ListSubscriptionsByTopicAPIClient
	topic string
}

// ListSubscriptionsByTopic implements sns.ListSubscriptionsByTopicAPIClient.
func (l located) ListSubscriptionsByTopic(ctx context.Context, in *sns.ListSubscriptionsByTopicInput, options ...func(*sns.Options)) (*sns.ListSubscriptionsByTopicOutput, error) {
	return l.ListSubscriptionsByTopicAPIClient.ListSubscriptionsByTopic(ctx, in, append(options, at(l.topic))...)
}
