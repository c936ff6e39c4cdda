package main

import (
	"bytes"
	"io"
	"unicode/utf8"

	"runbook/runbook"
)

// A screen shows what commands print so that it cannot drive the terminal:
// nothing is coloured, moved, erased, renamed or put into the clipboard, and no
// character hides. It holds back what is cut off at the end of a piece.
type screen struct {
	w    io.Writer
	held []byte
	out  []byte // what one call shows, used again by the next
	// midline says that the last line is not ended.
	midline bool
}

// Write implements io.Writer.
func (s *screen) Write(p []byte) (int, error) {
	b := p
	if len(s.held) > 0 {
		b = append(s.held, p...)
	}
	n := len(b) - unfinished(b)
	err := s.show(b[:n])
	s.held = append(s.held[:0], b[n:]...)
	return len(p), err
}

// Close shows what was held back.
func (s *screen) Close() error {
	err := s.show(s.held)
	s.held = nil
	return err
}

func (s *screen) show(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	s.out = runbook.AppendVisible(s.out[:0], b)
	if len(s.out) == 0 {
		return nil
	}
	s.midline = s.out[len(s.out)-1] != '\n'
	_, err := s.w.Write(s.out)
	return err
}

// unfinished returns how many bytes at the end of b are the beginning of
// something that is shown as one: a character, a colour, a line end.
func unfinished(b []byte) int {
	const longest = 32 // of a sequence that sets colours
	if n := len(b); n > 0 && b[n-1] == '\r' {
		return 1
	}
	if at := bytes.LastIndexByte(b[max(0, len(b)-longest):], 0x1b); at >= 0 {
		rest := b[max(0, len(b)-longest)+at:]
		if len(rest) == 1 || rest[1] == '[' && len(bytes.Trim(rest[2:], "0123456789;")) == 0 {
			return len(rest)
		}
	}
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if c := b[len(b)-n]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(b[len(b)-n:]) {
				return n
			}
			break
		}
	}
	return 0
}
