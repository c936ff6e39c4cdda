package main

import (
	"io"
	"net/url"
	"path/filepath"

	"runbook/runbook"
)

// SARIF 2.1.0, as far as code hosts and editors read it: one run, its rules,
// its results. https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool    sarifTool     `json:"tool"`
	Results []sarifResult `json:"results"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name  string      `json:"name"`
	Rules []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID    string    `json:"id"`
	Short sarifText `json:"shortDescription"`
	Help  sarifText `json:"help"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifResult struct {
	RuleID    string          `json:"ruleId"`
	RuleIndex int             `json:"ruleIndex"`
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations"`
}

type sarifLocation struct {
	Physical sarifPhysical `json:"physicalLocation"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   *sarifRegion  `json:"region,omitempty"` // none for what has no line
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	StartLine int `json:"startLine"`
}

func writeSARIF(w io.Writer, doc *runbook.Document, found []runbook.Problem) error {
	rules := runbook.LintRules()
	index := map[string]int{}
	driver := sarifDriver{Name: "runbook", Rules: make([]sarifRule, len(rules))}
	for i, r := range rules {
		index[r.Code] = i
		driver.Rules[i] = sarifRule{r.Code, sarifText{r.Summary}, sarifText{"See " + r.Docs() + "."}}
	}
	uri := (&url.URL{Path: filepath.ToSlash(doc.Name)}).String()
	results := make([]sarifResult, len(found))
	for i, p := range found {
		text := p.Message
		if p.Hint != "" {
			text += "\n" + p.Hint
		}
		var region *sarifRegion
		if p.Line > 0 {
			region = &sarifRegion{p.Line}
		}
		results[i] = sarifResult{p.Code, index[p.Code], p.Severity.String(), sarifText{text},
			[]sarifLocation{{sarifPhysical{sarifArtifact{uri}, region}}}}
	}
	return encodeIndented(w, sarifLog{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0",
		Runs: []sarifRun{{sarifTool{driver}, results}},
	})
}
