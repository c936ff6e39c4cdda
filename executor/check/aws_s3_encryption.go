package check

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"runbook/executor"
	"runbook/runbook"
)

// S3Encryption looks how buckets encrypt what is put into them. S3 encrypts
// everything by a key of its own (AES256) unless told to use another; who
// claims more asks for kms.
type S3Encryption struct{}

// Info implements executor.Check.
func (S3Encryption) Info() runbook.Info {
	return runbook.Info{
		Name:    "aws.s3.encryption",
		Summary: "the S3 buckets encrypt by default what is put into them; a bucket that does not exist does not",
		Args: map[string]string{
			"buckets": s3BucketsArg,
			"kms":     `"true": by a KMS key, aws:kms or aws:kms:dsse`,
			"region":  awsRegionArg,
		},
		Lists:   []string{"buckets"},
		Require: []string{"buckets"},
	}
}

// Validate implements executor.Validator.
func (S3Encryption) Validate(args map[string]string) error {
	if _, err := truth(args, "kms"); err != nil {
		return err
	}
	return validNames(args, "buckets")
}

// Check implements executor.Check.
func (c S3Encryption) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	if err := c.Validate(q.Args); err != nil {
		return executor.Finding{}, err
	}
	kms := q.Args["kms"] == "true"
	return askBuckets(ctx, q, "s3api get-bucket-encryption", func(ctx context.Context, api *bucketAPI, name string) (sight, error) {
		return bucketEncryption(ctx, api, api.owner, name, kms)
	})
}

// An encryptionGetter is what is needed of S3 to see a bucket's encryption.
type encryptionGetter interface {
	GetBucketEncryption(context.Context, *s3.GetBucketEncryptionInput, ...func(*s3.Options)) (*s3.GetBucketEncryptionOutput, error)
}

// bucketEncryption passes if every rule of the bucket is as it should be.
func bucketEncryption(ctx context.Context, api encryptionGetter, owner, name string, kms bool) (sight, error) {
	answer, err := api.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &name, ExpectedBucketOwner: &owner})
	if awsCode(err) == "ServerSideEncryptionConfigurationNotFoundError" {
		return sight{fact: name + " has no default encryption"}, nil
	}
	if err != nil {
		return sight{}, err
	}
	if answer.ServerSideEncryptionConfiguration == nil || len(answer.ServerSideEncryptionConfiguration.Rules) == 0 {
		return sight{}, fmt.Errorf("s3api get-bucket-encryption: nothing is said about %s", name)
	}
	one := sight{ok: true, fact: name}
	for _, rule := range answer.ServerSideEncryptionConfiguration.Rules {
		by := rule.ApplyServerSideEncryptionByDefault
		if by == nil || by.SSEAlgorithm == "" {
			return sight{}, fmt.Errorf("s3api get-bucket-encryption: no algorithm is said of %s", name)
		}
		one.fact += " " + string(by.SSEAlgorithm)
		if key := aws.ToString(by.KMSMasterKeyID); key != "" {
			one.fact += " with " + key
		}
		if kms && by.SSEAlgorithm != types.ServerSideEncryptionAwsKms && by.SSEAlgorithm != types.ServerSideEncryptionAwsKmsDsse {
			one.ok = false
		}
	}
	return one, nil
}
