package runbook

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// parsePlain returns the tree of a text in which nothing is left to parse:
// lines of plain words, one command each. The parser would make the same tree,
// and 2 KB of its own for every text, which is what the plan of thousands of
// short steps spends its time on. ok is false where the parser is needed.
func parsePlain(text string) (file *syntax.File, ok bool) {
	file = &syntax.File{}
	at := 0
	for n := uint(1); at < len(text); n++ {
		line := text[at:]
		if end := strings.IndexByte(line, '\n'); end >= 0 {
			line = line[:end]
		}
		if line != "" {
			stmt, ok := plainStmt(line, uint(at), n)
			if !ok {
				return nil, false
			}
			file.Stmts = append(file.Stmts, stmt)
		}
		at += len(line) + 1
	}
	return file, len(file.Stmts) > 0
}

// A plainWord is a word of one literal, in one piece of memory.
type plainWord struct {
	word  syntax.Word
	lit   syntax.Lit
	parts [1]syntax.WordPart
}

func plainStmt(line string, at, number uint) (*syntax.Stmt, bool) {
	words := 1
	for i := range len(line) {
		switch c := line[i]; {
		case c == ' ':
			if i == 0 || i == len(line)-1 || line[i-1] == ' ' {
				return nil, false
			}
			words++
		case !plainByte(c), c == '=' && words == 1:
			return nil, false
		}
	}
	first, _, _ := strings.Cut(line, " ")
	if shellKeyword(first) {
		return nil, false
	}
	call := &syntax.CallExpr{Args: make([]*syntax.Word, words)}
	memory := make([]plainWord, words)
	column := uint(0)
	for i := range memory {
		value, rest, _ := strings.Cut(line, " ")
		m := &memory[i]
		end := column + uint(len(value))
		m.lit = syntax.Lit{ValuePos: syntax.NewPos(at+column, number, column+1), ValueEnd: syntax.NewPos(at+end, number, end+1), Value: value}
		m.parts[0] = &m.lit
		m.word.Parts = m.parts[:]
		call.Args[i] = &m.word
		column, line = end+1, rest
	}
	return &syntax.Stmt{Cmd: call, Position: call.Args[0].Pos()}, true
}

// plainByte reports bytes that mean nothing to the shell, wherever in a word
// they stand; "=" only makes an assignment of a command's first words.
func plainByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_./:@%+,-=", c) >= 0
}

// shellKeyword reports the words that begin something else than a plain
// command, to bash or to the parser.
func shellKeyword(word string) bool {
	switch word {
	case "if", "then", "elif", "else", "fi", "for", "while", "until", "do", "done", "case", "esac", "in", "select",
		"function", "time", "coproc", "declare", "local", "export", "readonly", "typeset", "nameref", "let":
		return true
	}
	return false
}
