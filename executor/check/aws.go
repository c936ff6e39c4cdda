package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
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

var (
	accountID  = regexp.MustCompile(`^\d{12}$`)
	regionName = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-\d+$`)
)

// validRegion refuses a region that cannot be one.
func validRegion(args map[string]string) error {
	if r := args["region"]; r != "" && !regionName.MatchString(r) {
		return fmt.Errorf("region: %s is not one such as eu-west-1", quote(r))
	}
	return nil
}

// validNames refuses an argument as in awsNamesArg that names nothing, and what
// validRegion refuses.
func validNames(args map[string]string, arg string) error {
	if len(list(args[arg])) == 0 {
		return fmt.Errorf("%s: none is given", arg)
	}
	return validRegion(args)
}

// truth reads an argument that is "true", or "false" and its absence.
func truth(args map[string]string, arg string) (bool, error) {
	switch args[arg] {
	case "true":
		return true, nil
	case "", "false":
		return false, nil
	}
	return false, fmt.Errorf("%s: %s is neither true nor false", arg, quote(args[arg]))
}

// faults are what is wrong with arguments, all of it at once.
type faults []string

func (f *faults) note(err error) {
	if err != nil {
		*f = append(*f, err.Error())
	}
}

// err is one error for all, on one line, or nil.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return errors.New(strings.Join(f, "; "))
}

// A pager is what the SDK calls a paginator.
type pager[Page, Options any] interface {
	HasMorePages() bool
	NextPage(ctx context.Context, options ...func(*Options)) (*Page, error)
}

// everyPage collects what all pages of a listing hold. A page with an empty
// list says that there is nothing on it; one without a list says nothing.
func everyPage[Item, Page, Options any](ctx context.Context, p pager[Page, Options], items func(*Page) []Item) ([]Item, error) {
	var all []Item
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		list := items(page)
		if list == nil {
			return nil, fmt.Errorf("AWS gave an answer without the list that was asked for (%T)", *page)
		}
		all = append(all, list...)
	}
	return all, nil
}

// namesOf is what a page of a listing names. Of no list it makes none.
func namesOf[Item any](items []Item, name func(Item) *string) []string {
	if items == nil {
		return nil
	}
	all := make([]string, len(items))
	for i, item := range items {
		all[i] = aws.ToString(name(item))
	}
	return all
}

// expand finds what is named: a name stands for itself, a pattern for all in
// the listing that fit. The listing is only asked for where there is a pattern.
// without are the patterns that nothing fits. A listing of nothing at all is an
// error: the account or the region may be the wrong one.
func expand(patterns []string, kind string, listing func() ([]string, error)) (found, without []string, err error) {
	var all []string
	if slices.ContainsFunc(patterns, isPattern) {
		if all, err = listing(); err != nil {
			return nil, nil, err
		}
		if len(all) == 0 {
			return nil, nil, fmt.Errorf("there are no %s at all in this account and region", kind)
		}
		slices.Sort(all)
	}
	for _, p := range patterns {
		fits := []string{p}
		if isPattern(p) {
			fits = slices.DeleteFunc(slices.Clone(all), func(name string) bool { return !wild(p, name) })
		}
		if len(fits) == 0 {
			without = append(without, p)
		}
		for _, name := range fits {
			if !slices.Contains(found, name) {
				found = append(found, name)
			}
		}
	}
	return found, without, nil
}

func quoted(list []string) []string {
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = quote(s)
	}
	return texts
}

func isPattern(name string) bool { return strings.Contains(name, "*") }

// expandAll is expand for a claim about what things are like: a pattern that
// nothing fits proves nothing.
func expandAll(patterns []string, kind string, listing func() ([]string, error)) ([]string, error) {
	found, without, err := expand(patterns, kind, listing)
	if err == nil && len(without) > 0 {
		err = fmt.Errorf("no %s fit %s", kind, some(quoted(without)))
	}
	return found, err
}

// A sight is what one resource turned out to be.
type sight struct {
	ok   bool
	fact string // with the resource's name
	arn  string // if the answer has it
}

// A survey is the sights of several resources, in the order of their names.
type survey []sight

// each looks at all the named, a few side by side. The first that cannot be
// seen leaves the whole question open.
func each(ctx context.Context, names []string, look func(ctx context.Context, name string) (sight, error)) (survey, error) {
	seen, errs := make(survey, len(names)), make([]error, len(names))
	slots := make(chan struct{}, awsAtOnce)
	var wg sync.WaitGroup
	for i, name := range names {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if ctx.Err() == nil {
				seen[i], errs[i] = look(ctx, name)
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return seen, nil
}

func (s survey) arns() []string {
	arns := make([]string, len(s))
	for i, one := range s {
		arns[i] = one.arn
	}
	return arns
}

// decide passes if all are as they should be. A survey of nothing is an error.
func (s survey) decide(q executor.Query, a *awsAPI, request string) (executor.Finding, error) {
	var all, bad []string
	for _, one := range s {
		all = append(all, one.fact)
		if !one.ok {
			bad = append(bad, one.fact)
		}
	}
	from := a.from(request, s.arns()...)
	switch {
	case len(s) == 0:
		return executor.Finding{}, fmt.Errorf("%s: there was nothing to look at", from)
	case len(bad) > 0:
		return decided(q, false, "%s: not so for %d of %d: %s", from, len(bad), len(s), some(bad))
	}
	return decided(q, true, "%s: so for all %d: %s", from, len(s), some(all))
}

// An existence is the question whether what is named is there, and as it must
// be to count as that.
type existence struct {
	named                    []string // names and patterns
	kind                     string   // what they name, in the plural
	listRequest, lookRequest string   // as the aws CLI names them
	list                     func(ctx context.Context) ([]string, error)
	look                     func(ctx context.Context, name string) (sight, error)
}

// existing answers it: each name must be there, each pattern fit at least one,
// and there be as many together as the argument count says.
func existing(ctx context.Context, q executor.Query, a *awsAPI, e existence) (executor.Finding, error) {
	want, err := wantedCount(q.Args)
	if err != nil {
		return executor.Finding{}, err
	}
	found, without, err := expand(e.named, e.kind, func() ([]string, error) { return e.list(ctx) })
	if err != nil {
		return executor.Finding{}, err
	}
	if len(without) > 0 {
		return decided(q, false, "%s: no %s fit %s", a.from(e.listRequest), e.kind, some(quoted(without)))
	}
	seen, err := each(ctx, found, e.look)
	if err != nil {
		return executor.Finding{}, err
	}
	f, err := seen.decide(q, a, e.lookRequest)
	if err == nil && f.Verdict == runbook.Pass && !want.holds(len(found)) {
		return decided(q, false, "%s: there are %d %s, expected %s: %s", a.from(e.lookRequest, seen.arns()...), len(found), e.kind, want, some(found))
	}
	return f, err
}

// A between is a number that is expected, or the range that it lies in.
type between struct{ least, most int }

// numberRange reads an argument such as "3" or "5-7".
func numberRange(name, arg string) (between, error) {
	low, high, isRange := strings.Cut(arg, "-")
	if !isRange {
		high = low
	}
	least, err1 := strconv.ParseUint(strings.TrimSpace(low), 10, 31)
	most, err2 := strconv.ParseUint(strings.TrimSpace(high), 10, 31)
	if err1 != nil || err2 != nil || least > most {
		return between{}, fmt.Errorf("%s: %s is neither a number such as 3 nor a range such as 5-7", name, quote(arg))
	}
	return between{int(least), int(most)}, nil
}

func (b between) holds(n int) bool { return b.least <= n && n <= b.most }

func (b between) String() string {
	if b.least == b.most {
		return strconv.Itoa(b.least)
	}
	return fmt.Sprintf("%d to %d", b.least, b.most)
}

// anyNumber is more than there can be of anything.
const anyNumber = 1<<31 - 1

// wantedCount reads the argument count; without one any number is right. No
// count of nothing can be meant: that what is named exists is the claim.
func wantedCount(args map[string]string) (between, error) {
	if args["count"] == "" {
		return between{1, anyNumber}, nil
	}
	want, err := numberRange("count", args["count"])
	if err == nil && want.least == 0 {
		err = fmt.Errorf("count: %s allows that there are none", quote(args["count"]))
	}
	return want, err
}

// age reads an argument such as "24h" or "7d", days of 24 hours; without one it
// is zero.
func age(name, arg string) (time.Duration, error) {
	if arg == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(arg)
	if days, isDays := strings.CutSuffix(arg, "d"); isDays {
		var n uint64
		n, err = strconv.ParseUint(days, 10, 16)
		d = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%s: %s is not a time such as 24h or 7d", name, quote(arg))
	}
	return d, nil
}
