package runbook

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// draftKeys are the keys of a sidecar that a draft fills, in their order.
var draftKeys = []string{"steps", "items", "fields"}

// mentions reports whether the sidecar's text has a slot's ID for a key, in a
// comment too.
func (c *Sidecar) mentions(id ID) bool {
	if c == nil {
		return false
	}
	for rest := c.Bytes; ; {
		i := bytes.Index(rest, []byte(id))
		if i < 0 {
			return false
		}
		before := bytes.Trim(rest[lineStart(rest, i):i], " #\"'")
		after := bytes.TrimLeft(rest[i+len(id):], "\"'")
		if len(before) == 0 && bytes.HasPrefix(after, []byte{':'}) {
			return true
		}
		rest = rest[lineEnd(rest, i):]
	}
}

// SidecarText returns the sidecar with what the draft adds, for a plan's
// document. All that was in it stays as it was, byte for byte; without an
// addition it is the same.
func (d *Draft) SidecarText(plan *Plan, in DraftInput) ([]byte, error) {
	old := []byte(nil)
	if in.Sidecar != nil {
		old = in.Sidecar.Bytes
	}
	m := &merger{draft: d, in: in, text: old, newline: "\n"}
	if bytes.Contains(old, []byte("\r\n")) {
		m.newline = "\r\n"
	}
	if err := m.sections(); err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(old)) == 0 {
		m.head(&drafter{plan: plan, in: in}, plan.Document.Name)
	}
	m.tail()
	return m.text, m.check(old)
}

type merger struct {
	draft   *Draft
	in      DraftInput
	text    []byte
	newline string
	missing []string // keys that the sidecar does not have
}

func (m *merger) writer(indent string) *draftWriter {
	return &draftWriter{indent: indent, infos: func(key, use string) *Info {
		infos := m.in.Catalog.Checks
		if key == "fields" {
			infos = m.in.Catalog.Sources
		}
		return infoOf(infos, use)
	}}
}

func (m *merger) entries(key string) []*DraftEntry {
	var list []*DraftEntry
	for i := range m.draft.Entries {
		if e := &m.draft.Entries[i]; e.Key == key {
			list = append(list, e)
		}
	}
	return list
}

// sections adds entries below the keys that are there, the last one first, so
// that the lines of the others stay what they are.
func (m *merger) sections() error {
	keys, err := topKeys(m.text)
	if err != nil {
		return err
	}
	for _, key := range draftKeys {
		if !slices.ContainsFunc(keys, func(k topKey) bool { return k.name == key }) {
			m.missing = append(m.missing, key)
		}
	}
	for _, k := range slices.Backward(keys) {
		list := m.entries(k.name)
		if len(list) == 0 || !slices.Contains(draftKeys, k.name) {
			continue
		}
		if k.flow {
			return fmt.Errorf("line %d: %s is written in braces, and nothing can be added to it: write it with one entry a line", k.line, k.name)
		}
		w := m.writer(strings.Repeat(" ", k.indent))
		for _, e := range list {
			w.entry(e)
		}
		at := endOfSection(m.text, k.line)
		m.insert(at, w.Bytes())
	}
	return nil
}

// insert puts lines in, on lines of their own.
func (m *merger) insert(at int, added []byte) {
	if m.newline != "\n" {
		added = bytes.ReplaceAll(added, []byte("\n"), []byte(m.newline))
	}
	if at > 0 && m.text[at-1] != '\n' {
		added = append([]byte(m.newline), added...)
	}
	m.text = slices.Concat(m.text[:at], added, m.text[at:])
}

// head starts a new sidecar: what it is, and what might be pinned and held.
func (m *merger) head(d *drafter, name string) {
	var out bytes.Buffer
	out.WriteString(strings.ReplaceAll(Visible(`# How the slots of `+name+` are completed; drafted by "runbook bind". Review it`), "\n", " ") + `
# like code: exec uses what is set here. A comment that starts with "#" and a
# slot's name is a suggestion: complete it, then take its "#" away.
`)
	if pins := d.pins(); len(pins) > 0 {
		var list []string
		for _, k := range sortedKeys(pins) {
			list = append(list, k+": "+yamlText(pins[k]))
		}
		out.WriteString("\n# Perhaps: what a run should be held to, as the commands name it.\n#pins: {" + strings.Join(list, ", ") + "}\n")
	}
	if before, until := d.holds(); before != "" {
		ids := make([]string, len(until))
		for i, id := range until {
			ids[i] = string(id)
		}
		out.WriteString("\n# Perhaps: no step there starts until these are settled.\n#hold:\n#  - before: " + string(before) + "\n#    until: [" + strings.Join(ids, ", ") + "]\n")
	}
	m.insert(len(m.text), out.Bytes())
}

