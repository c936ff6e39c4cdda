package check

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	control "github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"runbook/executor"
)

const (
	s3Encryption = "GET /%s?encryption"
	s3Versioning = "GET /%s?versioning"
	s3Block      = "GET /%s?publicAccessBlock"
	s3AllBlock   = "GET /v20180820/configuration/publicAccessBlock"
)

func bucketsAre(next string, names ...string) string {
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "<Bucket><Name>%s</Name></Bucket>", name)
	}
	if next != "" {
		next = "<ContinuationToken>" + next + "</ContinuationToken>"
	}
	return "<ListAllMyBucketsResult><Buckets>" + b.String() + "</Buckets>" + next + "</ListAllMyBucketsResult>"
}

// blockIs has the settings that on says, as in "1101".
func blockIs(on string) string {
	body := ""
	for i, name := range blockSettings {
		body += fmt.Sprintf("<%s>%t</%s>", name, on[i] == '1', name)
	}
	return "<PublicAccessBlockConfiguration>" + body + "</PublicAccessBlockConfiguration>"
}

func encryptionIs(algorithm, key string) string {
	return "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>" + algorithm + "</SSEAlgorithm><KMSMasterKeyID>" + key + "</KMSMasterKeyID></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"
}

func versioningIs(status string) string {
	return "<VersioningConfiguration><Status>" + status + "</Status></VersioningConfiguration>"
}

// s3Fake has the bucket p-a, which answers as bodies say, and p-b, which
// answers alike; no bucket is called gone. Bodies that are a code in capitals
// are refusals.
func s3Fake(t *testing.T, bodies map[string]string) *awsFake {
	t.Helper()
	return fakeAWS(t, func(operation, _ string) reply {
		switch {
		case operation == "GetCallerIdentity":
			return reply{body: callerIs("123456789012", "arn:aws:iam::123456789012:user/ada")}
		case strings.HasPrefix(operation, "GET /?continuation-token"):
			return reply{body: bucketsAre("", "p-b")}
		case operation == "GET /":
			return reply{body: bucketsAre("n", "other", "p-a")}
		case strings.Contains(operation, "/gone"):
			return reply{status: 404, code: "NoSuchBucket"}
		}
		body, ok := bodies[strings.Replace(operation, "p-b", "p-a", 1)]
		switch {
		case !ok:
			return reply{status: 400, code: "UnknownOperation"}
		case strings.HasPrefix(body, "<") || body == "":
			return reply{body: body}
		}
		return reply{status: 400, code: body}
	})
}

