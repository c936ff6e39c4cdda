package source_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"runbook/executor"
	"runbook/executor/executortest"
	"runbook/executor/source"
	"runbook/runbook"
)

var (
	began = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	ended = began.Add(90 * time.Minute)
)

// query is about a small document whose only step has passed.
func query(t testing.TB, args map[string]string) executor.Query {
	t.Helper()
	doc, err := runbook.Parse("t.md", []byte("A: ____\n\n- [ ] a\n- [x] b\n\n**Status:** [ ] Success [ ] Failed\n\n```bash\none\n```\n"))
	if err != nil {
		t.Fatal(err)
	}
	s := runbook.NewState()
	s.Began = began
	s.Steps["step"] = &runbook.StepState{Status: runbook.StepPassed, Began: began.Add(time.Minute), Ended: ended}
	s.Steps["failed"] = &runbook.StepState{Status: runbook.StepFailed, Began: began, Ended: ended}
	s.Steps["skipped"] = &runbook.StepState{Status: runbook.StepSkippedOver, Began: began, Ended: ended}
	return executor.Query{
		Task: &runbook.Task{Slot: doc.Slot("a")}, Args: args, Document: doc, State: s, Operator: "Ada",
		Root: t.TempDir(), Env: os.Environ(), Now: ended.Add(time.Hour),
	}
}

type person struct {
	text string
	err  error
}

func (p person) Field(*runbook.Slot, string, []runbook.Suggestion) (string, error) {
	return p.text, p.err
}

func TestAsk(t *testing.T) {
	executortest.Source(t, source.Ask{Prompter: person{text: "v1"}}, executortest.Adapter{Query: query(t, nil), Free: []string{"hint", "role"}})
	for _, ask := range []source.Ask{{}, {Prompter: person{}}, {Prompter: person{err: executor.ErrStop}}} {
		if _, err := ask.Value(t.Context(), query(t, nil)); err == nil {
			t.Errorf("%+v gave a value", ask)
		}
	}
	if _, err := (source.Ask{}).Value(t.Context(), query(t, nil)); !errors.Is(err, executor.ErrUnanswered) {
		t.Errorf("nobody to ask: %v", err)
	}
}

func TestClock(t *testing.T) {
	executortest.Source(t, source.Clock{}, executortest.Adapter{Query: query(t, nil)})
	for args, want := range map[[3]string]string{
		{"", "", ""}:                "2026-03-01 09:00:00 UTC",
		{"run", "start", "date"}:    "2026-03-01",
		{"run", "end", "time"}:      "2026-03-01 11:30:00 UTC",
		{"step", "start", "15:04"}:  "09:01",
		{"step", "end", ""}:         "2026-03-01 10:30:00 UTC",
		{"failed", "start", "date"}: "2026-03-01",
		{"failed", "end", ""}:       "has not passed",
		{"skipped", "start", ""}:    "has not run",
		{"other", "start", ""}:      "has not run",
		{"run", "middle", ""}:       "at is start or end",
		{"run", "start", "dat"}:     `format "dat"`,
	} {
		v, err := source.Clock{}.Value(t.Context(), query(t, map[string]string{"of": args[0], "at": args[1], "format": args[2]}))
		if got := v.Text + fmt.Sprint(err); !strings.Contains(got, want) {
			t.Errorf("%q: %q, %v; want %q", args, v.Text, err, want)
		}
	}
}

// What the journal has is UTC; a label can ask for another zone. In March the
// run began an hour later by Berlin's clock, and on the day before by Honolulu's.
func TestClockInAZone(t *testing.T) {
	for _, tt := range []struct{ zone, format, tz, want string }{
		{"UTC", "", "Europe/Berlin", "2026-03-01 09:00:00 UTC"},
		{"", "", "Europe/Berlin", "2026-03-01 09:00:00 UTC"},
		{"Europe/Berlin", "", "", "2026-03-01 10:00:00 +01:00"},
		{"Asia/Kolkata", "time", "", "2026-03-01 14:30:00 +05:30"},
		{"Pacific/Honolulu", "date", "", "2026-02-28"},
		{"Pacific/Honolulu", "15:04 -07:00", "", "23:00 -10:00"},
		{"CET", "15:04 MST", "", "10:00 CET"},
		{"local", "", "America/New_York", "2026-03-01 04:00:00 -05:00"},
		{"local", "", ":Europe/Berlin", "2026-03-01 10:00:00 +01:00"},
		{"local", "", "UTC", "2026-03-01 09:00:00 UTC"},
		{"local", "", "", "2026-03-01 09:00:00 UTC"},
		{"local", "", "CET-1CEST,M3.5.0", `zone "TZ=CET-1CEST,M3.5.0" is not known`},
		{"Local", "", "", `zone "Local" is not known; it is UTC, local or an IANA name`},
		{"Europe/Berln", "", "", `zone "Europe/Berln" is not known`},
		{"IST", "", "", `zone "IST" is not known`},
		{"../../etc/passwd", "", "", "is not known"},
	} {
		q := query(t, map[string]string{"zone": tt.zone, "format": tt.format})
		q.Env = append(q.Env, "TZ="+tt.tz)
		v, err := source.Clock{}.Value(t.Context(), q)
		if got := v.Text + fmt.Sprint(err); !strings.Contains(got, tt.want) {
			t.Errorf("%+v: %q, %v", tt, v.Text, err)
		}
		if refused := (source.Clock{}).Validate(q.Args) != nil; refused != (err != nil && tt.zone != "local") {
			t.Errorf("%+v: refused by the plan: %v; error %v", tt, refused, err)
		}
	}
	if err := (source.Clock{}).Validate(map[string]string{"at": "noon", "format": "hh", "zone": "IST"}); err == nil || strings.Count(err.Error(), "; ") < 2 {
		t.Errorf("not all three at once: %v", err)
	}
}

