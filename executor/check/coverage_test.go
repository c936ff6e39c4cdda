package check

import "testing"

func TestCoverage(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want float64 // -1: there is none
	}{
		"node":              {"# start of coverage report\n# file | line % | branch % |\n# all files      |  91.23 |    80.00 |   100.00 | \n", 91.23},
		"node, spec":        {"ℹ all files      |  91.23 |    80.00 |\n", 91.23},
		"istanbul":          {"File      | % Stmts | % Branch |\nAll files |   85.71 |      100 |\n a.js     |   12.5  |\n", 85.71},
		"pytest":            {"Name    Stmts   Miss  Cover\na.py  10 5 50%\nTOTAL      123      4    97%\n", 97},
		"go test":           {"ok  \ta/b\t0.1s\tcoverage: 83.4% of statements\n", 83.4},
		"several packages":  {"ok a coverage: 83.4% of statements\nok b coverage: 12.0% of statements\n", 12},
		"go tool cover":     {"a.go:1:\tf\t100.0%\ntotal:\t(statements)\t64.0%\n", 64},
		"tarpaulin":         {"|| Tested/Total Lines:\n85.71% coverage, 6/7 lines covered\n", 85.71},
		"all of it":         {"All files | 100 | 100 |\n", 100},
		"none":              {"12 tests passed, 100% of them\n", -1},
		"nothing":           {"", -1},
		"no percentage":     {"All files | 101 |\n", -1},
		"prose about it":    {"The total should be above 80%, and coverage is good.\n", -1},
		"a file's own line": {" a.js | 12.5 |\n", -1},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := coverage(tt.text)
			if err != nil {
				got = -1
			}
			if got != tt.want {
				t.Errorf("%v, %v; want %v", got, err, tt.want)
			}
		})
	}
}

// Without a total, and with a total that does not suffice, a check does not
// pass: the one has no answer.
func TestCoverageInAnExpression(t *testing.T) {
	for run, want := range map[string]outcome{
		`echo 'All files | 85 |'`: passes("exit 0"),
		`echo 'All files | 80 |'`: fails("exit 0"),
		`echo done`:               unknown("no total of a coverage tool"),
	} {
		expect(t, Step{}, question(t.TempDir(), map[string]string{"run": run, "expect": "exit == 0 && coverage(stdout) > 80"}), want)
	}
}
