package runbook

import (
	"path"
	"strings"
)

// program records what a program with these words reads, makes and needs.
// Programs that are not listed, and forms that are not certain, have no effects.
func (w *effectWalker) program(words []shellArg) {
	name := words[0].value
	if strings.Contains(name, "/") && !path.IsAbs(name) {
		w.add(Runs, name, name)
		return
	}
	by := path.Base(name)
	if w.defines && by != "git" {
		return
	}
	switch by {
	case "bash", "sh", "zsh", "dash", "ksh", "python", "python3", "node", "ruby", "perl", "php", "Rscript":
		w.interpreter(by, words)
	case "source", ".":
		if len(words) > 1 {
			w.addArg(Reads, words[1], by)
		}
	case "cat", "less", "more", "head", "tail", "wc", "diff":
		w.readers(by, words)
	case "terraform", "tofu":
		w.terraform(by, words)
	case "npm", "pnpm", "yarn":
		w.packages(by, words)
	case "kubectl", "oc":
		w.manifests(by, words)
	case "docker", "docker-compose", "make":
		w.builders(by, words)
	default:
		w.makers(by, words)
	}
}

// interpreter records the script that an interpreter is given.
func (w *effectWalker) interpreter(by string, words []shellArg) {
	if len(words) > 3 && words[1].value == "-m" && words[2].value == "venv" {
		w.makes(words[len(words)-1], by)
		return
	}
	for _, a := range words[1:] {
		if !a.known {
			return
		}
		if strings.HasPrefix(a.value, "-") {
			if by == "node" || strings.Trim(a.value, "-euxvlnBE") != "" || a.value == "-e" && !isShellProgram(by) {
				return
			}
			continue
		}
		if by != "node" || path.Ext(a.value) != "" {
			w.addArg(Reads, a, by)
		}
		return
	}
}

func isShellProgram(name string) bool {
	switch name {
	case "bash", "sh", "zsh", "dash", "ksh":
		return true
	}
	return false
}

// readers records the operands of programs that print files.
func (w *effectWalker) readers(by string, words []shellArg) {
	valued := ""
	switch by {
	case "head", "tail":
		valued = "-n -c -s --lines --bytes --pid"
	case "diff":
		valued = "-U -C -x -X -I -F -L -W --label --exclude --unified"
	}
	for _, a := range operandsOf(words, valued) {
		if !strings.HasPrefix(a.value, "+") {
			w.addArg(Reads, a, by)
		}
	}
}

// terraformValued are terraform's flags that may take the next word.
const terraformValued = "-var -var-file -target -replace -exclude -state -state-out -backup -lock-timeout -parallelism -out -backend-config -from-module -generate-config-out"

// terraform records the configuration that a subcommand needs, and plan files.
// With -chdir everything is relative to that directory.
func (w *effectWalker) terraform(by string, words []shellArg) {
	in := *w
	rest := words[1:]
	for len(rest) > 0 && strings.HasPrefix(rest[0].value, "-") {
		dir, ok := strings.CutPrefix(rest[0].value, "-chdir=")
		if !ok || !rest[0].known || path.IsAbs(dir) || w.reader.isMarked(rest[0].word) {
			return // -version, -help, or a directory that is not certain
		}
		in.dir = path.Join(in.dir, dir)
		rest = rest[1:]
	}
	if len(rest) == 0 || !rest[0].known {
		return
	}
	switch rest[0].value {
	case "plan", "apply", "destroy", "validate", "refresh", "output", "show", "state", "import", "workspace",
		"taint", "untaint", "graph", "providers", "console", "get", "test", "force-unlock", "init":
	default:
		return
	}
	if hasFlag(rest, "-help") || hasFlag(rest, "-from-module") {
		return
	}
	in.at("*.tf", NeedsGlob, by)
	for _, a := range flagValues(rest, "-var-file", "-backend-config") {
		if !strings.Contains(a.value, "=") {
			in.atArg(Reads, a, by)
		}
	}
	in.planFiles(by, rest)
}

// planFiles records the plan that a terraform subcommand writes or is given.
func (w *effectWalker) planFiles(by string, rest []shellArg) {
	switch rest[0].value {
	case "plan":
		w.plan = true
		for _, a := range flagValues(rest, "-out") {
			w.makesAt(a, by)
		}
	case "apply", "show":
		if files := operandsOf(rest, terraformValued); len(files) == 1 {
			if w.plan = rest[0].value == "apply"; w.plan {
				c := &w.reader.script.Commands[w.command]
				c.Applies = append(c.Applies, w.source(files[0]))
			}
			w.atArg(Reads, files[0], by)
		}
	}
}

// at records an effect below the walker's directory, in a subshell or not.
func (w *effectWalker) at(p string, kind EffectKind, by string) {
	if w.inside {
		w.add(kind, p, by)
		return
	}
	w.add(kind, path.Join(w.dir, p), by)
}

func (w *effectWalker) atArg(kind EffectKind, a shellArg, by string) {
	if !a.known || w.reader.isMarked(a.word) || path.IsAbs(a.value) {
		return
	}
	w.at(a.value, kind, by)
}

func (w *effectWalker) makesAt(a shellArg, by string) {
	if !w.inside && a.known && w.dir != "" && !path.IsAbs(a.value) {
		a.value = path.Join(w.dir, a.value)
	}
	w.makes(a, by)
}

