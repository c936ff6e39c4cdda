package runbook

import (
	"testing"
	"time"
)

func TestDueAfter(t *testing.T) {
	const hour = time.Hour
	for text, want := range map[string]time.Duration{
		"# T\n\n## Within 24 Hours\n\n- [ ] x\n": 24 * hour, "# T\n\n## Immediate (Within 1 Hour)\n\n- [ ] x\n": hour,
		"# T\n\n## Within 1 Week\n\n- [ ] x\n": 168 * hour, "# T\n\nWithin one day:\n\n- [ ] x\n": 24 * hour,
		"# T\n\n- [ ] within 2 hours\n": 0,
	} {
		doc := parsed(t, "t.md", []byte(text))
		got, ok := DueAfter(doc, &doc.Slots[0])
		if got != want || ok != (want > 0) {
			t.Errorf("%q is due after %v, %v; want %v", text, got, ok, want)
		}
	}
}
