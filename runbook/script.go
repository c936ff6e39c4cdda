package runbook

// A Script is what a step's text says to do: its commands, what it needs and
// makes, what it promises. It is read from the text alone; nothing is expanded.
type Script struct {
	Commands     []Command
	Expects      []Expect
	Placeholders []Placeholder
	Effects      []Effect // in the order in which the commands would have them
	Transcript   bool     // only the lines after a prompt run
	// Secrets are the variables that the script gives a value which must not be
	// recorded, as far as its text tells: captured from a command whose output
	// is withheld, or named as secrets are.
	Secrets  []string
	Problems []Problem
}

// Runnable reports whether the script has something to run and bash can read it.
func (s *Script) Runnable() bool {
	if len(s.Commands) == 0 {
		return false
	}
	for _, p := range s.Problems {
		if p.Severity == Error {
			return false
		}
	}
	return true
}

// A Command is one top-level statement of a step.
type Command struct {
	Line    int    // in the document, of its first line
	Text    string // as written, here-documents included, the comments around it left out
	Comment string // the comment above it, "# " removed, lines joined by "\n"
	// Creates are the files that it makes, as far as its text tells; a name
	// with an expansion is as written: "plan-$(date +%F).txt".
	Creates []string
	// Placeholders are the spellings, in order of first use, that Text holds.
	Placeholders []string
	// Sensitive says why the command's output is withheld from the record;
	// empty if it is not.
	Sensitive string
	// MovesTree reports that the command has git replace or remove files of the
	// work tree: checkout, reset, stash and the like.
	MovesTree bool
	// Terraform holds, when the command may print terraform outputs or change
	// state, what is asked of terraform before its output is recorded.
	Terraform TerraformUse

	// Applies are the saved plans that it has terraform apply, as written.
	Applies []string
	// Runs are the scripts that it executes, as written.
	Runs []string
	// Changes reports that it may make or change files which its text does not
	// name: a build, a script, a package manager.
	Changes bool

	flow dataFlow // what it does with variables
}

// TerraformUse says what a command does with terraform's outputs.
type TerraformUse uint8

// From no use to a use that prints a value in clear.
const (
	NoTerraform    TerraformUse = iota
	TouchesOutputs              // may change or mention them: apply, refresh, destroy, show, plan
	PrintsOutputs               // prints named or all values in clear if sensitive: output NAME, -raw, -json
)

// A Placeholder is a part of a step that the operator must replace: the step
// does not start while one has no value. One spelling is one variable for the
// whole document.
type Placeholder struct {
	Text    string // as written: "<previous-working-commit>"
	Line    int
	Command int  // index in Script.Commands
	Span    Span // within the Command's Text
}

// EffectKind says what a command does with the file system, as far as its
// text tells.
type EffectKind uint8

// The effects that decide a start directory.
const (
	Enters    EffectKind = iota // cd, pushd: Path becomes the directory
	Leaves                      // cd to a place that only the run knows: "$DIR", "-", popd, a cd on a condition; Path is as written
	Runs                        // runs a program by a relative path
	Reads                       // reads a file by a relative path
	Makes                       // creates a file: a redirection, -out=
	NeedsGlob                   // needs a file that matches Path: "*.tf", or "infra/*.tf" with -chdir=infra
	NeedsFile                   // needs Path here: "package.json"
	// Executes a script. It decides no start directory: Runs and Reads of the
	// same path do, where it is certain to be needed. Path may be absolute.
	Executes
)

// An Effect is one thing that a command does with the file system.
type Effect struct {
	Kind    EffectKind
	Path    string // relative and literal, but for Leaves; for Enters also absolute
	Command int    // index in Script.Commands
	By      string // the program: "terraform", "pnpm", "cat"
	// Inside reports that the effect happens in a subshell, whose cd does not
	// last. Path is then given from the directory that the subshell starts in:
	// "(cd a && cat b)" enters "a" and reads "a/b".
	Inside bool
	// Plan reports a saved plan of terraform: made, or, as Reads, applied.
	Plan bool
}
