package check

import (
	"cmp"
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"runbook/executor"
	"runbook/runbook"
)

// S3Versioning looks whether buckets keep what is overwritten or deleted.
type S3Versioning struct{}

// Info implements executor.Check.
func (S3Versioning) Info() runbook.Info {
	return runbook.Info{
		Name:    "aws.s3.versioning",
		Summary: "versioning of the S3 buckets is Enabled; it is not for a bucket that does not exist",
		Args: map[string]string{
			"buckets": s3BucketsArg,
			"region":  awsRegionArg,
		},
		Lists:   []string{"buckets"},
		Require: []string{"buckets"},
	}
}

// Validate implements executor.Validator.
func (S3Versioning) Validate(args map[string]string) error { return validNames(args, "buckets") }

// Check implements executor.Check. S3 says nothing of the versioning of a
// bucket that never had it.
func (c S3Versioning) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	if err := c.Validate(q.Args); err != nil {
		return executor.Finding{}, err
	}
	return askBuckets(ctx, q, "s3api get-bucket-versioning", func(ctx context.Context, api *bucketAPI, name string) (sight, error) {
		return bucketVersioning(ctx, api, api.owner, name)
	})
}

// A versioningGetter is what is needed of S3 to see a bucket's versioning.
type versioningGetter interface {
	GetBucketVersioning(context.Context, *s3.GetBucketVersioningInput, ...func(*s3.Options)) (*s3.GetBucketVersioningOutput, error)
}

func bucketVersioning(ctx context.Context, api versioningGetter, owner, name string) (sight, error) {
	answer, err := api.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &name, ExpectedBucketOwner: &owner})
	if err != nil {
		return sight{}, err
	}
	return sight{ok: answer.Status == types.BucketVersioningStatusEnabled, fact: fmt.Sprintf("%s Status %s", name, cmp.Or(string(answer.Status), "not set"))}, nil
}
