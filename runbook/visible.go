package runbook

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"unicode/utf8"
)

// Visible makes output safe to show in a fence: escape sequences that colour
// text go, other controls and invisible characters are written as they are
// named, line ends are "\n".
func Visible(s string) string {
	b := []byte(s)
	n := harmless(b)
	if n == len(b) {
		return s
	}
	return string(AppendVisible(append(make([]byte, 0, len(b)+len(b)/8), b[:n]...), b[n:]))
}

// AppendVisible appends to dst what Visible makes of p. It is for output that
// comes in large amounts and in pieces; what the end of p cuts is shown as it
// stands there.
func AppendVisible(dst, p []byte) []byte {
	for {
		n := harmless(p)
		dst = append(dst, p[:n]...)
		if p = p[n:]; len(p) == 0 {
			return dst
		}
		if p[0] < utf8.RuneSelf {
			dst, n = appendControl(dst, p)
		} else {
			dst, n = appendCharacters(dst, p)
		}
		p = p[n:]
	}
}

// appendControl shows the control that p begins with, and those that repeat it.
func appendControl(dst, p []byte) (shown []byte, n int) {
	switch c := p[0]; {
	case c == '\r' && len(p) > 1 && p[1] == '\n':
		return dst, 1
	case c == '\r':
		return append(dst, '\n'), 1
	case c == '\x1b':
		if n := colour(p); n > 0 {
			return dst, n
		}
		n = 1
	default:
		n = repeats(p)
	}
	return appendRepeated(dst, controlPicture(rune(p[0])), n), n
}

// appendRepeated appends r n times.
func appendRepeated(dst []byte, r rune, n int) []byte {
	from := len(dst)
	dst = utf8.AppendRune(dst, r)
	if n == 1 {
		return dst
	}
	size := len(dst) - from
	dst = slices.Grow(dst, size*(n-1))
	for end := from + size*n; len(dst) < end; {
		// In pieces that stay in the processor's cache.
		dst = append(dst, dst[from:from+min(len(dst)-from, end-len(dst), size<<12)]...)
	}
	return dst
}

// appendCharacters shows what in p is not ASCII, up to the next byte that is.
func appendCharacters(dst, p []byte) (shown []byte, n int) {
	const digits = "0123456789abcdef"
	from := 0 // of what is shown as it is
	for n < len(p) && p[n] >= utf8.RuneSelf {
		r, size := utf8.DecodeRune(p[n:])
		invalid := r == utf8.RuneError && size == 1
		if !invalid && hidesNothing(r) {
			n += size
			continue
		}
		dst = append(dst, p[from:n]...)
		if invalid {
			dst = append(dst, '\\', 'x', digits[p[n]>>4], digits[p[n]&15])
		} else {
			dst = fmt.Appendf(dst, "<%U>", r)
		}
		n += size
		from = n
	}
	return append(dst, p[from:n]...), n
}

// hidesNothing is the opposite of hidden, and quick where most letters and signs are.
func hidesNothing(r rune) bool {
	return r > 0xad && r < 0x600 || r > 0x206f && r < 0xfeff || !hidden(r)
}

// harmless returns how many bytes at the beginning of p are printable ASCII, tabs
// and newlines: nearly always all of them.
func harmless(p []byte) int {
	i := 0
	for ; i+8 <= len(p); i += 8 {
		// In each byte the high bit is set by what is below a space, and by what
		// is above "~". A borrow from a lower byte can only set more of them.
		const ones, high = 0x0101010101010101, 0x8080808080808080
		if w := binary.LittleEndian.Uint64(p[i:]); ((w-ones*' ')|(w+ones)|w)&high == 0 {
			continue
		}
		for _, c := range p[i : i+8] {
			if !isHarmless(c) {
				return i
			}
			i++
		}
		i -= 8
	}
	for ; i < len(p) && isHarmless(p[i]); i++ {
	}
	return i
}

func isHarmless(c byte) bool { return c >= ' ' && c < 0x7f || c == '\n' || c == '\t' }

// repeats returns how many bytes at the beginning of p are the same.
func repeats(p []byte) int {
	n := 1
	for w := uint64(p[0]) * 0x0101010101010101; n+8 <= len(p) && binary.LittleEndian.Uint64(p[n:]) == w; {
		n += 8
	}
	for n < len(p) && p[n] == p[0] {
		n++
	}
	return n
}

// controlPicture is the Unicode picture of a C0 control: ESC becomes ␛.
func controlPicture(r rune) rune {
	if r == 0x7f {
		return '\u2421'
	}
	return 0x2400 + r
}

// colour returns the length of an SGR sequence, which only colours text, at
// the start of p; other sequences stay, made visible.
func colour(p []byte) int {
	if !bytes.HasPrefix(p, []byte("\x1b[")) {
		return 0
	}
	end := 2
	for end < len(p) && (p[end] >= '0' && p[end] <= '9' || p[end] == ';') {
		end++
	}
	if end < len(p) && p[end] == 'm' {
		return end + 1
	}
	return 0
}
