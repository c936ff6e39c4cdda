package runbook

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"
)

// lineTag keeps a line's digest from ever equalling the digest of a file with
// the same bytes, or of a line in a later format.
const lineTag = "runbook.journal.v1\n"

// An Event is a fact that a run records. Its JSON form must be an object; what
// a later version adds to it must be optional, because old journals stay valid.
type Event interface {
	// EventType names the event in the journal, as in "step.started".
	EventType() string
}

// Events says which events a journal may hold: the type's name to a function
// that returns a pointer to a new, empty event of that type.
type Events map[string]func() Event

// An Entry is one event as the journal stores it.
type Entry struct {
	Seq    int       // position in the journal, from 1 without gaps
	Time   time.Time // UTC; what the operator's clock said, a claim
	Prev   Digest    // LineDigest of the line before; of the empty line for the first
	Digest Digest    // LineDigest of this entry's line
	Event  Event     // as Events made it: a pointer, when decoded
}

// An EntryError says which line of a journal is the first bad one.
type EntryError struct {
	Line int // from 1
	Err  error
}

func (e *EntryError) Error() string { return fmt.Sprintf("journal line %d: %v", e.Line, e.Err) }

// Unwrap returns what is wrong with the line.
func (e *EntryError) Unwrap() error { return e.Err }

// LineDigest is the link of the chain: the SHA-256 over "runbook.journal.v1\n"
// and the exact bytes of a stored line, without its newline. The first entry's
// Prev is the digest of the empty line, LineDigest(nil):
// sha256:2723c63039a8ba4ce2cba8b80e0fab486625e058d6a91b25d5abb11e1a4b2ef5.
func LineDigest(line []byte) Digest {
	h := sha256.New()
	h.Write([]byte(lineTag))
	h.Write(line)
	return Digest(digestPrefix + hex.EncodeToString(h.Sum(nil)))
}

// Head returns the digest that the next entry's Prev must be: the last entry's,
// or LineDigest(nil) before the first. A record carries it, so that a journal
// cut short at its end is noticed.
func Head(entries []Entry) Digest {
	if len(entries) == 0 {
		return LineDigest(nil)
	}
	return entries[len(entries)-1].Digest
}

// storedEntry is an entry's line. Order and names are the journal's format.
type storedEntry struct {
	Seq  int             `json:"seq"`
	Prev Digest          `json:"prev"`
	Time string          `json:"time"`
	Type string          `json:"type"`
	Data json.RawMessage `json:"data"`
}

// EncodeEntry returns the line, without newline, that stores e as entry number
// seq after the one whose digest is prev, and the line's own digest. It refuses
// what would read back as something else: a seq below 1, a prev that is no
// digest, an event that is not a JSON object, text that is not UTF-8, a time
// without a four-digit year.
func EncodeEntry(seq int, prev Digest, at time.Time, e Event) (line []byte, digest Digest, err error) {
	if e == nil {
		return nil, "", errors.New("no event to encode")
	}
	stored := storedEntry{Seq: seq, Prev: prev, Time: at.UTC().Format(time.RFC3339Nano), Type: e.EventType()}
	if stored.Data, err = compactJSON(e); err != nil {
		return nil, "", fmt.Errorf("event %q: %w", stored.Type, err)
	}
	if _, err := stored.check(); err != nil {
		return nil, "", fmt.Errorf("event %q: %w", stored.Type, err)
	}
	if line, err = compactJSON(stored); err != nil {
		return nil, "", fmt.Errorf("event %q: %w", stored.Type, err)
	}
	if replacedUTF8(line) {
		return nil, "", fmt.Errorf("event %q: text that is not valid UTF-8", stored.Type)
	}
	return line, LineDigest(line), nil
}

