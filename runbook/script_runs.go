package runbook

import (
	"path"
	"slices"
	"strings"
	"sync"

	"mvdan.cc/sh/v3/syntax"
)

// scripts records the scripts that a call executes, and whether it may change
// files that its words do not name.
func (w *effectWalker) scripts(words []shellArg) {
	name, by := words[0].value, path.Base(words[0].value)
	switch {
	case strings.Contains(name, "/"):
		if !w.isInterpreter(by) {
			w.runs(words[0], by)
		}
	case by == "source" || by == ".":
		if len(words) > 1 {
			w.runs(words[1], by)
		}
	}
	if w.isInterpreter(by) {
		if script, ok := interpreted(by, words); ok {
			w.runs(script, by)
		}
	}
	w.changes(words)
}

// interpreters are the programs whose first operand is a script.
const interpreters = "bash sh zsh dash ksh python python3 node ruby perl php Rscript tsx ts-node bun deno"

func (w *effectWalker) isInterpreter(name string) bool { return wordSets().interpreters[name] }

// wordSets are the lists of this file, for every call of every step to look up.
var wordSets = sync.OnceValue(func() (sets struct{ interpreters, changers map[string]bool }) {
	of := func(list string) map[string]bool {
		set := map[string]bool{}
		for word := range strings.FieldsSeq(list) {
			set[word] = true
		}
		return set
	}
	sets.interpreters, sets.changers = of(interpreters), of(changers)
	return sets
})

// interpreted returns the script that an interpreter is given; none if it runs
// a text, a module, or what it reads.
func interpreted(by string, words []shellArg) (shellArg, bool) {
	rest := words[1:]
	if (by == "deno" || by == "bun") && len(rest) > 0 && rest[0].value == "run" {
		rest = rest[1:]
	}
	for len(rest) > 0 {
		a := rest[0]
		switch {
		case !a.known && strings.HasPrefix(a.lead(), "-"):
		case a.known && strings.HasPrefix(a.value, "-"):
			if runsText(by, a.value) {
				return shellArg{}, false
			}
			if takesWord(by, a.value) && len(rest) > 1 {
				rest = rest[1:]
			}
		case by == "node" && a.known && path.Ext(a.value) == "", by == "bun" && a.known && path.Ext(a.value) == "":
			return shellArg{}, false // a subcommand, or a module by its name
		default:
			return a, true
		}
		rest = rest[1:]
	}
	return shellArg{}, false
}

// runsText reports whether a flag says that no script follows: a text, a module
// or standard input is run.
func runsText(by, flag string) bool {
	switch flag {
	case "-", "--version", "--help":
		return true
	case "-m":
		return by == "python" || by == "python3"
	case "--eval", "--print", "-p":
		return by == "node"
	}
	bundle := !strings.HasPrefix(flag, "--")
	switch {
	case isShellProgram(by):
		return bundle && strings.ContainsAny(flag, "cs")
	case by == "python" || by == "python3":
		return bundle && strings.Contains(flag, "c")
	case by == "php":
		return flag == "-r"
	}
	return bundle && strings.ContainsAny(flag, "eE")
}

// takesWord reports whether a flag of an interpreter takes the next word.
func takesWord(by, flag string) bool {
	switch {
	case isShellProgram(by):
		return flag == "-o" || flag == "-O" || flag == "--rcfile" || flag == "--init-file"
	case by == "node" || by == "tsx" || by == "ts-node":
		return isListed(flag, "-r --require --import --loader --experimental-loader --tsconfig -P --project")
	case by == "python" || by == "python3":
		return flag == "-W" || flag == "-X"
	case by == "ruby" || by == "perl":
		return flag == "-I" || flag == "-r"
	}
	return false
}

// runs records a script: as written in the command's list, and as an effect if
// its place is certain.
func (w *effectWalker) runs(a shellArg, by string) {
	known := a.known && !w.reader.isMarked(a.word)
	name := w.source(a)
	if known {
		name = a.value
	}
	if name == "" || strings.ContainsAny(name, "\n\x00") || strings.HasPrefix(name, "/dev/") || strings.HasPrefix(name, "<(") || strings.Contains(name, "://") {
		return
	}
	c := &w.reader.script.Commands[w.command]
	if !slices.Contains(c.Runs, name) {
		c.Runs = append(c.Runs, name)
	}
	if !known || w.inside && w.lost && !path.IsAbs(name) {
		return
	}
	if w.inside && !path.IsAbs(name) {
		name = path.Join(w.dir, name)
	}
	w.reader.script.Effects = append(w.reader.script.Effects, Effect{Kind: Executes, Path: name, Command: w.command, By: by, Inside: w.inside})
}

// somewhere records a script whose place only the run knows: "$DIR/deploy.sh".
func (w *effectWalker) somewhere(a shellArg) {
	if text := w.source(a); strings.Contains(text, "/") {
		w.runs(a, "")
	}
	w.reader.script.Commands[w.command].Changes = true
}

// changers are the programs that make or change files which their words do not
// name: builders, package managers, and what runs other programs. Those that
// work on something far away, as terraform and aws, are not among them.
const changers = "make cmake ninja bazel cargo go mvn mvnw gradle gradlew npm npx pnpm pnpx yarn bun bunx deno tsc webpack vite esbuild rollup " +
	"docker docker-compose podman tar unzip gunzip 7z rsync scp sftp patch ed ex python python3 pip pip3 pipx poetry uv node tsx ts-node ruby bundle rake perl php " +
	"bash sh zsh dash ksh source . eval find parallel xargs ansible-playbook ansible-galaxy packer buf protoc svn hg dvc just task dd install"

// changes notes a call that may change files which its words do not name.
func (w *effectWalker) changes(words []shellArg) {
	name := words[0].value
	c := &w.reader.script.Commands[w.command]
	switch by := path.Base(name); {
	case strings.Contains(name, "/") && !path.IsAbs(name), wordSets().changers[by]:
		c.Changes = true
	case by == "git":
		ops := operandsOf(words, gitValued)
		c.Changes = c.Changes || len(ops) > 0 && isListed(ops[0].value, "submodule lfs clone worktree")
	}
	if f, ok := w.reader.functions[name]; ok {
		c.Changes, c.MovesTree = c.Changes || f.changes, c.MovesTree || f.moves
	}
}

// function follows what a function would do, for the scripts that it runs: where
// it is called is not followed.
func (w *effectWalker) function(f *syntax.FuncDecl) {
	c := &w.reader.script.Commands[w.command]
	before := *c
	c.Changes, c.MovesTree = false, false
	w.sub(func(in *effectWalker) {
		in.defines, in.maybe = true, true
		in.stmt(f.Body)
	})
	if f.Name != nil {
		if w.reader.functions == nil {
			w.reader.functions = map[string]functionEffects{}
		}
		w.reader.functions[f.Name.Value] = functionEffects{c.Changes, c.MovesTree}
	}
	c.Changes, c.MovesTree = before.Changes, before.MovesTree
}

// functionEffects are what calling a function may do to files.
type functionEffects struct{ changes, moves bool }
