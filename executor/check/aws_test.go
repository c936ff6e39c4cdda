package check

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/encoding/cbor"

	"runbook/executor"
	"runbook/executor/awsconfig"
	standin "runbook/executor/executortest/world"
	"runbook/runbook"
)

// motoURL is one moto server for all tests of this package; motoStop ends it.
var (
	motoStop = func() {}
	motoURL  = sync.OnceValues(func() (string, error) {
		url, stop, err := standin.Moto()
		if err == nil {
			motoStop = stop
		}
		return url, err
	})
)

func TestMain(m *testing.M) {
	code := m.Run()
	motoStop()
	os.Exit(code)
}

// motoConfig is for a test's own clients, which make what checks then look at.
// The server is one for all: every test names its things after itself.
func motoConfig(t *testing.T) aws.Config {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped: -short")
	}
	standin.Require(t, "moto_server")
	url, err := motoURL()
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := awsconfig.Load(t.Context(), awsEnv(url))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// motoAsks is a question to a check about what is in moto. It is nothing to a
// test that has not called motoConfig.
func motoAsks(t *testing.T, args ...string) executor.Query {
	t.Helper()
	url, err := motoURL()
	if err != nil {
		t.Fatal(err)
	}
	return awsAsks(t, url, args...)
}

// awsAsks is a question with these arguments, name and value in turn, to what
// plays AWS at url.
func awsAsks(t *testing.T, url string, args ...string) executor.Query {
	t.Helper()
	q := question(t.TempDir(), map[string]string{})
	for i := 0; i < len(args); i += 2 {
		q.Args[args[i]] = args[i+1]
	}
	q.Env = awsEnv(url)
	return q
}

func awsEnv(url string) []string {
	return []string{"AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_ENDPOINT_URL=" + url}
}

// An awsFake plays AWS over HTTP and keeps which operations it was asked for.
type awsFake struct {
	URL   string
	mu    sync.Mutex
	calls []string
}

// A reply is what a fake answers. Of a refusal there is a code, with a status
// of 400 or more; of an answer a body: JSON for the services that speak JSON
// or CBOR, XML for the others, the region for HEAD of a bucket.
type reply struct {
	status int
	code   string
	body   string
}

// fakeAWS answers an operation as answer says. Operations have the API's names,
// as in ListTables; those of REST services their request's line, as in
// "GET /bucket?versioning". sent is the request's body, decoded if it is a form.
func fakeAWS(t *testing.T, answer func(operation, sent string) reply) *awsFake {
	t.Helper()
	f := &awsFake{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client has gone
		}
		operation, decoded := operationOf(r, string(sent))
		f.mu.Lock()
		f.calls = append(f.calls, operation)
		f.mu.Unlock()
		answer(operation, decoded).write(w, r)
	}))
	t.Cleanup(s.Close)
	f.URL = s.URL
	return f
}

// awsAnswers is a fake that gives one answer to each operation, and of what it
// does not know says so.
func awsAnswers(t *testing.T, bodies map[string]string) *awsFake {
	t.Helper()
	return fakeAWS(t, func(operation, _ string) reply {
		if body, ok := bodies[operation]; ok {
			return reply{body: body}
		}
		return reply{status: http.StatusBadRequest, code: "UnknownOperationException"}
	})
}

// count is how often an operation was asked for; "" counts all.
func (f *awsFake) count(operation string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, call := range f.calls {
		if operation == "" || call == operation {
			n++
		}
	}
	return n
}

func operationOf(r *http.Request, sent string) (operation, decoded string) {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		return target[strings.LastIndex(target, ".")+1:], sent
	}
	if _, name, ok := strings.Cut(r.URL.Path, "/operation/"); ok {
		return name, sent
	}
	if form, err := url.ParseQuery(sent); err == nil && form.Has("Action") {
		return form.Get("Action"), form.Encode()
	}
	q := r.URL.Query()
	q.Del("x-id")
	line := r.Method + " " + r.URL.Path
	if len(q) > 0 {
		line += "?" + strings.TrimSuffix(q.Encode(), "=")
	}
	return line, sent
}

