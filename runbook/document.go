// Package runbook is the pure core: a Markdown document and the facts of a run
// go in as bytes, a plan and a record come out as bytes. It reads no clock,
// file, process or network; package executor and the commands do that.
package runbook

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
)

// An ID names a section or a slot within its document: the slugs of the
// headings above it, then its own, joined by slashes, as in
// "deployment-steps/6-capture-terraform-outputs/dashboard-url". The document's
// title takes no part. IDs are unique among sections and among slots; a repeat
// gets "-2", "-3" in document order, steps, items and choices before fields,
// those before placeholders, and of these the ones of the second class last.
type ID string

// A Digest is a SHA-256 in the form "sha256:<64 hex digits>".
type Digest string

// DigestOf returns the digest of b.
func DigestOf(b []byte) Digest {
	sum := sha256.Sum256(b)
	return Digest("sha256:" + hex.EncodeToString(sum[:]))
}

// A Document is a parsed template: its bytes, untouched, and what in them a
// run can complete. It is read-only once parsed.
type Document struct {
	Name     string // as the caller named it, for messages
	Source   []byte
	Title    string // text of the first heading when it is the only level-1 one
	Sections []Section
	Slots    []Slot // in document order, never overlapping
	Problems []Problem

	index sync.Once
	byID  map[ID]int // in Slots
}

// Digest identifies the document's exact bytes.
func (d *Document) Digest() Digest { return DigestOf(d.Source) }

// Slot returns the slot with that ID, or nil.
func (d *Document) Slot(id ID) *Slot {
	d.index.Do(func() {
		d.byID = make(map[ID]int, len(d.Slots))
		for i := range d.Slots {
			d.byID[d.Slots[i].ID] = i
		}
	})
	if i, ok := d.byID[id]; ok {
		return &d.Slots[i]
	}
	return nil
}

// A Section is a heading and all that stands below it up to the next heading
// of the same or a higher level. Sections[0] is the document itself: level 0,
// empty ID, index of itself as parent.
type Section struct {
	ID     ID
	Title  string // the heading's text, markup removed
	Level  int    // 1 to 6; 0 for the document
	Line   int    // the heading's, counted from 1
	Parent int    // index in Document.Sections
	Span   Span   // from the heading's first byte to the end of its last subsection
	Prose  Span   // from after the heading to the first subsection's heading

	// Contingency is the ID of the outermost section, this one or one above,
	// that is in force only once declared (rollback and its like); else empty.
	Contingency ID
	// Due is the text that puts the section's items after the run ("Within 24
	// Hours"), this section's or one above; else empty.
	Due string
}

// SlotKind says what kind of thing a slot is.
type SlotKind uint8

// The kinds of slots.
const (
	StepSlot        SlotKind = iota + 1 // an executable fence
	ItemSlot                            // a checkbox that makes a claim
	FieldSlot                           // a blank
	ChoiceSlot                          // exclusive boxes
	PlaceholderSlot                     // ACCOUNT_ID, <name> or TBD in prose or a table: filled only when a value is known, never required
)

var slotKinds = [...]string{"", "step", "item", "field", "choice", "placeholder"}

func (k SlotKind) String() string { return slotKinds[k] }

// ItemKind says what a check item's tick would mean.
type ItemKind uint8

// The kinds of check items, in the words of the plan.
const (
	Claim     ItemKind = iota // a check, a person or both may settle it
	SignOff                   // carries a blank for a name: only the person who signs settles it
	Criterion                 // a tick is bad news; never counted as to-do
	Deferred                  // due after the run
)

var itemKinds = [...]string{"claim", "sign-off", "criterion", "deferred"}

func (k ItemKind) String() string { return itemKinds[k] }

