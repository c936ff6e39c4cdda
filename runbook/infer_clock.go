package runbook

import (
	"maps"
	"regexp"
	"strings"
)

// A clockNote is what a blank's label and hint say of how a time is written:
// "(UTC)", "(YYYY-MM-DD)", "local time".
type clockNote struct {
	date, clock string // layouts of Go's time package; empty where nothing is said
	join        string // between them
	zone        string // "UTC", "local", or the name of an IANA zone
	doubtful    string // an abbreviation that does not tell the zone
}

// The ways of writing a day and an hour that people ask for, in lower case,
// with their layouts. Years of two digits are not here: 03/04/05 is no date.
var (
	dateLayouts = map[string]string{
		"yyyy-mm-dd": "2006-01-02", "yyyy/mm/dd": "2006/01/02", "yyyy.mm.dd": "2006.01.02", "yyyymmdd": "20060102",
		"dd/mm/yyyy": "02/01/2006", "mm/dd/yyyy": "01/02/2006", "dd.mm.yyyy": "02.01.2006",
		"dd-mm-yyyy": "02-01-2006", "mm-dd-yyyy": "01-02-2006", "dd-mmm-yyyy": "02-Jan-2006",
	}
	clockLayouts = map[string]string{"hh:mm": "15:04", "hh:mm:ss": "15:04:05", "hhmm": "1504"}
	// The region keeps what only looks like a zone, as CI/CD, from being one.
	zoneName = regexp.MustCompile(`^(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific)/[A-Z]\w+(?:[/_-]\w+)*$`)
)

const (
	// zoneNames are abbreviations that are names of IANA zones and mean no others.
	zoneNames = "CET EET WET"
	// doubtfulZones each mean several, or one of the two of a year.
	doubtfulZones = "ACT ADT AEDT AEST AKDT AKST AMT AST BST CDT CEST CST CT ECT EDT EEST EST ET GST HST IST JST KST MDT MSK MST MT NZDT NZST PDT PST PT SGT SST WAT WEST WST"
	// noteWords say nothing in a note that says something else.
	noteWords = "at begin completed end ended finish finished format in start started time timezone zone"
)

// readClockNotes takes the notes off a label: those in brackets, and words at
// its end. What is not understood whole stays in the label.
func readClockNotes(label, hint string) (string, clockNote) {
	var n clockNote
	n.read(strings.Trim(hint, "() "))
	for from := 0; ; {
		open := strings.IndexByte(label[from:], '(')
		if open < 0 {
			break
		}
		open += from
		end := strings.IndexByte(label[open:], ')')
		if end < 0 {
			break
		}
		if from = open + end + 1; n.read(label[open+1 : from-1]) {
			label = label[:open] + label[from:]
			from = open
		}
	}
	words := strings.Fields(label)
	for len(words) > 1 && !isListed(strings.ToLower(words[len(words)-1]), noteWords) && n.read(words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	return strings.TrimRight(strings.Join(words, " "), " :,-–—"), n
}

// read takes in a note if it understands all of it.
func (n *clockNote) read(text string) bool {
	got := *n
	for w := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(" \t,;[]()", r) }) {
		lower := strings.ToLower(w)
		day, hour, isBoth := strings.Cut(lower, "t")
		switch {
		case dateLayouts[lower] != "" && got.date == "":
			got.date, got.join = dateLayouts[lower], " "
		case clockLayouts[lower] != "" && got.clock == "":
			got.clock = clockLayouts[lower]
		case isBoth && dateLayouts[day] != "" && clockLayouts[hour] != "" && got.date+got.clock == "":
			got.date, got.join, got.clock = dateLayouts[day], "T", clockLayouts[hour]
		case got.zone+got.doubtful == "" && (lower == "utc" || lower == "gmt"):
			got.zone = "UTC"
		case got.zone+got.doubtful == "" && (zoneName.MatchString(w) || isListed(w, zoneNames)):
			got.zone = w
		case got.zone+got.doubtful == "" && lower == "local":
			got.zone = "local"
		case got.zone+got.doubtful == "" && isListed(w, doubtfulZones):
			got.doubtful = w
		case !isListed(lower, noteWords):
			return false
		}
	}
	understood := got != *n
	*n = got
	return understood
}

// layout is that of the notes; empty where they say none. What the label does
// not tell of the zone, the value does.
func (n clockNote) layout() string {
	both := n.date + n.clock
	if n.date != "" && n.clock != "" {
		both = n.date + n.join + n.clock
	}
	switch {
	case n.clock == "":
		return both
	case n.zone == "local":
		return both + " -07:00"
	case n.zone == "":
		return both + " MST" // which is UTC
	}
	return both
}

// noted is a binding to the clock with what the notes say. It is false where
// they do not go with a blank for a day.
func (n clockNote) noted(b Binding) (Binding, bool) {
	day := b.Args["format"] == "date"
	args := maps.Clone(b.Args)
	b.Args = args
	if l := n.layout(); l != "" {
		if day && n.date == "" {
			return Binding{}, false
		}
		args["format"] = l
	}
	if n.date == "2006-01-02" && n.clock == "" {
		args["format"] = "date"
	}
	if n.zone != "" && n.zone != "UTC" {
		args["zone"] = n.zone
	}
	if n.doubtful == "" {
		return b, true
	}
	why := n.doubtful + " does not tell the zone, so it is in UTC; the argument zone says which is meant"
	if n.clock == "" && (day || n.date != "") {
		// A day without its zone can be the wrong one.
		return Binding{Use: "ask", Why: n.doubtful + " does not tell the time zone",
			Suggest: []Suggestion{{Use: b.Use, Args: args, Why: why}}}, true
	}
	b.Why += "; " + why
	return b, true
}

// clock recognises a blank for a day or a time of the run or of a step.
func (in *inferrer) clock(t *Task) (Binding, bool) {
	base, notes := readClockNotes(t.Slot.Label, t.Slot.Hint)
	if b, ok := certainLabels[strings.ToLower(base)]; ok && b.Use == "clock" {
		return notes.noted(b)
	}
	if b, ok := in.time(t, base); ok {
		return notes.noted(b)
	}
	return Binding{}, false
}
