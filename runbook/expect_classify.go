package runbook

import (
	"slices"
	"strconv"
	"strings"
)

// classifyExpect sets the expectation's text, kind and values from what its intro
// leaves. The kinds are tried in their order; what fits none of them for
// certain is prose.
func classifyExpect(e *Expect, in expectIntro) {
	e.Text = in.text
	text, quoted := stripQuotes(in.text)
	if !quoted {
		text = strings.TrimSpace(trimFullStop(text))
	}
	if !quoted || text == "" {
		for _, try := range [...]func(*Expect, string, expectIntro) bool{asFailure, asEmpty, asStatus, asComparison, asCount} {
			if try(e, text, in) {
				return
			}
		}
	}
	if values := eitherValues(in.text); values != nil {
		e.Kind, e.Values = ExpectEither, values
		return
	}
	asLiteral(e, text, quoted, in)
}

// trimFullStop removes a sentence's full stop, but not an ellipsis.
func trimFullStop(s string) string {
	if strings.HasSuffix(s, ".") && !strings.HasSuffix(s, "..") {
		return s[:len(s)-1]
	}
	return s
}

func asFailure(e *Expect, text string, _ expectIntro) bool {
	l := strings.ToLower(text)
	for _, not := range [...]string{"no ", "not ", "without ", "0 ", "zero "} {
		if strings.HasPrefix(l, not) || strings.Contains(l, " "+not) {
			return false
		}
	}
	switch l {
	case "fail", "fails", "failure", "to fail", "should fail", "must fail", "an error", "error", "errors", "command fails", "non-zero", "nonzero", "non-zero exit", "non-zero exit code", "non-zero exit status":
		e.Kind = ExpectFailure
		return true
	}
	if strings.HasPrefix(l, "should fail ") || strings.HasPrefix(l, "must fail ") || strings.HasPrefix(l, "fail ") || strings.HasPrefix(l, "fails with ") || strings.HasPrefix(l, "to fail with ") {
		e.Kind = ExpectFailure
		return true
	}
	return false
}

func asEmpty(e *Expect, text string, _ expectIntro) bool {
	switch strings.ToLower(strings.Trim(text, "()<>")) {
	case "", "empty", "no output", "nothing", "empty output", "empty string", "an empty string", "should be empty", "(no output)", "blank":
		e.Kind = ExpectEmpty
		return true
	}
	return false
}

// asStatus recognises "200", "HTTP 200", "HTTP/1.1 200 OK", "status code 200",
// "exit code 0", "exits with 1", "return code 2", "status 2". Values are "http"
// or "exit", then the number. An exit status is at most 255, an HTTP code at
// least 100: a status below that is an exit's.
func asStatus(e *Expect, text string, in expectIntro) bool {
	words := strings.FieldsFunc(strings.ToLower(text), func(c rune) bool { return c == ' ' || c == ':' || c == '=' })
	http, exit, status, number := false, in.exit, in.status, -1
	for i, w := range words {
		n, err := strconv.Atoi(w)
		switch {
		case err == nil && number < 0 && n >= 0:
			number = n
		case w == "exit", w == "exits", w == "return":
			exit = true
		case w == "http", strings.HasPrefix(w, "http/"):
			http = true
		case w == "status":
			status = true
		case w == "code":
		case w == "with" && exit:
		case number >= 0 && i == len(words)-1 && (w == "ok" || w == "created" || w == "accepted"):
		default:
			return false
		}
	}
	kind := ""
	switch {
	case exit && !http && number > 255:
		e.Kind, e.Advisory = ExpectProse, true // no command ends with it
		return true
	case !http && number >= 0 && number <= 255 && (exit || status && number < 100):
		kind = "exit"
	case (http || !exit) && number >= 100 && number <= 599:
		kind = "http"
	default:
		return false
	}
	e.Kind, e.Values = ExpectStatus, []string{kind, strconv.Itoa(number)}
	return true
}

