package runbook

import (
	"bytes"
	"path"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Files are what plans and lint read of terraform's configuration, and lint of
// scripts. Paths are absolute and slash-separated.
type Files interface {
	// Names lists the entries of dir that match the glob.
	Names(dir, glob string) []string
	ReadFile(path string) ([]byte, error)
}

// A configuration is a directory of terraform's in which a step applies it or
// asks for its outputs.
type configuration struct {
	step *Task
	dir  string // as plans show it
	abs  string
}

// declaredOutputs are the names that a directory's configuration gives out.
type declaredOutputs struct{ names []string }

// largestConfiguration is the size in bytes of a file beyond which it is not
// read: far more than people write.
const largestConfiguration = 1 << 20

// readOutputs reads the configuration in dir. It returns nil where that cannot
// be told: there is none, it is in another syntax, or it cannot be read.
func readOutputs(m Files, dir string) *declaredOutputs {
	files := m.Names(dir, "*.tf")
	if len(files) == 0 || len(m.Names(dir, "*.tf.json")) > 0 || len(m.Names(dir, "*.tofu")) > 0 {
		return nil
	}
	d := &declaredOutputs{}
	for _, file := range files {
		src, err := m.ReadFile(path.Join(dir, file))
		if err != nil || len(src) > largestConfiguration {
			return nil
		}
		if !bytes.Contains(src, []byte("output")) {
			continue // most of a configuration: plans are to be fast
		}
		names, ok := outputBlocks(src, file)
		if !ok {
			return nil
		}
		d.names = append(d.names, names...)
	}
	slices.Sort(d.names)
	return d
}

// outputBlocks finds the blocks `output "NAME" {` at the top of a file. It goes
// by the words that HashiCorp's own reader finds, and not by its parser, which
// a file of a hundred thousand brackets would take down, and this program with
// it. It is false where the words make no sense.
func outputBlocks(src []byte, file string) (names []string, ok bool) {
	tokens, faults := hclsyntax.LexConfig(src, file, hcl.InitialPos)
	if faults.HasErrors() {
		return nil, false
	}
	var open []hclsyntax.TokenType // the ends of what is open, outermost first
	for i, token := range tokens {
		if end, opens := hclEnds[token.Type]; opens {
			open = append(open, end)
			continue
		}
		switch token.Type {
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd:
			if len(open) == 0 || open[len(open)-1] != token.Type {
				return nil, false
			}
			open = open[:len(open)-1]
		case hclsyntax.TokenInvalid, hclsyntax.TokenBadUTF8:
			return nil, false
		case hclsyntax.TokenIdent:
			if len(open) == 0 && string(token.Bytes) == "output" && (i == 0 || tokens[i-1].Type == hclsyntax.TokenNewline || tokens[i-1].Type == hclsyntax.TokenComment) {
				if name := outputLabel(tokens[i+1:]); name != "" {
					names = append(names, name)
				}
			}
		}
	}
	return names, len(open) == 0
}

var hclEnds = map[hclsyntax.TokenType]hclsyntax.TokenType{
	hclsyntax.TokenOBrace: hclsyntax.TokenCBrace, hclsyntax.TokenOBrack: hclsyntax.TokenCBrack, hclsyntax.TokenOParen: hclsyntax.TokenCParen,
	hclsyntax.TokenTemplateInterp: hclsyntax.TokenTemplateSeqEnd, hclsyntax.TokenTemplateControl: hclsyntax.TokenTemplateSeqEnd,
}

// outputLabel returns the one label, quoted or not, before a block's brace;
// empty if there is another number of them.
func outputLabel(rest hclsyntax.Tokens) string {
	is := func(types ...hclsyntax.TokenType) bool {
		return len(rest) >= len(types) && slices.EqualFunc(rest[:len(types)], types, func(token hclsyntax.Token, want hclsyntax.TokenType) bool { return token.Type == want })
	}
	switch {
	case is(hclsyntax.TokenOQuote, hclsyntax.TokenQuotedLit, hclsyntax.TokenCQuote, hclsyntax.TokenOBrace):
		return string(rest[1].Bytes)
	case is(hclsyntax.TokenIdent, hclsyntax.TokenOBrace):
		return string(rest[0].Bytes)
	}
	return ""
}

// known lists the outputs that a blank's label may mean: those that the steps
// before it name, and those that the configuration declares where such a step
// applies it or asks for its outputs. Each is there once.
func (in *inferrer) known(t *Task) []namedOutput {
	var list []namedOutput
	seen := map[namedOutput]bool{} // an output named twice is still one
	add := func(o namedOutput) {
		once := namedOutput{name: o.name, dir: o.dir}
		if o.step.Slot.Mark.Start < t.Slot.Mark.Start && !seen[once] {
			seen[once] = true
			list = append(list, o)
		}
	}
	somewhere := map[string]bool{} // named where only the run will know
	for _, o := range in.outputs {
		add(o)
		if o.dir == "" {
			somewhere[o.name] = true
		}
	}
	if in.files == nil {
		return list
	}
	for _, c := range in.configured {
		if c.step.Slot.Mark.Start > t.Slot.Mark.Start || c.step.Contingency != "" && c.step.Contingency != t.Contingency {
			continue
		}
		d, ok := in.declared[c.abs]
		if !ok {
			if in.declared == nil {
				in.declared = map[string]*declaredOutputs{}
			}
			d = readOutputs(in.files, c.abs)
			in.declared[c.abs] = d
		}
		if d == nil {
			continue
		}
		for _, name := range d.names {
			if !somewhere[name] {
				add(namedOutput{name: name, step: c.step, dir: c.dir, declared: true})
			}
		}
	}
	return list
}
