package runbook

import (
	"strings"
	"testing"
)

// A label that asks for one thing gets only such.
func TestWhatLabelsAskFor(t *testing.T) {
	tests := map[string]struct {
		kind      ValueKind
		good, bad []string
	}{
		"Ops Alerts Topic ARN: ____":  {ARNValue, []string{"arn:aws:sns:us-east-1:123456789012:ops", "arn:aws:iam::123456789012:role/a", "arn:aws:s3:::bucket", "arn:aws:iam::aws:policy/X"}, []string{"ops", "arn:aws", "arn:aws:sns:us-east-1:12:ops", "https://x"}},
		"Dashboard URL: ____":         {URLValue, []string{"https://example.org/x?y#z"}, []string{"example.org", "ftp://example.org", "https://", "https://a b"}},
		"Email: ____":                 {EmailValue, []string{"ops@example.org"}, []string{"ops"}},
		"E-mail: ____":                {EmailValue, []string{"ops@example.org"}, []string{"@"}},
		"- Lead: ____ (Phone: ____)":  {PhoneValue, []string{"+49 30 123456", "(555) 010-9999 ext. 12", "112"}, []string{"Ada", "12"}},
		"Next Review Date: ____":      {DateValue, []string{"2026-04-05", "5 Apr 2026", "04/05/2026"}, []string{"soon", "2026-13-01"}},
		"Date (YYYY-MM-DD): ____":     {DateValue, []string{"2026-04-05"}, []string{"x"}},
		"AWS Account: ____":           {AccountValue, []string{"123456789012"}, []string{"prod", "12345678901"}},
		"**Completed:** ___ / ___":    {NumberValue, []string{"3"}, []string{"three"}},
		"AWS Account Owner: ____":     {AnyText, []string{"Ada"}, nil},
		"Last update: ____":           {AnyText, []string{"today"}, nil},
		"Emailed to: ____":            {AnyText, []string{"the team"}, nil},
		"Value for <team-lead>: ____": {AnyText, []string{"x"}, nil},
	}
	for text, tt := range tests {
		tasks := smallPlan(t, text+"\n", "", PlanInput{}).Tasks
		task := &tasks[len(tasks)-1]
		if task.ValueKind != tt.kind {
			t.Errorf("%s asks for %s, want %s", text, task.ValueKind, tt.kind)
		}
		for _, v := range tt.good {
			if err := task.CheckSlot(v); err != nil {
				t.Errorf("%s: %v", text, err)
			}
		}
		for _, v := range tt.bad {
			if err := task.CheckSlot(v); err == nil {
				t.Errorf("%s takes %q", text, v)
			}
		}
	}
}

// The sidecar decides, and what the operator gives is held to the same.
func TestKindsOfTheSidecar(t *testing.T) {
	catalog := Catalog{Sources: []Info{{Name: "ask", Args: map[string]string{"hint": "x"}}}}
	for name, tt := range map[string]struct{ kind, value, fault string }{
		"the label's":         {"", "soon", `--set: "Dashboard URL" asks for a URL with http:// or https://, and "soon" is none`},
		"anything":            {"text", "soon", ""},
		"another":             {"number", "12", ""},
		"another that is not": {"number", "soon", "asks for a number"},
		"one there is not":    {"uri", "soon", `s.yaml:2: dashboard-url: there is no kind "uri"; there are account, arn, `},
	} {
		t.Run(name, func(t *testing.T) {
			sidecar := ""
			if tt.kind != "" {
				sidecar = "fields:\n  dashboard-url: {use: ask, kind: " + tt.kind + "}\n"
			}
			given := []GivenFor{{Key: "Dashboard URL", Where: "--set", Given: Given{Value: tt.value, Source: "set"}}}
			errs := smallPlan(t, "Dashboard URL: ____\n", sidecar, PlanInput{Catalog: catalog, Givens: given}).Errors()
			if tt.fault == "" && len(errs) > 0 || tt.fault != "" && (len(errs) == 0 || !strings.Contains(errs[0].Message, tt.fault)) {
				t.Errorf("%v, want %q", errs, tt.fault)
			}
		})
	}
}
