package runbook

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// collapseOutput removes escape sequences, turns each run of white space into
// one space and drops it at the ends.
func collapseOutput(s string) string {
	if isCollapsedOutput(s) {
		return s
	}
	b := make([]byte, 0, len(s))
	space := false
	for i := 0; i < len(s); {
		if s[i] == 0x1b {
			i += terminalEscapeLen(s[i:])
			continue
		}
		c, n := utf8.DecodeRuneInString(s[i:])
		if unicode.IsSpace(c) {
			space = len(b) > 0
			i += n
			continue
		}
		if space {
			b = append(b, ' ')
			space = false
		}
		b = append(b, s[i:i+n]...)
		i += n
	}
	return string(b)
}

// isCollapsedOutput reports whether s is its own collapsed form, for the common
// case of ASCII text.
func isCollapsedOutput(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c >= 0x80 || c < ' ' || c == ' ' && (i == 0 || i == len(s)-1 || s[i-1] == ' ') {
			return false
		}
	}
	return true
}

// terminalEscapeLen returns the length of the terminal's escape sequence that s starts with.
func terminalEscapeLen(s string) int {
	if len(s) < 2 {
		return len(s)
	}
	switch s[1] {
	case '[': // CSI: parameters, then one final byte
		i := 2
		for i < len(s) && s[i] >= 0x20 && s[i] < 0x40 {
			i++
		}
		if i < len(s) && s[i] >= 0x40 && s[i] < 0x7f {
			i++
		}
		return i
	case ']': // OSC: up to BEL or ST; one that never ends is two bytes of noise
		for i := 2; i < len(s) && s[i] != '\n'; i++ {
			if s[i] == 0x07 {
				return i + 1
			}
			if s[i] == 0x1b && i+1 < len(s) && s[i+1] == '\\' {
				return i + 2
			}
		}
	}
	return 2
}

// How well a wanted text was found.
type howFound uint8

const (
	foundNowhere  howFound = iota
	foundWithin            // only within longer words: "active" in "inactive"
	foundHyphened          // only joined to other words: "production" in "pre-production"
	foundWhole
)

// findLiteral reports how out holds the literal want; both are collapsed.
func findLiteral(out, want string) howFound {
	best := foundNowhere
	for at := 0; want != ""; {
		i := strings.Index(out[at:], want)
		if i < 0 {
			break
		}
		start, end := at+i, at+i+len(want)
		switch {
		case joinsWord(out, start, start-1) || joinsWord(out, end-1, end):
			best = max(best, foundWithin)
		case hyphenBefore(out, start) || hyphenAfter(out, end):
			best = max(best, foundHyphened)
		default:
			return foundWhole
		}
		at = start + 1
	}
	return best
}

// joinsWord reports whether the bytes at i and j, side by side, belong to one word.
func joinsWord(s string, i, j int) bool {
	return i >= 0 && j >= 0 && i < len(s) && j < len(s) && isTokenByte(s[i]) && isTokenByte(s[j])
}

// isTokenByte reports whether a byte belongs to a word; beyond ASCII all do.
func isTokenByte(c byte) bool { return isVarByte(c) || c >= 0x80 }

func hyphenBefore(s string, start int) bool {
	return start >= 2 && isTokenByte(s[start]) && s[start-1] == '-' && isTokenByte(s[start-2])
}

func hyphenAfter(s string, end int) bool {
	return end+1 < len(s) && isTokenByte(s[end-1]) && s[end] == '-' && isTokenByte(s[end+1])
}

// A patternElement is one part of a pattern: a byte, or a wildcard.
type patternElement struct {
	kind patternKind
	b    byte
}

type patternKind uint8

const (
	exactByte patternKind = iota // the byte b
	wordWild                     // one or more bytes that are not a space: X, N, a version's x
	textWild                     // one or more bytes: <x>
	anyWild                      // any bytes or none: ...
)

// holdsWildcard reports whether a text holds any of the wildcards.
func holdsWildcard(s string) bool {
	for _, e := range patternElements(s) {
		if e.kind != exactByte {
			return true
		}
	}
	return false
}

// holdsContent reports whether a pattern holds anything that is not a wildcard.
func holdsContent(s string) bool {
	for _, e := range patternElements(s) {
		if e.kind == exactByte && isTokenByte(e.b) {
			return true
		}
	}
	return false
}

