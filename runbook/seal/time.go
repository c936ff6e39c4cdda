package seal

import "time"

// stamp writes a time as statements hold it.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// parseStamp reads a time in exactly the form that stamp writes.
func parseStamp(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, s)
	return t, err == nil && stamp(t) == s
}
