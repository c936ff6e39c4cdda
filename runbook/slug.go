package runbook

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSlug bounds a slug's bytes: a heading's slug is repeated in the ID of
// everything below it.
const maxSlug = 120

// slug turns a label into its part of an ID: lower case, letters and digits of
// any script kept, all else collapsed to single hyphens, none at the ends.
func slug(label string) string {
	out := make([]byte, 0, min(len(label), maxSlug))
	hyphen := false
	for _, r := range label {
		switch {
		case r == utf8.RuneError:
			hyphen = true
			continue
		case r < 0x80 && (isLetter(byte(r)) || isDigit(byte(r))):
		case r >= 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)):
		default:
			hyphen = true
			continue
		}
		r = unicode.ToLower(r)
		need := utf8.RuneLen(r)
		if hyphen && len(out) > 0 {
			need++
		}
		if len(out)+need > maxSlug {
			break
		}
		if hyphen && len(out) > 0 {
			out = append(out, '-')
		}
		hyphen = false
		out = utf8.AppendRune(out, r)
	}
	return string(out)
}

// words splits a text into its lower-case words.
func words(text string) []string {
	lower := strings.ToLower(text)
	found := make([]string, 0, 8)
	start := -1
	for i, r := range lower {
		inWord := r < 0x80 && (isLetter(byte(r)) || isDigit(byte(r))) || r >= 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r))
		switch {
		case inWord && start < 0:
			start = i
		case !inWord && start >= 0:
			found = append(found, lower[start:i])
			start = -1
		}
	}
	if start >= 0 {
		found = append(found, lower[start:])
	}
	return found
}
