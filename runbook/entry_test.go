package runbook_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"runbook/runbook"
)

// noted is an event with one field of each shape that strictness looks into.
type noted struct {
	Text  string               `json:"text"`
	Exit  int                  `json:"exit,omitempty"`
	Parts []notedPart          `json:"parts,omitempty"`
	Env   map[string]string    `json:"env,omitempty"`
	Near  *notedPart           `json:"near,omitempty"`
	Took  time.Duration        `json:"took,omitempty"`
	Own   json.RawMessage      `json:"own,omitempty"`
	Pair  *notedPair           `json:"pair,omitempty"`
	Named map[string]notedPart `json:"named,omitempty"`
	Plain bool
	NotedBase
}

// notedPair has JSON of its own, with names that are not its fields'.
type notedPair struct{ first, second int }

func (p *notedPair) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]int{"a": p.first, "b": p.second})
}

func (p *notedPair) UnmarshalJSON(b []byte) error {
	var m map[string]int
	err := json.Unmarshal(b, &m)
	p.first, p.second = m["a"], m["b"]
	return err
}

type notedPart struct {
	Line int `json:"line"`
}

// NotedBase is exported: only then could its own name be taken for a field.
type NotedBase struct {
	By string `json:"by,omitempty"`
}

func (*noted) EventType() string { return "noted" }

// bare marshals to something that is no object.
type bare string

func (bare) EventType() string { return "bare" }

var notedEvents = runbook.Events{"noted": func() runbook.Event { return new(noted) }}

var notedAt = time.Date(2026, 1, 2, 15, 4, 5, 678_000_000, time.UTC)

// chain encodes events one after the other.
func chain(t testing.TB, events ...runbook.Event) [][]byte {
	t.Helper()
	var lines [][]byte
	prev := runbook.LineDigest(nil)
	for i, e := range events {
		line, digest, err := runbook.EncodeEntry(i+1, prev, notedAt.Add(time.Duration(i)*time.Second), e)
		if err != nil {
			t.Fatal(err)
		}
		lines, prev = append(lines, line), digest
	}
	return lines
}