// patternElements splits a pattern: "..." and "…" match anything, "<x>" something,
// "X", "N" and "x.x" as whole words one word, and so does each part of a version
// that is a letter: "v1.2.x", "X.Y.Z".
func patternElements(s string) []patternElement {
	out := make([]patternElement, 0, len(s))
	for i := 0; i < len(s); {
		kind, n := wildcardAt(s, i)
		if n == 0 {
			out = append(out, patternElement{exactByte, s[i]})
			i++
			continue
		}
		out = append(out, patternElement{kind: kind})
		i += n
	}
	return out
}

// wildcardAt returns the wildcard at i and its length, which is 0 if there is none.
func wildcardAt(s string, i int) (patternKind, int) {
	switch s[i] {
	case '.':
		if strings.HasPrefix(s[i:], "...") {
			return anyWild, len("...")
		}
	case 0xE2:
		if strings.HasPrefix(s[i:], "…") {
			return anyWild, len("…")
		}
	case '<':
		if inner, ok := angleInner(s[i+1:]); ok && !isAbsentValue(inner) {
			return textWild, len(inner) + 2
		}
	case 'X', 'N':
		if !joinsWord(s, i, i-1) && !joinsWord(s, i, i+1) {
			return wordWild, 1
		}
	case 'x':
		end := i + 1
		for strings.HasPrefix(s[end:], ".x") {
			end += 2
		}
		start := i
		if i > 0 && s[i-1] == 'v' { // vx.x.x
			start--
		}
		if end > i+1 && !joinsWord(s, start, start-1) && !joinsWord(s, end-1, end) {
			return wordWild, end - i
		}
	}
	if isVersionLetter(s, i) && (versionPart(s, i-2) && s[i-1] == '.' || i+2 < len(s) && s[i+1] == '.' && versionPart(s, i+2)) {
		return wordWild, 1
	}
	return exactByte, 0
}

// versionPart reports whether the byte at i is a digit, or a letter that stands
// for a part of a version.
func versionPart(s string, i int) bool {
	return i >= 0 && isDigit(s[i]) || isVersionLetter(s, i)
}

// isVersionLetter reports whether the byte at i is one of the letters that stand
// for a number in a version, alone but for the v that starts one.
func isVersionLetter(s string, i int) bool {
	if i < 0 || i >= len(s) || strings.IndexByte("xXyYzZnN", s[i]) < 0 || joinsWord(s, i, i+1) {
		return false
	}
	return !joinsWord(s, i, i-1) || s[i-1]|0x20 == 'v' && !joinsWord(s, i-1, i-2)
}

// matchPattern reports whether out holds the pattern, from a word's start to a
// word's end. It follows all the ways to match side by side, so that its time
// is bounded by the product of the two lengths, whatever they hold.
func matchPattern(out string, pattern []patternElement) bool {
	m := patternMatcher{out: out, pattern: pattern, now: newPlaceSet(len(pattern) + 1), next: newPlaceSet(len(pattern) + 1)}
	for i := 0; i <= len(out); i++ {
		m.now, m.next = m.next, m.now
		m.next.clear()
		if pattern[0].kind != exactByte || !joinsWord(out, i, i-1) {
			m.now.add(0)
		}
		for k := 0; k < len(m.now.list); k++ {
			if m.step(i, m.now.list[k]) {
				return true
			}
		}
	}
	return false
}

// placeSet is a set of places in a pattern, in the order in which they were added.
type placeSet struct {
	list []int
	has  []bool
}

func newPlaceSet(n int) *placeSet { return &placeSet{has: make([]bool, n)} }

func (s *placeSet) add(p int) {
	if !s.has[p] {
		s.has[p] = true
		s.list = append(s.list, p)
	}
}

func (s *placeSet) clear() {
	for _, p := range s.list {
		s.has[p] = false
	}
	s.list = s.list[:0]
}

// A patternMatcher holds the places in the pattern that the text so far leads
// to, and those that one more byte leads to.
type patternMatcher struct {
	out       string
	pattern   []patternElement
	now, next *placeSet
}

// step takes the byte at i in place p, and reports whether the pattern has ended.
func (m *patternMatcher) step(i, p int) bool {
	if p == len(m.pattern) {
		return m.pattern[p-1].kind != exactByte || !joinsWord(m.out, i-1, i)
	}
	e := m.pattern[p]
	if e.kind == anyWild {
		m.now.add(p + 1)
	}
	if i == len(m.out) {
		return false
	}
	switch c := m.out[i]; {
	case e.kind == exactByte && c == e.b:
		m.next.add(p + 1)
	case e.kind == wordWild && c != ' ', e.kind == textWild:
		m.next.add(p)
		m.next.add(p + 1)
	case e.kind == anyWild:
		m.next.add(p)
	}
	return false
}
