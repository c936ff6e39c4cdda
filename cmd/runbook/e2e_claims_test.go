package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"runbook/executor/executortest/world"
	"runbook/runbook"
)

// A claimed is where an item stands: settled with a verdict, or open with the
// reason.
type claimed struct {
	verdict  runbook.Verdict
	use      string
	evidence string
	by       string
	open     string
}

// github answers for the repository's secrets, of which it has these.
func github(t *testing.T, names ...string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/repos/MultiplicityFoundation/Phase-Mirror/actions/secrets" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		var list struct {
			Total   int                 `json:"total_count"`
			Secrets []map[string]string `json:"secrets"`
		}
		for _, name := range names {
			list.Secrets = append(list.Secrets, map[string]string{"name": name})
		}
		list.Total = len(names)
		if err := json.NewEncoder(w).Encode(list); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

// TestE2EClaims completes the seed in the world with a reviewed sidecar, then
// breaks one thing at a time: what a machine can prove is settled with
// evidence, what has become false fails or is unknown, and nothing else changes.
func TestE2EClaims(t *testing.T) {
	t.Parallel()
	p := production{world.StartWithStaging(t, world.Seed(t)), t}
	secrets := github(t, "AWS_ROLE_ARN_PRODUCTION", "OPS_SNS_TOPIC_ARN_PRODUCTION")
	p.Env = append(p.Env, "GITHUB_API_URL="+secrets.URL, "GITHUB_TOKEN=testing", "AWS_MAX_ATTEMPTS=1")

	// The steps once; what the items say is asked afterwards, world by world.
	p.exec(exitOK, unattended()...)
	plain := filepath.Join(p.Base, "plain")
	p.copyTree(p.Dir, plain)

	p.AWS("resourcegroupstaggingapi", "get-resources") // the first one is slow
	p.wantDraftOfWhatIsDeployed()
	base := p.claims(exitOK)
	p.wantClaims(base)
	p.exec(exitOK, "verify", "checklist.md")
	for _, b := range breakages {
		t.Run(b.name, func(t *testing.T) {
			broken := production{p.World, t}
			broken.restore(plain)
			undo := b.do(broken)
			got := broken.claims(b.code)
			undo()
			broken.wantDifference(base, got, b)
			broken.exec(exitOK, "verify", "checklist.md")
		})
	}
	t.Run("an empty world", func(t *testing.T) {
		empty := production{p.World, t}
		empty.restore(plain)
		empty.wantNothingOfAnEmptyWorld()
	})
}

// wantDraftOfWhatIsDeployed asserts that a draft made beside the state knows
// what the text does not tell, with and without asking terraform, and no secret.
func (p production) wantDraftOfWhatIsDeployed() {
	p.t.Helper()
	seed, err := os.ReadFile(world.Seed(p.t))
	if err != nil {
		p.t.Fatal(err)
	}
	template := filepath.Join(p.Dir, "draft.md")
	if err := os.WriteFile(template, seed, 0o644); err != nil {
		p.t.Fatal(err)
	}
	defer os.Remove(template)
	for _, flag := range []string{"--no-input", "--terraform"} {
		draft := p.exec(exitOK, "bind", "--stdout", flag, "draft.md")
		for _, want := range []string{
			"  #   perhaps: rule", // some is left for a person
			"rule terraform.plan-count: create from the state of infra/terraform, workspace staging;",
			"create: 10\n",
			"name: mirror-dissonance-production\n",
			"roles: [mirror-dissonance-production-github-deploy, mirror-dissonance-production-github-actions]",
		} {
			if !strings.Contains(draft, want) {
				p.t.Errorf("%s: no %q in the draft:\n%s", flag, want, draft)
			}
		}
		if strings.Contains(draft, p.Salt()) {
			p.t.Errorf("%s: the draft holds the salt", flag)
		}
	}
}

// claims settles the items of a checklist whose steps have run, and tells where
// each stands.
func (p production) claims(code int) map[string]claimed {
	p.t.Helper()
	p.sidecar("")
	p.exec(code, unattended()...)
	return p.stands()
}

