package check

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/sns"

	"runbook/executor"
	"runbook/runbook"
)

// SNSTopic looks whether topics are there.
type SNSTopic struct{}

// Info implements executor.Check.
func (SNSTopic) Info() runbook.Info {
	return runbook.Info{
		Name:    "aws.sns.topic",
		Summary: "the SNS topics exist; each name and pattern must fit at least one",
		Args: map[string]string{
			"topic":  snsTopicArg,
			"region": awsRegionArg,
		},
		Lists:   []string{"topic"},
		Require: []string{"topic"},
	}
}

// Validate implements executor.Validator.
func (SNSTopic) Validate(args map[string]string) error { return validNames(args, "topic") }

// A topicGetter is what is needed of SNS to see a topic.
type topicGetter interface {
	GetTopicAttributes(context.Context, *sns.GetTopicAttributesInput, ...func(*sns.Options)) (*sns.GetTopicAttributesOutput, error)
}

// Check implements executor.Check.
func (c SNSTopic) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	if err := c.Validate(q.Args); err != nil {
		return executor.Finding{}, err
	}
	return askAWS(ctx, q, func(ctx context.Context, a *awsAPI) (executor.Finding, error) {
		api := sns.NewFromConfig(a.Config)
		return existing(ctx, q, a, existence{
			named: topicPatterns(q.Args["topic"]), kind: "topics", listRequest: "sns list-topics", lookRequest: "sns get-topic-attributes",
			list: func(ctx context.Context) ([]string, error) { return topics(ctx, api) },
			look: func(ctx context.Context, topic string) (sight, error) { return lookAtTopic(ctx, api, topic) },
		})
	})
}

func lookAtTopic(ctx context.Context, api topicGetter, topic string) (sight, error) {
	answer, err := api.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &topic}, at(topic))
	switch {
	case topicMissing(err):
		return sight{fact: topic + " does not exist"}, nil
	case err != nil:
		return sight{}, err
	case answer.Attributes["TopicArn"] != topic:
		return sight{}, fmt.Errorf("sns get-topic-attributes: nothing is said about %s", topic)
	}
	return sight{ok: true, fact: topic + " exists", arn: topic}, nil
}
