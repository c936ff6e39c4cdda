package runbook

// Events are the facts of a run, in the order in which they became true. Each
// is journaled before anything relies on it; the record is computed from them
// alone. Text in them has passed the redactor, but for fields tagged
// `mask:"no"`, whose words steer a run and are not free text.

// Identity says who and what stands behind a run at its start or resumption.
type Identity struct {
	Operator string `json:"operator"`
	User     string `json:"user,omitempty"` // the account of the operating system
	Host     string `json:"host,omitempty"`
	Tool     string `json:"tool"`             // "runbook 1.2.3"
	Digest   Digest `json:"digest,omitempty"` // of the tool's own file
	PID      int    `json:"pid,omitempty"`
}

// Repository is the git checkout that a run started in.
type Repository struct {
	Root   string `json:"root"`
	Commit string `json:"commit,omitempty"`
	Branch string `json:"branch,omitempty"`
	Dirty  bool   `json:"dirty,omitempty"` // tracked files differed from the commit
}

// RunStarted is every journal's first event.
type RunStarted struct {
	Run        string     `json:"run" mask:"no"`
	Format     int        `json:"format,omitempty"`   // RecordFormat of the tool that began the run
	Document   string     `json:"document" mask:"no"` // base name of the template
	Template   Digest     `json:"template"`
	Plan       Digest     `json:"plan"` // of the plan as JSON, as it was shown
	Identity   Identity   `json:"identity"`
	Repository Repository `json:"repository"`
	Dropped    []string   `json:"dropped,omitempty"` // environment variables kept from the steps
	Sidecar    Digest     `json:"sidecar,omitempty"` // of the file that bound the slots and says who must sign
	Seals      bool       `json:"seals,omitempty"`   // every stop of the run ends with run.sealed
}

// RunResumed says that a stopped run goes on, perhaps by someone else.
type RunResumed struct {
	Identity Identity `json:"identity"`
	Fresh    bool     `json:"fresh,omitempty"` // without the variables and functions of the part before, by the operator's word
}

// Result is how a run, or a part of one, ended.
type Result string

// The results of a run.
const (
	Passed      Result = "passed"      // every step of the main path passed, no check failed
	Partial     Result = "partial"     // the selected steps passed; others are left
	Failed      Result = "failed"      // a step, an expectation or a check failed
	Held        Result = "held"        // open items, a missing value or an unknown outcome hold a step
	Interrupted Result = "interrupted" // stopped by the operator or a signal
	RolledBack  Result = "rolled-back" // every step of the declared contingency passed
	Abandoned   Result = "abandoned"   // given up: its document was reset
)

// RunStopped closes a run or a stretch of it.
type RunStopped struct {
	Result Result `json:"result"`
	Reason string `json:"reason,omitempty"`
	Left   int    `json:"left"` // steps of the main path that are still to do
}

// StepStarted is durable before the step's first command starts.
type StepStarted struct {
	Step    ID     `json:"step"`
	Attempt int    `json:"attempt"` // from 1
	Dir     string `json:"dir"`     // relative to the root where it lies below it
	Script  Digest `json:"script"`  // of the commands as they will run, masked
}

// CommandStarted is durable before the command is handed to the engine.
// Command counts from 0 within its step.
type CommandStarted struct {
	Step    ID  `json:"step"`
	Command int `json:"command"`
	Attempt int `json:"attempt"`
}

// CommandFinished is what is known of a command once it has ended.
type CommandFinished struct {
	Step     ID        `json:"step"`
	Command  int       `json:"command"`
	Attempt  int       `json:"attempt"`
	Exit     int       `json:"exit"`
	Seconds  float64   `json:"seconds"`
	Failures []Failure `json:"failures,omitempty"`
	Cut      bool      `json:"cut,omitempty"`
	Ended    string    `json:"ended,omitempty" mask:"no"` // "timeout", "interrupt"
	Dir      string    `json:"dir,omitempty"`             // where the shell then stood, if not where the step started
	Output   Output    `json:"output"`
}

// Failed reports whether the command counts as failed. One that was interrupted
// and still ended well has done its work: it is not run again.
func (e *CommandFinished) Failed() bool {
	return e.Exit != 0 || len(e.Failures) > 0 || e.Ended == "timeout"
}

// A Failure is a failure inside a command that its exit status may not show.
type Failure struct {
	Line    int    `json:"line"`    // in the document
	Command string `json:"command"` // bash's own words for it
	Exit    int    `json:"exit"`
}

// Output describes what a command printed. Head and Tail are what the record
// shows; they are empty when the output is withheld.
type Output struct {
	Bytes    int64  `json:"bytes"`
	Lines    int64  `json:"lines"`
	Head     string `json:"head,omitempty"`
	Tail     string `json:"tail,omitempty"`           // when Head does not hold it all
	Withheld string `json:"withheld,omitempty"`       // why nothing is shown
	Held     bool   `json:"held,omitempty"`           // outside the record, until output.released
	File     string `json:"file,omitempty" mask:"no"` // in the run directory
	Digest   Digest `json:"digest,omitempty"`         // of File
}