func TestEncodeEntryWritesTheDocumentedLine(t *testing.T) {
	at := time.Date(2026, 1, 2, 16, 4, 5, 678_000_000, time.FixedZone("CET", 3600))
	line, digest, err := runbook.EncodeEntry(1, runbook.LineDigest(nil), at, &noted{Text: "a <b> & é\n"})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"seq":1,"prev":"sha256:2723c63039a8ba4ce2cba8b80e0fab486625e058d6a91b25d5abb11e1a4b2ef5",` +
		`"time":"2026-01-02T15:04:05.678Z","type":"noted","data":{"text":"a <b> & é\n","Plain":false}}`
	if string(line) != want {
		t.Errorf("line\n%s\nwant\n%s", line, want)
	}
	if digest != runbook.LineDigest(line) || digest != runbook.DigestOf([]byte("runbook.journal.v1\n"+want)) {
		t.Errorf("digest %s is not that of the tagged line", digest)
	}
}

func TestEncodeEntryRefusesWhatWouldReadBackAsSomethingElse(t *testing.T) {
	root := runbook.LineDigest(nil)
	tests := []struct {
		name  string
		seq   int
		prev  runbook.Digest
		at    time.Time
		event runbook.Event
		want  string
	}{
		{"no event", 1, root, notedAt, nil, "no event"},
		{"seq zero", 0, root, notedAt, &noted{}, "seq 0"},
		{"no prev", 1, "", notedAt, &noted{}, "not a digest"},
		{"prev too short", 1, root[:70], notedAt, &noted{}, "not a digest"},
		{"prev in upper case", 1, runbook.Digest("sha256:" + strings.ToUpper(string(root[7:]))), notedAt, &noted{}, "not a digest"},
		{"five-digit year", 1, root, notedAt.AddDate(9000, 0, 0), &noted{}, "time"},
		{"not an object", 1, root, notedAt, bare("x"), "not an object"},
		{"not UTF-8", 1, root, notedAt, &noted{Text: "a\xffb"}, "UTF-8"},
		{"not UTF-8 behind a backslash", 1, root, notedAt, &noted{Text: "\\\xff"}, "UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			line, digest, err := runbook.EncodeEntry(tt.seq, tt.prev, tt.at, tt.event)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want one about %q", err, tt.want)
			}
			if line != nil || digest != "" {
				t.Errorf("an error came with line %q and digest %q", line, digest)
			}
		})
	}
}

func TestEntriesSurviveTheJournal(t *testing.T) {
	tests := map[string]*noted{
		"empty":                 {},
		"every field":           {Text: "t", Exit: 1, Parts: []notedPart{{1}, {2}}, Env: map[string]string{"Path": "1", "PATH": "2"}, Near: &notedPart{3}, Took: 4, Own: json.RawMessage(`{"b":[{}]}`), Pair: &notedPair{1, 2}, Named: map[string]notedPart{"Any": {4}}, Plain: true, NotedBase: NotedBase{By: "x"}},
		"text that looks coded": {Text: `\ufffd \\ufffd "} ],`},
		"replacement character": {Text: "\uFFFD"},
		"line ends":             {Text: "a\r\nb\u2028c\u2029d\x00\x1b\x7f"},
		"beyond the BMP":        {Text: "👩‍🚒"},
		"several megabytes":     {Text: strings.Repeat("output \"of\" a step\n", 200_000)},
	}
	for name, event := range tests {
		t.Run(name, func(t *testing.T) {
			lines := chain(t, event, event)
			if bytes.ContainsAny(bytes.Join(lines, nil), "\n\r") {
				t.Error("a line holds a line end")
			}
			entries, err := runbook.DecodeJournal(lines, notedEvents)
			if err != nil {
				t.Fatal(err)
			}
			for i, e := range entries {
				want := runbook.Entry{
					Seq: i + 1, Time: notedAt.Add(time.Duration(i) * time.Second),
					Prev: runbook.Head(entries[:i]), Digest: runbook.LineDigest(lines[i]), Event: event,
				}
				if !reflect.DeepEqual(e, want) {
					t.Errorf("entry %d: %+v, want %+v", i+1, e, want)
				}
			}
		})
	}
}

