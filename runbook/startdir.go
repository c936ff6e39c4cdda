package runbook

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A Tree answers what a plan must know of the file system. Paths are absolute
// and slash-separated. It is asked about names only.
type Tree interface {
	IsDir(path string) bool
	Exists(path string) bool
	// Has reports whether dir holds an entry that matches the glob.
	Has(dir, glob string) bool
}

// DirPolicy says where a step without a directory of its own starts.
type DirPolicy string

// The policies of --dir.
const (
	DirAuto  DirPolicy = "auto"  // the first candidate where everything that the step needs is there
	DirRoot  DirPolicy = "root"  // always the root
	DirCarry DirPolicy = "carry" // always where the last step ended
)

// A StartDir is the directory that a step starts in, and why.
type StartDir struct {
	Path string `json:"path"` // relative to the root where it lies below it; empty: only the run will know
	Why  string `json:"why"`
	// Also holds the other candidates that would have fitted.
	Also []string `json:"also,omitempty"`
	// Abs is Path made absolute; empty when only the run will know.
	Abs string `json:"-"`
}

// A dirWalk finds start directories, step by step, by following what the steps
// before would do to the file system as far as their text tells.
type dirWalk struct {
	tree   Tree
	root   string
	doc    string // the document's directory, tried last
	policy DirPolicy

	last     string // where the last step ended; empty: only the run will know
	lastStep int
	visited  []string       // newest last, each once
	made     map[string]int // absolute path to the step that makes it
}

// branch is the walk into a part of the document that the main path does not
// enter: what happens there does not happen to it.
func (w *dirWalk) branch() *dirWalk {
	b := *w
	b.visited, b.made = slices.Clone(w.visited), maps.Clone(w.made)
	return &b
}

func newDirWalk(tree Tree, root, doc string, policy DirPolicy) *dirWalk {
	return &dirWalk{tree: tree, root: root, doc: doc, policy: policy, last: root, made: map[string]int{}}
}

// rel shows an absolute path the way plans do.
func (w *dirWalk) rel(abs string) string {
	if abs == w.root {
		return "."
	}
	if rest, ok := strings.CutPrefix(abs, strings.TrimSuffix(w.root, "/")+"/"); ok {
		return rest
	}
	return abs
}

func (w *dirWalk) at(abs, why string) StartDir {
	return StartDir{Path: w.rel(abs), Abs: abs, Why: why}
}

func (w *dirWalk) carried() StartDir {
	switch {
	case w.last == "":
		return StartDir{Why: "where step " + strconv.Itoa(w.lastStep) + " ends, which only the run will know"}
	case w.lastStep == 0:
		return w.at(w.last, "the root, where the run starts")
	}
	return w.at(w.last, "where step "+strconv.Itoa(w.lastStep)+" ended")
}

func (w *dirWalk) choose(n int, script *Script, dir string, line int) (StartDir, []Problem) {
	needs := startNeeds(script.Effects)
	if dir != "" {
		abs := path.Join(w.root, dir)
		if path.IsAbs(dir) {
			abs = path.Clean(dir)
		}
		start := w.at(abs, "set for this step")
		if !w.isDir(abs) {
			return start, []Problem{{Error, "start-directory", line,
				fmt.Sprintf("step %d is to start in %s, which is not a directory", n, w.rel(abs)), "correct its dir"}}
		}
		return start, nil
	}
	switch w.policy {
	case DirRoot:
		return w.at(w.root, "the root, by --dir root"), nil
	case DirCarry:
		return w.carried(), nil
	}
	if len(needs) == 0 {
		return w.carried(), nil
	}
	fits := w.fitting(needs)
	if len(fits) == 0 {
		return w.unlessMade(n, needs, line)
	}
	start := w.at(fits[0], w.why(fits[0], needs))
	for _, f := range fits[1:] {
		start.Also = append(start.Also, w.rel(f))
	}
	return start, w.ambiguous(n, needs, start, line)
}

