package runbook

import "strings"

// item adds the check item whose box is p.marks[i]. A loose one ("-[ ] text")
// ends with its line.
func (b *builder) item(p *passage, i int, loose bool, at place) int {
	m := p.marks[i]
	body := Span{m.outer.End, len(p.text)}
	if loose || at.form {
		body.End = p.lineSpan(m.line).End
	} else if next := p.nextLoose(i + 1); next >= 0 {
		body.End = p.lines[p.marks[next].line].at
	}
	blanks := blanksIn(p.marks[i+1:], body)
	s := Slot{
		Kind: ItemSlot, Line: b.line(p.source(m.outer).Start), Zone: at.zone, Mark: p.source(m.span), State: m.state,
		Label: p.itemLabel(body, blanks), Lead: b.leadText(at.lead), Offered: p.offered(body), Codes: p.codesIn(body),
	}
	b.itemProblems(p, m, loose, s.Line)
	s.Item = b.itemKind(s, at, b.signs(p, s.Label, blanks))
	return b.add(s, -1, false)
}

// nextLoose returns the first mark from i on that starts a loose item, or -1.
func (p *passage) nextLoose(i int) int {
	for ; i < len(p.marks); i++ {
		if p.isLoose(p.marks[i]) && p.startsItem(p.marks[i], place{}) {
			return i
		}
	}
	return -1
}

func (b *builder) itemProblems(p *passage, m mark, loose bool, line int) {
	switch {
	case loose || m.span.Len() == 0:
		b.problem(Warning, "item-spacing", line, "read as an open check item, though Markdown shows none here",
			`write "- [ ] text", with both spaces`)
	case m.state == '-' || m.state == '~' || m.bracketed('v'):
		b.problem(Note, "item-state", line, "the item is marked "+string(m.outer.Of(p.text))+" in the template; it is kept", "")
	}
}

// itemKind decides what the item's tick would mean.
func (b *builder) itemKind(s Slot, at place, signOff bool) ItemKind {
	section := b.section()
	switch {
	case signOff:
		return SignOff
	case at.criterion || b.facts[section].criterion:
		return Criterion
	case b.doc.Sections[section].Due != "" || dueText(s.Lead) != "":
		return Deferred
	}
	return Claim
}

func blanksIn(marks []mark, body Span) []mark {
	var blanks []mark
	for _, m := range marks {
		if m.kind == blankMark && body.Contains(m.span) {
			blanks = append(blanks, m)
		}
	}
	return blanks
}

// itemLabel is the item's whole text, or what stands before its first blank.
func (p *passage) itemLabel(body Span, blanks []mark) string {
	if len(blanks) == 0 {
		return plain(p.without(body))
	}
	end := blanks[0].outer.Start
	if line := p.lines[blanks[0].line].at; line > body.Start {
		end = line
	}
	text := plain(p.text[body.Start:end])
	if i := openParenthesis(text); i > 0 {
		text = text[:i]
	}
	if label := trimLabel(strings.TrimRight(text, "# ")); label != "" {
		return label
	}
	return trimLabel(plain(p.without(body)))
}

// signs reports whether the item carries a blank for a name: its words or
// its section's speak of signing, or a date follows the name.
func (b *builder) signs(p *passage, label string, blanks []mark) bool {
	if len(blanks) == 0 {
		return false
	}
	if b.facts[b.section()].signOff || isSignOff(words(label)) {
		return true
	}
	for i := 1; i < len(blanks); i++ {
		between := words(plain(p.text[blanks[i-1].outer.End:blanks[i].outer.Start]))
		for _, w := range between {
			if w == "date" || w == "signature" || w == "signed" {
				return true
			}
		}
	}
	return false
}

// offered returns the first code span of the item that is a command.
func (p *passage) offered(body Span) string {
	for _, c := range p.codes {
		if text := strings.TrimSpace(string(c.Of(p.text))); body.Contains(c) && isCommand(text) && !strings.ContainsRune(text, '\n') {
			return text
		}
	}
	return ""
}

