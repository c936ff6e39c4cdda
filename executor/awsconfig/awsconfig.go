// Package awsconfig is what the AWS source and the AWS checks share: how they
// find credentials, region and endpoint, and how they say what went wrong.
package awsconfig

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Load resolves credentials, region and endpoint as the steps' own tools do,
// from env, KEY=VALUE, as the steps see it. The SDK reads the process's
// environment; what steps have exported since outranks it here. It contacts
// nothing but, where the credentials say so, their provider at first use.
func Load(ctx context.Context, env []string) (aws.Config, error) {
	get := func(name string) string {
		value := ""
		for _, pair := range env {
			if k, v, _ := strings.Cut(pair, "="); k == name {
				value = v
			}
		}
		return value
	}
	opts := []func(*config.LoadOptions) error{config.WithLogger(logging.Nop{})}
	region := get("AWS_REGION")
	if region == "" {
		region = get("AWS_DEFAULT_REGION")
	}
	if region != "" {
		opts = append(opts, config.WithRegion(region))
	}
	if profile := get("AWS_PROFILE"); profile != "" {
		opts = append(opts, config.WithSharedConfigProfile(profile))
	} else if key := get("AWS_ACCESS_KEY_ID"); key != "" {
		opts = append(opts, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(key, get("AWS_SECRET_ACCESS_KEY"), get("AWS_SESSION_TOKEN"))))
	}
	if endpoint := get("AWS_ENDPOINT_URL"); endpoint != "" {
		opts = append(opts, config.WithBaseEndpoint(endpoint))
	}
	if id := get("AWS_SDK_UA_APP_ID"); id != "" {
		opts = append(opts, config.WithAppID(id))
	}
	cfg, err := config.LoadDefaultConfig(ctx, opts...)
	if err != nil {
		return cfg, fmt.Errorf("the AWS configuration: %w", err)
	}
	return cfg, nil
}

// Cause is what the SDK's chain of wrapped errors is about, in a line: what the
// service answered, that it could not be reached, or the innermost reason why
// it could not be asked.
func Cause(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		var answer *smithyhttp.ResponseError
		if api.ErrorCode() == "UnknownError" && errors.As(err, &answer) {
			return fmt.Sprintf("an answer of status %d that gives no reason", answer.HTTPStatusCode())
		}
		return strings.TrimSuffix(api.ErrorCode()+": "+api.ErrorMessage(), ": ")
	}
	unreachable := ""
	var unsent *smithyhttp.RequestSendError
	if errors.As(err, &unsent) {
		unreachable = "unreachable: "
		// Innermost is "connection refused"; whose connection is a step above.
		var dial *net.OpError
		if errors.As(err, &dial) {
			return unreachable + dial.Error()
		}
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return unreachable + err.Error()
		}
		err = inner
	}
}

// AssumedRole is the role's name in the ARN of a session of it:
// arn:aws:sts::123456789012:assumed-role/NAME/SESSION. Users and the root
// account have no role.
func AssumedRole(arn string) (string, error) {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 && parts[2] == "sts" {
		if path := strings.Split(parts[5], "/"); len(path) == 3 && path[0] == "assumed-role" && path[1] != "" {
			return path[1], nil
		}
	}
	return "", fmt.Errorf("%s is no session of an assumed role", arn)
}
