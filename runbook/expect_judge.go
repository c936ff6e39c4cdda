package runbook

import (
	"fmt"
	"strconv"
	"strings"
)

// Judge compares the expectation with what happened: out is the output of the
// command it belongs to, with or without terminal escapes, exit its status.
// The string says in a few words what was found or missed; of the output it
// quotes at most a number. Prose, and whatever is in doubt, is Unknown.
func (e *Expect) Judge(out string, exit int) (Verdict, string) {
	switch e.Kind {
	case ExpectFailure:
		if exit != 0 {
			return Pass, fmt.Sprintf("failed as expected, exit %d", exit)
		}
		return Fail, "succeeded, but was expected to fail"
	case ExpectEmpty:
		if text := collapseOutput(out); text != "" {
			return Fail, fmt.Sprintf("printed %d bytes", len(text))
		}
		return Pass, "printed nothing"
	case ExpectStatus:
		return e.judgeStatus(collapseOutput(out), exit)
	case ExpectComparison:
		return e.judgeComparison(collapseOutput(out))
	case ExpectCount:
		return e.judgeCount(out)
	case ExpectEither:
		return e.judgeEither(collapseOutput(out))
	case ExpectList:
		return e.judgeList(collapseOutput(out))
	case ExpectLines:
		return e.judgeLines(collapseOutput(out))
	case ExpectLiteral, ExpectPattern:
		if len(e.Values) == 1 {
			return judgeText(collapseOutput(out), e.Values[0])
		}
	}
	return Unknown, "not checked"
}

// quoteStart quotes the start of a text for a message.
func quoteStart(s string) string {
	const most = 60
	if len(s) > most {
		cut := most
		for cut > 0 && s[cut]&0xC0 == 0x80 {
			cut--
		}
		s = s[:cut] + "…"
	}
	return strconv.Quote(s)
}

// judgeText looks for one literal or pattern in collapsed output.
func judgeText(out, want string) (Verdict, string) {
	value := collapseOutput(want)
	if value == "" {
		return Unknown, "not checked"
	}
	if holdsWildcard(value) {
		if matchPattern(out, patternElements(value)) {
			return Pass, "found " + quoteStart(value)
		}
		return Fail, "found no " + quoteStart(value)
	}
	best := findLiteral(out, value)
	if best < foundWhole && strings.Contains(value, "=") {
		best = max(best, findLiteral(tightEquals(out), tightEquals(value)))
	}
	if best < foundWhole && strings.ContainsAny(value[:1], "{[") {
		best = max(best, findLiteral(tightJSON.Replace(out), tightJSON.Replace(value)))
	}
	switch {
	case best == foundWhole:
		return Pass, "found " + quoteStart(value)
	case best == foundHyphened:
		return Unknown, "found " + quoteStart(value) + " only joined to other words by a hyphen"
	case best == foundNowhere && findLiteral(strings.ToLower(out), strings.ToLower(value)) == foundWhole:
		return Unknown, "found " + quoteStart(value) + " only in other capitals"
	case best == foundWithin:
		return Fail, "found " + quoteStart(value) + " only within longer words"
	}
	return Fail, "found no " + quoteStart(value)
}

// tightEquals removes the spaces around equals signs, which tools align.
func tightEquals(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, " =", "="), "= ", "=")
}

// tightJSON removes the spaces around JSON's marks, which printers set as they like.
var tightJSON = strings.NewReplacer("{ ", "{", " }", "}", "[ ", "[", " ]", "]", ": ", ":", ", ", ",")

// worseVerdict keeps the least favourable of two verdicts.
func worseVerdict(a, b Verdict) Verdict {
	switch {
	case a == Fail || b == Fail:
		return Fail
	case a == Unknown || b == Unknown:
		return Unknown
	}
	return Pass
}

// judgeList wants every entry somewhere in the output.
func (e *Expect) judgeList(out string) (Verdict, string) {
	verdict, missed := Pass, []string(nil)
	for _, want := range e.Values {
		v, why := judgeText(out, want)
		verdict = worseVerdict(verdict, v)
		if v != Pass {
			missed = append(missed, why)
		}
	}
	if len(e.Values) == 0 {
		return Unknown, "not checked"
	}
	if verdict == Pass {
		return Pass, fmt.Sprintf("found all %d", len(e.Values))
	}
	return verdict, strings.Join(missed, "; ")
}

// judgeLines wants the lines in their order, with anything between them.
func (e *Expect) judgeLines(out string) (Verdict, string) {
	verdict, why := e.judgeList(out)
	if verdict != Pass {
		return verdict, why
	}
	pattern := []patternElement(nil)
	for i, want := range e.Values {
		if i > 0 {
			pattern = append(pattern, patternElement{kind: anyWild})
		}
		pattern = append(pattern, patternElements(collapseOutput(want))...)
	}
	if len(pattern) > 0 && !matchPattern(out, pattern) {
		return Fail, "found the lines, but not in this order"
	}
	return Pass, fmt.Sprintf("found all %d lines in order", len(e.Values))
}