func (a reply) write(w http.ResponseWriter, r *http.Request) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	body, kind := []byte(a.body), "text/xml"
	switch {
	case r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
		w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
		kind = "application/cbor"
		if a.code != "" {
			body = fmt.Appendf(nil, `{"__type":%q,"message":"not you"}`, a.code)
		}
		body = inCBOR(body)
	case r.Header.Get("X-Amz-Target") != "":
		kind = "application/x-amz-json-1.0"
		if a.code != "" {
			body = fmt.Appendf(nil, `{"__type":%q,"message":"not you"}`, a.code)
		}
	case a.code != "" && (strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") || strings.HasPrefix(r.URL.Path, "/v20180820/")):
		body = fmt.Appendf(nil, "<ErrorResponse><Error><Code>%s</Code><Message>not you</Message></Error></ErrorResponse>", a.code)
	case a.code != "":
		body = fmt.Appendf(nil, "<Error><Code>%s</Code><Message>not you</Message></Error>", a.code)
	}
	if r.Method == http.MethodHead && regionName.MatchString(a.body) {
		w.Header().Set("X-Amz-Bucket-Region", a.body)
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(a.status)
	_, _ = w.Write(body) // a client that has gone is no matter
}

// inCBOR is JSON in CBOR: objects, lists, texts, whole numbers and truths. An
// object with the one key "$time" is a time, in seconds.
func inCBOR(text []byte) []byte {
	if len(bytes.TrimSpace(text)) == 0 {
		text = []byte("{}")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		panic(fmt.Sprintf("%s: %v", text, err))
	}
	return cbor.Encode(cborValue(v))
}

func cborValue(v any) cbor.Value {
	switch v := v.(type) {
	case map[string]any:
		if seconds, ok := v["$time"]; ok && len(v) == 1 {
			return &cbor.Tag{ID: 1, Value: cborValue(seconds)}
		}
		m := cbor.Map{}
		for k, e := range v {
			m[k] = cborValue(e)
		}
		return m
	case []any:
		l := cbor.List{}
		for _, e := range v {
			l = append(l, cborValue(e))
		}
		return l
	case string:
		return cbor.String(v)
	case bool:
		return cbor.Bool(v)
	case json.Number:
		if n, err := v.Int64(); err == nil && n >= 0 {
			return cbor.Uint(uint64(n))
		}
		f, err := v.Float64()
		if err != nil {
			panic(err)
		}
		return cbor.Float64(f)
	}
	return &cbor.Nil{}
}

// An awsCase is a check with arguments that make it call AWS. All AWS checks
// are in awsCases: what holds for every one of them is tested once.
type awsCase struct {
	check executor.Check
	args  []string
}

func (c awsCase) ask(t *testing.T, url string) executor.Query { return awsAsks(t, url, c.args...) }

// Whatever keeps AWS from answering leaves the question open, says why, and
// takes no longer than stated.
func TestNoAWSCheckPassesWithoutAnAnswer(t *testing.T) {
	for _, c := range awsCases {
		t.Run(c.check.Info().Name+" "+strings.Join(c.args, " "), func(t *testing.T) {
			t.Parallel()
			t.Run("denied", func(t *testing.T) {
				f := fakeAWS(t, func(string, string) reply { return reply{status: http.StatusForbidden, code: "AccessDenied"} })
				expect(t, c.check, c.ask(t, f.URL), unknown(` in (eu-west-1|us-east-1): AccessDenied: not you$`))
			})
			t.Run("an answer of nothing", func(t *testing.T) {
				f := fakeAWS(t, func(string, string) reply { return reply{} })
				expect(t, c.check, c.ask(t, f.URL), unknown("."))
			})
			t.Run("no JSON and no XML", func(t *testing.T) {
				f := fakeAWS(t, func(string, string) reply { return reply{body: "<html><body>Welcome to the hotel"} })
				expect(t, c.check, c.ask(t, f.URL), unknown("."))
			})
			t.Run("the run has ended", func(t *testing.T) {
				f := fakeAWS(t, func(string, string) reply { return reply{} })
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				expectWithin(ctx, t, c.check, c.ask(t, f.URL), unknown("context canceled$"))
			})
			t.Run("a region that is none", func(t *testing.T) {
				f := fakeAWS(t, func(string, string) reply { return reply{} })
				q := c.ask(t, f.URL)
				q.Args["region"] = "Ireland"
				expect(t, c.check, q, unknown(`^region: "Ireland" is not one such as eu-west-1$`))
				if f.count("") > 0 {
					t.Error("it was asked nevertheless")
				}
			})
		})
	}
}

// A check that makes several calls needs the answers of all of them.
func TestNoAWSCheckConcludesFromAPartOfTheAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range awsCases {
		t.Run(c.check.Info().Name+" "+strings.Join(c.args, " "), func(t *testing.T) {
			whole := awsAnswers(t, awsConformance)
			if _, err := c.check.Check(t.Context(), c.ask(t, whole.URL)); err != nil {
				t.Fatalf("no answer at all: %v", err)
			}
			slices.Sort(whole.calls)
			for _, call := range slices.Compact(whole.calls) {
				denied := fakeAWS(t, func(operation, _ string) reply {
					if operation == call {
						return reply{status: http.StatusForbidden, code: "AccessDenied"}
					}
					return reply{body: awsConformance[operation]}
				})
				expect(t, c.check, c.ask(t, denied.URL), unknown("AccessDenied: not you|Forbidden"))
				silent := fakeAWS(t, func(operation, _ string) reply {
					if operation == call {
						return reply{}
					}
					return reply{body: awsConformance[operation]}
				})
				if f, err := c.check.Check(t.Context(), c.ask(t, silent.URL)); err == nil && f.Verdict != runbook.Fail {
					t.Errorf("%s without an answer to %s: %s", f.Verdict, call, f.Evidence)
				}
			}
		})
	}
}