// packages records the package.json that a package manager's subcommand works
// on. Subcommands that work without one, or elsewhere, need nothing.
func (w *effectWalker) packages(by string, words []shellArg) {
	for _, flag := range [...]string{"-g", "--global", "--prefix", "-C", "--cwd", "--dir", "--version", "-v", "--help", "-h"} {
		if hasFlag(words, flag) {
			return
		}
	}
	ops := operandsOf(words, "")
	if len(ops) == 0 {
		if by == "yarn" && len(words) == 1 {
			w.add(NeedsFile, "package.json", by)
		}
		return
	}
	switch ops[0].value {
	case "run", "run-script", "test", "t", "start", "ci", "exec", "pack", "publish", "audit", "build", "lint", "typecheck":
	case "install", "i":
		if len(ops) > 1 {
			return
		}
	default:
		return
	}
	w.add(NeedsFile, "package.json", by)
}

// manifests records the files that are given to kubectl.
func (w *effectWalker) manifests(by string, words []shellArg) {
	switch {
	case len(words) < 2:
		return
	case hasWord(words[1:2], "apply", "create", "delete", "replace", "diff"):
		for _, a := range flagValues(words, "-f", "--filename", "-k", "--kustomize") {
			w.addArg(Reads, a, by)
		}
	}
}

// builders records the files that docker compose and make are told to use.
func (w *effectWalker) builders(by string, words []shellArg) {
	switch {
	case by == "make":
		dirs := flagValues(words, "-C", "--directory")
		for _, a := range dirs {
			w.addArg(Reads, a, by)
		}
		if len(dirs) == 0 {
			for _, a := range flagValues(words, "-f", "--file") {
				w.addArg(Reads, a, by)
			}
		}
	case by == "docker" && !hasWord(words[:min(2, len(words))], "compose"):
	case hasFlag(words, "--project-directory"):
	default:
		w.composeFiles(by, words)
	}
}

// composeFiles records compose's -f, which stands before the subcommand; after
// it, as in `logs -f web`, it means something else.
func (w *effectWalker) composeFiles(by string, words []shellArg) {
	start := 1
	if by == "docker" {
		start = 2
	}
	for i := start; i+1 < len(words) && strings.HasPrefix(words[i].value, "-"); i++ {
		switch words[i].value {
		case "-f", "--file":
			w.addArg(Reads, words[i+1], by)
			i++
		case "-p", "--project-name", "--profile", "--env-file":
			i++
		}
	}
}

// makers records what programs that create files are told to create.
func (w *effectWalker) makers(by string, words []shellArg) {
	switch by {
	case "tee", "touch":
		for _, a := range operandsOf(words, "-d -r -t --date --reference") {
			w.makes(a, by)
		}
	case "mkdir":
		for _, a := range operandsOf(words, "-m --mode") {
			w.makes(a, by)
		}
	case "cp", "mv", "ln":
		w.copies(by, words)
	case "curl":
		for _, a := range flagValues(words, "-o", "--output") {
			w.makes(a, by)
		}
	case "wget":
		for _, a := range flagValues(words, "-O", "--output-document") {
			w.makes(a, by)
		}
	case "openssl":
		for _, a := range flagValues(words, "-out") {
			w.makes(a, by)
		}
	case "git":
		w.git(by, words)
	case "tar":
		if len(words) > 1 {
			flags := strings.TrimPrefix(words[1].value, "-")
			w.reader.unpacked = w.reader.unpacked || !strings.HasPrefix(flags, "-") && strings.Contains(flags, "x") || hasFlag(words, "--extract")
		}
	case "unzip":
		w.reader.unpacked = true
	}
}

// copies records what cp, mv and ln read and make. A destination that is a
// directory gets the source's name.
func (w *effectWalker) copies(by string, words []shellArg) {
	if hasFlag(words, "-t") || hasFlag(words, "--target-directory") {
		return
	}
	ops := operandsOf(words, "")
	if len(ops) < 2 {
		return
	}
	to := ops[len(ops)-1]
	for _, from := range ops[:len(ops)-1] {
		if by != "ln" {
			w.addArg(Reads, from, by)
		}
		into := to
		if to.known && (to.value == "." || strings.HasSuffix(to.value, "/")) {
			into.known = from.known && !w.reader.isMarked(from.word)
			into.value = path.Join(to.value, path.Base(from.value))
		}
		w.makes(into, by)
	}
}

// gitValued are git's own flags that take the next word.
const gitValued = "-C -c --git-dir --work-tree --namespace"

// git records what git makes, and that it moves the work tree.
func (w *effectWalker) git(by string, words []shellArg) {
	ops := operandsOf(words, gitValued)
	if len(ops) > 0 {
		switch ops[0].value {
		case "checkout", "switch", "restore", "reset", "stash", "clean", "pull", "merge", "rebase", "revert", "cherry-pick", "rm", "mv", "read-tree", "bisect", "am", "apply":
			w.reader.script.Commands[w.command].MovesTree = true
		}
	}
	w.clone(by, words)
}

// clone records the directory that git clone makes.
func (w *effectWalker) clone(by string, words []shellArg) {
	if len(words) < 3 || words[1].value != "clone" {
		return
	}
	ops := operandsOf(words[1:], "-b --branch --depth -o --origin -c --config --reference -u -j --jobs --filter")
	switch {
	case len(ops) == 2:
		w.makes(ops[1], by)
	case len(ops) == 1 && ops[0].known && !w.reader.isMarked(ops[0].word):
		name := ops[0].value
		if i := strings.LastIndexAny(name, "/:"); i >= 0 {
			name = name[i+1:]
		}
		w.makes(shellArg{ops[0].word, strings.TrimSuffix(name, ".git"), true}, by)
	}
}
