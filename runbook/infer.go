package runbook

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// An inferrer proposes bindings from the text alone. It binds what is certain;
// anything weaker is a suggestion.
type inferrer struct {
	doc     *Document
	outputs []namedOutput
	steps   []*Task // in document order

	configured []configuration
	files      Files                       // nil: no configuration is read
	declared   map[string]*declaredOutputs // by directory, as far as read
}

// A namedOutput is a terraform output that a step's command names, or that the
// configuration declares where it runs.
type namedOutput struct {
	name     string
	step     *Task
	dir      string // where the command runs; empty if only the run will know
	declared bool   // no command names it
}

// The labels that name one thing beyond doubt, in lower case. A label that
// could mean two things is not here.
var certainLabels = map[string]Binding{
	"date":              clockOf("run", "start", "date"),
	"deployment date":   clockOf("run", "start", "date"),
	"execution date":    clockOf("run", "start", "date"),
	"run date":          clockOf("run", "start", "date"),
	"date performed":    clockOf("run", "start", "date"),
	"deployer":          {Use: "operator", Why: "the label names who runs it"},
	"deployed by":       {Use: "operator", Why: "the label names who runs it"},
	"operator":          {Use: "operator", Why: "the label names who runs it"},
	"executed by":       {Use: "operator", Why: "the label names who runs it"},
	"performed by":      {Use: "operator", Why: "the label names who runs it"},
	"run by":            {Use: "operator", Why: "the label names who runs it"},
	"terraform version": {Use: "terraform", Args: map[string]string{"get": "version"}, Why: "the label names it"},
	"commit":            {Use: "git", Args: map[string]string{"get": "commit"}, Why: "the label names it"},
	"commit sha":        {Use: "git", Args: map[string]string{"get": "commit"}, Why: "the label names it"},
	"git commit":        {Use: "git", Args: map[string]string{"get": "commit"}, Why: "the label names it"},
	"git sha":           {Use: "git", Args: map[string]string{"get": "commit"}, Why: "the label names it"},
	"branch":            {Use: "git", Args: map[string]string{"get": "branch"}, Why: "the label names it"},
	"git branch":        {Use: "git", Args: map[string]string{"get": "branch"}, Why: "the label names it"},
	"account_id":        {Use: "aws", Args: map[string]string{"get": "account"}, Why: "the account of the credentials in use"},
	"aws account":       {Use: "aws", Args: map[string]string{"get": "account"}, Why: "the account of the credentials in use"},
	"aws account id":    {Use: "aws", Args: map[string]string{"get": "account"}, Why: "the account of the credentials in use"},
	"aws region":        {Use: "aws", Args: map[string]string{"get": "region"}, Why: "the region in use"},
}

func clockOf(of, at, format string) Binding {
	return Binding{Use: "clock", Args: map[string]string{"of": of, "at": at, "format": format}, Why: "the label names it"}
}

var (
	startWords = []string{"start", "started", "begin", "began"}
	endWords   = []string{"end", "ended", "completion", "completed", "finish", "finished"}
	timeWords  = []string{"time", "at"}
)

// field proposes how a blank is filled.
func (in *inferrer) field(t *Task) Binding {
	slot := t.Slot
	if owner := in.doc.Slot(slot.Owner); owner != nil && owner.Kind == ItemSlot && owner.Item == SignOff {
		return Binding{Use: "ask", Args: map[string]string{"role": owner.Label}, Why: "only the person who signs fills it"}
	}
	if b, ok := in.count(slot); ok {
		return b
	}
	blank := slot.Kind == FieldSlot || slot.Second
	label := strings.ToLower(strings.TrimSpace(slot.Label))
	if b, ok := certainLabels[label]; ok && b.Use != "clock" && blank == (label != "account_id") {
		return b
	}
	ask := Binding{Use: "ask", Why: "nothing but a person is known to have it"}
	if blank {
		if b, ok := in.clock(t); ok {
			return b
		}
		ask = in.output(t)
	}
	if slot.Second && ask.Use == "ask" {
		ask.Why = whyOffered
	}
	return ask
}

