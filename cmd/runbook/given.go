package main

import (
	"fmt"
	"os"
	"strings"

	"runbook/runbook"
)

// givens reads --set and --answers. All that is wrong comes back at once.
func givens(sets []string, answers string) ([]runbook.GivenFor, []runbook.Problem, error) {
	var list []runbook.GivenFor
	var problems []runbook.Problem
	if answers != "" {
		src, err := os.ReadFile(answers)
		if err != nil {
			return nil, nil, &exitError{exitUsage, err, ""}
		}
		list, problems = runbook.ParseAnswers(answers, src)
	}
	seen := map[string]bool{}
	for _, s := range sets {
		key, value, ok := strings.Cut(s, "=")
		if key = strings.TrimSpace(key); seen[key] {
			problems = append(problems, runbook.Problem{Severity: runbook.Error, Code: "given", Message: fmt.Sprintf("--set: %q is given twice", key)})
			continue
		}
		seen[key] = true
		if !ok || key == "" {
			problems = append(problems, runbook.Problem{Severity: runbook.Error, Code: "given", Message: fmt.Sprintf("--set %q is not of the form LABEL=VALUE", s)})
			continue
		}
		list = append(list, runbook.GivenFor{Key: key, Where: "--set", Given: runbook.Given{Value: value, Source: "set"}})
	}
	return list, problems, nil
}