// MarshalText writes the kind in the plan's words.
func (k ItemKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Zone says in what kind of text a slot stands; it decides how a value is
// escaped and where a record may insert.
type Zone uint8

// The zones that can hold slots.
const (
	Prose Zone = iota // paragraphs, headings, lists
	Table             // a table's cell
	Code              // inside a fence: a form, or a comment in a step
)

var zones = [...]string{"prose", "table", "code"}

func (z Zone) String() string { return zones[z] }

// MarshalText writes the zone in the plan's words.
func (z Zone) MarshalText() ([]byte, error) { return []byte(z.String()), nil }

// A Slot is a part of a template that a run can complete. Slots never overlap.
// Fields below Mark are set for the kinds that they are grouped under.
type Slot struct {
	ID      ID
	Kind    SlotKind
	Section int    // index in Document.Sections
	Label   string // what a person would call it, markup removed
	Line    int    // of Mark, or of a step's opening fence; counted from 1
	Zone    Zone
	// Mark is what a record rewrites: an item's state between its brackets (or
	// its ☐), a field's run of underscores, a placeholder's text, and for a
	// step the empty span after its closing fence's line.
	Mark Span

	// Attrs is what stands in a "<!-- runbook: … -->" comment on the line above,
	// and for a step between { and } in the info string.
	Attrs string

	// Steps.
	Lang string // the info string's first word, case folded
	Body []Span // the script's lines, each with its line ending and without its container's prefix
	// Broken reports that the fence is not closed, or closed too late, which
	// Problems says: what stands in it is then not the step's text alone, and
	// nothing of it is read as a script.
	Broken bool
	// Sample is what the step is expected to print: the lines of the fence
	// tagged output or expected below it. SampleLine is that fence's line; 0 if
	// there is none.
	Sample     []Span
	SampleLine int
	// Prefix is what starts each line that continues the step's container
	// ("> ", or a list's indent): a record writes it before each line it adds.
	Prefix string

	// Items.
	Item    ItemKind
	State   byte   // the character between the brackets: ' ' or '[]' written without one is open (' '); 'x', 'X', '-', '~'; ✓ ✅ ☑ are 'v'; ☐ ⬜ are ' '
	Lead    string // the line that introduces the item's list ("Rollback if:"), if one does
	Offered string // a command in a code span of the item's text, offered as its check; never run unasked
	Codes   []Span // the contents of the code spans in the item's text

	// Second says of a placeholder that it is a blank of the second class, which
	// is offered and never required: TBD, [Your Name], an empty cell for a
	// signature, a label with nothing behind it. Its mark may be empty, or a
	// cell's spaces.
	Second bool

	// Fields. Owner is the item or choice on whose line the field stands.
	Owner ID
	Hint  string // what belongs to the blank beside its label: "(Start)", "/ N", a unit
	Part  Part

	// Choices.
	Options []Option
}

// spelled reports whether the slot is a placeholder whose text is its name: all
// of one spelling are one variable.
func (s *Slot) spelled() bool {
	return s.Kind == PlaceholderSlot && (!s.Second || strings.HasPrefix(s.Label, "[") && strings.HasSuffix(s.Label, "]"))
}

// Part says which of several joined blanks a field is.
type Part uint8

// The parts that a field can be of "Completed: ___ / ___".
const (
	Whole Part = iota
	Done       // the first of "done / total"
	Total      // the second
)

// An Option is one outcome of a choice. At most one is ticked.
type Option struct {
	Label  string
	Mark   Span
	Ticked bool
}

// Open reports whether the item or choice is not ticked in the template.
func (s *Slot) Open() bool {
	if s.Kind == ChoiceSlot {
		for _, o := range s.Options {
			if o.Ticked {
				return false
			}
		}
		return true
	}
	return s.State == ' '
}

// Script joins the step's lines into the text that its commands are read from.
func (s *Slot) Script(src []byte) []byte {
	n := 0
	for _, l := range s.Body {
		n += l.Len()
	}
	out := make([]byte, 0, n)
	for _, l := range s.Body {
		out = append(out, l.Of(src)...)
	}
	return out
}

// Severity says what a problem means for a run.
type Severity uint8

// Severities: an error stops a run before it starts, a warning is a thing that
// is likely wrong, a note is worth knowing.
const (
	Note Severity = iota
	Warning
	Error
)

var severities = [...]string{"note", "warning", "error"}

func (s Severity) String() string { return severities[s] }

// MarshalText writes the severity in the plan's words.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// A Problem is something that parsing or planning noticed, for a person to act
// on. Plans list them all at once.
type Problem struct {
	Severity Severity `json:"severity"`
	Code     string   `json:"code"` // stable, in kebab case: "placeholder", "unbalanced-fence"
	Line     int      `json:"line"` // in the document, from 1; 0 if it has no place
	Message  string   `json:"message"`
	Hint     string   `json:"hint,omitempty"` // what to do next
}

// In formats the problem for a terminal, with the document's name before it.
func (p Problem) In(name string) string {
	if p.Line > 0 {
		return fmt.Sprintf("%s:%d: %s: %s", name, p.Line, p.Severity, p.Message)
	}
	return fmt.Sprintf("%s: %s: %s", name, p.Severity, p.Message)
}
