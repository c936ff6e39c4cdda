package check

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/expr-lang/expr"
)

// coverageTotals are the lines on which coverage tools print how much of the
// whole is covered: Istanbul, c8 and node's own; pytest and go tool cover; go
// test; tarpaulin.
var coverageTotals = []*regexp.Regexp{
	regexp.MustCompile(`(?i)^\W*all files\s*\|\s*([0-9.]+)\s*\|`),
	regexp.MustCompile(`(?i)^total\b.*?\s([0-9.]+)%$`),
	regexp.MustCompile(`(?i)\bcoverage: ([0-9.]+)% of statements`),
	regexp.MustCompile(`(?i)^([0-9.]+)% coverage,`),
}

// coverage is the total that a coverage tool has printed, in percent; of
// several the least, so that what is said to be covered is. Without one there
// is no answer.
func coverage(text string) (float64, error) {
	least, found := 0.0, false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		for _, total := range coverageTotals {
			m := total.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			n, err := strconv.ParseFloat(m[1], 64)
			if err != nil || n > 100 {
				return 0, errors.New("coverage: a total that is no percentage")
			}
			if !found || n < least {
				least, found = n, true
			}
		}
	}
	if !found {
		return 0, errors.New("coverage: no total of a coverage tool was printed")
	}
	return least, nil
}

// coverageOption gives an expression the function coverage.
func coverageOption() expr.Option {
	return expr.Function("coverage", func(args ...any) (any, error) {
		text, ok := args[0].(string)
		if !ok {
			return nil, errors.New("coverage takes a text")
		}
		return coverage(text)
	}, new(func(string) float64))
}
