package check

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"runbook/executor"
	"runbook/runbook"
)

// Git looks at the checkout that holds the root.
type Git struct{}

// Info implements executor.Check.
func (Git) Info() runbook.Info {
	return runbook.Info{
		Name:    "git",
		Summary: "the checkout is clean, tracks a path, stands on a branch, or holds no secret in the shape of a private key or an access key",
		Args: map[string]string{
			"what":   `"clean" (nothing differs from the commit and nothing is untracked, this run's own record aside), "tracked" (the path is), "branch" (the name is that of the branch), "no-secrets" (the tracked files as they are in the index; the history is not looked at)`,
			"path":   `for "tracked": a file or a directory, from the root`,
			"name":   `for "branch": the branch's name`,
			"ignore": `for "clean" and "no-secrets": paths from the repository's top that do not count, separated by commas; * stands for any run of characters`,
		},
		Require: []string{"what"},
		Lists:   []string{"ignore"},
	}
}

// Validate implements executor.Validator. An argument that would be passed over
// is a misunderstanding, and refused.
func (Git) Validate(args map[string]string) error {
	takes, ok := map[string]string{"clean": "ignore", "tracked": "path", "branch": "name", "no-secrets": "ignore"}[args["what"]]
	if !ok {
		return fmt.Errorf("git does not check %s; it checks clean, tracked, branch, no-secrets", quote(args["what"]))
	}
	for _, name := range []string{"ignore", "name", "path"} {
		switch given := args[name] != ""; {
		case given && name != takes:
			return fmt.Errorf("%q takes no %s", args["what"], name)
		case !given && name == takes && name != "ignore":
			return fmt.Errorf("%q needs a %s", args["what"], name)
		}
	}
	if path := args["path"]; path != "" && !filepath.IsLocal(filepath.FromSlash(path)) {
		return fmt.Errorf("%s is not below the root", quote(path))
	}
	return nil
}

// Check implements executor.Check.
func (c Git) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	if err := c.Validate(q.Args); err != nil {
		return executor.Finding{}, err
	}
	// Bytes are bytes: in other locales a pattern would not match a line that
	// is not valid text.
	g := checkout{executor.Program{Dir: q.Root, Env: append(slices.Clip(q.Env), "LC_ALL=C")}}
	switch q.Args["what"] {
	case "clean":
		return g.clean(ctx, q)
	case "tracked":
		return g.tracked(ctx, q)
	case "branch":
		return g.branch(ctx, q)
	}
	return g.noSecrets(ctx, q)
}

// A checkout is a repository as git shows it.
type checkout struct{ program executor.Program }

// git runs git, which may exit with 0 or with no as an answer, and writes
// nothing, its index's cache included.
func (g checkout) git(ctx context.Context, no int, args ...string) (executor.Printed, error) {
	out, err := g.program.Run(ctx, "git", append([]string{"--no-optional-locks", "--literal-pathspecs"}, args...)...)
	if err == nil && out.Exit != 0 && out.Exit != no {
		err = fmt.Errorf("git %s: %s", args[0], out.Complaint())
	}
	return out, err
}

// clean compares the files with the commit.
func (g checkout) clean(ctx context.Context, q executor.Query) (executor.Finding, error) {
	head, err := g.git(ctx, 0, "rev-parse", "--short", "HEAD")
	if err != nil {
		return executor.Finding{}, err
	}
	top, err := g.git(ctx, 0, "rev-parse", "--show-toplevel")
	if err != nil {
		return executor.Finding{}, err
	}
	out, err := g.git(ctx, 0, "status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")
	if err != nil {
		return executor.Finding{}, err
	}
	ignore := append(list(q.Args["ignore"]), own(strings.TrimSuffix(string(top.Stdout), "\n"), q.Document.Name)...)
	var differ []string
	for entry := range strings.SplitSeq(string(out.Stdout), "\x00") {
		if len(entry) > 3 && !ignored(ignore, entry[3:]) {
			differ = append(differ, entry[:2]+" "+quote(entry[3:]))
		}
	}
	at := strings.TrimSpace(string(head.Stdout))
	if len(differ) > 0 {
		return decided(q, false, "git status at %s: %s", at, some(differ))
	}
	return decided(q, true, "git status: nothing differs from %s", at)
}

// own lists what this run itself writes when the document is its own record.
func own(top, document string) []string {
	abs, err := filepath.Abs(document)
	if err != nil {
		return nil
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	rel, err := filepath.Rel(top, abs)
	if err != nil || !filepath.IsLocal(rel) {
		return nil
	}
	rel = filepath.ToSlash(rel)
	return []string{rel, strings.TrimSuffix(rel, ".md") + ".runs/*"}
}

func ignored(patterns []string, name string) bool {
	for _, p := range patterns {
		if wild(p, name) {
			return true
		}
	}
	return false
}

// tracked asks the index for a path.
func (g checkout) tracked(ctx context.Context, q executor.Query) (executor.Finding, error) {
	path := q.Args["path"]
	out, err := g.git(ctx, 1, "ls-files", "-z", "--error-unmatch", "--", path)
	if err != nil {
		return executor.Finding{}, err
	}
	if out.Exit != 0 {
		return decided(q, false, "git ls-files: %s is not tracked", quote(path))
	}
	return decided(q, true, "git ls-files: %s is tracked, %d files", quote(path), strings.Count(string(out.Stdout), "\x00"))
}

// branch compares the branch that is checked out.
func (g checkout) branch(ctx context.Context, q executor.Query) (executor.Finding, error) {
	name := q.Args["name"]
	out, err := g.git(ctx, 1, "symbolic-ref", "--quiet", "--short", "HEAD")
	if err != nil {
		return executor.Finding{}, err
	}
	if out.Exit != 0 {
		return decided(q, false, "git symbolic-ref: HEAD is on no branch; expected %s", quote(name))
	}
	got := strings.TrimSpace(string(out.Stdout))
	return decided(q, got == name, "git symbolic-ref: HEAD is on %s; expected %s", quote(got), quote(name))
}
