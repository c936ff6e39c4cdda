package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"runbook/runbook"
)

// encodeIndented writes v as JSON for people and programs: its text is exactly
// what v holds, and nothing in it drives a terminal.
func encodeIndented(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	return writeJSON(w, b.Bytes())
}

// writeJSON writes JSON in which what cannot be seen, and what reorders what
// can, is escaped: JSON itself asks that of the controls of ASCII alone.
func writeJSON(w io.Writer, text []byte) error {
	var out []byte
	from := 0
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRune(text[at:])
		if r >= 0x7f && runbook.Visible(string(r)) != string(r) {
			out = append(out, text[from:at]...)
			if high, low := utf16.EncodeRune(r); r > 0xffff {
				out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
			} else {
				out = fmt.Appendf(out, `\u%04x`, r)
			}
			from = at + size
		}
		at += size
	}
	_, err := w.Write(append(out, text[from:]...))
	return err
}
