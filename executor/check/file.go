package check

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"runbook/executor"
	"runbook/runbook"
)

// maxFile bounds what is searched for a text, in bytes.
const maxFile = 16 << 20

// File looks at files below the root. Nothing outside is read, whatever the
// path or a symbolic link says.
type File struct{}

// Info implements executor.Check.
func (File) Info() runbook.Info {
	return runbook.Info{
		Name:    "file",
		Summary: "a file exists and is not empty; more, if asked, about what is in it",
		Args: map[string]string{
			"path":     "the file, from the root; with * ? [ ] at least one file must match (never across a /), and what else is asked must hold for each",
			"contains": "a text that it holds, taken literally",
			"sha256":   "its digest, 64 hex digits",
		},
		Require: []string{"path"},
	}
}

// Validate implements executor.Validator.
func (File) Validate(args map[string]string) error {
	if _, err := wantedDigest(args["sha256"]); err != nil {
		return err
	}
	if p := filepath.FromSlash(args["path"]); !filepath.IsLocal(p) {
		return fmt.Errorf("%s is not below the root", quote(args["path"]))
	}
	return nil
}

// wantedDigest is the argument in lower-case hex digits; it may be empty.
func wantedDigest(arg string) (string, error) {
	want := strings.TrimPrefix(strings.ToLower(arg), "sha256:")
	if b, err := hex.DecodeString(want); err != nil || len(b) != sha256.Size && arg != "" {
		return "", fmt.Errorf("sha256: %s is not a digest of 64 hex digits", quote(arg))
	}
	return want, nil
}

// Check implements executor.Check. A file that cannot be read, or that is
// empty, proves nothing.
func (f File) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	if err := f.Validate(q.Args); err != nil {
		return executor.Finding{}, err
	}
	path, contains := q.Args["path"], q.Args["contains"]
	want, err := wantedDigest(q.Args["sha256"])
	if err != nil {
		return executor.Finding{}, err
	}
	root, err := os.OpenRoot(q.Root)
	if err != nil {
		return executor.Finding{}, err
	}
	defer root.Close()
	names, err := matches(root, path)
	if err != nil {
		return executor.Finding{}, err
	}
	if len(names) == 0 {
		return decided(q, false, "%s does not exist", quote(path))
	}
	var facts []string
	for _, name := range names {
		fact, ok, err := look(ctx, root, name, contains, want)
		if err != nil {
			return executor.Finding{}, err
		}
		if !ok {
			return decided(q, false, "%s", fact)
		}
		facts = append(facts, fact)
	}
	return decided(q, true, "%s", some(facts))
}

// matches lists the files that a path or a pattern names.
func matches(root *os.Root, path string) ([]string, error) {
	path = filepath.ToSlash(filepath.Clean(filepath.FromSlash(path)))
	switch {
	case strings.Contains(path, "**"):
		return nil, fmt.Errorf("%s: ** is not understood", quote(path))
	case strings.ContainsAny(path, "*?["):
		names, err := fs.Glob(root.FS(), path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", quote(path), err)
		}
		if len(names) == 0 {
			return nil, readable(root, path)
		}
		return names, nil
	}
	if _, err := root.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	return []string{path}, nil
}

// readable tells a directory in which nothing matches from one that could not
// be read: a pattern's search does not.
func readable(root *os.Root, pattern string) error {
	dir := "."
	for part := range strings.SplitSeq(pattern, "/") {
		if strings.ContainsAny(part, "*?[") {
			break
		}
		dir += "/" + part
	}
	_, err := fs.ReadDir(root.FS(), filepath.ToSlash(filepath.Clean(dir)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// look judges one file. The fact says what was seen.
func look(ctx context.Context, root *os.Root, name, contains, digest string) (fact string, ok bool, err error) {
	// Before it is opened: that alone would wait at a named pipe.
	info, err := root.Stat(name)
	if err != nil {
		return "", false, err
	}
	inside := contains != "" || digest != ""
	switch {
	case info.IsDir() && !inside:
		return quote(name) + " is a directory", true, nil
	case !info.Mode().IsRegular():
		return "", false, fmt.Errorf("%s is no regular file", quote(name))
	case info.Size() == 0 && digest == "":
		return "", false, fmt.Errorf("%s is empty", quote(name))
	case contains != "" && info.Size() > maxFile:
		return "", false, fmt.Errorf("%s is too large to search: %d bytes", quote(name), info.Size())
	}
	fact = fmt.Sprintf("%s exists, %d bytes", quote(name), info.Size())
	if !inside {
		return fact, true, nil
	}
	sum, text, err := read(ctx, root, name, contains != "")
	switch {
	case err != nil:
		return "", false, err
	case digest != "" && sum != digest:
		return fact + ", sha256 " + sum, false, nil
	case contains != "" && !strings.Contains(text, contains):
		return fact + ", does not contain " + quote(contains), false, nil
	}
	if digest != "" {
		fact += ", sha256 " + sum
	}
	if contains != "" {
		fact += ", contains " + quote(contains)
	}
	return fact, true, nil
}

// read digests a file, and returns its text if that is wanted.
func read(ctx context.Context, root *os.Root, name string, wanted bool) (sum, text string, err error) {
	f, err := root.Open(name)
	if err != nil {
		return "", "", err
	}
	defer f.Close()
	var b strings.Builder
	digest := sha256.New()
	var to io.Writer = digest
	if wanted {
		to = io.MultiWriter(digest, &b)
	}
	if _, err := io.Copy(to, until{ctx, f}); err != nil {
		return "", "", fmt.Errorf("%s: %w", quote(name), err)
	}
	return hex.EncodeToString(digest.Sum(nil)), b.String(), nil
}

// until stops reading when the context ends: a large file takes its time.
type until struct {
	ctx context.Context
	r   io.Reader
}

func (u until) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}

// digestOf is the SHA-256 of a file below dir, in hex digits.
func digestOf(ctx context.Context, dir, name string) (string, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", err
	}
	defer root.Close()
	if info, err := root.Stat(name); err != nil {
		return "", err
	} else if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is no regular file", quote(name))
	}
	sum, _, err := read(ctx, root, name, false)
	return sum, err
}
