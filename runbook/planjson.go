package runbook

import (
	"bytes"
	"encoding/json"
)

// The plan as JSON is a contract with people's scripts: fields are added, never
// renamed. Commands stand in it as written, never expanded.

type planJSON struct {
	Document     documentJSON      `json:"document"`
	Pins         []Pin             `json:"pins,omitempty"`
	Holds        []holdJSON        `json:"holds,omitempty"`
	Steps        []stepJSON        `json:"steps"`
	Items        []itemJSON        `json:"items"`
	Fields       []fieldJSON       `json:"fields"`
	Offered      []fieldJSON       `json:"offered,omitempty"` // blanks that are not required
	Choices      []choiceJSON      `json:"choices"`
	Placeholders []placeholderJSON `json:"placeholders"`
	Scripts      []*ScriptFile     `json:"scripts,omitempty"` // that steps execute
	Findings     []Problem         `json:"findings"`
}

type holdJSON struct {
	Before ID   `json:"before"`
	Until  []ID `json:"until"`
	Items  []ID `json:"items"` // those that must be settled
}

type documentJSON struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
	Review Digest `json:"review,omitempty"` // for exec --expect, where a sidecar or scripts have a say too
}

type stepJSON struct {
	ID          ID            `json:"id"`
	Number      int           `json:"number"`
	Section     string        `json:"section"`
	Line        int           `json:"line"`
	Lang        string        `json:"lang"`
	Contingency *ID           `json:"contingency"`
	Selected    bool          `json:"selected"`
	Status      StepStatus    `json:"status,omitempty"` // in the run that is under way, if one is
	Skip        bool          `json:"skip"`
	Dir         StartDir      `json:"dir"`
	Timeout     float64       `json:"timeout,omitempty"` // seconds
	Commands    []commandJSON `json:"commands"`
	Expects     []expectJSON  `json:"expects"`
}

type commandJSON struct {
	Line         int      `json:"line"`
	Text         string   `json:"text"`
	Comment      string   `json:"comment"`
	Creates      []string `json:"creates"`
	Applies      []string `json:"applies,omitempty"` // saved plans, compared with what was made or judged
	Runs         []string `json:"runs,omitempty"`    // scripts, compared with what was reviewed
	Placeholders []string `json:"placeholders"`
	Sensitive    bool     `json:"sensitive"`
	Why          string   `json:"why,omitempty"` // why it is sensitive
	// Retry says that it is idempotent, and how often it may run again by itself.
	Retry *retryJSON `json:"retry,omitempty"`
}

type retryJSON struct {
	Times int     `json:"times"`
	Pause float64 `json:"pause"` // seconds
}

type expectJSON struct {
	Line     int        `json:"line"`
	Command  int        `json:"command"`
	Text     string     `json:"text"`
	Kind     ExpectKind `json:"kind"`
	Values   []string   `json:"values,omitempty"`
	Advisory bool       `json:"advisory,omitempty"`
}

type bindingJSON struct {
	Use      string            `json:"use"`
	Args     map[string]string `json:"args"`
	Of       []partJSON        `json:"of,omitempty"` // with use "all": each of its checks
	Inferred bool              `json:"inferred"`
	boundJSON
	Why     string       `json:"why,omitempty"`
	Given   *string      `json:"given,omitempty"` // the value or verdict that the operator supplied
	Suggest []Suggestion `json:"suggest"`
}

type partJSON struct {
	Use  string            `json:"use"`
	Args map[string]string `json:"args"`
	boundJSON
}

// boundJSON is what bounds a question, where it is not DefaultLimit and once.
type boundJSON struct {
	Timeout  float64 `json:"timeout,omitempty"` // seconds
	Attempts int     `json:"attempts,omitempty"`
}

func (b *Binding) boundJSON() boundJSON {
	var v boundJSON
	if b.Limit != DefaultLimit {
		v.Timeout = b.Limit.Seconds()
	}
	if b.Attempts > 1 {
		v.Attempts = b.Attempts
	}
	return v
}

