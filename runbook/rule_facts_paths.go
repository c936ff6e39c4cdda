package runbook

import (
	"path"
	"slices"
	"strings"
)

// dir returns the directory in which a command runs, from the root.
func (f *facts) dir(t *Task, command int) (string, bool) {
	at := t.Start.Abs
	for _, e := range t.Script.Effects {
		if e.Command >= command || e.Inside {
			continue
		}
		switch {
		case e.Kind == Leaves:
			at = ""
		case e.Kind == Enters && path.IsAbs(e.Path):
			at = path.Clean(e.Path)
		case e.Kind == Enters && at != "":
			at = path.Join(at, e.Path)
		}
	}
	if dirs := slices.Compact(slices.Clone(t.Terraform[command])); len(dirs) == 1 {
		at = dirs[0] // -chdir counts
	}
	return f.fromRoot(at)
}

func (f *facts) fromRoot(abs string) (string, bool) {
	if abs == f.root {
		return ".", true
	}
	rest, ok := strings.CutPrefix(abs, strings.TrimSuffix(f.root, "/")+"/")
	return rest, ok
}

// path returns a path that a command names, from the root.
func (f *facts) path(t *Task, command int, name string) (string, bool) {
	if path.IsAbs(name) {
		return f.fromRoot(path.Clean(name))
	}
	dir, ok := f.dir(t, command)
	p := path.Join(dir, name)
	return p, ok && !strings.HasPrefix(p, "..")
}

// openEnded puts a star for each expansion in a file's name:
// "plan-$(date +%F).txt" is "plan-*.txt".
func openEnded(name string) string {
	var out strings.Builder
	for i := 0; i < len(name); {
		if name[i] != '$' {
			out.WriteByte(name[i])
			i++
			continue
		}
		out.WriteByte('*')
		i++
		if i < len(name) && (name[i] == '(' || name[i] == '{') {
			depth := 0
			for ; i < len(name); i++ {
				if name[i] == '(' || name[i] == '{' {
					depth++
				} else if name[i] == ')' || name[i] == '}' {
					if depth--; depth == 0 {
						i++
						break
					}
				}
			}
			continue
		}
		for i < len(name) && isWordByte(name[i]) {
			i++
		}
	}
	return strings.ReplaceAll(out.String(), "**", "*")
}