// offered turns what a label tells into a suggestion: a blank of the second
// class may be meant as it stands, and is filled by nobody's guess.
func offered(b Binding) Binding {
	return Binding{Use: "ask", Why: whyOffered, Suggest: []Suggestion{{Use: b.Use, Args: b.Args, Why: b.Why}}}
}

const whyOffered = "offered, and not required"

// count recognises the totals of a summary: "Completed: ___ / ___", and
// "Blocked" beside it.
func (in *inferrer) count(slot *Slot) (Binding, bool) {
	of := func(what string) (Binding, bool) {
		return Binding{Use: "count", Args: map[string]string{"of": what}, Why: "counted from this record"}, true
	}
	switch slot.Part {
	case Done:
		return of("done")
	case Total:
		return of("total")
	}
	if !strings.EqualFold(slot.Label, "blocked") {
		return Binding{}, false
	}
	for i := range in.doc.Slots {
		if s := &in.doc.Slots[i]; s.Section == slot.Section && s.Part == Total {
			return of("blocked")
		}
	}
	return Binding{}, false
}

// time recognises the start and the end of the step that a blank stands by:
// the last one before it in its section, else the first one after it there.
// label is the blank's without notes on zone and format.
func (in *inferrer) time(t *Task, label string) (Binding, bool) {
	words := labelWords(label + " " + t.Slot.Hint)
	if !containsAny(labelWords(label), timeWords) {
		return Binding{}, false
	}
	start, end := containsAny(words, startWords), containsAny(words, endWords)
	contingent := t.Contingency != "" && containsAny(words, []string{"rollback"})
	if start && end && t.Slot.Hint != "" {
		hint := labelWords(t.Slot.Hint)
		start, end = containsAny(hint, startWords), containsAny(hint, endWords)
	}
	if start == end && !contingent {
		return Binding{}, false
	}
	step := in.stepBy(t)
	if step == nil {
		return Binding{}, false
	}
	at := "start"
	if end && !start {
		at = "end"
	}
	return Binding{
		Use:  "clock",
		Args: map[string]string{"of": string(step.Slot.ID), "at": at, "format": "time"},
		Why:  fmt.Sprintf("the %s of step %d, in the same section", at, step.Number),
	}, true
}

func (in *inferrer) stepBy(t *Task) *Task {
	var before *Task
	for _, s := range in.steps {
		if s.Slot.Section != t.Slot.Section {
			continue
		}
		if s.Slot.Mark.Start > t.Slot.Mark.Start {
			if before == nil {
				before = s
			}
			break
		}
		before = s
	}
	return before
}

// output looks for the terraform output that a label means: its name but for
// case and punctuation, or the only one whose words contain the label's.
func (in *inferrer) output(t *Task) Binding {
	ask := Binding{Use: "ask", Why: "nothing but a person is known to have it"}
	label := labelWords(t.Slot.Label)
	if len(label) == 0 {
		return ask
	}
	var equal, contain, near []namedOutput
	for _, o := range in.known(t) {
		words := labelWords(o.name)
		shared := 0
		for _, w := range label {
			if slices.Contains(words, w) {
				shared++
			}
		}
		switch {
		case slices.Equal(words, label):
			equal = append(equal, o)
		case len(label) == 1: // too little to tell by
		case shared == len(label):
			contain = append(contain, o)
		case 2*shared > len(label) && slices.Contains(words, label[len(label)-1]):
			near = append(near, o)
		}
	}
	if len(equal) == 1 {
		return outputBinding(equal[0], "the label is the output's name")
	}
	if len(equal) == 0 && len(contain) == 1 {
		return outputBinding(contain[0], "the only output whose name has all words of the label")
	}
	for _, o := range slices.Concat(equal, contain, near) {
		if len(equal) > 0 || !in.taken(o.name) {
			b := outputBinding(o, "its name shares most words with the label")
			ask.Suggest = append(ask.Suggest, Suggestion{Use: b.Use, Args: b.Args, Why: b.Why})
		}
	}
	return ask
}

// taken reports whether some blank's label is exactly the output's name.
func (in *inferrer) taken(name string) bool {
	words := labelWords(name)
	for i := range in.doc.Slots {
		if s := &in.doc.Slots[i]; s.Kind == FieldSlot && slices.Equal(labelWords(s.Label), words) {
			return true
		}
	}
	return false
}

