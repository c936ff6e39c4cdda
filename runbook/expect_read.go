package runbook

import (
	"slices"
	"strings"
)

// An expectIntro is how a comment introduces what is expected.
type expectIntro struct {
	text string // what follows the introducing words
	// strong: the words announce output ("Expected output:"); weak ones are a
	// sentence's ("Should show …"), after which only what is plainly data counts.
	strength introStrength
	exit     bool // speaks of an exit status
	open     bool // ends with a colon: what follows may stand on the next lines
}

type introStrength uint8

const (
	introAnnounced introStrength = iota + 1 // "Expected output: x", "=> x"
	introReturned                           // "Should return x"
	introDescribed                          // "Should show x", "Should be x"
	introNoted                              // "Expected tables: x": a list, or for a person
)

// readExpect reads the expectation that the remark with index i introduces,
// with the lines below it that belong to it, and marks what it used. Without
// one it returns the zero Expect.
func readExpect(remarks []scriptRemark, i int, used []bool) Expect {
	in, ok := readIntro(remarks[i].text)
	if !ok {
		return Expect{}
	}
	e := Expect{Line: remarks[i].line}
	if in.text != "" {
		classifyExpect(&e, in)
		used[i] = true
		return e
	}
	if !in.open {
		return Expect{}
	}
	entries, listed := followers(remarks, i)
	if len(entries) == 0 || !listed && in.strength == introNoted {
		return Expect{}
	}
	for j := i; j <= i+len(entries); j++ {
		used[j] = true
	}
	e.Text, e.Values = strings.Join(entries, "\n"), entries
	if !listed {
		e.Kind, e.Advisory = ExpectLines, true
		return e
	}
	e.Kind = ExpectList
	for j, v := range entries {
		value, isQuoted := stripQuotes(v)
		entries[j] = value
		e.Advisory = e.Advisory || !isQuoted && isDescription(value)
	}
	return e
}

// followers returns the lines of the block below remark i: the entries of a
// list if it starts with one, else all lines.
func followers(remarks []scriptRemark, i int) (entries []string, listed bool) {
	for j := i + 1; j < len(remarks) && remarks[j].block == remarks[i].block && !remarks[j].after; j++ {
		text := remarks[j].text
		if text == "" {
			break
		}
		entry, bullet := strings.CutPrefix(text, "- ")
		if !bullet {
			entry, bullet = strings.CutPrefix(text, "* ")
		}
		if j == i+1 {
			listed = bullet
		}
		if bullet != listed {
			break
		}
		if _, again := readIntro(text); again && !bullet {
			break
		}
		entries = append(entries, strings.TrimSpace(entry))
	}
	return entries, listed
}

// readIntro recognises the words that introduce an expectation.
func readIntro(s string) (expectIntro, bool) {
	if s == "" {
		return expectIntro{}, false
	}
	if rest, ok := strings.CutPrefix(s, "=>"); ok {
		return expectIntro{text: strings.TrimSpace(rest), strength: introAnnounced}, true
	}
	switch s[0] | 0x20 {
	case 'e':
		return readExpected(s)
	case 'o', 'r':
		if rest, ok := cutPrefixFold(s, "output:"); ok {
			return expectIntro{text: rest, strength: introAnnounced, open: true}, true
		}
		if rest, ok := cutPrefixFold(s, "returns:"); ok {
			return expectIntro{text: rest, strength: introAnnounced, open: true}, true
		}
	case 's', 'm', 't', 'y', 'w', 'i':
		return readShould(s)
	}
	return expectIntro{}, false
}

// cutPrefixFold cuts a prefix, whatever its case, and the space after it.
func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return strings.TrimSpace(s[len(prefix):]), true
}

// readExpected recognises "Expected: x", "Expected output: x", "Expect x".
func readExpected(s string) (expectIntro, bool) {
	rest, ok := cutPrefixFold(s, "expected")
	if !ok {
		if rest, ok = cutPrefixFold(s, "expects"); !ok {
			rest, ok = cutPrefixFold(s, "expect")
		}
		if ok && strings.HasPrefix(rest, ":") {
			return expectIntro{text: strings.TrimSpace(rest[1:]), strength: introAnnounced, open: true}, true
		}
		return expectIntro{text: rest, strength: introDescribed}, ok && len(s) > len("expects") && rest != "" && strings.Contains(s[:8], " ")
	}
	noun, text, ok := strings.Cut(rest, ":")
	if !ok || len(noun) > 40 {
		return expectIntro{}, false
	}
	text = strings.TrimSpace(text)
	words := strings.Fields(strings.ToLower(strings.Trim(noun, " ()")))
	if len(words) > 3 || strings.ContainsAny(noun, "`\"'=/<") {
		return expectIntro{}, false
	}
	for _, w := range words {
		switch w {
		case "duration", "time", "downtime", "runtime", "cost", "costs", "impact", "wait", "eta", "completion":
			return expectIntro{}, false // a forecast, not an output
		}
	}
	in := expectIntro{text: text, strength: introNoted, exit: slices.Contains(words, "exit"), open: true}
	if len(words) == 0 {
		in.strength = introAnnounced
		return in, true
	}
	switch words[len(words)-1] {
	case "output", "outputs", "result", "results", "response", "value", "status", "state", "return", "exit", "code", "version", "count", "line", "values", "lines":
		in.strength = introAnnounced
	}
	return in, true
}

// readShould recognises "Should return x", "This should be x", "Must print x",
// "You should see x".
func readShould(s string) (expectIntro, bool) {
	for _, subject := range [...]string{"this ", "it ", "you ", "we ", "which "} {
		if rest, ok := cutPrefixFold(s, subject); ok {
			s = rest
			break
		}
	}
	rest, ok := cutPrefixFold(s, "should ")
	if !ok {
		if rest, ok = cutPrefixFold(s, "must "); !ok {
			return expectIntro{}, false
		}
	}
	if f, _, _ := strings.Cut(strings.ToLower(rest), " "); f == "fail" {
		return expectIntro{text: rest, strength: introAnnounced}, true
	}
	verb, text, _ := strings.Cut(rest, " ")
	colon := strings.HasSuffix(verb, ":") || strings.HasPrefix(text, ":")
	text = strings.TrimSpace(strings.TrimPrefix(text, ":"))
	in := expectIntro{text: text, strength: introDescribed, open: colon}
	switch strings.ToLower(strings.TrimSuffix(verb, ":")) {
	case "return", "print", "output", "equal", "say":
		in.strength = introReturned
	case "show", "see", "list", "display", "be", "contain", "include":
	default:
		return expectIntro{}, false
	}
	return in, text != "" || colon
}

// stripQuotes strips one pair of quotes around the whole text.
func stripQuotes(s string) (string, bool) {
	if len(s) < 2 {
		return s, false
	}
	q := s[0]
	if (q == '"' || q == '\'' || q == '`') && s[len(s)-1] == q && strings.IndexByte(s[1:len(s)-1], q) < 0 {
		return s[1 : len(s)-1], true
	}
	return s, false
}
