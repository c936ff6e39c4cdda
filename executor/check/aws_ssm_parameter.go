package check

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"runbook/executor"
	"runbook/runbook"
)

// ssmReads is how many reads of a parameter are timed. One more goes before
// them: it opens the connection, which is not what is asked about.
const ssmReads = 5

// SSMParameter looks at parameters of the parameter store. What they hold is
// let go of as soon as it has come: no part of it is kept, compared or told.
type SSMParameter struct{}

// Info implements executor.Check.
func (SSMParameter) Info() runbook.Info {
	return runbook.Info{
		Name:    "aws.ssm.parameter",
		Summary: "the SSM parameters exist; more, if asked, about their type and about reading them; a pattern must fit at least one",
		Args: map[string]string{
			"name":     "the parameters, " + awsNamesArg,
			"type":     `"String", "StringList" or "SecureString"`,
			"readable": `"true": it can be read, decrypted, with the steps' credentials, and is not empty; the value is not kept`,
			"under":    fmt.Sprintf("the median of %d reads, timed from here, is less than this, as in 100ms", ssmReads),
			"region":   awsRegionArg,
		},
		Lists:   []string{"name"},
		Require: []string{"name"},
	}
}

// An ssmQuestion is what must hold of a parameter.
type ssmQuestion struct {
	kind     types.ParameterType // empty: any
	readable bool
	under    time.Duration // zero: however long it takes
	now      func() time.Time
}

func ssmWanted(args map[string]string) (w ssmQuestion, err error) {
	w.now = time.Now
	w.kind = types.ParameterType(args["type"])
	if w.kind != "" && !slices.Contains(w.kind.Values(), w.kind) {
		return w, fmt.Errorf("type: %s is not String, StringList or SecureString", quote(args["type"]))
	}
	if w.readable, err = truth(args, "readable"); err != nil {
		return w, err
	}
	if text := args["under"]; text != "" {
		if w.under, err = time.ParseDuration(text); err != nil || w.under <= 0 {
			return w, fmt.Errorf("under: %s is not a time such as 100ms", quote(text))
		}
	}
	return w, validNames(args, "name")
}

// Validate implements executor.Validator.
func (SSMParameter) Validate(args map[string]string) error {
	_, err := ssmWanted(args)
	return err
}

// Check implements executor.Check. Where reading is denied, nothing is known:
// others may be able to.
func (SSMParameter) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	want, err := ssmWanted(q.Args)
	if err != nil {
		return executor.Finding{}, err
	}
	return askAWS(ctx, q, func(ctx context.Context, a *awsAPI) (executor.Finding, error) {
		api := ssm.NewFromConfig(a.Config)
		request := "ssm get-parameter"
		if want.readable {
			request += " --with-decryption"
		}
		return existing(ctx, q, a, existence{
			named: list(q.Args["name"]), kind: "parameters", listRequest: "ssm describe-parameters", lookRequest: request,
			list: func(ctx context.Context) ([]string, error) { return ssmParameters(ctx, api) },
			look: func(ctx context.Context, name string) (sight, error) { return want.look(ctx, api, name) },
		})
	})
}

// ssmParameters lists the names of all parameters.
func ssmParameters(ctx context.Context, api ssm.DescribeParametersAPIClient) ([]string, error) {
	return everyPage(ctx, ssm.NewDescribeParametersPaginator(api, &ssm.DescribeParametersInput{MaxResults: aws.Int32(50)}),
		func(p *ssm.DescribeParametersOutput) []string {
			if p.Parameters == nil {
				return nil
			}
			names := make([]string, len(p.Parameters))
			for i, one := range p.Parameters {
				names[i] = aws.ToString(one.Name)
			}
			return names
		})
}

// An ssmReader is what is needed of SSM to read parameters.
type ssmReader interface {
	GetParameter(context.Context, *ssm.GetParameterInput, ...func(*ssm.Options)) (*ssm.GetParameterOutput, error)
}

// read returns a parameter without its value.
func (w ssmQuestion) read(ctx context.Context, api ssmReader, name string) (types.Parameter, error) {
	answer, err := api.GetParameter(ctx, &ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(w.readable)})
	if err != nil {
		return types.Parameter{}, err
	}
	p := answer.Parameter
	if p == nil || p.Type == "" || w.readable && aws.ToString(p.Value) == "" {
		return types.Parameter{}, fmt.Errorf("ssm get-parameter: nothing is said about %s", name)
	}
	p.Value = nil
	return *p, nil
}

func (w ssmQuestion) look(ctx context.Context, api ssmReader, name string) (sight, error) {
	p, err := w.read(ctx, api, name)
	if awsCode(err) == "ParameterNotFound" {
		return sight{fact: name + " does not exist"}, nil
	}
	if err != nil {
		return sight{}, err
	}
	one := sight{ok: w.kind == "" || w.kind == p.Type, fact: fmt.Sprintf("%s %s, version %d", name, p.Type, p.Version), arn: aws.ToString(p.ARN)}
	if w.readable {
		one.fact += ", readable"
	}
	if !one.ok {
		one.fact += fmt.Sprintf(", expected %s", w.kind)
	}
	if w.under == 0 {
		return one, nil
	}
	took, err := w.time(ctx, api, name)
	if err != nil {
		return sight{}, err
	}
	sorted := slices.Sorted(slices.Values(took))
	median := sorted[len(sorted)/2]
	one.ok = one.ok && median < w.under
	one.fact += fmt.Sprintf(", %d reads in %s: median %s, expected under %s", len(took), durations(took), short(median), w.under)
	return one, nil
}

// time reads a parameter several times, one after the other.
func (w ssmQuestion) time(ctx context.Context, api ssmReader, name string) ([]time.Duration, error) {
	took := make([]time.Duration, ssmReads)
	for i := range took {
		start := w.now()
		if _, err := w.read(ctx, api, name); err != nil {
			return nil, err
		}
		took[i] = w.now().Sub(start)
	}
	return took, nil
}

// short is a duration to a tenth of a millisecond.
func short(d time.Duration) string { return d.Round(100 * time.Microsecond).String() }

func durations(list []time.Duration) string {
	texts := make([]string, len(list))
	for i, d := range list {
		texts[i] = short(d)
	}
	return strings.Join(texts, " ")
}
