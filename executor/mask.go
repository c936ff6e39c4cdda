package executor

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"sync"

	"runbook/runbook"
)

// minSecret is the shortest value that is masked, in bytes: shorter ones occur
// in ordinary text, and masking them would damage the record without hiding
// anything that could not be guessed.
const minSecret = 8

// A Mask replaces known secrets, in the forms in which programs print them, by
// their names. Its methods may be called from several goroutines.
type Mask struct {
	mu       sync.Mutex
	known    map[string]bool // values that are masked
	secrets  []Secret        // the same, in the order in which they were learned
	forms    []pattern
	seen     map[string]bool // the texts of forms
	auto     *automaton      // over forms; nil: to be made
	ordinary map[string]bool // words that are no secrets here
	waived   []runbook.Waiver
	blind    map[string]bool // names of secrets that cannot be masked by value
}

// Ordinary names words that are never masked, whatever a secret's value is: the
// operator's own name, the host's. It comes before Learn.
func (m *Mask) Ordinary(words ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, w := range words {
		if w = strings.TrimSpace(w); w != "" {
			if m.ordinary == nil {
				m.ordinary = map[string]bool{}
			}
			m.ordinary[strings.ToLower(w)] = true
		}
	}
}

// Learn adds secrets. It reports whether all of them can be found by value;
// what printed one that is too short or too common for that must be withheld.
func (m *Mask) Learn(secrets ...Secret) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := true
	for _, s := range secrets {
		text := strings.TrimSpace(s.Value)
		if m.known[s.Value] || text == "" || saysWhere(text) {
			continue
		}
		if len(text) < minSecret || m.common(text) {
			all = false
			if s.Name != "" {
				if m.blind == nil {
					m.blind = map[string]bool{}
				}
				m.blind[s.Name] = true
			}
			continue
		}
		m.add(s)
	}
	return all
}

func (m *Mask) add(s Secret) {
	if m.known == nil {
		m.known, m.seen = map[string]bool{}, map[string]bool{}
	}
	m.known[s.Value] = true
	m.secrets = append(m.secrets, s)
	name := maskName(s)
	for _, f := range forms(s.Value) {
		if !m.seen[f.text] && !m.common(f.text) {
			m.seen[f.text] = true
			f.name = name
			m.forms = append(m.forms, f)
		}
	}
	m.auto = nil
}

func (m *Mask) common(text string) bool {
	return m.ordinary[strings.ToLower(text)] || isOrdinary(text)
}

// Waive lets through lines that look like secrets, by somebody's recorded word.
// It comes before anything is masked.
func (m *Mask) Waive(w ...runbook.Waiver) { m.waived = append(m.waived, w...) }

// Secrets returns what has been learned from index n on, to be kept where only
// this run can read it.
func (m *Mask) Secrets(n int) []Secret {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.secrets[min(n, len(m.secrets)):]
}

// Blind returns the name of a secret that a command's text expands and that is
// too short or too common to be masked by value; empty if there is none.
func (m *Mask) Blind(command string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range sortedNames(m.blind) {
		for _, before := range []string{"$", "${", "printenv "} {
			for at := 0; ; {
				i := strings.Index(command[at:], before+name)
				if i < 0 {
					break
				}
				at += i + len(before) + len(name)
				if at == len(command) || !isNameByte(command[at]) {
					return name
				}
			}
		}
	}
	return ""
}

func isNameByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
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

// Event returns e with its free text masked. What steers a run, IDs, verdicts,
// digests and fields tagged `mask:"no"`, is left alone: masking it would make a
// step unknown to its own plan.
func (m *Mask) Event(e runbook.Event) runbook.Event {
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
		v.SetString(string(Withhold(m.Apply([]byte(v.String())), m.waived)))
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

// references end the names of variables that say where a secret is, or what it
// is like, and do not hold it.
var references = []string{"NAME", "PATH", "FILE", "DIR", "ARN", "TYPE", "TTL", "LENGTH", "EXPIRY"}

// SecretName reports whether the name of a variable or a placeholder says that
// its value is secret.
func SecretName(name string) bool {
	upper := strings.Trim(strings.ToUpper(name), "<>[]{}$")
	for _, word := range references {
		if before, ok := strings.CutSuffix(upper, word); ok && before != "" && strings.ContainsAny(before[len(before)-1:], "_-. ") {
			return false
		}
	}
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
// "[masked:NAME]". Overlapping finds are masked as one, under the longest's name.
func (m *Mask) Apply(text []byte) []byte {
	s := Stream{auto: m.automaton()}
	if s.auto == nil {
		return text
	}
	if s.search(text, 0); len(s.finds) == 0 {
		return text
	}
	s.pass(text, len(text))
	return s.out
}

// Cut masks the beginning of a text whose end is missing: what at its end may be
// the beginning of a secret goes, too, unless it is shorter than half of the
// shortest that is masked.
func (m *Mask) Cut(text []byte) []byte {
	var kept bytes.Buffer
	s := m.Stream(&kept)
	_, _ = s.Write(text) // a buffer takes everything
	if len(s.held) < minSecret/2 {
		_ = s.Close()
	}
	return kept.Bytes()
}

// Finds returns the names of the secrets that text holds, each once; of those
// that overlap, the longest's.
func (m *Mask) Finds(text []byte) []string {
	s := Stream{auto: m.automaton()}
	if s.auto == nil {
		return nil
	}
	s.search(text, 0)
	var names []string
	for _, f := range s.finds {
		if !slices.Contains(names, f.name) {
			names = append(names, f.name)
		}
	}
	return names
}

// automaton returns what finds all that is known now; nil for nothing.
func (m *Mask) automaton() *automaton {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.auto == nil && len(m.forms) > 0 {
		m.auto = newAutomaton(m.forms)
	}
	return m.auto
}