// judgeEither wants one of the alternatives.
func (e *Expect) judgeEither(out string) (Verdict, string) {
	verdict := Fail
	for _, want := range e.Values {
		v, why := judgeText(out, want)
		if v == Pass {
			return Pass, why
		}
		if v == Unknown {
			verdict = Unknown
		}
	}
	return verdict, "found none of " + quoteStart(strings.Join(e.Values, " or "))
}

// judgeStatus compares an exit status, or looks for an HTTP status code.
func (e *Expect) judgeStatus(out string, exit int) (Verdict, string) {
	if len(e.Values) != 2 {
		return Unknown, "not checked"
	}
	want := e.Values[1]
	if e.Values[0] == "exit" {
		if strconv.Itoa(exit) == want {
			return Pass, "exit " + want
		}
		return Fail, fmt.Sprintf("exit %d, not %s", exit, want)
	}
	got, certain := httpStatus(out)
	switch {
	case got == "":
		return Unknown, "the output shows no status code"
	case got == want && certain:
		return Pass, "status " + got
	case certain:
		return Fail, "status " + got + ", not " + want
	case findLiteral(out, want) == foundWhole:
		return Pass, "found " + want
	}
	return Unknown, "the output shows no clear status code"
}

// httpStatus returns the status code in an output: certain if it is all that
// was printed, or stands in a protocol's status line, of which the last counts.
func httpStatus(out string) (code string, certain bool) {
	words := strings.Fields(out)
	for i, w := range words {
		if w = strings.TrimPrefix(w, "<"); strings.HasPrefix(w, "HTTP/") && i+1 < len(words) && isStatusCode(words[i+1]) {
			code, certain = words[i+1], true
		}
	}
	if certain {
		return code, true
	}
	for _, w := range words {
		if isStatusCode(w) {
			return w, len(words) == 1
		}
	}
	return "", false
}

func isStatusCode(s string) bool {
	return len(s) == 3 && s[0] >= '1' && s[0] <= '5' && s[1] >= '0' && s[1] <= '9' && s[2] >= '0' && s[2] <= '9'
}

// judgeComparison compares the one number of the output; with none, or more
// than one, nobody can tell which is meant.
func (e *Expect) judgeComparison(out string) (Verdict, string) {
	all := numbersIn(out)
	if len(all) != 1 {
		return Unknown, fmt.Sprintf("the output holds %d numbers, not one", len(all))
	}
	got, ok := parseDecimal(all[0])
	if !ok || len(e.Values) < 2 {
		return Unknown, "not checked"
	}
	want, ok := parseDecimal(e.Values[1])
	if !ok {
		return Unknown, "not checked"
	}
	holds := false
	switch e.Values[0] {
	case ">":
		holds = got > want
	case ">=":
		holds = got >= want
	case "<":
		holds = got < want
	case "<=":
		holds = got <= want
	case "..":
		high, ok := parseDecimal(e.Values[len(e.Values)-1])
		if !ok {
			return Unknown, "not checked"
		}
		holds = want <= got && got <= high
	default:
		return Unknown, "not checked"
	}
	if holds {
		return Pass, "found " + all[0]
	}
	return Fail, "found " + all[0]
}

func parseDecimal(s string) (float64, bool) {
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// numbersIn returns the decimal numbers of a text, at most three of them.
func numbersIn(s string) []string {
	var out []string
	for i := 0; i < len(s) && len(out) < 3; {
		if s[i] < '0' || s[i] > '9' {
			i++
			continue
		}
		start := i
		for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '.' && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9') {
			i++
		}
		if start > 0 && s[start-1] == '-' && (start == 1 || s[start-2] == ' ') {
			start--
		}
		out = append(out, s[start:i])
	}
	return out
}

// judgeCount looks for the count beside its noun, or counts lines. It never
// fails: output may show a count in other ways.
func (e *Expect) judgeCount(out string) (Verdict, string) {
	if len(e.Values) != 3 {
		return Unknown, "not checked"
	}
	low, err := strconv.Atoi(e.Values[0])
	high, err2 := strconv.Atoi(e.Values[1])
	if err != nil || err2 != nil {
		return Unknown, "not checked"
	}
	lines := 0
	for l := range strings.Lines(out) {
		if collapseOutput(l) != "" {
			lines++
		}
	}
	if low == high && findLiteral(collapseOutput(out), e.Values[0]+" "+e.Values[2]) == foundWhole {
		return Pass, "found " + quoteStart(e.Values[0]+" "+e.Values[2])
	}
	if low <= lines && lines <= high {
		return Pass, fmt.Sprintf("printed %d lines", lines)
	}
	return Unknown, fmt.Sprintf("printed %d lines", lines)
}
