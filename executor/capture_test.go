package executor

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"runbook/runbook"
)

func captured(parts ...string) *Capture {
	c := &Capture{}
	for _, p := range parts {
		c.Write([]byte(p))
	}
	return c
}

// digest is what a stop makes of an output.
func digest(c *Capture, mask *Mask) (runbook.Output, []byte) {
	h := c.hold()
	out, full := h.excerpt(mask)
	out.Bytes, out.Lines = h.Bytes, h.Lines
	return out, full
}

func TestASmallOutputIsKeptWhole(t *testing.T) {
	for text, lines := range map[string]int64{"": 0, "a": 1, "a\n": 1, "a\nb": 2, "\n\n": 2} {
		out, full := digest(captured(text), &Mask{})
		if out.Head != text || out.Tail != "" || out.Bytes != int64(len(text)) || out.Lines != lines || full != nil {
			t.Errorf("%q: %+v, file %q", text, out, full)
		}
	}
}

func TestALargerOutputGoesToAFile(t *testing.T) {
	var text strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&text, "line %d\n", i)
	}
	out, full := digest(captured(text.String()), &Mask{})
	if string(full) != text.String() || out.Lines != 5000 || out.Bytes != int64(text.Len()) {
		t.Errorf("%d lines, %d bytes, file of %d", out.Lines, out.Bytes, len(full))
	}
	if !strings.HasPrefix(out.Head, "line 0\n") || !strings.HasSuffix(out.Head, "\n") || len(out.Head) > showHead {
		t.Errorf("head %q", out.Head)
	}
	if !strings.HasPrefix(out.Tail, "line ") || !strings.HasSuffix(out.Tail, "line 4999\n") || len(out.Tail) > showTail {
		t.Errorf("tail %q", out.Tail)
	}
}

func TestAHundredMegabytesTakeBoundedMemory(t *testing.T) {
	c := &Capture{}
	chunk := bytes.Repeat([]byte("0123456789abcde\n"), 1<<12) // 64 KiB
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	const chunks = 1600
	for range chunks {
		c.Write(chunk)
	}
	c.Write([]byte("the end"))
	out, full := digest(c, &Mask{})
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 64<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
	if out.Bytes != chunks*1<<16+7 || out.Lines != chunks*1<<12+1 {
		t.Errorf("%d bytes, %d lines", out.Bytes, out.Lines)
	}
	if len(full) > keepHead+keepTail+100 || !bytes.Contains(full, []byte("\n[… left out …]\n")) || !strings.HasSuffix(out.Tail, "the end") {
		t.Errorf("a file of %d bytes, tail %q", len(full), out.Tail[max(0, len(out.Tail)-20):])
	}
	runtime.KeepAlive(c)
}

// The end of a line that is too long is not shown, for it may begin with half
// of a secret; the record then seemed to hold all that was printed.
func TestAnOutputWithoutItsEndSaysSo(t *testing.T) {
	out, full := digest(captured(strings.Repeat("x", keepHead+2*keepTail)), &Mask{})
	if len(out.Head) != showHead || out.Tail != leftOut || !strings.HasSuffix(string(full), "x\n"+leftOut) {
		t.Errorf("head of %d bytes, tail %q, file ends in %q", len(out.Head), out.Tail, full[len(full)-30:])
	}
}

func TestTheRingKeepsTheLastBytesInOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var want []byte
	c := &Capture{head: make([]byte, keepHead), bytes: keepHead}
	for i := 0; len(want) < 5*keepTail; i++ {
		p := fmt.Appendf(nil, "%d,", i)
		if i%1000 == 0 {
			p = bytes.Repeat(p, r.IntN(keepTail))
		}
		c.Write(p)
		want = append(want, p...)
	}
	got := append(append([]byte(nil), c.tail[c.at:]...), c.tail[:c.at]...)
	if !bytes.Equal(got, want[len(want)-keepTail:]) {
		t.Error("the ring is out of order")
	}
}

// Where output is cut, no half of a secret may be left that is no longer found.
func TestNoHalfOfASecretIsLeftAtACut(t *testing.T) {
	const secret = "correct-horse-battery-staple"
	mask := learned(Secret{"pw", secret})
	half := func(b string) bool {
		return strings.Contains(b, secret[:6]) || strings.Contains(b, secret[len(secret)-6:])
	}
	filler := func(n int, newlines bool) string {
		b := bytes.Repeat([]byte{'.'}, n)
		if newlines {
			for i := 99; i < n; i += 100 {
				b[i] = '\n'
			}
		}
		return string(b)
	}
	for _, newlines := range []bool{true, false} {
		for _, into := range []int{0, 1, 7, 14, 21, len(secret) - 1, len(secret)} {
			// Across the end of the head, across the start of the tail, and across
			// the places at which the journal's excerpt is cut.
			across := map[string]*Capture{
				"head":    captured(filler(keepHead-into, newlines), secret, filler(3*keepTail, newlines)),
				"tail":    captured(filler(keepHead+keepTail, newlines), secret, filler(keepTail-into, newlines)),
				"excerpt": captured(filler(showHead-into, newlines), secret, filler(2*showAll, newlines), secret, filler(showTail-into, newlines)),
			}
			for where, c := range across {
				out, full := digest(c, mask)
				if half(out.Head) || half(out.Tail) || half(string(full)) {
					t.Fatalf("%s, %d bytes of the secret beyond the cut, newlines %v: half of it is kept", where, into, newlines)
				}
			}
		}
	}
}