// What is asked again takes its time, so all are asked side by side.
func TestAWSChecksEndWhereAWSIsDownOrBroken(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	var wg sync.WaitGroup
	for _, c := range awsCases {
		wg.Go(func() {
			expect(t, c.check, c.ask(t, gone.URL), unknown(`: unreachable: .*connection refused \(3 attempts\)$`))
		})
		wg.Go(func() {
			f := fakeAWS(t, func(string, string) reply {
				return reply{status: http.StatusInternalServerError, code: "InternalError"}
			})
			expect(t, c.check, c.ask(t, f.URL), unknown(`InternalError: not you \(3 attempts\)$`))
			if n := f.count(""); n != awsAttempts {
				t.Errorf("%s: %d requests", c.check.Info().Name, n)
			}
		})
	}
	wg.Wait()
}

// awsCases has a line for each AWS check.
var awsCases = []awsCase{
	{AWSAlarms{}, []string{"prefix", "p-"}},
	{AWSDashboard{}, []string{"name", "d"}},
	{AWSMetric{}, []string{"namespace", "N", "metric", "Latency", "data", "true"}},
	{AWSLogErrors{}, []string{"groups", "g", "since", "1h"}},
	{AWSPolicies{}, []string{"roles", "a"}},
	{AWSPolicies{}, []string{"roles", "a*"}},
	{AWSTags{}, []string{"keys", "k"}},
	{AWSTrust{}, []string{"roles", "a", "repository", "o/r"}},
	{AWSCaller{}, []string{"account", "123456789012"}},
	{DynamoBackups{}, []string{"tables", "a"}},
	{DynamoEncryption{}, []string{"tables", "a"}},
	{DynamoItem{}, []string{"table", "a", "key", `{"id": {"S": "a"}}`}},
	{DynamoPITR{}, []string{"tables", "a"}},
	{DynamoProtection{}, []string{"tables", "a"}},
	{DynamoTables{}, []string{"tables", "a"}},
	{DynamoTables{}, []string{"tables", "a*"}},
	{DynamoTags{}, []string{"tables", "a", "keys", "k"}},
	{KMSRotation{}, []string{"keys", "alias/a"}},
	{KMSRotation{}, []string{"keys", "alias/a*"}},
	{S3Bucket{}, []string{"buckets", "a"}},
	{S3Encryption{}, []string{"buckets", "a*"}},
	{S3PublicAccess{}, []string{"buckets", "a"}},
	{S3Versioning{}, []string{"buckets", "a"}},
	{SNSSubscriptions{}, []string{"topic", "arn:aws:sns:eu-west-1:123456789012:a"}},
	{SNSSubscriptions{}, []string{"topic", "a"}},
	{SNSTopic{}, []string{"topic", "arn:aws:sns:eu-west-1:123456789012:a"}},
	{SNSTopic{}, []string{"topic", "a"}},
	{SSMParameter{}, []string{"name", "a", "readable", "true", "under", "1s"}},
	{SSMParameter{}, []string{"name", "a*"}},
}

func TestAWSRetries(t *testing.T) {
	t.Parallel()
	const answer = `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`
	for name, refusal := range map[string]reply{
		"broken":    {status: 503, code: "ServiceUnavailable"},
		"throttled": {status: 400, code: "ThrottlingException"},
		"slow down": {status: 429, code: "TooManyRequestsException"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			asked := 0
			f := fakeAWS(t, func(string, string) reply {
				mu.Lock()
				defer mu.Unlock()
				if asked++; asked < awsAttempts {
					return refusal
				}
				return reply{body: answer}
			})
			expect(t, AWSCaller{}, awsAsks(t, f.URL, "account", "123456789012"), passes("account 123456789012"))
			if f.count("") != awsAttempts {
				t.Errorf("%d requests", f.count(""))
			}
		})
	}
	t.Run("a refusal is not asked again", func(t *testing.T) {
		f := fakeAWS(t, func(string, string) reply { return reply{status: 403, code: "AccessDenied"} })
		expect(t, AWSCaller{}, awsAsks(t, f.URL, "account", "123456789012"), unknown("AccessDenied"))
		if f.count("") != 1 {
			t.Errorf("%d requests", f.count(""))
		}
	})
}

