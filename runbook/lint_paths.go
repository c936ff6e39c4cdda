package runbook

import (
	"fmt"
	"path"
	"strings"
)

// paths reports what steps enter, run or read that is not there and that no
// command before is seen to make. Where a step has nowhere to start, the plan
// has said what is missing.
func (l *linter) paths() {
	main := l.walk
	walk, entered := main, ID("") // entered: the contingency that walk is in
	unseen := false               // something has run that may make files which its text does not name
	for i := range l.steps {
		s := &l.steps[i]
		if s.Contingency != entered {
			walk, entered = main, s.Contingency
			if entered != "" {
				walk = main.branch()
			}
		}
		if !s.lost && s.Start.Abs != "" {
			p := pathFollower{linter: l, walk: walk, step: s, here: s.Start.Abs, made: map[string]bool{}, unseen: unseen}
			for _, e := range s.Script.Effects {
				p.follow(e)
			}
		}
		s.eachCall(func(_ int, c *shellCall) { unseen = unseen || makesUnseen(c) })
		walk.follow(s.Number, s.Script, s.Start.Abs)
	}
	l.offered()
}

// A pathFollower goes through one step's effects.
type pathFollower struct {
	*linter
	walk   *dirWalk // what the steps before have made
	step   *lintStep
	here   string // empty: only the run will know
	made   map[string]bool
	unseen bool
	// outside: in a directory that an absolute path names; another machine may
	// have it.
	outside bool
}

func (p *pathFollower) follow(e Effect) {
	if e.Kind == Leaves {
		if !e.Inside {
			p.here = ""
		}
		return
	}
	abs := p.walk.enter(p.here, e.Path)
	if abs == "" {
		return
	}
	switch e.Kind {
	case Executes:
	case Makes:
		p.made[abs] = true
	case Enters:
		if !p.isMade(abs) && !p.in.Machine.IsDir(abs) {
			p.missing(e, "there is no directory "+e.Path)
			abs = "" // what is below it is missing as well
		}
		if !e.Inside {
			p.here, p.outside = abs, p.outside || path.IsAbs(e.Path)
		}
	case NeedsGlob:
		if !p.isMade(abs) && !p.in.Machine.Has(path.Dir(abs), path.Base(abs)) && !p.makesMatch(abs) {
			p.missing(e, fmt.Sprintf("%s needs %s, and there is none in %s", e.By, path.Base(e.Path), p.walk.rel(path.Dir(abs))))
		}
	default:
		p.file(e, abs)
	}
}

func (p *pathFollower) file(e Effect, abs string) {
	switch {
	case p.isMade(abs):
	case !p.in.Machine.Exists(abs):
		p.missing(e, fmt.Sprintf("%s does not exist in %s, and no command before makes it", e.Path, p.walk.rel(p.here)))
	case e.Kind == Runs && !p.in.Machine.IsDir(abs) && !p.in.Machine.IsExecutable(abs):
		p.report(Error, "not-executable", p.line(e), e.Path+" is not executable", "chmod +x "+e.Path+", and commit that")
	}
}

// missing reports a path that is not there. It is an error where nothing that
// runs before could have made it unseen, and where it belongs to the checkout
// and not to the machine.
func (p *pathFollower) missing(e Effect, message string) {
	sev := Error
	unseen := p.unseen || path.IsAbs(e.Path) || p.outside
	p.step.eachCall(func(i int, c *shellCall) { unseen = unseen || i < e.Command && makesUnseen(c) })
	if unseen {
		sev = Warning
	}
	p.report(sev, "missing-path", p.line(e), message, "correct the path, or add the command that makes it")
}

// line returns the line of the command on which the effect's path stands.
func (p *pathFollower) line(e Effect) int {
	c := &p.step.Script.Commands[e.Command]
	at := strings.Index(c.Text, e.Path)
	if at < 0 {
		return c.Line
	}
	return c.Line + strings.Count(c.Text[:at], "\n")
}

// isMade reports whether the path, or a directory above it, is made by this or
// an earlier step.
func (p *pathFollower) isMade(abs string) bool {
	for ; ; abs = path.Dir(abs) {
		if p.made[abs] || p.walk.made[abs] > 0 {
			return true
		}
		if abs == "/" || abs == "." {
			return false
		}
	}
}

// makesMatch reports whether a file that fits the glob is made.
func (p *pathFollower) makesMatch(glob string) bool {
	for made := range p.made {
		if ok, _ := path.Match(glob, made); ok {
			return true
		}
	}
	for made := range p.walk.made {
		if ok, _ := path.Match(glob, made); ok {
			return true
		}
	}
	return false
}

// unseenMakers are the programs that make files which their words do not name.
const unseenMakers = "make cmake ninja cargo go mvn mvnw gradle gradlew npm npx pnpm yarn bun deno docker docker-compose podman " +
	"tar unzip gunzip 7z curl wget rsync scp sftp aws gsutil gcloud az terraform tofu terragrunt python python3 pip pip3 " +
	"node ruby bundle perl php bash sh zsh source . eval patch ansible-playbook ansible-galaxy packer pulumi helm cdk sam " +
	"sops age gpg vault op kubectl oc gh glab hub svn dvc poetry uv"

// makesUnseen reports whether a call may make files that its text does not name.
func makesUnseen(c *shellCall) bool {
	switch name := c.program(); {
	case name == "":
		return true
	case strings.Contains(c.arg(0), "/") && !path.IsAbs(c.arg(0)):
		return true
	case name == "git":
		return isListed(c.arg(1), "clone checkout switch pull merge rebase restore reset submodule apply am stash cherry-pick revert worktree lfs")
	default:
		return isListed(name, unseenMakers)
	}
}

// offered reports the scripts that items offer as their checks and that are
// not there.
func (l *linter) offered() {
	for i := range l.doc.Slots {
		s := &l.doc.Slots[i]
		program, _, _ := strings.Cut(s.Offered, " ")
		if !strings.HasPrefix(program, "./") && !strings.HasPrefix(program, "../") || strings.ContainsAny(program, "$<>{}*?") {
			continue
		}
		if l.in.Machine.Exists(path.Join(l.in.Root, program)) || l.in.Machine.Exists(path.Join(l.in.DocDir, program)) {
			continue
		}
		l.report(Warning, "missing-path", s.Line, "the item names "+program+", which does not exist", "correct the path")
	}
}
