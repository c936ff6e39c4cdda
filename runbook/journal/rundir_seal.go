package journal

import (
	"bytes"
	"errors"
	"io/fs"
)

// What a sealed run has beside its template and journal.
const (
	sidecarName   = "sidecar.yaml"
	statementName = "statement.json"
	tornName      = journalName + tornEnd
)

// Sidecar returns the sidecar that the run started with; nil if none was kept.
func (d *RunDir) Sidecar() ([]byte, error) { return d.optional(sidecarName) }

// WriteSidecar keeps the sidecar that the run started with.
func (d *RunDir) WriteSidecar(data []byte) error { return putFile(d.root, sidecarName, data) }

// Statement returns the statement of the sealed run; nil if there is none.
func (d *RunDir) Statement() ([]byte, error) { return d.optional(statementName) }

// WriteStatement puts the statement of the sealed run in the place of the one
// before.
func (d *RunDir) WriteStatement(data []byte) error { return putFile(d.root, statementName, data) }

// ReviseTorn replaces each line that was set aside because its end is missing by
// what revised makes of it.
func (d *RunDir) ReviseTorn(revised func(line []byte) []byte) error {
	old, err := d.optional(tornName)
	if err != nil || old == nil {
		return err
	}
	var data []byte
	for line := range bytes.Lines(old) {
		data = append(append(data, revised(bytes.TrimSuffix(line, []byte("\n")))...), '\n')
	}
	if bytes.Equal(data, old) {
		return nil
	}
	return putFile(d.root, tornName, data)
}

// optional reads a file of the directory; nil if there is none.
func (d *RunDir) optional(name string) ([]byte, error) {
	data, err := readFile(d.root, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if data == nil && err == nil {
		data = []byte{}
	}
	return data, err
}

// Outputs lists the names of what WriteOutput kept. Links and directories are
// passed over.
func (d *RunDir) Outputs() ([]string, error) {
	entries, err := fs.ReadDir(d.root.FS(), outputsName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() && checkOutputName(e.Name()) == nil {
			names = append(names, e.Name())
		}
	}
	return names, nil
}
