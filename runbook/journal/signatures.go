package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

const (
	signaturesName = "signatures"
	approvalsName  = "approvals" // in a runs directory: signed before there was a run
	signatureEnd   = ".sig"
	envelopeEnd    = ".dsse"
)

// Bounds on what is read of signatures: these files come from others.
const (
	maxSignatures    = 1000
	maxSignatureSize = 1 << 20
)

// A SignatureFile is a statement and the armored signature beside it.
type SignatureFile struct {
	Name      string // the statement's
	Statement []byte
	Armored   []byte // nil: there is none
	Envelope  []byte // the statement once more, in a DSSE envelope; nil: there is none
}

// Signatures returns the run's signatures, by name.
func (d *RunDir) Signatures() ([]SignatureFile, error) { return readSignatures(d.root, signaturesName) }

// AddSignature keeps a signature in the run's directory. The statement comes
// last: without it, the signature is nobody's.
func (d *RunDir) AddSignature(s SignatureFile) error {
	return addSignature(d.root, signaturesName, s)
}

// Approvals returns what was signed before there was a run.
func Approvals(runsDir string) ([]SignatureFile, error) {
	root, err := os.OpenRoot(runsDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	list, err := readSignatures(root, approvalsName)
	return list, errors.Join(err, root.Close())
}

// AddApproval keeps what was signed before there is a run.
func AddApproval(runsDir string, s SignatureFile) error {
	root, err := makeRunsDir(runsDir)
	if err != nil {
		return err
	}
	return errors.Join(addSignature(root, approvalsName, s), root.Close())
}

// RemoveApproval takes an approval away that a run has taken in.
func RemoveApproval(runsDir, name string) error {
	if err := checkOutputName(name); err != nil {
		return err
	}
	root, err := os.OpenRoot(runsDir)
	if err != nil {
		return err
	}
	dir, err := root.OpenRoot(approvalsName)
	if err == nil {
		err = errors.Join(removeIfThere(dir, name), removeIfThere(dir, name+signatureEnd), removeIfThere(dir, name+envelopeEnd), syncRoot(dir), dir.Close())
	}
	return errors.Join(err, root.Close())
}

func addSignature(root *os.Root, dir string, s SignatureFile) error {
	if err := checkOutputName(s.Name); err != nil {
		return err
	}
	if err := root.Mkdir(dir, 0o755); err == nil {
		if err := syncRoot(root); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return err
	}
	sub, err := root.OpenRoot(dir)
	if err != nil {
		return err
	}
	err = putFile(sub, s.Name+signatureEnd, s.Armored)
	if err == nil && s.Envelope != nil {
		err = putFile(sub, s.Name+envelopeEnd, s.Envelope)
	}
	if err == nil {
		err = putFile(sub, s.Name, s.Statement)
	}
	return errors.Join(err, sub.Close())
}

func readSignatures(root *os.Root, dir string) ([]SignatureFile, error) {
	sub, err := root.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer sub.Close() // only read
	entries, err := fs.ReadDir(sub.FS(), ".")
	if err != nil {
		return nil, err
	}
	var list []SignatureFile
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue // unfinished forms of crashes, and what git keeps
		}
		if len(list) == maxSignatures {
			return nil, fmt.Errorf("%s holds more than %d signatures", dir, maxSignatures)
		}
		data, err := readBounded(sub, e.Name())
		if err != nil {
			return nil, err
		}
		name, armored := strings.CutSuffix(e.Name(), signatureEnd)
		enclosed := false
		if !armored {
			name, enclosed = strings.CutSuffix(name, envelopeEnd)
		}
		at := slices.IndexFunc(list, func(s SignatureFile) bool { return s.Name == name })
		if at < 0 {
			at = len(list)
			list = append(list, SignatureFile{Name: name})
		}
		switch {
		case armored:
			list[at].Armored = data
		case enclosed:
			list[at].Envelope = data
		default:
			list[at].Statement = data
		}
	}
	return list, nil
}

func readBounded(root *os.Root, name string) ([]byte, error) {
	info, err := root.Lstat(name)
	if err == nil && info.Mode().IsRegular() && info.Size() > maxSignatureSize {
		err = &fs.PathError{Op: "read", Path: name, Err: errors.New("too large for a signature")}
	}
	if err != nil {
		return nil, err
	}
	data, err := readFile(root, name)
	if data == nil {
		data = []byte{}
	}
	return data, err
}
