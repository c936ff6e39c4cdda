package runbook

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// promptLines finds the lines that start with a shell's prompt and returns,
// for each line, the length of its prompt; ok reports whether there is any.
// Lines of a here-document do not count: what they hold is data.
func promptLines(lines []string) (prompts []int, ok bool) {
	stop := ""
	for i, l := range lines {
		if stop != "" {
			if strings.TrimLeft(l, "\t") == stop {
				stop = ""
			}
			continue
		}
		n := promptLen(l)
		if n == 0 {
			if !ok {
				stop = openedHeredoc(l)
			}
			continue
		}
		if prompts == nil {
			prompts = make([]int, len(lines))
		}
		prompts[i], ok = n, true
	}
	return prompts, ok
}

// promptLen returns the length of the prompt that starts the line, with its
// indent and the space after it; 0 if there is none. "$VAR" and "$(…)" are not
// prompts: a space must follow.
func promptLen(line string) int {
	s := strings.TrimLeft(line, " \t")
	indent := len(line) - len(s)
	if strings.HasPrefix(s, "❯ ") {
		return indent + len("❯ ")
	}
	if strings.HasPrefix(s, "(") { // a virtual environment's name
		name, rest, ok := strings.Cut(s[1:], ") ")
		if !ok || name == "" || strings.ContainsAny(name, " \t()$;&|") || !strings.HasPrefix(rest, "$ ") {
			return 0
		}
		return len(line) - len(rest) + 2
	}
	at := strings.Index(s, "$ ")
	if at < 0 || at > 0 && !isHostPrompt(s[:at]) {
		return 0
	}
	return indent + at + 2
}

// isHostPrompt reports whether s is "user@host:~/dir" or "[user@host dir]".
func isHostPrompt(s string) bool {
	inner, bracketed := strings.CutPrefix(s, "[")
	if bracketed {
		var closed bool
		if inner, closed = strings.CutSuffix(inner, "]"); !closed {
			return false
		}
		inner, _, _ = strings.Cut(inner, " ")
	}
	user, host, ok := strings.Cut(inner, "@")
	if !ok || user == "" || host == "" || !bracketed && !strings.Contains(host, ":") {
		return false
	}
	for _, c := range []byte(inner) {
		if !isVarByte(c) && strings.IndexByte("@.-:~/", c) < 0 {
			return false
		}
	}
	return true
}

// openedHeredoc returns the word that will end the here-document which the
// line opens; empty if it opens none.
func openedHeredoc(line string) string {
	at := strings.Index(line, "<<")
	if at < 0 || strings.HasPrefix(line[at:], "<<<") {
		return ""
	}
	word := strings.TrimLeft(line[at+2:], "- \t")
	word = strings.TrimLeft(word, `'"\`)
	end := 0
	for end < len(word) && isVarByte(word[end]) {
		end++
	}
	return word[:end]
}

// transcript keeps what was typed after the prompts, with its continuations,
// and comments; sample output becomes empty lines, so that every line keeps
// its number.
func transcript(lines []string, prompts []int) []string {
	out := make([]string, len(lines))
	for i := 0; i < len(lines); i++ {
		switch {
		case prompts[i] > 0:
			out[i] = lines[i][prompts[i]:]
			i = continuations(lines, prompts, out, i)
		case strings.HasPrefix(strings.TrimLeft(lines[i], " \t"), "#"):
			out[i] = lines[i]
		}
	}
	return out
}

// maxAsked bounds how often the shell's parser is asked whether a typed command
// goes on: each time it reads the whole of it.
const maxAsked = 200

// continuations takes the lines that continue the command typed on line i and
// returns the last of them. A line continues it after a backslash, or while
// the shell would still wait for more.
func continuations(lines []string, prompts []int, out []string, i int) int {
	typed := out[i]
	for asked := 0; i+1 < len(lines) && prompts[i+1] == 0; {
		if !strings.HasSuffix(out[i], `\`) {
			if asked++; asked > maxAsked || !isIncomplete(typed) {
				break
			}
		}
		i++
		next := lines[i]
		if rest, ok := strings.CutPrefix(strings.TrimLeft(next, " \t"), "> "); ok {
			next = rest
		}
		out[i] = next
		typed += "\n" + next
	}
	return i
}

// isIncomplete reports whether the shell would ask for more after text.
func isIncomplete(text string) bool {
	_, masked := findMarks(text)
	_, err := parseShell(masked)
	return err != nil && (syntax.IsIncomplete(err) || strings.Contains(err.Error(), "unclosed here-document"))
}

// foreignPrompt returns the first line that starts with the prompt of a
// program which is not a POSIX shell, "PS>" or "mysql>"; -1 if there is none.
func foreignPrompt(lines []string) int {
	for i, l := range lines {
		if strings.IndexByte(l, '>') < 0 && strings.IndexByte(l, '#') < 0 {
			continue
		}
		if isForeignPrompt(strings.TrimLeft(l, " \t")) {
			return i
		}
	}
	return -1
}

func isForeignPrompt(s string) bool {
	if strings.HasPrefix(s, "PS ") || strings.HasPrefix(s, "PS>") {
		rest := s[2:]
		return strings.HasPrefix(rest, ">") || strings.HasPrefix(rest, " ") && strings.Contains(rest, `:\`) && strings.Contains(rest, ">")
	}
	if strings.HasPrefix(s, ">>> ") {
		return true
	}
	name, _, ok := strings.Cut(s, "> ")
	if !ok {
		name, ok = strings.CutSuffix(s, ">")
	}
	if ok {
		name, _, _ = strings.Cut(name, " [") // "MariaDB [(none)]"
		switch strings.ToLower(name) {
		case "mysql", "mariadb", "sqlite", "sqlite3", "sql", "mongo", "mongosh", "redis", "irb", "ftp", "sftp", "cqlsh":
			return true
		}
		return strings.HasPrefix(name, "redis 127.") || isPsqlPrompt(name)
	}
	name, _, ok = strings.Cut(s, "# ")
	return ok && isPsqlPrompt(name)
}

// isPsqlPrompt reports whether s is a database's name and the sign that psql
// puts after it.
func isPsqlPrompt(s string) bool {
	name, ok := strings.CutSuffix(s, "=")
	if !ok || name == "" {
		return false
	}
	for _, c := range []byte(name) {
		if !isVarByte(c) {
			return false
		}
	}
	return true
}

// isVarByte reports whether c can be part of a shell variable's name.
func isVarByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
