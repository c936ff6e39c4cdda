package check

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// repository is a checkout on branch main with one commit of these files.
func repository(t *testing.T, files map[string]string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	tool(t, root, "git", "init", "-q", "-b", "main")
	for name, text := range files {
		write(t, root, name, text)
	}
	commit(t, root)
	return root
}

func commit(t *testing.T, root string) {
	t.Helper()
	tool(t, root, "git", "add", "-A")
	tool(t, root, "git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-q", "--allow-empty", "-m", "x")
}

func TestGitClean(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(t *testing.T, root string)
		ignore string
		want   outcome
	}{
		"nothing differs":          {func(*testing.T, string) {}, "", passes(`^git status: nothing differs from [0-9a-f]{7,};`)},
		"a changed file":           {func(t *testing.T, r string) { write(t, r, "a.txt", "new") }, "", fails(`git status at [0-9a-f]+:  ?M "a.txt"`)},
		"a staged file":            {func(t *testing.T, r string) { write(t, r, "b", "b"); tool(t, r, "git", "add", "b") }, "", fails(`A "b"`)},
		"an untracked file":        {func(t *testing.T, r string) { write(t, r, "sub/b", "b") }, "", fails(`\?\? "sub/b"`)},
		"a file that is gone":      {func(t *testing.T, r string) { tool(t, r, "rm", "a.txt") }, "", fails(`D "a.txt"`)},
		"a renamed file":           {func(t *testing.T, r string) { tool(t, r, "git", "mv", "a.txt", "z") }, "", fails(`D "a.txt", A "z"`)},
		"what git ignores":         {func(t *testing.T, r string) { write(t, r, "x.log", "b") }, "", passes("")},
		"what does not count":      {func(t *testing.T, r string) { write(t, r, "out/a", "b"); write(t, r, "p", "q") }, "out/*, p", passes("")},
		"what counts nevertheless": {func(t *testing.T, r string) { write(t, r, "out/a", "b"); write(t, r, "p", "q") }, "out/*", fails(`\?\? "p"`)},
		"its own record": {func(t *testing.T, r string) {
			write(t, r, "checklist.md", "new")
			write(t, r, "checklist.runs/1/j", "{}")
		}, "", passes("")},
		"another one's record": {func(t *testing.T, r string) { write(t, r, "other.runs/1/j", "{}") }, "", fails("other.runs")},
		"a hostile name":       {func(t *testing.T, r string) { write(t, r, "a\n- [x] done\x1b[2J", "b") }, "", fails(`\?\? "a\\n- \[x\] done\\x1b\[2J"`)},
		"many files": {func(t *testing.T, r string) {
			for _, n := range strings.Split("1234567", "") {
				write(t, r, n, n)
			}
		}, "", fails(`"5" and 2 more`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := repository(t, map[string]string{"a.txt": "a", ".gitignore": "*.log\n", "checklist.md": "# T\n"})
			tt.change(t, root)
			args := map[string]string{"what": "clean"}
			if tt.ignore != "" {
				args["ignore"] = tt.ignore
			}
			expect(t, Git{}, question(root, args), tt.want)
		})
	}
}

func TestGitTracked(t *testing.T) {
	root := repository(t, map[string]string{"docs/a.md": "a", "docs/b.md": "b", "star*": "s"})
	write(t, root, "new.md", "x")
	for path, want := range map[string]outcome{
		"docs/a.md": passes(`^git ls-files: "docs/a.md" is tracked, 1 files;`),
		"docs":      passes("2 files"),
		"star*":     passes("1 files"),
		"docs/*":    fails("is not tracked"),
		"new.md":    fails("is not tracked"),
		"none":      fails("is not tracked"),
		":(top)":    fails("is not tracked"),
		"--others":  fails("is not tracked"),
		"../x":      unknown("not below the root"),
		"/etc":      unknown("not below the root"),
		"":          unknown("needs a path"),
	} {
		expect(t, Git{}, question(root, map[string]string{"what": "tracked", "path": path}), want)
	}
}

func TestGitBranch(t *testing.T) {
	root := repository(t, map[string]string{"a": "a"})
	is := func(name string) map[string]string { return map[string]string{"what": "branch", "name": name} }
	expect(t, Git{}, question(root, is("main")), passes(`HEAD is on "main"; expected "main"`))
	expect(t, Git{}, question(root, is("release")), fails(`HEAD is on "main"; expected "release"`))
	expect(t, Git{}, question(root, is("")), unknown("needs a name"))
	tool(t, root, "git", "checkout", "-q", "--detach")
	expect(t, Git{}, question(root, is("main")), fails("HEAD is on no branch"))
}