func outputBinding(o namedOutput, why string) Binding {
	if o.declared {
		why += "; the configuration declares it"
	}
	b := Binding{Use: "terraform", Args: map[string]string{"output": o.name}, Why: why}
	if o.dir != "" {
		b.Args["dir"] = o.dir
	}
	return b
}

// choice recognises a line whose outcomes are those of a run.
func (in *inferrer) choice(slot *Slot) Binding {
	known := 0
	for _, o := range slot.Options {
		if _, ok := OutcomeOf(o.Label); ok {
			known++
		}
	}
	if known == len(slot.Options) && slices.Contains(labelWords(slot.Label), "status") {
		return Binding{Use: "run", Why: "the run's own result"}
	}
	return Binding{Use: "ask", Why: "a person decides"}
}

// Adverse reports whether an option says that something failed: a run in which
// a person has chosen it has not passed.
func Adverse(option string) bool {
	switch strings.Join(labelWords(option), " ") {
	case "fail", "failed", "failure", "unsuccessful", "nok", "not ok", "not met", "blocked", "reject", "rejected":
		return true
	}
	return false
}

// Outcome is what an option of a status line says of a run.
type Outcome string

// The outcomes that a status line can offer.
const (
	OutcomeSuccess    Outcome = "success"
	OutcomeFailed     Outcome = "failed"
	OutcomeRolledBack Outcome = "rolled-back"
)

// OutcomeOf reads an option's label.
func OutcomeOf(label string) (Outcome, bool) {
	switch strings.Join(labelWords(label), " ") {
	case "success", "successful", "succeeded", "passed", "complete", "completed":
		return OutcomeSuccess, true
	case "failed", "failure", "unsuccessful":
		return OutcomeFailed, true
	case "rolled back", "rollback":
		return OutcomeRolledBack, true
	}
	return "", false
}

// labelWords splits a label or a name into lower-case words.
func labelWords(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

func containsAny(words, any []string) bool {
	for _, w := range words {
		if slices.Contains(any, w) {
			return true
		}
	}
	return false
}

// runsTerraform reports whether a command has a call of terraform with one of
// the subcommands.
func runsTerraform(text string, subcommands ...string) bool {
	for _, tool := range []string{"terraform", "tofu"} {
		for rest := text; ; {
			i := strings.Index(rest, tool)
			if i < 0 {
				break
			}
			rest = rest[i+len(tool):]
			for _, name := range subcommands {
				after, ok := subcommand(rest, name)
				if ok && (after == "" || strings.ContainsAny(after[:1], " \t\n;&|>)")) {
					return true
				}
			}
		}
	}
	return false
}

// outputsNamed finds the outputs that a command's `terraform output` names.
func outputsNamed(text string) []string {
	var found []string
	for _, tool := range []string{"terraform", "tofu"} {
		rest := text
		for {
			i := strings.Index(rest, tool)
			if i < 0 {
				break
			}
			rest = rest[i+len(tool):]
			after, ok := subcommand(rest, "output")
			if name := outputOperand(after); ok && name != "" {
				found = append(found, name)
			}
		}
	}
	return found
}

// subcommand returns what follows the subcommand in a tool's arguments, of
// which -chdir and its like may come first.
func subcommand(rest, name string) (string, bool) {
	for {
		trimmed := strings.TrimLeft(rest, " \t")
		if trimmed == rest {
			return "", false
		}
		if after, ok := strings.CutPrefix(trimmed, name); ok {
			return after, true
		}
		end := strings.IndexAny(trimmed, " \t\n")
		if trimmed == "" || trimmed[0] != '-' || end < 0 {
			return "", false
		}
		rest = trimmed[end:]
	}
}

// outputOperand reads the name after "terraform output": the first word that
// is no flag, if it is an identifier.
func outputOperand(rest string) string {
	for {
		trimmed := strings.TrimLeft(rest, " \t")
		if trimmed == rest && rest != "" || trimmed == "" {
			return ""
		}
		end := strings.IndexFunc(trimmed, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '-'
		})
		if end < 0 {
			end = len(trimmed)
		}
		word := trimmed[:end]
		switch {
		case word == "":
			return ""
		case word[0] == '-':
			rest = trimmed[end:]
		default:
			return word
		}
	}
}
