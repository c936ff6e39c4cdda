package check

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// What the SNS checks say of an argument that they share.
const snsTopicArg = "the topics, by name or ARN, " + awsNamesArg

// topicName is the name at the end of a topic's ARN.
func topicName(topic string) string { return topic[strings.LastIndex(topic, ":")+1:] }

// anyARN begins a pattern of ARNs that end with a name.
const anyARN = "arn:*:"

// topicPatterns turns names into patterns of ARNs: SNS knows topics by these
// alone, and a name is found in the listing of all topics.
func topicPatterns(arg string) []string {
	named := list(arg)
	for i, name := range named {
		if !arn.IsARN(name) {
			named[i] = anyARN + name
		}
	}
	return named
}

// topics lists the ARNs of all topics.
func topics(ctx context.Context, api sns.ListTopicsAPIClient) ([]string, error) {
	return everyPage(ctx, sns.NewListTopicsPaginator(api, &sns.ListTopicsInput{}), func(p *sns.ListTopicsOutput) []string {
		if p.Topics == nil {
			return nil
		}
		arns := make([]string, len(p.Topics))
		for i, topic := range p.Topics {
			arns[i] = aws.ToString(topic.TopicArn)
		}
		return arns
	})
}

// at asks in the region that an ARN names: SNS knows a topic in its own alone.
func at(topic string) func(*sns.Options) {
	return func(o *sns.Options) {
		if id, err := arn.Parse(topic); err == nil && id.Region != "" {
			o.Region = id.Region
		}
	}
}

// topicMissing reports whether an error is the service's word that there is no
// such topic.
func topicMissing(err error) bool {
	code := awsCode(err)
	return code == "NotFound" || code == "NotFoundException"
}