func TestGitNoSecrets(t *testing.T) {
	// Put together here, so that this file holds no secret's shape.
	access := "AKIA" + "Q3EGRKJ7ABCDEFGH"
	pem := "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIE\n"
	token := "ghp_" + strings.Repeat("aB3", 12)
	secret := "aws_secret_" + "access_key = " + strings.Repeat("Ab1/", 10)
	for name, tt := range map[string]struct {
		file, text string
		want       outcome
	}{
		"nothing":                   {"a", "hello", passes(`^git grep --cached in 2 tracked files: no private key, no AWS access key ID,`)},
		"a private key":             {"keys/id", "x\n" + pem, fails(`private key in "keys/id", line 2;`)},
		"an OpenSSH key":            {"id", "-----BEGIN " + "OPENSSH PRIVATE KEY-----", fails("private key")},
		"a PKCS 8 key":              {"id", "-----BEGIN " + "PRIVATE KEY-----", fails("private key")},
		"an OpenPGP key":            {"id", "-----BEGIN PGP " + "PRIVATE KEY BLOCK-----", fails("private key")},
		"a public key":              {"id", "-----BEGIN PUBLIC KEY-----", passes("")},
		"an access key":             {"a", "key: " + access, fails(`AWS access key ID in "a", line 1`)},
		"a temporary one":           {"a", "ASIA" + access[4:], fails("AWS access key ID")},
		"behind an underscore":      {"a", "X_" + access, fails("AWS access key ID")},
		"within a longer word":      {"a", "x" + access + "Z", passes("")},
		"the manuals' example":      {"a", "AKIAIOSFODNN7EXAMPLE", passes("")},
		"one beside the example":    {"a", "AKIAIOSFODNN7EXAMPLE," + access, fails("AWS access key ID")},
		"a secret access key":       {"credentials", secret, fails("AWS secret access key")},
		"a secret key in JSON":      {"a", `{"AWS_SECRET_` + `ACCESS_KEY": "` + strings.Repeat("Ab1/", 10) + `"}`, fails("AWS secret access key")},
		"a variable in its place":   {"a", "aws_secret_access_key = ${AWS_SECRET_ACCESS_KEY}", passes("")},
		"a GitHub token":            {"a", "token=" + token, fails("GitHub token")},
		"in a binary file":          {"a", "\x00\xff\xfe" + access + "\x00", fails("AWS access key ID")},
		"in a file declared binary": {"hidden.txt", access, fails(`"hidden.txt"`)},
		"in a name that is hostile": {"a:1:\n\x1b[2Jb", access, fails(`"a:1:\\n\\x1b\[2Jb", line 1`)},
		"where it does not count":   {"testdata/key", pem, passes("")},
		"on a line of invalid text": {"a", "\xff\xfe key " + access, fails("line 1")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := repository(t, map[string]string{tt.file: tt.text, ".gitattributes": "hidden.txt binary\n"})
			q := question(root, map[string]string{"what": "no-secrets", "ignore": "testdata/*"})
			expect(t, Git{}, q, tt.want)
			if f, err := (Git{}).Check(t.Context(), q); err != nil || strings.Contains(f.Evidence, access[4:]) || strings.Contains(f.Evidence, token) {
				t.Errorf("the evidence tells the secret: %q, %v", f.Evidence, err)
			}
		})
	}
}

// What is tracked counts, not what lies about.
func TestGitNoSecretsLooksAtTheIndex(t *testing.T) {
	key := "AKIA" + "Q3EGRKJ7ABCDEFGH"
	root := repository(t, map[string]string{"a": key})
	write(t, root, "a", "removed here, not there")
	none := map[string]string{"what": "no-secrets"}
	expect(t, Git{}, question(root, none), fails(`"a", line 1`))
	tool(t, root, "git", "add", "a")
	write(t, root, "untracked", key)
	expect(t, Git{}, question(root, none), passes("1 tracked files"))
}

func TestGitProvesNothingWithoutARepository(t *testing.T) {
	for _, args := range []map[string]string{
		{"what": "clean"}, {"what": "tracked", "path": "a"}, {"what": "branch", "name": "main"}, {"what": "no-secrets"},
	} {
		q := question(t.TempDir(), args)
		q.Env = append(q.Env, "GIT_CEILING_DIRECTORIES="+filepath.Dir(q.Root))
		expect(t, Git{}, q, unknown("not a git repository"))
		q.Env = []string{"PATH=" + t.TempDir()}
		expect(t, Git{}, q, unknown("git: executable file not found"))
	}
	expect(t, Git{}, question(t.TempDir(), map[string]string{"what": "everything"}), unknown(`git does not check "everything"`))
	expect(t, Git{}, question(t.TempDir(), map[string]string{"what": "clean", "path": "docs"}), unknown(`"clean" takes no path`))
	expect(t, Git{}, question(t.TempDir(), map[string]string{"what": "branch", "name": "main", "ignore": "x"}), unknown(`"branch" takes no ignore`))
	empty := t.TempDir()
	tool(t, empty, "git", "init", "-q", "-b", "main")
	expect(t, Git{}, question(empty, map[string]string{"what": "no-secrets"}), unknown("no file is tracked"))
	expect(t, Git{}, question(empty, map[string]string{"what": "clean"}), unknown("git rev-parse: fatal"))
	expect(t, Git{}, question(empty, map[string]string{"what": "branch", "name": "main"}), passes(""))
}

// Looking changes nothing, the index's cache included.
func TestGitWritesNothing(t *testing.T) {
	root := repository(t, map[string]string{"a": "a"})
	index := filepath.Join(root, ".git", "index")
	before, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	write(t, root, "a", "a") // the same bytes at another time
	expect(t, Git{}, question(root, map[string]string{"what": "clean"}), passes(""))
	if after, err := os.ReadFile(index); err != nil || string(after) != string(before) {
		t.Errorf("git status rewrote the index (%v)", err)
	}
}