// expectOperators maps how a comparison starts to its operator. Longer forms of
// the same beginning come first.
var expectOperators = [...]struct{ words, op string }{
	{">=", ">="}, {"<=", "<="}, {"≥", ">="}, {"≤", "<="}, {">", ">"}, {"<", "<"},
	{"at least ", ">="}, {"at most ", "<="}, {"more than ", ">"}, {"greater than ", ">"},
	{"less than ", "<"}, {"fewer than ", "<"}, {"under ", "<"}, {"below ", "<"}, {"over ", ">"}, {"above ", ">"},
}

// asComparison recognises "> 0", "at least 3", "< 50ms", "between 5 and 7",
// "5-7", "5 to 7". Values are the operator and one or two numbers. Of "at least 3
// pods" it is only advice: the output may show the pods and not their number.
func asComparison(e *Expect, text string, _ expectIntro) bool {
	l := strings.ToLower(text)
	if rest, ok := strings.CutPrefix(l, "between "); ok {
		low, high, ok := strings.Cut(rest, " and ")
		return ok && setExpectRange(e, low, high)
	}
	for _, sep := range [...]string{"-", "–", "..", " to "} {
		if low, high, ok := strings.Cut(l, sep); ok && low != "" && setExpectRange(e, low, high) {
			return true
		}
	}
	for _, c := range expectOperators {
		rest, ok := strings.CutPrefix(l, c.words)
		if !ok {
			continue
		}
		rest = strings.TrimSpace(rest)
		n, ok := numberWithUnit(rest)
		if !ok {
			number, noun, _ := strings.Cut(rest, " ")
			if n, ok = numberWithUnit(number); !ok || !isNoun(noun) {
				return false
			}
			e.Advisory = true
		}
		e.Kind, e.Values = ExpectComparison, []string{c.op, n}
		return true
	}
	return false
}

func setExpectRange(e *Expect, low, high string) bool {
	a, ok := numberWithUnit(strings.TrimSpace(low))
	b, ok2 := numberWithUnit(strings.TrimSpace(high))
	if !ok || !ok2 {
		return false
	}
	e.Kind, e.Values = ExpectComparison, []string{"..", a, b}
	return true
}

// numberWithUnit returns the number of "50", "50%", "50 ms".
func numberWithUnit(s string) (string, bool) {
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || s[end] == '.' && end > 0) {
		end++
	}
	if _, err := strconv.ParseFloat(s[:end], 64); err != nil {
		return "", false
	}
	switch strings.TrimSpace(s[end:]) {
	case "", "%", "ms", "s", "seconds", "kb", "mb", "gb":
		return s[:end], true
	}
	return "", false
}

// asCount recognises "3 tables", "5-7 alarms", "no rows". Values are the least
// and the most, and the noun. Output may show a count in so many ways that it
// is only advice.
func asCount(e *Expect, text string, _ expectIntro) bool {
	number, noun, ok := strings.Cut(text, " ")
	if !ok || !isNoun(noun) {
		return false
	}
	low, high, ranged := strings.Cut(strings.ReplaceAll(number, "–", "-"), "-")
	if !ranged {
		if i := slices.Index(numberWords[:], strings.ToLower(number)); i >= 0 {
			low = strconv.Itoa(i)
		}
		high = low
	}
	a, err := strconv.Atoi(low)
	b, err2 := strconv.Atoi(high)
	if err != nil || err2 != nil || a < 0 || b < a {
		return false
	}
	e.Kind, e.Values, e.Advisory = ExpectCount, []string{low, high, noun}, true
	return true
}

// numberWords are the numbers that people write out, each at its value.
var numberWords = [...]string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}

// isNoun reports whether a text can name what is counted: one word or two.
func isNoun(s string) bool {
	return s != "" && strings.Count(s, " ") <= 1 && isLettersOnly(s) && !strings.HasPrefix(s, "of ")
}

