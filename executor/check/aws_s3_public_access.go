package check

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	transport "github.com/aws/smithy-go/endpoints"

	"runbook/executor"
	"runbook/runbook"
)

// S3PublicAccess looks whether buckets are closed to the public, whatever their
// policies and access lists say.
type S3PublicAccess struct{}

// Info implements executor.Check.
func (S3PublicAccess) Info() runbook.Info {
	return runbook.Info{
		Name:    "aws.s3.public-access",
		Summary: "all public access to the S3 buckets is blocked: all four settings are on, of the bucket or of the account; a bucket that does not exist has none",
		Args: map[string]string{
			"buckets": s3BucketsArg,
			"region":  awsRegionArg,
		},
		Lists:   []string{"buckets"},
		Require: []string{"buckets"},
	}
}

// Validate implements executor.Validator.
func (S3PublicAccess) Validate(args map[string]string) error { return validNames(args, "buckets") }

// Check implements executor.Check. The account is only asked where the
// bucket's own settings do not suffice.
func (c S3PublicAccess) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	if err := c.Validate(q.Args); err != nil {
		return executor.Finding{}, err
	}
	return askBuckets(ctx, q, "s3api get-public-access-block", func(ctx context.Context, api *bucketAPI, name string) (sight, error) {
		own, err := bucketBlock(ctx, api, api.owner, name)
		if err != nil {
			return sight{}, err
		}
		if len(own.off()) == 0 {
			return sight{ok: true, fact: name + " has all four settings on"}, nil
		}
		all, err := accountBlock(ctx, api.control(), api.owner)
		if err != nil {
			return sight{}, err
		}
		// What either of them blocks is blocked.
		for i := range own {
			own[i] = own[i] || all[i]
		}
		if off := own.off(); len(off) > 0 {
			return sight{fact: name + " has " + strings.Join(off, ", ") + " off, and so has the account"}, nil
		}
		return sight{ok: true, fact: name + " has all four settings on, with those of the account"}, nil
	})
}

// blockSettings are the names of the four settings, and a block which are on.
var blockSettings = [4]string{"BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"}

type block [4]bool

func (b block) off() []string {
	var off []string
	for i, on := range b {
		if !on {
			off = append(off, blockSettings[i])
		}
	}
	return off
}

// noBlock is the services' code for a bucket or an account without a block.
const noBlock = "NoSuchPublicAccessBlockConfiguration"

// A blockGetter is what is needed of S3 to see a bucket's block.
type blockGetter interface {
	GetPublicAccessBlock(context.Context, *s3.GetPublicAccessBlockInput, ...func(*s3.Options)) (*s3.GetPublicAccessBlockOutput, error)
}

func bucketBlock(ctx context.Context, api blockGetter, owner, name string) (block, error) {
	answer, err := api.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: &name, ExpectedBucketOwner: &owner})
	switch {
	case awsCode(err) == noBlock:
		return block{}, nil
	case err != nil:
		return block{}, err
	case answer.PublicAccessBlockConfiguration == nil:
		return block{}, fmt.Errorf("s3api get-public-access-block: nothing is said about %s", name)
	}
	c := answer.PublicAccessBlockConfiguration
	return block{aws.ToBool(c.BlockPublicAcls), aws.ToBool(c.IgnorePublicAcls), aws.ToBool(c.BlockPublicPolicy), aws.ToBool(c.RestrictPublicBuckets)}, nil
}

// An accountBlockGetter is what is needed of S3 to see an account's block.
type accountBlockGetter interface {
	GetPublicAccessBlock(context.Context, *s3control.GetPublicAccessBlockInput, ...func(*s3control.Options)) (*s3control.GetPublicAccessBlockOutput, error)
}

func accountBlock(ctx context.Context, api accountBlockGetter, account string) (block, error) {
	answer, err := api.GetPublicAccessBlock(ctx, &s3control.GetPublicAccessBlockInput{AccountId: &account})
	switch {
	case awsCode(err) == noBlock:
		return block{}, nil
	case err != nil:
		return block{}, err
	case answer.PublicAccessBlockConfiguration == nil:
		return block{}, fmt.Errorf("s3control get-public-access-block: nothing is said about account %s", account)
	}
	c := answer.PublicAccessBlockConfiguration
	return block{aws.ToBool(c.BlockPublicAcls), aws.ToBool(c.IgnorePublicAcls), aws.ToBool(c.BlockPublicPolicy), aws.ToBool(c.RestrictPublicBuckets)}, nil
}

// control is the client for what S3 keeps of the whole account. Its address
// has the account in the host's name, which only AWS's own has.
func (b *bucketAPI) control() *s3control.Client {
	return s3control.NewFromConfig(b.config, func(o *s3control.Options) {
		if o.BaseEndpoint != nil {
			o.EndpointResolverV2 = onlyEndpoint(*o.BaseEndpoint)
		}
	})
}

// An onlyEndpoint is the address for every request.
type onlyEndpoint string

// ResolveEndpoint implements s3control.EndpointResolverV2.
func (e onlyEndpoint) ResolveEndpoint(context.Context, s3control.EndpointParameters) (transport.Endpoint, error) {
	u, err := url.Parse(string(e))
	if err != nil {
		return transport.Endpoint{}, err
	}
	return transport.Endpoint{URI: *u}, nil
}
