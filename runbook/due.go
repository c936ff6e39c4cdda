package runbook

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

var durationText = regexp.MustCompile(`(?i)\b(\d{1,4}|an?|one|two|three|four|five|six|seven)[ -]?(minute|min|hour|hr|h|day|d|week|month)s?\b`)

var durationWords = map[string]int{"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7}

var durationUnits = map[string]time.Duration{
	"minute": time.Minute, "min": time.Minute, "hour": time.Hour, "hr": time.Hour, "h": time.Hour,
	"day": 24 * time.Hour, "d": 24 * time.Hour, "week": 7 * 24 * time.Hour, "month": 30 * 24 * time.Hour,
}

// DueAfter says how long after the end of its run a deferred item is due, by
// the words that defer it: "Within 24 Hours". ok is false where they name no
// length of time. A month counts 30 days.
func DueAfter(doc *Document, item *Slot) (after time.Duration, ok bool) {
	if item.Kind != ItemSlot || item.Item != Deferred {
		return 0, false
	}
	m := durationText.FindStringSubmatch(item.Lead)
	if m == nil {
		m = durationText.FindStringSubmatch(doc.Sections[item.Section].Due)
	}
	if m == nil {
		return 0, false
	}
	n, word := durationWords[strings.ToLower(m[1])]
	if !word {
		var err error
		if n, err = strconv.Atoi(m[1]); err != nil {
			return 0, false
		}
	}
	return time.Duration(n) * durationUnits[strings.ToLower(m[2])], true
}