// OutputReleased brings into the record what a command printed, which was held
// outside of it until the run stopped and all secrets were known that it could
// know by then. Head, Tail, Withheld, File and Digest are those of an Output.
type OutputReleased struct {
	Step     ID        `json:"step"`
	Command  int       `json:"command"`
	Attempt  int       `json:"attempt"`
	Head     string    `json:"head,omitempty"`
	Tail     string    `json:"tail,omitempty"`
	Withheld string    `json:"withheld,omitempty"`
	File     string    `json:"file,omitempty" mask:"no"`
	Digest   Digest    `json:"digest,omitempty"`
	Found    []Excerpt `json:"found,omitempty"` // what judgements of this output have found
}

// An Excerpt is the part of an output that a judgement rests on.
type Excerpt struct {
	Line int    `json:"line"` // of the expectation
	Text string `json:"text"`
}

// SecretsSwept says that what was recorded before has been masked anew, because
// it held what turned out later to be secret: the lines that held it were
// replaced, and the chain from the first of them on was made again.
type SecretsSwept struct {
	First   int      `json:"first"`           // the first entry that was changed
	Entries int      `json:"entries"`         // how many were
	Files   int      `json:"files,omitempty"` // outputs in the run directory that were
	Names   []string `json:"names,omitempty"` // of the secrets
	// Void are the signatures that covered lines that were replaced. What they
	// signed is no more: they count for nothing, and are given anew.
	Void []VoidSignature `json:"void,omitempty"`
}

// A VoidSignature is one that a sweep has made void.
type VoidSignature struct {
	Item      ID     `json:"item"`
	Role      string `json:"role"`
	Name      string `json:"name"`
	File      string `json:"file" mask:"no"`      // of the signed statement
	Statement Digest `json:"statement" mask:"no"` // of that file
}

// ShapeWaived lets lines into the record although they look like a secret of
// that shape, by a person's word.
type ShapeWaived struct {
	Shape  string `json:"shape" mask:"no"`
	Match  string `json:"match,omitempty"` // a glob of the lines; empty: all of the shape
	By     string `json:"by"`
	Reason string `json:"reason"`
}

// ExpectJudged is the conclusion on one expectation of a step's text. It comes
// before the command.finished of the command that it judges.
type ExpectJudged struct {
	Step     ID      `json:"step"`
	Command  int     `json:"command"` // the one whose output was looked at
	Line     int     `json:"line"`
	Attempt  int     `json:"attempt"`
	Verdict  Verdict `json:"verdict"`
	Advisory bool    `json:"advisory,omitempty"`
	Failure  bool    `json:"failure,omitempty"` // a failure was expected: with Pass, the command's own is none
	Found    string  `json:"found,omitempty"`
}

// StepFinished says how an attempt at a step ended.
type StepFinished struct {
	Step      ID       `json:"step"`
	Attempt   int      `json:"attempt"`
	Result    Result   `json:"result"` // passed, failed or interrupted
	Reason    string   `json:"reason,omitempty"`
	Dir       string   `json:"dir,omitempty"` // where the shell stood
	Leftovers []string `json:"leftovers,omitempty"`
	Shell     bool     `json:"shell,omitempty"` // variables or functions are kept on this machine for what follows
}

// StepSkipped says that a step was passed over, and by whose word.
type StepSkipped struct {
	Step   ID     `json:"step"`
	By     string `json:"by"`
	Reason string `json:"reason"`
}

// StepResolved is a person's word on a command whose outcome is unknown.
type StepResolved struct {
	Step    ID     `json:"step"`
	Command int    `json:"command"`
	Outcome string `json:"outcome" mask:"no"` // "done", "failed", "again"
	By      string `json:"by"`
	Reason  string `json:"reason"`
}

// Deviation is a recorded departure from the plan.
type Deviation struct {
	Step    ID     `json:"step"`
	Command int    `json:"command"`
	Kind    string `json:"kind" mask:"no"` // "retry", "continue", "edit"; after a failure also "skip", "quit"
	By      string `json:"by"`
	Reason  string `json:"reason"`
	Text    string `json:"text,omitempty"` // for an edit: what ran instead
}

// FieldFilled gives a blank, or a placeholder slot, its value.
type FieldFilled struct {
	Field  ID     `json:"field"`
	Value  string `json:"value"`
	Source string `json:"source" mask:"no"` // the source's name
	Detail string `json:"detail,omitempty"`
	By     string `json:"by,omitempty"` // the person, where one gave it
}

// FieldCleared takes a blank's value back: a person has emptied it by hand.
type FieldCleared struct {
	Field  ID     `json:"field"`
	By     string `json:"by"`
	Detail string `json:"detail,omitempty"`
}

