package engine_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"runbook/executor"
	"runbook/executor/executortest"
)

// After a kill -9 of the runner its step went on, and nobody told the operator
// who resumed.
func TestSurvivorsOfAKilledRunner(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		start string   // the command that starts a process
		want  []string // the names of what outlives the runner
	}{
		"a command":              {"sleep 300 & echo >started; wait", []string{"bash", "sleep"}},
		"the shell alone":        {"mkfifo f; echo >started; read -r line <f", []string{"bash"}},
		"in another session":     {"setsid sleep 300 & echo >started; wait", []string{"bash", "sleep"}},
		"without an environment": {"env -i sleep 300 & echo >started; wait", []string{"bash", "sleep"}},
		"a script's child":       {"bash -c 'env -i setsid sleep 300; :' & echo >started; wait", []string{"bash", "bash", "sleep"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			job := executortest.Job(t, c.start)
			killRunner(t, job, "")
			b := newBash(t, patient)
			var surveyor executor.Surveyor = b
			// Whoever has just been forked still has the shell's name.
			until(t, "the step's processes are found", func() bool {
				return strings.Join(names(surveyor.Survivors(job.State)), " ") == strings.Join(c.want, " ")
			})
			same(t, "survivors for another state", len(surveyor.Survivors(t.TempDir())), 0)
			link := filepath.Join(t.TempDir(), "link")
			if err := os.Symlink(job.State, link); err != nil {
				t.Fatal(err)
			}
			found := surveyor.Survivors(link)
			same(t, "names by another path", names(found), c.want)
			endAll(t, found)
			until(t, "they are gone", func() bool { return surveyor.Survivors(job.State) == nil })
		})
	}
}

// A shell whose runner is gone ends with its command, and leaves nothing in the
// state directory: nobody would take it away.
func TestSurvivingShellEnds(t *testing.T) {
	t.Parallel()
	job := executortest.Job(t, "echo >started; until [ -e go ]; do sleep 0.01; done; x=1")
	killRunner(t, job, "")
	if err := os.WriteFile(filepath.Join(job.Dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b := newBash(t, patient)
	until(t, "the shell ends", func() bool { return b.Survivors(job.State) == nil })
	files, err := os.ReadDir(job.State)
	if err != nil || len(files) != 0 {
		t.Errorf("the state directory holds %v, %v", files, err)
	}
}

// What this process has started is no survivor: it is under way.
func TestOwnProcessesAreNoSurvivors(t *testing.T) {
	t.Parallel()
	b, job := newBash(t, patient), executortest.Job(t, "sleep 300 & echo here; kill $!")
	l := &executortest.Log{OnOutput: func(int) { same(t, "survivors", len(b.Survivors(job.State)), 0) }}
	if _, err := b.Run(t.Context(), job, l); err != nil {
		t.Fatal(err)
	}
	same(t, "output", l.Printed[0], "here\n")
}

// names cuts the numbers off what Survivors tells, and sorts the rest.
func names(survivors []string) []string {
	var all []string
	for _, s := range survivors {
		name, _, _ := strings.Cut(s, " (process ")
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}
