package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// These benchmarks measure the built program beside what its speed is judged
// by, in turns within one run, and report the ratio of the fastest times: it
// moves far less than either of them with what else the machine is doing.
// docs/benchmarks.md has the targets and what was measured.

// buildProgram builds runbook as people have it.
func buildProgram(b testing.TB) string {
	b.Helper()
	program := filepath.Join(b.TempDir(), "runbook")
	if out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", program, ".").CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// fastest runs two things in turns, twice more than asked, and returns the fastest
// time of either.
func fastest(b *testing.B, ours, theirs func()) (time.Duration, time.Duration) {
	b.Helper()
	best := [2]time.Duration{1 << 62, 1 << 62}
	turn := func() {
		for i, do := range []func(){ours, theirs} {
			began := time.Now()
			do()
			best[i] = min(best[i], time.Since(began))
		}
	}
	turn()
	turn()
	for b.Loop() {
		turn()
	}
	return best[0], best[1]
}

func report(b *testing.B, ours, theirs time.Duration, unit string) {
	b.Helper()
	b.ReportMetric(float64(ours)/float64(theirs), unit)
	b.ReportMetric(float64(ours.Microseconds())/1000, "ms")
	b.ReportMetric(0, "ns/op")
}

// command returns a function that runs a program to its end and fails the
// benchmark if it fails. What it prints goes nowhere.
func command(b *testing.B, dir string, name string, args ...string) func() {
	return func() {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Run(); err != nil {
			b.Fatalf("%s %v: %v\n%s", name, args, err, stderr.String())
		}
	}
}

func write(b *testing.B, dir, name, content string) {
	b.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkCaptureOf1GB compares the output of one command, captured, masked
// and shown, with the same through tee, and reports the peak memory. It comes
// first: a program's peak counts that of the process that started it, and the
// others here grow.
func BenchmarkCaptureOf1GB(b *testing.B) {
	program := buildProgram(b)
	for _, c := range []struct{ name, text string }{
		{"zeros", "head -c 1G /dev/zero"},
		{"lines", "{ yes '2026-11-26T20:00:00Z module.a.aws_x: Still creating... [10s elapsed]' || true; } | head -c 1G"},
	} {
		b.Run(c.name, func(b *testing.B) {
			dir := b.TempDir()
			b.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state"))
			b.Setenv("A_TOKEN", "correct-horse-battery-staple")
			write(b, dir, "template.md", "```bash\n"+c.text+"\n```\n")
			peak, n := int64(0), 0
			ours, theirs := fastest(b, func() {
				n++
				cmd := exec.Command(program, "exec", "--yes", "--no-input", "template.md", "--record", fmt.Sprintf("record-%d.md", n))
				cmd.Dir = dir
				if err := cmd.Run(); err != nil {
					b.Fatal(err)
				}
				peak = max(peak, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
			}, command(b, dir, "bash", "-c", c.text+" | tee copy > /dev/null"))
			report(b, ours, theirs, "×tee")
			b.ReportMetric(float64(peak)/1024, "peak-MB")
		})
	}
}

func BenchmarkStartUp(b *testing.B) {
	program := buildProgram(b)
	ours, theirs := fastest(b, command(b, "", program, "version"), command(b, "", "bash", "-c", "true"))
	report(b, ours, theirs, "×bash")
}

func BenchmarkPlanOf10000Blocks(b *testing.B) {
	program, dir := buildProgram(b), b.TempDir()
	write(b, dir, "big.md", blocks(10_000))
	ours, theirs := fastest(b, command(b, dir, program, "plan", "big.md"), command(b, dir, "grep", "-c", "```", "big.md"))
	report(b, ours, theirs, "×grep")
}

func blocks(n int) string {
	var s strings.Builder
	s.WriteString("# Big\n\n")
	for i := range n {
		fmt.Fprintf(&s, "## Step %d\n\nWhat it is for.\n\n```bash\necho %d\n```\n\n", i, i)
	}
	return s.String()
}

func BenchmarkPlanOf10MBProse(b *testing.B) {
	program, dir := buildProgram(b), b.TempDir()
	paragraph := strings.Repeat("The quick brown fox jumps over the *lazy* dog; `code` follows, with [a link](https://example.com/x).\n", 6)
	prose := []byte("# Prose\n\n" + strings.Repeat(paragraph+"\n- one\n- two\n\n## Heading\n\n", 10<<20/(len(paragraph)+30)))
	write(b, dir, "prose.md", string(prose))
	md := goldmark.New(goldmark.WithExtensions(extension.Table))
	ours, theirs := fastest(b, command(b, dir, program, "plan", "prose.md"), func() { md.Parser().Parse(text.NewReader(prose)) })
	report(b, ours, theirs, "×goldmark")
}

// BenchmarkStep is the cost of one more step of one command, its journal
// entries' syncs included, beside one bash that runs the same.
func BenchmarkStep(b *testing.B) {
	program, dir := buildProgram(b), b.TempDir()
	const n = 200
	document := blocks(n)
	run := execFresh(b, program, dir, document)
	ours, theirs := fastest(b, run, func() {
		for i := range n {
			command(b, dir, "bash", "-c", fmt.Sprint("echo ", i))()
		}
	})
	report(b, ours/n, theirs/n, "×bash")
}

// BenchmarkFurtherCommand is the cost of one more command in a step.
func BenchmarkFurtherCommand(b *testing.B) {
	program, dir := buildProgram(b), b.TempDir()
	const n = 1000
	run := execFresh(b, program, dir, "```bash\n"+strings.Repeat("echo x\n", n)+"```\n")
	ours, theirs := fastest(b, run, command(b, dir, "bash", "-c", "true"))
	report(b, ours/n, theirs, "×bash")
}

// BenchmarkDurability is what it costs, for each command, that its start, its
// end and its output are durable before the next one: the same run in a place
// where syncing does nothing is subtracted.
func BenchmarkDurability(b *testing.B) {
	memory, err := os.MkdirTemp("/dev/shm", "runbook")
	if err != nil {
		b.Skip("skipped: no file system in memory: ", err)
	}
	b.Cleanup(func() {
		if err := os.RemoveAll(memory); err != nil {
			b.Error(err)
		}
	})
	program, disk := buildProgram(b), b.TempDir()
	const n = 1000
	document := "```bash\n" + strings.Repeat("echo x\n", n) + "```\n"
	onDisk, inMemory := execFresh(b, program, disk, document), execFresh(b, program, memory, document)
	there := func(dir string, run func()) func() {
		return func() {
			b.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state"))
			run()
		}
	}
	floor := time.Duration(1 << 62)
	for range 50 {
		began := time.Now()
		command(b, disk, "bash", "-c", "true")()
		floor = min(floor, time.Since(began))
	}
	durable, not := fastest(b, there(disk, onDisk), there(memory, inMemory))
	b.ReportMetric(float64((durable-not).Microseconds())/n, "µs/command")
	b.ReportMetric(float64(durable-not)/n/float64(floor), "×bash")
	b.ReportMetric(0, "ns/op")
}

// execFresh returns a function that executes a document as a new run.
func execFresh(b *testing.B, program, dir, document string) func() {
	n := 0
	b.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state"))
	return func() {
		n++
		name := fmt.Sprintf("run-%d.md", n)
		write(b, dir, name, document)
		command(b, dir, program, "exec", "--yes", "--no-input", "-q", name)()
	}
}