// check refuses an entry whose parts cannot be right, whatever came before it,
// and returns its time.
func (s *storedEntry) check() (time.Time, error) {
	if s.Seq < 1 {
		return time.Time{}, fmt.Errorf("seq %d, want 1 or more", s.Seq)
	}
	if !s.Prev.wellFormed() {
		return time.Time{}, fmt.Errorf("prev %q is not a digest", s.Prev)
	}
	at, err := time.Parse(time.RFC3339Nano, s.Time)
	if err != nil {
		return time.Time{}, fmt.Errorf("time: %w", err)
	}
	// Parse also takes other zones, a comma and trailing zeros. One instant has
	// one spelling.
	if at = at.UTC(); at.Format(time.RFC3339Nano) != s.Time {
		return time.Time{}, fmt.Errorf("time %q is not in its shortest UTC form", s.Time)
	}
	if s.Type == "" {
		return time.Time{}, errors.New("no type")
	}
	if len(s.Data) == 0 || s.Data[0] != '{' {
		return time.Time{}, errors.New("data is not an object")
	}
	return at, nil
}

// DecodeEntry reads one stored line. It is strict, so that two readers cannot
// see two things in it: unknown and misspelt fields (case counts), fields given
// twice, data after the entry, unknown types and text that is not UTF-8 are
// errors. Whether the entry follows the one before it is for DecodeJournal.
func DecodeEntry(line []byte, events Events) (Entry, error) {
	return decodeEntry(line, events, fieldTable{})
}

// DecodeJournal reads a journal's lines and checks the chain over their exact
// bytes: seq counts from 1 without gaps, and prev is the digest of the line
// before. An error is an *EntryError; the entries before the bad line, which
// are then returned, hold.
func DecodeJournal(lines [][]byte, events Events) ([]Entry, error) {
	entries := make([]Entry, 0, len(lines))
	fields := fieldTable{}
	for i, line := range lines {
		e, err := decodeEntry(line, events, fields)
		if err == nil {
			err = e.follows(i, Head(entries))
		}
		if err != nil {
			return entries, &EntryError{Line: i + 1, Err: err}
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// follows reports why e cannot be the entry after n others with that head.
func (e *Entry) follows(n int, head Digest) error {
	if e.Seq != n+1 {
		return fmt.Errorf("seq %d, want %d", e.Seq, n+1)
	}
	if e.Prev != head {
		return errors.New("prev is not the digest of the line before: a line was changed, added or removed")
	}
	return nil
}

func decodeEntry(line []byte, events Events, fields fieldTable) (Entry, error) {
	if !utf8.Valid(line) {
		return Entry{}, errors.New("not valid UTF-8")
	}
	var stored storedEntry
	if err := json.Unmarshal(line, &stored); err != nil {
		return Entry{}, err
	}
	at, err := stored.check()
	if err != nil {
		return Entry{}, err
	}
	blank, ok := events[stored.Type]
	if !ok {
		return Entry{}, fmt.Errorf("unknown event type %q", stored.Type)
	}
	event := blank()
	typ := reflect.TypeOf(event)
	if typ.Kind() != reflect.Pointer {
		return Entry{}, fmt.Errorf("event type %q is registered with a %v, which is not a pointer", stored.Type, typ)
	}
	if err := json.Unmarshal(stored.Data, event); err != nil {
		return Entry{}, fmt.Errorf("event %q: %w", stored.Type, err)
	}
	if err := fields.check(line, fields.ofLine(typ)); err != nil {
		return Entry{}, err
	}
	return Entry{Seq: stored.Seq, Time: at, Prev: stored.Prev, Digest: LineDigest(line), Event: event}, nil
}

// compactJSON marshals v on one line and leaves <, > and & readable.
func compactJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// replacedUTF8 reports whether encoding/json replaced bytes of a string that
// were no UTF-8. It writes the escape \ufffd for those, and the character
// itself where the string held U+FFFD.
func replacedUTF8(line []byte) bool {
	for {
		i := bytes.IndexByte(line, '\\')
		if i < 0 {
			return false
		}
		if bytes.HasPrefix(line[i+1:], []byte("ufffd")) {
			return true
		}
		line = line[i+2:]
	}
}

const digestPrefix = "sha256:"

// wellFormed reports whether d is written as a Digest is.
func (d Digest) wellFormed() bool {
	digits, ok := strings.CutPrefix(string(d), digestPrefix)
	return ok && len(digits) == hex.EncodedLen(sha256.Size) && strings.Trim(digits, "0123456789abcdef") == ""
}