// What accepts connections and never answers is given up before the executor
// would end the check without a reason.
func TestAWSThatHangs(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: -short")
	}
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	ctx, cancel := context.WithTimeout(t.Context(), runbook.DefaultLimit)
	defer cancel()
	expectWithin(ctx, t, AWSCaller{}, awsAsks(t, "http://"+silent.Addr().String(), "account", "123456789012"),
		unknown(`^STS GetCallerIdentity in eu-west-1: (unreachable: .*\(3 attempts\)|no answer within 1[0-5](\.\d)?s)$`))
	if ctx.Err() != nil {
		t.Error("it took longer than the executor waits")
	}
}

func TestAWSTimesAreBounded(t *testing.T) {
	if call := awsAttempts*awsRequest + (awsAttempts-1)*awsPause; call > awsBudget || awsBudget > runbook.DefaultLimit/4*3 || awsDial >= awsRequest {
		t.Errorf("a call may take %s, a check %s", call, awsBudget)
	}
}

// The steps' own region is used, and region goes before it.
func TestAWSRegion(t *testing.T) {
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_CONFIG_FILE", "/nonexistent")
	for _, tt := range []struct {
		name, steps, arg, global string
		want                     string // or an error
	}{
		{"the steps' own", "eu-west-1", "", "", "eu-west-1"},
		{"another is asked for", "eu-west-1", "us-gov-west-1", "", "us-gov-west-1"},
		{"only that is given", "", "ap-southeast-2", "", "ap-southeast-2"},
		{"none", "", "", "", "no AWS region is set"},
		{"none, and it does not matter", "", "", "us-east-1", "us-east-1"},
		{"no region", "eu-west-1", "eu_west_1", "", "not one such as"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := awsAsks(t, "http://127.0.0.1:1", "region", tt.arg)
			q.Env = append(q.Env, "AWS_REGION="+tt.steps)
			got := ""
			_, err := callAWS(t.Context(), q, tt.global, func(_ context.Context, a *awsAPI) (executor.Finding, error) {
				got = a.Config.Region
				return executor.Finding{}, nil
			})
			if err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAWSWithoutCredentials(t *testing.T) {
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_PROFILE", "")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
	t.Setenv("AWS_CONFIG_FILE", "/nonexistent")
	q := awsAsks(t, "http://127.0.0.1:1", "account", "123456789012")
	q.Env = []string{"AWS_REGION=eu-west-1"}
	expect(t, AWSCaller{}, q, unknown("^no AWS credentials: "))
}

func TestExpand(t *testing.T) {
	all := []string{"prod-b", "prod-a", "test-a"}
	for _, tt := range []struct {
		patterns       string
		all            []string
		found, without string // or an error in without
	}{
		{"prod-a", nil, "prod-a", ""},
		{"prod-*", all, "prod-a prod-b", ""},
		{"prod-*,*-a,prod-b", all, "prod-a prod-b test-a", ""},
		{"stage-*,prod-a", all, "prod-a", "stage-*"},
		{"*", []string{}, "", "there are no tables at all"},
	} {
		found, without, err := expand(list(tt.patterns), "tables", func() ([]string, error) {
			if tt.all == nil {
				t.Errorf("%s: listed without a pattern", tt.patterns)
			}
			return slices.Clone(tt.all), nil
		})
		said := strings.Join(without, " ")
		if err != nil {
			said = err.Error()
		}
		if strings.Join(found, " ") != tt.found || !strings.Contains(said, tt.without) || (said == "") != (tt.without == "") {
			t.Errorf("%s: %q, %q", tt.patterns, found, said)
		}
	}
}

func TestNumberRange(t *testing.T) {
	for arg, want := range map[string]string{
		"3": "3", "0": "0", "5-7": "5 to 7", " 5 - 7 ": "5 to 7", "7-7": "7",
		"": "", "-": "", "7-5": "", "-3": "", "3-": "", "many": "", "1.5": "", "3-5-7": "", "99999999999": "",
	} {
		b, err := numberRange("count", arg)
		if (err == nil) != (want != "") || err == nil && b.String() != want {
			t.Errorf("%q: %v, %v; want %q", arg, b, err, want)
		}
	}
	if b := (between{5, 7}); b.holds(4) || !b.holds(5) || !b.holds(7) || b.holds(8) {
		t.Error("5-7 holds other numbers than 5 to 7")
	}
}
