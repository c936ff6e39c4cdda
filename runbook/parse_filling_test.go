package runbook

import "testing"

// Each of these once changed its structure when it was filled.
func TestFillingFoundByFuzzing(t *testing.T) {
	for _, test := range []struct{ name, src string }{
		{"a tick makes a link's target", "[]([ ] )"},
		{"boxes that touch", "* [ ][ ]"},
		{"a loose item in an item's paragraph", "* [] 0\n*[] 00"},
		{"another state where [x] is defined", "[x]: u\n*[-] a"},
		{"a cell's box where [x] is defined", "[x]: u\n\n| a |\n|---|\n| [ ] |\n"},
		{"a blank that touches a box", "1. [x]  [ ]\\_\\_\\_|"},
		{"a code span keeps a fence from opening", "`````_ [`____`>\t"},
		{"a value makes a closing tag", "</`____`>"},
		{"a value makes a tag", "<`____`>"},
		{"a blank's ID moves an item's suffix", "# text\n\n\\_\\_\\_\\_\n\n- [ ] text"},
		{"an underlined table", "a\n| a | b |\n|---|---|\n___ | c\n===\nd: ____\n"},
		{"a URL that runs into a code span", "https://a/`b`____`c`\n`____`d"},
		{"a bracket that may be a link", "](>`___|\n<b>>### `____`"},
		{"a sign that may be a tag", "<Label: <Label: **Label:** \\_\\_\\_ / `</div>\n]! `____`"},
		{"indented text below a lone blank", "Rollback if:\n________________\n\t______\n* [-] > a"},
		{"a row above a lone blank", "a\n|-|-|\nRollback if:\n______\n"},
		{"a placeholder that touches a box", "> a\n-[ ] <host>[]>"},
		{"a placeholder that keeps a tag from being one", "<A0000<A0>0>"},
		{"a rule below a lone blank", "Notes:\n______\n---\n"},
		{"a list below a lone blank", "Notes:\n______\n2. [ ] a\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc := mustParse(t, test.src)
			checkDocument(t, doc)
			checkFilling(t, doc)
		})
	}
}
