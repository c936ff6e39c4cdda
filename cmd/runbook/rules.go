package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"runbook/runbook"
	"runbook/runbook/rules"
)

// ownRules is the name under which a project's own rules are found.
const ownRules = ".runbook.rules.yaml"

// readRules reads the rules that runbook brings along, and those of a file. If
// no file is named, the one beside the document counts, else the one in the
// root. A run applies no rule, so exec does without.
func readRules(p place, file string, catalog runbook.Catalog) (*runbook.Rules, error) {
	all := runbook.NewRules()
	packs, err := rules.Packs.ReadDir(".")
	if err != nil {
		return nil, err
	}
	for _, entry := range packs {
		src, err := rules.Packs.ReadFile(entry.Name())
		if err != nil {
			return nil, err
		}
		if problems := all.Add(entry.Name(), src); len(problems) > 0 {
			return nil, fmt.Errorf("rules: %s", problems[0].Message)
		}
	}
	src, name, err := findRules(p, file)
	if err != nil {
		return nil, &exitError{exitUsage, err, ""}
	}
	if src == nil {
		return all, nil
	}
	problems := append(all.Add(name, src), all.Check(name, catalog)...)
	if len(problems) == 0 {
		return all, nil
	}
	texts := make([]string, len(problems))
	for i, p := range problems {
		texts[i] = runbook.Visible(p.Message)
	}
	return nil, usagef("docs/rules.md has the keys of a rule", "%s", strings.Join(texts, "\nrunbook: "))
}

// findRules returns the project's own rules; nil if there are none.
func findRules(p place, file string) (src []byte, name string, err error) {
	if file != "" {
		src, err = os.ReadFile(file)
		return src, file, err
	}
	for _, dir := range []string{p.dir, p.root} {
		src, err = os.ReadFile(filepath.Join(dir, ownRules))
		if !errors.Is(err, fs.ErrNotExist) {
			return src, ownRules, err
		}
	}
	return nil, "", nil
}
