package runbook

import (
	"regexp"
	"strconv"
	"strings"
)

// fillTemplate puts what was found into an argument. missing: a name has no
// value; left: an optional one has none, and the argument is left out.
func fillTemplate(template string, find map[string]*finder, values map[string]foundValue, used map[string]bool) (text string, missing, left bool) {
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(template, "{")
		out.WriteString(before)
		if !ok {
			return out.String(), missing, left
		}
		hole, after, closed := strings.Cut(rest, "}")
		name, as, _ := strings.Cut(hole, "|")
		f := find[name]
		if !closed || f == nil {
			out.WriteString("{")
			template = rest
			continue
		}
		v := values[name]
		switch {
		case !v.known && f.optional:
			left = true
		case !v.known:
			missing = true
		default:
			used[name] = true
		}
		out.WriteString(shown(v.value, as))
		template = after
	}
}

// shown writes a value into a template the way that it asks for.
func shown(value, as string) string {
	switch as {
	case "line": // a string of an expression: a pattern for a line of settings, however it is spaced
		pattern := strings.Join(strings.Fields(regexp.QuoteMeta(value)), `\s*`)
		return strconv.Quote(`(?m)^\s*` + pattern + `\s*$`)
	case "ms": // a number of milliseconds
		if number, ok := strings.CutSuffix(value, "ms"); ok {
			return number
		}
		number, _ := strings.CutSuffix(value, "s")
		if n, err := strconv.ParseFloat(number, 64); err == nil {
			return strconv.FormatFloat(n*1000, 'f', -1, 64)
		}
	}
	return value
}

// holes lists the names that a template holds in braces.
func holes(template string) []string {
	var names []string
	for {
		_, rest, ok := strings.Cut(template, "{")
		if !ok {
			return names
		}
		name, after, ok := strings.Cut(rest, "}")
		if !ok {
			return names
		}
		name, _, _ = strings.Cut(name, "|")
		if isHoleName(name) {
			names = append(names, name)
		}
		template = after
	}
}

func isHoleName(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz-") == ""
}