// DriftAccepted keeps what was edited where only the template and the run
// write. The record shows the edit as this diff, and its text stays the
// template's: it is what was reviewed and what ran.
type DriftAccepted struct {
	By      string `json:"by"`
	Reason  string `json:"reason,omitempty"`
	Added   int    `json:"added"`
	Removed int    `json:"removed"`
	Diff    string `json:"diff"`                     // unified; its head, when File holds all
	File    string `json:"file,omitempty" mask:"no"` // in the run directory
	Digest  Digest `json:"digest,omitempty"`         // of File
}

// ItemSettled is a finding or an attestation on a check item.
type ItemSettled struct {
	Item     ID      `json:"item"`
	Verdict  Verdict `json:"verdict"`
	Use      string  `json:"use" mask:"no"` // the check's name; "ask" for a person
	By       string  `json:"by,omitempty"`  // the person
	Evidence string  `json:"evidence,omitempty"`
	Note     string  `json:"note,omitempty"`
}

// ChoiceSettled ticks one option of a choice, or none (-1) to take it back.
type ChoiceSettled struct {
	Choice ID     `json:"choice"`
	Option int    `json:"option"`
	Use    string `json:"use" mask:"no"`
	Detail string `json:"detail,omitempty"`
	By     string `json:"by,omitempty"`
}

// PlaceholderGiven is the value of a placeholder in the document's steps.
type PlaceholderGiven struct {
	Text  string `json:"text" mask:"no"` // its spelling in the document
	Value string `json:"value"`
	By    string `json:"by"`
}

// SlotOpen says why a slot was left as it is.
type SlotOpen struct {
	Slot   ID     `json:"slot"`
	Reason string `json:"reason"`
}

// Noted is what a command said about the world that the appendix repeats:
// the account, the region, the workspace.
type Noted struct {
	What  string `json:"what"`
	Value string `json:"value"`
}

func (*RunStarted) EventType() string       { return "run.started" }
func (*RunResumed) EventType() string       { return "run.resumed" }
func (*RunStopped) EventType() string       { return "run.stopped" }
func (*StepStarted) EventType() string      { return "step.started" }
func (*CommandStarted) EventType() string   { return "command.started" }
func (*CommandFinished) EventType() string  { return "command.finished" }
func (*OutputReleased) EventType() string   { return "output.released" }
func (*SecretsSwept) EventType() string     { return "secrets.swept" }
func (*ShapeWaived) EventType() string      { return "shape.waived" }
func (*ExpectJudged) EventType() string     { return "expect.judged" }
func (*StepFinished) EventType() string     { return "step.finished" }
func (*StepSkipped) EventType() string      { return "step.skipped" }
func (*StepResolved) EventType() string     { return "step.resolved" }
func (*Deviation) EventType() string        { return "deviation" }
func (*FieldFilled) EventType() string      { return "field.filled" }
func (*FieldCleared) EventType() string     { return "field.cleared" }
func (*DriftAccepted) EventType() string    { return "drift.accepted" }
func (*ItemSettled) EventType() string      { return "item.settled" }
func (*ChoiceSettled) EventType() string    { return "choice.settled" }
func (*PlaceholderGiven) EventType() string { return "placeholder.given" }
func (*SlotOpen) EventType() string         { return "slot.open" }
func (*Noted) EventType() string            { return "noted" }

// EventTypes gives, for each type's name in the journal, a maker of an empty
// event to decode into. A name that is missing here cannot be read back.
func EventTypes() Events {
	types := make(Events)
	for _, make := range []func() Event{
		func() Event { return new(RunStarted) },
		func() Event { return new(RunResumed) },
		func() Event { return new(RunStopped) },
		func() Event { return new(StepStarted) },
		func() Event { return new(CommandStarted) },
		func() Event { return new(CommandFinished) },
		func() Event { return new(CommandRepeats) },
		func() Event { return new(OutputReleased) },
		func() Event { return new(SecretsSwept) },
		func() Event { return new(ShapeWaived) },
		func() Event { return new(SidecarChanged) },
		func() Event { return new(ExpectJudged) },
		func() Event { return new(StepFinished) },
		func() Event { return new(StepSkipped) },
		func() Event { return new(StepResolved) },
		func() Event { return new(Deviation) },
		func() Event { return new(FieldFilled) },
		func() Event { return new(FieldCleared) },
		func() Event { return new(DriftAccepted) },
		func() Event { return new(ContingencyDeclared) },
		func() Event { return new(ItemSettled) },
		func() Event { return new(ChoiceSettled) },
		func() Event { return new(PlaceholderGiven) },
		func() Event { return new(SlotOpen) },
		func() Event { return new(Noted) },
		func() Event { return new(FileSeen) },
		func() Event { return new(PinChecked) },
		func() Event { return new(Attested) },
		func() Event { return new(RunSealed) },
		func() Event { return new(SignedOff) },
	} {
		types[make().EventType()] = make
	}
	return types
}
