// Package rules holds the packs of rules that runbook brings along, one YAML
// file a subject. docs/rules.md explains them.
package rules

import "embed"

// Packs are the files, to be read in the order of their names.
//
//go:embed *.yaml
var Packs embed.FS
