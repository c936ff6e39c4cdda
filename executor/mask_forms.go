package executor

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
	"unicode/utf16"
)

// forms lists the texts as which a value may be printed, each once.
func forms(v string) []pattern {
	var list []pattern
	seen := map[string]bool{}
	add := func(folds bool, texts ...string) {
		for _, t := range texts {
			if len(t) >= minSecret && !seen[t] {
				seen[t] = true
				list = append(list, pattern{text: t, folds: folds})
			}
		}
	}
	trimmed := strings.TrimSpace(v)
	add(false, v, strings.ReplaceAll(trimmed, "\n", "\r\n"))
	for _, text := range append([]string{trimmed}, secretParts(trimmed)...) {
		add(false, text)
		add(false, jsonForms(text)...)
		add(false, urlForms(text)...)
		add(false, shellForms(text)...)
		add(false, html.EscapeString(text))
		digits := hex.EncodeToString([]byte(text))
		add(true, digits, strings.ToUpper(digits))
		add(true, base64Forms(text)...)
	}
	return list
}

// base64Forms are what base64 of a longer text holds of a value: at one of
// three alignments; the characters at either end depend on the neighbours and
// are left out.
func base64Forms(v string) []string {
	var list []string
	for shift := range 3 {
		enc := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), v...))
		from, to := []int{0, 2, 3}[shift], len(enc)
		if (len(v)+shift)%3 != 0 {
			to--
		}
		core := enc[from:to]
		list = append(list, core, strings.NewReplacer("+", "-", "/", "_").Replace(core))
	}
	return list
}

// secretParts are the parts of a value that are secret by themselves: the lines
// of one that has several, and the strings of one that is JSON, where their
// key says so or they look random.
func secretParts(v string) []string {
	var parts []string
	if lines := strings.Split(v, "\n"); len(lines) > 1 {
		for _, l := range lines {
			if l = strings.TrimSpace(l); len(l) >= minSecret && !strings.HasPrefix(l, "-----") && !isOrdinary(l) {
				parts = append(parts, l)
			}
		}
	}
	if strings.HasPrefix(v, "{") || strings.HasPrefix(v, "[") {
		var tree any
		if json.Unmarshal([]byte(v), &tree) == nil {
			parts = append(parts, secretLeaves("", tree)...)
		}
	}
	return parts
}

func secretLeaves(key string, v any) []string {
	var leaves []string
	switch v := v.(type) {
	case string:
		if len(v) >= minSecret && !isOrdinary(v) && (SecretName(key) || looksRandom(v)) {
			leaves = append(leaves, v)
		}
	case []any:
		for _, e := range v {
			leaves = append(leaves, secretLeaves(key, e)...)
		}
	case map[string]any:
		for k, e := range v {
			leaves = append(leaves, secretLeaves(k, e)...)
		}
	}
	return leaves
}

// looksRandom reports a long word of letters and digits mixed.
func looksRandom(v string) bool {
	return len(v) >= 16 && !strings.ContainsAny(v, " /.:@") && strings.ContainsAny(v, "0123456789") &&
		strings.ContainsFunc(v, func(r rune) bool { return r|0x20 >= 'a' && r|0x20 <= 'z' })
}

// jsonForms is v as it stands inside a JSON string: as most programs write it,
// as Go's do by default, with <, > and & escaped, and as Python's do, in ASCII;
// and each inside a JSON string once more.
func jsonForms(v string) []string {
	text := jsonText(v)
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
	list := []string{text, strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`).Replace(text), ascii.String()}
	if strings.Contains(text, `\`) {
		list = append(list, jsonText(text), strings.ReplaceAll(text, "/", `\/`))
	} else if strings.Contains(text, "/") {
		list = append(list, strings.ReplaceAll(text, "/", `\/`))
	}
	return list
}

func jsonText(v string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return v
	}
	text := b.String()
	return text[1 : len(text)-2] // the quotes, and the newline after them
}

// urlForms is v as it stands in a URL: a query, a path, and as JavaScript's
// encodeURIComponent and the strictest writers have it, in both cases.
func urlForms(v string) []string {
	strict := strings.ReplaceAll(url.QueryEscape(v), "+", "%20")
	component := strings.NewReplacer("%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*").Replace(strict)
	list := []string{url.QueryEscape(v), url.PathEscape(v), strict, component}
	for _, f := range list {
		list = append(list, lowerPercent(f))
	}
	return list
}

// lowerPercent writes the digits of percent escapes in lower case.
func lowerPercent(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:i+3], bytes.ToLower(b[i+1:i+3]))
		}
	}
	return string(b)
}

// shellForms is v as shells quote it: within single quotes, within double
// quotes, and as $'…'.
func shellForms(v string) []string {
	dollar := strings.NewReplacer(`\`, `\\`, "'", `\'`, "\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(v)
	single := strings.ReplaceAll(v, "'", `'\''`)
	double := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(v)
	return []string{single, double, dollar, backslashed(v)}
}

// backslashed quotes as bash's printf %q does, every special character apart.
func backslashed(v string) string {
	var b strings.Builder
	for _, r := range v {
		if strings.ContainsRune(" \t!\"#$&'()*,;<>?[\\]^`{|}~", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
