package runbook

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// pushedBy is how many columns of white space within a line hide what follows
// from whoever reads the page.
const pushedBy = 120

// characters reports what the eye does not see, or takes for something else,
// in the text of steps.
func (l *linter) characters() {
	for _, t := range l.plan.Steps() {
		for i, line := range scriptLines(l.doc.Source, t.Slot) {
			number := t.Slot.Line + 1 + i
			if r := unseen(line); r != 0 {
				l.report(Error, "hidden-character", number, fmt.Sprintf("the line holds %s, which is not seen: what runs is not what is read", runeName(r)),
					"type the line anew")
			}
			if pushed(line) {
				l.report(Error, "pushed-code", number, fmt.Sprintf("code stands behind %d or more blanks, out of sight", pushedBy), "bring it back, or delete it")
			}
		}
	}
	for i := range l.steps {
		for _, r := range l.steps[i].readings {
			if r == nil {
				continue
			}
			for _, word := range r.words {
				l.word(word)
			}
		}
	}
}

// word looks at a stretch of literal text. In quotes, only what could not be
// seen to be wrong counts.
func (l *linter) word(w lintSpan) {
	if word, other := mixedScript(w.text, !w.bare); word != "" {
		l.report(Error, "mixed-script", w.line, fmt.Sprintf("%s mixes Latin and %s letters that look alike", visibleWord(word), other), "type the word anew")
	}
	if !w.bare {
		return
	}
	for _, r := range w.text {
		switch r {
		case '\u00a0', '\u202f', '\u2007':
			l.report(Error, "hidden-character", w.line, fmt.Sprintf("the line holds %s, which the shell does not take for a space", runeName(r)),
				"type the space anew")
			return
		case '“', '”', '‘', '’', '„', '«', '»':
			l.report(Warning, "typographic", w.line, fmt.Sprintf("%c is no quote to the shell: it becomes part of the word", r), `write " or '`)
			return
		}
	}
	if first, _ := utf8.DecodeRuneInString(w.text); first == '–' || first == '—' || first == '−' {
		l.report(Warning, "typographic", w.line, fmt.Sprintf("%s starts with %s, not with a hyphen: it is no flag", visibleWord(w.text), runeName(first)), "write - or --")
	}
}

func visibleWord(s string) string { return fmt.Sprintf("%q", Visible(s)) }

func runeName(r rune) string {
	switch {
	case r == '\u00a0' || r == '\u202f' || r == '\u2007':
		return fmt.Sprintf("a no-break space (%U)", r)
	case isBidi(r):
		return fmt.Sprintf("a character that turns the direction of text (%U)", r)
	case r == '–' || r == '—' || r == '−':
		return fmt.Sprintf("a dash (%U)", r)
	}
	return fmt.Sprintf("a character without width (%U)", r)
}

// unseen returns the first character of a line that cannot be seen there; 0 if
// there is none. Joiners between letters of scripts that need them, and in
// emoji, are part of what is read.
func unseen(line string) rune {
	before := rune(0)
	for i, r := range line {
		switch {
		case r < 0x80:
		case isBidi(r), r == '\u200b', r == '\u2060', r == '\ufeff', r == '\u00ad', r == '\u180e', r == '\u3164', r == '\u115f', r == '\u1160':
			return r
		case r == '\u200c', r == '\u200d':
			after, _ := utf8.DecodeRuneInString(line[i+utf8.RuneLen(r):])
			if before < 0x80 || unicode.Is(unicode.Latin, before) || unicode.Is(unicode.Latin, after) {
				return r
			}
		case r >= 0xe0000 && r <= 0xe007f && before != '\U0001f3f4' && (before < 0xe0000 || before > 0xe007f):
			return r
		}
		before = r
	}
	return 0
}

func isBidi(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0x061c
}

// alike are the letters of other scripts that look like Latin ones.
const alike = "аеорсухіјѕԁһԛԝАВЕКМНОРСТХІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧονρ"

// mixedScript returns the first run of letters that mixes Latin ones with those
// of another script, Cyrillic or Greek; empty if none does. onlyAlike leaves out
// runs with a letter that is plainly not Latin, such as a Russian ending.
func mixedScript(text string, onlyAlike bool) (word, other string) {
	for run := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) }) {
		latin, plain, script := false, false, ""
		for _, r := range run {
			of := ""
			switch {
			case r < 0x80 || unicode.Is(unicode.Latin, r):
				latin = true
			case unicode.Is(unicode.Cyrillic, r):
				of = "Cyrillic"
			case unicode.Is(unicode.Greek, r) && !strings.ContainsRune("μΩΔπ", r): // units
				of = "Greek"
			}
			if of != "" {
				script = of
				plain = plain || !strings.ContainsRune(alike, r)
			}
		}
		if latin && script != "" && !(onlyAlike && plain) {
			return run, script
		}
	}
	return "", ""
}

// pushed reports whether text stands behind a long run of blanks in a line
// that has text before it, or nothing.
func pushed(line string) bool {
	columns := 0
	for _, r := range strings.TrimRight(line, " \t") {
		switch r {
		case ' ':
			columns++
		case '\t':
			columns += 8
		default:
			if columns >= pushedBy {
				return true
			}
			columns = 0
		}
	}
	return false
}
