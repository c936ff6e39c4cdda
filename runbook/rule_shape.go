package runbook

import (
	"slices"
	"strings"
)

// textShapes are the values that are known by their look. Each returns the
// values of its kind in a word or a code span; code tells which it is.
var textShapes = map[string]func(text string, code bool) string{
	"account":    accountShape,
	"bucket":     nameShape("s3"),
	"dashboard":  dashboardShape,
	"table":      nameShape("dynamodb"),
	"topic":      nameShape("sns"),
	"command":    commandShape,
	"count":      countShape,
	"env-name":   envNameShape,
	"parameter":  parameterShape,
	"region":     regionShape,
	"repository": repositoryShape,
	"role":       roleShape,
}

// commandShape is a command in a code span.
func commandShape(text string, code bool) string {
	if code && isCommand(text) {
		return text
	}
	return ""
}

// regionShape is an AWS region: "us-east-1", "us-gov-west-1".
func regionShape(text string, _ bool) string {
	parts := strings.Split(text, "-")
	n := len(parts)
	if n != 3 && n != 4 || len(parts[0]) != 2 || len(parts[n-1]) != 1 || !isDigit(parts[n-1][0]) {
		return ""
	}
	for _, p := range parts[:n-1] {
		if p == "" || strings.Trim(p, "abcdefghijklmnopqrstuvwxyz") != "" {
			return ""
		}
	}
	compass := []string{"north", "south", "east", "west", "central", "northeast", "northwest", "southeast", "southwest"}
	if !slices.Contains(compass, parts[n-2]) {
		return ""
	}
	return text
}

// parameterShape is a path of an SSM parameter: "/team/production/key".
func parameterShape(text string, code bool) string {
	if !code || len(text) < 4 || text[0] != '/' || strings.HasSuffix(text, "/") || strings.ContainsAny(text, " <>{}$*?") || strings.Count(text, "/") < 2 {
		return ""
	}
	return text
}

// envNameShape is a name in capitals, as secrets and variables have it.
func envNameShape(text string, code bool) string {
	if !code || len(text) < 3 || text[0] < 'A' || text[0] > 'Z' || strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
		return ""
	}
	return text
}

// repositoryShape is OWNER/NAME in a code span, or in a link to GitHub.
func repositoryShape(text string, code bool) string {
	if _, rest, ok := strings.Cut(text, "github.com/"); ok {
		parts := strings.FieldsFunc(rest, func(r rune) bool { return strings.ContainsRune("/)#?>\"' ", r) })
		if len(parts) < 2 || !isRepositoryName(parts[0]) || !isRepositoryName(parts[1]) {
			return ""
		}
		return parts[0] + "/" + strings.TrimSuffix(parts[1], ".git")
	}
	owner, name, ok := strings.Cut(text, "/")
	if !code || !ok || !isRepositoryName(owner) || !isRepositoryName(name) || strings.ContainsRune(owner, '.') || strings.Contains(name, ".md") {
		return ""
	}
	return text
}

func isRepositoryName(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isLetter(c) && !isDigit(c) && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return s != "" && s[0] != '.'
}

// roleShape is the name of an IAM role in its ARN, whose account may be a
// placeholder.
func roleShape(text string, _ bool) string {
	_, rest, ok := strings.Cut(text, ":role/")
	if !ok || !strings.HasPrefix(text, "arn:") {
		return ""
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return !strings.ContainsRune("+=,.@_-/", r) && !isNameRune(r) })
	if end >= 0 {
		rest = rest[:end]
	}
	return rest
}

// nameShape is the name of a service's resource: in its ARN, or alone in code.
func nameShape(service string) func(string, bool) string {
	return func(text string, code bool) string {
		if rest, ok := strings.CutPrefix(text, "arn:"); ok {
			parts := strings.SplitN(rest, ":", 5) // partition, service, region, account, resource
			if len(parts) < 5 || parts[1] != service {
				return ""
			}
			text = parts[4]
			text = strings.TrimPrefix(text, "table/")
		} else if !code {
			return ""
		}
		if len(text) < 3 || strings.Trim(text, "0123456789") == "" || strings.IndexFunc(text, func(r rune) bool { return !isNameRune(r) && !strings.ContainsRune("-_.", r) }) >= 0 {
			return ""
		}
		return text
	}
}

// dashboardShape is the name of a dashboard: in the console's address of it, or
// alone in code.
func dashboardShape(text string, code bool) string {
	for _, before := range []string{"#dashboards:name=", "#dashboards/dashboard/"} {
		if _, rest, ok := strings.Cut(text, before); ok {
			text, code = rest, true
		}
	}
	if !code || text == "" || strings.IndexFunc(text, func(r rune) bool { return !isNameRune(r) && r != '-' && r != '_' }) >= 0 {
		return ""
	}
	return text
}

