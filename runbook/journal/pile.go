package journal

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// pileFile is the pile's name; no name that is kept begins with a dot.
const pileFile = ".held"

// A pile keeps named things one behind the other in one file. A thing is a head
// (its digest, its length in bytes, its name), a newline, and its bytes. One
// that is removed is written over with zeros, its digest too; with the last one
// the file is emptied.
type pile struct {
	file   *os.File
	end    int64
	at     map[string]place
	broken error // why nobody knows what is in the file
}

// A place is where a thing begins, with its head, and the lengths of both parts.
type place struct {
	begin      int64
	head, size int
}

// from is where the thing's bytes are.
func (p place) from() int64 { return p.begin + int64(p.head) }

// openPile opens the pile in root and finds what is in it. What is behind the
// last whole thing is what a crash has left of one, and is cut off.
func openPile(root *os.Root, create bool) (*pile, error) {
	flags := os.O_RDWR
	if create {
		flags |= os.O_CREATE
	}
	f, err := root.OpenFile(pileFile, flags, 0o600)
	if err != nil {
		return nil, err
	}
	p := &pile{file: f, at: map[string]place{}}
	err = checkRegular(f)
	if err == nil {
		err = p.scan()
	}
	if err == nil {
		err = f.Truncate(p.end)
	}
	if err == nil && p.end == 0 && create {
		err = syncRoot(root)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return p, nil
}

// scan fills p.at.
func (p *pile) scan() error {
	r := bufio.NewReaderSize(p.file, 64<<10)
	for {
		head, err := r.ReadString('\n')
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		sum, size, name, ok := parseHead(head)
		if !ok {
			return nil
		}
		h := sha256.New()
		n, err := io.CopyN(h, r, int64(size))
		if err != nil && err != io.EOF {
			return err
		}
		if n < int64(size) {
			return nil
		}
		at := place{p.end, len(head), size}
		if hex.EncodeToString(h.Sum(nil)) == sum {
			p.at[name] = at
		}
		p.end = at.from() + int64(size)
	}
}

func headOf(name string, data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]) + " " + strconv.Itoa(len(data)) + " " + strconv.Quote(name) + "\n"
}

func parseHead(line string) (sum string, size int, name string, ok bool) {
	sum, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	length, quoted, _ := strings.Cut(rest, " ")
	size, err1 := strconv.Atoi(length)
	name, err2 := strconv.Unquote(quoted)
	return sum, size, name, err1 == nil && err2 == nil && size >= 0 && len(sum) == 2*sha256.Size
}

// add puts data on the pile, in the place of what has that name.
func (p *pile) add(name string, data []byte) error {
	if p.broken != nil {
		return p.broken
	}
	head := headOf(name, data)
	if _, err := p.file.WriteAt(append([]byte(head), data...), p.end); err != nil {
		return p.fail(err)
	}
	was, had := p.at[name]
	p.at[name] = place{p.end, len(head), len(data)}
	p.end += int64(len(head) + len(data))
	if had {
		return p.erase(was)
	}
	return nil
}

func (p *pile) sync() error {
	if p.broken != nil {
		return p.broken
	}
	if err := (dataFile{p.file}).Sync(); err != nil {
		return p.fail(err)
	}
	return nil
}

func (p *pile) fail(err error) error {
	p.broken = fmt.Errorf("keep an output: %w", err)
	return p.broken
}

// get reads a thing; a nil pile has none.
func (p *pile) get(name string) (data []byte, ok bool, err error) {
	if p == nil {
		return nil, false, nil
	}
	at, ok := p.at[name]
	if !ok {
		return nil, false, nil
	}
	data = make([]byte, at.size)
	_, err = p.file.ReadAt(data, at.from())
	return data, true, err
}

func (p *pile) remove(name string) error {
	at, ok := p.at[name]
	if !ok {
		return nil
	}
	if err := p.erase(at); err != nil {
		return err
	}
	delete(p.at, name)
	if len(p.at) > 0 {
		return nil
	}
	p.end = 0
	return p.file.Truncate(0)
}

// erase writes zeros over a thing's digest and bytes.
func (p *pile) erase(at place) error {
	_, err := p.file.WriteAt(bytes.Repeat([]byte{'0'}, 2*sha256.Size), at.begin)
	if err == nil {
		_, err = p.file.WriteAt(make([]byte, at.size), at.from())
	}
	return err
}
