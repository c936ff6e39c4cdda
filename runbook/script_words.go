package runbook

import (
	"path"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// A shellArg is a word of a call: its value, if the text alone tells it.
type shellArg struct {
	word  *syntax.Word
	value string
	known bool
}

// shellArgs returns the call's words.
func shellArgs(call *syntax.CallExpr) []shellArg {
	out := make([]shellArg, len(call.Args))
	for i, w := range call.Args {
		value, known := literalWord(w)
		out[i] = shellArg{w, value, known}
	}
	return out
}

// literalWord returns the one value that a word has however it is run. A word with
// an expansion, a glob, braces or a tilde has none.
func literalWord(w *syntax.Word) (string, bool) {
	if len(w.Parts) == 1 {
		if l, ok := w.Parts[0].(*syntax.Lit); ok {
			return bareLiteral(l.Value, true)
		}
	}
	var b strings.Builder
	for i, p := range w.Parts {
		switch p := p.(type) {
		case *syntax.Lit:
			v, ok := bareLiteral(p.Value, i == 0)
			if !ok {
				return "", false
			}
			b.WriteString(v)
		case *syntax.SglQuoted:
			if p.Dollar {
				return "", false
			}
			b.WriteString(p.Value)
		case *syntax.DblQuoted:
			for _, q := range p.Parts {
				l, ok := q.(*syntax.Lit)
				if !ok {
					return "", false
				}
				b.WriteString(unescapeShell(l.Value, "\\\"$`\n"))
			}
		default:
			return "", false
		}
	}
	return b.String(), true
}

// bareLiteral returns the value of unquoted characters.
func bareLiteral(s string, first bool) (string, bool) {
	if first && strings.HasPrefix(s, "~") {
		return "", false
	}
	if !strings.ContainsAny(s, "\\*?[{") || s == "[" {
		return s, true
	}
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '*', '?', '[', '{':
			return "", false
		}
	}
	return unescapeShell(s, ""), true
}

