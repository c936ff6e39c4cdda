package runbook

import "slices"

// A LintRule is one kind of problem that a checklist can have.
type LintRule struct {
	Code    string // as in Problem.Code
	Summary string
}

// Docs is where the rule is explained, relative to the project's root.
func (r LintRule) Docs() string { return LintDocs(r.Code) }

// LintDocs is the section of the documentation that explains a code.
func LintDocs(code string) string { return "docs/lint.md#" + code }

// LintRules lists every kind of problem that lint and plans report, by code.
func LintRules() []LintRule { return slices.Clone(lintRules) }

var lintRules = []LintRule{
	{"alternatives", "ways to do one thing, written as a sequence"},
	{"attribute", "an attribute, of a fence or in a comment, that does not exist, has a wrong value or counts for nothing"},
	{"bash-syntax", "a step that bash cannot read"},
	{"choice-ticks", "several boxes of a line ticked"},
	{"commented-step", "a step inside an HTML comment"},
	{"destructive", "a command on the main path that takes away what cannot be brought back"},
	{"empty-expectation", "an expectation that any output would meet"},
	{"errexit-off", "a set +e, which does not take a run past a failure"},
	{"folded-step", "a step that is folded away and runs"},
	{"given", "a value given for nothing, or one that cannot be used"},
	{"hidden-character", "an invisible character in a step"},
	{"hidden-failure", "a failure that a shell would not report"},
	{"indented-fence", "a fence that Markdown takes for indented text"},
	{"interactive", "a command that waits for a person"},
	{"item-spacing", "a box that Markdown does not show"},
	{"item-state", "an item that the template has already marked"},
	{"linked-box", "a box that Markdown reads as a link"},
	{"manual-step", "a step for another program's prompt"},
	{"missing-path", "a path that does not exist and that nothing makes"},
	{"missing-tool", "a program that is not installed"},
	{"mixed-script", "a word of letters that look alike and differ"},
	{"never-ending", "a command that does not end by itself"},
	{"no-commands", "a step without a command"},
	{"not-executable", "a script that may not be executed"},
	{"not-repeatable", "a command that fails, or counts twice, when it is run again"},
	{"pager", "a command that shows its input page by page"},
	{"pin", "a pin that does not hold a step which it is about"},
	{"placeholder", "a placeholder without a value"},
	{"pushed-code", "code out of sight behind blanks"},
	{"secret-in-text", "a secret in the text of the checklist or its sidecar"},
	{"selection", "a step or section that the command line names and that does not exist"},
	{"sidecar", "a sidecar that does not fit the checklist"},
	{"start-directory", "a step without one certain directory to start in"},
	{"stray-box", "a box that is no item"},
	{"typographic", "typographic quotes and dashes where the shell needs plain ones"},
	{"unbalanced-fence", "a step that holds what belongs below it"},
	{"unbalanced-sample", "expected output without an end"},
	{"unbound-item", "items that a person is asked about and that a check could settle"},
	{"unclosed-attributes", "a step's attributes without a closing brace"},
	{"unclosed-fence", "a step without an end"},
	{"unclosed-output", "output of an earlier run without an end"},
	{"undefined-output", "a terraform output that the configuration does not declare"},
	{"unknown-prompt", "a command that starts with a prompt which is not recognised"},
	{"unmeetable-expectation", "an expectation that no command can meet"},
	{"unset-variable", "a variable that is used and never set"},
	{"unsettleable-item", "an item that no run can settle"},
}

// lintHints say what to do about the problems that parsing and planning report
// without a hint of their own.
var lintHints = map[string]string{
	"attribute":           "a step has the attributes dir, timeout, skip, tty and sensitive",
	"choice-ticks":        "tick one box at most in a template",
	"given":               "`runbook plan FILE` lists the blanks, items and placeholders with their IDs",
	"item-state":          "open the item, - [ ], if it is to be settled in each run",
	"selection":           "`runbook plan FILE` lists the steps and sections",
	"sidecar":             "`runbook plan FILE --format json` lists the IDs, `runbook catalog` the checks and sources",
	"secret-in-text":      "take it from a variable; if it is none, let the sidecar waive it",
	"start-directory":     "give the step its dir, or make what it needs in a step before",
	"unclosed-attributes": "close them with } on the same line",
}
