package runbook

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// visibleByRune says what Visible shows, one character after the other.
func visibleByRune(s string) string {
	var out strings.Builder
	s = strings.ReplaceAll(s, "\r\n", "\n")
	for i := 0; i < len(s); {
		if n := colour([]byte(s[i:])); n > 0 {
			i += n
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&out, "\\x%02x", s[i])
		case r == '\n' || r == '\t':
			out.WriteRune(r)
		case r == '\r':
			out.WriteByte('\n')
		case r < 0x20 || r == 0x7f:
			out.WriteRune(controlPicture(r))
		case hidden(r):
			fmt.Fprintf(&out, "<%U>", r)
		default:
			out.WriteString(s[i : i+size])
		}
		i += size
	}
	return out.String()
}

func FuzzVisible(f *testing.F) {
	for _, s := range []string{
		"", "plain\ttext\n", "a\r\nb\rc\r\r\nd\r", "\x1b[31mred\x1b[0m\x1b\x1b[1m\x1b[2J", "\x00\x00\x00", "\x7f\x7e\x80\xff\xc3\xa9é",
		"\u202e\u200b\ufeff\ufffd\u00ad✅", "12345678\x01", "1234567\xff", "1234567\n12345678\u009b", strings.Repeat("\x00", 40000) + "x",
		"\xe2\x82", "é\xffé\u2028é", strings.Repeat("\x1b[1;31", 3) + "m", "\r\x1b[0m\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want := visibleByRune(s)
		if got := Visible(s); got != want {
			t.Errorf("Visible(%q) = %q, want %q", s, got, want)
		}
		if got := AppendVisible([]byte("before "), []byte(s)); string(got) != "before "+want {
			t.Errorf("AppendVisible(%q) = %q, want %q", s, got, want)
		}
	})
}

func TestEveryCharacterIsShownOrNamed(t *testing.T) {
	for r := rune(0x80); r <= utf8.MaxRune; r++ {
		if hidesNothing(r) == hidden(r) {
			t.Fatalf("%U: shown %v, hidden %v", r, hidesNothing(r), hidden(r))
		}
	}
}

// BenchmarkVisible shows what commands print in large amounts.
func BenchmarkVisible(b *testing.B) {
	random := make([]byte, 256<<10)
	for i, x := 0, uint32(1); i < len(random); i++ {
		x = x*1664525 + 1013904223
		random[i] = byte(x >> 24)
	}
	for name, text := range map[string][]byte{
		"lines": bytes.Repeat([]byte("2026-11-26T20:00:00Z module.a.aws_x: Still creating… [10s elapsed]\n"), 4000), "zeros": make([]byte, 256<<10),
		"ascii": bytes.Repeat([]byte("2026-11-26T20:00:00Z module.a.aws_x: Still creating... [10s elapsed]\n"), 4000), "random": random,
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			var out []byte
			for b.Loop() {
				out = AppendVisible(out[:0], text)
			}
		})
	}
}