// codesIn returns where in the source the code spans of a range stand that do
// not go over a line's end.
func (p *passage) codesIn(body Span) []Span {
	var found []Span
	for _, c := range p.codes {
		if body.Contains(c) && p.lineOf(c.Start) == p.lineOf(max(c.Start, c.End-1)) {
			found = append(found, p.source(c))
		}
	}
	return found
}

// isCommand reports whether a text is certainly a shell command: a script by
// its relative path, or a well-known program with an argument.
func isCommand(text string) bool {
	name, args, _ := strings.Cut(text, " ")
	if strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../") {
		return args != "" || strings.HasSuffix(name, ".sh") || strings.HasSuffix(name, ".py")
	}
	return programs[name] && strings.TrimSpace(args) != ""
}

// programs start the commands that checklists offer or show.
var programs = map[string]bool{
	"ansible": true, "ansible-playbook": true, "aws": true, "az": true, "bash": true, "cargo": true, "cat": true,
	"cd": true, "curl": true, "dig": true, "docker": true, "docker-compose": true, "export": true, "gcloud": true,
	"gh": true, "git": true, "go": true, "gradle": true, "grep": true, "helm": true, "kubectl": true, "ls": true,
	"make": true, "mvn": true, "mysql": true, "node": true, "npm": true, "npx": true, "pip": true, "pnpm": true,
	"psql": true, "pytest": true, "python": true, "python3": true, "rsync": true, "scp": true, "sh": true,
	"ssh": true, "sudo": true, "systemctl": true, "terraform": true, "tofu": true, "yarn": true,
}

// choice adds a line's exclusive boxes; with more than one ticked it is none.
func (b *builder) choice(p *passage, marks, boxes []mark, at place) int {
	ticked := 0
	for _, m := range boxes {
		if m.state != ' ' {
			ticked++
		}
	}
	number := b.line(p.source(boxes[0].outer).Start)
	if ticked > 1 {
		b.problem(Note, "choice-ticks", number, "more than one box of the line is ticked: not taken as a choice", "")
		return -1
	}
	label, labels := p.choiceLabels(boxes)
	s := Slot{Kind: ChoiceSlot, Line: number, Zone: at.zone, Mark: p.source(boxes[0].span), Label: label}
	for i, m := range boxes {
		s.Options = append(s.Options, Option{Label: labels[i], Mark: p.source(m.span), Ticked: m.state != ' '})
	}
	if s.Label == "" {
		s.Label = at.label
	}
	s.nameByOptions()
	return b.add(s, -1, false)
}

// nameByOptions names a choice that has no name of its own by its outcomes.
func (s *Slot) nameByOptions() {
	if s.Label != "" {
		return
	}
	labels := make([]string, len(s.Options))
	for i, o := range s.Options {
		labels[i] = o.Label
	}
	s.Label = strings.Join(labels, " / ")
}

// choiceLabels names a choice and its options. The options' texts follow their
// boxes ("Status: [ ] Success [ ] Failed") or stand before them ("GO ☐ / NO-GO ☐").
func (p *passage) choiceLabels(boxes []mark) (label string, options []string) {
	line := p.lineSpan(boxes[0].line)
	head := Span{line.Start, boxes[0].outer.Start}
	tail := Span{boxes[len(boxes)-1].outer.End, line.End}
	options = make([]string, len(boxes))
	lead := plain(p.without(head))
	if trimLabel(plain(p.without(tail))) == "" && lead != "" && !strings.HasSuffix(lead, ":") {
		if i := strings.LastIndex(lead, ": "); i >= 0 {
			label, lead = trimLabel(lead[:i]), lead[i+2:]
		}
		options[0] = trimLabel(lead)
		for i := 1; i < len(boxes); i++ {
			options[i] = trimLabel(plain(p.without(Span{boxes[i-1].outer.End, boxes[i].outer.Start})))
		}
		return label, options
	}
	for i := range boxes {
		end := line.End
		if i+1 < len(boxes) {
			end = boxes[i+1].outer.Start
		}
		options[i] = trimLabel(plain(p.without(Span{boxes[i].outer.End, end})))
	}
	if bold := lastBold(p.text[head.Start:head.End]); bold != "" {
		return bold, options
	}
	return trimLabel(lead), options
}
