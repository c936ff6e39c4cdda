package source

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestCommand(t *testing.T) {
	root := t.TempDir()
	write(t, root, "sub/version", "1.2.3\n")
	gives(t, Command{}, question(root, map[string]string{"run": "echo ' one  two '"}), "^one  two$")
	gives(t, Command{}, question(root, map[string]string{"run": "cat version", "dir": "sub"}), "^1.2.3$")
	gives(t, Command{}, question(root, map[string]string{"run": "printf 'crlf\\r\\n'"}), "^crlf$")
	gives(t, Command{}, question(root, map[string]string{"run": "echo noise >&2; echo value"}), "^value$")
	q := question(root, map[string]string{"run": "echo $WORD"})
	q.Env = append(q.Env, "WORD=given")
	if v := gives(t, Command{}, q, "^given$"); v.Detail != "echo $WORD" || v.Sensitive {
		t.Errorf("%+v", v)
	}
}

func TestCommandRefuses(t *testing.T) {
	for run, want := range map[string]string{
		"true":                    "printed nothing",
		"echo ' '":                "printed nothing",
		"echo a; echo b":          "printed 2 lines",
		"echo a; exit 3":          "exit 3",
		"false | echo a":          "exit 1",
		"echo no >&2; false":      "exit 1: no",
		"nosuchprogram":           "exit 127",
		"kill -9 $$":              "signal: killed",
		"echo <version>":          "<version> has no value",
		"echo $(":                 "run: ",
		"if":                      "run: ",
		"printenv":                "not recorded",
		"env":                     "not recorded",
		"terraform output -raw a": "may be sensitive",
		"aws ssm get-parameter --name n --with-decryption":         "not recorded",
		"cat x; aws secretsmanager get-secret-value --secret-id s": "not recorded",
	} {
		refuses(t, Command{}, question(t.TempDir(), map[string]string{"run": run}), want)
	}
	refuses(t, Command{}, question(t.TempDir(), map[string]string{"run": "echo a", "dir": "none"}), "no such file")
}

// What may not be recorded is not even run.
func TestCommandThatIsRefusedDoesNotRun(t *testing.T) {
	root := t.TempDir()
	refuses(t, Command{}, question(root, map[string]string{"run": "touch made; printenv"}), "not recorded")
	if _, err := os.Stat(filepath.Join(root, "made")); err == nil {
		t.Error("it ran")
	}
}

func TestCommandEndsWithTheRun(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	refusesWithin(ctx, t, Command{}, question(t.TempDir(), map[string]string{"run": "sleep 300"}), "deadline exceeded")
}
