package executor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"runbook/runbook"
)

// MaxScript is the size in bytes of the largest script that is compared.
const MaxScript = 64 << 20

// ScriptDigest is the digest of a script, for plans and for runs. An error says
// why it is not compared.
func ScriptDigest(ctx context.Context, name string) (runbook.Digest, error) {
	info, err := os.Stat(name)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("it is no regular file")
	}
	if info.Size() > MaxScript {
		return "", fmt.Errorf("it has %d bytes, and at most %d are compared", info.Size(), MaxScript)
	}
	return fileDigest(ctx, name)
}

// A scriptReads remembers what scripts were read, so that they are not read
// again as long as nothing of them has changed.
type scriptReads map[string]scriptRead

type scriptRead struct {
	info   fs.FileInfo
	digest runbook.Digest
	at     time.Time
}

// read reads a script; one that is gone has no digest.
func (r *scriptReads) read(ctx context.Context, abs string) (runbook.Digest, error) {
	if *r == nil {
		*r = scriptReads{}
	}
	delete(*r, abs)
	at := time.Now()
	info, err := os.Stat(abs)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	digest, err := ScriptDigest(ctx, abs)
	if err == nil {
		(*r)[abs] = scriptRead{info, digest, at}
	}
	return digest, err
}

// glance reads a script unless it is surely as it was read last.
func (r *scriptReads) glance(ctx context.Context, abs string) (runbook.Digest, error) {
	// Two changes within a tick of the file system's clock have one time.
	const tick = 50 * time.Millisecond
	last, ok := (*r)[abs]
	if ok {
		info, err := os.Stat(abs)
		if err == nil && os.SameFile(info, last.info) && info.Size() == last.info.Size() && info.ModTime().Equal(last.info.ModTime()) && last.at.Sub(info.ModTime()) > tick {
			return last.digest, nil
		}
	}
	return r.read(ctx, abs)
}
