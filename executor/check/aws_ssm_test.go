package check

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// ssmFake has the parameters /p/a, a SecureString of which the value is
// "hunter22", and /p/b, a String; listed on two pages.
func ssmFake(t *testing.T) *awsFake {
	t.Helper()
	return fakeAWS(t, func(operation, sent string) reply {
		decrypt := strings.Contains(sent, `"WithDecryption":true`)
		switch {
		case operation == "DescribeParameters" && strings.Contains(sent, "NextToken"):
			return reply{body: `{"Parameters":[{"Name":"/p/b"}]}`}
		case operation == "DescribeParameters":
			return reply{body: `{"Parameters":[{"Name":"/p/a"},{"Name":"/q"}],"NextToken":"n"}`}
		case strings.Contains(sent, `"/gone"`):
			return reply{status: 400, code: "ParameterNotFound"}
		case strings.Contains(sent, `"/denied"`) && decrypt:
			return reply{status: 400, code: "AccessDeniedException"}
		case strings.Contains(sent, `"/empty"`):
			return reply{body: `{"Parameter":{"Name":"/empty","Type":"String"}}`}
		case strings.Contains(sent, `"/p/b"`):
			return reply{body: `{"Parameter":{"Name":"/p/b","Type":"String","Value":"hunter22","Version":1}}`}
		}
		return reply{body: `{"Parameter":{"Name":"/p/a","Type":"SecureString","Value":"hunter22","Version":3,"ARN":"arn:aws:ssm:eu-west-1:123456789012:parameter/p/a"}}`}
	})
}

func TestSSMParameter(t *testing.T) {
	t.Parallel()
	f := ssmFake(t)
	for name, tt := range map[string]struct {
		args string
		want outcome
	}{
		"it exists":                     {"name=/p/a", passes(`^ssm get-parameter in eu-west-1, account 123456789012: so for all 1: /p/a SecureString, version 3;`)},
		"it does not":                   {"name=/gone", fails("/gone does not exist;")},
		"one of several does not":       {"name=/p/a,/gone", fails("not so for 1 of 2: /gone does not exist;")},
		"its type":                      {"name=/p/a type=SecureString", passes("")},
		"another type":                  {"name=/p/b type=SecureString", fails("/p/b String, version 1, expected SecureString;")},
		"it can be read":                {"name=/p/a readable=true", passes("^ssm get-parameter --with-decryption in .*/p/a SecureString, version 3, readable;")},
		"it cannot be read":             {"name=/denied readable=true", unknown("^SSM GetParameter in eu-west-1: AccessDeniedException: not you$")},
		"nobody asked to read it":       {"name=/denied readable=false", passes("")},
		"it is empty":                   {"name=/empty readable=true", unknown("nothing is said about /empty")},
		"it is fast":                    {"name=/p/a readable=true under=10s", passes(`/p/a SecureString, version 3, readable, 5 reads in (\S+ ){4}\S+: median \S+, expected under 10s;`)},
		"it is slow":                    {"name=/p/a under=1ns", fails(`median \S+, expected under 1ns;`)},
		"it is fast, of another type":   {"name=/p/b type=SecureString under=10s", fails("expected SecureString, 5 reads")},
		"a pattern, on the second page": {"name=/p/*", passes("so for all 2: /p/a SecureString, version 3, /p/b String, version 1;")},
		"a pattern, one is not so":      {"name=/p/* type=SecureString", fails("not so for 1 of 2: /p/b String")},
		"a pattern that nothing fits":   {"name=/r/*", fails(`^ssm describe-parameters in eu-west-1: no parameters fit "/r/\*";`)},
		"a type that is none":           {"name=/p/a type=Secret", unknown("^type: ")},
		"a time that is none":           {"name=/p/a under=100", unknown("^under: ")},
		"a time of nothing":             {"name=/p/a under=0s", unknown("^under: ")},
		"neither true nor false":        {"name=/p/a readable=1", unknown("^readable: ")},
		"no name":                       {"name=,", unknown("^name: none is given$")},
	} {
		t.Run(name, func(t *testing.T) {
			var args []string
			for pair := range strings.SplitSeq(tt.args, " ") {
				k, v, _ := strings.Cut(pair, "=")
				args = append(args, k, v)
			}
			q := awsAsks(t, f.URL, args...)
			expect(t, SSMParameter{}, q, tt.want)
			if found, err := (SSMParameter{}).Check(t.Context(), q); strings.Contains(fmt.Sprint(found, err), "hunter22") {
				t.Errorf("the value is told: %v %v", found, err)
			}
		})
	}
	none := awsAnswers(t, map[string]string{"DescribeParameters": `{"Parameters":[]}`})
	expect(t, SSMParameter{}, awsAsks(t, none.URL, "name", "*"), unknown("there are no parameters at all"))
}

