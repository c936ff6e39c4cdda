package executor

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// inPieces masks text as it comes in pieces that end at the cuts.
func inPieces(t *testing.T, a *automaton, text string, cuts ...int) string {
	t.Helper()
	var out bytes.Buffer
	s := &Stream{w: &out, auto: a}
	from := 0
	for _, to := range append(cuts, len(text)) {
		if _, err := io.WriteString(s, text[from:to]); err != nil {
			t.Fatal(err)
		}
		from = to
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func everyByte(text string) []int {
	var cuts []int
	for i := range len(text) {
		cuts = append(cuts, i)
	}
	return cuts
}

const pemSecret = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\nMzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu\n-----END PRIVATE KEY-----\n"

// What is masked does not depend on where the text was cut: one byte a write,
// and every place to cut in two.
func TestAStreamMasksAcrossEveryCut(t *testing.T) {
	values := map[string]string{"a UUID": "7b0c1a52-9f1e-4c3f-8e76-0f3a6f6f2d11", "a key": pemSecret, "JSON": `{"user":"svc","password":"p w\"'7 x<>&"}`, "with itself inside": "abcabcabcabd"}
	for name, value := range values {
		m := learned(Secret{"s", value}, Secret{"other", "abcabcabcabcabx"})
		wrapped := base64.StdEncoding.EncodeToString([]byte("user:" + value + value))
		for n := 76; n < len(wrapped); n += 77 {
			wrapped = wrapped[:n] + "\n" + wrapped[n:]
		}
		texts := []string{"x" + value + "y", value + value, wrapped, value[:len(value)-1], value[1:], "abc" + value[:len(value)/2]}
		for _, f := range forms(value) {
			texts = append(texts, "<"+f.text+">")
		}
		for i, text := range texts {
			want := string(m.Apply([]byte(text)))
			if i < 3 && !strings.Contains(want, "[masked:s]") {
				t.Errorf("%s: %q stays %q", name, text, want)
			}
			if got := inPieces(t, m.automaton(), text, everyByte(text)...); got != want {
				t.Errorf("%s: byte by byte %q becomes %q, at once %q", name, text, got, want)
			}
			for cut := range len(text) + 1 {
				if got := inPieces(t, m.automaton(), text, cut); got != want {
					t.Fatalf("%s: cut at %d, %q becomes %q, at once %q", name, cut, text, got, want)
				}
			}
		}
	}
}

// plainly is the definition: all places of all patterns, overlapping ones as
// one, under the name of the longest; of several, the first's.
func plainly(patterns []pattern, text string) string {
	var finds []find
	for _, p := range patterns {
		for i := 0; i+len(p.text) <= len(text); i++ {
			if text[i:i+len(p.text)] == p.text {
				finds = append(finds, find{i, i + len(p.text), p.name, len(p.text)})
			}
		}
	}
	slices.SortStableFunc(finds, func(a, b find) int { return a.from - b.from })
	var out strings.Builder
	done := 0
	for i := 0; i < len(finds); {
		f := finds[i]
		for i++; i < len(finds) && finds[i].from < f.to; i++ {
			f.to = max(f.to, finds[i].to)
			f.size = max(f.size, finds[i].size)
		}
		out.WriteString(text[done:f.from] + fmt.Sprintf("<%d>", f.size))
		done = f.to
	}
	return out.String() + text[done:]
}

func TestAStreamAgreesWithThePlainSearch(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 11))
	word := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "aab\n"[r.IntN(3+i%2)]
		}
		return string(b)
	}
	for range 3000 {
		var patterns []pattern
		for range 1 + r.IntN(6) {
			p := word(window + r.IntN(9))
			patterns = append(patterns, pattern{text: p, name: fmt.Sprint(len(p))})
		}
		text := word(r.IntN(60))
		want := plainly(patterns, text)
		a := newAutomaton(patterns)
		var cuts []int
		for range r.IntN(5) {
			cuts = append(cuts, r.IntN(len(text)+1))
		}
		slices.Sort(cuts)
		for _, c := range [][]int{nil, cuts, everyByte(text)} {
			got := strings.NewReplacer("[masked:", "<", "]", ">").Replace(inPieces(t, a, text, c...))
			if got != want {
				t.Fatalf("%v in %q, cut at %v: %q, want %q", patterns, text, c, got, want)
			}
		}
	}
}

