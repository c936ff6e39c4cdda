package runbook

import (
	"fmt"
	"strconv"
	"strings"
)

// judge is Expect.Judge: it decides by the kind, and answers Unknown wherever
// the output leaves room for doubt.
func (e *Expect) judge(out string, exit int) (Verdict, string) {
	switch e.Kind {
	case ExpectFailure:
		if exit != 0 {
			return Pass, fmt.Sprintf("failed as expected, exit %d", exit)
		}
		return Fail, "succeeded, but was expected to fail"
	case ExpectEmpty:
		if text := collapseSpace(out); text != "" {
			return Fail, "printed " + excerpt(text)
		}
		return Pass, "printed nothing"
	case ExpectStatus:
		return e.judgeStatus(collapseSpace(out), exit)
	case ExpectComparison:
		return e.judgeComparison(collapseSpace(out))
	case ExpectCount:
		return e.judgeCount(out)
	case ExpectEither:
		return e.judgeEither(collapseSpace(out))
	case ExpectList:
		return e.judgeList(collapseSpace(out))
	case ExpectLines:
		return e.judgeLines(collapseSpace(out))
	case ExpectLiteral, ExpectPattern:
		if len(e.Values) == 1 {
			return judgeText(collapseSpace(out), e.Values[0])
		}
	}
	return Unknown, "not checked"
}

// excerpt quotes the start of a text for a message.
func excerpt(s string) string {
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
	value := collapseSpace(want)
	if value == "" {
		return Unknown, "not checked"
	}
	if hasWildcard(value) {
		if matches(out, elements(value)) {
			return Pass, "found " + excerpt(value)
		}
		return Fail, "found no " + excerpt(value)
	}
	best := find(out, value)
	if best < whole && strings.Contains(value, "=") {
		best = max(best, find(tightEquals(out), tightEquals(value)))
	}
	switch {
	case best == whole:
		return Pass, "found " + excerpt(value)
	case best == hyphened:
		return Unknown, "found " + excerpt(value) + " only joined to other words by a hyphen"
	case best == missing && find(strings.ToLower(out), strings.ToLower(value)) == whole:
		return Unknown, "found " + excerpt(value) + " only in other capitals"
	case best == withinWord:
		return Fail, "found " + excerpt(value) + " only within longer words"
	}
	return Fail, "found no " + excerpt(value)
}

// tightEquals removes the spaces around equals signs, which tools align.
func tightEquals(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, " =", "="), "= ", "=")
}

// worst keeps the least favourable of two verdicts.
func worst(a, b Verdict) Verdict {
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
		verdict = worst(verdict, v)
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
	pattern := []element(nil)
	for i, want := range e.Values {
		if i > 0 {
			pattern = append(pattern, element{kind: anyWild})
		}
		pattern = append(pattern, elements(collapseSpace(want))...)
	}
	if len(pattern) > 0 && !matches(out, pattern) {
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
	return verdict, "found none of " + excerpt(strings.Join(e.Values, " or "))
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
	case find(out, want) == whole:
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
	all := numbers(out)
	if len(all) != 1 {
		return Unknown, fmt.Sprintf("the output holds %d numbers, not one", len(all))
	}
	got, ok := parseNumber(all[0])
	if !ok || len(e.Values) < 2 {
		return Unknown, "not checked"
	}
	want, ok := parseNumber(e.Values[1])
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
		high, ok := parseNumber(e.Values[len(e.Values)-1])
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

func parseNumber(s string) (float64, bool) {
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// numbers returns the decimal numbers of a text, at most three of them.
func numbers(s string) []string {
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
		if collapseSpace(l) != "" {
			lines++
		}
	}
	if low == high && find(collapseSpace(out), e.Values[0]+" "+e.Values[2]) == whole {
		return Pass, "found " + excerpt(e.Values[0]+" "+e.Values[2])
	}
	if low <= lines && lines <= high {
		return Pass, fmt.Sprintf("printed %d lines", lines)
	}
	return Unknown, fmt.Sprintf("printed %d lines", lines)
}