type itemJSON struct {
	ID          ID       `json:"id"`
	Line        int      `json:"line"`
	Text        string   `json:"text"`
	State       string   `json:"state"`
	Kind        ItemKind `json:"kind"`
	Contingency *ID      `json:"contingency"`
	bindingJSON
}

type fieldJSON struct {
	ID    ID     `json:"id"`
	Line  int    `json:"line"`
	Label string `json:"label"`
	Hint  string `json:"hint,omitempty"`
	In    Zone   `json:"in"`
	// ValueKind is what the value must be, where not any text will do.
	ValueKind   ValueKind `json:"value_kind,omitempty"`
	Contingency *ID       `json:"contingency"`
	bindingJSON
}

type choiceJSON struct {
	ID      ID       `json:"id"`
	Line    int      `json:"line"`
	Label   string   `json:"label"`
	Options []string `json:"options"`
	bindingJSON
}

// A placeholder in prose has an ID and a binding; one in steps is a variable.
type placeholderJSON struct {
	Text  string `json:"text"`
	Lines []int  `json:"lines"`
	In    string `json:"in"` // "prose", "table" or "step"
	bindingJSON
}

// JSON returns the plan in the shape of the contract, indented. s is the state
// of the run that exec would go on with, nil if there is none.
func (p *Plan) JSON(s *State) ([]byte, error) {
	view := planJSON{
		Document: documentJSON{Path: p.Document.Name, SHA256: string(p.Document.Digest()[len("sha256:"):])},
		Steps:    []stepJSON{}, Items: []itemJSON{}, Fields: []fieldJSON{}, Choices: []choiceJSON{},
		Placeholders: p.placeholdersJSON(),
		Findings:     append([]Problem{}, p.Problems...),
		Pins:         p.Pins,
		Scripts:      p.Scripts,
	}
	if review := p.Review(); review != p.Document.Digest() {
		view.Document.Review = review
	}
	for _, h := range p.Holds {
		hold := holdJSON{Before: h.Before, Until: h.Until, Items: []ID{}}
		for _, t := range p.HoldItems(h) {
			hold.Items = append(hold.Items, t.Slot.ID)
		}
		view.Holds = append(view.Holds, hold)
	}
	for i := range p.Tasks {
		t := &p.Tasks[i]
		switch t.Slot.Kind {
		case StepSlot:
			step := p.stepJSON(t)
			if s != nil {
				step.Status = s.Step(t.Slot.ID).Status
			}
			view.Steps = append(view.Steps, step)
		case ItemSlot:
			view.Items = append(view.Items, itemJSON{t.Slot.ID, t.Slot.Line, t.Slot.Label, stateJSON(t.Slot), t.Slot.Item, contingency(t), t.bindingJSON()})
		case FieldSlot:
			view.Fields = append(view.Fields, fieldJSON{t.Slot.ID, t.Slot.Line, t.Slot.Label, t.Slot.Hint, t.Slot.Zone, narrow(t.ValueKind), contingency(t), t.bindingJSON()})
		case PlaceholderSlot:
			if t.Slot.Second {
				view.Offered = append(view.Offered, fieldJSON{t.Slot.ID, t.Slot.Line, t.Slot.Label, t.Slot.Hint, t.Slot.Zone, narrow(t.ValueKind), contingency(t), t.bindingJSON()})
			}
		case ChoiceSlot:
			labels := make([]string, len(t.Slot.Options))
			for i, o := range t.Slot.Options {
				labels[i] = o.Label
			}
			view.Choices = append(view.Choices, choiceJSON{t.Slot.ID, t.Slot.Line, t.Slot.Label, labels, t.bindingJSON()})
		}
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(view); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

func narrow(k ValueKind) ValueKind {
	if k == AnyText {
		return ""
	}
	return k
}

func contingency(t *Task) *ID {
	if t.Contingency == "" {
		return nil
	}
	return &t.Contingency
}

func stateJSON(s *Slot) string {
	switch s.State {
	case ' ':
		return "open"
	case 'x', 'X', 'v':
		return "done"
	}
	return string(rune(s.State))
}

func (t *Task) bindingJSON() bindingJSON {
	b := bindingJSON{Use: t.Binding.Use, Args: t.Binding.Args, Inferred: t.Binding.Origin == Inferred, Why: t.Binding.Why, Suggest: t.Binding.Suggest}
	if b.Args == nil {
		b.Args = map[string]string{}
	}
	b.boundJSON = t.Binding.boundJSON()
	for i := range t.Binding.Of {
		p := &t.Binding.Of[i]
		b.Of = append(b.Of, partJSON{p.Use, p.Args, p.boundJSON()})
	}
	if b.Suggest == nil {
		b.Suggest = []Suggestion{}
	}
	if g := t.Binding.Given; g != nil {
		value := g.Value
		if t.Slot.Kind == ItemSlot {
			value = string(g.Verdict)
		}
		if b.Given = &value; t.Binding.Attested() {
			return b // the checks are asked as well
		}
		b.Use, b.Of, b.Why, b.boundJSON = g.Source, nil, "the operator gives it", boundJSON{}
	}
	return b
}

func (p *Plan) stepJSON(t *Task) stepJSON {
	s := stepJSON{
		ID: t.Slot.ID, Number: t.Number, Section: p.Document.Sections[t.Slot.Section].Title, Line: t.Slot.Line, Lang: t.Slot.Lang,
		Contingency: contingency(t), Selected: t.Selected, Skip: t.Skip, Dir: t.Start, Timeout: t.Timeout.Seconds(),
		Commands: make([]commandJSON, len(t.Script.Commands)), Expects: make([]expectJSON, len(t.Script.Expects)),
	}
	for i, c := range t.Script.Commands {
		why := c.Sensitive
		if why == "" {
			why = t.Sensitive
		}
		s.Commands[i] = commandJSON{c.Line, c.Text, c.Comment, list(c.Creates), c.Applies, c.Runs, list(c.Placeholders), why != "", why, nil}
		if n := t.Repeats(i); n > 0 {
			s.Commands[i].Retry = &retryJSON{n, t.Repeat.Pause.Seconds()}
		}
	}
	for i, e := range t.Script.Expects {
		s.Expects[i] = expectJSON(e)
	}
	return s
}

func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// placeholdersJSON lists each spelling once: those in prose and tables with
// what fills them, those in steps with their value.
func (p *Plan) placeholdersJSON() []placeholderJSON {
	found := []placeholderJSON{}
	at := map[string]int{}
	add := func(text, in string, line int, b bindingJSON) {
		key := in + "\x00" + text
		i, ok := at[key]
		if !ok {
			i = len(found)
			at[key] = i
			found = append(found, placeholderJSON{Text: text, In: in, bindingJSON: b})
		}
		found[i].Lines = append(found[i].Lines, line)
	}
	for i := range p.Tasks {
		t := &p.Tasks[i]
		if t.Slot.Kind == PlaceholderSlot && !t.Slot.Second {
			add(t.Slot.Label, t.Slot.Zone.String(), t.Slot.Line, t.bindingJSON())
		}
	}
	for _, t := range p.Steps() {
		for _, ph := range t.Script.Placeholders {
			b := bindingJSON{Use: "ask", Args: map[string]string{}, Why: "the step does not start without it", Suggest: []Suggestion{}}
			if offers := Offers(ph.Text); offers != nil {
				b.Suggest = offers
			}
			if g, ok := p.Values[ph.Text]; ok {
				b.Suggest = []Suggestion{}
				b.Use, b.Given, b.Why = g.Source, &g.Value, "the operator gives it"
			}
			add(ph.Text, "step", ph.Line, b)
		}
	}
	return found
}
