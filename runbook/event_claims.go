package runbook

import (
	"fmt"
	"slices"
	"strings"
)

// FileSeen is the digest of a file that a command is about to act on, at a
// moment that matters: when it was made, judged, or used.
type FileSeen struct {
	Path   string `json:"path" mask:"no"` // from the root where it lies below it
	Digest Digest `json:"digest"`         // empty: it is gone
	// As: of a saved plan "made", "judged", "found" as the run began, "applied".
	// Of a script "reviewed" as the run began, "resumed" where that was first
	// seen as the run went on, "changed" by a command of the run, "accepted" as
	// it was found by a person's word, "run".
	As      string `json:"as" mask:"no"`
	Step    ID     `json:"step,omitempty"`
	Command int    `json:"command,omitempty"`
	Check   bool   `json:"check,omitempty"` // Step is an item or a blank, whose check or source has a command
	By      string `json:"by,omitempty"`    // who accepted it
	Reason  string `json:"reason,omitempty"`
}

// PinChecked says what was found where the checklist's sidecar pins something:
// the account, the region, the workspace.
type PinChecked struct {
	Pin      string  `json:"pin" mask:"no"`
	Expected string  `json:"expected"`
	Found    string  `json:"found,omitempty"`
	Verdict  Verdict `json:"verdict"` // pass, fail, or unknown: it could not be told
	Reason   string  `json:"reason,omitempty"`
	Step     ID      `json:"step,omitempty"` // before which it was checked; empty: before the first
}

// Attested is one of several persons' words on an item that takes more than one.
type Attested struct {
	Item    ID      `json:"item"`
	Verdict Verdict `json:"verdict"`
	By      string  `json:"by"`
	Use     string  `json:"use" mask:"no"` // "ask", or where it was given
	Note    string  `json:"note,omitempty"`
}

func (*FileSeen) EventType() string   { return "file.seen" }
func (*PinChecked) EventType() string { return "pin.checked" }
func (*Attested) EventType() string   { return "item.attested" }

// A FileState is what is known of a file whose content matters.
type FileState struct {
	Digest Digest // as it must be when it is used
	As     string // how that is known, as in FileSeen
	Step   ID
	Seen   []Entry // of FileSeen, oldest first
}

// applyClaim moves the state on by an event of this file.
func (s *State) applyClaim(e Entry) bool {
	switch ev := e.Event.(type) {
	case *FileSeen:
		f := s.Files[ev.Path]
		if f == nil {
			f = &FileState{}
			s.Files[ev.Path] = f
		}
		if f.Digest == "" || ev.As == "made" || ev.As == "changed" || ev.As == "accepted" {
			f.Digest, f.As, f.Step = ev.Digest, ev.As, ev.Step
		}
		f.Seen = append(f.Seen, e)
	case *PinChecked:
		s.Pins = append(s.Pins, e)
	case *Attested:
		s.Attested[ev.Item] = append(s.Attested[ev.Item], ev)
	default:
		return false
	}
	return true
}

// SamePerson reports whether two names are one person's as far as their
// spelling tells: case and spaces do not count, and where both carry an e-mail
// address in angle brackets, that address alone does.
func SamePerson(a, b string) bool {
	nameA, mailA := personParts(a)
	nameB, mailB := personParts(b)
	if mailA != "" && mailA == mailB {
		return true
	}
	return nameA != "" && nameA == nameB
}

func personParts(s string) (name, mail string) {
	s = strings.ToLower(s)
	if before, rest, ok := strings.Cut(s, "<"); ok {
		inner, _, _ := strings.Cut(rest, ">")
		return strings.Join(strings.Fields(before), ""), strings.Join(strings.Fields(inner), "")
	}
	name = strings.Join(strings.Fields(s), "")
	if strings.Contains(name, "@") {
		return "", name
	}
	return name, ""
}

// Attesters lists the persons whose word on an item agrees with the verdict,
// each once.
func (s *State) Attesters(item ID, v Verdict) []string {
	var names []string
	for _, a := range s.Attested[item] {
		known := slices.ContainsFunc(names, func(n string) bool { return SamePerson(n, a.By) })
		if a.Verdict == v && !known {
			names = append(names, a.By)
		}
	}
	return names
}

// pinTable and fileTable are parts of the appendix that stand in it only where
// the journal has such events.
func (w *sheet) pinTable(s *State) {
	if len(s.Pins) == 0 {
		return
	}
	w.line("### Pins")
	w.line("")
	w.header("Pin", "Expected", "Found", "Verdict", "Checked", "When")
	for _, e := range s.Pins {
		p := e.Event.(*PinChecked)
		before := "before the first effect"
		if p.Step != "" {
			before = "before " + codeCell(string(p.Step))
		}
		found := optionalCode(p.Found)
		if p.Reason != "" {
			found = cell(strings.TrimSpace(p.Found + " " + p.Reason))
		}
		w.row(cell(p.Pin), codeCell(p.Expected), found, string(p.Verdict), before, clock(e.Time))
	}
	w.line("")
}

func (w *sheet) seenTable(s *State) {
	if len(s.Files) == 0 {
		return
	}
	w.line("### Files compared")
	w.line("")
	w.header("File", "Digest", "As it was", "When")
	var all []Entry
	for _, path := range sortedKeys(s.Files) {
		all = append(all, s.Files[path].Seen...)
	}
	for _, e := range all {
		f := e.Event.(*FileSeen)
		digest := "gone"
		if f.Digest != "" {
			digest = codeCell(string(f.Digest))
		}
		w.row(codeCell(f.Path), digest, cell(f.text()), clock(e.Time))
	}
	w.line("")
}

// text says when a file was seen.
func (f *FileSeen) text() string {
	switch {
	case f.As == "found":
		return "found as the run began"
	case f.As == "reviewed":
		return "as the plan had it"
	case f.As == "resumed":
		return "as the plan had it when the run went on"
	case f.As == "changed" && f.Check:
		return "after " + string(f.Step) + ", whose command may change it"
	case f.As == "changed":
		return fmt.Sprintf("after command %d of %s, which may change it", f.Command+1, f.Step)
	case f.As == "accepted":
		return strings.TrimSuffix(fmt.Sprintf("changed by none of the run's commands; accepted by %s: %s", f.By, f.Reason), ": ")
	case f.As == "run":
		return "as " + string(f.Step) + " began to run it"
	case f.As == "applied":
		return "as " + string(f.Step) + " began to apply it"
	case f.Step != "":
		return f.As + " by " + string(f.Step)
	}
	return f.As
}
