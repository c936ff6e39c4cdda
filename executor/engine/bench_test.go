package engine_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"runbook/executor"
	"runbook/executor/engine"
	"runbook/runbook"
)

// silent is an observer that costs nothing, so that the benchmarks measure the
// engine alone. It counts bytes.
type silent struct{ bytes int64 }

func (*silent) Started(int) error                   { return nil }
func (s *silent) Output(_ int, p []byte)            { s.bytes += int64(len(p)) }
func (*silent) Finished(int, executor.Result) error { return nil }

func newBash(tb testing.TB, opts engine.BashOptions) *engine.Bash {
	tb.Helper()
	b, err := engine.NewBash(opts)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := b.Close(); err != nil {
			tb.Error(err)
		}
	})
	return b
}

func benchJob(b *testing.B, texts ...string) executor.Job {
	job := executor.Job{Step: "bench", Document: "checklist.md", Dir: b.TempDir(), Env: os.Environ(), State: b.TempDir()}
	for i, text := range texts {
		job.Commands = append(job.Commands, runbook.Command{Line: i + 1, Text: text})
	}
	return job
}

func run(b *testing.B, e *engine.Bash, job executor.Job, obs executor.Observer) {
	b.Helper()
	out, err := e.Run(context.Background(), job, obs)
	if err != nil || out.Next != len(job.Commands) {
		b.Fatal(out, err)
	}
}

// BenchmarkStep is a step of one command; compare BenchmarkBashC.
func BenchmarkStep(b *testing.B) {
	e := newBash(b, engine.BashOptions{})
	job := benchJob(b, "true")
	run(b, e, job, &silent{})
	for n := 0; b.Loop(); n++ {
		job.Step = runbook.ID(fmt.Sprint("step-", n))
		run(b, e, job, &silent{})
	}
}

// BenchmarkCommand is each further command of a step.
func BenchmarkCommand(b *testing.B) {
	e := newBash(b, engine.BashOptions{})
	texts := make([]string, 1000)
	for i := range texts {
		texts[i] = "true"
	}
	job := benchJob(b, texts...)
	n := 0
	for b.Loop() {
		run(b, e, job, &silent{})
		n += len(texts)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n), "µs/command")
}

// BenchmarkChange is a step that changes the state, which must reach the disk.
func BenchmarkChange(b *testing.B) {
	e := newBash(b, engine.BashOptions{})
	job := benchJob(b, "n=$((n+1))")
	for b.Loop() {
		run(b, e, job, &silent{})
	}
}

// BenchmarkReplace is a step whose shell ends, so that the next one needs
// another, with the state restored.
func BenchmarkReplace(b *testing.B) {
	e := newBash(b, engine.BashOptions{})
	job := benchJob(b, "exit 0")
	for b.Loop() {
		run(b, e, job, &silent{})
	}
}

// BenchmarkBashC is the floor for BenchmarkStep: a bash that does nothing.
func BenchmarkBashC(b *testing.B) {
	for b.Loop() {
		if err := exec.Command("bash", "-c", "true").Run(); err != nil {
			b.Fatal(err)
		}
	}
}

const gigabyte = 1 << 30

// BenchmarkCapture is 1 GiB of output; compare BenchmarkTee.
func BenchmarkCapture(b *testing.B) {
	e := newBash(b, engine.BashOptions{})
	job := benchJob(b, "head -c 1G /dev/zero")
	b.SetBytes(gigabyte)
	for b.Loop() {
		s := &silent{}
		run(b, e, job, s)
		if s.bytes != gigabyte {
			b.Fatal(s.bytes)
		}
	}
}

// BenchmarkTee is the same through tee.
func BenchmarkTee(b *testing.B) {
	b.SetBytes(gigabyte)
	for b.Loop() {
		cmd := exec.Command("bash", "-c", "head -c 1G /dev/zero | tee /dev/null >/dev/null")
		cmd.Stdout = io.Discard
		if err := cmd.Run(); err != nil {
			b.Fatal(err)
		}
	}
}