func isLettersOnly(s string) bool {
	for _, c := range []byte(s) {
		if c != ' ' && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

// eitherValues returns the literals of "A or B", "either A or B", "A, B or C":
// each quoted or one word.
func eitherValues(text string) []string {
	text, _ = cutPrefixFold(text, "either ")
	first, rest, ok := strings.Cut(text, " or ")
	if !ok {
		return nil
	}
	parts := []string{first}
	if !strings.ContainsAny(first, "\"'`") { // within which a comma is data
		parts = strings.Split(strings.TrimSuffix(first, ","), ",")
	}
	parts = append(parts, strings.Split(rest, " or ")...)
	var out []string
	for _, p := range parts {
		p = strings.Trim(p, " ,")
		v, quoted := stripQuotes(p)
		if !quoted {
			v = trimFullStop(v)
		}
		if v == "" || !quoted && (strings.ContainsAny(v, " ,") || isVague(v) || isDescription(v)) {
			return nil
		}
		out = append(out, v)
	}
	return out
}

// asLiteral settles whether the text is data, with or without wildcards, or prose.
func asLiteral(e *Expect, text string, quoted bool, in expectIntro) {
	value := text
	if head, ok := strings.CutSuffix(text, ")"); ok && !quoted {
		if before, _, found := strings.Cut(head, " ("); found && before != "" {
			value, e.Advisory = before, true // a remark, most likely
			if v, q := stripQuotes(before); q {
				value, quoted = v, true
			}
		}
	}
	if !quoted && !isOutputText(value, in.strength) {
		e.Kind, e.Values, e.Advisory = ExpectProse, nil, true
		return
	}
	e.Kind, e.Values = ExpectLiteral, []string{value}
	if holdsWildcard(value) {
		e.Kind = ExpectPattern
		if !holdsContent(value) {
			e.Kind, e.Values, e.Advisory = ExpectProse, nil, true
			return
		}
	}
	doubtful := in.strength == introNoted || in.strength == introDescribed && isOrdinaryWord(value)
	e.Advisory = e.Advisory || !quoted && (isVague(value) || doubtful)
}

// isOutputText reports whether an unquoted text is output rather than a description of it.
func isOutputText(text string, s introStrength) bool {
	words := strings.Fields(text)
	if len(words) == 0 || isDescription(text) {
		return false
	}
	switch s {
	case introAnnounced:
		return true
	case introReturned, introDescribed:
		return len(words) == 1
	}
	return len(words) == 1 && !isOrdinaryWord(text)
}

// isDescription reports whether a text describes an output instead of quoting it:
// a sentence of plain words, or one that begins as descriptions do.
func isDescription(text string) bool {
	words := strings.Fields(text)
	if len(words) < 2 || strings.Contains(text, "=") {
		return false
	}
	switch strings.ToLower(words[0]) {
	case "the", "a", "an", "all", "list", "should", "you", "no", "some", "each", "every", "any", "shows", "output", "that", "this", "it", "its",
		"your", "several", "multiple", "various", "valid", "new", "similar", "something", "both", "json", "only", "same", "same as", "see", "as",
		"returns", "prints", "contains", "lists", "displays", "must", "will", "is", "are", "either", "one", "about", "approximately", "around", "if", "when", "with",
		"not", "never", "nothing", "anything", "empty":
		return true
	}
	plain := 0
	for _, w := range words {
		if isOrdinaryWord(strings.Trim(w, ",;:()'!?")) {
			plain++
		}
	}
	return len(words) >= 3 && plain == len(words) || len(words) >= 5 && plain > len(words)*2/3 && !strings.ContainsAny(text, "{}[]\"!")
}

// isOrdinaryWord reports whether a word is an ordinary lower-case one, a capital
// at its start allowed.
func isOrdinaryWord(w string) bool {
	for i := range len(w) {
		c := w[i]
		if (c < 'a' || c > 'z') && (i > 0 || c < 'A' || c > 'Z') && c != '-' {
			return false
		}
	}
	return w != ""
}

// isVague reports whether a word says that all is well rather than what is printed.
func isVague(w string) bool {
	if w == strings.ToUpper(w) {
		return false // "OK" is printed, "ok" is meant
	}
	switch strings.ToLower(strings.Trim(w, "!.")) {
	case "success", "successful", "succeeds", "succeeded", "pass", "passes", "passed", "ok", "okay", "fine", "works", "working", "running",
		"ready", "healthy", "done", "complete", "completed", "valid", "available", "yes", "none", "up":
		return true
	}
	return false
}
