package check

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"runbook/executor"
	"runbook/runbook"
)

// S3Bucket looks whether buckets are there, in the account of the steps.
type S3Bucket struct{}

// Info implements executor.Check.
func (S3Bucket) Info() runbook.Info {
	return runbook.Info{
		Name:    "aws.s3.bucket",
		Summary: "the S3 buckets exist in the steps' own account; a pattern must fit at least one",
		Args: map[string]string{
			"buckets": s3BucketsArg,
			"region":  awsRegionArg,
		},
		Lists:   []string{"buckets"},
		Require: []string{"buckets"},
	}
}

// Validate implements executor.Validator.
func (S3Bucket) Validate(args map[string]string) error { return validNames(args, "buckets") }

// Check implements executor.Check. S3 denies a look at a bucket of another
// account: nothing is known then.
func (c S3Bucket) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	if err := c.Validate(q.Args); err != nil {
		return executor.Finding{}, err
	}
	return askAWS(ctx, q, func(ctx context.Context, a *awsAPI) (executor.Finding, error) {
		api, err := openBuckets(ctx, a)
		if err != nil {
			return executor.Finding{}, err
		}
		return existing(ctx, q, a, existence{
			named: list(q.Args["buckets"]), kind: "buckets", listRequest: "s3api list-buckets", lookRequest: "s3api head-bucket",
			list: api.names,
			look: func(ctx context.Context, name string) (sight, error) {
				one, err := headBucket(ctx, api, api.owner, name)
				if bucketMissing(err) {
					return sight{fact: name + " does not exist"}, nil
				}
				return one, err
			},
		})
	})
}

// headBucket asks whether a bucket of an account exists. The answer has no
// body; the region in its header shows that it is S3's.
func headBucket(ctx context.Context, api s3.HeadBucketAPIClient, owner, name string) (sight, error) {
	answer, err := api.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name, ExpectedBucketOwner: &owner})
	if err != nil {
		return sight{}, err
	}
	region := aws.ToString(answer.BucketRegion)
	if region == "" {
		return sight{}, fmt.Errorf("s3api head-bucket: nothing is said about %s", name)
	}
	return sight{ok: true, fact: name + " exists in " + region}, nil
}
