package executor

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"runbook/runbook"
)

// What was reviewed is what is applied: the digest of a saved plan is kept from
// when it was made, judged, or found as the run began, and compared before a
// command applies it.

// findPlans keeps the digests of the saved plans that no step makes before
// they are applied.
func (x *Executor) findPlans(ctx context.Context) error {
	for _, t := range x.Plan.Steps() {
		if !t.Selected || t.Skip || x.State.Step(t.Slot.ID).Over() {
			continue
		}
		for _, plans := range t.Plans {
			for _, abs := range plans.Applies {
				if x.State.Files[x.rel(abs)] != nil || x.willMake(abs, t) {
					continue
				}
				digest, err := fileDigest(ctx, abs)
				if err != nil {
					continue // there is none yet, or the command itself will say why
				}
				if err := x.queue(&runbook.FileSeen{Path: x.rel(abs), Digest: digest, As: "found"}); err != nil {
					return err
				}
			}
		}
	}
	return x.flush()
}

// willMake reports whether a step that is still to do makes the file before t
// applies it.
func (x *Executor) willMake(abs string, t *runbook.Task) bool {
	maker := x.Plan.PlanMaker(abs, t)
	return maker != nil && maker.Selected && !maker.Skip && !x.State.Step(maker.Slot.ID).Over()
}

// changedPlan says why a step must not start: a saved plan that it applies, and
// does not make itself, is not the one that is known.
func (x *Executor) changedPlan(ctx context.Context, t *runbook.Task, commands []runbook.Command) string {
	made := map[string]bool{}
	for i := x.State.Step(t.Slot.ID).Next(); i < len(commands); i++ {
		for _, abs := range x.applied(t, commands, i) {
			if made[abs] {
				continue
			}
			if _, why := x.compare(ctx, abs); why != "" {
				return fmt.Sprintf("step %d, line %d, does not start: %s", t.Number, commands[i].Line, why)
			}
		}
		for _, abs := range t.Plans[i].Makes {
			made[abs] = true
		}
	}
	return ""
}

// applied lists the saved plans that a command applies as it would run now.
func (x *Executor) applied(t *runbook.Task, commands []runbook.Command, i int) []string {
	var files []string
	for _, abs := range t.Plans[i].Applies {
		if strings.Contains(commands[i].Text, path.Base(abs)) { // not so once it was edited to apply another
			files = append(files, abs)
		}
	}
	return files
}

// compare holds a saved plan against what is known of it. why is empty if it is
// the same, or nothing is known.
func (x *Executor) compare(ctx context.Context, abs string) (digest runbook.Digest, why string) {
	name := x.rel(abs)
	known := x.State.Files[name]
	digest, err := fileDigest(ctx, abs)
	switch {
	case known == nil:
		return digest, ""
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Sprintf("%s is gone; it was %s", name, asKnown(known))
	case err != nil:
		return "", fmt.Sprintf("%s cannot be compared with what was %s: %v", name, asKnown(known), err)
	case digest != known.Digest:
		return "", fmt.Sprintf("%s is not what was %s: it has %s, and had %s; put that file back, or begin anew", name, asKnown(known), digest, known.Digest)
	}
	return digest, ""
}

func asKnown(f *runbook.FileState) string {
	switch f.As {
	case "made":
		return "made by " + string(f.Step)
	case "judged":
		return "judged"
	}
	return "there when the run began"
}

// made are the events on the saved plans that a command has made.
func (x *Executor) made(t *runbook.Task, i int) []runbook.Event {
	var events []runbook.Event
	for _, abs := range t.Plans[i].Makes {
		if digest, err := fileDigest(context.Background(), abs); err == nil {
			events = append(events, &runbook.FileSeen{Path: x.rel(abs), Digest: digest, As: "made", Step: t.Slot.ID, Command: i})
		}
	}
	return events
}

// judged holds the file that a check has looked at against what is known of it.
func (x *Executor) judged(a *answer) {
	seen := a.finding.Seen
	if a.err != nil || seen == nil {
		return
	}
	if known := x.State.Files[seen.Path]; known != nil && known.Digest != seen.Digest {
		*a = answer{err: fmt.Errorf("%s is not what was %s: its digest is another", seen.Path, asKnown(known))}
		return
	}
	a.seen = append(a.seen, seen)
}

// fileDigest is the digest of a regular file. It ends with ctx.
func fileDigest(ctx context.Context, name string) (runbook.Digest, error) {
	if info, err := os.Stat(name); err != nil {
		return "", err
	} else if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is no regular file", filepath.Base(name))
	}
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	buf := make([]byte, 256<<10)
	for {
		n, err := f.Read(buf)
		h.Write(buf[:n])
		switch {
		case errors.Is(err, io.EOF):
			return runbook.Digest("sha256:" + hex.EncodeToString(h.Sum(nil))), nil
		case err != nil:
			return "", err
		case ctx.Err() != nil:
			return "", ctx.Err()
		}
	}
}