// accountShape is an AWS account, 12 digits, alone in code or in an ARN.
func accountShape(text string, code bool) string {
	if strings.HasPrefix(text, "arn:") {
		if parts := strings.SplitN(text, ":", 6); len(parts) == 6 {
			text, code = parts[4], true
		}
	}
	if !code || len(text) != 12 || strings.Trim(text, "0123456789") != "" {
		return ""
	}
	return text
}

func isNameRune(r rune) bool { return r < 0x80 && (isLetter(byte(r)) || isDigit(byte(r))) }

// countShape is a number or a range of whole numbers: "5-7", "3".
func countShape(text string, code bool) string {
	text = strings.ReplaceAll(strings.Trim(text, "()[],.:;"), "–", "-")
	low, high, ranged := strings.Cut(text, "-")
	if code || low == "" || strings.Trim(low, "0123456789") != "" || ranged && (high == "" || strings.Trim(high, "0123456789") != "") {
		return ""
	}
	return text
}

// percentShape reads the least percentage that an item's text asks for, as a
// comparison: ">80%", "at least 80%", "80%+".
func percentShape(label string, ws []string) string {
	found := ""
	for text := range strings.FieldsFuncSeq(label, func(r rune) bool { return strings.ContainsRune(" ()[],;", r) }) {
		text = strings.TrimRight(text, ".:")
		number, after, ok := strings.Cut(strings.TrimLeft(text, ">=≥"), "%")
		if !ok || number == "" || strings.Trim(number, "0123456789.") != "" || strings.Trim(after, "+") != "" {
			continue
		}
		if found != "" {
			return "" // which of them?
		}
		atLeast := after != "" || strings.ContainsAny(text[:len(text)-len(number)-len(after)-1], "=≥") || text[0] != '>' && slices.Contains(ws, "least")
		if found = "> " + number; atLeast {
			found = ">= " + number
		}
	}
	return found
}

// boundShape reads "< 50ms" in an item's text: how long something may take.
func boundShape(text string) string {
	_, rest, ok := strings.Cut(text, "<")
	rest = strings.TrimLeft(strings.TrimPrefix(rest, "="), " ")
	end := 0
	for end < len(rest) && (isDigit(rest[end]) || rest[end] == '.') {
		end++
	}
	if !ok || end == 0 {
		return ""
	}
	unit := strings.TrimLeft(rest[end:], " ")
	for _, u := range []string{"ms", "s"} {
		if after, ok := strings.CutPrefix(unit, u); ok && (after == "" || !isLetter(after[0])) {
			return rest[:end] + u
		}
	}
	return ""
}

// percentileShape reads "p99" in an item's text.
func percentileShape(ws []string) string {
	for _, w := range ws {
		if rest, ok := strings.CutPrefix(w, "p"); ok && len(rest) >= 2 && len(rest) <= 3 && strings.Trim(rest, "0123456789") == "" {
			return w
		}
	}
	return ""
}

// environments are the words that tell one environment from another, those of
// a row being the same one.
var environments = [][]string{
	{"production", "prod"}, {"staging", "stage"}, {"development", "dev"}, {"preproduction", "preprod"},
	{"qa"}, {"uat"}, {"sandbox"},
}

// environmentOf returns the word for an environment and the row that it stands
// in; -1 if the words have none, or several.
func environmentOf(ws []string) (word string, row int) {
	row = -1
	for _, w := range ws {
		for i, names := range environments {
			if !slices.Contains(names, w) || i == row {
				continue
			}
			if row >= 0 {
				return "", -1
			}
			word, row = w, i
		}
	}
	return word, row
}

// inEnvironment returns a value as it would be called in another environment,
// and whether that differs: "app-production-x" in staging is "app-staging-x".
func inEnvironment(value, word string, row int) (string, string, bool) {
	for i, names := range environments {
		if i == row {
			continue
		}
		for _, name := range names {
			if at := wholeWord(value, name); at >= 0 {
				return value[:at] + word + value[at+len(name):], name, true
			}
		}
	}
	return value, "", false
}

// wholeWord returns where a word stands in a value with no letter or digit
// beside it, or -1.
func wholeWord(value, word string) int {
	for from := 0; ; {
		i := strings.Index(value[from:], word)
		if i < 0 {
			return -1
		}
		i += from
		end := i + len(word)
		if (i == 0 || !isLetter(value[i-1]) && !isDigit(value[i-1])) && (end == len(value) || !isLetter(value[end]) && !isDigit(value[end])) {
			return i
		}
		from = i + 1
	}
}
