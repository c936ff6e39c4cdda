// Package world stands up, for tests, a production that checklists run against
// for real: the git repository that testdata/world/build.sh makes, terraform,
// the aws CLI, node and pnpm, and a moto server in the place of AWS. Every
// World has a server and directories of its own, so tests can run in parallel,
// and needs no network but the loopback.
package world

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Account is the AWS account that every World plays.
const Account = "123456789012"

// RequiredEnv names the variable that, set to "required", makes a missing tool
// fail a test instead of skipping it: a build that has the tools must not pass
// by skipping.
const RequiredEnv = "RUNBOOK_E2E"

// A World is one production, alive until its test ends.
type World struct {
	Dir string // the repository in which the checklist runs
	// Base holds everything that a program in this world may write by
	// default: Dir, the home and the temporary directory.
	Base string
	// Env is the whole environment, KEY=VALUE, for programs in this world. Of
	// the environment of the test it keeps PATH alone.
	Env []string

	t testing.TB
}

// Start builds a world whose checklist.md is a copy of the file checklist. It
// skips the test when a tool is missing (see Require) or in -short mode, and
// fails it when the world cannot be built.
func Start(t testing.TB, checklist string) *World {
	t.Helper()
	return start(t, checklist)
}

// StartWithStaging is Start with a staging environment beside production: its
// workspace applied, its nonce stored, the ops team subscribed to its alerts.
func StartWithStaging(t testing.TB, checklist string) *World {
	t.Helper()
	return start(t, checklist, "WORLD_STAGING=1")
}

// start builds a world; settings are variables for build.sh alone.
func start(t testing.TB, checklist string, settings ...string) *World {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped: -short")
	}
	Require(t, "bash", "git", "terraform", "aws", "moto_server", "node", "pnpm")

	base := t.TempDir()
	w := &World{Dir: filepath.Join(base, "repo"), Base: base, t: t}
	for _, d := range []string{"home", "tmp"} {
		if err := os.Mkdir(filepath.Join(base, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	w.Env = []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + filepath.Join(base, "home"),
		"TMPDIR=" + filepath.Join(base, "tmp"),
		"LANG=C.UTF-8",
		"AWS_ENDPOINT_URL=" + startMoto(t),
		"AWS_ACCESS_KEY_ID=testing",
		"AWS_SECRET_ACCESS_KEY=testing",
		"AWS_DEFAULT_REGION=us-east-1",
		"AWS_EC2_METADATA_DISABLED=true",
		"CHECKPOINT_DISABLE=1", // terraform's own look for updates
		"NO_UPDATE_NOTIFIER=1", // pnpm's
	}
	list, err := filepath.Abs(checklist)
	if err != nil {
		t.Fatal(err)
	}
	lasting := w.Env
	w.Env = append(slices.Clip(w.Env), settings...)
	w.run(base, filepath.Join(Repository(t), "testdata", "world", "build.sh"), w.Dir, list)
	w.Env = lasting
	return w
}

// Require skips the test unless every tool is found on PATH, naming those that
// are not; under RUNBOOK_E2E=required it fails the test instead.
func Require(t testing.TB, tools ...string) {
	t.Helper()
	var missing []string
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			missing = append(missing, tool)
		}
	}
	if len(missing) == 0 {
		return
	}
	if os.Getenv(RequiredEnv) == "required" {
		t.Fatalf("%s=required, but there is no %s", RequiredEnv, strings.Join(missing, ", "))
	}
	t.Skipf("skipped: no %s", strings.Join(missing, ", "))
}

// Repository is the absolute path of the project's own root, which tests find
// from whatever package they stand in.
func Repository(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
}

// Checklist is the path of the checklist that was written for this world and
// uses every construct of the format.
func Checklist(t testing.TB) string {
	t.Helper()
	return filepath.Join(Repository(t), "testdata", "world", "checklist.md")
}

// Seed is the path of the seed checklist beside the repository; without one
// the test is skipped.
func Seed(t testing.TB) string {
	t.Helper()
	path := filepath.Join(Repository(t), "..", "shared", "seed", "checklist.md")
	if _, err := os.Stat(path); err != nil {
		t.Skip("skipped: no ../shared/seed/checklist.md")
	}
	return path
}

// Command prepares a program that runs in this world, in dir below the
// repository ("" is its root), and ends with ctx.
func (w *World) Command(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = filepath.Join(w.Dir, dir)
	cmd.Env = w.Env
	return cmd
}

// AWS runs the aws CLI and returns what it printed, as text, without the last
// line ending. A failing call fails the test.
func (w *World) AWS(args ...string) string {
	w.t.Helper()
	return w.run(w.Dir, "aws", append(args, "--output", "text")...)
}

// Git runs git in the repository and returns what it printed. A failing
// command fails the test.
func (w *World) Git(args ...string) string {
	w.t.Helper()
	return w.run(w.Dir, "git", args...)
}

// Terraform runs terraform in infra/terraform, in the workspace selected
// there, and returns what it printed. A failing command fails the test.
func (w *World) Terraform(args ...string) string {
	w.t.Helper()
	return w.run(filepath.Join(w.Dir, "infra", "terraform"), "terraform", args...)
}

// Nonce is the redaction nonce of production, decrypted: a secret that no
// record may hold.
func (w *World) Nonce() string {
	w.t.Helper()
	return w.AWS("ssm", "get-parameter", "--name", "/guardian/production/redaction_nonce_v1",
		"--with-decryption", "--query", "Parameter.Value")
}

// An Output is one of terraform's outputs.
type Output struct {
	Value     string
	Sensitive bool
}

// Outputs are terraform's outputs in the selected workspace, by name.
func (w *World) Outputs() map[string]Output {
	w.t.Helper()
	var outputs map[string]Output
	if err := json.Unmarshal([]byte(w.Terraform("output", "-json")), &outputs); err != nil {
		w.t.Fatalf("terraform output -json: %v", err)
	}
	return outputs
}

// Salt is the value of the sensitive output redaction_salt: a secret that no
// record may hold.
func (w *World) Salt() string {
	w.t.Helper()
	salt := w.Outputs()["redaction_salt"]
	if salt.Value == "" || !salt.Sensitive {
		w.t.Fatalf("redaction_salt is %+v, want a sensitive value", salt)
	}
	return salt.Value
}

// run runs a program in this world and returns its stdout without the last
// line ending.
func (w *World) run(dir, name string, args ...string) string {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), name, args...)
	cmd.Dir, cmd.Env = dir, w.Env
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("%s: %v\n%s%s", cmd, err, out, stderr.String())
	}
	return strings.TrimSuffix(string(out), "\n")
}
