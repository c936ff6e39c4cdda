package runbook

import (
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// A Plan is every slot of a document with what would complete it, in document
// order, and everything that is wrong or doubtful, at once. It is computed
// without any effect; a run does what its plan says and nothing else.
type Plan struct {
	Document *Document
	Tasks    []Task
	Problems []Problem
	Strict   bool // open items above a step hold it
	// InTree says that the record stands in a git work tree, which steps may move.
	InTree bool
	// Contingency is the declared section that the plan is about; empty: the
	// main path.
	Contingency ID
	Holds       []Hold
	Pins        []Pin
	Env         map[string]string // the sidecar's, for every step
	Values      map[string]Given  // for the placeholders in steps, by spelling
	Sidecar     Digest            // of the file that bound the slots; empty: there is none
	Secrets     []string          // names of variables whose values exec takes or asks, and masks
	Waivers     []Waiver
	Scripts     []*ScriptFile // that steps execute, in the order of their first use

	scriptFiles map[string]*ScriptFile // by absolute path
	reviewed    map[string]Digest      // as PlanInput has them
	stepTasks   []int                  // index in Tasks by step number - 1
}

// A Task is one slot and how a run completes it.
type Task struct {
	Slot    *Slot
	Binding Binding
	// Selected is false for what this run leaves alone: slots of a contingency
	// that is not declared, and those outside --step, --from and --section.
	Selected    bool
	Contingency ID        // as the section's
	ValueKind   ValueKind // what the value of a blank must be
	After       int       // the number of the step that must be over first; 0 is none
	about       int       // as After, where the question is about that step and not only below it
	// Signed reports a sign-off that only a signature settles, by the sidecar's
	// word.
	Signed bool

	// Steps.
	Number    int // from 1, in document order, contingencies included
	Script    *Script
	Start     StartDir
	Timeout   time.Duration
	Skip      bool   // by the checklist's own word
	TTY       bool   // wants the operator's terminal
	Sensitive string // why no output of the step is recorded; empty if it is
	Repeat    Repeat // of commands that are idempotent
	// Terraform holds, by command, the absolute directories in which it needs
	// terraform's configuration; "" is one that only the run will know.
	Terraform map[int][]string
	// Plans holds, by command, the saved plans that it makes and applies.
	Plans map[int]SavedPlans
	// Runs holds, by command, the scripts that it executes, Makes the files that
	// it makes, as far as its text tells; all absolute.
	Runs, Makes map[int][]string
}

// A PlanInput is all that a plan depends on besides the document.
type PlanInput struct {
	Catalog Catalog
	Sidecar *Sidecar // nil if there is none
	Givens  []GivenFor
	Tree    Tree
	// Files holds terraform's configuration, for the outputs that it declares,
	// and its local state, for the names that rules ask for: the only contents
	// that a plan reads, but for digests. Nil: none is read.
	Files Files
	// Deployed is what terraform itself has been asked for; those workspaces'
	// files do not count.
	Deployed []Deployed
	// Digests reads the scripts that steps execute. Nil: none is read.
	Digests Digester
	// Reviewed are the digests that the run which goes on began with, by path;
	// nil: a run would begin.
	Reviewed map[string]Digest
	Root     string // absolute: the git root, else the document's directory
	DocDir   string // absolute
	Dirs     DirPolicy
	Select   Selection
	// Contingency is the section that is declared, whose steps the plan is then
	// about; empty: the main path.
	Contingency ID
	// Execute says that the contingency's steps are to run now. Otherwise only
	// what can be settled without them is.
	Execute bool
	Strict  bool
	InTree  bool
	Timeout time.Duration // per step, unless the step has its own
	// Rules propose checks for items: suggestions, which no run applies. A run
	// needs none.
	Rules *Rules
}

// NewPlan binds every slot of the document. Whatever stands in the way is in
// the plan's Problems; Errors tells whether a run may start.
func NewPlan(doc *Document, in PlanInput) *Plan {
	b := &planner{
		in:   in,
		plan: &Plan{Document: doc, Strict: in.Strict, InTree: in.InTree, Contingency: in.Contingency, reviewed: in.Reviewed, Problems: append([]Problem(nil), doc.Problems...)},
		inf:  inferrer{doc: doc, files: in.Files},
	}
	b.plan.Tasks = make([]Task, len(doc.Slots))
	b.steps()
	b.bind()
	b.propose()
	b.given()
	b.choose()
	b.scripts()
	b.placeholders()
	if in.Sidecar != nil {
		b.plan.Env, b.plan.Secrets = in.Sidecar.Env, in.Sidecar.Secrets
		b.plan.Holds = slices.Clone(in.Sidecar.Holds)
		b.plan.Sidecar = DigestOf(in.Sidecar.Bytes)
		b.holds()
		b.pins()
		b.signs()
		b.waivers()
		b.report(in.Sidecar.dead()...)
	}
	return b.plan
}

type planner struct {
	in   PlanInput
	plan *Plan
	inf  inferrer
	walk *dirWalk // along the main path, to its end
}

func (b *planner) report(p ...Problem) { b.plan.Problems = append(b.plan.Problems, p...) }

// steps reads the scripts and finds the start directories.
func (b *planner) steps() {
	doc := b.plan.Document
	scripts := readScripts(doc)
	Taint(scripts)
	main := newDirWalk(b.in.Tree, b.in.Root, b.in.DocDir, b.in.Dirs)
	b.walk = main
	walk, entered := main, ID("") // entered: the contingency that walk is in
	for i := range doc.Slots {
		slot := &doc.Slots[i]
		t := &b.plan.Tasks[i]
		t.Slot, t.Selected = slot, true
		t.Contingency = doc.Sections[slot.Section].Contingency
		if slot.Kind != StepSlot {
			continue
		}
		b.plan.stepTasks = append(b.plan.stepTasks, i)
		t.Number = len(b.plan.stepTasks)
		t.Script = scripts[i]
		if t.Contingency != entered {
			walk, entered = main, t.Contingency
			if entered != "" {
				walk = main.branch()
			}
		}
		b.inf.steps = append(b.inf.steps, t)
		dir := b.attributes(t)
		b.report(t.Script.Problems...)
		var problems []Problem
		t.Start, problems = walk.choose(t.Number, t.Script, dir, slot.Line)
		if t.Skip || len(t.Script.Commands) == 0 {
			continue // it never runs, and leaves nothing behind
		}
		b.report(problems...)
		found := walk.follow(t.Number, t.Script, t.Start.Abs)
		t.Terraform, t.Plans, t.Runs, t.Makes = found.terraform, found.plans, found.runs, found.makes
		for c, command := range t.Script.Commands {
			dir := ""
			if at := t.Terraform[c]; len(at) == 1 && at[0] != "" {
				dir = walk.rel(at[0])
			}
			names := outputsNamed(command.Text)
			for _, name := range names {
				b.inf.outputs = append(b.inf.outputs, namedOutput{name: name, step: t, dir: dir})
			}
			if dir != "" && (len(names) > 0 || runsTerraform(command.Text, "output", "apply")) {
				b.inf.configured = append(b.inf.configured, configuration{t, dir, t.Terraform[c][0]})
			}
		}
	}
}

// readScripts reads every step, by its slot's index, on all processors: for a
// document of thousands of steps it is the greater part of a plan.
func readScripts(doc *Document) []*Script {
	scripts := make([]*Script, len(doc.Slots))
	var next atomic.Int64
	SideBySide(min(runtime.GOMAXPROCS(0), 1+len(doc.Slots)/64), func(int) {
		for i := next.Add(1) - 1; i < int64(len(doc.Slots)); i = next.Add(1) - 1 {
			if doc.Slots[i].Kind == StepSlot {
				scripts[i] = ReadScript(doc.Source, &doc.Slots[i])
			}
		}
	})
	return scripts
}

// attributes reads a step's own settings, the sidecar's outranking the
// document's, and returns its directory.
func (b *planner) attributes(t *Task) (dir string) {
	t.Timeout = b.in.Timeout
	if c := b.in.Sidecar; c != nil && c.Limit > 0 && t.Timeout == 0 {
		t.Timeout = c.Limit
	}
	var idempotent, retry, pause *string
	set := func(key, value, where string) {
		var err error
		switch key {
		case "idempotent":
			idempotent = &value
		case "retry":
			retry = &value
		case "pause":
			pause = &value
		case "dir":
			dir = value
		case "timeout":
			t.Timeout, err = parseTimeout(value)
		case "skip":
			t.Skip, err = parseSwitch(key, value)
		case "tty":
			t.TTY, err = parseSwitch(key, value)
		case "sensitive":
			var on bool
			on, err = parseSwitch(key, value)
			t.Sensitive = ""
			if on || err != nil {
				t.Sensitive = "the step is marked sensitive"
			}
		default:
			err = fmt.Errorf("a step has no attribute %q; it has %s", key, strings.Join(stepArgs, ", "))
		}
		if err != nil {
			b.report(Problem{Error, "attribute", t.Slot.Line, where + err.Error(), ""})
		}
	}
	attrs, err := splitAttrs(t.Slot.Attrs)
	if err != nil {
		b.report(Problem{Error, "attribute", t.Slot.Line, err.Error(), ""})
	}
	for _, a := range attrs {
		set(a.key, a.value, "")
	}
	if ru := b.in.Sidecar.rule(t.Slot); ru != nil {
		for _, key := range sortedKeys(ru.args) {
			set(key, ru.args[key], fmt.Sprintf("%s:%d: ", b.in.Sidecar.Name, ru.line))
		}
	}
	for _, err := range t.repeat(idempotent, retry, pause) {
		b.report(Problem{Error, "attribute", t.Slot.Line, err.Error(), ""})
	}
	return dir
}

// bind decides how everything but the steps is completed.
func (b *planner) bind() {
	after := 0
	for i := range b.plan.Tasks {
		t := &b.plan.Tasks[i]
		if t.Number > 0 {
			if t.Contingency == "" || t.Contingency == b.in.Contingency {
				after = t.Number
			}
			continue
		}
		t.After = after
		t.ValueKind = kindOf(t.Slot)
		infos, what := b.in.Catalog.Sources, "source"
		switch t.Slot.Kind {
		case ItemSlot:
			infos, what = b.in.Catalog.Checks, "check"
			t.Binding = itemBinding(t.Slot)
		case ChoiceSlot:
			t.Binding = b.inf.choice(t.Slot)
		default:
			t.Binding = b.inf.field(t)
			if t.Slot.Second && t.Binding.Use != "ask" {
				t.Binding = offered(t.Binding)
			}
		}
		if t.Slot.Attrs != "" {
			b.comment(t, infos, what)
		}
		if ru := b.in.Sidecar.rule(t.Slot); ru != nil && !b.personal(t, ru) {
			t.Binding = ru.binding()
			b.kind(t)
			for _, fault := range append(checkBinding(infos, what, &t.Binding), b.deadSteps(infos, &t.Binding)...) {
				b.report(Problem{Error, "sidecar", t.Slot.Line, fmt.Sprintf("%s:%d: %s: %s", b.in.Sidecar.Name, ru.line, t.Slot.ID, fault), ""})
			}
		}
		t.Binding.bound(infos)
		b.checks(t, infos)
	}
}

// personal reports whether only its own person can settle the slot: a sign-off,
// or a blank of one. A rule that names it outright is then an error; a glob
// passes over it.
func (b *planner) personal(t *Task, ru *rule) bool {
	if !b.ofPerson(t, ru.use) {
		return false
	}
	if !strings.Contains(ru.pattern, "*") {
		b.report(Problem{Error, "sidecar", t.Slot.Line,
			fmt.Sprintf("%s:%d: %s belongs to a sign-off, which only its person gives", b.in.Sidecar.Name, ru.line, t.Slot.ID), "bind it to ask"})
	}
	return true
}

// ofPerson reports whether a slot is a sign-off or a blank of one, and use is
// not to ask its person.
func (b *planner) ofPerson(t *Task, use string) bool {
	item := t.Slot
	if item.Kind != ItemSlot {
		item = b.plan.Document.Slot(t.Slot.Owner)
	}
	return item != nil && item.Kind == ItemSlot && item.Item == SignOff && (item != t.Slot || use != "ask")
}

// another finds that an item wants the word of somebody else than the operator.
var another = regexp.MustCompile(`(?i)\b(?:second|another|other|different|independent|peer)\s+(?:engineer|person|reviewer|operator|developer|colleague|deployer|admin|administrator|sre|pair of eyes)\b|\bpeer[- ]review`)

// itemBinding is how an item is settled when nothing says otherwise: a person
// says so. A command in its text is offered, and run only if bound.
func itemBinding(slot *Slot) Binding {
	b := Binding{Use: "ask", Why: "only a person is known to know"}
	if slot.Item == SignOff {
		b.Args = map[string]string{"role": slot.Label}
		b.Why = "a sign-off: only its person settles it"
	}
	if slot.Item == Claim && another.MatchString(slot.Label) {
		b.Args = map[string]string{"not": "operator"}
		b.Why = "its text asks for another person than the operator"
	}
	if slot.Offered != "" {
		b.Suggest = []Suggestion{{Use: "step", Args: map[string]string{"run": slot.Offered}, Why: "the item names the command"}}
	}
	return b
}
