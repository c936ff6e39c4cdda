package executor

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"unicode/utf16"

	"runbook/runbook"
)

// minSecret is the shortest value that is masked, in bytes: shorter ones occur
// in ordinary text, and masking them would damage the record without hiding
// anything that could not be guessed.
const minSecret = 8

// A Mask replaces known secrets, in the forms in which programs print them, by
// their names.
type Mask struct {
	forms []form
	known map[string]bool
}

type form struct {
	bytes []byte
	name  string
}

// Learn adds secrets. It reports whether all of them are long enough to be
// found by value; what printed one that is not must be withheld.
func (m *Mask) Learn(secrets ...Secret) bool {
	all := true
	for _, s := range secrets {
		if m.known[s.Value] || strings.TrimSpace(s.Value) == "" {
			continue
		}
		if len(strings.TrimSpace(s.Value)) < minSecret {
			all = false
			continue
		}
		if m.known == nil {
			m.known = map[string]bool{}
		}
		m.known[s.Value] = true
		for _, f := range forms(s.Value) {
			m.forms = append(m.forms, form{[]byte(f), maskName(s)})
		}
	}
	return all
}

// maskName is what stands for the secret: its name, where that is one plain
// word that does not hold the secret itself.
func maskName(s Secret) string {
	odd := func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("[]<>`\\|\"", r) }
	if s.Name == "" || len(s.Name) > 100 || strings.ContainsFunc(s.Name, odd) || strings.Contains(s.Name, strings.TrimSpace(s.Value)) {
		return "secret"
	}
	return s.Name
}

// forms lists the encodings under which a value may be printed.
func forms(v string) []string {
	list := []string{v, strings.TrimSpace(v), url.QueryEscape(v), url.PathEscape(v), hex.EncodeToString([]byte(v)), strings.ToUpper(hex.EncodeToString([]byte(v)))}
	list = append(list, jsonForms(v)...)
	// Base64 of a longer text holds the value at one of three alignments; the
	// characters at either end depend on the neighbours and are left out.
	for shift := range 3 {
		enc := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), v...))
		from := []int{0, 2, 3}[shift]
		to := len(enc)
		if (len(v)+shift)%3 != 0 {
			to--
		}
		core := enc[from:to]
		list = append(list, core, strings.NewReplacer("+", "-", "/", "_").Replace(core))
	}
	if lines := strings.Split(v, "\n"); len(lines) > 1 {
		for _, l := range lines {
			if l = strings.TrimSpace(l); len(l) >= minSecret {
				list = append(list, l)
			}
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	return slices.DeleteFunc(list, func(s string) bool { return len(s) < minSecret })
}

// jsonForms is v as it stands inside a JSON string: as most programs write it,
// as Go's do by default, with <, > and & escaped, and as Python's do, in ASCII.
func jsonForms(v string) []string {
	var plain bytes.Buffer
	enc := json.NewEncoder(&plain)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil
	}
	text := plain.String()
	text = text[1 : len(text)-2] // the quotes, and the newline after them
	var ascii strings.Builder
	for _, r := range text {
		switch {
		case r < 0x80:
			ascii.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&ascii, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&ascii, `\u%04x`, r)
		}
	}
	return []string{text, strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`).Replace(text), ascii.String()}
}

// event returns e with its free text masked. What steers a run, IDs, verdicts,
// digests and fields tagged `mask:"no"`, is left alone: masking it would make a
// step unknown to its own plan.
func (m *Mask) event(e runbook.Event) runbook.Event {
	if len(m.forms) == 0 {
		return e
	}
	old := reflect.ValueOf(e).Elem()
	fresh := reflect.New(old.Type())
	fresh.Elem().Set(old)
	m.value(fresh.Elem())
	return fresh.Interface().(runbook.Event)
}

var plainString = reflect.TypeFor[string]()

// value masks the strings in v, whose slices it replaces by copies.
func (m *Mask) value(v reflect.Value) {
	switch {
	case v.Type() == plainString:
		v.SetString(string(m.Apply([]byte(v.String()))))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("mask") != "no" {
				m.value(v.Field(i))
			}
		}
	case v.Kind() == reflect.Slice:
		list := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(list, v)
		for i := range list.Len() {
			m.value(list.Index(i))
		}
		if !v.IsNil() {
			v.Set(list)
		}
	}
}

// maskOpen begins what stands in a secret's place.
const maskOpen = "[masked:"

// SecretName reports whether the name of a variable or a placeholder says that
// its value is secret.
func SecretName(name string) bool {
	upper := strings.ToUpper(name)
	for _, word := range []string{"SECRET", "TOKEN", "PASSWORD", "PASSWD", "PASSPHRASE", "PRIVATE_KEY", "API_KEY", "APIKEY", "CREDENTIAL"} {
		if strings.Contains(upper, word) {
			return true
		}
	}
	return false
}

// Masked reports whether a text has lost a secret to a mask.
func Masked(text string) bool { return strings.Contains(text, maskOpen) }

// Apply returns text with every form of every secret replaced by
// "[masked:NAME]". Overlapping finds are masked as one.
func (m *Mask) Apply(text []byte) []byte {
	type hit struct {
		start, end int
		name       string
	}
	var hits []hit
	for _, f := range m.forms {
		for at := 0; ; {
			i := bytes.Index(text[at:], f.bytes)
			if i < 0 {
				break
			}
			hits = append(hits, hit{at + i, at + i + len(f.bytes), f.name})
			at += i + 1
		}
	}
	if len(hits) == 0 {
		return text
	}
	slices.SortFunc(hits, func(a, b hit) int { return a.start - b.start })
	var out []byte
	end := 0
	for i := 0; i < len(hits); {
		h := hits[i]
		for i++; i < len(hits) && hits[i].start < h.end; i++ {
			h.end = max(h.end, hits[i].end)
		}
		out = append(out, text[end:h.start]...)
		out = append(out, maskOpen+h.name+"]"...)
		end = h.end
	}
	return append(out, text[end:]...)
}
