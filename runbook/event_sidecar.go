package runbook

import (
	"bytes"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// SidecarChanged says that from here on the run follows another sidecar than
// before: its pins, holds, bindings and settings. Rules for signatures are
// those of the one that the run began with.
type SidecarChanged struct {
	By     string `json:"by"`
	Was    Digest `json:"was,omitempty"` // empty: there was none
	Is     Digest `json:"is,omitempty"`  // empty: there is none any more
	Diff   string `json:"diff"`          // unified; its head where it is long
	File   string `json:"file,omitempty" mask:"no"`
	Digest Digest `json:"digest,omitempty"` // of File, a copy without secrets
}

// EventType implements Event.
func (*SidecarChanged) EventType() string { return "sidecar.changed" }

// maxSidecarDiff bounds the diff that an event holds, in bytes.
const maxSidecarDiff = 8 << 10

// SidecarDiff is what has changed between two sidecars, as an event can hold
// it.
func SidecarDiff(was, is []byte) string {
	text := diff.Diff("was", was, "is", is)
	for range 3 { // what is compared is known
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	shown := strings.ToValidUTF8(string(text), "\ufffd")
	if len(shown) > maxSidecarDiff {
		shown = shown[:strings.LastIndexByte(shown[:maxSidecarDiff], '\n')+1] + "…\n"
	}
	return shown
}

// ApprovedBefore names who approved template and sidecar before the run, and so
// no other sidecar; empty: nobody.
func (s *State) ApprovedBefore() string {
	name := ""
	for _, ev := range s.Signed {
		if ev.Entries == 0 && (name == "" || ev.Name < name) {
			name = ev.Name
		}
	}
	return name
}

// sidecars tells of the sidecars that the run has followed one after the other.
func (w *sheet) sidecars(s *State) {
	if len(s.Sidecars) == 0 {
		return
	}
	w.line("### Changes of the sidecar")
	w.line("")
	for _, e := range s.Sidecars {
		ev := e.Event.(*SidecarChanged)
		text := "- " + clock(e.Time) + ", found by " + escapeText(ev.By) + ": "
		switch {
		case ev.Was == "":
			text += "there was none before"
		case ev.Is == "":
			text += "it was taken away"
		default:
			text += "it was " + codeSpan(string(ev.Was)) + " before"
		}
		if ev.File != "" {
			text += "; the new one is " + codeSpan(ev.File)
		}
		w.line("%s", text)
		w.line("")
		w.fence(Visible(ev.Diff))
		w.line("")
	}
}
