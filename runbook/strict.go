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

// A fieldTable reads JSON more strictly than encoding/json can be told to:
// that package matches field names in any case, lets the last of two equal
// names win, and reads half a surrogate pair as U+FFFD. It remembers the
// fields of the types that it has met.
type fieldTable map[reflect.Type]map[string]reflect.Type

// decode reads data, which must be one JSON value, into the value that v
// points to. Members of objects that become maps may have any name, but only
// once.
func (t fieldTable) decode(data []byte, v any) error {
	if err := json.Unmarshal(data, v); err != nil {
		return err
	}
	s := jsonScanner{rest: data, fields: t}
	return s.value(reflect.TypeOf(v))
}

// of returns the types of a struct's fields by their JSON names.
func (t fieldTable) of(typ reflect.Type) map[string]reflect.Type {
	fields, ok := t[typ]
	if ok {
		return fields
	}
	fields = map[string]reflect.Type{}
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

// value passes one value. A nil type stands for one whose fields are not known.
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
		return s.object(typ)
	case '[':
		return s.array(typ)
	case '"':
		_, err := s.text()
		return err
	}
	end := bytes.IndexAny(s.rest, ",]} \t\r\n")
	if end < 0 {
		end = len(s.rest)
	}
	s.rest = s.rest[end:]
	return nil
}

func (s *jsonScanner) object(typ reflect.Type) error {
	var fields map[string]reflect.Type
	if typ != nil && typ.Kind() == reflect.Struct {
		fields = s.fields.of(typ)
	}
	seen := map[string]bool{}
	for s.more('{', '}') {
		name, err := s.text()
		if err != nil {
			return err
		}
		if seen[name] {
			return fmt.Errorf("field %q is given twice", name)
		}
		seen[name] = true
		member, known := fields[name]
		if fields != nil && !known {
			return fmt.Errorf("unknown field %q", name)
		}
		if typ != nil && typ.Kind() == reflect.Map {
			member = typ.Elem()
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

// text passes a string and returns what it means.
func (s *jsonScanner) text() (string, error) {
	end := 1
	for ; s.rest[end] != '"'; end++ {
		if s.rest[end] == '\\' {
			end++
		}
	}
	raw := s.rest[:end+1]
	s.rest = s.rest[end+1:]
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1:end]), nil
	}
	if loneSurrogate(raw) {
		return "", errors.New("half a surrogate pair in a string")
	}
	var text string
	err := json.Unmarshal(raw, &text)
	return text, err
}

func (s *jsonScanner) space() {
	s.rest = bytes.TrimLeft(s.rest, " \t\r\n")
}

// loneSurrogate reports whether a valid JSON string holds a \u escape of a
// surrogate that is not half of a pair.
func loneSurrogate(raw []byte) bool {
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