// A partial match must wait, and nothing else: what cannot be part of a secret
// is passed on at once.
func TestAStreamHoldsBackOnlyALivePrefix(t *testing.T) {
	m := learned(Secret{"s", "swordfish-battery"})
	for text, want := range map[string]string{
		"hello":                    "hello",
		"hello sword":              "hello ",
		"hello sword ":             "hello sword ",
		"swordfish-battery":        "[masked:s]",
		"swordfish-batter":         "",
		"swordfish-battery-sword":  "[masked:s]-",
		"swordfish-battexswordfis": "swordfish-battex",
	} {
		var out bytes.Buffer
		if _, err := io.WriteString(m.Stream(&out), text); err != nil {
			t.Fatal(err)
		}
		if out.String() != want {
			t.Errorf("%q passes on %q, want %q", text, out.String(), want)
		}
	}
}

// However long overlapping secrets go on, what is held stays as short as they.
func TestAStreamHoldsABoundedPart(t *testing.T) {
	m := learned(Secret{"s", "aaaaaaaaab"}, Secret{"t", "aaaaaaaaaa"}, Secret{"u", strings.Repeat("a\n", 10)})
	var out bytes.Buffer
	s := m.Stream(&out)
	for range 1000 {
		for _, p := range []string{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "\n", "\n", "a"} {
			if _, err := io.WriteString(s, p); err != nil {
				t.Fatal(err)
			}
			if len(s.held) > 64 || len(s.finds) > 64 {
				t.Fatalf("%d bytes and %d finds are held", len(s.held), len(s.finds))
			}
		}
	}
}

func TestHexAndBase64AreFoundWhereTheyAreWrapped(t *testing.T) {
	const value = "correct horse battery staple"
	m := learned(Secret{"s", value})
	for _, enc := range []string{hex.EncodeToString([]byte(value)), base64.StdEncoding.EncodeToString([]byte("u:" + value + "; and more of it"))} {
		for _, end := range []string{"\n", "\r\n"} {
			for width := 1; width < len(enc); width++ {
				var text strings.Builder
				for i := 0; i < len(enc); i += width {
					text.WriteString(enc[i:min(i+width, len(enc))] + end)
				}
				got := string(m.Apply([]byte(text.String())))
				left := strings.NewReplacer("\n", "", "\r", "").Replace(got)
				if !strings.Contains(left, "[masked:s]") || strings.Contains(left, enc[4:12]) || strings.Contains(left, enc[30:38]) {
					t.Errorf("%q becomes %q", text.String(), got)
				}
			}
		}
	}
}

func fiftySecrets() *Mask {
	r := rand.New(rand.NewPCG(3, 4))
	m := &Mask{}
	for i := range 50 {
		b := make([]byte, 20+r.IntN(30))
		for j := range b {
			b[j] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_ "[r.IntN(67)]
		}
		m.Learn(Secret{fmt.Sprintf("SECRET_%d", i), string(b)})
	}
	return m
}

// BenchmarkStream masks what programs print, for 50 secrets; the goal is 200
// MB/s on one core. Copying is the floor.
func BenchmarkStream(b *testing.B) {
	m := fiftySecrets()
	lines := strings.Repeat("aws_dynamodb_table.runs[\"mirror-dissonance-production\"]: Still creating... [id=7b0c1a52, 10s elapsed]\n", 2500)
	r := rand.New(rand.NewPCG(5, 6))
	raw := make([]byte, 190000)
	for i := range raw {
		raw[i] = byte(r.Uint32())
	}
	hostile := strings.Repeat(m.Secrets(0)[0].Value[:15], 17000)
	texts := []struct{ name, text string }{{"lines", lines}, {"base64", base64.StdEncoding.EncodeToString(raw)}, {"hex", hex.EncodeToString(raw)}, {"beginnings", hostile}}
	for _, tt := range texts {
		text := []byte(tt.text)
		pieces := func(b *testing.B, w io.Writer) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				for at := 0; at < len(text); at += 32 << 10 {
					if _, err := w.Write(text[at:min(at+32<<10, len(text))]); err != nil {
						b.Fatal(err)
					}
				}
			}
		}
		b.Run(tt.name+"/masked", func(b *testing.B) { pieces(b, m.Stream(io.Discard)) })
		b.Run(tt.name+"/copied", func(b *testing.B) {
			var kept bytes.Buffer
			pieces(b, writerFunc(func(p []byte) (int, error) { kept.Reset(); return kept.Write(p) }))
		})
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func BenchmarkLearn50(b *testing.B) {
	for b.Loop() {
		fiftySecrets().automaton()
	}
}