func TestDecodeEntryIsStrict(t *testing.T) {
	good := string(chain(t, &noted{Text: "x", Parts: []notedPart{{1}}})[0])
	data := func(s string) string { return good[:strings.Index(good, `"data":`)] + `"data":` + s + "}" }
	var manyKeys string
	for i := range 100 {
		manyKeys += fmt.Sprintf(`,"k%d":""`, i)
	}
	manyKeys = manyKeys[1:]
	tests := []struct{ name, line, want string }{
		{"nothing", "", "unexpected end"},
		{"not JSON", "seq 1", "invalid character"},
		{"half a line", good[:len(good)-1], "unexpected end"},
		{"another type of JSON", "[]", "cannot unmarshal"},
		{"null", "null", "seq 0"},
		{"more after the entry", good + "{}", "after top-level value"},
		{"unknown field", `{"note":1,` + good[1:], `unknown field "note"`},
		{"field in another case", strings.Replace(good, `"seq"`, `"Seq"`, 1), `unknown field "Seq"`},
		{"field twice", `{"seq":1,` + good[1:], `"seq" is given twice`},
		{"field twice, once escaped", `{"\u0073eq":1,` + good[1:], `"seq" is given twice`},
		{"not UTF-8", strings.Replace(good, `"x"`, "\"\xff\"", 1), "UTF-8"},
		{"half a surrogate pair", data(`{"text":"\ud83d"}`), "surrogate"},
		{"half a pair before text", data(`{"text":"\ud83dx"}`), "surrogate"},
		{"half a pair before an escape", data(`{"text":"\ud83d\n"}`), "surrogate"},
		{"second half alone", data(`{"text":"\udd25"}`), "surrogate"},
		{"no seq", strings.Replace(good, `"seq":1,`, "", 1), "seq 0"},
		{"seq with a fraction", strings.Replace(good, `"seq":1`, `"seq":1.5`, 1), "seq"},
		{"negative seq", strings.Replace(good, `"seq":1`, `"seq":-1`, 1), "seq -1"},
		{"prev of another algorithm", strings.Replace(good, "sha256:", "sha512:", 1), "not a digest"},
		{"time in another zone", strings.Replace(good, "678Z", "678+00:00", 1), "UTC"},
		{"time with trailing zeros", strings.Replace(good, "678Z", "678000Z", 1), "UTC"},
		{"time with a comma", strings.Replace(good, "05.678", "05,678", 1), "UTC"},
		{"no time", strings.Replace(good, `"time":"2026-01-02T15:04:05.678Z",`, "", 1), "time"},
		{"no type", strings.Replace(good, `"type":"noted",`, "", 1), "no type"},
		{"unknown type", strings.Replace(good, `"noted"`, `"guessed"`, 1), `unknown event type "guessed"`},
		{"no data", good[:strings.Index(good, `,"data"`)] + "}", "not an object"},
		{"data null", data("null"), "not an object"},
		{"data of another type", data("[]"), "not an object"},
		{"unknown field in data", data(`{"text":"x","note":1}`), `unknown field "note"`},
		{"field of data in another case", data(`{"Text":"x"}`), `unknown field "Text"`},
		{"field of data twice", data(`{"text":"x","text":"y"}`), `"text" is given twice`},
		{"unknown field below a list", data(`{"parts":[{"line":1},{"row":1}]}`), `unknown field "row"`},
		{"field twice below a list", data(`{"parts":[{"line":1,"line":2}]}`), `"line" is given twice`},
		{"unknown field behind a pointer", data(`{"near":{"row":1}}`), `unknown field "row"`},
		{"field twice in JSON of its own", data(`{"pair":{"a":1,"a":2}}`), `"a" is given twice`},
		{"key of a map twice", data(`{"env":{"A":"1","A":"2"}}`), `"A" is given twice`},
		{"key of a large map twice", data(`{"env":{` + manyKeys + `,"k5":""}}`), `"k5" is given twice`},
		{"late key of a large map twice", data(`{"env":{` + manyKeys + `,"k95":""}}`), `"k95" is given twice`},
		{"unknown field in a map", data(`{"named":{"a":{"row":1}}}`), `unknown field "row"`},
		{"field twice in raw JSON", data(`{"own":{"a":[{"b":1,"b":2}]}}`), `"b" is given twice`},
		{"name of an embedded struct", data(`{"NotedBase":{}}`), `unknown field "NotedBase"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := runbook.DecodeEntry([]byte(tt.line), notedEvents)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one about %q", err, tt.want)
			}
		})
	}
}

func TestDecodeEntryTakesWhatMeansTheSame(t *testing.T) {
	good := string(chain(t, &noted{Text: "x", Env: map[string]string{"a": "b"}})[0])
	tests := map[string]string{
		"white space":     strings.NewReplacer(":{", " : { ", ",", " ,\t", "}", " }").Replace(good),
		"escaped letters": strings.Replace(good, `"text":"x"`, `"te\u0078t":"\u0078"`, 1),
		"other order":     strings.Replace(good, `{"text":"x","env":{"a":"b"},`, `{"env":{"a":"b"},"text":"x",`, 1),
	}
	for name, line := range tests {
		t.Run(name, func(t *testing.T) {
			if line == good {
				t.Fatal("the line was not varied")
			}
			e, err := runbook.DecodeEntry([]byte(line), notedEvents)
			if err != nil {
				t.Fatal(err)
			}
			if got := e.Event.(*noted); got.Text != "x" || got.Env["a"] != "b" {
				t.Errorf("event %+v", got)
			}
			if e.Digest != runbook.LineDigest([]byte(line)) {
				t.Error("the digest is not that of the bytes as stored")
			}
		})
	}
}

func TestDecodeEntryNeedsPointersFromTheRegistry(t *testing.T) {
	events := runbook.Events{"noted": func() runbook.Event { return bare("") }}
	_, err := runbook.DecodeEntry(chain(t, &noted{})[0], events)
	if err == nil || !strings.Contains(err.Error(), "not a pointer") {
		t.Errorf("error %v, want one about the registry", err)
	}
}

func TestDecodeJournalNamesTheFirstBadLine(t *testing.T) {
	lines := chain(t, &noted{Text: "a"}, &noted{Text: "b"}, &noted{Text: "c"}, &noted{Text: "d"})
	other := chain(t, &noted{Text: "A"}, &noted{Text: "b"})
	number := func(seq int, prev runbook.Digest) []byte {
		t.Helper()
		line, _, err := runbook.EncodeEntry(seq, prev, notedAt, &noted{})
		if err != nil {
			t.Fatal(err)
		}
		return line
	}
	tests := []struct {
		name  string
		lines [][]byte
		bad   int
	}{
		{"a first line numbered 2", [][]byte{number(2, runbook.LineDigest(nil))}, 1},
		{"a number left out", [][]byte{lines[0], number(3, runbook.LineDigest(lines[0]))}, 2},
		{"a number twice", [][]byte{lines[0], number(1, runbook.LineDigest(lines[0]))}, 2},
		{"an empty line", [][]byte{lines[0], nil, lines[1]}, 2},
		{"first line gone", lines[1:], 1},
		{"a line gone", slices.Concat(lines[:1], lines[2:]), 2},
		{"a line twice", slices.Concat(lines[:2], lines[1:]), 3},
		{"lines swapped", [][]byte{lines[0], lines[2], lines[1], lines[3]}, 2},
		{"a line of another journal", [][]byte{other[0], lines[1]}, 2},
		{"white space added", [][]byte{append(bytes.Clone(lines[0]), ' '), lines[1]}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			entries, err := runbook.DecodeJournal(tt.lines, notedEvents)
			var bad *runbook.EntryError
			if !errors.As(err, &bad) || bad.Line != tt.bad {
				t.Fatalf("error %v, want one that names line %d", err, tt.bad)
			}
			if len(entries) != tt.bad-1 {
				t.Errorf("%d entries before the bad line, want %d", len(entries), tt.bad-1)
			}
		})
	}
}

func TestHeadShowsThatTheEndIsMissing(t *testing.T) {
	lines := chain(t, &noted{Text: "a"}, &noted{Text: "b"})
	whole, err := runbook.DecodeJournal(lines, notedEvents)
	if err != nil {
		t.Fatal(err)
	}
	short, err := runbook.DecodeJournal(lines[:1], notedEvents)
	if err != nil {
		t.Fatal(err)
	}
	if runbook.Head(whole) == runbook.Head(short) || runbook.Head(short) == runbook.Head(nil) {
		t.Error("two lengths of a journal have one head")
	}
}

// A changed byte breaks the line or its successor's prev; in the last line,
// where no successor is, at least the head.
func TestEveryChangedByteIsNoticed(t *testing.T) {
	lines := chain(t, &noted{Text: "a"}, &noted{Text: "b", Exit: 7}, &noted{Text: "c"})
	entries, err := runbook.DecodeJournal(lines, notedEvents)
	if err != nil {
		t.Fatal(err)
	}
	head := runbook.Head(entries)
	for i := range lines {
		for at := range lines[i] {
			for _, flip := range []byte{0x01, 0x20, 0x80} {
				changed := slices.Clone(lines)
				changed[i] = bytes.Clone(lines[i])
				changed[i][at] ^= flip
				got, err := runbook.DecodeJournal(changed, notedEvents)
				var bad *runbook.EntryError
				switch {
				case errors.As(err, &bad) && (bad.Line == i+1 || bad.Line == i+2):
				case err == nil && i == len(lines)-1 && runbook.Head(got) != head:
				default:
					t.Fatalf("line %d, byte %d ^ %#x: error %v", i+1, at, flip, err)
				}
			}
		}
	}
}

func FuzzDecodeEntry(f *testing.F) {
	lines := chain(f, &noted{Text: "x"}, &noted{
		Exit: 1, Parts: []notedPart{{1}}, Env: map[string]string{"a": "\\\"\U0001F525"}, Near: &notedPart{},
		Own: json.RawMessage(`[1,"\ud83d\udd25",{"a":null}]`), Plain: true,
	})
	for _, line := range lines {
		f.Add(line)
	}
	f.Add([]byte(`{"seq":1,"seq":2}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := runbook.DecodeEntry(line, notedEvents)
		if err != nil {
			return
		}
		if e.Digest != runbook.LineDigest(line) {
			t.Error("the digest is not that of the bytes as stored")
		}
		// What was read is written and read again as the same.
		again, _, err := runbook.EncodeEntry(e.Seq, e.Prev, e.Time, e.Event)
		if err != nil {
			t.Fatalf("%q does not encode: %v", line, err)
		}
		e2, err := runbook.DecodeEntry(again, notedEvents)
		if err != nil {
			t.Fatalf("%q became %q: %v", line, again, err)
		}
		e2.Digest = e.Digest
		if a, b := fmt.Sprintf("%+v", normal(e)), fmt.Sprintf("%+v", normal(e2)); a != b {
			t.Errorf("%q became %q:\n%s\n%s", line, again, a, b)
		}
	})
}

// normal makes two events comparable: raw JSON may be spelt in several ways,
// and pointers print as addresses.
func normal(e runbook.Entry) []any {
	n := *e.Event.(*noted)
	near := notedPart{}
	if n.Near != nil {
		near = *n.Near
	}
	pair := notedPair{}
	if n.Pair != nil {
		pair = *n.Pair
	}
	n.Near, n.Own, n.Pair = nil, nil, nil
	return []any{e.Seq, e.Time, e.Prev, n, near, pair}
}

func FuzzDecodeJournal(f *testing.F) {
	lines := chain(f, &noted{Text: "a"}, &noted{Text: "b"})
	f.Add(bytes.Join(lines, []byte("\n")))
	f.Add([]byte("\n\n"))
	f.Fuzz(func(t *testing.T, journal []byte) {
		lines := bytes.Split(journal, []byte("\n"))
		entries, err := runbook.DecodeJournal(lines, notedEvents)
		var bad *runbook.EntryError
		switch {
		case err == nil && len(entries) != len(lines):
			t.Errorf("%d entries of %d lines", len(entries), len(lines))
		case err != nil && !errors.As(err, &bad):
			t.Errorf("error %v does not name a line", err)
		case err != nil && bad.Line != len(entries)+1:
			t.Errorf("line %d is bad after %d entries", bad.Line, len(entries))
		}
		for i, e := range entries {
			if e.Seq != i+1 || e.Prev != runbook.Head(entries[:i]) {
				t.Errorf("entry %d does not follow the one before", i+1)
			}
		}
	})
}

func BenchmarkDecodeJournal5000(b *testing.B) {
	events := make([]runbook.Event, 5000)
	for i := range events {
		events[i] = &noted{
			Text: "terraform apply production.tfplan", Exit: i % 3,
			Parts: []notedPart{{i}, {i + 1}}, Env: map[string]string{"dir": "infra/terraform"},
		}
	}
	lines := chain(b, events...)
	b.SetBytes(int64(len(bytes.Join(lines, nil))))
	for b.Loop() {
		if _, err := runbook.DecodeJournal(lines, notedEvents); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeEntry4MB(b *testing.B) {
	lines := chain(b, &noted{Text: strings.Repeat("a line of output\n", 250_000)})
	b.SetBytes(int64(len(lines[0])))
	for b.Loop() {
		if _, err := runbook.DecodeEntry(lines[0], notedEvents); err != nil {
			b.Fatal(err)
		}
	}
}
