package runbook

import "testing"

func TestAdverse(t *testing.T) {
	for _, option := range []string{"Fail", "FAILED", "Not OK", "Blocked", "Rejected"} {
		if !Adverse(option) {
			t.Errorf("Adverse(%q) = false; want true", option)
		}
	}
	for _, option := range []string{"Pass", "OK", "No", "N/A", "Rolled back", "No failures", ""} {
		if Adverse(option) {
			t.Errorf("Adverse(%q) = true; want false", option)
		}
	}
}
