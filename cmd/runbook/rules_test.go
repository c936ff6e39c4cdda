package main

import (
	"strings"
	"testing"

	"runbook/runbook"
	"runbook/runbook/rules"
)

// Every check that a rule of ours proposes is registered and takes what the
// rule gives it.
func TestRulesProposeWhatThereIs(t *testing.T) {
	all, err := readRules(place{dir: t.TempDir(), root: t.TempDir()}, "", runbook.Catalog{})
	if err != nil {
		t.Fatal(err)
	}
	packs, err := rules.Packs.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, pack := range packs {
		for _, p := range all.Check(pack.Name(), builtin(nil).Catalog()) {
			t.Error(strings.TrimSpace(p.Message))
		}
	}
}
