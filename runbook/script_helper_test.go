package runbook

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"mvdan.cc/sh/v3/syntax"
)

// stepSlots makes a slot for each tagged fence of a document by a plain scan of
// its lines: enough to read scripts without the Markdown parser.
func stepSlots(src []byte) []*Slot {
	var slots []*Slot
	var open *Slot
	at, line := 0, 0
	for l := range bytes.Lines(src) {
		line++
		trimmed := bytes.TrimSpace(l)
		switch {
		case open != nil && bytes.HasPrefix(trimmed, []byte("```")):
			open = nil
		case open != nil:
			open.Body = append(open.Body, Span{at, at + len(l)})
		case bytes.HasPrefix(trimmed, []byte("```")):
			open = &Slot{Kind: StepSlot, Line: line, Lang: string(bytes.TrimPrefix(trimmed, []byte("```")))}
			if open.Lang != "" {
				slots = append(slots, open)
			}
		}
		at += len(l)
	}
	return slots
}

// readText reads a script as a fence of its own that opens on line 1, so that
// the script's first line is line 2.
func readText(t testing.TB, script string) *Script {
	t.Helper()
	src := []byte("```bash\n" + script)
	slot := &Slot{Kind: StepSlot, Line: 1, Lang: "bash"}
	at := len("```bash\n")
	for l := range strings.Lines(script) {
		slot.Body = append(slot.Body, Span{at, at + len(l)})
		at += len(l)
	}
	return ReadScript(src, slot)
}

// scriptSeed returns the checklist that the project was built for.
func scriptSeed(t testing.TB) []byte {
	t.Helper()
	src, err := os.ReadFile("../../shared/seed/checklist.md")
	if err != nil {
		t.Skip("skipped: no ../shared/seed/checklist.md")
	}
	return src
}

// validText reports whether every character of s can be printed.
func validText(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return !unicode.IsPrint(c) }) < 0 && utf8.ValidString(s)
}

// firstCall returns the words of the call that a text consists of.
func firstCall(t testing.TB, text string) []shellArg {
	t.Helper()
	file, err := parseShell(text)
	if err != nil {
		t.Fatal(err)
	}
	call, ok := file.Stmts[0].Cmd.(*syntax.CallExpr)
	if !ok {
		t.Fatalf("%q is not a call", text)
	}
	return shellArgs(call)
}