func TestS3(t *testing.T) {
	t.Parallel()
	is := func(operation, body string) map[string]string {
		if strings.Contains(operation, "%s") {
			operation = fmt.Sprintf(operation, "p-a")
		}
		return map[string]string{operation: body}
	}
	blocks := func(own, all string) map[string]string {
		m := is(s3Block, own)
		m[s3AllBlock] = all
		return m
	}
	for name, tt := range map[string]struct {
		check  executor.Check
		bodies map[string]string
		kms    string
		want   outcome
	}{
		"versions are kept":                 {S3Versioning{}, is(s3Versioning, versioningIs("Enabled")), "", passes(`^s3api get-bucket-versioning in eu-west-1, account 123456789012: so for all 1: p-a Status Enabled;`)},
		"versions are no longer kept":       {S3Versioning{}, is(s3Versioning, versioningIs("Suspended")), "", fails("not so for 1 of 1: p-a Status Suspended;")},
		"versions were never kept":          {S3Versioning{}, is(s3Versioning, "<VersioningConfiguration/>"), "", fails("p-a Status not set;")},
		"who may not see versioning":        {S3Versioning{}, is(s3Versioning, "AccessDenied"), "", unknown("^S3 GetBucketVersioning in eu-west-1: AccessDenied: not you$")},
		"encrypted":                         {S3Encryption{}, is(s3Encryption, encryptionIs("AES256", "")), "", passes("p-a AES256;")},
		"encrypted, not by KMS":             {S3Encryption{}, is(s3Encryption, encryptionIs("AES256", "")), "true", fails("p-a AES256;")},
		"encrypted by KMS":                  {S3Encryption{}, is(s3Encryption, encryptionIs("aws:kms", "arn:aws:kms:k")), "true", passes("p-a aws:kms with arn:aws:kms:k;")},
		"encrypted twice by KMS":            {S3Encryption{}, is(s3Encryption, encryptionIs("aws:kms:dsse", "")), "true", passes("")},
		"not encrypted":                     {S3Encryption{}, is(s3Encryption, "ServerSideEncryptionConfigurationNotFoundError"), "", fails("p-a has no default encryption;")},
		"no rule of encryption":             {S3Encryption{}, is(s3Encryption, "<ServerSideEncryptionConfiguration/>"), "", unknown("nothing is said about p-a")},
		"a rule without an algorithm":       {S3Encryption{}, is(s3Encryption, "<ServerSideEncryptionConfiguration><Rule><BucketKeyEnabled>true</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>"), "", unknown("no algorithm is said of p-a")},
		"neither true nor false":            {S3Encryption{}, nil, "1", unknown("^kms: ")},
		"the public is blocked":             {S3PublicAccess{}, is(s3Block, blockIs("1111")), "", passes("p-a has all four settings on;")},
		"not all of it":                     {S3PublicAccess{}, blocks(blockIs("1011"), noBlock), "", fails("p-a has IgnorePublicAcls off, and so has the account;")},
		"none of it":                        {S3PublicAccess{}, blocks(noBlock, noBlock), "", fails("p-a has BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets off")},
		"the account blocks it":             {S3PublicAccess{}, blocks(noBlock, blockIs("1111")), "", passes("p-a has all four settings on, with those of the account;")},
		"the two together block it":         {S3PublicAccess{}, blocks(blockIs("1010"), blockIs("0101")), "", passes("with those of the account")},
		"the two together leave a part":     {S3PublicAccess{}, blocks(blockIs("1010"), blockIs("0100")), "", fails("p-a has RestrictPublicBuckets off")},
		"nobody knows what the account has": {S3PublicAccess{}, blocks(blockIs("1010"), "AccessDenied"), "", unknown("^S3 Control GetPublicAccessBlock in eu-west-1: AccessDenied: not you$")},
		"nothing is said of the account":    {S3PublicAccess{}, blocks(blockIs("1010"), ""), "", unknown("nothing is said about account 123456789012$")},
		"nothing is said of the bucket":     {S3PublicAccess{}, is(s3Block, ""), "", unknown("nothing is said about p-a$")},
	} {
		t.Run(name, func(t *testing.T) {
			f := s3Fake(t, tt.bodies)
			q := awsAsks(t, f.URL, "buckets", "p-a")
			if tt.kms != "" {
				q.Args["kms"] = tt.kms
			}
			expect(t, tt.check, q, tt.want)
			if tt.want.verdict == "" {
				return
			}
			q.Args["buckets"] = "p-a,gone"
			expect(t, tt.check, q, fails("gone does not exist"))
			q.Args["buckets"] = "p-*" // on two pages
			expect(t, tt.check, q, outcome{tt.want.verdict, "for (all 2|2 of 2): p-a .*, p-b "})
			q.Args["buckets"] = "q-*"
			expect(t, tt.check, q, unknown(`^no buckets fit "q-\*"$`))
		})
	}
}