// fitting returns the candidates where every need is met.
func (w *dirWalk) fitting(needs []Effect) []string {
	var fits []string
	for _, c := range w.candidates() {
		if w.missing(c, needs) == nil {
			fits = append(fits, c)
		}
	}
	return fits
}

// unlessMade chooses where no candidate fits. A file that the step reads or
// runs after another of its commands may be made by that one (`make build`,
// `./bin/app`): such needs do not keep a step from starting where all others
// are met.
func (w *dirWalk) unlessMade(n int, needs []Effect, line int) (StartDir, []Problem) {
	var firm []Effect
	later := ""
	for _, e := range needs {
		if (e.Kind == Reads || e.Kind == Runs) && e.Command > 0 {
			later = e.Path
		} else {
			firm = append(firm, e)
		}
	}
	if later == "" {
		return w.at(w.root, "nothing fits"), []Problem{w.nowhere(n, needs, line)}
	}
	start := w.carried()
	if len(firm) > 0 {
		fits := w.fitting(firm)
		if len(fits) == 0 {
			return w.at(w.root, "nothing fits"), []Problem{w.nowhere(n, needs, line)}
		}
		start = w.at(fits[0], w.why(fits[0], firm))
	}
	return start, []Problem{{Warning, "start-directory", line,
		fmt.Sprintf("step %d needs %s, which is nowhere yet; a command before it in the step may make it", n, later), ""}}
}

// candidates lists the directories to try: where the last step ended, the
// root, those visited before with the newest first, the document's own.
func (w *dirWalk) candidates() []string {
	var list []string
	add := func(dir string) {
		for _, d := range list {
			if d == dir {
				return
			}
		}
		if dir != "" {
			list = append(list, dir)
		}
	}
	add(w.last)
	add(w.root)
	for i := len(w.visited) - 1; i >= 0; i-- {
		add(w.visited[i])
	}
	add(w.doc)
	return list
}

// startNeeds are the effects that decide a start directory: all that the step
// needs before its first cd, that cd included. A cd inside a subshell is a need
// and changes nothing: paths there are told from where the subshell starts.
func startNeeds(effects []Effect) []Effect {
	var needs []Effect
	made := map[string]bool{}
	for _, e := range effects {
		p := path.Clean(e.Path)
		switch {
		case e.Kind == Makes:
			made[p] = true
			continue
		case e.Kind == Executes, e.Kind == Leaves && e.Inside:
			continue
		case e.Kind == Leaves:
			return needs
		}
		if !path.IsAbs(p) && !made[p] {
			needs = append(needs, e)
		}
		if e.Kind == Enters && !e.Inside {
			return needs
		}
	}
	return needs
}

// missing returns the first need that dir does not meet.
func (w *dirWalk) missing(dir string, needs []Effect) *Effect {
	for i, e := range needs {
		ok := false
		abs := path.Join(dir, e.Path)
		switch e.Kind {
		case Enters:
			ok = w.isDir(abs)
		case NeedsGlob:
			ok = w.tree.Has(path.Dir(abs), path.Base(abs))
		default:
			ok = w.made[abs] > 0 || w.tree.Exists(abs)
		}
		if !ok {
			return &needs[i]
		}
	}
	return nil
}

func (w *dirWalk) isDir(abs string) bool { return w.made[abs] > 0 || w.tree.IsDir(abs) }

func (w *dirWalk) why(dir string, needs []Effect) string {
	need := needs[0]
	for _, e := range needs {
		if abs := path.Join(dir, e.Path); w.made[abs] > 0 && !w.tree.Exists(abs) {
			return fmt.Sprintf("%s is created there by step %d", e.Path, w.made[abs])
		}
	}
	what := needText(need) + " is there"
	switch {
	case dir == w.last && w.lastStep > 0:
		return fmt.Sprintf("where step %d ended; %s", w.lastStep, what)
	case dir == w.root:
		return "the root; " + what
	}
	return what
}

func needText(e Effect) string {
	if e.Kind == NeedsGlob {
		return e.Path + ", for " + e.By + ","
	}
	return e.Path
}

