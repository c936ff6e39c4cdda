package runbook

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A ValueKind is what a blank's value must be.
type ValueKind string

// The kinds of values. AnyText takes whatever a record can hold.
const (
	AnyText      ValueKind = "text"
	ARNValue     ValueKind = "arn"
	URLValue     ValueKind = "url"
	EmailValue   ValueKind = "email"
	DateValue    ValueKind = "date"
	NumberValue  ValueKind = "number"
	AccountValue ValueKind = "account"
	PhoneValue   ValueKind = "phone"
)

// valueKinds are those that a sidecar can name.
var valueKinds = []ValueKind{AccountValue, ARNValue, DateValue, EmailValue, NumberValue, PhoneValue, AnyText, URLValue}

// kindOf reads from a blank's label what it asks for. Only a word that ends the
// label and means one thing counts.
func kindOf(slot *Slot) ValueKind {
	if slot.Kind == PlaceholderSlot && slot.Label == "ACCOUNT_ID" {
		return AccountValue
	}
	if slot.Kind != FieldSlot && !slot.Second {
		return AnyText
	}
	if slot.Part == Done || slot.Part == Total {
		return NumberValue
	}
	label, _, _ := strings.Cut(slot.Label, "(")
	words := labelWords(label)
	if len(words) == 0 {
		return AnyText
	}
	switch last := words[len(words)-1]; last {
	case "arn", "url", "email", "phone", "date":
		return ValueKind(last)
	case "mail":
		if len(words) > 1 && words[len(words)-2] == "e" {
			return EmailValue
		}
	}
	if slices.Contains([]string{"account id", "aws account", "aws account id", "aws account number"}, strings.Join(words, " ")) {
		return AccountValue
	}
	return AnyText
}

var (
	arnForm    = regexp.MustCompile(`^arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(?:\d{12}|aws)?:\S+$`)
	urlForm    = regexp.MustCompile(`^https?://[^\s/?#]+(?:[/?#]\S*)?$`)
	emailForm  = regexp.MustCompile(`^(?:[^<>@]*<)?[^\s<>@]+@[^\s<>@.]+(?:\.[^\s<>@.]+)+>?$`)
	phoneForm  = regexp.MustCompile(`^[+(]?[\d ()./+-]{3,}(?:\s*(?:x|ext\.?)\s*\d+)?$`)
	dateForms  = []string{"2006-01-02", "2006/01/02", "2006.01.02", "20060102", "02/01/2006", "01/02/2006", "2.1.2006", "02-01-2006", "01-02-2006", time.RFC3339, "2 Jan 2006", "Jan 2, 2006", "2 January 2006", "January 2, 2006", "02-Jan-2006", "Mon 2 Jan 2006", "Monday, 2 January 2006"}
	clockForms = []string{"15:04", "15:04:05", "1504", "15:04 UTC", "15:04:05 UTC", "1504 UTC", "15:04 -07:00", "15:04:05 -07:00", "1504 -07:00"}
)

// Check says why a value is not of the kind.
func (k ValueKind) Check(value string) error {
	v := strings.TrimSpace(value)
	ok, want := true, ""
	switch k {
	case ARNValue:
		ok, want = arnForm.MatchString(v), "an ARN, as in arn:aws:sns:us-east-1:123456789012:topic"
	case URLValue:
		ok, want = urlForm.MatchString(v), "a URL with http:// or https://"
	case EmailValue:
		ok, want = emailForm.MatchString(v), "an e-mail address"
	case PhoneValue:
		ok, want = phoneForm.MatchString(v), "a phone number"
	case AccountValue:
		ok, want = len(v) == 12 && strings.Trim(v, "0123456789") == "", "an AWS account: 12 digits"
	case NumberValue:
		_, err := strconv.ParseFloat(v, 64)
		ok, want = err == nil, "a number"
	case DateValue:
		ok, want = isDate(v), "a date, as in 2026-03-01"
	}
	if !ok {
		return fmt.Errorf("asks for %s, and %q is none; `kind: text` in the sidecar lets it take anything", want, Visible(value))
	}
	return nil
}

// isDate reports whether a value is a day, with or without a time.
func isDate(v string) bool {
	parses := func(form string) bool {
		_, err := time.Parse(form, v)
		return err == nil
	}
	return slices.ContainsFunc(dateForms, func(day string) bool {
		return parses(day) || slices.ContainsFunc(clockForms, func(clock string) bool {
			return parses(day+" "+clock) || parses(day+"T"+clock)
		})
	})
}

// CheckSlot says why a value may not stand in the task's blank.
func (t *Task) CheckSlot(value string) error {
	if err := CheckValue(value); err != nil {
		return err
	}
	return t.ValueKind.Check(value)
}

// kind takes from the sidecar what a blank's value must be, where it says so;
// else it is what the label asks for.
func (b *planner) kind(t *Task) {
	said, ok := t.Binding.Args["kind"]
	if !ok || t.Slot.Kind != FieldSlot && t.Slot.Kind != PlaceholderSlot {
		return
	}
	if !slices.Contains(valueKinds, ValueKind(said)) {
		names := make([]string, len(valueKinds))
		for i, k := range valueKinds {
			names[i] = string(k)
		}
		code, where := "attribute", "the comment for "
		if t.Binding.Origin == FromSidecar {
			code, where = "sidecar", fmt.Sprintf("%s:%d: ", b.in.Sidecar.Name, t.Binding.Line)
		}
		b.report(Problem{Error, code, t.Slot.Line,
			fmt.Sprintf("%s%s: there is no kind %q; there are %s", where, t.Slot.ID, said, strings.Join(names, ", ")), ""})
		return
	}
	t.ValueKind = ValueKind(said)
	args := map[string]string{}
	for k, v := range t.Binding.Args {
		if k != "kind" {
			args[k] = v
		}
	}
	t.Binding.Args = args
}