// tail adds the keys that the sidecar lacks.
func (m *merger) tail() {
	for _, key := range m.missing {
		list := m.entries(key)
		if len(list) == 0 {
			continue
		}
		w := m.writer("  ")
		fmt.Fprintf(w, "\n%s:\n", key)
		for _, e := range list {
			w.entry(e)
		}
		m.insert(len(m.text), w.Bytes())
	}
}

// errNotMerged is an addition that would have changed what was there.
var errNotMerged = errors.New("nothing can be added to it without changing what is there")

// check reads the result again: it must be a sidecar without faults that says
// all that the old one said.
func (m *merger) check(old []byte) error {
	car, problems := ParseSidecar("", m.text)
	if len(problems) > 0 {
		return fmt.Errorf("%w: %s", errNotMerged, strings.TrimPrefix(problems[0].Message, ":"))
	}
	was, _ := ParseSidecar("", old)
	for _, ru := range was.rules {
		if !slices.ContainsFunc(car.rules, func(n rule) bool { return n.kind == ru.kind && n.pattern == ru.pattern }) {
			return errNotMerged
		}
	}
	set := 0
	for _, e := range m.draft.Entries {
		if e.Set != nil || e.Of != nil {
			set++
		}
	}
	if len(car.rules) != len(was.rules)+set || len(car.Holds) != len(was.Holds) || len(car.Env) != len(was.Env) || !keepsLines(old, m.text) {
		return errNotMerged
	}
	return nil
}

// keepsLines reports whether all lines of a text are in another, in order.
func keepsLines(old, text []byte) bool {
	lines := bytes.Split(text, []byte("\n"))
	at := 0
	for line := range bytes.SplitSeq(old, []byte("\n")) {
		line = bytes.TrimSuffix(line, []byte("\r"))
		for at < len(lines) && !bytes.Equal(bytes.TrimSuffix(lines[at], []byte("\r")), line) {
			at++
		}
		if at == len(lines) {
			return len(line) == 0
		}
		at++
	}
	return true
}

// A topKey is a key of a sidecar's own mapping.
type topKey struct {
	name   string
	line   int // from 1
	flow   bool
	indent int // of what stands below it
}

func topKeys(src []byte) ([]topKey, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(src, &root); err != nil {
		return nil, err
	}
	if len(root.Content) == 0 {
		return nil, nil
	}
	top := root.Content[0]
	switch {
	case top.Kind == yaml.ScalarNode && top.Tag == "!!null":
		return nil, nil
	case top.Kind != yaml.MappingNode || top.Style&yaml.FlowStyle != 0 || top.Column != 1:
		return nil, errors.New("it is not written with one key a line")
	}
	var keys []topKey
	for i := 0; i+1 < len(top.Content); i += 2 {
		k, v := top.Content[i], top.Content[i+1]
		key := topKey{name: k.Value, line: k.Line, indent: 2}
		switch {
		case v.Kind == yaml.MappingNode && v.Style&yaml.FlowStyle == 0 && len(v.Content) > 0:
			key.indent = v.Content[0].Column - 1
		case v.Kind == yaml.ScalarNode && v.Tag == "!!null" && v.Value == "":
		default:
			key.flow = true
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// endOfSection returns the offset after the last line that belongs to the key
// on a line: the last indented one before the next key.
func endOfSection(src []byte, line int) int {
	at := 0
	for range line {
		at = lineEnd(src, at)
	}
	end := at
	for at < len(src) {
		next := lineEnd(src, at)
		text := src[at:next]
		switch blank := len(bytes.TrimSpace(text)) == 0; {
		case blank || text[0] == '#':
		case text[0] == ' ':
			end = next
		default:
			return end
		}
		at = next
	}
	return end
}
