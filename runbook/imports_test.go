package runbook

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A sourceFile is one of the repository's Go files that is no test.
type sourceFile struct {
	path    string // from the repository's root
	dir     string
	imports []string
	syntax  *ast.File
}

func sourceFiles(t *testing.T) []sourceFile {
	t.Helper()
	var files []sourceFile
	set := token.NewFileSet()
	err := filepath.WalkDir("..", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() != ".." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		tree, err := parser.ParseFile(set, p, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel := strings.TrimPrefix(filepath.ToSlash(p), "../")
		f := sourceFile{path: rel, dir: path.Dir(rel), syntax: tree}
		for _, i := range tree.Imports {
			name, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			f.imports = append(f.imports, name)
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 50 {
		t.Fatalf("only %d files found", len(files))
	}
	return files
}

// An arrow is what some files may not import, but for the exceptions.
type arrow struct {
	why    string
	files  string // a glob of paths, in which "*" also stands for slashes
	never  string // an import path; "/..." stands for all below it too
	except []string
}

func (a arrow) covers(f sourceFile) bool {
	for _, e := range a.except {
		if ok, err := path.Match(e, f.path); ok && err == nil {
			return false
		}
	}
	return match(a.files, f.path)
}

func (a arrow) forbids(name string) bool {
	if stem, all := strings.CutSuffix(a.never, "/..."); all {
		return name == stem || strings.HasPrefix(name, stem+"/")
	}
	return name == a.never
}

// Imports point one way: cmd to the adapters, the adapters to executor, and
// executor to the core, which has no effects.
func TestImportsPointOneWay(t *testing.T) {
	core := []string{"runbook/journal/*", "runbook/seal/*"}
	var arrows []arrow
	for _, never := range []string{"os", "os/exec", "os/user", "os/signal", "net/...", "syscall", "log", "golang.org/x/sys/...", "path/filepath", "math/rand/...", "crypto/rand"} {
		arrows = append(arrows, arrow{"the core has no effects", "runbook/*", never, core})
	}
	arrows = append(arrows,
		arrow{"the core knows nobody above it", "runbook/*", "runbook/executor/...", nil},
		arrow{"the core knows nobody above it", "runbook/*", "runbook/cmd/...", nil},
		arrow{"the core does not write", "runbook/*", "runbook/runbook/journal", nil},
		arrow{"one importer of goldmark", "*", "github.com/yuin/goldmark/...", []string{"runbook/parse*.go", "cmd/runbook-show/*"}},
		arrow{"one importer of the shell parser", "*", "mvdan.cc/sh/...", []string{"runbook/script*.go", "runbook/expect*.go"}},
		arrow{"executor names nothing concrete", "executor/*", "github.com/spf13/cobra/...", nil},
		arrow{"executor names nothing concrete", "executor/*", "github.com/aws/...", []string{"executor/source/*", "executor/check/*", "executor/awsconfig/*"}},
		arrow{"only its checks talk to GitHub", "*", "github.com/google/go-github/...", []string{"executor/check/github*.go"}},
		arrow{"executor names nothing concrete", "executor/*", "runbook/cmd/...", nil},
		arrow{"executor is given its journal", "executor/*", "runbook/runbook/journal", nil},
		arrow{"only the composition root names adapters", "*", "runbook/executor/source", []string{"cmd/runbook/*.go"}},
		arrow{"only the composition root names adapters", "*", "runbook/executor/check", []string{"cmd/runbook/*.go"}},
		arrow{"only the composition root names adapters", "*", "runbook/executor/engine", []string{"cmd/runbook/*.go"}},
	)
	for _, f := range sourceFiles(t) {
		for _, a := range arrows {
			if !a.covers(f) {
				continue
			}
			for _, name := range f.imports {
				if a.forbids(name) {
					t.Errorf("%s imports %s: %s", f.path, name, a.why)
				}
			}
		}
	}
}

// The core is given the time; it never looks at a clock. Nothing registers
// itself.
func TestTheCoreReadsNoClock(t *testing.T) {
	for _, f := range sourceFiles(t) {
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Name.Name == "init" && n.Recv == nil {
					t.Errorf("%s has an init function", f.path)
				}
			case *ast.SelectorExpr:
				x, ok := n.X.(*ast.Ident)
				reads := n.Sel.Name == "Now" || n.Sel.Name == "Since" || n.Sel.Name == "Until" || n.Sel.Name == "Sleep"
				if ok && x.Name == "time" && reads && f.dir == "runbook" {
					t.Errorf("%s uses time.%s", f.path, n.Sel.Name)
				}
			}
			return true
		})
	}
}
