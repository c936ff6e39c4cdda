package runbook

import (
	"path"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// sensitive marks the commands whose output is withheld from the record
// because they reveal secrets by nature, and those that may print what an
// earlier command of the step captured from one.
func (r *scriptReader) sensitive() {
	for i := range r.parts {
		c := &r.script.Commands[i]
		f := secretFinder{}
		for _, st := range r.parts[i].stmts {
			syntax.Walk(st, f.visit)
		}
		c.Sensitive, c.Terraform, c.flow = f.reason, f.terraform, f.flow
	}
	var t taint
	t.follow(r.script)
}

// A secretFinder looks through one command for what reveals secrets, and for
// what it does with variables.
type secretFinder struct {
	reason    string // the first one found
	terraform TerraformUse
	flow      dataFlow
	nested    int // depth of `bash -c` texts

	last  *syntax.CallExpr // the call whose words are in words
	words []shellArg
}

func (f *secretFinder) found(reason string) {
	if f.reason == "" {
		f.reason = reason
	}
}

func (f *secretFinder) visit(n syntax.Node) bool {
	switch n := n.(type) {
	case *syntax.CallExpr:
		f.call(n)
	case *syntax.DeclClause:
		f.declaration(n)
	case *syntax.Lit:
		f.text(n.Value)
	case *syntax.SglQuoted:
		f.text(n.Value)
	}
	return f.flowVisit(n)
}

// declaration finds the built-ins that list every variable.
func (f *secretFinder) declaration(d *syntax.DeclClause) {
	switch d.Variant.Value {
	case "export", "declare", "typeset":
	default:
		return
	}
	if len(d.Args) == 0 {
		f.found(d.Variant.Value + " prints every variable")
		return
	}
	for _, a := range d.Args {
		if a.Name != nil || a.Value == nil {
			return
		}
		if v, _ := literalWord(a.Value); !strings.HasPrefix(v, "-") || !strings.Contains(v, "p") {
			return
		}
	}
	f.found(d.Variant.Value + " -p prints every variable")
}

// args returns a call's words. A call is looked at twice in turn.
func (f *secretFinder) args(c *syntax.CallExpr) []shellArg {
	if f.last != c {
		f.last, f.words = c, shellArgs(c)
	}
	return f.words
}

// call judges one simple command.
func (f *secretFinder) call(c *syntax.CallExpr) {
	if len(c.Args) == 0 {
		return
	}
	all := f.args(c)
	if printsEnvironment(all) {
		f.found("prints the environment")
		return
	}
	words, _ := unwrapCommand(all)
	if len(words) == 0 || !words[0].known {
		return
	}
	name := path.Base(words[0].value)
	f.script(name, words)
	switch name {
	case "terraform", "tofu":
		f.terraformCall(words)
	case "aws":
		f.found(awsSecret(words))
	case "kubectl", "oc":
		f.found(kubernetesSecret(words))
	case "cat", "less", "more", "head", "tail", "bat", "base64", "xxd", "strings":
		f.files(words)
	default:
		f.found(secretTool(name, words))
	}
}

// printsEnvironment reports whether the words are a bare `env` or `set`, or
// printenv, in whatever wrapper or container.
func printsEnvironment(all []shellArg) bool {
	if hasWord(all, "printenv") {
		return true
	}
	for len(all) > 0 && all[0].known {
		name := path.Base(all[0].value)
		if name == "env" && skipFlags(all, "uCS", true) >= len(all) || name == "set" && len(all) == 1 {
			return true
		}
		skip, _ := wrapperLen(all)
		if skip == 0 {
			break
		}
		all = all[min(skip, len(all)):]
	}
	if len(all) < 2 {
		return false
	}
	switch path.Base(all[0].value) {
	case "docker", "podman", "docker-compose", "ssh", "heroku", "fly":
		return hasWord(all[len(all)-1:], "env")
	}
	return false
}

// text finds what reveals a secret whichever program it is given to, here or
// through ssh and here-documents.
func (f *secretFinder) text(s string) {
	if len(s) < len("get-secret-value") {
		return
	}
	if strings.Contains(s, "--with-decryption") {
		f.found("--with-decryption prints a secret in clear")
	}
	if strings.Contains(s, "get-secret-value") {
		f.found("get-secret-value prints a secret in clear")
	}
}

// script finds scripts that are named after secrets, and looks into `bash -c`.
func (f *secretFinder) script(name string, words []shellArg) {
	switch name {
	case "bash", "sh", "zsh", "dash", "ksh", "python", "python3", "node", "ruby", "perl", "php", "source", ".":
	default:
		f.scriptName(name)
		return
	}
	for i, a := range words[1:] {
		if isShellProgram(name) && strings.HasPrefix(a.value, "-") && strings.HasSuffix(a.value, "c") && i+2 < len(words) {
			f.inner(words[i+2])
			return
		}
		if a.known && !strings.HasPrefix(a.value, "-") {
			f.scriptName(path.Base(a.value))
			return
		}
	}
}

func (f *secretFinder) scriptName(name string) {
	if word := secretWord(name); word != "" {
		f.found(name + " is named after a " + word)
	}
}

// inner looks through the text that `bash -c` is given.
func (f *secretFinder) inner(a shellArg) {
	if !a.known || f.nested > 2 {
		return
	}
	file, err := parseShell(a.value)
	if err != nil {
		f.found("runs a text that could not be read")
		return
	}
	in := secretFinder{nested: f.nested + 1}
	syntax.Walk(file, in.visit)
	f.found(in.reason)
	f.flow.reads, f.flow.prints = append(f.flow.reads, in.flow.reads...), append(f.flow.prints, in.flow.prints...)
	f.terraform = max(f.terraform, in.terraform)
}

// secretWord returns the word in a script's name that says it handles secrets.
func secretWord(name string) string {
	start := -1
	for i := 0; i <= len(name); i++ {
		letter := i < len(name) && (name[i]|0x20) >= 'a' && (name[i]|0x20) <= 'z'
		hump := letter && start >= 0 && name[i] <= 'Z' && name[i-1] >= 'a'
		if start >= 0 && (!letter || hump) {
			switch word := strings.TrimSuffix(strings.ToLower(name[start:i]), "s"); word {
			case "nonce", "secret", "password", "token", "credential":
				return word
			}
			start = -1
		}
		if letter && start < 0 {
			start = i
		}
	}
	return ""
}

// terraformCall says what a terraform command does with outputs.
func (f *secretFinder) terraformCall(words []shellArg) {
	rest := words[1:]
	for len(rest) > 0 && strings.HasPrefix(rest[0].value, "-") {
		rest = rest[1:]
	}
	if len(rest) == 0 {
		return
	}
	use := NoTerraform
	switch rest[0].value {
	case "apply", "destroy", "refresh", "plan":
		use = TouchesOutputs
	case "show":
		use = TouchesOutputs
		if hasFlag(rest, "-json") {
			f.found("terraform show -json prints sensitive values in clear")
		}
	case "state":
		use = TouchesOutputs
		if hasWord(rest[1:], "pull") {
			f.found("terraform state pull prints sensitive values in clear")
		}
	case "output":
		use = TouchesOutputs
		if hasFlag(rest, "-raw") || hasFlag(rest, "-json") || len(operandsOf(rest, "-state")) > 0 {
			use = PrintsOutputs
		}
	}
	f.terraform = max(f.terraform, use)
}

// files finds operands that are named like keys and credentials.
func (f *secretFinder) files(words []shellArg) {
	for _, a := range operandsOf(words, "-n -c") {
		if name := a.base(); isSecretFile(name) {
			f.found("prints " + name)
		}
	}
}

func isSecretFile(name string) bool {
	switch path.Ext(name) {
	case ".pem", ".key", ".p12", ".pfx", ".jks", ".tfstate":
		return true
	case ".env":
		return true
	case ".example", ".sample", ".template", ".pub":
		return false
	}
	switch name {
	case "id_rsa", "id_ed25519", "id_ecdsa", "id_dsa", "credentials", ".netrc", ".pgpass", ".npmrc", ".vault-token", "kubeconfig":
		return true
	}
	return strings.HasPrefix(name, ".env.")
}
