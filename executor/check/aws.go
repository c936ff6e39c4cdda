package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"runbook/executor"
	"runbook/executor/awsconfig"
	"runbook/runbook"
)

// How long AWS may take. One call is at most awsAttempts requests of awsRequest
// each, with pauses of at most awsPause between them. All calls of one check
// end within three quarters of the time that the executor gives it, or within
// awsBudget: so the reason is told, and not that time was up.
const (
	awsDial     = 2 * time.Second
	awsRequest  = 4 * time.Second
	awsAttempts = 3
	awsPause    = time.Second
	awsBudget   = 15 * time.Second
)

// awsAtOnce bounds the calls that one check makes side by side.
const awsAtOnce = 4

// What the AWS checks say of arguments that they share.
const (
	awsRegionArg = "the AWS region, as in eu-west-1; without it the one that the steps use"
	awsNamesArg  = `separated by commas, with "*" for any run of characters`
)

// An awsAPI is where a check's calls go.
type awsAPI struct {
	Config  aws.Config // for the services' clients
	Own     string     // the region that the steps use; empty if none is set
	account string     // once STS has told it
}

// askAWS calls ask with what it needs to call AWS as the steps would, and puts
// errors of the SDK into words: which call, where, and why it gave no answer.
// Errors of ask itself are returned as they are.
func askAWS(ctx context.Context, q executor.Query, ask func(context.Context, *awsAPI) (executor.Finding, error)) (executor.Finding, error) {
	return callAWS(ctx, q, "", ask)
}

// askGlobalAWS is askAWS for a service that is the same in all regions: it
// needs none.
func askGlobalAWS(ctx context.Context, q executor.Query, ask func(context.Context, *awsAPI) (executor.Finding, error)) (executor.Finding, error) {
	return callAWS(ctx, q, "us-east-1", ask)
}

func callAWS(ctx context.Context, q executor.Query, region string, ask func(context.Context, *awsAPI) (executor.Finding, error)) (executor.Finding, error) {
	if err := validRegion(q.Args); err != nil {
		return executor.Finding{}, err
	}
	budget := awsBudget
	if end, ok := ctx.Deadline(); ok {
		budget = time.Until(end) / 4 * 3
	}
	ctx, cancel := context.WithTimeoutCause(ctx, budget, fmt.Errorf("no answer within %s", budget.Round(time.Second/10)))
	defer cancel()
	a := &awsAPI{}
	f, err := func() (executor.Finding, error) {
		done, err := a.open(ctx, q, region)
		if err != nil {
			return executor.Finding{}, err
		}
		defer done()
		return ask(ctx, a)
	}()
	if err != nil {
		return executor.Finding{}, a.failure(ctx, err)
	}
	return f, nil
}

// open finds credentials, region and endpoint. done closes connections that
// nobody will use again: nothing outlives the check.
func (a *awsAPI) open(ctx context.Context, q executor.Query, region string) (done func(), err error) {
	cfg, err := awsconfig.Load(ctx, q.Env)
	if err != nil {
		return nil, err
	}
	a.Own = cfg.Region
	cfg.Region = cmp.Or(q.Args["region"], a.Own, region)
	if cfg.Region == "" {
		return nil, errors.New("no AWS region is set: give region, or set AWS_REGION")
	}
	cfg.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = awsAttempts, awsPause })
	}
	cfg.RetryMaxAttempts = 0 // a number here would outrank the retryer's
	transport := awsTransport(cfg.HTTPClient)
	cfg.HTTPClient = &http.Client{
		Transport: transport, Timeout: awsRequest,
		// A signature is for one address only.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	a.Config = cfg
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		transport.CloseIdleConnections()
		return nil, fmt.Errorf("no AWS credentials: %s", awsconfig.Cause(err))
	}
	return transport.CloseIdleConnections, nil
}

// awsTransport is the SDK's own, with the certificates that it was given.
func awsTransport(client aws.HTTPClient) *http.Transport {
	buildable, ok := client.(*awshttp.BuildableClient)
	if !ok {
		buildable = awshttp.NewBuildableClient()
	}
	return buildable.WithDialerOptions(func(d *net.Dialer) { d.Timeout = awsDial }).GetTransport()
}

// failure says why a call gave no answer. That the run or the time is over
// comes first: it is then the reason for everything else.
func (a *awsAPI) failure(ctx context.Context, err error) error {
	var call *smithy.OperationError
	asked := errors.As(err, &call)
	what := "asking AWS"
	if asked {
		what = fmt.Sprintf("%s %s in %s", call.ServiceID, call.OperationName, a.Config.Region)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", what, context.Cause(ctx))
	}
	if !asked {
		return err
	}
	tried := ""
	var attempts *retry.MaxAttemptsError
	if errors.As(err, &attempts) {
		tried = fmt.Sprintf(" (%d attempts)", attempts.Attempt)
	}
	// Some of the SDK's reasons have lines.
	reason := strings.Join(strings.Fields(runbook.Visible(awsconfig.Cause(err))), " ")
	return fmt.Errorf("%s: %s%s", what, reason, tried)
}

// awsCode is the service's code for an error, or empty if it gave no answer.
func awsCode(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// from begins evidence: the request, as the aws CLI names it, the region, and
// the account if STS or one of the ARNs in the answer has told it.
func (a *awsAPI) from(request string, arns ...string) string {
	said := request + " in " + a.Config.Region
	if a.account != "" {
		return said + ", account " + a.account
	}
	for _, text := range arns {
		if id, err := arn.Parse(text); err == nil && id.AccountID != "" {
			return said + ", account " + id.AccountID
		}
	}
	return said
}

// caller asks STS who the credentials belong to.
func (a *awsAPI) caller(ctx context.Context) (account, callerARN string, err error) {
	id, err := sts.NewFromConfig(a.Config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", "", err
	}
	account = aws.ToString(id.Account)
	if !accountID.MatchString(account) {
		return "", "", fmt.Errorf("STS answered %s, which is not an account of 12 digits", quote(account))
	}
	a.account = account
	return account, aws.ToString(id.Arn), nil
}
