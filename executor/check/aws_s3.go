package check

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"runbook/executor"
)

// What the S3 checks say of an argument that they share.
const s3BucketsArg = "the buckets, " + awsNamesArg

// A bucketAPI asks about buckets of one account alone: names of buckets are
// the world's, and somebody else's would prove nothing about ours.
type bucketAPI struct {
	*s3.Client
	owner  string
	config aws.Config
}

// openBuckets finds the account and makes the client. Where the endpoint is not
// AWS's own, a bucket's name is no host.
func openBuckets(ctx context.Context, a *awsAPI) (*bucketAPI, error) {
	account, _, err := a.caller(ctx)
	if err != nil {
		return nil, err
	}
	client := s3.NewFromConfig(a.Config, func(o *s3.Options) { o.UsePathStyle = o.BaseEndpoint != nil })
	return &bucketAPI{client, account, a.Config}, nil
}

// names lists the account's own buckets, of all regions.
func (b *bucketAPI) names(ctx context.Context) ([]string, error) {
	return everyPage(ctx, s3.NewListBucketsPaginator(b, &s3.ListBucketsInput{}), func(p *s3.ListBucketsOutput) []string {
		if p.Buckets == nil {
			return nil
		}
		names := make([]string, len(p.Buckets))
		for i, bucket := range p.Buckets {
			names[i] = aws.ToString(bucket.Name)
		}
		return names
	})
}

// askBuckets looks at each of the buckets that an argument names, and passes if
// all are as they should be. A bucket that does not exist is not; a pattern
// that nothing fits proves nothing.
func askBuckets(ctx context.Context, q executor.Query, request string, look func(context.Context, *bucketAPI, string) (sight, error)) (executor.Finding, error) {
	return askAWS(ctx, q, func(ctx context.Context, a *awsAPI) (executor.Finding, error) {
		api, err := openBuckets(ctx, a)
		if err != nil {
			return executor.Finding{}, err
		}
		found, err := expandAll(list(q.Args["buckets"]), "buckets", func() ([]string, error) { return api.names(ctx) })
		if err != nil {
			return executor.Finding{}, err
		}
		seen, err := each(ctx, found, func(ctx context.Context, name string) (sight, error) {
			one, err := look(ctx, api, name)
			if bucketMissing(err) {
				return sight{fact: name + " does not exist"}, nil
			}
			return one, err
		})
		if err != nil {
			return executor.Finding{}, err
		}
		return seen.decide(q, a, request)
	})
}

// bucketMissing reports whether an error is the service's word that there is no
// such bucket.
func bucketMissing(err error) bool {
	code := awsCode(err)
	return code == "NoSuchBucket" || code == "NotFound"
}
