package runbook

import "strings"

// The words of placeholders that stand for what was deployed before.
const (
	earlierWords = "earlier previous prior"
	provenWords  = "good known stable successful working"
	releaseWords = "commit hash ref release revision sha tag version"
	otherWords   = "a deployed deployment git id last production released the"
)

// Offers are the bindings that could give a placeholder in a step its value, by
// its words. They are shown; no run applies them.
func Offers(placeholder string) []Suggestion {
	words := labelWords(placeholder)
	has := func(list string) bool { return containsAny(words, strings.Fields(list)) }
	for _, w := range words {
		if !isListed(w, earlierWords+" "+provenWords+" "+releaseWords+" "+otherWords) {
			return nil
		}
	}
	before := has(earlierWords) || has("known") || has("last") && has(provenWords)
	if !before || !has(releaseWords) {
		return nil
	}
	return []Suggestion{{Use: "git", Args: map[string]string{"get": "previous-tag"}, Why: "the tag before what is checked out; a person knows whether it is the one"}}
}
