package runbook

import (
	"slices"
	"strings"
)

// A phrase is words that a text must have in this order, with others between
// them or not: "pitr|point-in-time enabled". A bar separates alternatives, a
// hyphen joins words that follow each other at once, a star at a word's end
// stands for any ending. A word also means itself with an s at its end.
type phrase [][]alternative

// An alternative is the words of one alternative, one after the other.
type alternative []string

func readPhrase(text string) phrase {
	var p phrase
	for token := range strings.FieldsSeq(strings.ToLower(text)) {
		var either []alternative
		for a := range strings.SplitSeq(token, "|") {
			words := strings.FieldsFunc(a, func(r rune) bool { return r == '-' })
			if len(words) > 0 {
				either = append(either, words)
			}
		}
		if len(either) > 0 {
			p = append(p, either)
		}
	}
	return p
}

// find returns the indexes of the words that the phrase takes up in ws, as
// early in the text as they stand; nil if it is not in them.
func (p phrase) find(ws []string) []int {
	var taken []int
	at := 0
	for _, either := range p {
		from, n := -1, 0
		for _, words := range either {
			if i := words.find(ws[at:]); i >= 0 && (from < 0 || i < from) {
				from, n = i, len(words)
			}
		}
		if from < 0 {
			return nil
		}
		for i := range n {
			taken = append(taken, at+from+i)
		}
		at += from + n
	}
	return taken
}

// find returns where the alternative starts in ws, or -1.
func (a alternative) find(ws []string) int {
	for i := 0; i+len(a) <= len(ws); i++ {
		if slices.EqualFunc(a, ws[i:i+len(a)], isWordOf) {
			return i
		}
	}
	return -1
}

// isWordOf reports whether a text's word is the one that a phrase has.
func isWordOf(pattern, word string) bool {
	if stem, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(word, stem)
	}
	rest, ok := strings.CutPrefix(word, pattern)
	return ok && (rest == "" || rest == "s")
}

// negations turn what a text says around, unless a rule's own phrase has them.
var negations = []string{"no", "not", "never", "without", "disable", "disabled", "nor", "t"}

// findAny returns the words that the first of the phrases found takes up.
func findAny(phrases []phrase, ws []string) []int {
	for _, p := range phrases {
		if taken := p.find(ws); taken != nil {
			return taken
		}
	}
	return nil
}

// affirms reports whether the words say one of the phrases and do not deny it.
func affirms(phrases []phrase, ws []string) ([]int, bool) {
	for _, p := range phrases {
		taken := p.find(ws)
		if taken == nil {
			continue
		}
		denied := false
		for i, w := range ws {
			if slices.Contains(negations, w) && !slices.Contains(taken, i) {
				denied = true
			}
		}
		if !denied {
			return taken, true
		}
	}
	return nil, false
}