func TestCount(t *testing.T) {
	executortest.Source(t, source.Count{}, executortest.Adapter{Query: query(t, map[string]string{"of": "done"})})
	for of, want := range map[string]string{"done": "1", "total": "2", "blocked": "0", "open": "1"} {
		if v, err := (source.Count{}).Value(t.Context(), query(t, map[string]string{"of": of})); v.Text != want || err != nil {
			t.Errorf("%s: %q, %v; want %s", of, v.Text, err, want)
		}
	}
}

func TestOperator(t *testing.T) {
	executortest.Source(t, source.Operator{}, executortest.Adapter{Query: query(t, nil)})
	q := query(t, nil)
	q.Operator = ""
	if v, err := (source.Operator{}).Value(t.Context(), q); err == nil {
		t.Errorf("an unknown operator is %q", v.Text)
	}
}

func TestRun(t *testing.T) {
	ask := func(r runbook.Result) executor.Query {
		q := query(t, nil)
		q.Task, q.Result = &runbook.Task{Slot: q.Document.Slot("status")}, r
		return q
	}
	executortest.Source(t, source.Run{}, executortest.Adapter{Query: ask(runbook.Passed)})
	for r, want := range map[runbook.Result]string{runbook.Passed: "Success", runbook.Failed: "Failed", runbook.Held: "", runbook.Partial: "", runbook.Interrupted: "", "": ""} {
		if v, err := (source.Run{}).Value(t.Context(), ask(r)); v.Text != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v; want %q", r, v.Text, err, want)
		}
	}
}

func TestGit(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("skipped: no git")
	}
	q := query(t, map[string]string{"get": "branch"})
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "x"}} {
		cmd := exec.Command("git", args...)
		cmd.Dir = q.Root
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	executortest.Source(t, source.Git{}, executortest.Adapter{Query: q, Contacts: true})
	if v, err := (source.Git{}).Value(t.Context(), q); v.Text != "main" || err != nil {
		t.Errorf("%q, %v", v.Text, err)
	}
	q.Args = map[string]string{"get": "tag"}
	if v, err := (source.Git{}).Value(t.Context(), q); err == nil || !strings.HasPrefix(err.Error(), "git describe: ") {
		t.Errorf("no tag: %q, %v", v.Text, err)
	}
}