// ambiguous warns where terraform would have run in more than one place: the
// wrong directory there is dangerous, and nothing would say so.
func (w *dirWalk) ambiguous(n int, needs []Effect, start StartDir, line int) []Problem {
	if len(start.Also) == 0 {
		return nil
	}
	for _, e := range needs {
		if e.Kind == NeedsGlob {
			return []Problem{{Warning, "start-directory", line,
				fmt.Sprintf("step %d runs %s in %s; %s would have fitted too", n, e.By, start.Path, strings.Join(start.Also, ", ")),
				"give the step its dir, so that no guess is needed"}}
		}
	}
	return nil
}

func (w *dirWalk) nowhere(n int, needs []Effect, line int) Problem {
	var tried []string
	for _, c := range w.candidates() {
		if m := w.missing(c, needs); m != nil {
			tried = append(tried, fmt.Sprintf("%s has no %s", w.rel(c), m.Path))
		}
	}
	return Problem{Error, "start-directory", line,
		fmt.Sprintf("step %d has nowhere to start: %s", n, strings.Join(tried, "; ")),
		"give the step its dir, or run with --dir root or --dir carry"}
}

// A stepFiles is what following a step has found, by command.
type stepFiles struct {
	// terraform holds where each command that needs terraform's configuration
	// would find it: absolute directories, "" for one that only the run will know.
	terraform map[int][]string
	plans     map[int]SavedPlans // that it makes and applies
	runs      map[int][]string   // the scripts that it executes, absolute
	makes     map[int][]string   // the files that it makes, absolute
}

// addPath appends a path to what a command's list holds, once.
func addPath(to *map[int][]string, command int, abs string) {
	if *to == nil {
		*to = map[int][]string{}
	}
	if !slices.Contains((*to)[command], abs) {
		(*to)[command] = append((*to)[command], abs)
	}
}

// follow moves the walk to the end of a step that starts in dir.
func (w *dirWalk) follow(n int, script *Script, dir string) stepFiles {
	var found stepFiles
	here := dir
	w.visit(dir)
	for _, e := range script.Effects {
		abs := w.enter(here, e.Path)
		if e.Plan && abs != "" {
			if found.plans == nil {
				found.plans = map[int]SavedPlans{}
			}
			found.plans[e.Command] = found.plans[e.Command].with(e.Kind, abs)
		}
		switch {
		case e.Kind == Executes:
			if abs != "" {
				addPath(&found.runs, e.Command, abs)
			}
		case e.Kind == Makes:
			if abs != "" {
				addPath(&found.makes, e.Command, abs)
				if w.made[abs] == 0 {
					w.made[abs] = n
				}
			}
		case e.Kind == NeedsGlob:
			at := ""
			if abs != "" {
				at = path.Dir(abs)
			}
			if found.terraform == nil {
				found.terraform = map[int][]string{}
			}
			found.terraform[e.Command] = append(found.terraform[e.Command], at)
		case e.Inside:
		case e.Kind == Enters:
			here = abs
			w.visit(here)
		case e.Kind == Leaves:
			here = ""
		}
	}
	w.last, w.lastStep = here, n
	return found
}

// SavedPlans are the saved plans of terraform that a command makes and applies,
// absolute, as far as its text tells.
type SavedPlans struct{ Makes, Applies []string }

func (p SavedPlans) with(kind EffectKind, abs string) SavedPlans {
	if kind == Makes {
		p.Makes = append(p.Makes, abs)
	} else {
		p.Applies = append(p.Applies, abs)
	}
	return p
}

// enter resolves p from dir; from a directory that only the run knows, a
// relative path leads to another such one.
func (w *dirWalk) enter(dir, p string) string {
	if path.IsAbs(p) {
		return path.Clean(p)
	}
	if dir == "" {
		return ""
	}
	return path.Join(dir, p)
}

func (w *dirWalk) visit(dir string) {
	if dir == "" || len(w.visited) > 0 && w.visited[len(w.visited)-1] == dir {
		return
	}
	for i, v := range w.visited {
		if v == dir {
			w.visited = append(w.visited[:i], w.visited[i+1:]...)
			break
		}
	}
	w.visited = append(w.visited, dir)
}
