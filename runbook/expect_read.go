package runbook

import (
	"slices"
	"strconv"
	"strings"
)

// An expectIntro is how a comment introduces what is expected.
type expectIntro struct {
	text string // what follows the introducing words
	// strong: the words announce output ("Expected output:"); weak ones are a
	// sentence's ("Should show …"), after which only what is plainly data counts.
	strength introStrength
	exit     bool // speaks of an exit status
	status   bool // speaks of a status, an exit's or HTTP's
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
	if text := phraseText(s); text != "" {
		return expectIntro{text: text, strength: introAnnounced}, true
	}
	if text, ok := exitText(s); ok {
		return expectIntro{text: text, strength: introAnnounced, exit: true}, true
	}
	switch s[0] | 0x20 {
	case 'e':
		return readExpected(s)
	case 'o', 'r':
		if in, ok := readShould(s); ok {
			return in, true
		}
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

// phraseText returns what the phrases expect that say so without a colon.
func phraseText(s string) string {
	switch strings.ToLower(trimFullStop(s)) {
	case "expected to fail", "expect to fail", "expected failure", "this is expected to fail", "failure expected", "failure is expected":
		return "failure"
	case "no output expected", "no output is expected":
		return "no output"
	}
	return ""
}

// exitText returns the number, or "non-zero", of a comment that says no more than
// how the command ends: "exits with 1", "Should exit 1", "Exit status: 2",
// "Expected to return code 3".
func exitText(s string) (string, bool) {
	if !strings.Contains(s, "xit") && !strings.Contains(s, "eturn") {
		return "", false
	}
	words := strings.FieldsFunc(strings.ToLower(trimFullStop(s)), func(c rune) bool { return c == ' ' || c == ':' || c == '=' })
	verb, certain := false, false // certain: not a command that is commented out, "exit 1"
	for i, w := range words {
		switch w {
		case "this", "it", "the", "command":
			if !verb {
				continue
			}
		case "should", "must", "will", "expected", "expect", "to":
			if !verb {
				certain = true
				continue
			}
		case "exits", "exit", "return":
			certain = w == "exits" || w == "exit" && certain
			verb = true
			continue
		case "code", "status", "with", "a":
			if verb {
				certain = true
				continue
			}
		}
		n, err := strconv.Atoi(w)
		number := err == nil && n >= 0 && n <= 255 || w == "nonzero" || w == "non-zero"
		return w, verb && certain && number && i == len(words)-1
	}
	return "", false
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
	in := expectIntro{text: text, strength: introNoted, open: true, status: slices.Contains(words, "status")}
	in.exit = slices.Contains(words, "exit") || slices.Contains(words, "return") && slices.Contains(words, "code")
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
// "You should see x", "The output should contain x". What should not be is for
// a person to judge.
func readShould(s string) (expectIntro, bool) {
	for _, subject := range [...]string{"this command ", "this ", "it ", "you ", "we ", "which ", "the command ", "the output ", "output ", "the result ", "result "} {
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
	if strings.EqualFold(verb, "not") {
		verb, _, _ = strings.Cut(strings.ToLower(text), " ")
		return expectIntro{text: rest, strength: introDescribed}, slices.Contains([]string{"return", "print", "output", "show", "see", "list", "display", "contain", "include"}, verb)
	}
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