// The read that opens the connection is not timed, one slow read does not
// count, and the value does not stay in what a read returns.
func TestSSMReads(t *testing.T) {
	clock, reads := asked, 0
	took := []time.Duration{900, 30, 10, 800, 20, 40}
	api := ssmFunc(func(*ssm.GetParameterInput) (*ssm.GetParameterOutput, error) {
		clock = clock.Add(took[reads] * time.Millisecond)
		reads++
		return &ssm.GetParameterOutput{Parameter: &types.Parameter{Type: types.ParameterTypeString, Value: aws.String("hunter22")}}, nil
	})
	w := ssmQuestion{readable: true, under: 31 * time.Millisecond, now: func() time.Time { return clock }}
	one, err := w.look(t.Context(), api, "a")
	if err != nil || !one.ok || !strings.Contains(one.fact, "5 reads in 30ms 10ms 800ms 20ms 40ms: median 30ms, expected under 31ms") {
		t.Errorf("%+v, %v", one, err)
	}
	reads, w.under = 0, 30*time.Millisecond
	if one, err := w.look(t.Context(), api, "a"); err != nil || one.ok {
		t.Errorf("as long as the limit is not under it: %+v, %v", one, err)
	}
	reads = 0
	if p, err := w.read(t.Context(), api, "a"); err != nil || p.Value != nil {
		t.Errorf("the value stays: %v", err)
	}
}

type ssmFunc func(*ssm.GetParameterInput) (*ssm.GetParameterOutput, error)

func (f ssmFunc) GetParameter(_ context.Context, in *ssm.GetParameterInput, _ ...func(*ssm.Options)) (*ssm.GetParameterOutput, error) {
	return f(in)
}

func TestE2ESSM(t *testing.T) {
	t.Parallel()
	api := ssm.NewFromConfig(motoConfig(t))
	for name, kind := range map[string]types.ParameterType{"/params/secure": types.ParameterTypeSecureString, "/params/plain": types.ParameterTypeString} {
		must(t)(api.PutParameter(t.Context(), &ssm.PutParameterInput{Name: &name, Type: kind, Value: aws.String("hunter22")}))
	}
	expect(t, SSMParameter{}, motoAsks(t, "name", "/params/secure", "type", "SecureString", "readable", "true", "under", "30s"), passes("account 123456789012: so for all 1: /params/secure SecureString, version 1, readable, 5 reads"))
	expect(t, SSMParameter{}, motoAsks(t, "name", "/params/plain", "type", "SecureString"), fails("/params/plain String, version 1, expected SecureString"))
	expect(t, SSMParameter{}, motoAsks(t, "name", "/params/*", "type", "SecureString"), fails("not so for 1 of 2: /params/plain"))
	expect(t, SSMParameter{}, motoAsks(t, "name", "/params/*"), passes("so for all 2"))
	expect(t, SSMParameter{}, motoAsks(t, "name", "/params/gone"), fails("/params/gone does not exist"))
}