// The answer about a bucket is all in its status and its headers.
func TestS3Bucket(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		owner := r.Header.Get("X-Amz-Expected-Bucket-Owner")
		switch {
		case r.Method == http.MethodPost:
			fmt.Fprint(w, callerIs("123456789012", "arn:aws:iam::123456789012:user/ada"))
		case r.Method == http.MethodGet:
			fmt.Fprint(w, bucketsAre("", "p-a", "other"))
		case r.URL.Path == "/p-a" && owner == "123456789012":
			w.Header().Set("X-Amz-Bucket-Region", "eu-west-1")
		case r.URL.Path == "/no-s3":
		case r.URL.Path == "/theirs":
			w.WriteHeader(http.StatusForbidden)
		case r.URL.Path == "/elsewhere":
			w.Header().Set("X-Amz-Bucket-Region", "us-east-1")
			w.WriteHeader(http.StatusMovedPermanently)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(s.Close)
	for buckets, want := range map[string]outcome{
		"p-a":       passes(`^s3api head-bucket in eu-west-1, account 123456789012: so for all 1: p-a exists in eu-west-1;`),
		"p-*":       passes("p-a exists"),
		"p-a,gone":  fails("not so for 1 of 2: gone does not exist;"),
		"q-*":       fails(`^s3api list-buckets in eu-west-1, account 123456789012: no buckets fit "q-\*";`),
		"theirs":    unknown("^S3 HeadBucket in eu-west-1: Forbidden"),
		"elsewhere": unknown("^S3 HeadBucket in eu-west-1: MovedPermanently"),
		"no-s3":     unknown("nothing is said about no-s3"),
		",":         unknown("buckets: none is given"),
	} {
		expect(t, S3Bucket{}, awsAsks(t, s.URL, "buckets", buckets), want)
	}
}

func TestE2ES3(t *testing.T) {
	t.Parallel()
	cfg := motoConfig(t)
	api := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	for _, name := range []string{"s3-good", "s3-bad"} {
		must(t)(api.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name, CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "eu-west-1"}}))
	}
	good, yes := aws.String("s3-good"), aws.Bool(true)
	must(t)(api.PutPublicAccessBlock(t.Context(), &s3.PutPublicAccessBlockInput{Bucket: good, PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{
		BlockPublicAcls: yes, BlockPublicPolicy: yes, IgnorePublicAcls: yes, RestrictPublicBuckets: yes,
	}}))
	must(t)(api.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: good, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}}))
	must(t)(api.PutBucketEncryption(t.Context(), &s3.PutBucketEncryptionInput{Bucket: good, ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{
		Rules: []types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAwsKms, KMSMasterKeyID: aws.String("k")}}},
	}}))
	for _, tt := range []struct {
		check executor.Check
		kms   string
		bad   string
	}{
		{S3Versioning{}, "", "s3-bad Status not set"},
		{S3Encryption{}, "true", "s3-bad "},
		{S3PublicAccess{}, "", "s3-bad has BlockPublicAcls, .* off, and so has the account"},
	} {
		args := []string{"buckets", "s3-good"}
		if tt.kms != "" {
			args = append(args, "kms", tt.kms)
		}
		expect(t, tt.check, motoAsks(t, args...), passes("account 123456789012: so for all 1: s3-good"))
		args[1] = "s3-*"
		expect(t, tt.check, motoAsks(t, args...), fails("not so for 1 of 2: "+tt.bad))
		args[1] = "s3-gone"
		expect(t, tt.check, motoAsks(t, args...), fails("s3-gone does not exist"))
	}
	expect(t, S3Bucket{}, motoAsks(t, "buckets", "s3-good,s3-b*"), passes("so for all 2"))
	expect(t, S3Bucket{}, motoAsks(t, "buckets", "s3-gone"), fails("s3-gone does not exist"))
	expect(t, S3Bucket{}, motoAsks(t, "buckets", "s4-*"), fails("no buckets fit"))

	// The account's block is enough for all of its buckets.
	account := s3control.NewFromConfig(cfg, func(o *s3control.Options) { o.EndpointResolverV2 = onlyEndpoint(*cfg.BaseEndpoint) })
	id := aws.String("123456789012")
	must(t)(account.PutPublicAccessBlock(t.Context(), &s3control.PutPublicAccessBlockInput{AccountId: id, PublicAccessBlockConfiguration: &control.PublicAccessBlockConfiguration{
		BlockPublicAcls: yes, BlockPublicPolicy: yes, IgnorePublicAcls: yes, RestrictPublicBuckets: yes,
	}}))
	expect(t, S3PublicAccess{}, motoAsks(t, "buckets", "s3-*"), passes("s3-bad has all four settings on, with those of the account"))
}
