//go:build !linux

package journal

import "os"

// A dataFile is synced whole where there is no fdatasync.
type dataFile struct{ *os.File }
