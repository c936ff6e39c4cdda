package runbook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf16"
)

// A fieldTable holds the fields of the structs that a strict reader has met.
//
// encoding/json matches field names in any case, lets the last of two equal
// names win, and reads half a surrogate pair as U+FFFD. A strict reader lets it
// decode, and then walks the same bytes beside the type to refuse all that.
type fieldTable map[reflect.Type]members

// members are the types of a struct's fields by their exact JSON names. A nil
// type stands for one whose own fields are not known.
type members map[string]reflect.Type

// ofLine returns the members of a line that stores an event of type event,
// which is a pointer. The table has no other use for pointers.
func (t fieldTable) ofLine(event reflect.Type) members {
	line, ok := t[event]
	if !ok {
		line = members{"seq": nil, "prev": nil, "time": nil, "type": nil, "data": event}
		t[event] = line
	}
	return line
}

// check refuses names that typ does not have and names given twice, in data
// that is known to be valid JSON of an object with these members. Objects that
// become maps may have any names, but each only once.
func (t fieldTable) check(data []byte, of members) error {
	s := jsonScanner{rest: data, fields: t}
	s.space()
	return s.object(of, nil)
}

// of returns the members of a struct.
func (t fieldTable) of(typ reflect.Type) members {
	fields, ok := t[typ]
	if ok {
		return fields
	}
	fields = members{}
	for _, f := range reflect.VisibleFields(typ) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		promotes := f.Anonymous && name == "" && indirect(f.Type).Kind() == reflect.Struct
		switch {
		case !f.IsExported() || promotes || f.Tag.Get("json") == "-":
		case name == "":
			fields[f.Name] = f.Type
		default:
			fields[name] = f.Type
		}
	}
	t[typ] = fields
	return fields
}

// A jsonScanner walks JSON that is known to be valid, beside the type that it
// was decoded into.
type jsonScanner struct {
	rest   []byte
	fields fieldTable
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// value passes one value.
func (s *jsonScanner) value(typ reflect.Type) error {
	if typ != nil {
		// A type that reads its own JSON has its own field names.
		if typ = indirect(typ); reflect.PointerTo(typ).Implements(unmarshaler) {
			typ = nil
		}
	}
	s.space()
	switch s.rest[0] {
	case '{':
		switch {
		case typ != nil && typ.Kind() == reflect.Struct:
			return s.object(s.fields.of(typ), nil)
		case typ != nil && typ.Kind() == reflect.Map:
			return s.object(nil, typ.Elem())
		}
		return s.object(nil, nil)
	case '[':
		return s.array(typ)
	case '"':
		_, err := s.text()
		return err
	}
	// A number, true, false or null: it ends where a bracket, comma or space is.
	for len(s.rest) > 0 && s.rest[0] > ' ' && s.rest[0] != ',' && s.rest[0] != ']' && s.rest[0] != '}' {
		s.rest = s.rest[1:]
	}
	return nil
}

// object passes an object that has these members, or if they are nil any
// members of type elem.
func (s *jsonScanner) object(of members, elem reflect.Type) error {
	var seen nameSet
	for s.more('{', '}') {
		raw, err := s.text()
		if err != nil {
			return err
		}
		name, err := meaning(raw)
		if err != nil {
			return err
		}
		if !seen.add(name) {
			return fmt.Errorf("field %q is given twice", name)
		}
		member, known := of[string(name)]
		if of == nil {
			member = elem
		} else if !known {
			return fmt.Errorf("unknown field %q", name)
		}
		s.space()
		s.rest = s.rest[1:] // the colon
		if err := s.value(member); err != nil {
			return err
		}
	}
	return nil
}

func (s *jsonScanner) array(typ reflect.Type) error {
	var elem reflect.Type
	if typ != nil && (typ.Kind() == reflect.Slice || typ.Kind() == reflect.Array) {
		elem = typ.Elem()
	}
	for s.more('[', ']') {
		if err := s.value(elem); err != nil {
			return err
		}
	}
	return nil
}

// more passes an object's or array's opening bracket or a comma, and reports
// whether a member follows; if not, it passes the closing bracket. Valid JSON
// has an opening bracket in this place only where the walk starts a list.
func (s *jsonScanner) more(open, end byte) bool {
	s.space()
	if c := s.rest[0]; c == open || c == ',' {
		s.rest = s.rest[1:]
		s.space()
	}
	if s.rest[0] == end {
		s.rest = s.rest[1:]
		return false
	}
	return true
}

// text passes a string and returns it as written, quotes included.
func (s *jsonScanner) text() ([]byte, error) {
	end := 1
	for ; s.rest[end] != '"'; end++ {
		if s.rest[end] == '\\' {
			end++
		}
	}
	raw := s.rest[:end+1]
	s.rest = s.rest[end+1:]
	if loneSurrogate(raw) {
		return nil, errors.New("half a surrogate pair in a string")
	}
	return raw, nil
}

func (s *jsonScanner) space() {
	for len(s.rest) > 0 && (s.rest[0] == ' ' || s.rest[0] == '\t' || s.rest[0] == '\r' || s.rest[0] == '\n') {
		s.rest = s.rest[1:]
	}
}

// meaning returns the text that a JSON string stands for.
func meaning(raw []byte) ([]byte, error) {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1], nil
	}
	var text string
	err := json.Unmarshal(raw, &text)
	return []byte(text), err
}

// A nameSet is a set of an object's names. Most objects are small enough for
// a list; large ones must not make checking quadratic.
type nameSet struct {
	list  [12][]byte
	n     int
	index map[string]bool
}

// add reports whether name was not in the set.
func (s *nameSet) add(name []byte) bool {
	for _, other := range s.list[:s.n] {
		if bytes.Equal(other, name) {
			return false
		}
	}
	if s.n < len(s.list) {
		s.list[s.n] = name
		s.n++
		return true
	}
	if s.index == nil {
		s.index = map[string]bool{}
	}
	if s.index[string(name)] {
		return false
	}
	s.index[string(name)] = true
	return true
}

// loneSurrogate reports whether a valid JSON string holds a \u escape of a
// surrogate that is not half of a pair.
func loneSurrogate(raw []byte) bool {
	if !bytes.Contains(raw, []byte(`\u`)) {
		return false
	}
	high := rune(0) // the surrogate that the escape before this place was
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			if high != 0 {
				return true
			}
			continue
		}
		i++
		r := rune(0)
		if raw[i] == 'u' {
			n, err := strconv.ParseUint(string(raw[i+1:i+5]), 16, 16)
			if err != nil {
				return true
			}
			r = rune(n)
			i += 4
		}
		switch {
		case high != 0:
			if utf16.DecodeRune(high, r) == '\uFFFD' {
				return true
			}
			high = 0
		case utf16.IsSurrogate(r):
			high = r
		}
	}
	return false
}

func indirect(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}
