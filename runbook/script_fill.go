package runbook

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"mvdan.cc/sh/v3/syntax"
)

// Fill returns the text of the command with that index, each placeholder
// replaced by its value and quoted for where it stands, so that the shell
// takes the value as data and nothing else. values is keyed by Placeholder.Text.
//
// It is an error, naming the placeholder, if one has no value, if a value
// holds line breaks or control characters, or if no quoting makes a value safe
// in its place, as inside $(( )) or back quotes.
func (s *Script) Fill(command int, values map[string]string) (string, error) {
	text := s.Commands[command].Text
	var holes []Placeholder
	for _, p := range s.Placeholders {
		if p.Command == command {
			holes = append(holes, p)
		}
	}
	if len(holes) == 0 {
		return text, nil
	}
	masked := maskSpans(text, holes)
	tree, err := parseShell(masked)
	if err != nil {
		return "", fmt.Errorf("fill %q: %w", text, err)
	}
	all := shellLeaves(tree)
	var b strings.Builder
	at := 0
	for _, p := range holes {
		value, ok := values[p.Text]
		if !ok {
			return "", fmt.Errorf("placeholder %s has no value", p.Text)
		}
		l, ok := shellLeafAt(all, p.Span)
		if !ok {
			return "", fmt.Errorf("placeholder %s: its place in the command is not clear", p.Text)
		}
		quoted, err := quoteFor(l.quoting, value)
		if err != nil {
			return "", fmt.Errorf("value for placeholder %s: %w", p.Text, err)
		}
		b.WriteString(text[at:p.Span.Start])
		b.WriteString(quoted)
		at = p.Span.End
	}
	b.WriteString(text[at:])
	filled := b.String()
	if err := sameShape(tree, filled); err != nil {
		return "", fmt.Errorf("fill %q: %w", text, err)
	}
	return filled, nil
}

// maskSpans overwrites the placeholders of a command by letters.
func maskSpans(text string, holes []Placeholder) string {
	b := []byte(text)
	for _, p := range holes {
		for i := p.Span.Start; i < p.Span.End; i++ {
			b[i] = 'x'
		}
	}
	return string(b)
}

// quoteFor writes value so that the shell reads it back as it is.
func quoteFor(q shellQuoting, value string) (string, error) {
	if err := fillable(value); err != nil {
		return "", err
	}
	switch q {
	case bareText:
		return syntax.Quote(value, syntax.LangBash)
	case singleQuoted:
		return strings.ReplaceAll(value, `'`, `'\''`), nil
	case doubleQuoted:
		return escapeBytes(value, "\\\"$`"), nil
	case heredocText:
		return escapeBytes(value, "\\$`"), nil
	case rawHeredoc:
		return value, nil
	}
	if !isPlainValue(value) {
		return "", fmt.Errorf("%q cannot be quoted inside $(( )), ${ } or back quotes", value)
	}
	return value, nil
}

// escapeBytes puts a backslash before each byte of value that is in special.
func escapeBytes(value, special string) string {
	var b strings.Builder
	for i := range len(value) {
		if strings.IndexByte(special, value[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(value[i])
	}
	return b.String()
}

// fillable refuses what no command line should hold unseen.
func fillable(value string) error {
	for _, c := range value {
		if unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) || c == '\u2028' || c == '\u2029' {
			return fmt.Errorf("%q holds the control character %U", value, c)
		}
	}
	return nil
}

// isPlainValue reports whether the shell reads value as itself wherever it stands.
func isPlainValue(value string) bool {
	for _, c := range []byte(value) {
		if !isVarByte(c) && strings.IndexByte("./:@%+,-", c) < 0 {
			return false
		}
	}
	return value != ""
}

// sameShape reports an error if filled is not the same program as tree but for
// the characters of its words.
func sameShape(tree *syntax.File, filled string) error {
	got, err := parseShell(filled)
	if err != nil {
		return err
	}
	if !slices.Equal(programShape(tree), programShape(got)) {
		return fmt.Errorf("the values would change what the command does")
	}
	return nil
}

// programShape lists the parts of a program that are more than characters of a word,
// in order, with their number of words.
func programShape(file *syntax.File) []string {
	var out []string
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case nil, *syntax.Lit, *syntax.SglQuoted, *syntax.DblQuoted, *syntax.Word, *syntax.Comment:
		case *syntax.CallExpr:
			out = append(out, fmt.Sprintf("call %d %d", len(n.Assigns), len(n.Args)))
		case *syntax.DeclClause:
			out = append(out, fmt.Sprintf("declare %s %d", n.Variant.Value, len(n.Args)))
		case *syntax.Redirect:
			out = append(out, "redirect "+n.Op.String())
		default:
			out = append(out, fmt.Sprintf("%T", n))
		}
		return true
	})
	return out
}