// sidecar lays the completed sidecar beside the checklist, with more of it.
func (p production) sidecar(more string) {
	p.t.Helper()
	sidecar, err := os.ReadFile(filepath.Join(world.Repository(p.t), "testdata", "world", "seed.runbook.yaml"))
	if err != nil {
		p.t.Fatal(err)
	}
	// How fast the machine of the test is must decide nothing.
	sidecar = bytes.ReplaceAll(sidecar, []byte("under: 100ms"), []byte("under: 1m"))
	if err := os.WriteFile(filepath.Join(p.Dir, "checklist.runbook.yaml"), append(sidecar, more...), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// stands tells where each item stands, by the journal.
func (p production) stands() map[string]claimed {
	p.t.Helper()
	stands := map[string]claimed{}
	for line := range strings.Lines(p.journal()) {
		var entry struct {
			Type string
			Data struct {
				Item, Slot, Use, By, Evidence, Reason string
				Verdict                               runbook.Verdict
			}
		}
		p.decode(line, &entry)
		switch d := entry.Data; entry.Type {
		case "item.settled":
			stands[d.Item] = claimed{verdict: d.Verdict, use: d.Use, evidence: d.Evidence, by: d.By}
		case "slot.open":
			stands[d.Slot] = claimed{open: d.Reason}
		}
	}
	return stands
}

// wantClaims asserts that at least 50 items are settled by checks with
// evidence, that none is settled otherwise, and that the criteria are as empty
// as the template's.
func (p production) wantClaims(stands map[string]claimed) {
	p.t.Helper()
	proven := 0
	for id, s := range stands {
		switch {
		case s.verdict == "":
		case s.verdict != runbook.Pass || s.evidence == "" || s.by != "":
			p.t.Errorf("%s: %+v; want a pass with evidence, by a check", id, s)
		default:
			proven++
		}
	}
	if proven < 50 {
		p.t.Errorf("%d items are proven, want at least 50", proven)
		for id, s := range stands {
			if s.open != "" {
				p.t.Logf("open: %s: %s", id, s.open)
			}
		}
	}
	bare := outputSection.ReplaceAllString(recordSection.ReplaceAllString(p.record(), ""), "")
	if n := strings.Count(bare, "- [x]"); n != proven {
		p.t.Errorf("%d boxes are ticked, and %d items proven", n, proven)
	}
	_, criteria, _ := strings.Cut(bare, "Rollback if:\n")
	criteria, _, _ = strings.Cut(criteria, "###")
	if strings.Count(criteria, "- [ ]") != 5 {
		p.t.Errorf("the criteria are touched:\n%s", criteria)
	}
}

// A breakage makes something about the world false.
type breakage struct {
	name string
	code int
	do   func(p production) (undo func())
	// The items, by the ends of their IDs, that are then false, or that nothing
	// is known of. "aws" stands for all that AWS proves.
	fails, unknown []string
}

var breakages = []breakage{
	{
		name: "point in time recovery off on one table", code: exitFailed,
		do: func(p production) func() {
			set := func(on string) {
				p.AWS("dynamodb", "update-continuous-backups", "--table-name", "mirror-dissonance-production-consent",
					"--point-in-time-recovery-specification", "PointInTimeRecoveryEnabled="+on)
			}
			set("false")
			return func() { set("true") }
		},
		fails: []string{"/pitr-enabled-on-all-tables-status-enabled"},
	},
	{
		// Five are still "5-7 alarms".
		name: "an alarm missing", code: exitOK,
		do: func(p production) func() {
			p.AWS("cloudwatch", "delete-alarms", "--alarm-names", "mirror-dissonance-production-consent-errors")
			return func() { p.alarm("consent-errors") }
		},
	},
	{
		name: "two alarms missing", code: exitFailed,
		do: func(p production) func() {
			p.AWS("cloudwatch", "delete-alarms", "--alarm-names", "mirror-dissonance-production-consent-errors", "mirror-dissonance-production-consent-throttles")
			return func() { p.alarm("consent-errors"); p.alarm("consent-throttles") }
		},
		fails: []string{"/cloudwatch-alarms-configured-5-7-alarms"},
	},
	{
		name: "nine alarms", code: exitFailed,
		do: func(p production) func() {
			for _, name := range []string{"extra-1", "extra-2", "extra-3"} {
				p.alarm(name)
			}
			return func() {
				p.AWS("cloudwatch", "delete-alarms", "--alarm-names", "mirror-dissonance-production-extra-1",
					"mirror-dissonance-production-extra-2", "mirror-dissonance-production-extra-3")
			}
		},
		fails: []string{"/cloudwatch-alarms-configured-5-7-alarms"},
	},
	{
		name: "an alarm that fires", code: exitFailed,
		do: func(p production) func() {
			set := func(state string) {
				p.AWS("cloudwatch", "set-alarm-state", "--alarm-name", "mirror-dissonance-production-consent-errors", "--state-value", state, "--state-reason", "test")
			}
			set("ALARM")
			return func() { set("OK") }
		},
		fails: []string{"/all-alarms-in-ok-state"},
	},
	{
		name: "a parameter of type String", code: exitFailed,
		do: func(p production) func() {
			nonce := p.Nonce()
			set := func(kind string) {
				p.AWS("ssm", "delete-parameter", "--name", nonceParameter)
				p.AWS("ssm", "put-parameter", "--name", nonceParameter, "--type", kind, "--value", nonce)
			}
			set("String")
			return func() { set("SecureString") }
		},
		fails: []string{"/parameter-name-verified-guardian-production-redaction-nonce-v1"},
	},
	{
		name: "a public bucket", code: exitFailed,
		do: func(p production) func() {
			const bucket = "mirror-dissonance-production-baselines"
			p.AWS("s3api", "delete-public-access-block", "--bucket", bucket)
			return func() {
				p.AWS("s3api", "put-public-access-block", "--bucket", bucket, "--public-access-block-configuration",
					"BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true")
			}
		},
		fails: []string{"/s3-buckets-block-all-public-access"},
	},
	{
		name: "a key without rotation", code: exitFailed,
		do: func(p production) func() {
			key := p.AWS("kms", "list-aliases", "--query", "Aliases[?AliasName=='alias/mirror-dissonance-production'].TargetKeyId")
			p.AWS("kms", "disable-key-rotation", "--key-id", key)
			return func() { p.AWS("kms", "enable-key-rotation", "--key-id", key) }
		},
		fails: []string{"/kms-keys-have-rotation-enabled"},
	},
	{
		name: "drift in staging", code: exitFailed,
		do: func(p production) func() {
			p.edit("infra/terraform/staging.tfvars", "enable_deletion_protection    = true", "enable_deletion_protection    = false")
			return func() {}
		},
		fails: []string{"/terraform-backend-state-synced-no-drift"},
	},
	{
		name: "another plan in the place of the one that was applied", code: exitOK,
		do: func(p production) func() {
			p.Terraform("plan", "-destroy", "-var-file=production.tfvars", "-out=production.tfplan")
			return func() {}
		},
		// It is not the plan that the claims are about.
		unknown: []string{"/no-unexpected-deletions", "/expected-resource-count-matches-staging"},
	},
	{
		name: "a renamed output", code: exitFailed,
		do: func(p production) func() {
			p.edit("infra/terraform/outputs.tf", `output "github_actions_role_arn"`, `output "github_runtime_role_arn"`)
			p.Terraform("apply", "-auto-approve", "-var-file=production.tfvars")
			return func() {}
		},
		// Staging has not been applied since: its outputs are not those of the
		// configuration any more.
		fails: []string{"/all-outputs-captured", "/terraform-backend-state-synced-no-drift"},
	},
	{
		name: "the wrong workspace", code: exitFailed,
		do: func(p production) func() {
			p.Terraform("workspace", "select", "default")
			return func() {}
		},
		fails: []string{"/workspace-selection-verified"},
	},
	{
		name: "a topic without subscriptions", code: exitFailed,
		do: func(p production) func() {
			const topic = "arn:aws:sns:us-east-1:" + world.Account + ":mirror-dissonance-production-ops-alerts"
			for _, arn := range strings.Fields(p.AWS("sns", "list-subscriptions-by-topic", "--topic-arn", topic, "--query", "Subscriptions[].SubscriptionArn")) {
				p.AWS("sns", "unsubscribe", "--subscription-arn", arn)
			}
			return func() {
				p.AWS("sns", "subscribe", "--topic-arn", topic, "--protocol", "email", "--notification-endpoint", "ops-team@example.com")
			}
		},
		fails: []string{"/sns-subscription-created", "/email-confirmation-received"},
	},
	{
		name: "AWS denies", code: exitFailed,
		do: func(p production) func() {
			denies := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusForbidden)
				fmt.Fprint(w, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>`)
			}))
			return p.endpoint(denies.URL, denies.Close)
		},
		fails:   []string{"/staging-e2e-test-passing-scripts-test-e2e-manual-sh-staging", "/application-readiness/integration-tests-passing-all"},
		unknown: []string{"aws"},
	},
	{
		name: "AWS is down", code: exitFailed,
		do: func(p production) func() {
			closed := httptest.NewServer(http.NotFoundHandler())
			closed.Close()
			return p.endpoint(closed.URL, func() {})
		},
		fails:   []string{"/staging-e2e-test-passing-scripts-test-e2e-manual-sh-staging", "/application-readiness/integration-tests-passing-all"},
		unknown: []string{"aws"},
	},
}

// wantNothingOfAnEmptyWorld asserts that where there are no resources and no
// state, no item is settled by AWS or terraform: but for who asks, and where,
// which is so without any resource.
func (p production) wantNothingOfAnEmptyWorld() {
	p.t.Helper()
	p.emptyAWS()
	for _, gone := range []string{"terraform.tfstate.d", ".terraform/environment", "production.tfplan"} {
		if err := os.RemoveAll(filepath.Join(p.Dir, "infra/terraform", gone)); err != nil {
			p.t.Fatal(err)
		}
	}
	for id, s := range p.claims(exitFailed) {
		if s.use == "aws.sts" {
			continue
		}
		if s.verdict == runbook.Pass && (strings.HasPrefix(s.use, "aws.") || strings.HasPrefix(s.use, "terraform.") || s.use == "all") {
			p.t.Errorf("%s: %+v, in an empty world", id, s)
		}
	}
}

// emptyAWS takes every resource away.
func (p production) emptyAWS() {
	p.t.Helper()
	i := slices.IndexFunc(p.Env, func(pair string) bool { return strings.HasPrefix(pair, "AWS_ENDPOINT_URL=") })
	answer, err := http.Post(strings.TrimPrefix(p.Env[i], "AWS_ENDPOINT_URL=")+"/moto-api/reset", "", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusOK {
		p.t.Fatalf("reset: %s, %v", answer.Status, err)
	}
}

const nonceParameter = "/guardian/production/redaction_nonce_v1"

// alarm makes an alarm of production.
func (p production) alarm(name string) {
	p.t.Helper()
	p.AWS("cloudwatch", "put-metric-alarm", "--alarm-name", "mirror-dissonance-production-"+name, "--namespace", "AWS/DynamoDB",
		"--metric-name", "SystemErrors", "--statistic", "Sum", "--period", "300", "--evaluation-periods", "1",
		"--comparison-operator", "GreaterThanThreshold", "--threshold", "10", "--treat-missing-data", "notBreaching")
}

// edit changes a file of the repository.
func (p production) edit(name, from, to string) {
	p.t.Helper()
	path := filepath.Join(p.Dir, name)
	src, err := os.ReadFile(path)
	if err != nil {
		p.t.Fatal(err)
	}
	if !strings.Contains(string(src), from) {
		p.t.Fatalf("%s does not hold %q", name, from)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(src), from, to, 1)), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// endpoint puts another server in the place of AWS.
func (p production) endpoint(url string, done func()) (undo func()) {
	i := slices.IndexFunc(p.Env, func(pair string) bool { return strings.HasPrefix(pair, "AWS_ENDPOINT_URL=") })
	was := p.Env[i]
	p.Env[i] = "AWS_ENDPOINT_URL=" + url
	return func() { p.Env[i] = was; done() }
}

func (p production) copyTree(from, to string) {
	p.t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		p.t.Fatal(err)
	}
}

// restore brings the repository back to what it was after the steps.
func (p production) restore(plain string) {
	p.t.Helper()
	if err := os.RemoveAll(p.Dir); err != nil {
		p.t.Fatal(err)
	}
	p.copyTree(plain, p.Dir)
}

// wantDifference asserts that exactly what a breakage says stands otherwise.
func (p production) wantDifference(base, got map[string]claimed, b breakage) {
	p.t.Helper()
	for _, id := range slices.Sorted(maps.Keys(base)) {
		was, is := base[id], got[id]
		want := was.verdict
		switch {
		case was.verdict != runbook.Pass:
		case names(b.fails, id):
			want = runbook.Fail
		case names(b.unknown, id) || slices.Contains(b.unknown, "aws") && (strings.HasPrefix(was.use, "aws.") || was.use == "all" && strings.Contains(was.evidence, "dynamodb")):
			want = ""
		}
		if is.verdict != want {
			p.t.Errorf("%s: %q (%s%s), want %q", id, is.verdict, is.evidence, is.open, want)
		}
	}
	for _, end := range slices.Concat(b.fails, b.unknown) {
		if end != "aws" && !slices.ContainsFunc(slices.Collect(maps.Keys(base)), func(id string) bool { return strings.HasSuffix(id, end) }) {
			p.t.Errorf("no item is called %s", end)
		}
	}
}

func names(ends []string, id string) bool {
	return slices.ContainsFunc(ends, func(end string) bool { return strings.HasSuffix(id, end) })
}
