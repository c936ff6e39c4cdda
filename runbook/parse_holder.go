package runbook

import (
	"bytes"
	"slices"
	"strings"
)

// elements are the names of HTML's elements, those of old documents and of SVG
// and MathML that stand in Markdown included; sorted.
var elements = strings.Fields(`
a abbr acronym address applet area article aside audio b base basefont bdi bdo
big blockquote body br button canvas caption center circle cite code col
colgroup data datalist dd defs del details dfn dialog dir div dl dt ellipse em
embed fieldset figcaption figure font footer form frame frameset g h1 h2 h3 h4
h5 h6 head header hgroup hr html i iframe image img input ins kbd label legend
li line link main map mark marquee math menu menuitem meta meter nav nobr
noframes noscript object ol optgroup option output p param path picture
plaintext polygon polyline portal pre progress q rb rect rp rt rtc ruby s samp
script search section select slot small source span strike strong style sub
summary sup svg table tbody td template text textarea tfoot th thead time title
tr track tspan tt u ul use var video wbr xmp`)

// isHolder reports whether the text between angle brackets names something to
// fill in: words that are no HTML element. In Markdown most are tags all the
// same, of elements that nobody knows.
func isHolder(inner []byte) bool {
	if len(inner) == 0 || len(inner) > 64 || !isLetter(inner[0]) {
		return false
	}
	first := len(inner)
	for i, c := range inner {
		switch {
		case isLetter(c) || isDigit(c) || c >= 0x80:
		case c == '_' && inner[i-1] != ' ':
		case (c == ' ' || c == '-' || c == '.' || c == '/') && isNameByte(inner[i-1]) && i+1 < len(inner) && isNameByte(inner[i+1]):
			if c == ' ' && first == len(inner) {
				first = i
			}
		default:
			return false
		}
	}
	_, known := slices.BinarySearch(elements, strings.ToLower(string(inner[:first])))
	return !known && !isAbsentValue(string(inner))
}

func isNameByte(c byte) bool { return isLetter(c) || isDigit(c) || c >= 0x80 || c == '_' }

// holder reports whether "<inner>" at span is a placeholder where it stands: not
// "<<inner>>", not part of a URL, not a tag that is closed further on, nothing
// that keeps text before it from being a tag.
func (p *passage) holder(span Span, inner []byte) bool {
	if p.inTag || !isHolder(inner) || span.Start > 0 && p.text[span.Start-1] == '<' || span.End < len(p.text) && p.text[span.End] == '>' {
		return false
	}
	if p.url > 0 && span.Start == p.url {
		p.endURL(span.End)
		return false
	}
	if p.closed == nil {
		p.closed = closedTags(p.text)
	}
	return !p.closed[string(inner)]
}

// closedTags returns the names of the closing tags in a text.
func closedTags(text []byte) map[string]bool {
	names := map[string]bool{}
	for {
		_, rest, ok := bytes.Cut(text, []byte("</"))
		if !ok {
			return names
		}
		end := 0
		for end < len(rest) && end < 64 && (isNameByte(rest[end]) || rest[end] == '-' || rest[end] == '.') {
			end++
		}
		names[string(rest[:end])] = true
		text = rest
	}
}