// unescapeShell removes the backslashes that escape a byte of which; all of them if
// which is empty.
func unescapeShell(s, which string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (which == "" || strings.IndexByte(which, s[i+1]) >= 0) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// unwrapCommand leaves out the programs that only run another one: sudo, env, time,
// xargs. What remains starts with the program that does the work, and is empty
// if the text does not tell which. inPlace reports that it runs in the same
// directory with the words that are written.
func unwrapCommand(words []shellArg) (rest []shellArg, inPlace bool) {
	inPlace = true
	for len(words) > 0 && words[0].known {
		skip, same := wrapperLen(words)
		if skip == 0 {
			break
		}
		inPlace = inPlace && same
		words = words[min(skip, len(words)):]
	}
	return words, inPlace
}

// wrapperLen returns how many words belong to the wrapper that words start with;
// 0 if it is none.
func wrapperLen(words []shellArg) (skip int, inPlace bool) {
	switch path.Base(words[0].value) {
	case "sudo", "doas":
		return skipFlags(words, "ughpCDRTrt", false), true
	case "env":
		n := skipFlags(words, "uCS", true)
		return n, !hasFlag(words[:min(n, len(words))], "-C")
	case "command", "exec", "nohup", "builtin", "stdbuf", "ionice", "caffeinate":
		if len(words) > 1 && (words[1].value == "-v" || words[1].value == "-V") {
			return 0, true // asks for the program, does not run it
		}
		return skipFlags(words, "aioecn", false), true
	case "nice":
		return skipFlags(words, "n", false), true
	case "time":
		return skipFlags(words, "fo", false), true
	case "timeout", "gtimeout":
		return skipFlags(words, "ks", false) + 1, true
	case "xargs":
		return skipFlags(words, "IinLPdEsa", false), false
	case "aws-vault", "doppler", "op", "chamber", "infisical", "dotenv", "kubectl", "oc":
		return skipToDashes(words), false
	}
	return 0, true
}

// skipFlags returns the index of the first word after words[0] that is neither
// a flag nor the value of one of the one-letter flags in valued. assigns also
// skips NAME=value.
func skipFlags(words []shellArg, valued string, assigns bool) int {
	i := 1
	for ; i < len(words); i++ {
		v := words[i].value
		switch {
		case v == "--":
			return i + 1
		case len(v) == 2 && v[0] == '-' && strings.IndexByte(valued, v[1]) >= 0:
			i++
		case len(v) > 1 && v[0] == '-':
		case assigns && isAssignment(words[i]):
		default:
			return i
		}
	}
	return i
}

// isAssignment reports whether a word has the form NAME=value, whatever the value.
func isAssignment(a shellArg) bool {
	name, _, ok := strings.Cut(a.lead(), "=")
	return ok && syntax.ValidName(name)
}

// skipToDashes returns the index after the "--" of `aws-vault exec prod -- cmd`;
// 0 without one.
func skipToDashes(words []shellArg) int {
	if len(words) < 2 || words[1].value != "exec" && words[1].value != "run" {
		return 0
	}
	for i, w := range words {
		if w.value == "--" {
			return i + 1
		}
	}
	return 0
}

// hasFlag reports whether one of the words is the flag, alone or with "=value".
func hasFlag(words []shellArg, flag string) bool {
	for _, w := range words {
		if rest, ok := strings.CutPrefix(w.value, flag); ok && (rest == "" || rest[0] == '=') {
			return true
		}
	}
	return false
}

// hasWord reports whether one of the words is exactly one of these.
func hasWord(words []shellArg, these ...string) bool {
	for _, w := range words {
		for _, t := range these {
			if w.known && w.value == t {
				return true
			}
		}
	}
	return false
}

// operandsOf returns the words that are not flags, starting after words[0].
// valued holds the flags, separated by spaces, that take the next word.
func operandsOf(words []shellArg, valued string) []shellArg {
	var out []shellArg
	for i := 1; i < len(words); i++ {
		v := words[i].value
		switch {
		case words[i].known && v == "--":
			return append(out, words[i+1:]...)
		case words[i].known && len(v) > 1 && v[0] == '-':
			if isListed(v, valued) {
				i++
			}
		case !words[i].known && strings.HasPrefix(words[i].lead(), "-"):
		default:
			out = append(out, words[i])
		}
	}
	return out
}

// isListed reports whether list, separated by spaces, holds word.
func isListed(word, list string) bool {
	for l := range strings.FieldsSeq(list) {
		if l == word {
			return true
		}
	}
	return false
}

// lead returns the unquoted characters that a word starts with.
func (a shellArg) lead() string {
	if len(a.word.Parts) > 0 {
		if l, ok := a.word.Parts[0].(*syntax.Lit); ok {
			return l.Value
		}
	}
	return ""
}

// base returns the last element of the path that a word ends with, as far as
// the text tells: "id_rsa" of "$HOME/.ssh/id_rsa".
func (a shellArg) base() string {
	if a.known {
		return path.Base(a.value)
	}
	if n := len(a.word.Parts); n > 0 {
		if l, ok := a.word.Parts[n-1].(*syntax.Lit); ok {
			return path.Base(l.Value)
		}
	}
	return ""
}

// flagValues returns the values of a flag: "-f x", "-f=x".
func flagValues(words []shellArg, flags ...string) []shellArg {
	var out []shellArg
	for i := 1; i < len(words); i++ {
		for _, f := range flags {
			rest, ok := strings.CutPrefix(words[i].value, f)
			switch {
			case !words[i].known && strings.HasPrefix(words[i].lead(), f+"="):
				out = append(out, words[i])
			case !ok:
			case rest == "" && i+1 < len(words):
				out = append(out, words[i+1])
			case strings.HasPrefix(rest, "="):
				out = append(out, shellArg{words[i].word, rest[1:], true})
			}
		}
	}
	return out
}