// fakeTerraform puts a terraform into PATH that answers as the real one does.
func fakeTerraform(t *testing.T, outputs string) {
	t.Helper()
	dir := t.TempDir()
	script := "#!/bin/sh\ncase \"$1\" in\nversion) echo '{\"terraform_version\": \"1.11.4\"}' ;;\nworkspace) echo production ;;\noutput) cat <<'END'\n" + outputs + "\nEND\n;;\n*) echo \"unknown: $1\" >&2; exit 1 ;;\nesac\n"
	if err := os.WriteFile(filepath.Join(dir, "terraform"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

func TestTerraform(t *testing.T) {
	fakeTerraform(t, `{"url": {"sensitive": false, "type": "string", "value": "https://x"}, "pw": {"sensitive": true, "type": "string", "value": "correct-horse"},
		"list": {"sensitive": true, "type": ["list", "string"], "value": ["first-leaf", {"a": "second-leaf"}]}, "none": {"sensitive": false, "type": "string", "value": ""}}`)
	executortest.Source(t, &source.Terraform{}, executortest.Adapter{Query: query(t, map[string]string{"output": "url"}), Contacts: true})
	for args, want := range map[[3]string]string{
		{"url", "", ""}:       "https://x",
		{"", "version", ""}:   "1.11.4",
		{"", "workspace", ""}: "production",
		{"none", "", ""}:      "terraform output none is empty",
		{"urls", "", ""}:      `terraform has no output "urls" in ., workspace production; it has list, none, pw, url`,
		{"", "", ""}:          "none is named",
		{"url", "", "gone"}:   "no such file",
	} {
		v, err := (&source.Terraform{}).Value(t.Context(), query(t, map[string]string{"output": args[0], "get": args[1], "dir": args[2]}))
		if got := v.Text + fmt.Sprint(err); !strings.Contains(got, want) {
			t.Errorf("%q: %q, %v; want %q", args, v.Text, err, want)
		}
	}
	if v, err := (&source.Terraform{}).Value(t.Context(), query(t, map[string]string{"output": "pw"})); err != nil || !v.Sensitive {
		t.Errorf("a sensitive output: %+v, %v", v, err)
	}
	secrets, err := (&source.Terraform{}).Secrets(t.Context(), t.TempDir(), os.Environ())
	var values []string
	for _, s := range secrets {
		values = append(values, s.Name+"="+s.Value)
	}
	if got := strings.Join(values, " "); err != nil || got != "list=first-leaf list=second-leaf pw=correct-horse" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestTerraformWithoutOutputs(t *testing.T) {
	fakeTerraform(t, "{}")
	_, err := (&source.Terraform{}).Value(t.Context(), query(t, map[string]string{"output": "url"}))
	if err == nil || !strings.Contains(err.Error(), "has it been applied?") {
		t.Errorf("%v", err)
	}
	fakeTerraform(t, "Warning: No outputs found")
	if v, err := (&source.Terraform{}).Value(t.Context(), query(t, map[string]string{"output": "url"})); err == nil {
		t.Errorf("a warning became the value %q", v.Text)
	}
	if _, err := (&source.Terraform{}).Secrets(t.Context(), t.TempDir(), os.Environ()); err == nil {
		t.Error("a warning says that nothing is secret")
	}
}

// sts is an STS that answers in its XML.
func sts(t *testing.T, account string, status int) executor.Query {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(status)
		if status != http.StatusOK {
			fmt.Fprint(w, `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>`)
			return
		}
		fmt.Fprintf(w, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:sts::%s:user/ada</Arn><UserId>U</UserId><Account>%[1]s</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`, account)
	}))
	t.Cleanup(server.Close)
	for _, name := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		t.Setenv(name, filepath.Join(t.TempDir(), "none"))
	}
	t.Setenv("AWS_PROFILE", "")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	q := query(t, map[string]string{"get": "account"})
	q.Env = []string{"AWS_ENDPOINT_URL=" + server.URL, "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=example", "AWS_REGION=eu-west-1"}
	return q
}

func TestAWS(t *testing.T) {
	q := sts(t, "123456789012", http.StatusOK)
	executortest.Source(t, source.AWS{}, executortest.Adapter{Query: q, Contacts: true})
	for get, want := range map[string]string{"account": "123456789012", "arn": "arn:aws:sts::123456789012:user/ada", "region": "eu-west-1"} {
		q.Args = map[string]string{"get": get}
		if v, err := (source.AWS{}).Value(t.Context(), q); v.Text != want || err != nil {
			t.Errorf("%s: %q, %v; want %q", get, v.Text, err, want)
		}
	}
}

func TestAWSGivesNoAccountThatIsNone(t *testing.T) {
	for what, q := range map[string]executor.Query{"a short one": sts(t, "1234", http.StatusOK), "none": sts(t, "", http.StatusOK), "refused": sts(t, "", http.StatusForbidden)} {
		if v, err := (source.AWS{}).Value(t.Context(), q); err == nil {
			t.Errorf("%s: %q", what, v.Text)
		}
	}
}

// A workspace that does not exist has no outputs, and terraform, which would
// make it, is not asked for them.
func TestTerraformOfAWorkspaceThatIsNotThere(t *testing.T) {
	fakeTerraform(t, "asked all the same")
	env := append(os.Environ(), "TF_WORKSPACE=ghost")
	if secrets, err := (&source.Terraform{}).Secrets(t.Context(), t.TempDir(), env); err != nil || len(secrets) > 0 {
		t.Errorf("%v, %v", secrets, err)
	}
	q := query(t, map[string]string{"output": "url"})
	q.Env = env
	if _, err := (&source.Terraform{}).Value(t.Context(), q); err == nil || !strings.Contains(err.Error(), "has no outputs") {
		t.Error(err)
	}
	if _, err := (&source.Terraform{}).Secrets(t.Context(), t.TempDir(), append(os.Environ(), "TF_WORKSPACE=production")); err == nil {
		t.Error("that of one that is there is not read")
	}
}
